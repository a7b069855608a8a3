"""Charts of any size, for counting how work grows with them: of every concept, and with every list that can be long."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from itertools import islice
from typing import Any

from cds_service.fhir.value_sets import Concept
from cds_service.publishing.publication import load_value_sets
from cds_service.shipped import shipped
from tests.calls import hook_call
from tests.charts import AS_OF, PATIENT_ID, READER, concept, patient

TERMINOLOGY = READER.terminology
UNITS = {
    **{"pain-severity": "{score}", "calf-circumference": "cm", "creatine-kinase": "U/L", "d-dimer": "ng/mL{FEU}"},
    **dict.fromkeys(("potassium", "sodium", "magnesium", "calcium"), "mmol/L"),
    **{"ankle-brachial-index": "1", "bmi": "kg/m2"},
    **{"activity-days": "d/wk", "activity-minutes": "min/d", "activity-minutes-per-week": "min/wk"},
}
VALUES = {"creatine-kinase": 9000.0, "d-dimer": 900.0, "ankle-brachial-index": 0.7, "bmi": 33.0, "pain-severity": 8.0}
KEYS = {
    **{"Condition": "conditions", "Observation": "findings", "MedicationRequest": "medications"},
    "Procedure": "procedures",
}
SIDES = ("7771000", "24028007", "51440002")
LOWER_LEG, ANKLE = "30021000", "344001"
Made = dict[str, Any]
Vary = Callable[[int], Made]
"""What the entry of this number has: `days` ago, `side`, `denied` and so on."""


def _first_code(name: str, value_set: Mapping[str, Any]) -> Made:
    """A code by which the sift knows the concept."""
    for element in value_set["compose"]["include"]:
        codes = [each["code"] for each in element.get("concept", ())]
        for code in codes + [each["value"] for each in element.get("filter", ())]:
            meaning = TERMINOLOGY.meaning(element["system"], code)
            if meaning is not None and TERMINOLOGY.concepts[name] in meaning.concepts:
                return {"system": element["system"], "code": code}
    raise AssertionError(name)


_CLINICAL = ("symptom", "disease", "history", "measurement", "medicine", "procedure")
CODES = {
    name: _first_code(name, value_set)
    for name, value_set in load_value_sets(shipped("value_sets")).items()
    if TERMINOLOGY.concepts[name].kind in _CLINICAL
}


def entries(name: str, count: int, vary: Vary) -> Iterator[Made]:
    """So many resources of each type that can say this."""
    known = TERMINOLOGY.concepts[name]
    makers = {
        "measurement": (_observation,),
        "medicine": (_medication,),
        "procedure": (_procedure,),
    }.get(known.kind, (_condition, _observation))
    for make in makers:
        for number in range(count):
            how = {"days": 1.0 + number / 10_000, "side": 0, "id": number, **vary(number)}
            made = make(known, CODES[name], how)
            if how["id"] is not None:
                made["id"] = f"{name}-{how['id']}"
            if "encounter" in how:
                made["encounter"] = {"reference": f"Encounter/{how['encounter']}"}
            made.setdefault("subject", {"reference": f"Patient/{PATIENT_ID}"})
            yield made


def _when(how: Made, member: str) -> Made:
    days = how["days"]
    return {} if days is None else {member: (AS_OF - timedelta(days=days)).isoformat()}


def place(how: Made) -> Made:
    sided = [{"system": "http://snomed.info/sct", "code": SIDES[how["side"]]}] if how["side"] is not None else []
    return {"coding": [{"system": "http://snomed.info/sct", "code": how.get("site", LOWER_LEG)}, *sided]}


def _condition(_known: Concept, code: Made, how: Made) -> Made:
    status = "refuted" if how.get("denied") else "provisional" if how.get("suspected") else "confirmed"
    return {
        "resourceType": "Condition",
        "clinicalStatus": concept("clinical|active"),
        "verificationStatus": concept(f"verification|{status}"),
        "code": {"coding": [code]},
        "bodySite": [place(how)],
        **_when(how, "onsetDateTime"),
        **_when({"days": how.get("recorded")}, "recordedDate"),
    }


def _observation(known: Concept, code: Made, how: Made) -> Made:
    value: Made = {"valueBoolean": not how.get("denied")}
    if known.kind == "measurement":
        number, unit = VALUES.get(known.name, 2.0), UNITS.get(known.name, "1")
        quantity = {"value": number, "system": "http://unitsofmeasure.org", "code": unit, "unit": unit}
        high = {"value": number * (2 if how.get("denied") else 0.5), "unit": unit}
        value = {"valueQuantity": quantity, "referenceRange": [{"high": high}]}
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [code]},
        "bodySite": place(how),
        **value,
        **_when(how, "effectiveDateTime"),
    }


def _medication(_known: Concept, code: Made, how: Made) -> Made:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [code]},
        **_when(how, "authoredOn"),
    }


def _procedure(_known: Concept, code: Made, how: Made) -> Made:
    return {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"coding": [code]},
        "bodySite": [place(how)],
        **_when(how, "performedDateTime"),
    }


VARIANTS: dict[str, Vary] = {
    "moments of their own": lambda number: {},
    "one moment": lambda number: {"days": 1},
    "without an id": lambda number: {"id": None},
    "without a date": lambda number: {"days": None},
    "of one encounter": lambda number: {"encounter": "e1", "days": None},
    "of one encounter, without an id": lambda number: {"encounter": "e1", "id": None, "days": 1, "side": None},
    "of both sides": lambda number: {"side": number % 2},
    "denied in turn": lambda number: {"denied": number % 2},
    "suspected": lambda number: {"suspected": True},
    "begun 20 days ago and recorded since": lambda number: {"days": 20 + number / 10_000, "recorded": 2},
    "of many ages": lambda number: {"days": (1, 20, 100, 400)[number % 4], "side": (0, 1, None)[number % 3]},
    "recorded lately": lambda number: {"days": 400 + number / 10_000, "recorded": 2},
    "of 400 days ago": lambda number: {"days": 400 + number / 10_000},
}


MEETING: dict[str, tuple[tuple[str, ...], Vary]] = {
    "nerve signs that old diseases explain": (
        ("nerve-disease", "numbness-tingling"),
        lambda number: {"id": None, "days": 20, "side": None},
    ),
    "swelling that old diseases explain": (
        ("oedema-cause", "swelling", "skin-colour"),
        lambda number: {"days": (29, 200)[number % 2], "side": 2, "site": ANKLE},
    ),
    "back trouble": (("lumbar-radiculopathy", "pain"), lambda number: {"side": 2}),
    "swelling of both legs": (("oedema-cause", "swelling"), lambda number: {"days": 99, "side": number % 3}),
    "old and new thrombosis": (("dvt",), VARIANTS["of many ages"]),
    "old and new embolism": (("pulmonary-embolism",), VARIANTS["of many ages"]),
    "treated thrombosis": (("dvt", "anticoagulant"), lambda number: {"days": 5}),
    "old and new gangrene": (("gangrene",), VARIANTS["of many ages"]),
    "muscle": (("creatine-kinase", "rhabdomyolysis"), VARIANTS["denied in turn"]),
    "statin": (("creatine-kinase", "statin", "pain"), VARIANTS["denied in turn"]),
}
"""Concepts that one rule looks at together, without those that would keep it from doing so."""


def call(names: list[str], size: int, vary: Vary, hook: str = "patient-view", pains: int = 1, **more: Any) -> bytes:
    """A call with so many entries of each of these concepts beside so many dated calf pains."""
    resources = [each for name in names for each in entries(name, size, vary)]
    return body(resources, hook, pains, **more)


def body(resources: list[Made], hook: str = "patient-view", pains: int = 1, **more: Any) -> bytes:
    complaint = islice(entries("pain", pains, lambda number: {"id": f"calf-{number}", "days": 3}), pains)
    pages: dict[str, list[Made]] = {key: [] for key in (*KEYS.values(), "measurements")}
    for each in (*complaint, *resources):
        pages[KEYS.get(each["resourceType"], "findings")].append(each)
    prefetch = {key: searchset(each) for key, each in pages.items()}
    return json.dumps(hook_call(hook, prefetch={"patient": patient(), **prefetch}, **more)).encode()


def searchset(resources: list[Made]) -> Made:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}


def one(name: str, **members: Any) -> Made:
    """One resource about this, with these members."""
    return {**next(entries(name, 1, lambda number: {})), **members}


def observed(name: str, **members: Any) -> Made:
    """One Observation about this, with these members."""
    return {**next(each for each in entries(name, 1, VARIANTS["one moment"]) if "status" in each), **members}


def numbered(count: int, make: Callable[[int], Made]) -> list[Made]:
    return [make(number) for number in range(count)]


def _codings(count: int, **more: Any) -> Made:
    codes = [*CODES.values()][:9]
    return {"coding": numbered(count, lambda number: {**codes[number % 9], **more})}


def _unknown(number: int) -> Made:
    return {"coding": [{"system": "http://example.org", "code": str(number)}]}


HIGH = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation", "code": "H"}]}
LISTS: dict[str, Callable[[int], list[Made]]] = {
    "codings": lambda n: [one("swelling", code=_codings(n))],
    "codings with odd words": lambda n: [one("swelling", code=_codings(n, display=["no text"]))],
    "answers": lambda n: [observed("swelling", valueCodeableConcept=_codings(n), valueBoolean=None)],
    "codings of a procedure": lambda n: [one("surgery", code=_codings(n), category=_codings(n))],
    "sites": lambda n: [one("swelling", bodySite=numbered(n, _unknown) + numbered(n, lambda _: place({"side": 0})))],
    "components": lambda n: [
        observed("swelling", component=numbered(n, lambda number: {"code": _codings(number % 9), "valueInteger": 1}))
    ],
    "components of one code": lambda n: [
        observed("swelling", component=numbered(n, lambda number: {"code": {"coding": [CODES["pain"]]}}))
    ],
    "reference ranges": lambda n: [
        observed("creatine-kinase", referenceRange=numbered(n, lambda number: {"high": {"value": number + 1}}))
    ],
    "interpretations": lambda n: [observed("creatine-kinase", interpretation=[HIGH] * n)],
    "categories": lambda n: [one("swelling", category=numbered(n, _unknown))],
    "contained medications": lambda n: [
        one(
            "statin",
            medicationCodeableConcept=None,
            medicationReference={"reference": f"#{n - 1}"},
            contained=numbered(n, lambda number: {"resourceType": "Medication", "id": str(number), "code": HIGH}),
        )
    ],
    "medications sent along": lambda n: [
        *numbered(n, lambda number: {"resourceType": "Medication", "id": str(number), "code": HIGH}),
        *numbered(n, lambda number: {**one("statin"), "id": None}),
    ],
    "outcomes": lambda n: [{"resourceType": "OperationOutcome", "issue": [{"severity": "information"}] * n}] * 2,
    "issues of an error": lambda n: [{"resourceType": "OperationOutcome", "issue": [{"severity": "error"}] * n}],
    "unreadable entries beside D-dimers": lambda n: [
        *numbered(n, lambda number: {"resourceType": "Observation", "id": f"odd-{number}", "code": 1}),
        *entries("d-dimer", n, lambda number: {"days": 1, "denied": True}),
    ],
    "entries of other patients": lambda n: [
        {**each, "subject": {"reference": f"Patient/other-{number}"}}
        for number, each in enumerate(entries("swelling", n, VARIANTS["one moment"]))
    ],
    "uncoded entries": lambda n: (
        numbered(n, lambda number: {"resourceType": "Condition", "id": str(number), "code": {"text": "calf"}})
        + numbered(
            n, lambda number: {**one("statin"), "medicationCodeableConcept": {"text": "a pill"}, "id": str(number)}
        )
    ),
}
