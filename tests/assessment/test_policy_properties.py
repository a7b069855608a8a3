"""What must hold of the triage policy whatever the chart. Hypothesis makes the charts in their short form."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import product
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.engine import assess
from cds_service.assessment.rule import Kind, Level
from cds_service.assessment.rules.guidance import RED_FLAGS
from cds_service.facts import (
    Certainty,
    Chart,
    Course,
    Fact,
    Interval,
    PatientFacts,
    Quantity,
    Side,
    Site,
    State,
)
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, READER, Entry, patient, triage

charts_made = settings(deadline=None, database=None)

LEG, CALF, FOOT = "sct|61685007", "sct|53840002", "sct|56459004"
FINDINGS = (
    *("sct|300954003", "sct|10601006", "sct|449615005", "sct|449614009", "sct|284521000", "sct|247441003"),
    *("sct|3415004", "sct|719232003", "sct|76948002", "sct|309256001", "sct|301170006", "sct|309538000"),
    *("sct|91019004", "sct|309249007", "sct|309774006", "sct|267036007"),
)
DISEASES = (
    *("sct|300954003", "sct|10601006", "sct|449918009", "sct|48532005", "sct|45613006", "sct|11654001"),
    *("sct|404223003", "sct|128053003", "sct|15760351000119105", "sct|111245009", "sct|1230182004"),
    *("sct|52486002", "sct|449711005", "sct|91302008", "sct|240131006", "sct|59282003", "sct|429513001"),
    *("sct|63491006", "sct|428171009", "sct|840580004", "sct|275517008", "sct|6990005", "sct|84114007"),
    *("sct|42345000", "sct|50582007", "sct|363346000", "sct|161508001", "sct|77386006", "sct|160685001"),
    *("sct|449615005", "sct|267039000", "sct|719232003", "sct|267036007", "sct|195303005"),
)
RAISING: tuple[Entry, ...] = (
    *({"observation": code} for code in ("sct|719232003", "sct|309537005", "sct|309256001", "sct|301170006")),
    *({"observation": code, "site": CALF} for code in ("sct|76948002", "sct|247441003", "sct|65124004", "sct|3415004")),
    {"observation": "loinc|72514-3", "value": 9, "site": CALF},
    {"observation": "sct|300954003", "value": "sct|385315009"},
    {"observation": "sct|309774006", "site": LEG},
    {"observation": "sct|267036007"},
    {"observation": "loinc|2157-6", "value": 9000, "unit": "U/L"},
    *({"condition": code} for code in ("sct|1230182004", "icd|T79.A29A", "sct|59282003", "sct|404223003")),
    *({"condition": code} for code in ("sct|195303005", "sct|240131006", "sct|428171009")),
    {"condition": "sct|52486002", "site": CALF},
)
"""Red flags, limb-threat signs and findings of the critical row."""

days = st.integers(-100, 0) | st.sampled_from([-90, -42, -31, -30, -15, -14, -8, -7, -3, -1])
hours = st.integers(-48, 0).map(lambda n: f"{n}h")
sides = st.sampled_from(["left", "right", "both"])
sites = st.sampled_from([CALF, FOOT, LEG, "sct|68367000"])
no_answer: Entry = {}
answers = st.sampled_from(
    [
        *(no_answer, no_answer, {"value": True}, {"value": False}, {"value": "loinc|LA32-8"}),
        *({"value": "?"}, {"absent_reason": "not-asked"}),
    ]
)


def _entries(kind: str, codes: st.SearchStrategy[str], **optional: st.SearchStrategy[Any]) -> st.SearchStrategy[Entry]:
    rest = st.fixed_dictionaries({}, optional={"side": sides, "site": sites, **optional})
    return st.builds(lambda code, others: {kind: code, **others}, codes, rest)


def _both(one: st.SearchStrategy[Entry], more: st.SearchStrategy[Entry]) -> st.SearchStrategy[Entry]:
    return st.builds(lambda entry, others: {**entry, **others}, one, more)


findings = _both(_entries("observation", st.sampled_from(FINDINGS), at=days | hours), answers)
scores = _both(
    _entries(
        "observation",
        st.just("loinc|72514-3"),
        at=days | hours,
        status=st.sampled_from(["final", "corrected", "entered-in-error"]),
    ),
    st.fixed_dictionaries({"value": st.integers(0, 10)}),
)
TESTS: list[Entry] = [
    {"observation": "loinc|2157-6", "unit": "U/L"},
    {"observation": "loinc|2823-3", "unit": "mmol/L"},
    {"observation": "loinc|48065-7", "unit": "ng/mL", "high": 500},
]
results = _both(
    st.sampled_from(TESTS),
    st.fixed_dictionaries({"value": st.sampled_from([2.4, 2.5, 500, 501, 1000, 1001])}, optional={"at": days | hours}),
)
conditions = _entries(
    "condition",
    st.sampled_from(DISEASES),
    onset=days,
    recorded=days,
    clinical=st.sampled_from(["active", "resolved", "remission", None]),
    verification=st.sampled_from(["confirmed", "provisional", "refuted", "entered-in-error", None]),
)
others = st.sampled_from([{"medication": "rx|1364430"}, {"procedure": "sct|387713003", "at": -20}])
calf_pains = _entries("condition", st.just("sct|300954003"), onset=st.integers(-30, 0))
entries = findings | conditions | scores | results | others | calf_pains
charts = st.lists(entries, min_size=1, max_size=8)


def summary(assessment: Assessment) -> dict[str, Any]:
    """What a card is made from, as far as order has no meaning in it."""
    return {
        "level": assessment.level,
        "side": assessment.side,
        "complaint": {fact.concept for fact in assessment.complaint},
        "findings": {finding.rule.id: finding.level for finding in assessment.raising},
        "flags": {flag.rule.id: (flag.state, flag.level) for flag in assessment.of(Kind.RED_FLAG)},
        "risk factors": {factor.rule.id: factor.state for factor in assessment.of(Kind.RISK)},
        "wells": assessment.wells.points if assessment.wells else None,
        "home care": {step.name: set(step.withheld) for step in assessment.home_care},
    }


@charts_made
@given(charts, st.sampled_from(RAISING), st.integers(-6, 0), st.fixed_dictionaries({}, optional={"side": sides}))
def test_one_more_sign_never_lowers_the_level(chart: list[Entry], raising: Entry, day: int, side: Entry) -> None:
    more = {**raising, **side, ("at" if "observation" in raising else "onset"): day}
    assert triage([*chart, more]).level >= triage(chart).level


@charts_made
@given(charts)
@example(
    [
        {"condition": "sct|300954003", "onset": -3, "side": "left"},
        {"observation": "sct|300954003", "at": -5, "side": "right"},
        {"observation": "sct|300954003", "at": -1, "side": "right", "value": False},
        {"observation": "sct|449615005", "at": -1, "side": "right", "value": False},
    ]
)
def test_what_is_taken_away_never_turns_unknown_into_absent(chart: list[Entry]) -> None:
    """As long as the complaint stays where it was: a flag is told of the leg complained of."""
    whole = triage(chart)
    before = {flag.rule.id: flag.state for flag in whole.of(Kind.RED_FLAG)}
    numbered = [{**entry, "id": f"r{number}"} for number, entry in enumerate(chart)]
    for taken in range(len(numbered)):
        rest = numbered[:taken] + numbered[taken + 1 :]
        less = triage(rest)
        if {fact.side for fact in less.complaint} != {fact.side for fact in whole.complaint}:
            continue
        for flag in less.of(Kind.RED_FLAG):
            assert (before.get(flag.rule.id), flag.state) != (State.UNKNOWN, State.ABSENT)


@charts_made
@given(charts, st.data())
def test_order_and_doubling_change_nothing(chart: list[Entry], data: st.DataObject) -> None:
    numbered = [{**entry, "id": f"r{number}"} for number, entry in enumerate(chart)]
    again = data.draw(st.lists(st.sampled_from(numbered)))
    assert summary(triage(data.draw(st.permutations([*numbered, *again])))) == summary(triage(numbered))


@charts_made
@given(charts, st.timedeltas(timedelta(days=-9000), timedelta(days=9000)))
def test_moving_every_date_and_as_of_together_changes_nothing(chart: list[Entry], offset: timedelta) -> None:
    ageless = patient(birthDate=None)
    assert summary(triage(chart, ageless, AS_OF + offset)) == summary(triage(chart, ageless))


@charts_made
@given(charts, st.integers(-9000, 9000), st.integers(-40, 0))
def test_moving_whole_days_changes_nothing_for_dates_without_a_time(chart: list[Entry], offset: int, day: int) -> None:
    dated = [{**entry, "onset": f"{day}d"} if "onset" in entry else entry for entry in chart]
    ageless = patient(birthDate=None)
    assert summary(triage(dated, ageless, AS_OF + timedelta(days=offset))) == summary(triage(dated, ageless))


@charts_made
@given(charts, st.dates(AS_OF.date().replace(year=1920), AS_OF.date()))
def test_moving_a_birth_with_the_rest_by_400_years_changes_nothing(chart: list[Entry], born: date) -> None:
    """400 years are a whole cycle of the calendar, leap days and all."""
    later = born.replace(year=born.year + 400)
    moved = triage(chart, patient(birthDate=later.isoformat()), AS_OF.replace(year=AS_OF.year + 400))
    assert summary(moved) == summary(triage(chart, patient(birthDate=born.isoformat())))


@charts_made
@given(charts)
@example([{"observation": "sct|300954003", "at": -3}, {"condition": "sct|50582007", "onset": -90, "side": "left"}])
def test_mirroring_the_chart_mirrors_the_result(chart: list[Entry]) -> None:
    other = {"left": "right", "right": "left", "both": "both"}
    mirrored = [{**entry, "side": other[entry["side"]]} if "side" in entry else entry for entry in chart]
    expected = summary(triage(chart))
    expected["side"] = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}.get(expected["side"], expected["side"])
    assert summary(triage(mirrored)) == expected


def _level_is_that_of_its_findings(assessment: Assessment) -> None:
    levels = [finding.level for finding in assessment.raising]
    assert len({finding.rule for finding in assessment.raising}) == len(levels)
    if assessment.complaint:
        assert assessment.level is max(levels, default=Level.INFO)
        assert len(assessment.of(Kind.RED_FLAG)) == len(RED_FLAGS)
    else:
        assert assessment.level is Level.NONE
        assert not levels


@charts_made
@given(charts)
def test_every_chart_lands_in_one_level(chart: list[Entry]) -> None:
    _level_is_that_of_its_findings(triage(chart))


def _interval(first: int, length: int) -> Interval:
    start = AS_OF + timedelta(hours=first)
    return Interval(start, start + timedelta(hours=length), start.isoformat())


intervals = st.none() | st.builds(_interval, st.integers(-3000, 0), st.integers(0, 1000))
quantities = st.none() | st.builds(
    Quantity,
    value=st.none() | st.floats(0, 9000),
    unit=st.just(""),
    text=st.just(""),
    comparator=st.sampled_from(["", "<", "<=", ">=", ">"]),
    high=st.none() | st.floats(0, 900),
    raised=st.sampled_from([None, True, False]),
)
facts = st.builds(
    Fact,
    concept=st.sampled_from(sorted(READER.terminology.concepts)),
    state=st.sampled_from(State),
    source=st.sampled_from([f"{kind}/{number}" for kind in ("Condition", "Observation") for number in range(4)]),
    codes=st.just((("", ""),)),
    when=intervals,
    began=intervals,
    recorded=intervals,
    side=st.sampled_from(Side),
    site=st.sampled_from(Site),
    site_matters=st.booleans(),
    certainty=st.sampled_from(Certainty),
    course=st.sampled_from(Course),
    severe=st.booleans(),
    sudden=st.booleans(),
    corrected=st.booleans(),
    quantity=quantities,
)


@charts_made
@given(st.lists(facts, max_size=12))
def test_every_combination_of_facts_lands_in_one_level(given_facts: list[Fact]) -> None:
    _level_is_that_of_its_findings(assess(Chart(PatientFacts(), tuple(given_facts)), AS_OF, Thresholds()))


SIGNS = {
    "walking-problem": Level.WARNING,
    "swelling": Level.WARNING,
    "skin-colour": Level.WARNING,
    "cold-limb": Level.WARNING,
    "numbness-tingling": Level.WARNING,
    "dyspnoea": Level.CRITICAL,
    "creatine-kinase": Level.CRITICAL,
}
"""What each raises calf pain to when it alone is present."""
HIGH = Quantity(9000.0, "U/L", "9000 U/L")


def test_every_combination_of_states_has_the_level_of_the_policy() -> None:
    now = _interval(-24, 0)
    pain = Fact("pain", State.PRESENT, "Condition/pain", (("", ""),), when=now, began=now, site=Site.LOWER_LEG)
    signs = {
        (concept, state): Fact(
            concept,
            state,
            f"Observation/{concept}",
            (("", ""),),
            when=now,
            began=now,
            site=Site.LEG,
            quantity=HIGH,
        )
        for concept in SIGNS
        for state in State
    }
    for states in product(State, repeat=len(SIGNS)):
        recorded = dict(zip(SIGNS, states, strict=True))
        present = {concept for concept, state in recorded.items() if state is State.PRESENT}
        expected = max((SIGNS[concept] for concept in present), default=Level.INFO)
        if {"cold-limb", "numbness-tingling"} <= present:
            expected = Level.CRITICAL
        chart = Chart(facts=(pain, *(signs[each] for each in recorded.items())))
        assert (recorded, assess(chart, AS_OF, Thresholds()).level) == (recorded, expected)
