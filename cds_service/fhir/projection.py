"""A resource cut to the members that are read, as a typed model.

The models are those of fhir.resources for R4B, the nearest that it has to R4 4.0.1, with all but the read fields taken
off: an odd note or extension cannot hide a red flag, and building one costs a third. Dates are not among the fields:
the models refuse a time without a zone, which EHRs do send, so `dates` reads them from the resource's own members.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import msgspec
from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.observation import Observation
from fhir.resources.R4B.procedure import Procedure
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic import ValidationError, create_model

_VALUE = (
    *("valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger", "valueRange"),
    *("valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod"),
    *("dataAbsentReason", "interpretation", "referenceRange"),
)
_READ: dict[str, tuple[type[FHIRAbstractModel], tuple[str, ...]]] = {
    "Condition": (Condition, ("clinicalStatus", "verificationStatus", "severity", "code", "bodySite")),
    "Observation": (Observation, ("status", "code", "bodySite", "component", *_VALUE)),
    "MedicationRequest": (MedicationRequest, ("status", "intent", "doNotPerform", "medicationCodeableConcept")),
    "Procedure": (Procedure, ("status", "category", "code", "bodySite")),
}
_COMPONENT = ("code", *_VALUE)
_CONCEPTS = (
    *("code", "clinicalStatus", "verificationStatus", "severity", "bodySite", "category"),
    *("valueCodeableConcept", "dataAbsentReason", "interpretation", "medicationCodeableConcept"),
)


class Unreadable(Exception):
    """The resource does not parse even as its projection."""


def _projection(model: type[FHIRAbstractModel], names: tuple[str, ...]) -> type[FHIRAbstractModel]:
    fields: dict[str, Any] = {name: (model.model_fields[name].annotation, model.model_fields[name]) for name in names}
    return create_model(model.__name__, __base__=FHIRAbstractModel, **fields)


_MODELS = {name: (_projection(model, names), names) for name, (model, names) in _READ.items()}


def whole(raw: msgspec.Raw | bytes) -> dict[str, Any]:
    """All members of the resource, as plain values. Raises Unreadable."""
    try:
        return msgspec.json.decode(raw, type=dict[str, Any])
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as problem:
        raise Unreadable from problem


def parsed(resource_type: str, members: dict[str, Any]) -> Any:
    """The typed model of the members that are read. Raises Unreadable."""
    model, names = _MODELS[resource_type]
    cut = {name: members[name] for name in names if members.get(name) is not None}
    try:
        if components := cut.get("component"):
            cut["component"] = [
                _trimmed({name: component[name] for name in _COMPONENT if name in component})
                for component in components
            ]
        return model.model_validate(_trimmed(cut))
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as problem:
        raise Unreadable from problem


def _trimmed(members: dict[str, Any]) -> dict[str, Any]:
    """The same members, cut further: an odd id, version or extension inside them is not read either."""
    for name in _CONCEPTS:
        value = members.get(name)
        if isinstance(value, dict):
            members[name] = _concept(value)
        elif isinstance(value, list):
            members[name] = [_concept(each) for each in value]
    if quantity := members.get("valueQuantity"):
        members["valueQuantity"] = _quantity(quantity)
    if ranges := members.get("referenceRange"):
        members["referenceRange"] = [{"high": _quantity(each["high"])} for each in ranges if each.get("high")]
    return members


def _quantity(value: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value[name]
        for name in ("value", "comparator", "unit", "system", "code")
        if value.get(name) not in (None, "")
    }


def _concept(value: dict[str, Any]) -> CodeableConcept:
    codings = tuple((each.get("system"), each.get("code"), each.get("display")) for each in value.get("coding") or ())
    return _parsed_concept(codings, value.get("text"))


@lru_cache(maxsize=4096)
def _parsed_concept(codings: tuple[tuple[Any, Any, Any], ...], text: Any) -> CodeableConcept:
    """Charts repeat their CodeableConcepts, and parsing one anew costs most of a resource."""
    names = ("system", "code", "display")
    coding = [{name: value for name, value in zip(names, each, strict=True) if value} for each in codings]
    return CodeableConcept.model_validate({"coding": coding, "text": text} if text else {"coding": coding})
