"""A resource cut to the members that are read, then parsed as a typed model.

The cut keeps an odd note or extension from hiding a red flag and costs half. R4B is the nearest that fhir.resources
has to R4 4.0.1. Dates are not in the cut: the models refuse a time without a zone, which EHRs do send; `dates` reads
them from the resource's own members.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.patient import Patient
from fhir.resources.R4B.procedure import Procedure
from fhir.resources.R4B.reference import Reference
from pydantic import ValidationError

Resource = Condition | MedicationRequest | Observation | Patient | Procedure

_VALUE = (
    *("valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger", "valueRange"),
    *("valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod"),
    *("dataAbsentReason", "interpretation", "referenceRange"),
)
_MEMBERS: dict[str, tuple[type[Resource], tuple[str, ...]]] = {
    "Patient": (Patient, ("birthDate", "deceasedBoolean", "deceasedDateTime")),
    "Condition": (
        Condition,
        ("clinicalStatus", "verificationStatus", "severity", "code", "bodySite"),
    ),
    "Observation": (
        Observation,
        ("status", "code", "bodySite", "component", *_VALUE),
    ),
    "MedicationRequest": (
        MedicationRequest,
        ("status", "intent", "doNotPerform", "medicationCodeableConcept", "medicationReference"),
    ),
    "Procedure": (Procedure, ("status", "category", "code", "bodySite")),
}
# Whose resource it is, and in which encounter, is read from its own members (`subject`); these models insist on one.
_NEED_SUBJECT = frozenset({"Condition", "MedicationRequest", "Procedure"})
_SOMEONE = Reference(reference="Patient/in-context")
_COMPONENT = ("code", *_VALUE)
_CONCEPTS = (
    *("code", "clinicalStatus", "verificationStatus", "severity", "bodySite", "category"),
    *("valueCodeableConcept", "dataAbsentReason", "interpretation", "medicationCodeableConcept"),
)


class Unreadable(Exception):
    """The resource does not parse even as its projection."""


def whole(raw: msgspec.Raw | bytes) -> dict[str, Any]:
    """All members of the resource, as plain values. Raises Unreadable."""
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise Unreadable from problem


def parsed(resource_type: str, members: dict[str, Any]) -> Any:
    """The typed model of the members that are read. Raises Unreadable."""
    model, names = _MEMBERS[resource_type]
    cut = {name: members[name] for name in names if members.get(name) is not None}
    if resource_type in _NEED_SUBJECT:
        cut["subject"] = _SOMEONE
    try:
        if components := cut.get("component"):
            cut["component"] = [
                _with_concepts({name: component[name] for name in _COMPONENT if name in component})
                for component in components
            ]
        return model.model_validate(_with_concepts(cut))
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise Unreadable from problem


def _with_concepts(members: dict[str, Any]) -> dict[str, Any]:
    """The same members with each CodeableConcept as a model. Charts repeat them; parsing one twice is the main cost."""
    for name in _CONCEPTS:
        value = members.get(name)
        if isinstance(value, dict):
            members[name] = _concept(msgspec.json.encode(value))
        elif isinstance(value, list):
            members[name] = [_concept(msgspec.json.encode(each)) for each in value]
    return members


@lru_cache(maxsize=4096)
def _concept(json: bytes) -> CodeableConcept:
    return CodeableConcept.model_validate_json(json)
