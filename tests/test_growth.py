"""Work grows with the chart, never with its square, from the bytes of a call to its card and what the card says.

Of each line of the service it is counted how often it runs, for a chart and for one three times as large, and how often
it compares two facts. One that would run over each entry for each entry does so nine times as often.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from itertools import islice
from typing import Any

import msgspec
import pytest

from cds_service.app import cards_folder, hook_services
from cds_service.cli.assess import read_nothing
from cds_service.errors import InvalidRequest
from cds_service.facts import Fact
from cds_service.fhir.value_sets import Concept
from cds_service.hooks.context import read_call
from cds_service.hooks.feedback import read_feedback
from cds_service.publishing.publication import load_value_sets
from cds_service.rendering.card_files import load_cards
from cds_service.security.caller import NOBODY
from cds_service.settings import Settings
from cds_service.shipped import shipped
from tests.calls import accepted, hook_call, next_link, overridden
from tests.charts import AS_OF, PATIENT_ID, READER, concept, patient
from tests.steps import superlinear

SIZE = 30
SETTINGS = Settings(_env_file=None)  # type: ignore[call-arg]
SERVICES = {each.hook: each for each in hook_services(SETTINGS, read_nothing, load_cards(cards_folder(SETTINGS)))}
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
SIDES = ("7771000", "24028007")
LOWER_LEG = "30021000"
Made = dict[str, Any]
Vary = Callable[[int], Made]
"""What the entry of this number has: `days` ago, `side`, `denied` and so on."""


def _first_code(name: str, value_set: Made) -> Made:
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


def _place(how: Made) -> Made:
    sided = [{"system": "http://snomed.info/sct", "code": SIDES[how["side"]]}] if how["side"] is not None else []
    return {"coding": [{"system": "http://snomed.info/sct", "code": LOWER_LEG}, *sided]}


def _condition(_known: Concept, code: Made, how: Made) -> Made:
    status = "refuted" if how.get("denied") else "provisional" if how.get("suspected") else "confirmed"
    return {
        "resourceType": "Condition",
        "clinicalStatus": concept("clinical|active"),
        "verificationStatus": concept(f"verification|{status}"),
        "code": {"coding": [code]},
        "bodySite": [_place(how)],
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
        "bodySite": _place(how),
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
        "bodySite": [_place(how)],
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
    "of 20 days ago": lambda number: {"days": 20 + number / 10_000},
    "of half a year": lambda number: {
        "days": 1 + number * 61 % 180 + number / 10_000,
        "side": (0, 1, None)[number % 3],
    },
    "recorded lately": lambda number: {"days": 400 + number / 10_000, "recorded": 2},
    "of 400 days ago": lambda number: {"days": 400 + number / 10_000},
}


def call(names: list[str], size: int, vary: Vary, hook: str = "patient-view", pains: int = 1, **more: Any) -> bytes:
    """A call with so many entries of each of these concepts beside so many dated calf pains."""
    resources = [each for name in names for each in entries(name, size, vary)]
    return body(resources, hook, pains, **more)


def body(resources: list[Made], hook: str = "patient-view", pains: int = 1, **more: Any) -> bytes:
    complaint = islice(entries("pain", pains, lambda number: {"id": f"calf-{number}", "days": 3}), pains)
    pages: dict[str, list[Made]] = {key: [] for key in KEYS.values()} | {"measurements": []}
    for each in (*complaint, *resources):
        pages[KEYS.get(each["resourceType"], "findings")].append(each)
    prefetch = {key: _searchset(each) for key, each in pages.items()}
    return json.dumps(hook_call(hook, prefetch={"patient": patient(), **prefetch}, **more)).encode()


def _searchset(resources: list[Made]) -> Made:
    return {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}


def answered(sent: bytes, hook: str = "patient-view") -> list[Any]:
    """The whole path of a call, and the fingerprint of each card."""
    called = read_call(sent, hook)
    reply = asyncio.run(SERVICES[hook].handle(called, NOBODY, AS_OF))
    msgspec.json.encode(reply.cards)
    for statement in reply.statements:
        statement.content(AS_OF)
    return reply.cards


def check(make: Callable[[int], bytes], hook: str = "patient-view", size: int = SIZE) -> None:
    def work(count: int) -> Callable[[], object]:
        sent = make(count)
        return lambda: answered(sent, hook)

    assert superlinear(work, size) == {}
