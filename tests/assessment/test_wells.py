"""The range of the two-level Wells score, whatever the chart. Examples stand in rules/wells.yaml."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from importlib.resources import files

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cds_service.assessment.d_dimer import DDU_CODES, FEU_CODES, UNCLEAR_CODES, readings
from cds_service.assessment.engine import assess
from cds_service.assessment.record import Leg, leg_of, legs, whole_patient
from cds_service.assessment.rule import Kind
from cds_service.assessment.wells import WellsItem, WellsScore, wells_score
from cds_service.assessment.wells_items import ITEMS, NOT_CODED
from cds_service.facts import Chart, Fact, Side, State
from cds_service.thresholds import Thresholds
from tests.assessment.test_policy_properties import charts, charts_made
from tests.assessment.test_policy_properties import facts as any_fact
from tests.charts import AS_OF, OPENER, Entry, read, triage

MORE: tuple[Entry, ...] = (
    *({"observation": "sct|413171006", "site": "sct|53840002", "unit": "cm", "value": cm} for cm in (34, 35, 36, 38.5)),
    *({"observation": code, "value": value} for code in ("sct|284521000", "sct|449614009") for value in (True, False)),
    *({"observation": code, "value": False} for code in ("sct|161508001", "sct|363346000", "sct|449615005")),
    {"procedure": "sct|387713003"},
    {"procedure": "sct|274474001", "site": "sct|30021000"},
)
"""What the items are shown or denied by, beside what the charts of the policy hold."""
more = st.lists(
    st.builds(
        lambda entry, rest: {**entry, **rest},
        st.sampled_from(MORE),
        st.fixed_dictionaries(
            {"at": st.integers(-40, 0)}, optional={"side": st.sampled_from(["left", "right", "both"])}
        ),
    ),
    max_size=6,
)
ABOUT = {item.label: {*item.needs, *item.deniable_by, "swelling"} for item in ITEMS}


def scores(chart: Chart) -> list[WellsScore]:
    """Of no leg in particular and of each leg that the record names."""
    patient = whole_patient(chart, Thresholds(), AS_OF)
    made = [wells_score(leg) for leg in [leg_of(Side.NOT_STATED, patient), *legs(patient)]]
    return [score for score in made if score is not None]


@charts_made
@given(charts, more)
def test_the_points_lie_between_the_least_and_the_most(chart: list[Entry], beside: list[Entry]) -> None:
    for score in scores(read([*chart, *beside])):
        assert -2 <= score.least <= score.points <= score.most <= 9
        assert [item.label for item in score.items] == [item.label for item in ITEMS]
        for item in score.items:
            assert bool(item.evidence) is (item.state is not State.UNKNOWN)
            assert item.least <= item.points <= item.most
        assert all(item.state is not State.PRESENT for item in score.items if item.label in NOT_CODED)


@charts_made
@given(st.lists(any_fact, max_size=12))
def test_the_range_holds_for_every_combination_of_facts(given_facts: list[Fact]) -> None:
    for score in scores(Chart(facts=tuple(given_facts))):
        assert -2 <= score.least <= score.points <= score.most <= 9


def _left(chart: list[Entry], complaint: Sequence[Fact] = ()) -> Leg:
    patient = whole_patient(read(chart), Thresholds(), AS_OF)
    return replace(leg_of(Side.LEFT, patient), complaint=tuple(complaint))


def _of_the_leg(chart: list[Entry], complaint: Sequence[Fact]) -> WellsScore:
    """The score of the left leg."""
    score = wells_score(_left(chart, complaint))
    assert score is not None
    return score


def _adults(chart: list[Entry]) -> list[Entry]:
    """Beside a cramp, so that it is read, and without pregnancy; numbered, so that an id stays with its entry."""
    kept = [OPENER, *(entry for entry in chart if entry.get("condition") != "sct|77386006")]
    return [{**entry, "id": f"r{number}"} for number, entry in enumerate(kept)]


@charts_made
@given(charts, more)
@example([{"condition": "sct|363346000", "side": "right"}], [{"observation": "sct|363346000", "value": False, "at": 0}])
def test_taking_data_away_never_makes_an_unknown_item_absent(chart: list[Entry], beside: list[Entry]) -> None:
    """Unless with it goes what spoke for the item, against what denies it."""
    numbered = _adults([*chart, *beside])
    complaint = triage(numbered).complaint
    whole = _of_the_leg(numbered, complaint)
    for taken in range(1, len(numbered)):  # the cramp stays: without a complaint there is no score
        rest = numbered[:taken] + numbered[taken + 1 :]
        source = f"/r{taken}"
        less = _of_the_leg(rest, [fact for fact in complaint if not fact.source.endswith(source)])
        for before, after in zip(whole.items, less.items, strict=True):
            if (before.state, after.state) == (State.UNKNOWN, State.ABSENT):
                gone = set(_left(numbered).facts) - set(_left(rest).facts)
                spoke = {fact.concept for fact in gone if fact.state is State.PRESENT}
                assert spoke & ABOUT[before.label], (before, numbered[taken])


SURE: tuple[tuple[Entry, str], ...] = (
    ({"condition": "sct|161508001"}, "previous DVT"),
    ({"condition": "icd|G81.94", "onset": -9}, "paralysis, paresis or plaster of the leg"),
    ({"procedure": "sct|274474001", "site": "sct|30021000", "at": -2}, "paralysis, paresis or plaster of the leg"),
    ({"procedure": "sct|387713003", "at": -20}, "bedridden or recent surgery"),
    ({"condition": "sct|160685001", "onset": -5}, "bedridden or recent surgery"),
    ({"condition": "icd|C50.919", "onset": -100}, "active cancer"),
)


@charts_made
@given(charts, more, st.sampled_from(SURE))
@example([{"medication": "rx|1364430"}], [{"observation": "sct|284521000", "value": False, "at": -2}], SURE[2])
def test_one_more_item_never_lowers_the_points(
    chart: list[Entry], beside: list[Entry], shown: tuple[Entry, str]
) -> None:
    numbered = _adults([*chart, *beside])
    complaint = triage(numbered).complaint
    entry, label = shown
    before, after = _of_the_leg(numbered, complaint), _of_the_leg([*numbered, {**entry, "id": "more"}], complaint)
    held = {item.label: item.state for item in before.items}
    assert after.points == before.points + (held[label] is not State.PRESENT)
    assert after.least >= before.least
    assert after.most >= before.most


@charts_made
@given(charts, st.integers(-30, 0), st.sampled_from(["loinc|48065-7", "loinc|48067-3"]))
def test_a_normal_d_dimer_never_lowers_the_level(chart: list[Entry], day: int, code: str) -> None:
    normal = {"observation": code, "at": day, "value": 100, "unit": "ng/mL{FEU}", "high": 500, "id": "normal"}
    assert triage([*chart, normal]).level >= triage(chart).level


@pytest.mark.parametrize(
    ("item", "least", "points", "most"),
    [
        (WellsItem("sure", State.PRESENT), 1, 1, 1),
        (WellsItem("open", State.PRESENT, to_confirm="something"), 0, 1, 1),
        (WellsItem("denied", State.ABSENT), 0, 0, 0),
        (WellsItem("not recorded"), 0, 0, 1),
        (WellsItem("not recorded, takes off", weight=-2), -2, 0, 0),
    ],
)
def test_the_share_of_an_item(item: WellsItem, least: int, points: int, most: int) -> None:
    assert (item.least, item.points, item.most) == (least, points, most)


def test_the_table_has_ten_rows_and_adds_up_as_in_nice() -> None:
    """NICE NG158, Table 1: nine features of 1 point, and -2."""
    assert sorted(item.weight for item in ITEMS) == [-2, *[1] * 9]


def test_every_d_dimer_code_is_sorted_into_what_it_measures() -> None:
    file = files("cds_service") / "value_sets" / "d-dimer.json"
    (include,) = json.loads(file.read_text(encoding="utf-8"))["compose"]["include"]
    codes = [each["code"] for each in include["concept"]]
    assert sorted(codes) == sorted([*FEU_CODES, *DDU_CODES, *UNCLEAR_CODES])


def test_a_chart_without_a_d_dimer_has_no_reading() -> None:
    assert readings(whole_patient(read([]), Thresholds(), AS_OF)) == ()
    assert assess(Chart(), AS_OF, Thresholds()).d_dimers == ()


def test_of_equal_scores_that_of_the_leg_of_the_most_urgent_finding_is_told() -> None:
    both: list[Entry] = [{"condition": "sct|300954003", "onset": -3, "side": side} for side in ("left", "right")]
    for side in (Side.LEFT, Side.RIGHT):
        name = "left" if side is Side.LEFT else "right"
        found = triage([*both, {"observation": "sct|247441003", "at": -1, "side": name, "site": "sct|53840002"}])
        assert found.wells is not None
        assert found.wells.side is side


def test_a_score_of_both_legs_is_of_either_where_nothing_tells_them_apart() -> None:
    """A previous DVT and cancer count on either leg; calves of different size are of one."""
    both: list[Entry] = [{"condition": "sct|300954003", "onset": -3, "side": side} for side in ("left", "right")]
    shared: list[Entry] = [
        {"condition": "icd|C50.919", "onset": -100},
        {"condition": "sct|161508001", "side": "right", "clinical": "inactive"},
    ]
    score = triage([*both, *shared]).wells
    assert score is not None
    assert (score.points, score.side) == (2, Side.BOTH)
    score = triage([*both, *shared, {"observation": "sct|284521000", "at": -1, "side": "left"}]).wells
    assert score is not None
    assert (score.points, score.side) == (3, Side.LEFT)


def test_cyanosis_without_a_site_is_told_as_such() -> None:
    pain: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
    for more, noted in (({}, True), ({"site": "sct|56459004"}, False)):
        found = triage([pain, {"observation": "sct|3415004", "at": -1, **more}])
        notes = [flag.note for flag in found.of(Kind.RED_FLAG) if flag.rule.id == "discolouration"]
        assert any("whole body" in note for note in notes) is noted
