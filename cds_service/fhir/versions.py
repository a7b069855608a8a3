"""The shapes of DSTU2 (1.0.2) and STU3 (3.0.2) as those of R4.

Each member tells by its own shape in which version it was written, so that versions may be mixed, even within one
resource. Only what is read is converted; docs/reading-rules.md lists it. Sources: https://hl7.org/fhir/DSTU2/,
https://hl7.org/fhir/STU3/, and HL7's own maps such as https://hl7.org/fhir/R4/condition-version-maps.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from cds_service.fhir.members import is_given, reads
from cds_service.fhir.resources import (
    NOT_JSON_OF_OURS,
    NOT_SENT,
    Component,
    Concept,
    Condition,
    MedicationOrder,
    Observation,
    Procedure,
    Reference,
    Resource,
)

R4_TYPES = {"MedicationOrder": "MedicationRequest"}
"""What types that R4 no longer has are called there."""

_PROCEDURE_STATUSES = {"aborted": "stopped", "suspended": "on-hold"}
# https://terminology.hl7.org/CodeSystem-data-absent-reason.html
_NO_SUCH_VALUE = msgspec.Raw(b'{"coding":[{"code":"unsupported"}]}')
_as_reference = reads(Reference)
_as_status = reads(Concept | str)
_as_interpretations = reads(list[Concept] | Concept)


def as_r4(resource: Resource) -> Resource:
    """The resource with its older members as those of R4; itself where it has none."""
    match resource:
        case Observation():
            changes = _observation(resource)
        case Condition():
            changes = _condition(resource)
        case Procedure():
            changes = _procedure(resource)
        case MedicationOrder():
            changes = _medication_order(resource)
        case _:
            return resource
    return msgspec.structs.replace(resource, **changes) if changes else resource


def status_codes(raw: msgspec.Raw) -> frozenset[str]:
    """The codes, with or without their system, of Condition.clinicalStatus or verificationStatus: a code until R4.

    `unknown` was a verificationStatus until R4; it states none.
    """
    given = _as_status(raw)
    if isinstance(given, str):
        return frozenset({given.strip()} - {"", "unknown"})
    return frozenset([coding.code.strip() for coding in (given and given.coding) or () if coding.code])


def interpretations(raw: msgspec.Raw) -> Sequence[Concept]:
    """Observation.interpretation, which was a single CodeableConcept until R4."""
    given = _as_interpretations(raw)
    return [given] if isinstance(given, Concept) else given or ()


_Changes = dict[str, Any]


def _condition(condition: Condition) -> _Changes:
    changes: _Changes = {}
    if condition.recordedDate is None:
        recorded = condition.dateRecorded if condition.dateRecorded is not None else condition.assertedDate
        if recorded is not None:
            changes["recordedDate"] = recorded
    if condition.onsetQuantity is not None and condition.onsetAge is None:
        changes["onsetAge"] = condition.onsetQuantity
    if condition.abatementQuantity is not None and condition.abatementAge is None:
        changes["abatementAge"] = condition.abatementQuantity
    return _with_encounter(changes, condition)


def _observation(observation: Observation) -> _Changes:
    changes = _without_attachment(observation)
    if observation.component and any(_without_attachment(each) for each in observation.component):
        changes["component"] = [
            msgspec.structs.replace(each, **_without_attachment(each)) for each in observation.component
        ]
    return _with_encounter(changes, observation)


def _without_attachment(holder: Observation | Component) -> _Changes:
    """R4 has no valueAttachment; without it, and without a word about it, a finding would count as present."""
    return {"dataAbsentReason": _NO_SUCH_VALUE} if is_given(holder.valueAttachment) else {}


def _with_encounter(changes: _Changes, resource: Condition | Observation) -> _Changes:
    """STU3 has `context`, which is an encounter or an episode of care; what shares an episode need not be related."""
    if resource.context is NOT_SENT or resource.encounter is not NOT_SENT:
        return changes
    try:
        context = _as_reference(resource.context)
    except NOT_JSON_OF_OURS:
        return changes
    if context is not None and context.reference and "EpisodeOfCare/" not in context.reference:
        changes["encounter"] = resource.context
    return changes


def _procedure(procedure: Procedure) -> _Changes:
    if procedure.notPerformed is True or procedure.notDone is True:
        return {"status": "not-done"}
    status = _PROCEDURE_STATUSES.get(procedure.status) if isinstance(procedure.status, str) else None
    return {"status": status} if status else {}


def _medication_order(order: MedicationOrder) -> _Changes:
    return {"authoredOn": order.dateWritten} if order.authoredOn is None else {}
