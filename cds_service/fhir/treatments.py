"""MedicationRequest and Procedure -> facts."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from cds_service.facts import Fact, Interval, Side, State
from cds_service.fhir import dates
from cds_service.fhir import resources as fhir
from cds_service.fhir.placing import body_sites, most_specific, site_of
from cds_service.fhir.projection import decoded
from cds_service.fhir.value_sets import Terminology, combined_side
from cds_service.fhir.values import coded_meanings, codes_of, concepts_of, words_of

_NOT_ORDERED = frozenset({"proposal", "option"})
_NOT_DONE = frozenset({"preparation", "not-done", "entered-in-error", "unknown", "on-hold", "stopped"})


def medication_facts(
    request: fhir.MedicationRequest,
    model: Any,
    medicine: fhir.Concept | None,
    terminology: Terminology,
    as_of: datetime,
) -> list[Fact]:
    """A medicine counts as current while its order is active, a planned one only if it is reported as taken.

    US Core files medicines that the patient reports under intent `plan`. The dose text is kept for the card.
    """
    if model.status != "active" or model.doNotPerform or model.intent in _NOT_ORDERED:
        return []
    if model.intent == "plan" and not (request.reportedBoolean or decoded(request.reportedReference)):
        return []
    concept = model.medicationCodeableConcept or medicine
    when = dates.interval(request.authoredOn, dates.zone_of(as_of))
    coded = coded_meanings(concept, terminology)
    return [
        Fact(
            concept=named.name,
            state=State.PRESENT,
            source=request.name,
            codes=codes_of(named, coded),
            display=words_of(concept) or _named_reference(request),
            when=when,
            recorded=when,
            remarks=_dose(request),
        )
        for named in concepts_of(coded)
    ]


def procedure_facts(
    procedure: fhir.Procedure, model: Any, when: Interval | None, terminology: Terminology
) -> list[Fact]:
    """A procedure that was done, or is being done, at its performed time."""
    if model.status in _NOT_DONE:
        return []
    coded = [*coded_meanings(model.code, terminology), *coded_meanings(model.category, terminology)]
    body = body_sites(model.bodySite or (), (), terminology)
    facts = []
    coded_site = most_specific([meaning.site for _code, meaning in coded])
    side = combined_side([*(meaning.side for _code, meaning in coded), body.side]) or Side.NOT_STATED
    for concept in concepts_of(coded):
        site = site_of(concept, coded_site, body)
        if site is None:
            continue
        facts.append(
            Fact(
                concept=concept.name,
                state=State.PRESENT,
                source=f"Procedure/{procedure.id}",
                codes=codes_of(concept, coded),
                display=words_of(model.code) or words_of(model.category),
                when=when,
                began=when,
                side=side,
                site=site,
                site_matters=concept.site_matters,
            )
        )
    return facts


def _named_reference(request: fhir.MedicationRequest) -> str:
    return str((request.medicationReference and request.medicationReference.display) or "")


def _dose(request: fhir.MedicationRequest) -> tuple[str, ...]:
    instructions = decoded(request.dosageInstruction)
    first = instructions[0] if isinstance(instructions, list) and instructions else None
    text = first.get("text") if isinstance(first, dict) else None
    return (text,) if isinstance(text, str) and text else ()
