"""MedicationRequest and Procedure -> facts."""

from __future__ import annotations

from datetime import datetime

from cds_service.facts import Course, Fact, Interval, Side, State
from cds_service.fhir import dates
from cds_service.fhir import resources as fhir
from cds_service.fhir.medicines import Medicine
from cds_service.fhir.members import code, decoded, is_true
from cds_service.fhir.naming import most_specific, named
from cds_service.fhir.placing import body_sites, site_of
from cds_service.fhir.value_sets import Concept, Terminology, combined_side

_NOT_ORDERED = frozenset({"proposal", "option"})
_ENDED = frozenset({"completed", "stopped"})
_NOT_DONE = frozenset({"preparation", "not-done", "entered-in-error", "unknown", "on-hold", "stopped"})


def is_taken(request: fhir.MedicationRequest) -> bool:
    """A medicine counts as current while its order is active, a planned one only if it is reported as taken.

    US Core files medicines that the patient reports under intent `plan`.
    """
    if code(request.status) != "active" or is_true(request.doNotPerform):
        return False
    intent = code(request.intent)
    if intent == "plan":
        return bool(request.reportedBoolean or decoded(request.reportedReference))
    return intent not in _NOT_ORDERED


def medication_facts(
    request: fhir.MedicationRequest, medicine: Medicine, terminology: Terminology, as_of: datetime
) -> list[Fact]:
    """What a current medicine is, and one that ended whose value set has a look-back. The dose text is kept for the
    card.
    """
    taken = is_taken(request)
    if not taken and not _has_ended(request):
        return []
    ordered = named(medicine.code, terminology)
    when = dates.interval(request.authoredOn, dates.zone_of(as_of))
    return [
        Fact(
            concept=concept.name,
            state=State.PRESENT,
            source=request.name,
            codes=codes,
            display=ordered.words,
            when=when,
            recorded=when,
            course=Course.CURRENT if taken else Course.HISTORY,
            remarks=_dose(request),
        )
        for concept, codes, *_ in ordered.concepts
        if taken or concept.look_back is not None
    ]


def _has_ended(request: fhir.MedicationRequest) -> bool:
    if code(request.status) not in _ENDED or is_true(request.doNotPerform):
        return False
    return code(request.intent) not in (*_NOT_ORDERED, "plan")


def procedure_facts(procedure: fhir.Procedure, when: Interval | None, terminology: Terminology) -> list[Fact]:
    """A procedure that was done, or is being done, at its performed time."""
    if code(procedure.status) in _NOT_DONE:
        return []
    done, category = named(procedure.code, terminology), named(procedure.category, terminology)
    body = body_sites(procedure.sites(), (), terminology)
    facts = []
    coded_site = most_specific((done.site, category.site))
    side = combined_side((done.side, category.side, body.side)) or Side.NOT_STATED
    named_by: dict[Concept, tuple[tuple[str, str], ...]] = {}
    for concept, codes, *_ in (*done.concepts, *category.concepts):
        named_by[concept] = tuple(sorted({*named_by.get(concept, ()), *codes}))
    for concept, codes in named_by.items():
        site = site_of(concept, coded_site, body)
        if site is None:
            continue
        facts.append(
            Fact(
                concept=concept.name,
                state=State.PRESENT,
                source=procedure.name,
                codes=codes,
                display=done.words or category.words,
                when=when,
                began=when,
                side=side,
                site=site,
                site_matters=concept.site_matters,
            )
        )
    return facts


def _dose(request: fhir.MedicationRequest) -> tuple[str, ...]:
    instructions = decoded(request.dosageInstruction)
    first = instructions[0] if isinstance(instructions, list) and instructions else None
    text = first.get("text") if isinstance(first, dict) else None
    return (text,) if isinstance(text, str) and text else ()
