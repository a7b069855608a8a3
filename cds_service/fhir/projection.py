"""A resource cut to the members that are read, then parsed as a typed model.

The cut keeps an odd note or extension from hiding a red flag and costs half. R4B is the nearest that fhir.resources
has to R4 4.0.1. Dates are not in the cut: the models refuse a time without a zone, which EHRs do send; `dates` reads
them from the resource's own members.
"""

from __future__ import annotations

from typing import Any

import msgspec
from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.patient import Patient
from fhir.resources.R4B.procedure import Procedure
from pydantic import ValidationError

from cds_service.fhir.page import Head

Resource = Condition | MedicationRequest | Observation | Patient | Procedure

_VALUE = (
    *("valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger", "valueRange"),
    *("valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod"),
    *("dataAbsentReason", "interpretation", "referenceRange"),
)
_MEMBERS: dict[str, tuple[type[Resource], tuple[str, ...]]] = {
    "Patient": (Patient, ("id", "birthDate", "deceasedBoolean", "deceasedDateTime")),
    "Condition": (
        Condition,
        ("id", "clinicalStatus", "verificationStatus", "severity", "code", "bodySite", "subject", "encounter"),
    ),
    "Observation": (
        Observation,
        ("id", "status", "code", "subject", "focus", "encounter", "bodySite", "component", *_VALUE),
    ),
    "MedicationRequest": (
        MedicationRequest,
        ("id", "status", "intent", "doNotPerform", "medicationCodeableConcept", "medicationReference", "subject"),
    ),
    "Procedure": (Procedure, ("id", "status", "category", "code", "subject", "bodySite")),
}
_COMPONENT = ("code", *_VALUE)


class Unreadable(Exception):
    """The resource does not parse even as its projection."""


def whole(head: Head) -> dict[str, Any]:
    """All members of the resource, as plain values."""
    try:
        return msgspec.json.decode(head.raw, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise Unreadable from problem


def parsed(resource_type: str, members: dict[str, Any]) -> Any:
    """The typed model of the members that are read. Raises Unreadable."""
    model, names = _MEMBERS[resource_type]
    cut = {name: members[name] for name in names if members.get(name) is not None}
    if components := cut.get("component"):
        cut["component"] = [
            {name: component[name] for name in _COMPONENT if name in component}
            for component in components
            if isinstance(component, dict)
        ]
    try:
        return model.model_validate(cut)
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise Unreadable from problem
