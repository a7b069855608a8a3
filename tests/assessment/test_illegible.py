"""What is on record but not read is told; it is neither present nor absent, and never changes the level."""

from __future__ import annotations

import pytest

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.rule import Kind, Level
from cds_service.assessment.rules.seen import NOT_INTERPRETED
from cds_service.facts import State
from tests.charts import Entry, triage

PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
CALF = "sct|53840002"


def sources(assessment: Assessment) -> list[str]:
    return [fact.source for each in assessment.of(Kind.SEEN) if each.rule is NOT_INTERPRETED for fact in each.evidence]


@pytest.mark.parametrize(
    ("entry", "flag"),
    [
        ({"observation": "sct|449615005", "at": -1, "value": "marked"}, "swelling"),
        ({"observation": "sct|449615005", "at": -1, "value": "sct|8517006"}, "swelling"),
        ({"observation": "loinc|72514-3", "at": -1, "value": "8, worse at night", "site": CALF}, "severe-pain"),
        ({"observation": "loinc|72514-3", "at": -1, "value": 65, "unit": "mm", "site": CALF}, "severe-pain"),
        ({"observation": "sct|76948002", "at": -1, "value": "yes", "site": CALF}, "severe-pain"),
        ({"observation": "sct|247441003", "at": -1, "value": "bluish", "site": CALF}, "discolouration"),
        ({"observation": "sct|719232003", "at": -1, "value": "limps"}, "walking-problem"),
    ],
)
def test_a_red_flag_that_is_not_read_is_unknown_and_has_the_entry_as_evidence(entry: Entry, flag: str) -> None:
    found = triage([PAIN, entry])
    assert (found.level, set(sources(found))) == (Level.INFO, {"Observation/r1"})
    told = [(each.rule.id, each.state) for each in found.of(Kind.RED_FLAG) if each.evidence]
    assert told == [(flag, State.UNKNOWN)]


@pytest.mark.parametrize(
    "entry",
    [
        {"observation": "sct|309538000", "at": -1, "value": "left toes"},  # numbness
        {"observation": "loinc|2157-6", "at": -1, "value": "see report"},  # creatine kinase
        {"observation": "loinc|48065-7", "at": -1, "value": "see report"},  # D-dimer
        {"observation": "sct|267036007", "at": -1, "value": "on stairs"},  # dyspnoea
    ],
)
def test_what_else_could_raise_the_level_is_told_too(entry: Entry) -> None:
    found = triage([PAIN, entry])
    assert (found.level, sources(found)) == (Level.INFO, ["Observation/r1"])
    assert not any(flag.evidence for flag in found.of(Kind.RED_FLAG))


@pytest.mark.parametrize(
    "entry",
    [
        {"observation": "sct|449615005", "at": -1, "value": "2+ pitting, firm calf"},
        {"observation": "loinc|48065-7", "at": -1, "value": "positive, see report"},
        {"observation": "loinc|48065-7", "at": -1, "value": 900, "unit": "ng/mL{FEU}"},  # no limit came with it
    ],
)
def test_beside_it_no_home_care_is_listed_or_drafted(entry: Entry) -> None:
    found = triage([PAIN, entry])
    assert not found.suits_home_care
    assert "patient-instructions" not in [step.name for step in found.next_steps]
    assert triage([PAIN]).suits_home_care


@pytest.mark.parametrize(
    "entry",
    [
        {"observation": "sct|449615005", "at": -1, "absent_reason": "unknown"},  # nothing was recorded
        {"observation": "sct|449615005", "at": -1, "value": False},
        {"observation": "loinc|2157-6", "at": -31, "value": "see report"},
        {"observation": "loinc|72166-2", "at": -1, "value": "two a day"},  # smoking raises nothing
    ],
)
def test_what_is_no_news_is_not_told(entry: Entry) -> None:
    assert sources(triage([PAIN, entry])) == []


def test_a_flag_that_another_entry_shows_is_as_before_and_the_unread_one_is_told() -> None:
    found = triage([PAIN, {"observation": "sct|449615005", "at": -1}, {"observation": "sct|449615005", "value": "?"}])
    (flag,) = [each for each in found.of(Kind.RED_FLAG) if each.evidence]
    assert (flag.state, [fact.source for fact in flag.evidence]) == (State.PRESENT, ["Observation/r1"])
    assert sources(found) == ["Observation/r2"]


def test_without_a_leg_complaint_it_is_not_told() -> None:
    assert triage([{"observation": "sct|449615005", "at": -1, "value": "marked"}]).level is Level.NONE
