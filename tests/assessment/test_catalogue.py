"""The catalogue holds every rule there is, and says who answers for it and when it finds something."""

from __future__ import annotations

import importlib
import pkgutil
import re
import subprocess
import sys
from collections import Counter
from dataclasses import asdict, fields
from pathlib import Path

from cds_service.assessment import rules as topics
from cds_service.assessment.catalogue import CARE_SET, CAUSES, ORDER_SET, RULE_SETS, STEP_SET
from cds_service.assessment.raising import RAISING
from cds_service.assessment.rule import Kind, Level, Rule
from cds_service.assessment.rules.guidance import RED_FLAGS, SEVERE
from cds_service.assessment.rules.muscle import CREATINE_KINASE
from cds_service.assessment.rules.precautions import PRECAUTIONS
from cds_service.assessment.rules.steps import NAMES
from cds_service.fhir.value_sets import Terminology
from cds_service.thresholds import Thresholds, numbers

CATALOGUED = {rule for each in RULE_SETS for rule in each.rules}
EVERY = [*CATALOGUED, *PRECAUTIONS]
CARDS = {path.stem for path in (Path(__file__).parents[2] / "cards").glob("*.md")}
NUMBERS = numbers(Thresholds(severe_pain_score=8))
WITHOUT_WORDS = "The record shows it."


def of_the_topics() -> set[Rule]:
    """Every rule that a module of `rules` holds under a name."""
    modules = [
        importlib.import_module(f"{topics.__name__}.{each.name}") for each in pkgutil.iter_modules(topics.__path__)
    ]
    return {value for module in modules for value in vars(module).values() if isinstance(value, Rule)}


def test_no_rule_of_a_topic_is_missing() -> None:
    """A precaution is there once for each of its steps."""
    rules = of_the_topics()
    assert len(rules) > 100
    decide = {rule for rule in rules if rule.kind is not Kind.PRECAUTION}
    assert sorted(rule.id for rule in decide - CATALOGUED) == []
    assert sorted(rule.id for rule in rules - set(PRECAUTIONS) if rule.kind is Kind.PRECAUTION) == []
    of_steps = sum(len(each.against) + len(each.minding) for each in PRECAUTIONS)
    assert len(CARE_SET.rules) == of_steps > len(PRECAUTIONS)


def test_what_raises_the_level_is_asked_for_that_and_nothing_else_is() -> None:
    raising = [rule for rule in CATALOGUED if rule.level and rule not in ORDER_SET.rules]
    assert set(raising) == {*RAISING, *RED_FLAGS}
    levels = [rule.level for rule in RAISING]
    assert levels == sorted(levels, reverse=True)
    assert {rule.level for rule in ORDER_SET.rules} == {Level.WARNING, Level.INFO}
    assert all(rule.card for rule in [*raising, *ORDER_SET.rules])


def test_the_causes_that_threaten_come_first() -> None:
    assert [cause.id.removeprefix("pattern-") for cause in CAUSES[:9]] == [
        *("acute-limb-ischaemia", "acute-compartment-syndrome", "pulmonary-embolism", "necrotising-infection"),
        *("chronic-limb-threatening-ischaemia", "popliteal-aneurysm", "deep-vein-thrombosis", "rhabdomyolysis"),
        "anticoagulant-haematoma",
    ]


def test_ids_can_be_fhir_ids_and_are_used_once() -> None:
    assert len({each.id for each in RULE_SETS}) == len(RULE_SETS)
    for each in RULE_SETS:
        assert [name for name, count in Counter(rule.id for rule in each.rules).items() if count > 1] == []
        for name in (each.id, *(rule.id for rule in each.rules)):
            assert re.fullmatch(r"[a-z0-9-]{1,64}", name), name


def test_a_rule_stands_in_one_set() -> None:
    assert len(CATALOGUED) == sum(len(each.rules) for each in RULE_SETS)


def test_every_set_says_what_it_is_for_and_holds_one_kind() -> None:
    for rules in RULE_SETS:
        assert rules.title
        assert rules.purpose.endswith("."), rules.id
        assert len({rule.kind for rule in rules.rules}) == 1, rules.id


def test_the_concepts_of_a_set_are_value_sets() -> None:
    known = Terminology().concepts.keys()
    for each in RULE_SETS:
        assert set(each.concepts) <= known, each.id


def test_every_suggestion_is_in_the_catalogue() -> None:
    assert tuple(rule.id for rule in STEP_SET.rules) == NAMES


def test_each_says_when_it_holds_in_a_sentence_with_the_numbers_in_force() -> None:
    for rule in EVERY:
        assert set(rule.numbers) <= asdict(Thresholds()).keys(), rule.id
        words = rule.condition(Thresholds())
        assert words.endswith("."), rule.id
        assert not {"{", "}"} & set(words), rule.id
        assert words != WITHOUT_WORDS or rule.kind is Kind.RISK, rule.id


def test_each_says_the_windows_that_it_keeps() -> None:
    windows = [(rule, window) for rule in EVERY for window in rule.windows]
    assert {(rule.id, window.days) for rule, window in windows if window.days not in rule.numbers} == set()
    strangers = [(rule.id, set(window.concepts) - set(rule.needs)) for rule, window in windows]
    assert [each for each in strangers if each[1]] == []


def test_each_with_a_card_names_one_that_there_is() -> None:
    assert {rule.id for rule in EVERY if rule.card and rule.card not in CARDS} == set()


def test_the_conditions_are_published_alike_without_docstrings() -> None:
    """An installation may run with `python -OO`, which strips them."""
    program = (
        "from cds_service.assessment.catalogue import RULE_SETS\n"
        "from cds_service.thresholds import Thresholds\n"
        "for each in RULE_SETS:\n"
        "    for rule in each.rules: print(each.id, rule.id, rule.label, rule.condition(Thresholds()))"
    )
    said = [
        f"{each.id} {rule.id} {rule.label} {rule.condition(Thresholds())}" for each in RULE_SETS for rule in each.rules
    ]
    ran = subprocess.run(
        [sys.executable, "-OO", "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert ran.stdout.splitlines() == said


def test_what_the_installation_set_is_what_is_said() -> None:
    assert "score of 7 of 10" in SEVERE.condition(Thresholds())
    assert "score of 8 of 10" in SEVERE.condition(Thresholds(severe_pain_score=8))
    assert "over 5 times" in CREATINE_KINASE.condition(Thresholds())
    assert SEVERE.numbers[:2] == ["severe_pain_score", "pain_score_hours"]


def test_every_number_is_listed_with_its_default() -> None:
    assert [each.name for each in NUMBERS] == [each.name for each in fields(Thresholds)]
    assert [each.name for each in NUMBERS if each.value != each.default] == ["severe_pain_score"]


def test_every_number_has_unit_and_source() -> None:
    assert [each.name for each in NUMBERS if not (each.unit and each.source)] == []
