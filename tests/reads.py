"""Reads of an EHR for tests, by the client as it is, with short pauses between tries."""

from __future__ import annotations

import asyncio

from cds_service.fhir.client import Answer, FhirClient, FhirServer, pooled_http

BEARER = "token-4711"


def read(base: str, address: str = "Condition?patient=p1", *, seconds: float = 2, max_bytes: int = 100_000) -> Answer:
    async def reading() -> Answer:
        async with pooled_http(seconds) as http:
            deadline = asyncio.get_running_loop().time() + seconds
            return await FhirClient(http, max_bytes, pause=0.01).read(FhirServer(base, BEARER), address, deadline)

    return asyncio.run(reading())


def ids(answer: Answer) -> list[str]:
    return [head.id for page in answer.pages for head in page.resources]
