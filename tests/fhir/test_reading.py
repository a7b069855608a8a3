"""The chart as a whole: who, what was left out, and which of several records holds."""

from __future__ import annotations

from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.assessment.engine import assess
from cds_service.assessment.rule import Level
from cds_service.facts import Chart, Course, Fact, Gap, State, Topic
from cds_service.fhir.page import Material, open_page
from cds_service.fhir.passed_over import UNCODED
from cds_service.fhir.reading import IN_FUTURE, NOT_READABLE, OTHER_PATIENT
from cds_service.thresholds import Thresholds
from tests.charts import (
    AS_OF,
    PATIENT_ID,
    READER,
    bundle,
    facts_of,
    material,
    read_beside,
    read_pages,
    resource,
)

SWELLING = "sct|449615005"
CALF_PAIN = "sct|300954003"
CALF = "sct|53840002"


def states(*entries: dict[str, Any], concept: str = "swelling") -> list[tuple[str, State]]:
    """What is known of a concept, whatever the order in which the chart lists it."""
    answers = set()
    for order in permutations(entries):
        chart = read_beside(*order)
        answers.add(tuple(sorted((f.source.split("/")[1], f.state) for f in chart.facts if f.concept == concept)))
    (answer,) = answers
    return list(answer)


def seen(name: str, at: Any, value: Any = None, **more: Any) -> dict[str, Any]:
    return {"observation": SWELLING, "id": name, "at": at, "value": value, **more}


def test_the_newest_record_wins() -> None:
    assert states(seen("then", -3), seen("now", -1, value=False)) == [("now", State.ABSENT)]
    assert states(seen("then", -3, value=False), seen("now", -1)) == [("now", State.PRESENT)]


def test_at_the_same_time_present_wins() -> None:
    assert states(seen("a", -1), seen("b", -1, value=False)) == [("a", State.PRESENT)]
    assert states(seen("b", -1), seen("a", -1, value=False)) == [("b", State.PRESENT)]


def test_where_the_dates_do_not_tell_present_wins() -> None:
    assert states(seen("a", "2026-11"), seen("b", -1, value=False)) == [("a", State.PRESENT)]
    assert states(seen("a", None), seen("b", -1, value=False)) == [("a", State.PRESENT)]


@pytest.mark.parametrize(
    ("present", "denied", "remarks"),
    [
        (-1, -1, ("also denied, by Observation/b",)),
        ("2026-11", -1, ("also denied, by Observation/b",)),
        (-1, None, ("also denied, by Observation/b",)),
        (None, -1, ("also denied, by Observation/b", "date not recorded")),
        (-1, -2, ()),
    ],
    ids=["same day", "month", "undated denial", "undated finding", "older denial"],
)
def test_the_denial_that_gave_way_is_told(present: Any, denied: Any, remarks: tuple[str, ...]) -> None:
    for order in permutations([seen("a", present), seen("b", denied, value=False)]):
        assert [fact.remarks for fact in read_beside(*order).facts if fact.concept == "swelling"] == [remarks]


def test_a_denial_of_another_code_or_of_the_past_is_not_told() -> None:
    past = {"condition": SWELLING, "id": "a", "onset": -9, "clinical": "resolved"}
    other = {"observation": "icd|R22.42", "id": "a", "at": -1}
    for present in (past, other):
        chart = read_beside(present, seen("b", -1, value=False))
        assert not any("denied" in remark for fact in chart.facts for remark in fact.remarks)


def test_unknown_replaces_nothing_and_is_not_replaced() -> None:
    later_unknown = seen("now", -1, absent_reason="unknown")
    assert states(seen("then", -3), later_unknown) == [("now", State.UNKNOWN), ("then", State.PRESENT)]
    assert states(seen("then", -3, value=False), later_unknown) == [
        ("now", State.UNKNOWN),
        ("then", State.ABSENT),
    ]


def test_each_side_and_site_is_judged_by_itself() -> None:
    assert states(seen("left", -3, side="left"), seen("right", -1, value=False, side="right")) == [
        ("left", State.PRESENT),
        ("right", State.ABSENT),
    ]
    generic = {"observation": "sct|65124004"}
    assert states(
        {**seen("calf", -3, site=CALF), **generic},
        {**seen("foot", -1, value=False, site="sct|56459004"), **generic},
    ) == [("calf", State.PRESENT), ("foot", State.ABSENT)]


def test_the_newest_wins_between_records_that_list_their_codings_in_another_order() -> None:
    codes = [SWELLING, "icd|R22.42"]
    then = {**seen("then", -3), "observation": codes}
    now = {**seen("now", -1, value=False), "observation": codes[::-1]}
    assert states(then, now) == [("now", State.ABSENT)]


@pytest.mark.parametrize("shared", [SWELLING, "icd|R22.42"])
def test_the_newest_wins_between_records_that_share_a_coding(shared: str) -> None:
    then = {**seen("then", -3, side="left"), "observation": [SWELLING, "icd|R22.42"], "site": CALF}
    now = {**seen("now", -1, value=False, side="left"), "observation": shared, "site": CALF}
    assert states(then, now) == [("now", State.ABSENT)]


def test_a_later_absence_does_not_wipe_out_the_past() -> None:
    """A thrombosis of 2020 stays a previous one, also when a new one is refuted."""
    then = {"condition": "sct|404223003", "id": "then", "onset": "2020-05-01", "clinical": "resolved"}
    now = {"condition": "sct|404223003", "id": "now", "onset": -1, "verification": "refuted"}
    chart = read_beside(then, now)
    assert [fact.course for fact in chart.facts if fact.source == "Condition/then"] == [Course.HISTORY]


def broken(kind: str) -> dict[str, Any]:
    """A resource that opens but does not parse, in a member that is read."""
    odd: dict[str, dict[str, Any]] = {
        "condition": {"condition": CALF_PAIN, "members": {"verificationStatus": 5}},
        "observation": {"observation": SWELLING, "at": -1, "members": {"valueQuantity": "many"}},
        "medication": {"medication": "rx|11289", "members": {"intent": {}}},
        "procedure": {"procedure": "sct|387713003", "members": {"status": 5}},
    }
    return {**odd[kind], "id": "odd"}


TYPES = {
    "condition": ("Condition", Topic.CONDITIONS),
    "observation": ("Observation", Topic.OBSERVATIONS),
    "medication": ("MedicationRequest", Topic.MEDICATIONS),
    "procedure": ("Procedure", Topic.PROCEDURES),
}


@pytest.mark.parametrize("kind", list(TYPES))
def test_a_resource_that_does_not_parse_is_left_out_and_counted(kind: str) -> None:
    chart = read_beside(broken(kind), {"observation": SWELLING, "at": -1, "id": "sound"})
    assert {fact.source for fact in chart.facts} == {"Condition/opener", "Observation/sound"}
    assert dict(chart.left_out) == {NOT_READABLE: 1}


@pytest.mark.parametrize("kind", list(TYPES))
def test_a_resource_that_does_not_parse_is_named(kind: str) -> None:
    """ "Left out, counted, and named on the card among what could not be read"."""
    chart = read_beside(broken(kind))
    named = [*(gap.reason for gap in chart.gaps), *chart.left_out]
    assert any(f"{TYPES[kind][0]}/odd" in words for words in named)


@pytest.mark.parametrize("kind", ["condition", "observation"])
def test_a_complaint_that_cannot_be_read_is_not_silence(kind: str) -> None:
    """No card means that what decides was read: a calf pain that does not parse is not "no leg complaint"."""
    chart = READER.read(material([resource(broken(kind), 0)]), PATIENT_ID, AS_OF)
    assert assess(chart, AS_OF, Thresholds()).level is Level.INFO


@pytest.mark.parametrize("kind", list(TYPES))
def test_a_resource_that_does_not_even_open_is_named(kind: str) -> None:
    resource_type, topic = TYPES[kind]
    page = (
        topic,
        bundle({"resourceType": resource_type, "id": "odd", "code": [], "medicationCodeableConcept": []}),
    )
    chart = read_pages([page])
    assert chart.gaps == (Gap(topic, f"{resource_type}/odd {NOT_READABLE}"),)
    assert not chart.was_read(topic)


@pytest.mark.parametrize(
    "members",
    [
        {"note": [{"text": 5}], "extension": "odd", "meta": []},
        {"category": "problem-list-item", "asserter": 5},
        {"identifier": {"value": 5}, "text": {"status": "?", "div": "<div>"}},
        {"evidence": [{"code": "x"}], "stage": "II"},
    ],
)
def test_an_odd_member_that_is_not_read_hides_no_finding(members: dict[str, Any]) -> None:
    chart = read_beside({"condition": CALF_PAIN, "onset": -1, "members": members})
    assert [fact.concept for fact in chart.facts if fact.source == "Condition/r0"] == ["pain"]
    assert dict(chart.left_out) == {}


@pytest.mark.parametrize(
    "odd",
    [
        {"display": ""},
        {"userSelected": "perhaps"},
        {"version": ""},
        {"extension": "odd"},
        {"id": 5},
        {"display": {"value": "pain"}},
    ],
    ids=lambda each: str(next(iter(each))),
)
def test_an_odd_member_of_a_coding_hides_no_finding(odd: dict[str, Any]) -> None:
    """An invalid extension never hides a red flag, also where it stands inside what is read."""
    made = resource({"condition": CALF_PAIN, "onset": -1}, 0)
    made["code"]["coding"][0].update(odd)
    chart = read_beside(made)
    assert [fact.concept for fact in chart.facts if fact.source == "Condition/r0"] == ["pain"]
    assert dict(chart.left_out) == {}


@pytest.mark.parametrize(
    "members",
    [
        {"valueQuantity": {"value": 8, "unit": "{score}", "extension": "odd"}},
        {"valueQuantity": {"value": 8, "unit": ""}},
        {"valueInteger": 8, "referenceRange": [{"text": 5, "appliesTo": "adults"}]},
        {"valueInteger": 8, "interpretation": [{"text": ""}]},
        {"valueInteger": 8, "interpretation": [{"text": 5, "coding": [{"display": []}]}]},
        {"valueQuantity": {"value": "8"}},
        {"valueInteger": 8, "valueTime": 5, "valuePeriod": "today", "valueBoolean": "perhaps"},
        {"valueInteger": 8, "component": [{"code": {"text": "place"}, "valueQuantity": "many", "valueBoolean": {}}]},
    ],
    ids=["extension", "empty unit", "reference range", "interpretation", "words", "number", "not read", "component"],
)
def test_an_odd_member_of_a_value_hides_no_finding(members: dict[str, Any]) -> None:
    facts = facts_of({"observation": "loinc|72514-3", "at": "-1h", "site": CALF, "members": members})
    assert [fact.quantity.value for fact in facts if fact.quantity] == [8]


@pytest.mark.parametrize(
    "odd",
    [
        {"valueQuantity": {"value": "NaN"}},
        {"valueQuantity": {"value": True}},
        {"valueInteger": True},
        {"valueInteger": "eight"},
        {"valueRange": {"high": {"value": "eight"}}},
        {"valueBoolean": "perhaps"},
        {"valueString": 8},
        {"valueInteger": 8, "dataAbsentReason": "asked"},
        {"valueInteger": 8, "interpretation": "H"},
        {"valueInteger": 8, "referenceRange": "0 to 10"},
        {"valueInteger": 8, "status": " final "},
    ],
    ids=str,
)
def test_a_value_or_what_bears_on_it_of_another_shape_is_told(odd: dict[str, Any]) -> None:
    chart = read_beside({"observation": "loinc|72514-3", "at": "-1h", "site": CALF, "id": "odd", "members": odd})
    assert chart.gaps == (Gap(Topic.OBSERVATIONS, f"Observation/odd {NOT_READABLE}"),)
    assert {fact.source for fact in chart.facts} == {"Condition/opener"}


@pytest.mark.parametrize("member", ["verificationStatus", "clinicalStatus", "severity"])
def test_a_status_or_severity_of_another_shape_is_told(member: str) -> None:
    chart = read_beside({"condition": CALF_PAIN, "onset": -1, "id": "odd", "members": {member: [5]}})
    assert chart.gaps == (Gap(Topic.CONDITIONS, f"Condition/odd {NOT_READABLE}"),)


@pytest.mark.parametrize("status", ["refuted ", {"coding": [{"code": " refuted"}]}])
def test_blanks_around_a_status_are_no_other_status(status: Any) -> None:
    chart = read_beside({"condition": CALF_PAIN, "onset": -1, "members": {"verificationStatus": status}})
    assert [fact.state for fact in chart.facts if fact.source == "Condition/r0"] == [State.ABSENT]


def test_words_of_an_odd_shape_are_not_shown() -> None:
    made = resource({"condition": CALF_PAIN, "onset": -1}, 0)
    made["code"] = {"coding": [{**made["code"]["coding"][0], "display": {"a": 1}}], "text": ["b"]}
    assert [fact.display for fact in read_beside(made).facts if fact.source == "Condition/r0"] == [""]


def test_gaps_that_were_known_before_stay_gaps() -> None:
    known = Gap(Topic.MEDICATIONS, "the EHR reported an error")
    received = Material(open_page(b'{"resourceType": "Patient", "id": "p1"}'), (), (known,))
    assert READER.read(received, PATIENT_ID, AS_OF).gaps == (known,)


@pytest.mark.parametrize(
    "entry",
    [
        {"condition": CALF_PAIN, "onset": 3},
        {"condition": CALF_PAIN, "recorded": 3},
        {"observation": SWELLING, "at": "1h"},
        {"procedure": "sct|387713003", "at": 9},
    ],
)
def test_what_is_dated_in_the_future_is_dropped_and_counted(entry: dict[str, Any]) -> None:
    chart = read_beside(entry)
    assert [fact.source for fact in chart.facts] == ["Condition/opener"]
    assert dict(chart.left_out) == {IN_FUTURE: 1}


@pytest.mark.parametrize("written_in", ["UTC", "Asia/Tokyo", "America/Los_Angeles"])
def test_the_zone_in_which_the_request_was_written_changes_nothing(written_in: str) -> None:
    entry = {"observation": SWELLING, "at": "2026-11-24"}
    as_of = AS_OF.astimezone(ZoneInfo(written_in))
    assert facts_of(entry, as_of=as_of, zone="America/New_York") == facts_of(
        entry, as_of=AS_OF, zone="America/New_York"
    )


POOL: list[dict[str, Any]] = [
    {"condition": CALF_PAIN, "onset": -5, "side": "left"},
    {"condition": [CALF_PAIN, "icd|M79.662"], "onset": "2026-11"},
    {"condition": "sct|404223003", "onset": "2020", "clinical": "resolved"},
    {"condition": "sct|404223003", "onset": -1, "verification": "refuted"},
    {"condition": "", "text": "sore leg"},
    {"condition": CALF_PAIN, "subject": "Patient/p2"},
    {"condition": CALF_PAIN, "onset": 40},
    broken("condition"),
    {"observation": SWELLING, "at": -1, "value": False},
    {"observation": SWELLING, "at": -1},
    {"observation": "sct|65124004", "at": -3},
    {"observation": "loinc|72514-3", "at": "-3h", "value": 8, "site": CALF},
    {"observation": "loinc|72514-3", "at": "-1h", "value": 3, "site": CALF},
    {"observation": "loinc|2157-6", "at": -1, "value": 150, "unit": "U/L"},
    {"observation": "loinc|2157-6", "at": -1, "value": 9000, "unit": "U/L"},
    {"observation": "loinc|2157-6", "at": -2, "value": 9000, "unit": "U/L"},
    {"medication": "rx|11289"},
    {"procedure": "sct|387713003", "at": -20},
]
NAMED = [resource({**entry, "id": f"n{number}"}, number) for number, entry in enumerate(POOL)]


def paged(resources: list[dict[str, Any]], cut: int) -> Chart:
    """The chart of these resources, each type's answer in two pages."""
    pages = []
    for resource_type, topic in TYPES.values():
        answer = [each for each in resources if each["resourceType"] == resource_type]
        pages += [(topic, bundle(*answer[:cut])), (topic, bundle(*answer[cut:]))]
    return read_pages(pages)


def comparable(chart: Chart) -> tuple[Any, ...]:
    facts: list[Fact] = sorted(chart.facts, key=repr)
    return facts, sorted(chart.gaps, key=repr), dict(chart.left_out), chart.patient


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_doubling_and_shuffling_pages_changes_nothing(data: st.DataObject) -> None:
    chosen = data.draw(st.lists(st.sampled_from(NAMED), unique_by=lambda each: str(each["id"])))
    doubled = data.draw(
        st.permutations(chosen + data.draw(st.lists(st.sampled_from(chosen)) if chosen else st.just([])))
    )
    assert comparable(paged(doubled, data.draw(st.integers(0, 5)))) == comparable(paged(chosen, 0))


def test_the_reasons_for_leaving_out_are_words_for_the_card() -> None:
    for reason in (NOT_READABLE, OTHER_PATIENT, IN_FUTURE, UNCODED):
        assert reason == reason.strip()
        assert "Condition" not in reason
