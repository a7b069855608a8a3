"""R4 resources written as STU3 (3.0.2) or DSTU2 (1.0.2) would have them: what a server of that version sends.

Made from the published resource pages of each version, not from `cds_service.fhir.versions`.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]

_YES_NO = "http://hl7.org/fhir/v2/0136"
_SYSTEMS = {
    "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation": "http://hl7.org/fhir/v2/0078",
    "http://terminology.hl7.org/CodeSystem/observation-category": "http://hl7.org/fhir/observation-category",
    "http://terminology.hl7.org/CodeSystem/condition-category": "http://hl7.org/fhir/condition-category",
    "http://terminology.hl7.org/CodeSystem/data-absent-reason": "http://hl7.org/fhir/data-absent-reason",
    "http://terminology.hl7.org/CodeSystem/v2-0136": _YES_NO,
}
_PROCEDURE_STATUSES = {"stopped": "aborted", "on-hold": "suspended", "not-done": "aborted"}
_DSTU2_CLINICAL = {"inactive": "resolved", "recurrence": "relapse"}
_NOT_IN_R4_BUT_BEFORE = {"unconfirmed": "provisional"}


def to_stu3(resource: Json) -> Json:
    """https://hl7.org/fhir/STU3/"""
    made: Json = _with_older_systems(copy.deepcopy(resource))
    rewrite = {"Condition": _stu3_condition, "Observation": _stu3_observation, "Procedure": _stu3_procedure}
    rewrite.get(made["resourceType"], _unchanged)(made)
    _rename(made, encounter="context")
    return made


def to_dstu2(resource: Json) -> Json:
    """https://hl7.org/fhir/DSTU2/"""
    made: Json = _with_older_systems(copy.deepcopy(resource))
    rewrite: dict[str, Callable[[Json], None]] = {
        "Patient": _dstu2_patient,
        "Condition": _dstu2_condition,
        "Observation": _dstu2_observation,
        "Procedure": _dstu2_procedure,
        "MedicationRequest": _dstu2_medication_order,
    }
    rewrite.get(made["resourceType"], _unchanged)(made)
    return made


def _unchanged(_made: Json) -> None:
    pass


def _rename(made: Json, **names: str) -> None:
    for name, older in names.items():
        if name in made:
            made[older] = made.pop(name)


def _first(made: Json, *names: str) -> None:
    """One where R4 has a list."""
    for name in names:
        if name in made:
            made[name] = made[name][0]


def _with_older_systems(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_older_systems(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_with_older_systems(each) for each in value]
    return _SYSTEMS.get(value, value) if isinstance(value, str) else value


def _code_of(concept: Json) -> str:
    code: str = concept["coding"][0]["code"]
    return _NOT_IN_R4_BUT_BEFORE.get(code, code)


def _statuses(made: Json) -> None:
    if "clinicalStatus" in made:
        made["clinicalStatus"] = _code_of(made["clinicalStatus"])
    # A server that does not know it has to say so, for in DSTU2 it is mandatory.
    given = made.pop("verificationStatus", None)
    made["verificationStatus"] = _code_of(given) if given else "unknown"


def _stu3_condition(made: Json) -> None:
    _statuses(made)
    _rename(made, recordedDate="assertedDate")


def _dstu2_condition(made: Json) -> None:
    _statuses(made)
    if "clinicalStatus" in made:
        made["clinicalStatus"] = _DSTU2_CLINICAL.get(made["clinicalStatus"], made["clinicalStatus"])
    _first(made, "category")
    _rename(made, subject="patient", onsetAge="onsetQuantity", abatementAge="abatementQuantity", note="notes")
    if "recordedDate" in made:
        made["dateRecorded"] = made.pop("recordedDate")[: len("2026-11-02")]


def _stu3_observation(made: Json) -> None:
    _rename(made, effectiveInstant="effectiveDateTime")
    _first(made, "interpretation", "focus")
    _rename(made, **({"focus": "subject"} if "focus" in made else {}))
    _as_quantity(made)
    if note := made.pop("note", None):
        made["comment"] = note[0]["text"]
    for component in made.get("component", ()):
        _first(component, "interpretation")
        _as_quantity(component)
        _as_answer(component)


def _dstu2_observation(made: Json) -> None:
    _stu3_observation(made)
    _rename(made, comment="comments")
    _first(made, "category")
    _as_answer(made)


def _as_quantity(holder: Json) -> None:
    """There is no valueInteger before R4."""
    if "valueInteger" in holder:
        holder["valueQuantity"] = {"value": holder.pop("valueInteger")}


def _as_answer(holder: Json) -> None:
    """There is no valueBoolean in DSTU2, nor in components before R5."""
    if "valueBoolean" in holder:
        coding = {"system": _YES_NO, "code": "Y" if holder.pop("valueBoolean") else "N"}
        holder["valueCodeableConcept"] = {"coding": [coding]}


def _stu3_procedure(made: Json) -> None:
    if made["status"] == "not-done":
        made["notDone"] = True
    made["status"] = _PROCEDURE_STATUSES.get(made["status"], made["status"])


def _dstu2_procedure(made: Json) -> None:
    _stu3_procedure(made)
    _rename(made, notDone="notPerformed")
    if made["status"] == "suspended":
        made["status"] = "in-progress"


def _dstu2_medication_order(made: Json) -> None:
    assert made.pop("intent") == "order"
    made["resourceType"] = "MedicationOrder"
    _rename(made, subject="patient", authoredOn="dateWritten", requester="prescriber")


def _dstu2_patient(made: Json) -> None:
    for name in made.get("name", ()):
        if "family" in name:
            name["family"] = [name["family"]]
    _rename(made, generalPractitioner="careProvider")
