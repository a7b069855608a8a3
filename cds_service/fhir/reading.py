"""From FHIR resources to facts: sift, project, parse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cds_service.errors import InvalidRequest
from cds_service.facts import Chart, Fact, Gap, PatientFacts, State
from cds_service.fhir import dates
from cds_service.fhir.conditions import condition_facts
from cds_service.fhir.observations import observation_facts
from cds_service.fhir.page import Material
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
        gaps = (*material.gaps, *_unreadable(material))
        sifted = sift(material, self.terminology, as_of)
        if not (sifted.may_be_leg_complaint or gaps):
            return Chart()
        patient = read_patient(material.patient.raw)
        if patient.deceased or not sifted.may_be_leg_complaint:
            return Chart(patient, gaps=gaps)
        subject = Subject(patient_id, patient.born)
        left_out: Counter[str] = Counter()
        if sifted.text_only:
            left_out[TEXT_ONLY] = sifted.text_only
        facts: list[Fact] = []
        for hit, raw in _with_bytes(sifted.hits):
            facts.extend(self._facts(hit, raw, subject, as_of, left_out))
        return Chart(patient, tuple(settled(facts)), gaps, dict(left_out))

    def _facts(
        self, hit: Hit, raw: msgspec.Raw | bytes, subject: Subject, as_of: datetime, left_out: Counter[str]
    ) -> list[Fact]:
        kind = hit.head.resourceType
        try:
            members = whole(raw)
            model = parsed(kind, members)
            if not subject.owns(kind, members):
                left_out[OTHER_PATIENT] += 1
                return []
            facts = _READERS[kind](model, members, hit, self.terminology, subject, as_of)
        except Unreadable:
            left_out[NOT_READABLE] += 1
            return []
        standing = [fact for fact in facts if fact.when is None or not dates.is_future(fact.when, as_of)]
        if facts and not standing:
            left_out[IN_FUTURE] += 1
        return standing


def _with_bytes(hits: list[Hit]) -> Iterator[tuple[Hit, msgspec.Raw | bytes]]:
    """Each hit with the bytes of its resource, cut out of each page once."""
    by_page: dict[int, list[Hit]] = {}
    for hit in hits:
        by_page.setdefault(id(hit.page), []).append(hit)
    for group in by_page.values():
        raw = group[0].page.bytes_of({hit.number for hit in group})
        for hit in group:
            yield hit, raw[hit.number]


def read_patient(raw: msgspec.Raw | bytes) -> PatientFacts:
    """Birth date and death. A Patient that does not parse is of unknown age, and alive."""
    try:
        members = whole(raw)
        parsed("Patient", members)
    except Unreadable:
        return PatientFacts()
    born = members.get("birthDate")
    deceased = members.get("deceasedBoolean") is True or bool(members.get("deceasedDateTime"))
    return PatientFacts(dates.days_of(born) if isinstance(born, str) else None, deceased)


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
            if fact.state is State.PRESENT and not any(_later(absence, fact) for absence in absences)
        ]
        kept += present
        kept += [absence for absence in absences if not present]
        kept += [fact for fact in group if fact.state is State.UNKNOWN]
    return sorted(kept, key=_newest_first)


def _newest_first(fact: Fact) -> tuple[float, str, str, str]:
    return (-fact.when.last.timestamp() if fact.when else 0.0, fact.concept, fact.source, fact.code[1])


def _later(absence: Fact, presence: Fact) -> bool:
    if absence.when is None or presence.when is None:
        return False
    return absence.when.first > presence.when.last


def _unreadable(material: Material) -> list[Gap]:
    return [
        Gap(topic, f"{name} {NOT_READABLE}") for topic, page in material.pages for name in page.unreadable
    ]


