"""cards/_rules.md: whole, and refused with place and remedy where it is faulty."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path

import pytest

from cds_service.assessment.catalogue import RULE_SETS
from cds_service.errors import ConfigurationError
from cds_service.rendering.card_files import load_cards
from tests.rendering.by_hand import CARDS, FILES


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """A copy of the real cards, to be spoilt."""
    return Path(shutil.copytree(CARDS, tmp_path / "cards"))


def test_every_rule_set_has_an_owner_a_version_and_dates() -> None:
    assert FILES.rules.keys() == {each.id for each in RULE_SETS}
    for written in FILES.rules.values():
        assert written.owner
        assert written.version
        assert written.reviewed < written.review_due


def test_a_rule_can_have_dates_of_its_own(cards: Path) -> None:
    path = cards / "_rules.md"
    own = "{owner: Dr A. Example, version: 1.1.0, reviewed: 2027-02-01, review_due: 2027-08-01}"
    path.write_text(path.read_text().replace("\n---\n", f"\nrules:\n  critical/dvt: {own}\n---\n", 1))
    rules = load_cards(cards).rules
    assert rules["critical/dvt"].review_due == date(2027, 8, 1)
    assert rules["critical"].owner != "Dr A. Example"


def test_a_missing_file_is_refused(cards: Path) -> None:
    (cards / "_rules.md").unlink()
    with pytest.raises(ConfigurationError, match=r"_rules\.md: file is missing\. Restore it"):
        load_cards(cards)


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("  red-flags:\n", "  red-flag:\n", 2, "rule_sets does not name red-flags. Add it"),
        (
            "  red-flags:\n",
            "  orders: {owner: x, version: '1', reviewed: 2026-01-01, review_due: 2026-01-01}\n  red-flags:\n",
            3,
            "there is no rule set orders",
        ),
        (
            "\n---\n",
            "\nrules:\n  dvt: {owner: x, version: '1', reviewed: 2026-01-01, review_due: 2026-01-01}\n---\n",
            54,
            "there is no rule dvt. Name it as set/rule",
        ),
        ("    reviewed: 2026-11-23\n", "    reviewed: lately\n", 2, "front matter in rule_sets"),
        ("    version: 1.0.0\n", "", 2, "missing required field `version`"),
    ],
)
def test_a_faulty_file_is_refused(old: str, new: str, line: int, says: str, cards: Path) -> None:
    path = cards / "_rules.md"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ConfigurationError) as refusal:
        load_cards(cards)
    assert str(refusal.value).startswith(f"{path}:{line}: ")
    assert says in str(refusal.value)
