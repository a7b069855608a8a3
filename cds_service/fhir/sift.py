"""The hot loop: of hundreds of resources, keep the few whose codes a value set knows.

What matches no concept, lies on another part of the body, is beyond its look-back or has been overtaken by a newer
value is dropped here, before anything is parsed in full.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cds_service.facts import Interval, Topic
from cds_service.fhir import dates
from cds_service.fhir.heads import (
    Head,
    HeadConcept,
    MedicationHead,
    MedicationRequestHead,
    ObservationHead,
    ProcedureHead,
)
from cds_service.fhir.page import Material, Page
from cds_service.fhir.value_sets import Concept, Meaning, Terminology

SILENT_STATUSES = frozenset({"entered-in-error", "cancelled", "registered", "unknown"})
"""Observation.status values with which an Observation says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """A resource worth reading: number `number` of its page.

    `when` is the clinical time of an Observation or Procedure; `medicine` the code of the Medication that a
    MedicationRequest points to.
    """

    head: Head
    page: Page
    number: int
    when: Interval | None
    medicine: HeadConcept | None = None


@dataclass(frozen=True, slots=True)
class Sifted:
    """What is worth reading.

    `series` holds the Observations of which only the newest that says something counts, per concept and newest first.
    `may_be_leg_complaint` is False when nothing in the chart could be one: no card, and nothing to parse. `uncoded`
    counts Conditions, Observations and Procedures without a code, `nameless_medicines` current medicines without one.
    """

    hits: list[Hit]
    series: list[list[Hit]]
    may_be_leg_complaint: bool
    uncoded: int
    nameless_medicines: int


def sift(material: Material, terminology: Terminology, as_of: datetime) -> Sifted:
    """Keep what may matter. Each resource counts once, however many searches returned it."""
    medicines = _medicines(material)
    hits: list[Hit] = []
    series: dict[str, list[Hit]] = {}
    seen: set[tuple[type[Head], str]] = set()
    may_open = False
    uncoded = nameless = 0
    for _topic, page in material.pages:
        for number, head in enumerate(page.resources):
            codes = head.codes()
            medicine = None
            if isinstance(head, MedicationRequestHead):
                medicine = _medicine(head, medicines)
                codes = (*codes, medicine)
            meanings = _look_up(codes, terminology)
            if meanings == [] and not (isinstance(head, MedicationRequestHead) and _is_nameless(head, codes)):
                continue
            identity = (type(head), head.id)
            if head.id and identity in seen:
                continue
            seen.add(identity)
            if not meanings:
                if isinstance(head, MedicationRequestHead):
                    nameless += head.status == "active"
                else:
                    uncoded += 1
                continue
            concepts = _concepts(head, meanings, terminology)
            when = _when(head, as_of)
            if not concepts or _says_nothing(head) or _too_old(concepts, when, as_of):
                continue
            may_open = may_open or _may_open(head, concepts, meanings, terminology)
            hit = Hit(head, page, number, when, medicine)
            alone = len(set(concepts)) == 1 and concepts[0].newest_only
            if alone and when and not dates.is_future(when, as_of):
                series.setdefault(concepts[0].name, []).append(hit)
            else:
                hits.append(hit)
    return Sifted(hits, [sorted(each, key=_newest_first) for each in series.values()], may_open, uncoded, nameless)


def _newest_first(hit: Hit) -> tuple[float, str]:
    return (-hit.when.last.timestamp() if hit.when else 0.0, hit.head.id)


def _is_nameless(head: MedicationRequestHead, codes: Iterable[HeadConcept | None]) -> bool:
    """An active MedicationRequest from which no code of a medicine is to be had: it could be an anticoagulant."""
    return head.status == "active" and not any(concept is not None and concept.coding for concept in codes)


def _concepts(head: Head, meanings: list[Meaning], terminology: Terminology) -> list[Concept]:
    """What the resource is about; where its code only asks, what its value answers."""
    if any(meaning.question for meaning in meanings):
        meanings += _look_up(head.answers(), terminology) or []
    return [concept for meaning in meanings for concept in meaning.concepts]


def _look_up(codes: Iterable[HeadConcept | None], terminology: Terminology) -> list[Meaning] | None:
    """The meanings of the codings; None where there are words but no coding at all."""
    meaning_of = terminology.meaning
    meanings: list[Meaning] = []
    coded = worded = False
    for concept in codes:
        if concept is not None:
            if concept.coding:
                coded = True
                for coding in concept.coding:
                    if (meaning := meaning_of(coding.system, coding.code)) is not None:
                        meanings.append(meaning)
            elif concept.text:
                worded = True
    return None if worded and not coded else meanings


def _when(head: Head, as_of: datetime) -> Interval | None:
    """effective[x], else issued, of an Observation; performed[x] of a Procedure. A Condition is judged when read."""
    zone = dates.zone_of(as_of)
    if isinstance(head, ObservationHead):
        given = (head.effectiveDateTime, head.effectiveInstant, head.effectivePeriod, head.effectiveTiming)
        if all(each is None for each in given):
            return dates.interval(head.issued, zone)
        moment = dates.interval(head.effectiveDateTime, zone) or dates.interval(head.effectiveInstant, zone)
        return moment or dates.period(head.effectivePeriod, zone, as_of) or dates.timing(head.effectiveTiming, zone)
    if isinstance(head, ProcedureHead):
        return dates.interval(head.performedDateTime, zone) or dates.period(head.performedPeriod, zone, as_of)
    return None


def _says_nothing(head: Head) -> bool:
    return isinstance(head, ObservationHead) and str(head.status) in SILENT_STATUSES


def _too_old(concepts: list[Concept], when: Interval | None, as_of: datetime) -> bool:
    if when is None:
        return False
    return all(
        concept.look_back is not None and not when.may_lie_within(concept.look_back, as_of) for concept in concepts
    )


def _may_open(head: Head, concepts: list[Concept], meanings: list[Meaning], terminology: Terminology) -> bool:
    """Could this one resource be a leg complaint? A concept that needs a site needs one on the leg."""
    opening = [concept for concept in concepts if concept.may_open]
    if not opening:
        return False
    if not all(concept.site_matters for concept in opening):
        return True
    sited = [*meanings, *(_look_up(head.sites(), terminology) or [])]
    return any(meaning.site is not None or meaning.thigh for meaning in sited)


def _medicines(material: Material) -> dict[str, HeadConcept]:
    return {
        head.id: head.code
        for topic, page in material.pages
        if topic is Topic.MEDICATIONS
        for head in page.resources
        if isinstance(head, MedicationHead) and head.code is not None
    }


def _medicine(head: MedicationRequestHead, medicines: dict[str, HeadConcept]) -> HeadConcept | None:
    """The code of the Medication that a MedicationRequest points to: contained, or sent along."""
    if head.medicationReference is None:
        return None
    reference = head.medicationReference.reference or ""
    name = reference.split("/_history/")[0].removeprefix("urn:uuid:").rsplit("/", 1)[-1]
    return head.contained_medication(reference) if reference.startswith("#") else medicines.get(name)
