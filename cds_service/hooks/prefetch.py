"""Which data the service asks for, and what it makes of each way in which they can come or fail to come.

| the key's value | what is done |
| --- | --- |
| left out | read from the FHIR server, if one is named that may be read, and the token covers it; else a gap |
| `null`, or a Bundle without entries | known: nothing there |
| an OperationOutcome with an error, alone or in a Bundle | the EHR tried in vain: a gap, not asked for again |
| something that is not FHIR | likewise |
| a Bundle with a next link | the following pages are read; where they cannot be, a gap |
| a Bundle that counts more than came, without one | read as sent, and a gap |
| anything else | read as sent |
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import structlog
from msgspec.structs import replace

from cds_service.code_systems import LOINC
from cds_service.errors import MissingPrecondition
from cds_service.facts import DECIDING, Gap, Topic
from cds_service.fhir.client import Answer, FhirServer
from cds_service.fhir.page import Material, Page
from cds_service.fhir.resources import Patient
from cds_service.hooks.context import HookCall
from cds_service.security.caller import Caller

ReadFhir = Callable[[FhirServer, str, float], Awaitable[Answer]]
"""Reads an address of a server until a deadline of the event loop."""

_PATIENT_ID = "{{context.patientId}}"
_PAGE_SIZE = 200  # servers send ten or twenty a page unless asked for more
_NOTHING_FOUND = (
    "If it is so of other patients too: the scopes or the user of the token may reach no clinical data, the server may "
    "file under none of the categories of the queries, or want another form of patient= (docs/prefetch.md)"
)
_NOT_LISTED = "the FHIR server of the request is not on the list of servers that this service may read"
_NOTHING_THERE = Answer()
_NO_SERVER = "the request names no FHIR server to read from"

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True, eq=False)
class Need:
    """One prefetch key: the query that fills it, the part of the chart it answers, and what that is in words."""

    key: str
    template: str
    topic: Topic
    words: str

    @cached_property
    def resource_type(self) -> str:
        return self.template.split("?")[0].split("/")[0]

    def address(self, patient_id: str) -> str:
        """The query of our own that reads it."""
        query = self.template.replace(_PATIENT_ID, patient_id)
        return f"{query}&_count={_PAGE_SIZE}" if "?" in query else query


PATIENT = Need("patient", f"Patient/{_PATIENT_ID}", Topic.PATIENT, "the Patient's own data")
CONDITIONS = Need(
    "conditions",
    f"Condition?patient={_PATIENT_ID}&category=problem-list-item,encounter-diagnosis,health-concern",
    Topic.CONDITIONS,
    "problems and diagnoses",
)
FINDINGS = Need(
    "findings",
    f"Observation?patient={_PATIENT_ID}&category=exam,survey,social-history",
    Topic.OBSERVATIONS,
    "examination findings, surveys and social history",
)
MEDICATIONS = Need(
    "medications",
    f"MedicationRequest?patient={_PATIENT_ID}&status=active",
    Topic.MEDICATIONS,
    "active medicines",
)
PROCEDURES = Need("procedures", f"Procedure?patient={_PATIENT_ID}", Topic.PROCEDURES, "procedures")


def measurements(loinc_codes: Sequence[str]) -> Need:
    """Vital signs, scores and laboratory values: they are filed under many categories, so they are asked by
    code.
    """
    codes = ",".join(f"{LOINC}|{code}" for code in loinc_codes)
    return Need("measurements", f"Observation?patient={_PATIENT_ID}&code={codes}", Topic.OBSERVATIONS, "measurements")


def chart_needs(loinc_codes: Sequence[str]) -> tuple[Need, ...]:
    """What an assessment of the whole chart asks for."""
    return (PATIENT, CONDITIONS, FINDINGS, measurements(loinc_codes), MEDICATIONS, PROCEDURES)


class Source(NamedTuple):
    """Where may be read for a call, and until which moment of the event loop."""

    server: FhirServer
    deadline: float


@dataclass
class Received:
    """What is there of each key, and the addresses of what still has to be read.

    `requests` were sent to the EHR's FHIR server for it, in `read_ms` milliseconds altogether.
    """

    answers: dict[Need, Answer]
    wanted: dict[Need, str]
    requests: int = 0
    read_ms: float = 0.0


class Prefetch:
    """Completes what was sent."""

    def __init__(self, needs: tuple[Need, ...], read: ReadFhir, timeout_seconds: float) -> None:
        self._needs = needs
        self._deciding = [need for need in needs if need.topic in DECIDING]
        self.fetch = read
        self._timeout = timeout_seconds
        self._told_of_nothing: set[str] = set()
        self.templates = {need.key: need.template for need in needs}

    def received(self, call: HookCall) -> Received:
        """What was sent, and the addresses of what still has to be read."""
        received = Received({}, {})
        for need in self._needs:
            received.answers[need] = _NOTHING_THERE
            if need.key not in call.prefetch:
                received.wanted[need] = need.address(call.patient_id)
            elif (sent := call.prefetch[need.key]) is not None:
                page = _of_asked_type(need, sent)
                if page.failure:
                    pages = (page,) if page.resources else ()
                    received.answers[need] = Answer(pages, f"could not be supplied: {page.failure}")
                    continue
                received.answers[need] = Answer((page,))
                if page.next is not None:
                    received.wanted[need] = page.next
        return received

    def material(self, received: Received) -> Material:
        """All that was sent and could be read of the chart.

        Raises MissingPrecondition without a Patient, or when neither Conditions nor any Observations are to
        be had: then nothing can be said.
        """
        patient = self._take_patient(received.answers)
        pages: list[tuple[Topic, Page]] = []
        gaps: list[Gap] = []
        for need, answer in received.answers.items():
            for page in answer.pages:
                pages.append((need.topic, page))
            if problem := answer.problem or _shortfall(need, answer.pages):
                gaps.append(Gap(need.topic, f"{need.words} {problem}"))
        return Material(patient, tuple(pages), tuple(gaps), received.requests, received.read_ms)

    def _take_patient(self, answers: dict[Need, Answer]) -> Page:
        """The page with the one Patient, taken from these answers. Raises MissingPrecondition that names all that is
        missing.
        """
        answer = answers.pop(PATIENT)
        missing: list[tuple[Need, str]] = []
        if (page := _patient(answer)) is None:
            problem = answer.problem or "are not there, or are not one readable Patient resource"
            missing.append((PATIENT, f"{PATIENT.words} {problem}"))
        if all(answers[need].is_unavailable for need in self._deciding):
            reasons = "; ".join(f"{need.words} {answers[need].problem}" for need in self._deciding)
            missing.append((self._deciding[0], f"neither Conditions nor Observations are to be had: {reasons}"))
        if page is None or missing:
            raise MissingPrecondition(
                "; ".join(problem for _need, problem in missing),
                remedy="Send the data as prefetch, or name a fhirServer that the operator has listed in "
                "CDS_FHIR_SERVERS, or in the registry for this EHR",
                field=f"prefetch.{missing[0][0].key}",
            )
        return page

    def source(self, call: HookCall, caller: Caller) -> Source | None:
        """Where may be read for this call; None if nowhere. The time begins to run."""
        server = call.server
        if server is None or call.server_fault or not caller.may_read(server.base):
            return None
        now = asyncio.get_running_loop().time()
        return Source(server, now + min(self._timeout, server.grant.expires_in))

    async def read(self, received: Received, call: HookCall, caller: Caller, source: Source | None) -> None:
        """Adds what can be read, or why it cannot. Raises InvalidRequest where address or token are malformed."""
        answers, wanted = received.answers, received.wanted
        if source is None:
            if call.server_fault and (call.server is None or caller.may_read(call.server.base)):
                raise call.server_fault
            obstacle = _NO_SERVER if call.server is None else _NOT_LISTED
            for need in wanted:
                sent = "were sent only in part" if answers[need].pages else "were not sent"
                answers[need] = Answer(answers[need].pages, f"{sent}, and {obstacle}")
            return
        clock = asyncio.get_running_loop().time
        started = clock()
        reads = (self._read_allowed(source, need.address(call.patient_id), address) for need, address in wanted.items())
        for need, more in zip(wanted, await asyncio.gather(*reads), strict=True):
            answers[need] = _joined(need, answers[need], more)
        received.read_ms = round((clock() - started) * 1000, 1)
        failed = sum(bool(answers[need].problem) for need in wanted)
        received.requests = sum(answer.requests for answer in answers.values())
        _log.info("FHIR reads", keys=len(wanted), failed=failed, requests=received.requests, ms=received.read_ms)
        if caller.name not in self._told_of_nothing and self._found_nothing(received):
            self._told_of_nothing.add(caller.name)
            _log.warning("only the Patient is found", client=caller.name, hint=_NOTHING_FOUND)

    def _found_nothing(self, received: Received) -> bool:
        """Is the Patient there, and every search of ours answered without fault and without a resource?"""
        searches = [need for need in self._needs if need is not PATIENT]
        return _patient(received.answers[PATIENT]) is not None and all(
            need in received.wanted and _is_empty(received.answers[need]) for need in searches
        )

    async def _read_allowed(self, source: Source, query: str, address: str) -> Answer:
        """What the token covers of a query, from `address` on, which is the query itself or a next link.

        A next link is the EHR's own and cannot be narrowed, so it needs a token that covers the query.
        """
        server, deadline = source
        allowed = server.grant.permission(query)
        if allowed.query is None or (allowed.problem and address != query):
            return Answer(problem=f"could not be read: {allowed.problem}")
        answer = await self.fetch(server, allowed.query if address == query else address, deadline)
        if allowed.problem and not answer.problem:
            return replace(answer, problem=f"could not be read completely: {allowed.problem}")
        return answer


def _of_asked_type(need: Need, page: Page) -> Page:
    """Other resources than those asked for are no answer: "nothing there" would be a wrong one."""
    if page.failure or page.unreadable or not (page.resources or page.others):
        return page
    for resource in page.resources:  # the first of them, nearly always
        if resource.resourceType == need.resource_type:
            return page
    return Page(failure=f"the EHR sent other resources than {need.resource_type}")


def _shortfall(need: Need, pages: Sequence[Page]) -> str:
    """Why it is not all, where the EHR counts more than has come; empty if it does not."""
    total = max([page.total for page in pages], default=0)
    if not total or total <= sum(page.count(need.resource_type) for page in pages):
        return ""
    return "were sent only in part: the EHR counts more of them"


def _joined(need: Need, sent: Answer, more: Answer) -> Answer:
    """What was sent and what was read of one key."""
    read = [_of_asked_type(need, page) for page in more.pages]
    others = [page.failure for page in read if page.failure]
    pages = sent.pages + tuple(page for page in read if not page.failure)
    problem = more.problem
    if others and not problem:
        problem = f"could not be read{' completely' if pages else ''}: {others[0]}"
    return Answer(pages, problem, more.requests)


def _is_empty(answer: Answer) -> bool:
    return not answer.problem and not any(page.resources or page.others or page.unreadable for page in answer.pages)


def _patient(answer: Answer) -> Page | None:
    """The page with the one Patient, whether it came alone or in a searchset."""
    pages = [page for page in answer.pages if page.resources]
    if len(pages) == 1 and [type(resource) for resource in pages[0].resources] == [Patient]:
        return pages[0]
    return None
