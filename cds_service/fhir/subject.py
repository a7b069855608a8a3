"""Whose resource is it?"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec

from cds_service.fhir.members import decoded
from cds_service.fhir.references import type_and_id
from cds_service.fhir.resources import NOT_SENT, Observation, Resource


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient in context: id, the days the birth date can mean, and the address of the Patient's entry, if any."""

    patient_id: str
    born: tuple[date, date] | None = None
    full_url: str = ""
    _judged: dict[bytes, bool] = field(default_factory=dict, repr=False, compare=False)  # charts repeat their subject

    def owns(self, resource: Resource) -> bool:
        """Is the resource about this patient, and no one else?

        References match as the `fullUrl` of the Patient's entry, as `Patient/id`, as an absolute URL that ends so, and
        as `urn:uuid:id`. A resource without a subject counts; an Observation with a `focus` on someone or something
        else does not.
        """
        if not self.is_of(resource):
            return False
        if not isinstance(resource, Observation) or (focus := decoded(resource.focus)) is None:
            return True
        return all(self._may_be_patient(each) for each in (focus if isinstance(focus, list) else [focus]))

    def is_of(self, resource: Resource) -> bool:
        """Does its subject, or patient, not name someone else?"""
        return self._is_meant(resource.subject) and self._is_meant(resource.patient)

    def _is_meant(self, reference: msgspec.Raw) -> bool:
        if reference is NOT_SENT:
            return True
        given = bytes(reference)
        judged = self._judged.get(given)
        if judged is None:
            judged = self._judged[given] = self._may_be_patient(decoded(reference))
        return judged

    def _may_be_patient(self, reference: Any) -> bool:
        """Not given, or without a literal reference, it may be; of a shape that cannot be read, it may not."""
        if reference is None:
            return True
        if not isinstance(reference, dict):
            return False
        text = reference.get("reference")
        if text is None or text == "":
            return True
        return isinstance(text, str) and self.is_meant_by(text)

    def is_meant_by(self, text: str) -> bool:
        """Does this literal reference name the patient?"""
        if self.full_url and text.casefold() == self.full_url.casefold():
            return True
        kind, identifier = type_and_id(text)
        if text.startswith("urn:uuid:"):
            return identifier.lower() == self.patient_id.lower()
        return identifier == self.patient_id and kind in (None, "Patient")


def encounter_of(resource: Resource) -> str:
    """The id of the encounter in which it was recorded, empty when not given."""
    encounter = decoded(resource.encounter)
    reference = encounter.get("reference") if isinstance(encounter, dict) else None
    return type_and_id(reference)[1] if isinstance(reference, str) else ""
