"""Draft orders -> facts: what a clinician is about to order, so far as a value set knows it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cds_service.facts import DRAFT, Fact, Interval, Side, State
from cds_service.fhir import dates
from cds_service.fhir.medicines import Medicine, medicine_of, medicines_among
from cds_service.fhir.naming import named
from cds_service.fhir.page import Page
from cds_service.fhir.placing import body_sites
from cds_service.fhir.references import type_and_id
from cds_service.fhir.resources import (
    NOT_JSON_OF_OURS,
    Concept,
    DeviceRequest,
    MedicationRequest,
    Resource,
    ServiceRequest,
)
from cds_service.fhir.sift import look_up_medicine
from cds_service.fhir.subject import Subject
from cds_service.fhir.value_sets import Terminology, combined_side

_NOT_ORDERED = frozenset({"cancelled", "completed", "entered-in-error", "revoked", "stopped"})


def draft_orders(drafts: Page, subject: Subject, terminology: Terminology, as_of: datetime) -> list[Fact]:
    """One fact for each concept that a draft of this patient names, dated now.

    A draft without an id is told by its place. No member but the code (or medication), status, doNotPerform, subject
    and sites is looked at: drafts are seldom valid FHIR. One for another part of the body, or whose
    subject cannot be read, is left out.
    """
    medicines = medicines_among(drafts.resources)
    facts: list[Fact] = []
    for number, resource in enumerate(drafts.resources, 1):
        code = _code(resource, medicines)
        if code is not None and _is_of(subject, resource):
            facts += _facts(resource, code, number, terminology, as_of)
    return facts


def unread_medicines(drafts: Page, subject: Subject, terminology: Terminology) -> list[tuple[str, str]]:
    """The draft medicines of this patient without a code that is read: each with its words, if any, and its name."""
    medicines = medicines_among(drafts.resources)
    return [
        (medicine.words, resource.name)
        for resource in drafts.resources
        if isinstance(resource, MedicationRequest) and _is_ordered(resource) and _is_of(subject, resource)
        if look_up_medicine(medicine := medicine_of(resource, medicines), terminology) is None
    ]


def _is_of(subject: Subject, resource: Resource) -> bool:
    """A draft whose subject is no JSON is left out: nobody knows whose it is."""
    try:
        return subject.owns(resource)
    except NOT_JSON_OF_OURS:
        return False


def selected_sources(drafts: Sequence[Fact], selections: Sequence[str]) -> set[str]:
    """The sources of the drafts that one of these references (`Type/id`, absolute, a bare id or `urn:uuid:id`) means;
    without selections of all.
    """
    sources = {draft.source for draft in drafts}
    if not selections:
        return sources
    selected = {type_and_id(each) for each in selections}
    return {each for each in sources if not selected.isdisjoint((type_and_id(each), (None, type_and_id(each)[1])))}


def _code(resource: Resource, medicines: Mapping[str, Medicine]) -> Concept | None:
    """What is ordered; None where it is no order, is over, or is one not to do something."""
    if not isinstance(resource, MedicationRequest | DeviceRequest | ServiceRequest) or not _is_ordered(resource):
        return None
    if isinstance(resource, MedicationRequest):  # a MedicationOrder of DSTU2 is one too
        return medicine_of(resource, medicines).code
    return resource.codeCodeableConcept if isinstance(resource, DeviceRequest) else resource.code


def _is_ordered(resource: MedicationRequest | DeviceRequest | ServiceRequest) -> bool:
    return str(resource.status) not in _NOT_ORDERED and resource.doNotPerform is not True


def _facts(resource: Resource, code: Concept, number: int, terminology: Terminology, as_of: datetime) -> Sequence[Fact]:
    ordered = named(code, terminology)
    body = body_sites(resource.sites(), (), terminology)
    if body.elsewhere and body.site is None and not body.thigh:
        return ()
    side = combined_side((ordered.side, body.side)) or Side.NOT_STATED
    now = Interval(as_of, as_of, dates.shown(as_of, dates.zone_of(as_of)), timed=True)
    return [
        Fact(
            concept=concept.name,
            state=State.PRESENT,
            source=resource.name if resource.id else f"draft order {number}",
            codes=codes,
            display=words,
            when=now,
            recorded=now,
            side=side,
            remarks=(DRAFT,),
        )
        for concept, codes, words, *_ in ordered.concepts
    ]
