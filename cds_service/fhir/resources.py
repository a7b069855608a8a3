"""The resources of a chart, cut to the members that are read while they are decoded.

What decides whether a resource matters at all (type, codes, sites, dates) is decoded at once; what is only read of
the few that do matter stays `Raw` (`members`). Nothing else of a resource is looked at, so what is odd there costs
nothing.
The members are those of R4, and beside them those of DSTU2 and STU3 that `versions` turns into one of R4.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec

from cds_service.fhir.references import type_and_id

NOT_JSON_OF_OURS = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What decoding raises for JSON of another shape, and for what is no JSON."""

NOT_SENT = msgspec.Raw(b"")
"""The value of a `Raw` member that was left out."""


class Coding(msgspec.Struct, frozen=True, gc=False):
    """`extension` may hold its number on a scale, and in Germany how sure a diagnosis is, and of which side."""

    system: str | None = None
    code: str | None = None
    display: Any = None
    extension: Any = None


class Concept(msgspec.Struct, frozen=True, gc=False):
    """A CodeableConcept. It can be looked up as a whole, unless its words are of an odd shape or it has extensions."""

    coding: tuple[Coding, ...] | None = None
    text: Any = None


class Reference(msgspec.Struct, frozen=True):
    reference: str | None = None
    display: Any = None


class Resource(msgspec.Struct, tag_field="resourceType", kw_only=True, gc=False):
    """What all types have in common. `full_url`: that of its entry, in a Bundle."""

    id: str = ""
    full_url: str = ""
    subject: msgspec.Raw = NOT_SENT
    patient: msgspec.Raw = NOT_SENT
    encounter: msgspec.Raw = NOT_SENT

    @property
    def resourceType(self) -> str:
        """The type that it has in R4."""
        return cast(str, type(self).__struct_config__.tag)

    @property
    def name(self) -> str:
        """`Type/id`, as the EHR that sent it knows it; the id is that of its `fullUrl` where it has none."""
        return f"{type(self).__struct_config__.tag}/{self.id or type_and_id(self.full_url)[1]}"

    def codes(self) -> Sequence[Concept | None]:
        """Where the resource says what it is about."""
        return ()

    def sites(self) -> Sequence[Concept | None]:
        """Where it may say on which part of the body."""
        return ()

    def answers(self) -> Sequence[Concept | None]:
        """Where it may answer what its code only asks."""
        return ()


class Holder(Resource):
    """What an Observation and each of its components have: a code and a value."""

    code: Concept | None = None
    valueCodeableConcept: Concept | None = None
    valueBoolean: msgspec.Raw = NOT_SENT
    valueInteger: msgspec.Raw = NOT_SENT
    valueString: msgspec.Raw = NOT_SENT
    valueTime: msgspec.Raw = NOT_SENT
    valueDateTime: msgspec.Raw = NOT_SENT
    valueQuantity: msgspec.Raw = NOT_SENT
    valueRange: msgspec.Raw = NOT_SENT
    valueRatio: msgspec.Raw = NOT_SENT
    valueSampledData: msgspec.Raw = NOT_SENT
    valuePeriod: msgspec.Raw = NOT_SENT
    valueAttachment: msgspec.Raw = NOT_SENT
    boolean_extension: msgspec.Raw = msgspec.field(name="_valueBoolean", default=NOT_SENT)
    integer_extension: msgspec.Raw = msgspec.field(name="_valueInteger", default=NOT_SENT)
    string_extension: msgspec.Raw = msgspec.field(name="_valueString", default=NOT_SENT)
    time_extension: msgspec.Raw = msgspec.field(name="_valueTime", default=NOT_SENT)
    date_time_extension: msgspec.Raw = msgspec.field(name="_valueDateTime", default=NOT_SENT)
    dataAbsentReason: msgspec.Raw = NOT_SENT
    interpretation: msgspec.Raw = NOT_SENT
    referenceRange: msgspec.Raw = NOT_SENT


class Component(Holder, tag=False):
    """The members of a resource that it inherits stay unset."""


def _listed(sites: list[Concept] | Concept | None) -> Sequence[Concept | None]:
    return sites if isinstance(sites, list) else (sites,)


class Patient(Resource, tag="Patient"):
    birthDate: Any = None
    deceasedBoolean: Any = None
    deceasedDateTime: Any = None
    deceased_date_time_extension: Any = msgspec.field(name="_deceasedDateTime", default=None)


class Condition(Resource, tag="Condition"):
    code: Concept | None = None
    bodySite: list[Concept] | Concept | None = None
    clinicalStatus: msgspec.Raw = NOT_SENT
    verificationStatus: msgspec.Raw = NOT_SENT
    severity: msgspec.Raw = NOT_SENT
    onsetDateTime: Any = None
    onsetPeriod: Any = None
    onsetAge: Any = None
    abatementDateTime: Any = None
    abatementPeriod: Any = None
    abatementAge: Any = None
    abatementRange: Any = None
    abatementString: Any = None
    abatementBoolean: Any = None
    recordedDate: Any = None
    dateRecorded: Any = None
    assertedDate: Any = None
    onsetQuantity: Any = None
    abatementQuantity: Any = None
    context: msgspec.Raw = NOT_SENT

    def codes(self) -> Sequence[Concept | None]:
        return (self.code,)

    def sites(self) -> Sequence[Concept | None]:
        return _listed(self.bodySite)


class Observation(Holder, tag="Observation"):
    status: Any = None
    bodySite: Concept | None = None
    component: list[Component] | None = None
    focus: msgspec.Raw = NOT_SENT
    contained: msgspec.Raw = NOT_SENT
    effectiveDateTime: Any = None
    effectivePeriod: Any = None
    effectiveInstant: Any = None
    effectiveTiming: Any = None
    issued: Any = None
    context: msgspec.Raw = NOT_SENT

    @property
    def is_effective(self) -> bool:
        """Does it say when it was true of the patient, legibly or not?"""
        return not (
            self.effectiveDateTime is None
            and self.effectivePeriod is None
            and self.effectiveInstant is None
            and self.effectiveTiming is None
        )

    def codes(self) -> Sequence[Concept | None]:
        if not self.component:
            return (self.code,)
        return [self.code, *(component.code for component in self.component)]

    def sites(self) -> Sequence[Concept | None]:
        return [self.bodySite, *(component.valueCodeableConcept for component in self.component or ())]

    def answers(self) -> Sequence[Concept | None]:
        return [self.valueCodeableConcept, *(component.valueCodeableConcept for component in self.component or ())]


class Medication(Resource, tag="Medication"):
    code: Concept | None = None
    ingredient: msgspec.Raw = NOT_SENT
    product: msgspec.Raw = NOT_SENT
    contained: list[msgspec.Raw] | None = None


class MedicationRequest(Resource, tag="MedicationRequest"):
    status: Any = None
    intent: Any = None
    doNotPerform: Any = None
    medicationCodeableConcept: Concept | None = None
    medicationReference: Reference | None = None
    contained: list[msgspec.Raw] | None = None
    authoredOn: Any = None
    reportedBoolean: Any = None
    reportedReference: msgspec.Raw = NOT_SENT
    dosageInstruction: msgspec.Raw = NOT_SENT


class MedicationOrder(MedicationRequest, tag="MedicationOrder"):
    """What DSTU2 calls a MedicationRequest."""

    dateWritten: Any = None

    @property
    def resourceType(self) -> str:
        return "MedicationRequest"


class Procedure(Resource, tag="Procedure"):
    status: Any = None
    code: Concept | None = None
    category: Concept | None = None
    bodySite: list[Concept] | Concept | None = None
    performedDateTime: Any = None
    performedPeriod: Any = None
    notPerformed: Any = None
    notDone: Any = None

    def codes(self) -> Sequence[Concept | None]:
        return (self.code, self.category)

    def sites(self) -> Sequence[Concept | None]:
        return _listed(self.bodySite)


class Appointment(Resource, tag="Appointment"):
    """A proposed one: no search of ours asks for appointments, hooks send them."""

    status: Any = None
    start: Any = None
    requestedPeriod: Any = None
    participant: Any = None


class DeviceRequest(Resource, tag="DeviceRequest"):
    """A draft order: no search of ours asks for them, hooks send them."""

    status: Any = None
    doNotPerform: Any = None
    codeCodeableConcept: Concept | None = None


class ServiceRequest(Resource, tag="ServiceRequest"):
    """A draft order: no search of ours asks for them, hooks send them."""

    status: Any = None
    doNotPerform: Any = None
    code: Concept | None = None
    bodySite: list[Concept] | Concept | None = None

    def sites(self) -> Sequence[Concept | None]:
        return _listed(self.bodySite)


class _Issue(msgspec.Struct):
    severity: Any = None


class OperationOutcome(Resource, tag="OperationOutcome"):
    issue: list[_Issue] | None = None

    @property
    def is_error(self) -> bool:
        """An outcome that only informs or warns is no error: Epic sends one with every empty search."""
        return any(issue.severity not in ("information", "warning") for issue in self.issue or ()) or not self.issue


AnyResource = (
    Patient
    | Condition
    | Observation
    | Medication
    | MedicationRequest
    | MedicationOrder
    | Procedure
    | Appointment
    | ServiceRequest
    | DeviceRequest
    | OperationOutcome
)
