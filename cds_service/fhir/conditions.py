"""Condition -> facts. Status, course and time as the reading rules say (docs/reading-rules.md)."""

from __future__ import annotations

from collections.abc import Set
from datetime import datetime

from cds_service.facts import (
    DATE_NOT_READ,
    Certainty,
    Course,
    Fact,
    Interval,
    Side,
    Site,
    State,
    UnreadEntry,
    latest,
)
from cds_service.fhir import dates
from cds_service.fhir import resources as fhir
from cds_service.fhir.members import as_concept
from cds_service.fhir.naming import named
from cds_service.fhir.placing import body_sites, is_elsewhere, place_remarks, site_of
from cds_service.fhir.subject import Subject, encounter_of
from cds_service.fhir.value_sets import Concept, Terminology, combined_side
from cds_service.fhir.versions import status_codes

_CURRENT = frozenset({"active", "recurrence", "relapse"})
_PAST = frozenset({"inactive", "remission", "resolved"})
NOT_VERIFIED = "verification status not stated"
_SUSPECTED = frozenset({"unconfirmed", "provisional", "differential"})


def condition_facts(
    condition: fhir.Condition, terminology: Terminology, subject: Subject, as_of: datetime
) -> list[Fact]:
    """One fact per concept that the Condition's codings name. `entered-in-error` says nothing."""
    verification = status_codes(condition.verificationStatus)
    if "entered-in-error" in verification:
        return []
    clinical = status_codes(condition.clinicalStatus)
    code = named(condition.code, terminology)
    began = _onset(condition, subject, as_of)
    recorded = dates.interval(condition.recordedDate, dates.zone_of(as_of))
    body = body_sites(condition.sites(), (), terminology)
    facts = []
    side = combined_side((code.side, body.side)) or Side.NOT_STATED
    severe = named(as_concept(condition.severity), terminology).severe
    remarks = (*(() if verification else (NOT_VERIFIED,)), *place_remarks(code.side, body))
    if began is None and recorded is None and _has_date(condition):
        remarks = (*remarks, DATE_NOT_READ)
    for concept, codes, words, suspected, denied, phases in code.concepts:
        site = site_of(concept, code.site, body)
        elsewhere = concept.elsewhere if site is None and is_elsewhere(concept, body) else ""
        if site is None and not elsewhere:
            continue
        course = _course(concept, clinical, condition, phases, began or recorded, as_of)
        facts.append(
            Fact(
                concept=elsewhere or concept.name,
                state=_state(verification, course, denied=denied),
                source=condition.name,
                codes=codes,
                display=words,
                when=began or recorded,
                began=began,
                recorded=recorded,
                side=side,
                site=site or Site.NOT_STATED,
                site_matters=concept.site_matters and not elsewhere,
                certainty=Certainty.SUSPECTED if suspected or verification & _SUSPECTED else Certainty.CONFIRMED,
                course=course,
                severe=severe,
                sudden=code.sudden,
                encounter=encounter_of(condition),
                remarks=remarks,
            )
        )
    return facts


def unread_entry(
    condition: fhir.Condition, words: str, reason: str, subject: Subject, as_of: datetime
) -> UnreadEntry | None:
    """A Condition whose code is not read, with its dates; None where it is refuted or entered in error."""
    if status_codes(condition.verificationStatus) & {"entered-in-error", "refuted"}:
        return None
    dated = (_onset(condition, subject, as_of), dates.interval(condition.recordedDate, dates.zone_of(as_of)))
    is_over = status_codes(condition.clinicalStatus) & _PAST or _has_abated(condition, as_of)
    return UnreadEntry(words, condition.name, reason, max(filter(None, dated), key=latest, default=None), not is_over)


def _state(verification: Set[str], course: Course, *, denied: bool) -> State:
    """`denied`: the code itself says that it is not there; refuted, that is a double negative, and not known."""
    if "refuted" in verification:
        return State.UNKNOWN if denied else State.ABSENT
    if denied:
        return State.ABSENT
    return State.UNKNOWN if course is Course.NOT_STATED else State.PRESENT


def _course(
    concept: Concept,
    status: Set[str],
    condition: fhir.Condition,
    phases: Set[Course],
    when: Interval | None,
    as_of: datetime,
) -> Course:
    """Current, under care, history, or not stated."""
    if concept.kind == "history" or status & _PAST or Course.HISTORY in phases or _has_abated(condition, as_of):
        return Course.HISTORY
    if not status & _CURRENT:
        recent = when is not None and (concept.look_back is None or when.may_lie_within(concept.look_back, as_of))
        if not recent:
            return Course.NOT_STATED
    return Course.UNDER_CARE if phases == {Course.UNDER_CARE} else Course.CURRENT


def _has_abated(condition: fhir.Condition, as_of: datetime) -> bool:
    """An abatement in the past; one that gives an age, a range or words is taken as past."""
    zone = dates.zone_of(as_of)
    if condition.abatementDateTime is not None:
        when = dates.interval(condition.abatementDateTime, zone)
        return when is None or when.first <= as_of
    if isinstance(span := condition.abatementPeriod, dict):
        when = dates.interval(span.get("start") or span.get("end"), zone)
        return when is None or when.first <= as_of
    given = (condition.abatementAge, condition.abatementRange, condition.abatementString, condition.abatementBoolean)
    return any(given)


def _onset(condition: fhir.Condition, subject: Subject, as_of: datetime) -> Interval | None:
    zone = dates.zone_of(as_of)
    return (
        dates.interval(condition.onsetDateTime, zone)
        or dates.period(condition.onsetPeriod, zone, as_of)
        or dates.at_age(condition.onsetAge, subject.born, zone)
    )


def _has_date(condition: fhir.Condition) -> bool:
    """Does it say since when, legibly or not?"""
    given = (condition.onsetDateTime, condition.onsetPeriod, condition.onsetAge, condition.recordedDate)
    return any(each is not None for each in given)
