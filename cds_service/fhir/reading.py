"""From FHIR resources to facts: sift, project, parse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cds_service.errors import InvalidRequest
from cds_service.facts import Chart, Course, Fact, Gap, PatientFacts, State, Topic
from cds_service.fhir import dates
from cds_service.fhir.conditions import condition_facts
from cds_service.fhir.observations import observation_facts
from cds_service.fhir.page import Material, Page
from cds_service.fhir.projection import Unreadable, parsed, whole
from cds_service.fhir.sift import Hit, sift
from cds_service.fhir.subject import Subject
from cds_service.fhir.treatments import medication_facts, procedure_facts
from cds_service.fhir.value_sets import Terminology

NOT_READABLE = "could not be read"
OTHER_PATIENT = "belong to another patient or person"
IN_FUTURE = "are dated in the future"
TEXT_ONLY = "have text but no code, which is not interpreted"

_READERS: dict[str, Callable[..., list[Fact]]] = {
    "Condition": condition_facts,
    "Observation": observation_facts,
    "MedicationRequest": medication_facts,
    "Procedure": procedure_facts,
}
_TOPICS = {
    "Condition": Topic.CONDITIONS,
    "Observation": Topic.OBSERVATIONS,
    "MedicationRequest": Topic.MEDICATIONS,
    "Procedure": Topic.PROCEDURES,
}


class ChartReader:
    """Turns what was received into a Chart. `timezone` judges ages and dates without a time."""

    def __init__(self, timezone: ZoneInfo, terminology: Terminology | None = None) -> None:
        self.timezone = timezone
        self.terminology = terminology if terminology is not None else Terminology()

    def read(self, material: Material, patient_id: str, as_of: datetime) -> Chart:
        """Read the chart as of that moment.

        A chart in which nothing can be a leg complaint comes back without facts: no rule could use them.
        Raises InvalidRequest when the Patient received is not `patient_id`.
        """
        if [head.id for head in material.patient.resources] != [patient_id]:
            raise InvalidRequest(
                "the Patient resource has another id than context.patientId",
                remedy="Send the Patient, and the chart, of the patient in context",
                field="prefetch.patient",
            )
        as_of = as_of.astimezone(self.timezone)
        sifted = sift(material, self.terminology, as_of)
        unopened = [_unreadable(topic, name) for topic, page in material.pages for name in page.unreadable]
        if not (sifted.may_be_leg_complaint or material.gaps or unopened):
            return Chart()
        patient, patient_gaps = read_patient(material.patient)
        gaps = tuple(dict.fromkeys((*material.gaps, *patient_gaps, *unopened)))
        if patient.deceased or not sifted.may_be_leg_complaint:
            return Chart(patient, gaps=gaps)
        reading = _Reading(self.terminology, Subject(patient_id, patient.born), as_of)
        if sifted.text_only:
            reading.left_out[TEXT_ONLY] = sifted.text_only
        for hit in sifted.hits:
            reading.read(hit)
        for series in sifted.series:
            reading.read_back(series)
        return Chart(
            patient,
            tuple(settled(reading.facts)),
            tuple(dict.fromkeys((*gaps, *reading.gaps))),
            dict(reading.left_out),
        )


class _Reading:
    """The facts of one chart as they come in, and what had to be left out."""

    def __init__(self, terminology: Terminology, subject: Subject, as_of: datetime) -> None:
        self.facts: list[Fact] = []
        self.gaps: list[Gap] = []
        self.left_out: Counter[str] = Counter()
        self._terminology = terminology
        self._subject = subject
        self._as_of = as_of
        self._bytes: dict[int, Callable[[int], msgspec.Raw | bytes]] = {}

    def read(self, hit: Hit) -> list[Fact]:
        """Read one resource and keep its facts."""
        kind = hit.head.resourceType
        try:
            members = whole(self._bytes_of(hit))
            model = parsed(kind, members)
            if not self._subject.owns(kind, members):
                self.left_out[OTHER_PATIENT] += 1
                return []
            facts = _READERS[kind](model, members, hit, self._terminology, self._subject, self._as_of)
        except Unreadable:
            self.left_out[NOT_READABLE] += 1
            self.gaps.append(_unreadable(_TOPICS[kind], f"{kind}/{hit.head.id}"))
            return []
        standing = [fact for fact in facts if fact.when is None or not dates.is_future(fact.when, self._as_of)]
        if facts and not standing:
            self.left_out[IN_FUTURE] += 1
        self.facts += standing
        return standing

    def read_back(self, series: list[Hit]) -> None:
        """Read a series from its newest back to the first that says something, and those of the same time."""
        spoke: Hit | None = None
        for hit in series:
            if spoke and spoke.when and hit.when and hit.when.last < spoke.when.last:
                return
            if any(fact.state is not State.UNKNOWN for fact in self.read(hit)):
                spoke = hit

    def _bytes_of(self, hit: Hit) -> msgspec.Raw | bytes:
        cut = self._bytes.get(id(hit.page))
        if cut is None:
            cut = self._bytes[id(hit.page)] = hit.page.bytes_of()
        return cut(hit.number)


def _unreadable(topic: Topic, name: str) -> Gap:
    return Gap(topic, f"{name} {NOT_READABLE}")


def read_patient(page: Page) -> tuple[PatientFacts, list[Gap]]:
    """Birth date and death. A birth date that cannot be read leaves the age unknown, and is told."""
    try:
        members = whole(page.bytes_of()(0))
    except Unreadable:
        return PatientFacts(), [Gap(Topic.PATIENT, "the Patient could not be read")]
    birth_date = members.get("birthDate")
    born = dates.days_of(birth_date) if isinstance(birth_date, str) else None
    gaps = [Gap(Topic.PATIENT, "the birth date could not be read")] if birth_date is not None and born is None else []
    return PatientFacts(born, members.get("deceasedBoolean") is True or bool(members.get("deceasedDateTime"))), gaps


def settled(facts: list[Fact]) -> list[Fact]:
    """Newest wins per code, site and side: an absent finding replaces an older present one, and the reverse.

    At the same time, or where the dates do not tell, present wins. History and unknown facts are never replaced.
    """
    groups: dict[tuple[Any, ...], list[Fact]] = {}
    for fact in facts:
        groups.setdefault((fact.concept, fact.code, fact.site, fact.side), []).append(fact)
    kept: list[Fact] = []
    for group in groups.values():
        absences = [fact for fact in group if fact.state is State.ABSENT]
        present = [
            fact
            for fact in group
            if fact.state is State.PRESENT
            and (fact.course is Course.HISTORY or not any(_later(absence, fact) for absence in absences))
        ]
        kept += present
        kept += [absence for absence in absences if all(fact.course is Course.HISTORY for fact in present)]
        kept += [fact for fact in group if fact.state is State.UNKNOWN]
    return sorted(kept, key=_newest_first)


def _newest_first(fact: Fact) -> tuple[float, str, str, str]:
    return (-fact.when.last.timestamp() if fact.when else 0.0, fact.concept, fact.source, fact.code[1])


def _later(absence: Fact, presence: Fact) -> bool:
    if absence.when is None or presence.when is None:
        return False
    return absence.when.first > presence.when.last
