"""The catalogue holds every rule there is, and says who answers for it."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter

from cds_service import assessment
from cds_service.assessment.next_steps import NAMES
from cds_service.assessment.rule_sets import NEXT_STEPS, RULE_SETS
from cds_service.assessment.rules import Rule
from cds_service.fhir.value_sets import Terminology

CATALOGUED = {rule for each in RULE_SETS for rule in each.rules}


def test_no_rule_of_the_package_is_missing() -> None:
    modules = [
        importlib.import_module(each.name)
        for each in pkgutil.walk_packages(assessment.__path__, f"{assessment.__name__}.")
    ]
    rules = {value for module in modules for value in vars(module).values() if isinstance(value, Rule)}
    assert len(rules) > 50
    assert sorted(rule.id for rule in rules - CATALOGUED) == []


def test_ids_can_be_fhir_ids_and_are_used_once() -> None:
    assert len({each.id for each in RULE_SETS}) == len(RULE_SETS)
    for each in RULE_SETS:
        assert [name for name, count in Counter(rule.id for rule in each.rules).items() if count > 1] == []
        for name in (each.id, *(rule.id for rule in each.rules)):
            assert re.fullmatch(r"[a-z0-9-]{1,64}", name), name


def test_a_rule_stands_in_one_set() -> None:
    assert len(CATALOGUED) == sum(len(each.rules) for each in RULE_SETS)


def test_every_set_says_what_it_is_for() -> None:
    for each in RULE_SETS:
        assert each.rules
        assert each.title
        assert each.purpose.endswith(".")


def test_the_concepts_of_a_set_are_value_sets() -> None:
    known = Terminology().concepts.keys()
    for each in RULE_SETS:
        assert set(each.concepts) <= known, each.id


def test_every_suggestion_is_in_the_catalogue() -> None:
    assert tuple(rule.id for rule in NEXT_STEPS.rules) == NAMES
