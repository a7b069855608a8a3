"""Which card is kept back, as a table: what it is, what became of the same card before, what the operator wants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.engine import assess
from cds_service.assessment.record import whole_patient
from cds_service.assessment.rule import Finding, Level
from cds_service.assessment.rules.clot import SUSPECTED_DVT
from cds_service.assessment.rules.guidance import SWELLING, WALKING
from cds_service.facts import Chart, Gap, State, Topic
from cds_service.hooks.silence import Silence, reason_to_withhold
from cds_service.hooks.statement import Statement
from cds_service.rendering.case import CHART_ALONE, Occasion
from cds_service.storage.earlier_cards import Answer, Earlier
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, Entry, read, triage


def decided(level: Level, *findings: Finding, **chart: Any) -> Assessment:
    """An assessment of this level; `chart`: what the chart says of itself."""
    record = whole_patient(Chart(**chart), Thresholds(), AS_OF)
    return Assessment(level=level, record=record, findings=findings)


INFO, WARNING, CRITICAL = map(decided, (Level.INFO, Level.WARNING, Level.CRITICAL))
LISTED = decided(Level.INFO, Finding(SWELLING, State.PRESENT))
UNKNOWN_FLAG = decided(Level.INFO, Finding(SWELLING, State.UNKNOWN))
UNREAD = decided(Level.INFO, gaps=(Gap(Topic.CONDITIONS, "could not be read"),))
NO_MEDICINES = decided(Level.WARNING, gaps=(Gap(Topic.MEDICATIONS, "could not be read"),))

DAY, THREE_DAYS, NEVER = (Silence(timedelta(hours=hours), once_per_encounter=True) for hours in (24, 72, 0))
FREE = Silence(timedelta(hours=24), once_per_encounter=False)
VIEW, START = "patient-view", "encounter-start"


def ago(hours: float) -> datetime:
    return AS_OF - timedelta(hours=hours)


def shown(hook: str, hours: float = 1) -> Answer:
    return Answer(hook, ago(hours), shown=True)


def kept_back(hook: str) -> Answer:
    return Answer(hook, ago(0.5), shown=False)


@pytest.mark.parametrize(
    ("assessment", "hours_ago", "silence", "withheld"),
    [
        (WARNING, [], DAY, None),
        (WARNING, [23.9], DAY, "overridden"),
        (WARNING, [24], DAY, None),
        (WARNING, [30, 2], DAY, "overridden"),
        (WARNING, [23.9], THREE_DAYS, "overridden"),
        (WARNING, [24], THREE_DAYS, None),
        (NO_MEDICINES, [1], DAY, "overridden"),
        (INFO, [71.9], THREE_DAYS, "overridden"),
        (INFO, [72], THREE_DAYS, None),
        (INFO, [24], DAY, None),
        (LISTED, [23.9], THREE_DAYS, "overridden"),
        (LISTED, [24], THREE_DAYS, None),
        (UNKNOWN_FLAG, [30], THREE_DAYS, "overridden"),
        (CRITICAL, [0.1], THREE_DAYS, None),
        (UNREAD, [0.1], THREE_DAYS, None),
        (INFO, [0.1], NEVER, None),
        (WARNING, [0.1], FREE, "overridden"),
    ],
)
def test_an_override(
    assessment: Assessment, hours_ago: Sequence[float], silence: Silence, withheld: str | None
) -> None:
    earlier = Earlier(overrides=[ago(hours) for hours in hours_ago])
    assert reason_to_withhold(Statement.of(assessment, AS_OF), VIEW, earlier, silence, AS_OF) == withheld


@pytest.mark.parametrize(
    ("assessment", "answers", "silence", "withheld"),
    [
        (WARNING, [], DAY, None),
        (WARNING, [shown(START)], DAY, "repeated"),
        (INFO, [shown(START)], NEVER, "repeated"),
        (WARNING, [shown(VIEW)], DAY, None),
        (WARNING, [kept_back(START)], DAY, None),
        (WARNING, [shown(START), kept_back("order-sign")], DAY, "repeated"),
        # the chart is opened again, whichever hook was first
        (WARNING, [shown(START), kept_back(VIEW)], DAY, None),
        (WARNING, [shown(VIEW), kept_back(START)], DAY, None),
        (WARNING, [shown(START, 23.9)], DAY, "repeated"),
        (WARNING, [shown(START, 24)], DAY, None),
        (WARNING, [shown(START, 24)], THREE_DAYS, None),
        (CRITICAL, [shown(START)], DAY, None),
        (UNREAD, [shown(START)], DAY, None),
        (WARNING, [shown(START)], FREE, None),
    ],
)
def test_a_second_hook_in_one_encounter(
    assessment: Assessment, answers: Sequence[Answer], silence: Silence, withheld: str | None
) -> None:
    earlier = Earlier(answers=answers)
    assert reason_to_withhold(Statement.of(assessment, AS_OF), VIEW, earlier, silence, AS_OF) == withheld


PAIN: Entry = {"condition": "sct|300954003", "id": "pain", "onset": -3, "side": "left"}
SCORE: Entry = {"observation": "loinc|72514-3", "id": "score", "at": "-2h", "value": 8, "site": "sct|53840002"}
HEART_FAILURE: Entry = {"condition": "icd|I50.9", "id": "heart", "onset": -90}
ANKLES: Entry = {"condition": "icd|R60.0", "id": "ankles", "onset": -3, "side": "both", "site": "sct|344001"}
SMOKER: Entry = {"condition": "icd|F17.210", "id": "smoker", "onset": -900}
WARFARIN: Entry = {"medication": "rx|11289", "id": "warfarin", "at": -30}
CANCER: Entry = {"condition": "icd|C50.911", "id": "cancer", "onset": -100}


def content(*chart: Entry, occasion: Occasion | None = None, as_of: datetime = AS_OF) -> bytes:
    assessment = assess(read([*chart]), as_of, Thresholds())
    return Statement.of(assessment, as_of, occasion or CHART_ALONE).content


def test_the_same_evidence_is_the_same_card_whatever_its_order_and_the_hour() -> None:
    later = AS_OF + timedelta(hours=2)
    assert content(PAIN, SCORE, SMOKER) == content(SMOKER, SCORE, PAIN) == content(PAIN, SCORE, SMOKER, as_of=later)


def test_what_the_card_does_not_rest_on_makes_no_other_card() -> None:
    """Cholesterol, and a second coding of smoking, which was on record already."""
    assert content(PAIN, SCORE, {"observation": "loinc|2093-3", "at": -1, "value": 5}) == content(PAIN, SCORE)
    assert content(PAIN, SCORE, SMOKER, {**SMOKER, "id": "again"}) == content(PAIN, SCORE, SMOKER)


@pytest.mark.parametrize(
    "chart",
    [
        [PAIN],
        [PAIN, {**SCORE, "value": 9}],
        [PAIN, {**SCORE, "id": "again"}],
        [PAIN, {**SCORE, "at": "-1h"}],
        [PAIN, {**SCORE, "side": "left"}],
        [{**PAIN, "verification": "provisional"}, SCORE],
        [{**PAIN, "side": "right"}, SCORE],
        [PAIN, SCORE, {**PAIN, "id": "again"}],
        [PAIN, SCORE, WARFARIN],
        [PAIN, SCORE, CANCER],
        [PAIN, SCORE, SMOKER],
        [PAIN, SCORE, HEART_FAILURE, ANKLES],
        [PAIN, SCORE, {"observation": "sct|449615005", "id": "swollen", "at": -1, "value": "marked"}],
        [PAIN, SCORE, {"condition": "sct|404223003", "id": "dvt", "onset": -1, "verification": "unconfirmed"}],
    ],
)
def test_other_evidence_is_another_card(chart: Sequence[Entry]) -> None:
    assert content(*chart) != content(PAIN, SCORE)


def test_a_listed_finding_is_part_of_the_card() -> None:
    explained = triage([PAIN, HEART_FAILURE, ANKLES])
    assert explained.level is Level.INFO
    assert Statement.of(explained, AS_OF).content != content(PAIN, HEART_FAILURE)


def test_a_nerve_sign_that_does_not_count_is_part_of_the_card() -> None:
    neuropathy: Entry = {"condition": "icd|E11.42", "id": "neuropathy", "onset": -1000}
    numb: Entry = {"observation": "sct|309537005", "id": "numb", "at": -1}
    assert triage([PAIN, neuropathy, numb]).level is Level.INFO
    assert content(PAIN, neuropathy, numb) != content(PAIN, neuropathy)


def test_another_level_finding_or_occasion_is_another_card() -> None:
    assessment = triage([PAIN, SCORE])
    others: list[Statement] = [
        Statement.of(replace(assessment, level=Level.INFO), AS_OF),
        Statement.of(replace(assessment, findings=(*assessment.findings, Finding(WALKING, State.PRESENT))), AS_OF),
        Statement.of(
            replace(assessment, findings=(Finding(SUSPECTED_DVT, State.PRESENT), *assessment.findings)), AS_OF
        ),
        Statement.of(assessment, AS_OF, Occasion("discharge")),
        Statement.of(assessment, AS_OF, Occasion("appointment")),
    ]
    assert len({each.content for each in (Statement.of(assessment, AS_OF), *others)}) == 6


def with_chart(**members: Any) -> Statement:
    """What the card tells of pain and its score where the chart is this too."""
    chart = replace(read([PAIN, SCORE]), **members)
    return Statement.of(assess(chart, AS_OF, Thresholds()), AS_OF)


@pytest.mark.parametrize(
    "members",
    [
        {"gaps": (Gap(Topic.MEDICATIONS, "could not be read"),)},
        {"gaps": (Gap(Topic.PROCEDURES, "could not be read"),)},
        {"left_out": {"could not be read": 1}},
    ],
)
def test_what_stayed_unread_is_part_of_the_card(members: dict[str, Any]) -> None:
    assert with_chart(**members).content != with_chart().content


def test_the_reason_of_a_gap_is_not() -> None:
    """A time-out today and a refusal tomorrow leave the same part unread."""
    contents = {
        with_chart(gaps=(Gap(Topic.MEDICATIONS, reason),)).content for reason in ("took too long", "was refused")
    }
    assert len(contents) == 1


def test_what_is_dated_by_its_call_is_the_same_in_the_next() -> None:
    """Drafts, and new entries without a date."""
    contents = set()
    pain = {**PAIN, "onset": "2026-11-20"}
    for as_of in (AS_OF, AS_OF + timedelta(minutes=5)):
        new = {"condition": "sct|404223003", "id": "new", "recorded": as_of.isoformat(), "verification": "unconfirmed"}
        contents.add(Statement.of(triage([pain, new], as_of=as_of), as_of).content)
    assert len(contents) == 1
