"""Draft orders -> facts: what a clinician is about to order, so far as a value set knows it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from cds_service.facts import Fact, Interval, Side, State
from cds_service.fhir.page import Page
from cds_service.fhir.resources import Concept, DeviceRequest, MedicationRequest, Resource, ServiceRequest
from cds_service.fhir.subject import Subject
from cds_service.fhir.value_sets import Terminology, combined_side
from cds_service.fhir.values import coded_meanings, codes_of, concepts_of, meanings_of, words_of

DRAFT = "draft order"
_NOT_ORDERED = frozenset({"cancelled", "completed", "entered-in-error", "revoked", "stopped"})


def draft_orders(
    drafts: Page, selections: Collection[str], subject: Subject, terminology: Terminology, as_of: datetime
) -> list[Fact]:
    """One fact for each concept that a draft of this patient names, dated now.

    `selections`: the drafts that are meant, as `Type/id`; all of them where it is empty. A draft without an id is told
    by its place. No member but the code (or medication), subject and sites is looked at: drafts are seldom valid FHIR.
    """
    wanted = {each.removeprefix("urn:uuid:") for each in selections}
    facts: list[Fact] = []
    for number, resource in enumerate(drafts.resources, 1):
        code = _code(resource)
        if code is None or str(getattr(resource, "status", None)) in _NOT_ORDERED or not subject.owns(resource):
            continue
        if wanted and not wanted & {resource.name, resource.id}:
            continue
        facts += _facts(resource, code, number, terminology, as_of)
    return facts


def _code(resource: Resource) -> Concept | None:
    if isinstance(resource, MedicationRequest):  # a MedicationOrder of DSTU2 is one too
        return resource.medicationCodeableConcept
    if isinstance(resource, DeviceRequest):
        return resource.codeCodeableConcept
    return resource.code if isinstance(resource, ServiceRequest) else None


def _facts(resource: Resource, code: Concept, number: int, terminology: Terminology, as_of: datetime) -> Sequence[Fact]:
    coded = coded_meanings(code, terminology)
    around = [meaning for _code, meaning in coded]
    around += [meaning for site in resource.sites() for meaning in meanings_of(site, terminology)]
    now = Interval(as_of, as_of, as_of.isoformat(), timed=True)
    return [
        Fact(
            concept=concept.name,
            state=State.PRESENT,
            source=resource.name if resource.id else f"draft order {number}",
            codes=codes_of(concept, coded),
            display=words_of(code, codes_of(concept, coded)[0]),
            when=now,
            recorded=now,
            side=combined_side([meaning.side for meaning in around]) or Side.NOT_STATED,
            remarks=(DRAFT,),
        )
        for concept in concepts_of(coded)
    ]
