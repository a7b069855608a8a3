"""A whole chart, as a Bundle holds it, turned into the call that an EHR would make for it.

For the command line and the demo: they take the same path as a hook, instead of a copy of it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

from cds_service.errors import InvalidRequest
from cds_service.fhir.references import type_and_id
from cds_service.fhir.subject import Subject
from cds_service.fhir.versions import R4_TYPES
from cds_service.hooks.prefetch import MEDICATIONS, PATIENT, Need

Entry = Mapping[str, Any]


def chart_request(bundle: Mapping[str, Any], needs: Sequence[Need], patient_id: str | None = None) -> dict[str, Any]:
    """A patient-view request with every prefetch key filled from the Bundle.

    `patient_id` chooses where the Bundle holds several Patients. What no template asks for is left behind,
    except that the category of Conditions and Observations is not looked at. Raises InvalidRequest without a
    Patient.
    """
    entries = bundle.get("entry")
    entries = [each for each in entries if _resource(each)] if isinstance(entries, list) else []
    patients = {_id(each): each for each in entries if _kind(each) == "Patient"}
    chosen = _choose(patients, patient_id)
    if len(patients) > 1:
        entries = [each for each in entries if _is_about(each, chosen, patients)]
    who = patients[chosen]
    prefetch: dict[str, Any] = {PATIENT.key: _searchset([who]) if "fullUrl" in who else _resource(who)}
    # a query by code takes its Observations first; what it leaves goes to the query by category
    for need in sorted(needs, key=lambda each: "code=" not in each.template):
        if need.key != PATIENT.key:
            prefetch[need.key] = _searchset([each for each in entries if _answers(each, need)])
            entries = [each for each in entries if not _answers(each, need)]
    return {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "context": {"userId": "Practitioner/example", "patientId": chosen},
        "prefetch": prefetch,
    }


def _choose(patients: Mapping[str, Entry], patient_id: str | None) -> str:
    if "" in patients:
        raise InvalidRequest(
            "its Patient has neither an id nor a fullUrl",
            remedy="Give it one of them",
            field="Bundle.entry.resource.id",
        )
    if patient_id is None and len(patients) == 1:
        return next(iter(patients))
    if patient_id in patients:
        return str(patient_id)
    if not patients:
        raise InvalidRequest("it holds no Patient", remedy="Add the Patient whose chart it is", field="Bundle")
    raise InvalidRequest(
        f"it holds {len(patients)} Patients, and not which one is meant"
        if patient_id is None
        else "it holds no Patient of that id",
        remedy="Give the id of one of its Patients (cds-service assess --patient ID)",
        field="Bundle",
    )


def _resource(entry: Any) -> dict[str, Any]:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    return resource if isinstance(resource, dict) else {}


def _kind(entry: Entry) -> str:
    return str(_resource(entry).get("resourceType"))


def _id(patient: Entry) -> str:
    """Its id, else that of its fullUrl."""
    own, url = _resource(patient).get("id"), patient.get("fullUrl")
    return str(own) if own else type_and_id(url)[1] if isinstance(url, str) else ""


def _is_about(entry: Entry, patient_id: str, patients: Mapping[str, Entry]) -> bool:
    resource = _resource(entry)
    subject = resource.get("subject") or resource.get("patient")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    if not isinstance(reference, str):
        return True
    if (named := next((its for its, each in patients.items() if each.get("fullUrl") == reference), None)) is not None:
        return named == patient_id
    return Subject(patient_id).is_meant_by(reference)


def _answers(entry: Entry, need: Need) -> bool:
    kind, _, query = need.template.partition("?")
    parameters = dict(parse_qsl(query))
    resource = _resource(entry)
    if need.key == MEDICATIONS.key and _kind(entry) == "Medication":
        return True
    if R4_TYPES.get(_kind(entry), _kind(entry)) != kind:
        return False
    if "code" in parameters:
        return not _tokens(resource).isdisjoint(parameters["code"].split(","))
    return resource.get("status") == parameters.get("status", resource.get("status"))


def _tokens(resource: Mapping[str, Any]) -> set[str]:
    code = resource.get("code")
    codings = code.get("coding") if isinstance(code, dict) else None
    if not isinstance(codings, list):
        return set()
    return {f"{each.get('system')}|{each.get('code')}" for each in codings if isinstance(each, dict)}


def _searchset(entries: list[Entry]) -> dict[str, Any]:
    bundle: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset", "total": len(entries)}
    if entries:
        bundle["entry"] = [
            {**({"fullUrl": each["fullUrl"]} if "fullUrl" in each else {}), "resource": _resource(each)}
            for each in entries
        ]
    return bundle
