"""The names that sites hold (settings, folders of cards, feedback) stay: see docs/upgrading.md."""

from __future__ import annotations

from pathlib import Path

from cds_service.assessment.catalogue import RULE_SETS
from cds_service.rendering.card_files import load_cards
from cds_service.shipped import shipped
from tests.yaml_files import load_yaml

ROOT = Path(__file__).parent.parent
HELD = load_yaml(ROOT / "tests" / "names.yaml")
CARDS = load_cards(shipped("cards"))


def test_rules_keep_their_names_and_their_sets() -> None:
    now = {f"{each.id}/{rule.id}" for each in RULE_SETS for rule in each.rules}
    held = {f"{name}/{rule}" for name, rules in HELD["rules"].items() for rule in rules}
    assert len(held) == 160
    assert held - now == set()


def test_cards_override_reasons_and_suggestions_keep_their_names() -> None:
    assert set(HELD["cards"]) - CARDS.cards.keys() == set()
    assert set(HELD["override_reasons"]) - CARDS.shared.override_reasons.keys() == set()
    assert set(HELD["suggestions"]) - CARDS.shared.suggestions.keys() == set()
