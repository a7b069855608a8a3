"""Whose resource is it?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True)
class Subject:
    """The patient in context: id, and the days the birth date can mean."""

    patient_id: str
    born: tuple[date, date] | None = None

    def owns(self, resource_type: str, members: dict[str, Any]) -> bool:
        """Is the resource about this patient, and no one else?

        References match as `Patient/id`, as an absolute URL that ends so, and as `urn:uuid:id`. A resource without a
        subject counts; an Observation with a `focus` on someone or something else does not.
        """
        subject = members.get("subject") or members.get("patient")
        if not self._is_patient(subject, when_missing=True):
            return False
        focus = members.get("focus") if resource_type == "Observation" else None
        return all(self._is_patient(each, when_missing=True) for each in focus or ())

    def _is_patient(self, reference: Any, *, when_missing: bool) -> bool:
        text = reference.get("reference") if isinstance(reference, dict) else None
        if not isinstance(text, str) or not text:
            return when_missing
        if text.startswith("urn:uuid:"):
            return text.removeprefix("urn:uuid:").lower() == self.patient_id.lower()
        parts = text.split("/_history/")[0].rstrip("/").split("/")
        return parts[-1] == self.patient_id and (len(parts) == 1 or parts[-2] == "Patient")


def encounter_of(members: dict[str, Any]) -> str:
    """The id of the encounter in which it was recorded, empty when not given."""
    encounter = members.get("encounter")
    reference = encounter.get("reference") if isinstance(encounter, dict) else None
    return reference.rsplit("/", 1)[-1] if isinstance(reference, str) else ""
