"""The section of a card that tells the patterns: short, without what the card says already, in harmless text."""

from __future__ import annotations

import re
from typing import Any

import pytest

from cds_service.assessment.critical import COMPARTMENT
from cds_service.assessment.patterns.catalogue import PATTERNS
from cds_service.assessment.patterns.pattern import Fit, Pattern, Recognised
from cds_service.assessment.rules import Level
from cds_service.assessment.triage import Assessment
from cds_service.assessment.warning import D_DIMER, SUSPECTED_DVT
from cds_service.facts import Certainty, Course, Fact, Quantity, Side, State
from cds_service.rendering.patterns import patterns
from tests.assessment.test_patterns import EXAMPLES, assessed
from tests.charts import Entry, triage
from tests.rendering.by_hand import assessment, card, case, elsewhere, fact, finding
from tests.rendering.test_card_words import NEVER

KNOWN = {pattern.id: pattern for pattern in PATTERNS}
SWELLING = fact("swelling", "Observation/swelling")
CYST = fact("baker-cyst", "Condition/cyst", 400, side=Side.NOT_STATED)


def told(name: str, *supporting: Fact, of: Assessment | None = None, **fit: Any) -> str:
    """The section for one pattern that these facts fit."""
    recognised = (Recognised(KNOWN[name], Fit(supporting, **fit)),)
    whole = of or assessment()
    return patterns(case(assessment(*whole.findings, complaint=whole.complaint, patterns=recognised)))


def test_without_a_pattern_there_is_no_section() -> None:
    assert patterns(case(assessment())) == ""
    assert "Patterns to weigh" not in (card(assessment()).detail or "")


def test_a_bullet_tells_label_source_for_against_note_missing_and_options() -> None:
    text = told(
        "ruptured-baker-cyst",
        CYST,
        SWELLING,
        against=(fact("cellulitis", "Condition/red"),),
        beside=(elsewhere("creatine-kinase", "Observation/ck", quantity=Quantity(19.0, "U/L", "19 U/L")),),
        note="a note",
        missing=("ultrasound",),
    )
    assert text.startswith("\n- **Ruptured popliteal (Baker) cyst** (Am J Med Sci 2023): ")
    assert "For: popliteal (Baker) cyst, swelling (left). Against: cellulitis (left). " in text
    assert "Against: cellulitis (left). Beside it: creatine kinase `19 U/L`. Note: a note. " in text
    assert "Not known here: ultrasound. Options: " in text


def test_what_there_is_nothing_of_is_left_out() -> None:
    text = told("ruptured-baker-cyst", CYST)
    assert "For: popliteal (Baker) cyst. Options: " in text


def test_a_fact_says_value_denial_suspicion_and_history() -> None:
    index = elsewhere("ankle-brachial-index", "Observation/i", quantity=Quantity(0.62, "", "0.62"))
    text = told(
        "ruptured-baker-cyst",
        index,
        fact("dvt", "Condition/1", certainty=Certainty.SUSPECTED),
        fact("previous-dvt", "Condition/2", course=Course.HISTORY, side=Side.NOT_STATED),
        against=(fact("swelling", "Observation/no", state=State.ABSENT),),
    )
    assert "For: ankle-brachial index `0.62`, DVT (left, suspected), previous DVT (history). " in text
    assert "Against: swelling denied (left)." in text


def test_of_many_facts_and_things_missing_the_first_are_told() -> None:
    facts = [fact(concept, f"Condition/{concept}") for concept in ("dvt", "cramp", "strain", "contusion", "cellulitis")]
    text = told("ruptured-baker-cyst", *facts, missing=("one", "two", "three", "four"))
    assert "For: DVT (left), cramp (left), muscle strain or tear (left), contusion (left), and 1 more." in text
    assert "Not known here: one, two, three, and 1 more." in text


def test_three_patterns_are_told_and_the_others_named() -> None:
    names = ("acute-compartment-syndrome", "deep-vein-thrombosis", "ruptured-baker-cyst", "cellulitis", "cramp")
    five = tuple(Recognised(KNOWN[name], Fit((SWELLING,))) for name in names)
    lines = patterns(case(assessment(patterns=five))).strip().splitlines()
    assert len(lines) == 4
    assert lines[-1] == "- 2 more: cellulitis of the leg, muscle cramp."


def test_beside_a_threat_only_threats_are_told_and_the_others_named() -> None:
    def lines(*names: str, level: Level = Level.CRITICAL) -> list[str]:
        fitting = tuple(Recognised(KNOWN[name], Fit((SWELLING,))) for name in names)
        return patterns(case(assessment(finding(COMPARTMENT, SWELLING, level=level), patterns=fitting))).splitlines()

    assert lines("muscle-strain", "contusion")[-1] == "- Fits the record too: muscle strain or tear, contusion."
    both = lines("deep-vein-thrombosis", "muscle-strain")
    assert both[1].startswith("- **Deep vein thrombosis")
    assert both[2:] == ["- 1 more: muscle strain or tear."]
    assert "**Muscle strain" in lines("muscle-strain", level=Level.WARNING)[-1]


def test_what_the_card_itself_is_about_is_not_told_again() -> None:
    suspected = fact("dvt", "Condition/dvt", certainty=Certainty.SUSPECTED)
    of = assessment(finding(SUSPECTED_DVT, suspected))
    assert told("deep-vein-thrombosis", suspected, SWELLING, of=of) == ""
    assert "Superficial vein" in told("superficial-vein-thrombosis", suspected, of=of)
    assert "Ruptured" in told("ruptured-baker-cyst", CYST, of=of)


def test_it_is_told_where_something_stands_against_it_or_a_measurement_is_not_on_the_card_yet() -> None:
    suspected = fact("dvt", "Condition/dvt", certainty=Certainty.SUSPECTED)
    of = assessment(finding(SUSPECTED_DVT, suspected))
    assert "Against: contusion" in told(
        "deep-vein-thrombosis", suspected, against=(fact("contusion", "Condition/c"),), of=of
    )
    dimer = elsewhere("d-dimer", "Observation/d", quantity=Quantity(900, "ng/mL", "900 ng/mL"))
    assert "D-dimer `900 ng/mL`" in told("deep-vein-thrombosis", dimer, of=of)
    assert told("deep-vein-thrombosis", dimer, of=assessment(finding(D_DIMER, dimer))) == ""


def test_the_facts_of_a_pattern_stand_among_the_evidence() -> None:
    injury = fact("contusion", "Condition/blow")
    made = card(assessment(patterns=(Recognised(KNOWN["ruptured-baker-cyst"], Fit((CYST,), beside=(injury,))),)))
    assert "- Popliteal (Baker) cyst: " in (made.detail or "")
    assert "- Contusion: " in (made.detail or "")
    assert "`Condition/cyst`" in (made.detail or "")


def test_text_of_the_chart_stays_inside_code_spans() -> None:
    evil = elsewhere("creatine-kinase", "Observation/x", quantity=Quantity(1.0, "", "[a](http://b) `x` <b>"))
    text = told("rhabdomyolysis", evil)
    assert "`[a](http://b) x <b>`" in text


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.id)
def test_a_bullet_is_short_and_says_no_forbidden_word_whatever_the_chart(pattern: Pattern) -> None:
    """Every example that fits the pattern, its bullet as the card shows it."""
    charts = [example for name, example in EXAMPLES if name == pattern.id]
    fits = [each for example in charts for each in assessed(example).patterns if each.pattern is pattern]
    assert fits
    for each in fits:
        text = patterns(case(assessment(patterns=(each,))))
        assert len(text) <= 640, text
        assert [word for word in NEVER if re.search(word, text, re.IGNORECASE)] == []


PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}


def test_a_low_index_on_an_info_card_is_told_and_compression_is_left_out() -> None:
    index: Entry = {"observation": "loinc|77194-9", "at": -20, "side": "left", "value": 0.62, "unit": "1"}
    made = card(triage([PAIN, index]))
    assert made.indicator == "info"
    assert "For: ankle-brachial index `0.62` (left)." in (made.detail or "")
    assert "compression (arterial disease, or signs of it: own precaution)" in (made.detail or "")


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"medication": "rx|1364430"}, "Anticoagulant"),
        ({"condition": "sct|6990005", "onset": -20}, "Injury between knee and ankle"),
        ({"observation": "sct|267036007", "at": -10}, "Breathlessness"),
        ({"procedure": "sct|274474001", "at": -20, "side": "left"}, "Plaster or splint"),
        ({"procedure": "sct|274474001", "at": -20, "site": "sct|30021000"}, "Plaster or splint"),
    ],
)
def test_what_must_be_seen_beside_the_complaint_is_among_the_evidence(entry: Entry, kind: str) -> None:
    made = card(triage([PAIN, entry]))
    assert made.indicator == "info"
    assert f"- {kind}: " in (made.detail or "")


@pytest.mark.parametrize(("before", "told"), [(8, True), (6, False)])
def test_a_severe_score_that_was_overtaken_is_told_beside_the_newest(before: int, told: bool) -> None:
    scores: list[Entry] = [
        {"observation": "loinc|72514-3", "at": at, "value": value, "side": "left", "site": "sct|53840002"}
        for at, value in ((-2, before), ("-2h", 3))
    ]
    made = card(triage([PAIN, *scores]))
    assert made.indicator == "info"
    assert (f"(before, within 30 days: {before} of 10, 2026-11-21)" in (made.detail or "")) is told


def test_a_severe_score_that_a_correction_took_back_is_not_told() -> None:
    scores: list[Entry] = [
        {"observation": "loinc|72514-3", "at": "-5h", "value": 8, "side": "left", "site": "sct|53840002"},
        {"observation": "loinc|72514-3", "at": "-1h", "value": 3, "side": "left", "site": "sct|53840002"},
    ]
    scores[1]["status"] = "corrected"
    made = card(triage([PAIN, *scores]))
    assert made.indicator == "info"
    assert "newest score `3 of 10`" in (made.detail or "")
    assert "before, within 30 days" not in (made.detail or "")


PHLEBITIS: Entry = {"condition": "sct|40283005", "onset": -3, "side": "left"}


def test_a_superficial_thrombosis_has_a_card_of_its_own_and_of_our_own_rule() -> None:
    made = card(triage([PHLEBITIS]))
    assert made.summary.startswith("Superficial leg vein thrombosis, left leg")
    assert made.source.label == "Calf pain CDS (own rule, to be signed off)"
    assert "length of the clot" in (made.detail or "")
    assert "D-dimer first" not in (made.detail or "")


def test_where_dvt_is_in_question_beside_it_that_card_speaks_first() -> None:
    cast: Entry = {"procedure": "sct|274474001", "at": -5, "side": "left", "site": "sct|30021000"}
    cancer: Entry = {"condition": "sct|363346000", "onset": -100}
    made = card(triage([PHLEBITIS, cancer, cast]))
    assert made.summary.startswith("Two-level Wells from the record, 2")
    assert "Superficial leg vein thrombosis (own rule" in (made.detail or "")
    assert "**Superficial vein thrombosis** (CALISTO 2013)" in (made.detail or "")
