"""Whatever is sent, reading gives a chart or a declared error, and one odd entry costs only itself."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.assessment.engine import assess
from cds_service.errors import InvalidRequest
from cds_service.facts import Chart, State, Topic
from cds_service.fhir.page import Material, open_page
from cds_service.fhir.reading import NOT_READABLE
from cds_service.thresholds import Thresholds
from tests.charts import (
    AS_OF,
    PATIENT_ID,
    READER,
    bundle,
    concept,
    patient,
    read_pages,
    resource,
)
from tests.older_fhir import to_dstu2, to_stu3

OTHERS = sorted((Path(__file__).parent / "charts_from_others").glob("*.json"))
CALF_PAIN, SWELLING, CALF = "sct|300954003", "sct|449615005", "sct|53840002"
OPENER = "Condition/opener"
SOUND = resource({"observation": "sct|449614009", "at": -1, "id": "sound"}, 0)
TOPICS = {
    "Condition": Topic.CONDITIONS,
    "Observation": Topic.OBSERVATIONS,
    "MedicationRequest": Topic.MEDICATIONS,
    "MedicationOrder": Topic.MEDICATIONS,
    "Medication": Topic.MEDICATIONS,
    "Procedure": Topic.PROCEDURES,
}


def sources(chart: Chart) -> set[str]:
    return {fact.source for fact in chart.facts}


def assessed(chart: Chart) -> Chart:
    """The chart, after every rule has seen it."""
    assess(chart, AS_OF, Thresholds())
    return chart


def read_with(topic: Topic, *resources: Any) -> Chart:
    return assessed(read_pages([(topic, bundle(*resources, SOUND))]))


scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["active", "final", "Patient/p1", "2026-11-20", "2026", "", "Bundle", 10**400, -1e308, "\u0000"])
)
names = st.sampled_from(
    [
        *(
            "resourceType",
            "id",
            "code",
            "coding",
            "system",
            "display",
            "text",
            "status",
            "subject",
            "reference",
        ),
        *(
            "focus",
            "bodySite",
            "component",
            "valueQuantity",
            "value",
            "unit",
            "low",
            "high",
            "valueCodeableConcept",
        ),
        *(
            "effectivePeriod",
            "start",
            "end",
            "entry",
            "resource",
            "link",
            "relation",
            "url",
            "contained",
            "issue",
        ),
        *("patient", "context", "dateRecorded", "onsetQuantity", "valueAttachment", "notPerformed"),
    ]
)
any_json = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=3), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(
    value=any_json,
    kind=st.sampled_from([*TOPICS, "Patient", "Bundle", "OperationOutcome", "Other"]),
    as_patient=st.booleans(),
)
def test_no_prefetch_value_raises_anything_but_the_declared_errors(value: Any, kind: str, as_patient: bool) -> None:
    """As the value itself, as a resource of some type, and as what an entry holds."""
    typed = {**value, "resourceType": kind} if isinstance(value, dict) else value
    for sent in (
        value,
        typed,
        {"resourceType": "Bundle", "entry": [{"resource": typed}, value, {"resource": SOUND}]},
    ):
        raw = json.dumps(sent).encode()
        page = open_page(raw)
        who = page if as_patient else open_page(json.dumps(patient()).encode())
        try:
            chart = READER.read(Material(who, tuple((topic, page) for topic in Topic)), PATIENT_ID, AS_OF)
        except InvalidRequest:
            assert as_patient
        else:
            assessed(chart)
            assert as_patient or sent in (value, typed) or "Observation/sound" in sources(chart)


ENTRIES: list[dict[str, Any]] = [
    {
        "condition": [CALF_PAIN, "icd|M79.662"],
        "onset": -5,
        "recorded": -4,
        "abated": 9,
        "site": CALF,
        "side": "left",
        "severity": "sct|24484000",
        "encounter": "e1",
    },
    {
        "condition": "icd|S86.111D",
        "members": {"onsetAge": {"value": 46, "code": "a"}, "abatementPeriod": {"start": "2026"}},
    },
    {
        "observation": SWELLING,
        "at": -1,
        "issued": -1,
        "value": "sct|373066001",
        "members": {"focus": [{"reference": "Patient/p1"}]},
    },
    {
        "observation": "loinc|72514-3",
        "at": "-1h",
        "value": 8,
        "site": CALF,
        "side": "left",
        "encounter": "e1",
    },
    {
        "observation": "loinc|2157-6",
        "at": -1,
        "value": 900,
        "unit": "U/L",
        "high": 200,
        "interpretation": "H",
    },
    {
        "observation": "sct|65124004",
        "members": {"effectivePeriod": {"start": "2026-11"}, "valueRange": {"low": {"value": 1}}},
    },
    {
        "observation": "",
        "text": "exam",
        "at": -1,
        "components": [{"code": SWELLING, "value": True}, {"code": "loinc|72514-3", "value": 3}],
    },
    {
        "medication": "rx|11289",
        "dose": "5 mg",
        "members": {"contained": [{"resourceType": "Medication", "id": "m", "code": concept("rx|11289")}]},
    },
    {"procedure": "sct|274474001", "category": "sct|387713003", "at": -3, "site": CALF},
]
BASE = [resource({**entry, "id": f"n{number}"}, number) for number, entry in enumerate(ENTRIES)]
BASE.append(
    {
        **{k: v for k, v in BASE[7].items() if k != "medicationCodeableConcept"},
        "id": "n9",
        "medicationReference": {"reference": "#m"},
    }
)
OF_ALL_VERSIONS = [convert(each) for each in BASE for convert in (dict, to_stu3, to_dstu2)]


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value but the root."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for step, inner in steps for path in ((*here, step), *paths(inner, (*here, step)))]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A valid resource in which one or two places were replaced, removed, or wrapped."""
    made: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(OF_ALL_VERSIONS)))
    for _ in range(draw(st.integers(1, 2))):
        place = draw(st.sampled_from([path for path in paths(made) if path != ("resourceType",)]))
        holder = made
        for step in place[:-1]:
            holder = holder[step]
        how = draw(st.sampled_from(["replace", "replace", "remove", "wrap", "unwrap"]))
        if how == "remove":
            del holder[place[-1]]
        elif how == "wrap":
            holder[place[-1]] = [holder[place[-1]]]
        elif how == "unwrap" and isinstance(holder[place[-1]], list) and holder[place[-1]]:
            holder[place[-1]] = holder[place[-1]][0]
        else:
            holder[place[-1]] = draw(any_json)
    return made


@settings(max_examples=300, deadline=None)
@given(odd=mutated())
def test_a_mutated_resource_costs_only_itself(odd: dict[str, Any]) -> None:
    page = json.dumps({"resourceType": "Bundle", "entry": [{"resource": odd}, {"resource": SOUND}]}).encode()
    chart = assessed(read_pages([(TOPICS[odd["resourceType"]], page)]))
    assert {OPENER, "Observation/sound"} <= sources(chart)


@settings(max_examples=150, deadline=None)
@given(odd=mutated())
def test_taking_a_value_away_never_makes_a_finding_absent(odd: dict[str, Any]) -> None:
    """Not recorded is not absent."""
    less = {name: value for name, value in odd.items() if not name.startswith("value")}
    before, after = absent_in(odd), absent_in(less)
    assert after <= before


def absent_in(made: dict[str, Any]) -> set[str]:
    raw = json.dumps({"resourceType": "Bundle", "entry": [{"resource": made}]}).encode()
    chart = read_pages([(TOPICS[made["resourceType"]], raw)])
    return {fact.concept for fact in chart.facts if fact.state is State.ABSENT}


def load(file: Path) -> list[dict[str, Any]]:
    chart: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return [entry["resource"] for entry in chart["entry"]]


@pytest.mark.parametrize("file", OTHERS, ids=lambda file: file.stem)
def test_charts_from_other_hands_are_read_without_loss(file: Path) -> None:
    """Beside a cramp, so that they are read in full. Of a file with several patients each gets all the resources."""
    resources = load(file)
    patients = [each for each in resources if each["resourceType"] == "Patient"]
    assert patients
    for who in patients:
        own = [each for each in resources if each["resourceType"] in TOPICS]
        cramp = resource({"condition": "sct|449918009", "id": "opener", "subject": f"Patient/{who['id']}"}, 0)
        pages = [
            (topic, bundle(*(each for each in [*own, cramp] if TOPICS[each["resourceType"]] is topic)))
            for topic in Topic
        ]
        received = tuple((topic, open_page(raw)) for topic, raw in pages)
        chart = assessed(READER.read(Material(open_page(json.dumps(who).encode()), received), who["id"], AS_OF))
        assert OPENER in sources(chart)
        assert chart.patient.born is not None
        assert {gap.reason for gap in chart.gaps} <= {"what was sent belongs to another patient"}
        assert NOT_READABLE not in chart.left_out


KNOWN = {
    **{each: {"code": concept(CALF_PAIN)} for each in ("Condition", "Observation", "Procedure")},
    **{each: {"medicationCodeableConcept": concept("rx|11289")} for each in ("MedicationRequest", "MedicationOrder")},
}


@pytest.mark.parametrize("file", OTHERS, ids=lambda file: file.stem)
def test_every_resource_from_other_hands_can_be_read(file: Path) -> None:
    """Also those whose codes no value set knows, or that are another patient's: each as if it were a calf pain, or
    warfarin, of this one.
    """
    for each in load(file):
        if each["resourceType"] in KNOWN:
            made = {**each, "subject": None, "patient": None, "focus": None, **KNOWN[each["resourceType"]]}
            made["component"] = [{**part, "code": concept(SWELLING)} for part in each.get("component", ())]
            assert NOT_READABLE not in read_with(TOPICS[each["resourceType"]], made).left_out
