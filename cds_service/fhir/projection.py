"""A resource as a typed model of the members that are read.

The fields are those of fhir.resources for R4B, the nearest that it has to R4 4.0.1, all others taken off: an odd note
or extension cannot hide a red flag, and building one costs a third. Dates are not among the fields: the models refuse
a time without a zone, which EHRs do send, so `dates` reads them from the resource itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from fhir.resources.R4B.codeableconcept import CodeableConcept
from fhir.resources.R4B.condition import Condition
from fhir.resources.R4B.medicationrequest import MedicationRequest
from fhir.resources.R4B.observation import Observation, ObservationComponent, ObservationReferenceRange
from fhir.resources.R4B.procedure import Procedure
from fhir.resources.R4B.quantity import Quantity
from fhir.resources.R4B.range import Range
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic import BaseModel, ValidationError, create_model

from cds_service.fhir import resources, versions
from cds_service.fhir.kept import Kept
from cds_service.fhir.naming import LONGEST_KEPT, MOST_KEPT
from cds_service.fhir.resources import NOT_JSON_OF_OURS, NOT_SENT

_QUANTITY = ("value", "comparator", "unit", "system", "code")
_VALUE = (
    *("valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger", "valueRange"),
    *("valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod"),
    *("dataAbsentReason", "interpretation", "referenceRange"),
)
_MEDICATION_REQUEST = (MedicationRequest, ("status", "intent", "doNotPerform", "medicationCodeableConcept"))
_READ: dict[type[resources.Resource], tuple[type[FHIRAbstractModel], tuple[str, ...]]] = {
    resources.Condition: (Condition, ("clinicalStatus", "verificationStatus", "severity", "code", "bodySite")),
    resources.Observation: (Observation, ("status", "code", "bodySite", "component", *_VALUE)),
    resources.MedicationRequest: _MEDICATION_REQUEST,
    resources.MedicationOrder: _MEDICATION_REQUEST,
    resources.Procedure: (Procedure, ("status", "category", "code", "bodySite")),
}


class Unreadable(Exception):
    """The resource does not parse even as its projection."""


def _projection(model: type[FHIRAbstractModel], names: tuple[str, ...], **typed: Any) -> type[BaseModel]:
    """The model with these fields only; `typed` are the fields whose type is itself a projection."""
    fields: dict[str, Any] = {
        name: (typed.get(name, model.model_fields[name].annotation), model.model_fields[name]) for name in names
    }
    return create_model(model.__name__, **fields)


_quantity_model = _projection(Quantity, _QUANTITY)
_ends = {"low": _quantity_model | None, "high": _quantity_model | None}
_range_model = _projection(Range, ("low", "high"), **_ends)
_limits_model = _projection(ObservationReferenceRange, ("low", "high"), **_ends)
_CONCEPTS = ("code", "category", "clinicalStatus", "verificationStatus", "severity")
_VALUE_CONCEPTS = ("valueCodeableConcept", "medicationCodeableConcept", "dataAbsentReason")
_TYPED: dict[str, Any] = {
    # CodeableConcepts are parsed before they come here (_PARSED), so that their class is all there is to check.
    **dict.fromkeys((*_CONCEPTS, *_VALUE_CONCEPTS), CodeableConcept | None),
    "interpretation": list[CodeableConcept] | None,
    "valueQuantity": _quantity_model | None,
    "valueRange": _range_model | None,
    "referenceRange": list[_limits_model] | None,  # type: ignore[valid-type]  # made at run time
}
_component_model = _projection(ObservationComponent, ("code", *_VALUE), **_TYPED)
_TYPED["component"] = list[_component_model] | None  # type: ignore[valid-type]  # made at run time


def _sites_of(kind: type[resources.Resource]) -> dict[str, Any]:
    """An Observation has one body site, a Condition or Procedure a list of them."""
    is_one = kind is resources.Observation
    return {"bodySite": CodeableConcept | None if is_one else list[CodeableConcept] | None}


_MODELS = {kind: _projection(model, names, **_TYPED, **_sites_of(kind)) for kind, (model, names) in _READ.items()}


def parsed(resource: resources.Resource) -> Any:
    """The typed model of the members that are read. Raises Unreadable."""
    kind = type(resource)
    try:
        return _MODELS[kind].model_validate(_members(resource, _MEMBERS[kind]))
    except (ValidationError, ValueError, TypeError, KeyError, AttributeError, *NOT_JSON_OF_OURS) as problem:
        raise Unreadable from problem


def decoded(raw: msgspec.Raw) -> Any:
    """The value of a member that was left undecoded; None where it was left out. Raises Unreadable."""
    if raw is NOT_SENT:
        return None
    try:
        return msgspec.json.decode(raw)
    except NOT_JSON_OF_OURS as problem:
        raise Unreadable from problem


_Reads = Sequence[tuple[str, Callable[[Any], Any] | None]]
"""Names of members, each with what makes its value one that the model takes; None where it is one already."""


def _members(holder: resources.Resource, reads: _Reads) -> dict[str, Any]:
    members: dict[str, Any] = {}
    for name, read in reads:
        value = getattr(holder, name)
        if value is not None and value is not NOT_SENT:
            members[name] = value if read is None else read(value)
    return members


def _components(components: list[resources.Component]) -> list[dict[str, Any]]:
    return [_members(component, _COMPONENT_MEMBERS) for component in components]


_decode_concept = msgspec.json.Decoder(resources.Concept | None).decode
_decode_status = msgspec.json.Decoder(resources.Concept | str | None).decode
_decode_concepts = msgspec.json.Decoder(list[resources.Concept] | resources.Concept | None).decode


class _GivenQuantity(msgspec.Struct):
    value: Any = None
    comparator: Any = None
    unit: Any = None
    system: Any = None
    code: Any = None


class _GivenRange(msgspec.Struct):
    low: _GivenQuantity | None = None
    high: _GivenQuantity | None = None


_decode_quantity = msgspec.json.Decoder(_GivenQuantity | None).decode
_decode_range = msgspec.json.Decoder(_GivenRange | None).decode
_decode_limits = msgspec.json.Decoder(list[_GivenRange] | None).decode


def _quantity(given: _GivenQuantity | None) -> dict[str, Any] | None:
    """An empty text is no FHIR, but common: it counts as left out."""
    if given is None:
        return None
    return {name: value for name in _QUANTITY if (value := getattr(given, name)) not in (None, "")}


def _range(given: _GivenRange | None) -> dict[str, Any] | None:
    return None if given is None else {"low": _quantity(given.low), "high": _quantity(given.high)}


def _limits(raw: msgspec.Raw) -> list[dict[str, Any]]:
    return [_range(each) or {} for each in _decode_limits(raw) or ()]


def _concept(value: resources.Concept | None) -> CodeableConcept | None:
    return None if value is None else _PARSED[value]


def _sites(value: list[resources.Concept] | resources.Concept) -> Any:
    return [_concept(each) for each in value] if isinstance(value, list) else _concept(value)


_READ_AS: dict[str, Callable[[Any], Any]] = {
    **dict.fromkeys(("code", "category", "valueCodeableConcept", "medicationCodeableConcept"), _concept),
    **dict.fromkeys(("severity", "dataAbsentReason"), lambda raw: _concept(_decode_concept(raw))),
    **dict.fromkeys(
        ("clinicalStatus", "verificationStatus"),
        lambda raw: _concept(versions.status_concept(_decode_status(raw))),
    ),
    "interpretation": lambda raw: [_concept(each) for each in versions.listed(_decode_concepts(raw))],
    "bodySite": _sites,
    "component": _components,
    "valueQuantity": lambda raw: _quantity(_decode_quantity(raw)),
    "valueRange": lambda raw: _range(_decode_range(raw)),
    "referenceRange": _limits,
    **dict.fromkeys(("valueRatio", "valueSampledData", "valuePeriod"), decoded),
}
_COMPONENT_MEMBERS: _Reads = [(name, _READ_AS.get(name)) for name in ("code", *_VALUE)]
_MEMBERS: dict[type[resources.Resource], _Reads] = {
    kind: [(name, _READ_AS.get(name)) for name in names] for kind, (_model, names) in _READ.items()
}


def _parsed_concept(value: resources.Concept) -> CodeableConcept:
    """Charts repeat their CodeableConcepts, and parsing one anew costs most of a resource."""
    names = ("system", "code", "display")
    coding = [{name: given for name in names if (given := getattr(each, name))} for each in value.coding or ()]
    return CodeableConcept.model_validate({"coding": coding, "text": value.text} if value.text else {"coding": coding})


_PARSED = Kept(_parsed_concept, most=MOST_KEPT, longest=LONGEST_KEPT)
