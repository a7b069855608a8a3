"""Hook requests of three sizes, shaped like US Core data with narrative, one quiet and one with a leg complaint."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import orjson

SIZES = {"small": 30, "medium": 130, "large": 1200}
"""Resources in the prefetch, the Patient not counted."""

_LOINC = "http://loinc.org"
_SNOMED = "http://snomed.info/sct"
_ICD = "http://hl7.org/fhir/sid/icd-10-cm"
_VITALS = [
    ("85354-9", "Blood pressure panel", "mm[Hg]", 120),
    ("8867-4", "Heart rate", "/min", 72),
    ("9279-1", "Respiratory rate", "/min", 16),
    ("8310-5", "Body temperature", "Cel", 37),
    ("29463-7", "Body weight", "kg", 81),
    ("8302-2", "Body height", "cm", 175),
    ("39156-5", "Body mass index", "kg/m2", 26),
    ("72514-3", "Pain severity 0-10", "{score}", 0),
    ("2339-0", "Glucose", "mg/dL", 92),
    ("2160-0", "Creatinine", "mg/dL", 1),
]
_PROBLEMS = [("38341003", "Hypertensive disorder", "I10"), ("55822004", "Hyperlipidemia", "E78.5")]


def hook_request(size: str, *, complaint: bool, now: datetime) -> bytes:
    """A patient-view request whose prefetch has that many resources."""
    count = SIZES[size]
    conditions = [_condition(number, now) for number in range(count // 10)]
    medications = [_medication(number, now) for number in range(count // 10)]
    procedures = [_procedure(number, now) for number in range(count // 15)]
    findings = _complaint(now) if complaint else []
    if complaint:
        conditions[0] = _calf_pain(now)
    vitals = count - len(conditions) - len(medications) - len(procedures) - len(findings)
    observations = [_vital(number, now) for number in range(vitals)]
    return orjson.dumps(
        {
            "hook": "patient-view",
            "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
            "context": {"userId": "Practitioner/example", "patientId": "bench"},
            "prefetch": {
                "patient": {"resourceType": "Patient", "id": "bench", "birthDate": "1954-03-02", "gender": "female"},
                "conditions": _bundle(conditions),
                "findings": _bundle(findings),
                "measurements": _bundle(observations),
                "medications": _bundle(medications),
                "procedures": _bundle(procedures),
            },
        }
    )


def _bundle(resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(resources),
        "entry": [
            {
                "fullUrl": f"https://ehr.example/fhir/{each['resourceType']}/{each['id']}",
                "resource": each,
                "search": {"mode": "match"},
            }
            for each in resources
        ],
    }


def _common(kind: str, number: int, profile: str) -> dict[str, Any]:
    return {
        "resourceType": kind,
        "id": f"{kind.lower()}-{number}",
        "meta": {
            "versionId": "1",
            "lastUpdated": "2026-10-01T08:00:00.000+00:00",
            "profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/{profile}"],
        },
        "text": {
            "status": "generated",
            "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p><b>Generated narrative</b></p>'
            + f"<p>{kind} {number}: recorded during a routine visit; see the structured part for the values.</p>" * 3
            + "</div>",
        },
        "subject": {"reference": "Patient/bench", "display": "Bench, Patient"},
        "encounter": {"reference": f"Encounter/{number // 8}"},
    }


def _observation(number: int, coding: dict[str, Any], when: datetime, **more: Any) -> dict[str, Any]:
    return {
        **_common("Observation", number, "us-core-vital-signs"),
        "status": "final",
        "category": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                        "code": "vital-signs",
                        "display": "Vital Signs",
                    }
                ],
                "text": "Vital Signs",
            }
        ],
        "code": {"coding": [coding], "text": coding["display"]},
        "effectiveDateTime": when.isoformat(),
        "issued": when.isoformat(),
        "performer": [{"reference": "Practitioner/example", "display": "Example, Nurse"}],
        **more,
    }


def _vital(number: int, now: datetime) -> dict[str, Any]:
    code, display, unit, value = _VITALS[number % len(_VITALS)]
    return _observation(
        number,
        {"system": _LOINC, "code": code, "display": display},
        now - timedelta(days=20 + 45 * (number // len(_VITALS))),
        valueQuantity={"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    )


def _condition(number: int, now: datetime) -> dict[str, Any]:
    code, display, icd = _PROBLEMS[number % len(_PROBLEMS)]
    return _problem(number, now - timedelta(days=300 + number), (_SNOMED, code, display), (_ICD, icd, display))


def _calf_pain(now: datetime) -> dict[str, Any]:
    return _problem(
        0,
        now - timedelta(days=3),
        (_SNOMED, "300954003", "Pain in calf"),
        (_ICD, "M79.662", "Pain in left lower leg"),
    )


def _problem(number: int, onset: datetime, *codes: tuple[str, str, str]) -> dict[str, Any]:
    terminology = "http://terminology.hl7.org/CodeSystem/condition-"
    return {
        **_common("Condition", number, "us-core-condition-problems-health-concerns"),
        "clinicalStatus": {"coding": [{"system": f"{terminology}clinical", "code": "active"}]},
        "verificationStatus": {"coding": [{"system": f"{terminology}ver-status", "code": "confirmed"}]},
        "category": [{"coding": [{"system": f"{terminology}category", "code": "problem-list-item"}]}],
        "code": {
            "coding": [{"system": system, "code": code, "display": display} for system, code, display in codes],
            "text": codes[0][2],
        },
        "onsetDateTime": onset.date().isoformat(),
        "recordedDate": onset.isoformat(),
    }


def _medication(number: int, now: datetime) -> dict[str, Any]:
    return {
        **_common("MedicationRequest", number, "us-core-medicationrequest"),
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [
                {
                    "system": "http://www.nlm.nih.gov/research/umls/rxnorm",
                    "code": "314076",
                    "display": "lisinopril 10 MG Oral Tablet",
                }
            ],
            "text": "lisinopril 10 MG Oral Tablet",
        },
        "authoredOn": (now - timedelta(days=40 + number)).isoformat(),
        "dosageInstruction": [
            {"text": "one tablet a day", "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}}
        ],
    }


def _procedure(number: int, now: datetime) -> dict[str, Any]:
    return {
        **_common("Procedure", number, "us-core-procedure"),
        "status": "completed",
        "code": {
            "coding": [
                {"system": _SNOMED, "code": "710824005", "display": "Assessment of health and social care needs"}
            ]
        },
        "performedDateTime": (now - timedelta(days=200 + number)).isoformat(),
    }


def _complaint(now: datetime) -> list[dict[str, Any]]:
    """A pain score, a swelling, a walking problem and an absent colour change, all on the left calf."""
    site = {
        "coding": [
            {"system": _SNOMED, "code": "53840002", "display": "Calf"},
            {"system": _SNOMED, "code": "7771000", "display": "Left"},
        ]
    }
    recent = now - timedelta(hours=5)
    score = {"value": 8, "unit": "of 10", "system": "http://unitsofmeasure.org", "code": "{score}"}
    return [
        _observation(
            9001,
            {"system": _LOINC, "code": "72514-3", "display": "Pain severity"},
            recent,
            valueQuantity=score,
            bodySite=site,
        ),
        _observation(
            9002,
            {"system": _SNOMED, "code": "449615005", "display": "Swelling of lower leg"},
            recent,
            valueBoolean=True,
            bodySite=site,
        ),
        _observation(
            9003, {"system": _SNOMED, "code": "719232003", "display": "Difficulty walking"}, recent, valueBoolean=True
        ),
        _observation(
            9004,
            {"system": _SNOMED, "code": "3253007", "display": "Discoloration of skin"},
            recent,
            valueBoolean=False,
            bodySite=site,
        ),
    ]
