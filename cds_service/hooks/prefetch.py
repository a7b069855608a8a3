"""Which data the service asks for, and what it makes of each way in which they can come or fail to come.

| the key's value | what is done |
| --- | --- |
| left out | read from the FHIR server, if the request names one that may be read; else a gap |
| `null`, or a Bundle without entries | known: nothing there |
| an OperationOutcome with an error, alone or in a Bundle | the EHR tried in vain: a gap, not asked for again |
| something that is not FHIR | likewise |
| a Bundle with a next link | the following pages are read; where they cannot be, a gap |
| anything else | read as sent |
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from cds_service.errors import MissingPrecondition
from cds_service.facts import Gap, Topic
from cds_service.fhir.client import Answer, FhirServer
from cds_service.fhir.page import Material, Page, open_page
from cds_service.hooks.context import HookCall

ReadFhir = Callable[[FhirServer, str, float], Awaitable[Answer]]
"""Reads an address of a server until a deadline of the event loop."""

_PATIENT_ID = "{{context.patientId}}"
_LOINC = "http://loinc.org"
_NULL = msgspec.Raw(b"null")
_NOT_LISTED = "the FHIR server of the request is not on the list of servers that this service may read"
_NOTHING_THERE = Answer()
_NO_SERVER = "the request names no FHIR server to read from"


@dataclass(frozen=True, slots=True, eq=False)
class Need:
    """One prefetch key: the query that fills it, the part of the chart it answers, and what that is in words."""

    key: str
    template: str
    topic: Topic
    words: str

    @property
    def resource_type(self) -> str:
        return self.template.split("?")[0].split("/")[0]

    def address(self, patient_id: str) -> str:
        return self.template.replace(_PATIENT_ID, patient_id)


PATIENT = Need("patient", f"Patient/{_PATIENT_ID}", Topic.PATIENT, "the Patient resource")
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
    codes = ",".join(f"{_LOINC}|{code}" for code in loinc_codes)
    return Need("measurements", f"Observation?patient={_PATIENT_ID}&code={codes}", Topic.OBSERVATIONS, "measurements")


def chart_needs(loinc_codes: Sequence[str]) -> tuple[Need, ...]:
    """What an assessment of the whole chart asks for."""
    return (PATIENT, CONDITIONS, FINDINGS, measurements(loinc_codes), MEDICATIONS, PROCEDURES)


class Prefetch:
    """Completes what was sent. `may_read` tells whether a base address is on the operator's list."""

    def __init__(
        self, needs: tuple[Need, ...], read: ReadFhir, may_read: Callable[[str], bool], timeout_seconds: float
    ) -> None:
        self._needs = needs
        self._deciding = [need for need in needs if need.topic in (Topic.CONDITIONS, Topic.OBSERVATIONS)]
        self._read = read
        self._may_read = may_read
        self._timeout = timeout_seconds
        self.templates = {need.key: need.template for need in needs}

    async def complete(self, call: HookCall) -> Material:
        """All that was sent and could be read of the chart.

        Raises MissingPrecondition without a Patient, or when neither Conditions nor any Observations are to
        be had: then nothing can be said.
        """
        answers, wanted = self._received(call)
        fhir_seconds = await self._read_into(answers, wanted, call.server) if wanted else 0.0
        patient = _patient(answers[PATIENT])
        if all(answers[need].is_unavailable for need in self._deciding):
            reasons = "; ".join(f"{need.words} {answers[need].problem}" for need in self._deciding)
            raise _precondition(self._deciding[0], f"neither Conditions nor Observations are to be had: {reasons}")
        pages: list[tuple[Topic, Page]] = []
        gaps: list[Gap] = []
        for need, answer in answers.items():
            if need is PATIENT:
                continue
            pages.extend((need.topic, page) for page in answer.pages)
            if answer.problem:
                gaps.append(Gap(need.topic, f"{need.words} {answer.problem}"))
        return Material(patient, tuple(pages), tuple(gaps), fhir_seconds)

    def _received(self, call: HookCall) -> tuple[dict[Need, Answer], dict[Need, str]]:
        """What was sent, and the addresses of what still has to be read."""
        answers: dict[Need, Answer] = {}
        wanted: dict[Need, str] = {}
        for need in self._needs:
            raw = call.prefetch.get(need.key)
            answers[need] = _NOTHING_THERE
            if raw is None:
                wanted[need] = need.address(call.patient_id)
            elif raw != _NULL:
                page = _of_asked_type(need, open_page(raw))
                if page.failure:
                    pages = (page,) if page.resources else ()
                    answers[need] = Answer(pages, f"could not be supplied: {page.failure}")
                    continue
                answers[need] = Answer((page,))
                if page.next is not None:
                    wanted[need] = page.next
        return answers, wanted

    async def _read_into(
        self, answers: dict[Need, Answer], wanted: Mapping[Need, str], server: FhirServer | None
    ) -> float:
        """Puts what is read, or why it was not, into `answers`; returns how many seconds that took."""
        if server is None or not self._may_read(server.base):
            obstacle = _NO_SERVER if server is None else _NOT_LISTED
            for need in wanted:
                sent = "were sent only in part" if answers[need].pages else "were not sent"
                answers[need] = Answer(answers[need].pages, f"{sent}, and {obstacle}")
            return 0.0
        clock = asyncio.get_running_loop().time
        begun = clock()
        deadline = begun + self._timeout
        reads = (self._read(server, address, deadline) for address in wanted.values())
        for need, more in zip(wanted, await asyncio.gather(*reads), strict=True):
            answers[need] = Answer(answers[need].pages + more.pages, more.problem)
        return clock() - begun


def _of_asked_type(need: Need, page: Page) -> Page:
    """Other resources than those asked for are no answer: "nothing there" would be a wrong one."""
    sent = {head.resourceType for head in page.resources}
    if page.failure or page.unreadable or need.resource_type in sent or not (sent or page.others):
        return page
    return Page(failure=f"the EHR sent other resources than {need.resource_type}")


def _patient(answer: Answer) -> Page:
    """The page with the one Patient, whether it came alone or in a searchset."""
    pages = [page for page in answer.pages if page.resources]
    if len(pages) == 1 and [head.resourceType for head in pages[0].resources] == ["Patient"]:
        return pages[0]
    problem = answer.problem or "is not there, or is not one readable Patient resource"
    raise _precondition(PATIENT, f"{PATIENT.words} {problem}")


def _precondition(need: Need, problem: str) -> MissingPrecondition:
    return MissingPrecondition(
        problem,
        remedy="Send the data as prefetch, or name a fhirServer that the operator has listed in CDS_FHIR_SERVERS",
        field=f"prefetch.{need.key}",
    )
