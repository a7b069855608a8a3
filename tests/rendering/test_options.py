"""Options by who the patient is and what else is recorded: the steps that tell a DVT, and nerve signs of the spine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.charts import Entry, born_years_ago, patient, triage
from tests.rendering.by_hand import card
from tests.rendering.test_sections import section

CALF_PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
SWELLING: Entry = {"observation": "sct|449615005", "at": -1, "side": "left"}
SUSPECTED: Entry = {"condition": "sct|404223003", "onset": -3, "side": "left", "verification": "provisional"}
PREGNANT: Entry = {"condition": "sct|77386006", "onset": -100}
DELIVERED: Entry = {"condition": "sct|133906008", "onset": -20}
APIXABAN: Entry = {"medication": "rx|1364430"}
SCORE = "the two-level Wells score completed at the bedside"
TREATED = "a D-dimer under treatment may mislead; bleeding into the calf weighed"
DUPLEX = "compression duplex ultrasound (RCOG 2015); discussion with the obstetric team"
CHILD = "ultrasound; paediatric or senior opinion"


SUPERFICIAL: Entry = {"condition": "icd|I80.02", "onset": -2, "side": "left"}
WOMAN = patient(gender="female")
BOY = patient(birthDate=born_years_ago(14))


def told(*entries: Entry, who: dict[str, Any] | None = None) -> str:
    """Options of the card, and of the patterns on it."""
    made = card(triage(list(entries), who)).detail or ""
    return section(made, "Options to weigh") + section(made, "Patterns to weigh")


@pytest.mark.parametrize("complaint", [SUSPECTED, SWELLING, SUPERFICIAL])
@pytest.mark.parametrize(
    ("beside", "who", "steps"),
    [
        ([], None, SCORE),
        ([APIXABAN], None, TREATED),
        ([PREGNANT], WOMAN, DUPLEX),
        ([DELIVERED], WOMAN, DUPLEX),
        ([PREGNANT, APIXABAN], WOMAN, DUPLEX),
        ([], BOY, CHILD),
        ([APIXABAN], BOY, CHILD),
    ],
)
def test_the_steps_are_those_for_this_patient(
    complaint: Entry, beside: list[Entry], who: dict[str, Any] | None, steps: str
) -> None:
    made = told({"condition": "sct|449918009", "onset": -3, "side": "left"}, complaint, *beside, who=who)
    assert steps in made
    for other in {SCORE, TREATED, DUPLEX, CHILD} - {steps}:
        assert other not in made
    if steps != SCORE:
        for words in ("Wells score completed", "By NICE NG158", "interim anticoagulation"):
            assert words not in made


def test_the_name_of_the_guideline_is_told_with_its_steps_to_whom_it_is_for() -> None:
    assert "By NICE NG158 ultrasound comes first if the score is 2 points or more" in told(CALF_PAIN, SUSPECTED)


@pytest.mark.parametrize(
    ("entry", "words"), [(PREGNANT, "calf pain in pregnancy"), (DELIVERED, "calf pain in the weeks after birth")]
)
def test_calf_pain_in_pregnancy_says_whether_before_or_after_the_birth(entry: Entry, words: str) -> None:
    made = card(triage([CALF_PAIN, entry], WOMAN))
    assert f"Recorded: {words}, left" in section(made.detail or "", "Why this card")
    assert (made.summary.lower().partition(", ")[0], "or in the weeks" in (made.detail or "")) == (words, False)


NUMB: Entry = {"observation": "sct|309537005", "at": -2, "side": "left"}
SPINE = "bladder and bowel function, saddle sensation"


@pytest.mark.parametrize(
    ("entries", "reasons"),
    [
        ([{**NUMB, "side": "both"}], "With nerve signs of both legs: "),
        ([NUMB, {**NUMB, "side": "right"}], "With nerve signs of both legs: "),
        ([NUMB, {"condition": "icd|M48.062", "onset": -100}], "With a spinal cause on record: "),
        (
            [{**NUMB, "side": "both"}, {"condition": "icd|M48.062", "onset": -100}],
            "With nerve signs of both legs and a spinal cause on record: ",
        ),
        ([NUMB], ""),
        ([{"observation": "sct|309256001", "at": -1, "side": "both"}], ""),
    ],
)
def test_nerve_signs_that_may_come_from_the_spine(entries: list[Entry], reasons: str) -> None:
    made = card(triage([{**CALF_PAIN, "side": "both"}, *entries])).detail or ""
    assert (f"{reasons}{SPINE}" if reasons else "") in made
    assert (SPINE in made) is bool(reasons)


ANEURYSM: Entry = {"condition": "sct|48273005", "onset": -700}
ARTERIAL: Entry = {"condition": "sct|399957001", "onset": -700}
LEG_DVT: Entry = {"condition": "sct|404223003", "onset": -3, "side": "left"}


@pytest.mark.parametrize(
    ("entries", "words", "is_told"),
    [
        ([{"condition": "icd|S86.012A", "onset": -3}], "a coded strain leaves rupture open", True),
        ([{"condition": "icd|M66.362", "onset": -3}], "a coded strain leaves rupture open", False),
        ([CALF_PAIN, ARTERIAL], "For claudication: supervised exercise", True),
        ([CALF_PAIN, ARTERIAL, ANEURYSM], "For claudication: supervised exercise", True),
        ([CALF_PAIN, ANEURYSM], "For claudication: supervised exercise", False),
        ([LEG_DVT, PREGNANT], "In pregnancy and after it: discussion with the obstetric team", True),
        ([LEG_DVT, DELIVERED], "In pregnancy and after it: discussion with the obstetric team", True),
        ([LEG_DVT], "obstetric", False),
    ],
)
def test_an_option_is_told_where_it_fits(entries: list[Entry], words: str, is_told: bool) -> None:
    assert (words in told(*entries, who=WOMAN)) is is_told


def test_an_aneurysm_alone_is_not_told_as_claudication() -> None:
    assert "describes claudication" in section(card(triage([CALF_PAIN, ARTERIAL])).detail or "", "Why this card")
    assert "describes claudication" not in (card(triage([CALF_PAIN, ANEURYSM])).detail or "")
