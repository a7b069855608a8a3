"""Whatever an EHR sends, reading gives a chart or one of the declared errors, and one odd entry costs only itself."""

from __future__ import annotations

import copy
import json
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.assessment.triage import assess
from cds_service.errors import InvalidRequest
from cds_service.facts import Chart, State, Topic
from cds_service.fhir.page import Material, open_page
from cds_service.fhir.reading import NOT_READABLE
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, PATIENT_ID, READER, bundle, concept, patient, read_beside, read_pages, resource

OTHERS = sorted((Path(__file__).parent / "charts_from_others").glob("*.json"))
CALF_PAIN, SWELLING, CALF = "sct|300954003", "sct|449615005", "sct|53840002"
OPENER = "Condition/opener"
SOUND = resource({"observation": "sct|449614009", "at": -1, "id": "sound"}, 0)
TOPICS = {
    "Condition": Topic.CONDITIONS,
    "Observation": Topic.OBSERVATIONS,
    "MedicationRequest": Topic.MEDICATIONS,
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


@pytest.mark.parametrize(
    "other",
    [
        {"resourceType": "SubscriptionStatus", "id": "s", "code": 5},  # R4B only
        {"resourceType": "NutritionProduct", "id": "n", "status": "active", "code": [{"text": "x"}]},
        {"resourceType": "ActorDefinition", "id": "a", "status": "draft"},  # R5 only
        {"resourceType": "Transport", "id": "t", "code": {"concept": {"text": "x"}}},
        {"resourceType": "EffectEvidenceSynthesis", "id": "e"},  # R4 only
        {"resourceType": "MedicationOrder", "id": "m", "patient": {"reference": "Patient/p1"}},  # DSTU2
        {"resourceType": "DiagnosticOrder", "id": "d", "item": [{"code": {"text": "x"}}]},
        {"resourceType": "Foo", "id": 5, "code": "bar"},
        {"resourceType": "FamilyMemberHistory", "id": "f", "condition": 5},
        {"resourceType": "Encounter", "id": "e", "class": {"code": "AMB"}},
    ],
    ids=lambda each: str(each["resourceType"]),
)
@pytest.mark.parametrize("topic", list(Topic))
def test_a_type_that_is_not_read_is_passed_over(other: dict[str, Any], topic: Topic) -> None:
    chart = read_with(topic, other)
    assert sources(chart) == {OPENER, "Observation/sound"}
    assert (chart.gaps, dict(chart.left_out)) == ((), {})


DSTU2_CONDITION = {
    "resourceType": "Condition",
    "id": "old",
    "patient": {"reference": "Patient/p1"},
    "code": concept(CALF_PAIN),
    "category": {"text": "Problem"},
    "clinicalStatus": "active",
    "verificationStatus": "confirmed",
    "onsetDateTime": "2026-11-20",
    "dateRecorded": "2026-11-21",
}
STU3_CONDITION = {
    "resourceType": "Condition",
    "id": "old",
    "subject": {"reference": "Patient/p1"},
    "code": concept(CALF_PAIN),
    "category": [{"text": "Problem"}],
    "clinicalStatus": "active",
    "verificationStatus": "unknown",
    "assertedDate": "2026-11-21",
}
R5_MEDICATION = {
    "resourceType": "MedicationRequest",
    "id": "new",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medication": {"concept": concept("rx|11289")},
}
STU3_MEDICATION = {
    "resourceType": "MedicationRequest",
    "id": "old",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": concept("rx|11289"),
    "requester": {"agent": {"reference": "Practitioner/d"}},
    "dosageInstruction": [{"text": "5 mg", "asNeededBoolean": "no", "doseQuantity": 5}],
}


@pytest.mark.parametrize("old", [DSTU2_CONDITION, STU3_CONDITION], ids=["DSTU2", "STU3"])
def test_a_condition_of_an_older_version_is_read_or_told(old: dict[str, Any]) -> None:
    chart = read_with(Topic.CONDITIONS, old)
    assert {OPENER, "Observation/sound"} <= sources(chart)
    assert "Condition/old" in sources(chart) or chart.left_out[NOT_READABLE] == 1


@pytest.mark.parametrize(
    "members",
    [
        {"comments": "DSTU2", "identifier": [{"value": 5}], "category": {"coding": [{"code": "exam"}]}},
        {"comment": "STU3", "context": {"reference": "Encounter/1"}, "category": [{"text": "exam"}]},
        {"bodyStructure": {"reference": "BodyStructure/b"}, "triggeredBy": [{"type": "reflex"}], "instantiatesCanonical": "x"},
    ],
    ids=["DSTU2", "STU3", "R5"],
)
def test_an_observation_of_another_version_is_read(members: dict[str, Any]) -> None:
    other = resource({"observation": SWELLING, "at": -1, "id": "other", "members": members}, 0)
    assert "Observation/other" in sources(read_with(Topic.OBSERVATIONS, other))


@pytest.mark.parametrize("order", [R5_MEDICATION, STU3_MEDICATION], ids=["R5", "STU3"])
def test_a_medication_request_of_another_version_hides_nothing_else(order: dict[str, Any]) -> None:
    assert {OPENER, "Observation/sound"} <= sources(read_with(Topic.MEDICATIONS, order))


@pytest.mark.parametrize(
    "members",
    [
        {"careProvider": [{"reference": "Practitioner/d"}], "animal": {"species": {"text": "dog"}}},
        {"name": [{"family": ["Doe"], "given": "John"}], "gender": 5, "telecom": [{"rank": "1"}]},
        {"maritalStatus": "M", "contact": {"name": "x"}, "photo": "x", "link": {}},
    ],
    ids=["DSTU2", "odd names", "odd others"],
)
def test_a_patient_of_another_version_or_shape_is_read(members: dict[str, Any]) -> None:
    assert read_beside(who=patient(**members)).patient.born == (date(1980, 5, 4), date(1980, 5, 4))


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
        *("resourceType", "id", "code", "coding", "system", "display", "text", "status", "subject", "reference"),
        *("focus", "bodySite", "component", "valueQuantity", "value", "unit", "low", "high", "valueCodeableConcept"),
        *("effectivePeriod", "start", "end", "entry", "resource", "link", "relation", "url", "contained", "issue"),
    ]
)
any_json = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names | st.text(max_size=3), inner, max_size=4), max_leaves=8
)


@settings(max_examples=300, deadline=None)
@given(value=any_json, kind=st.sampled_from([*TOPICS, "Patient", "Bundle", "OperationOutcome", "Other"]), as_patient=st.booleans())
def test_no_prefetch_value_raises_anything_but_the_declared_errors(value: Any, kind: str, as_patient: bool) -> None:
    """As the value itself, as a resource of some type, and as what an entry holds."""
    typed = {**value, "resourceType": kind} if isinstance(value, dict) else value
    for sent in (value, typed, {"resourceType": "Bundle", "entry": [{"resource": typed}, value, {"resource": SOUND}]}):
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


BASE: list[dict[str, Any]] = [
    resource({**entry, "id": f"n{number}"}, number)
    for number, entry in enumerate(
        [
            {"condition": [CALF_PAIN, "icd|M79.662"], "onset": -5, "recorded": -4, "abated": 9, "site": CALF, "side": "left", "severity": "sct|24484000", "encounter": "e1"},
            {"condition": "icd|S86.111D", "members": {"onsetAge": {"value": 46, "code": "a"}, "abatementPeriod": {"start": "2026"}}},
            {"observation": SWELLING, "at": -1, "issued": -1, "value": "sct|373066001", "members": {"focus": [{"reference": "Patient/p1"}]}},
            {"observation": "loinc|72514-3", "at": "-1h", "value": 8, "site": CALF, "side": "left", "encounter": "e1"},
            {"observation": "loinc|2157-6", "at": -1, "value": 900, "unit": "U/L", "high": 200, "interpretation": "H"},
            {"observation": "sct|65124004", "members": {"effectivePeriod": {"start": "2026-11"}, "valueRange": {"low": {"value": 1}}}},
            {"observation": "", "text": "exam", "at": -1, "components": [{"code": SWELLING, "value": True}, {"code": "loinc|72514-3", "value": 3}]},
            {"medication": "rx|11289", "dose": "5 mg", "members": {"contained": [{"resourceType": "Medication", "id": "m", "code": concept("rx|11289")}]}},
            {"procedure": "sct|274474001", "category": "sct|387713003", "at": -3, "site": CALF},
        ]
    )
]
BASE.append({**{k: v for k, v in BASE[7].items() if k != "medicationCodeableConcept"}, "id": "n9", "medicationReference": {"reference": "#m"}})


def paths(value: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a JSON value but the root."""
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for step, inner in steps for path in ((*here, step), *paths(inner, (*here, step)))]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """A valid resource in which one or two places were replaced, removed, or wrapped."""
    made = copy.deepcopy(draw(st.sampled_from(BASE)))
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


@settings(max_examples=500, deadline=None)
@given(odd=mutated())
def test_a_mutated_resource_costs_only_itself(odd: dict[str, Any]) -> None:
    page = json.dumps({"resourceType": "Bundle", "entry": [{"resource": odd}, {"resource": SOUND}]}).encode()
    chart = assessed(read_pages([(TOPICS[odd["resourceType"]], page)]))
    assert {OPENER, "Observation/sound"} <= sources(chart)


@settings(max_examples=300, deadline=None)
@given(odd=mutated(), data=st.data())
def test_taking_a_value_away_never_makes_a_finding_absent(odd: dict[str, Any], data: st.DataObject) -> None:
    """Not recorded is not absent."""
    before = read_pages([(TOPICS[odd["resourceType"]], json.dumps({"resourceType": "Bundle", "entry": [{"resource": odd}]}).encode())])
    for name in [name for name in odd if name.startswith(("value", "dataAbsent"))]:
        odd.pop(name)
    after = read_pages([(TOPICS[odd["resourceType"]], json.dumps({"resourceType": "Bundle", "entry": [{"resource": odd}]}).encode())])
    absent = {fact.concept for fact in before.facts if fact.state is State.ABSENT}
    assert {fact.concept for fact in after.facts if fact.state is State.ABSENT} <= absent


@given(cut=st.integers(0, 2000), junk=st.binary(max_size=20))
def test_a_broken_answer_is_a_failure_and_no_crash(cut: int, junk: bytes) -> None:
    whole = bundle(*BASE)
    page = open_page(whole[: cut % len(whole)] + junk)
    assert page.failure
    assert page.resources == []


@pytest.mark.parametrize("raw", [b"", b"null", b"5", b'"x"', b"[]", b"{}", b'{"error": "timeout"}', b"<html>", b"\xff\xfe", b'{"resourceType": 5}', b'{"resourceType": "Bundle", "entry": {}}'])
def test_what_is_no_fhir_is_a_failure(raw: bytes) -> None:
    assert open_page(raw).failure


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'{"resourceType": "Bundle", "entry": [{"resource": {"a":', b'{"resourceType":"Condition","x":['])
def test_deep_nesting_is_a_failure_and_no_crash(opening: bytes) -> None:
    assert open_page(opening * 50_000).failure


@pytest.mark.parametrize("depth", [100, 2_000, 100_000])
def test_a_deeply_nested_resource_is_passed_over_or_told(depth: int) -> None:
    deep = b'{"resourceType": "Observation", "id": "deep", "extension": ' + b"[" * depth + b"]" * depth + b"}"
    page = open_page(b'{"resourceType": "Bundle", "entry": [{"resource": ' + deep + b'}, {"resource": ' + bundle() + b"}]}")
    assert page.failure or page.unreadable or [head.id for head in page.resources] == ["deep"]


@pytest.mark.parametrize(
    ("severity", "failed"), [("information", False), ("warning", False), ("error", True), ("fatal", True), (None, True)]
)
def test_an_operation_outcome_is_an_answer_unless_it_is_an_error(severity: Any, failed: bool) -> None:
    """Epic sends one with every empty search, as an entry of the Bundle."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "processing"}]}
    assert bool(open_page(json.dumps(outcome).encode()).failure) is failed
    entry = {"resource": outcome, "search": {"mode": "outcome"}}
    assert bool(open_page(json.dumps({"resourceType": "Bundle", "total": 0, "entry": [entry]}).encode()).failure) is failed


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ([{"relation": "self", "url": "a"}, {"relation": "next", "url": "b"}], "b"),
        ([{"relation": "self", "url": "a"}], None),
        ([{"relation": "next"}], None),
        ([{"relation": "next", "url": 5}, None, "next"], None),
        ({"relation": "next", "url": "b"}, None),
        (None, None),
    ],
)
def test_only_a_next_link_leads_on(link: Any, following: str | None) -> None:
    page = open_page(json.dumps({"resourceType": "Bundle", "link": link, "entry": []}).encode())
    assert (page.next, page.failure) == (following, "")


def test_a_patient_in_a_bundle_is_refused_or_read() -> None:
    """A search answer where a read was asked for: a death must not be lost on the way."""
    who = open_page(bundle(patient(deceasedBoolean=True)))
    pages = ((Topic.CONDITIONS, open_page(bundle(resource({"condition": CALF_PAIN, "onset": -1}, 0)))),)
    try:
        chart = READER.read(Material(who, pages), PATIENT_ID, AS_OF)
    except InvalidRequest:
        return
    assert chart.patient.deceased


@pytest.mark.parametrize("file", OTHERS, ids=lambda file: file.stem)
def test_charts_from_other_hands_are_read_without_loss(file: Path) -> None:
    """Beside a cramp, so that they are read in full. What cannot be read is known, file by file."""
    resources = [entry["resource"] for entry in json.loads(file.read_text(encoding="utf-8"))["entry"]]
    for who in (each for each in resources if each["resourceType"] == "Patient"):
        own = [each for each in resources if each["resourceType"] in TOPICS]
        cramp = resource({"condition": "sct|449918009", "id": "opener", "subject": f"Patient/{who['id']}"}, 0)
        pages = [(topic, bundle(*(each for each in [*own, cramp] if TOPICS[each["resourceType"]] is topic))) for topic in Topic]
        material = Material(open_page(json.dumps(who).encode()), tuple((topic, open_page(raw)) for topic, raw in pages))
        chart = assessed(READER.read(material, who["id"], AS_OF))
        assert chart.patient.deceased or OPENER in sources(chart)
        assert chart.gaps == ()
        assert NOT_READABLE not in chart.left_out
