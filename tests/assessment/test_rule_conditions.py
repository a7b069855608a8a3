"""What is published of each rule: its condition in words, with the numbers in force."""

from __future__ import annotations

from dataclasses import asdict, fields

import pytest

from cds_service.assessment.critical import CREATINE_KINASE
from cds_service.assessment.red_flags import SEVERE
from cds_service.assessment.rule_conditions import CONDITIONS, SHOWN, condition, numbers_in
from cds_service.assessment.rule_sets import RULE_SETS, RuleSet
from cds_service.assessment.rules import Rule
from cds_service.thresholds import Number, Thresholds, numbers

RULES = [(each, rule) for each in RULE_SETS for rule in each.rules]
NUMBERS = numbers(Thresholds(severe_pain_score=8))


def test_words_are_of_rules_that_exist() -> None:
    known = {each.id: {rule.id for rule in each.rules} for each in RULE_SETS}
    assert CONDITIONS.keys() <= known.keys()
    for set_id, words in CONDITIONS.items():
        assert words.keys() <= known[set_id], set_id


@pytest.mark.parametrize(("rule_set", "rule"), RULES, ids=lambda each: each.id)
def test_each_rule_has_a_sentence_and_one_that_decides_a_card_has_its_own(rule_set: RuleSet, rule: Rule) -> None:
    words = condition(rule_set.id, rule, Thresholds())
    assert words.endswith(".")
    assert "{" not in words
    assert words != SHOWN or not (rule.card or rule_set.id in ("next-steps", "wells-dvt", "home-care"))


@pytest.mark.parametrize(("rule_set", "rule"), RULES, ids=lambda each: each.id)
def test_the_numbers_in_words_are_thresholds(rule_set: RuleSet, rule: Rule) -> None:
    assert set(numbers_in(rule_set.id, rule)) <= asdict(Thresholds()).keys()


def test_what_the_installation_set_is_what_is_said() -> None:
    assert "score of 7 of 10" in condition("red-flags", SEVERE, Thresholds())
    assert "score of 8 of 10" in condition("red-flags", SEVERE, Thresholds(severe_pain_score=8))
    assert "over 5 times" in condition("critical", CREATINE_KINASE, Thresholds())
    assert numbers_in("red-flags", SEVERE) == ["severe_pain_score", "pain_score_hours"]


def test_every_number_is_listed_with_its_default() -> None:
    assert [each.name for each in NUMBERS] == [each.name for each in fields(Thresholds)]
    assert [each.name for each in NUMBERS if each.value != each.default] == ["severe_pain_score"]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda each: each.name)
def test_every_number_has_unit_and_source(number: Number) -> None:
    assert number.unit
    assert number.source
