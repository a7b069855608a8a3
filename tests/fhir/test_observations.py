"""Observations: status, components one by one, and the time of what was observed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.facts import Certainty, Fact, Side, Site, State
from cds_service.fhir.reading import IN_FUTURE
from tests.charts import concept, fact_of, facts_of, read, read_beside

CALF = "sct|53840002"
SWELLING = "sct|449615005"
PAIN_SCORE = "loinc|72514-3"


def component(code: str, **members: Any) -> dict[str, Any]:
    return {"code": concept(code) if code else {"text": "location"}, **members}


def of(facts: list[Fact], name: str) -> Fact:
    (fact,) = [fact for fact in facts if fact.concept == name]
    return fact


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled", "registered", "unknown"])
def test_a_status_that_says_nothing(status: str) -> None:
    assert facts_of({"observation": SWELLING, "at": -1, "status": status}) == []


@pytest.mark.parametrize(
    ("status", "corrected", "remarks"),
    [
        ("final", False, ()),
        ("preliminary", False, ("preliminary",)),
        ("amended", True, ()),
        ("corrected", True, ()),
    ],
)
def test_a_status_that_counts(status: str, corrected: bool, remarks: tuple[str, ...]) -> None:
    fact = fact_of({"observation": SWELLING, "at": -1, "status": status})
    assert (fact.state, fact.corrected, fact.remarks) == (State.PRESENT, corrected, remarks)


@pytest.mark.parametrize(
    ("value", "state"),
    [({}, State.ABSENT), ({"valueBoolean": True}, State.ABSENT), ({"valueBoolean": False}, State.UNKNOWN)],
)
def test_a_code_that_says_absent(value: dict[str, Any], state: State) -> None:
    """Answered no, it is a double negative."""
    fact = fact_of({"observation": "sct|162780006", "at": -1, "members": value})
    assert (fact.concept, fact.state) == ("swelling", state)


def test_a_code_that_says_suspected() -> None:
    assert fact_of({"observation": "sct|432805000", "at": -1}).certainty is Certainty.SUSPECTED


def test_each_component_is_read_by_itself() -> None:
    members = {
        "component": [
            component(PAIN_SCORE, valueInteger=8),
            component(SWELLING, valueBoolean=False),
            component("sct|44077006", dataAbsentReason={"coding": [{"code": "not-asked"}]}),
            component("sct|3253007", valueString="mottled"),
        ]
    }
    facts = facts_of({"observation": "", "text": "nurse's round", "at": "-1h", "site": CALF, "members": members})
    assert {fact.concept: fact.state for fact in facts} == {
        "pain-severity": State.PRESENT,
        "swelling": State.ABSENT,
        "numbness-tingling": State.UNKNOWN,
        "skin-colour": State.UNKNOWN,
    }
    assert {fact.source for fact in facts} == {"Observation/r0"}


def test_a_component_without_a_value_voids_only_itself() -> None:
    members = {
        "valueInteger": 8,
        "component": [
            component("", dataAbsentReason={"coding": [{"code": "unknown"}]}),
            component(SWELLING, valueBoolean=True),
        ],
    }
    facts = facts_of({"observation": PAIN_SCORE, "at": "-1h", "site": CALF, "members": members})
    assert of(facts, "pain-severity").state is State.PRESENT
    assert of(facts, "swelling").state is State.PRESENT


def test_a_whole_without_a_value_leaves_its_components() -> None:
    members = {
        "dataAbsentReason": {"coding": [{"code": "unknown"}]},
        "component": [component(SWELLING, valueBoolean=True)],
    }
    facts = facts_of({"observation": PAIN_SCORE, "at": "-1h", "site": CALF, "members": members})
    assert of(facts, "pain-severity").state is State.UNKNOWN
    assert of(facts, "swelling").state is State.PRESENT


def test_a_component_may_say_where_and_how_it_began() -> None:
    members = {
        "component": [
            component("", valueCodeableConcept=concept(CALF)),
            component("", valueCodeableConcept=concept("sct|385315009")),
        ]
    }
    fact = fact_of({"observation": "sct|90834002", "at": "-1h", "members": members})
    assert (fact.concept, fact.site, fact.sudden) == ("pain", Site.LOWER_LEG, True)


def test_a_sudden_onset_may_be_the_value() -> None:
    assert fact_of({"observation": "sct|300954003", "at": "-1h", "value": "sct|385315009"}).sudden


@pytest.mark.parametrize("question", ["sct|404684003", "sct|418799008", "loinc|75325-1", "loinc|75326-9"])
def test_a_finding_may_be_the_answer_to_what_was_found(question: str) -> None:
    fact = fact_of({"observation": question, "at": -1, "value": "sct|300954003", "side": "left"})
    assert (fact.concept, fact.state, fact.site, fact.side) == ("pain", State.PRESENT, Site.LOWER_LEG, Side.LEFT)


def test_a_question_in_a_component_is_answered_there() -> None:
    components = [
        {"code": "loinc|75325-1", "value": "sct|300954003"},
        {"code": "loinc|75325-1", "value": "sct|26544005"},
    ]
    facts = facts_of({"observation": "", "text": "review of systems", "at": -1, "components": components})
    assert {fact.concept for fact in facts} == {"pain", "muscle-weakness", "limb-weakness"}


@pytest.mark.parametrize("answer", [None, "calf pain", "sct|373067005", True])
def test_a_question_without_a_finding_as_its_answer_says_nothing(answer: Any) -> None:
    assert facts_of({"observation": "loinc|75325-1", "at": -1, "value": answer}) == []


def test_such_an_answer_alone_is_a_leg_complaint() -> None:
    chart = read([{"observation": "loinc|75325-1", "at": -1, "value": "sct|300954003"}])
    assert [fact.concept for fact in chart.facts] == ["pain"]


@pytest.mark.parametrize("status", ["sct|449868002", "sct|428041000124106"])
def test_where_the_code_only_asks_the_value_is_the_finding(status: str) -> None:
    facts = facts_of({"observation": "loinc|72166-2", "at": -30, "value": status})
    assert of(facts, "smoking").state is State.PRESENT


@pytest.mark.parametrize("status", ["sct|266919005", "sct|8517006"])
def test_who_never_smoked_or_stopped_is_no_smoker(status: str) -> None:
    facts = facts_of({"observation": "loinc|72166-2", "at": -30, "value": status})
    assert not [fact for fact in facts if fact.concept == "smoking" and fact.state is State.PRESENT]


@pytest.mark.parametrize(
    ("members", "when"),
    [
        ({"effectiveDateTime": "2026-11-20", "issued": "2026-11-22T10:00:00Z"}, "2026-11-20"),
        (
            {"effectiveInstant": "2026-11-20T10:00:00Z", "issued": "2026-11-22T10:00:00Z"},
            "2026-11-20T10:00:00+00:00",
        ),
        ({"effectivePeriod": {"start": "2026-11-18", "end": "2026-11-20"}}, "2026-11-18 to 2026-11-20"),
        ({"effectivePeriod": {"start": "2026-11-18"}}, "since 2026-11-18"),
        ({"effectiveDateTime": "2026-11-20T10:00:00"}, "2026-11-20T10:00:00+00:00"),
        ({"effectiveDateTime": "2026-11"}, "2026-11"),
        ({"issued": "2026-11-22T10:00:00Z"}, "2026-11-22T10:00:00+00:00"),
    ],
)
def test_the_time_observed_comes_before_the_time_issued(members: dict[str, Any], when: str) -> None:
    fact = fact_of({"observation": SWELLING, "members": members})
    assert fact.when is not None
    assert fact.when.text == when


def test_the_time_issued_is_when_it_was_recorded_not_when_it_began() -> None:
    fact = fact_of({"observation": SWELLING, "issued": -1})
    assert (fact.began, fact.recorded) == (None, fact.when)
    observed = fact_of({"observation": SWELLING, "at": -1})
    assert (observed.began, observed.recorded) == (observed.when, None)


@pytest.mark.parametrize(
    "members",
    [
        {"effectiveDateTime": "2025-01-10"},
        {"effectivePeriod": {"start": "2025-01-10", "end": "2025-01-11"}},
        {"effectiveInstant": "2025-01-10T10:00:00Z"},
        {"effectiveTiming": {"event": ["2025-01-10"]}},
    ],
)
def test_an_old_value_issued_again_is_not_recent(members: dict[str, Any]) -> None:
    """`issued` only says when the answer was sent."""
    assert facts_of({"observation": SWELLING, "members": {**members, "issued": "2026-11-22T10:00:00Z"}}) == []


@pytest.mark.parametrize(
    ("at", "read"),
    [
        (-29, True),
        (-31, False),
        ("2026-10-24", True),
        ("2026-10-23", False),
        ("2026-10", True),
        ("2026-09", False),
        ("2026", True),
    ],
)
def test_the_look_back_takes_the_latest_moment(at: Any, read: bool) -> None:
    assert bool(facts_of({"observation": SWELLING, "at": at})) is read


def test_an_open_period_is_still_going_on() -> None:
    assert (
        fact_of({"observation": SWELLING, "members": {"effectivePeriod": {"start": "2020-01-01"}}}).state
        is State.PRESENT
    )


def test_an_undated_observation_counts_and_says_so() -> None:
    fact = fact_of({"observation": SWELLING})
    assert (fact.when, fact.remarks) == (None, ("date not recorded",))


@pytest.mark.parametrize(
    ("at", "read"),
    [
        ("2026-11-23T12:05:00Z", True),
        ("2026-11-23T12:06:00Z", False),
        ("2026-11-24", True),
        ("2026-11-25", False),
        ("2027", False),
    ],
)
def test_the_future_is_dropped_and_counted(at: str, read: bool) -> None:
    chart = read_beside({"observation": SWELLING, "at": at})
    assert any(fact.source == "Observation/r0" for fact in chart.facts) is read
    assert dict(chart.left_out) == ({} if read else {IN_FUTURE: 1})


@pytest.mark.parametrize(("zone", "read"), [("UTC", True), ("America/New_York", False)])
def test_tomorrow_is_that_of_the_services_zone(zone: str, read: bool) -> None:
    """At 02:00 UTC on the 24th it is still the 23rd in New York."""
    as_of = datetime(2026, 11, 24, 2, tzinfo=UTC)
    assert bool(facts_of({"observation": SWELLING, "at": "2026-11-25"}, as_of=as_of, zone=zone)) is read


def test_a_pain_score_keeps_its_encounter() -> None:
    assert (
        fact_of({"observation": PAIN_SCORE, "at": "-1h", "value": 8, "site": CALF, "encounter": "e1"}).encounter == "e1"
    )


@pytest.mark.parametrize(
    "members", [{"effectiveDateTime": "yesterday"}, {"issued": "2026 or so"}, {"effectivePeriod": {}}]
)
def test_a_date_that_cannot_be_read_is_not_called_missing(members: dict[str, Any]) -> None:
    fact = fact_of({"observation": SWELLING, "members": members})
    assert (fact.when, fact.remarks) == (None, ("date could not be read",))
