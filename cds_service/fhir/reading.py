"""From FHIR resources to facts: sift, then read the few that matter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from cds_service.errors import InvalidRequest
from cds_service.facts import (
    Chart,
    Course,
    Fact,
    Gap,
    Interval,
    PatientFacts,
    Side,
    Site,
    State,
    Topic,
    latest,
)
from cds_service.fhir import dates
from cds_service.fhir import resources as fhir
from cds_service.fhir.conditions import condition_facts
from cds_service.fhir.kept import Kept
from cds_service.fhir.medicines import Medicine
from cds_service.fhir.observations import observation_facts
from cds_service.fhir.page import Material
from cds_service.fhir.passed_over import TOPICS, PassedOver, Watched, may_be_of, passed_over
from cds_service.fhir.references import type_and_id
from cds_service.fhir.resources import NOT_JSON_OF_OURS
from cds_service.fhir.sift import Hit, sift
from cds_service.fhir.subject import Subject
from cds_service.fhir.treatments import medication_facts, procedure_facts
from cds_service.fhir.value_sets import Terminology
from cds_service.fhir.versions import as_r4

NOT_READABLE = "could not be read"
OTHER_PATIENT = "of another patient or person"
IN_FUTURE = "dated in the future"
DENIED_BY = "also denied, by"

_MOST_DENIALS = 10
_MOST_KEPT, _LONGEST_KEPT = 4096, 200  # words of entries, and characters of one

_NOBODY = PatientFacts()
_NONE: Mapping[str, int] = {}


class ChartReader:
    """Turns what was received into a Chart. `timezone` judges ages and dates without a time; `watched`: which words of
    an entry without a code that is read are to be quoted.
    """

    def __init__(
        self, timezone: ZoneInfo, terminology: Terminology | None = None, watched: Watched = lambda _words: False
    ) -> None:
        self.timezone = timezone
        self._watched = Kept(watched, most=_MOST_KEPT, longest=_LONGEST_KEPT).__getitem__
        self.terminology = terminology if terminology is not None else Terminology()

    def read(
        self, material: Material, patient_id: str, as_of: datetime, check: Callable[[], None] = lambda: None
    ) -> Chart:
        """Read the chart as of that moment. `check` is called before each resource, and may raise to end it.

        A chart in which nothing can be a leg complaint comes back without facts: no rule could use them.
        Raises InvalidRequest when the Patient received is not `patient_id`.
        """
        match material.patient.resources:
            case [fhir.Patient() as who] if is_patient(who, patient_id):
                pass
            case _:
                raise InvalidRequest(
                    "the Patient resource has another id than context.patientId",
                    remedy="Send the Patient, and the chart, of the patient in context",
                    field="prefetch.patient",
                )
        as_of = as_of.astimezone(self.timezone)
        sifted = sift(material, self.terminology, as_of)
        unread = [_unreadable(topic, name) for topic, page in material.pages for name in page.unreadable]
        patient, patient_gaps = read_patient(who)
        subject = Subject(patient_id, patient.born, who.full_url)
        unread += wholly_foreign(material, subject)
        passed = passed_over(sifted, material, self.terminology, subject, as_of, self._watched)
        if not (sifted.may_be_leg_complaint or material.gaps or unread):
            return _chart(passed)
        gaps = tuple(dict.fromkeys((*material.gaps, *patient_gaps, *unread)))
        if patient.deceased or not sifted.may_be_leg_complaint:
            return _chart(passed, patient, gaps=gaps)
        reading = _Reading(self.terminology, subject, as_of)
        for hit in sifted.hits:
            check()
            reading.read(hit)
        for series in sifted.series:
            reading.read_back(series)
        return _chart(
            passed,
            patient,
            tuple(settled(reading.facts, self.terminology)),
            tuple(dict.fromkeys((*gaps, *reading.gaps))),
            reading.left_out,
        )


def _chart(
    passed: PassedOver,
    patient: PatientFacts = _NOBODY,
    facts: tuple[Fact, ...] = (),
    gaps: tuple[Gap, ...] = (),
    left_out: Mapping[str, int] = _NONE,
) -> Chart:
    """The chart with what was passed over."""
    counts = {reason: count for reason, count in {**passed.counts, **left_out}.items() if count}
    return Chart(patient, facts, gaps, counts, passed.medicines, passed.conditions, passed.systems, passed.parts)


class _Reading:
    """The facts of one chart as they come in, and what had to be left out."""

    def __init__(self, terminology: Terminology, subject: Subject, as_of: datetime) -> None:
        self.facts: list[Fact] = []
        self.gaps: list[Gap] = []
        self.left_out: Counter[str] = Counter()
        self._terminology = terminology
        self._subject = subject
        self._as_of = as_of

    def read(self, hit: Hit) -> list[Fact]:
        """Read one resource and keep its facts."""
        kind = hit.resource.resourceType
        try:
            if not self._subject.owns(hit.resource):
                self.left_out[OTHER_PATIENT] += 1
                return []
            facts = self._facts(hit)
        except NOT_JSON_OF_OURS:
            self.left_out[NOT_READABLE] += 1
            self.gaps.append(_unreadable(TOPICS[kind], hit.resource.name))
            return []
        standing = [fact for fact in facts if fact.when is None or not dates.is_future(fact.when, self._as_of)]
        if facts and not standing:
            self.left_out[IN_FUTURE] += 1
        self.facts += standing
        return standing

    def _facts(self, hit: Hit) -> list[Fact]:
        match as_r4(hit.resource):
            case fhir.Condition() as condition:
                return condition_facts(condition, self._terminology, self._subject, self._as_of)
            case fhir.Observation() as observation:
                return observation_facts(observation, hit.when, self._terminology)
            case fhir.MedicationRequest() as request:
                return medication_facts(request, hit.medicine or Medicine(), self._terminology, self._as_of)
            case fhir.Procedure() as procedure:
                return procedure_facts(procedure, hit.when, self._terminology)
        raise AssertionError("the sift keeps no other types")

    def read_back(self, series: Sequence[Hit]) -> None:
        """Read a series from its newest back to the first that says something, and those of the same time."""
        spoke: Hit | None = None
        for hit in series:
            if spoke and spoke.when and hit.when and hit.when.last < spoke.when.last:
                return
            if any(fact.state is not State.UNKNOWN for fact in self.read(hit)):
                spoke = hit


def wholly_foreign(material: Material, subject: Subject) -> list[Gap]:
    """A part of the chart of which every resource is another patient's was not read, whatever those are about."""
    is_own: dict[Topic, bool] = {}
    for topic, page in material.pages:
        for resource in page.resources:
            if is_own.get(topic):  # mostly since the first one
                break
            if not isinstance(resource, fhir.Medication):  # which is nobody's
                is_own[topic] = may_be_of(subject, resource)
    return [Gap(topic, "what was sent belongs to another patient") for topic, own in is_own.items() if not own]


def _unreadable(topic: Topic, name: str) -> Gap:
    return Gap(topic, f"{name} {NOT_READABLE}")


def is_patient(patient: fhir.Patient, patient_id: str) -> bool:
    """Is it the one of this id? One without an id, in a Bundle, has that of its fullUrl."""
    return patient.id == patient_id if patient.id else type_and_id(patient.full_url)[1].lower() == patient_id.lower()


def read_patient(patient: fhir.Patient) -> tuple[PatientFacts, list[Gap]]:
    """Birth date and death. A birth date that cannot be read leaves the age unknown, and is told."""
    birth_date = patient.birthDate
    born = dates.days_of(birth_date) if isinstance(birth_date, str) else None
    gaps = [Gap(Topic.PATIENT, "the birth date could not be read")] if birth_date is not None and born is None else []
    return PatientFacts(born, _is_deceased(patient)), gaps


def _is_deceased(patient: fhir.Patient) -> bool:
    """Also where the day of death is not known, so that only an extension of it came."""
    if patient.deceasedDateTime or patient.deceasedBoolean in (True, "true"):
        return True
    given = patient.deceased_date_time_extension
    extensions = given.get("extension") if isinstance(given, dict) else None
    if not isinstance(extensions, list) or not extensions:
        return False
    reasons = [each.get("valueCode") for each in extensions if isinstance(each, dict)]
    return "not-applicable" not in reasons


def settled(facts: list[Fact], terminology: Terminology) -> list[Fact]:
    """Newest wins: per code, site and side, and per concept where only the newest value counts.

    An absent finding replaces an older present one, and the reverse. At the same time, or where the dates do not
    tell, present wins, and remarks on the denial. History and unknown facts are never replaced.
    """
    groups: dict[tuple[str, Site, Side], list[Fact]] = {}
    for fact in facts:
        groups.setdefault((fact.concept, fact.site, fact.side), []).append(fact)
    kept = [fact for group in groups.values() for fact in _standing(group)]
    newest: dict[str, Interval] = {}
    for fact in kept:
        if terminology.concepts[fact.concept].newest_only and fact.when and fact.state is not State.UNKNOWN:
            held = newest.get(fact.concept)
            newest[fact.concept] = fact.when if held is None or fact.when.last > held.last else held
    if newest:
        kept = [fact for fact in kept if not (fact.concept in newest and _is_older(fact, newest[fact.concept]))]
    return sorted(kept, key=_newest_first)


def _standing(group: list[Fact]) -> list[Fact]:
    """Of the facts of one concept, site and side, those that no later one replaces."""
    if len(group) == 1:
        return group
    absences = [fact for fact in group if fact.state is State.ABSENT]
    present = [fact for fact in group if fact.state is State.PRESENT]
    if absences:
        denials = _Denials(absences)
        present = [denials.noted_on(fact) for fact in present if not denials.replace(fact)]
        affirmed = {code for fact in present if fact.course is not Course.HISTORY for code in fact.codes}
        absences = [absence for absence in absences if affirmed.isdisjoint(absence.codes)]
    return [*present, *absences, *(fact for fact in group if fact.state is State.UNKNOWN)]


class _Denials:
    """What the record denies, by code: the denials, those that may be the newest first, and when the last one began."""

    def __init__(self, absences: Sequence[Fact]) -> None:
        self._of: dict[tuple[str, str], list[Fact]] = {}
        self._since: dict[tuple[str, str], datetime] = {}
        for absence in sorted(absences, key=lambda each: (each.when is None, latest(each.when)), reverse=True):
            for code in absence.codes:
                self._of.setdefault(code, []).append(absence)
                if absence.when is not None:
                    self._since[code] = max(self._since.get(code, absence.when.first), absence.when.first)

    def replace(self, presence: Fact) -> bool:
        """Is one surely later than the finding?"""
        if presence.course is Course.HISTORY or presence.when is None:
            return False
        end = presence.when.last
        return any(code in self._since and self._since[code] > end for code in presence.codes)

    def noted_on(self, presence: Fact) -> Fact:
        """The finding, with a remark that names the entries that deny it and are not surely older: the newest ten."""
        if presence.course is Course.HISTORY:
            return presence
        sources = {
            absence.source
            for code in presence.codes
            for absence in self._of.get(code, ())[:_MOST_DENIALS]
            if not (absence.when and presence.when and absence.when.last < presence.when.first)
        }
        if not sources:
            return presence
        return msgspec.structs.replace(
            presence, remarks=(f"{DENIED_BY} {', '.join(sorted(sources))}", *presence.remarks)
        )


def _is_older(fact: Fact, newest: Interval) -> bool:
    return fact.when is not None and fact.state is not State.UNKNOWN and fact.when.last < newest.last


def _newest_first(fact: Fact) -> tuple[float, str, str, str]:
    return (-latest(fact.when), fact.concept, fact.source, fact.codes[0][1])
