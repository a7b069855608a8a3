"""The members of a resource that decide whether it is read at all. What is odd elsewhere in it costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import msgspec

NOT_JSON_OF_OURS = (msgspec.DecodeError, RecursionError, UnicodeDecodeError)
"""What decoding raises for JSON of another shape, and for what is no JSON."""


class HeadCoding(msgspec.Struct, frozen=True, gc=False):
    system: str | None = None
    code: str | None = None
    display: Any = None


class HeadConcept(msgspec.Struct, frozen=True, gc=False):
    coding: list[HeadCoding] | None = None
    text: Any = None


class HeadReference(msgspec.Struct, frozen=True):
    reference: str | None = None


class HeadComponent(msgspec.Struct, frozen=True, gc=False):
    code: HeadConcept | None = None
    valueCodeableConcept: HeadConcept | None = None


class Head(msgspec.Struct, tag_field="resourceType", kw_only=True, gc=False):
    """The members of a resource that decide whether it is read."""

    id: str = ""

    @property
    def resourceType(self) -> str:
        return cast(str, type(self).__struct_config__.tag)

    def codes(self) -> Sequence[HeadConcept | None]:
        """Where the resource says what it is about."""
        return ()

    def sites(self) -> Sequence[HeadConcept | None]:
        """Where it may say on which part of the body."""
        return ()

    def answers(self) -> Sequence[HeadConcept | None]:
        """Where it may answer what its code only asks."""
        return ()


def _listed(sites: list[HeadConcept] | HeadConcept | None) -> Sequence[HeadConcept | None]:
    return sites if isinstance(sites, list) else (sites,)


class PatientHead(Head, tag="Patient"):
    pass


class ConditionHead(Head, tag="Condition"):
    code: HeadConcept | None = None
    bodySite: list[HeadConcept] | HeadConcept | None = None

    def codes(self) -> Sequence[HeadConcept | None]:
        return (self.code,)

    def sites(self) -> Sequence[HeadConcept | None]:
        return _listed(self.bodySite)


class ObservationHead(Head, tag="Observation"):
    status: Any = None
    code: HeadConcept | None = None
    valueCodeableConcept: HeadConcept | None = None
    bodySite: HeadConcept | None = None
    component: list[HeadComponent] | None = None
    effectiveDateTime: Any = None
    effectivePeriod: Any = None
    effectiveInstant: Any = None
    effectiveTiming: Any = None
    issued: Any = None

    def codes(self) -> Sequence[HeadConcept | None]:
        if not self.component:
            return (self.code,)
        return [self.code, *(component.code for component in self.component)]

    def sites(self) -> Sequence[HeadConcept | None]:
        return [self.bodySite, *(component.valueCodeableConcept for component in self.component or ())]

    def answers(self) -> Sequence[HeadConcept | None]:
        return [self.valueCodeableConcept, *(component.valueCodeableConcept for component in self.component or ())]


class MedicationHead(Head, tag="Medication"):
    code: HeadConcept | None = None


class ContainedMedication(msgspec.Struct, frozen=True):
    id: str = ""
    code: HeadConcept | None = None


_contained = msgspec.json.Decoder(ContainedMedication)


class MedicationRequestHead(Head, tag="MedicationRequest"):
    status: Any = None
    medicationCodeableConcept: HeadConcept | None = None
    medicationReference: HeadReference | None = None
    contained: list[msgspec.Raw] | None = None

    def contained_medication(self, reference: str) -> HeadConcept | None:
        """The code of the contained Medication with this `#id`; contained resources of other types do not matter."""
        for raw in self.contained or ():
            try:
                medication = _contained.decode(raw)
            except NOT_JSON_OF_OURS:
                continue
            if f"#{medication.id}" == reference:
                return medication.code
        return None

    def codes(self) -> Sequence[HeadConcept | None]:
        return (self.medicationCodeableConcept,)


class ProcedureHead(Head, tag="Procedure"):
    code: HeadConcept | None = None
    category: HeadConcept | None = None
    bodySite: list[HeadConcept] | HeadConcept | None = None
    performedDateTime: Any = None
    performedPeriod: Any = None

    def codes(self) -> Sequence[HeadConcept | None]:
        return (self.code, self.category)

    def sites(self) -> Sequence[HeadConcept | None]:
        return _listed(self.bodySite)


class _Issue(msgspec.Struct):
    severity: Any = None


class OutcomeHead(Head, tag="OperationOutcome"):
    issue: list[_Issue] | None = None

    @property
    def is_error(self) -> bool:
        """An outcome that only informs or warns is no error: Epic sends one with every empty search."""
        return any(issue.severity not in ("information", "warning") for issue in self.issue or ()) or not self.issue


AnyHead = (
    PatientHead | ConditionHead | ObservationHead | MedicationHead | MedicationRequestHead | ProcedureHead | OutcomeHead
)
