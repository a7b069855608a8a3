"""The words of the patterns: whole, short, calm, and refused with place and remedy where they are faulty."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from cds_service.assessment.patterns.catalogue import PATTERNS
from cds_service.errors import ConfigurationError
from cds_service.rendering.card_files import load_cards
from tests.rendering.by_hand import CARDS, FILES
from tests.rendering.test_card_words import ALARM_OF_A_SOURCE

WORDS = FILES.patterns.words
FILE = "_patterns.md"


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """A copy of the real cards, to be spoilt."""
    return Path(shutil.copytree(CARDS, tmp_path / "cards"))


def test_every_pattern_has_its_words_and_no_words_lack_a_pattern() -> None:
    assert set(WORDS) == {pattern.id for pattern in PATTERNS}
    assert FILES.patterns.written.reviewed < FILES.patterns.written.review_due


@pytest.mark.parametrize("name", WORDS)
def test_urgency_only_as_its_source_puts_it(name: str) -> None:
    """The source stands before the words; the words say that the advice is the source's."""
    words = WORDS[name]
    for sentence in re.split(r"(?<=[.;])\s", f"{words.says} {words.options}"):
        if any(word in sentence.lower() for word in ALARM_OF_A_SOURCE):
            assert "advises" in sentence


def test_a_missing_file_is_refused(cards: Path) -> None:
    (cards / FILE).unlink()
    with pytest.raises(ConfigurationError, match=r"_patterns\.md: file is missing\. Restore it"):
        load_cards(cards)


@pytest.mark.parametrize(
    ("old", "new", "at", "says"),
    [
        ("  cellulitis:\n", "  erysipelas:\n", "patterns:", "patterns has no words for cellulitis"),
        ("  cellulitis:\n", "  gout: {says: a, options: b}\n  cellulitis:\n", "  gout:", "unknown pattern gout"),
        ("    says: resembles DVT;", "    note: a\n    says: resembles DVT;", "  ruptured", "unknown field `note`"),
        ("    says: resembles DVT;", "    #", "  ruptured-baker-cyst:", "missing required field `says`"),
        ("told_by: [arterial]", "told_by: [artery]", "  peripheral-arterial-disease:", "names no card: artery"),
        ("says: resembles DVT", f"says: {'x' * 140} resembles DVT", "  ruptured-baker-cyst:", "a text of "),
        ("says: resembles DVT", "says: resembles {clot}", "{clot}", "unknown placeholder {clot}"),
        ("says: resembles DVT", "says: resembles <b>DVT</b>", "<b>DVT", "HTML in a card"),
        ("For: {supporting}.", "For: {facts}.", "{facts}", "unknown placeholder {facts}"),
        ("Against: {against}.", "", "**", "the bullet does not say {against} once"),
        ("For: {supporting}.", "For: {supporting} {label}.", "**", "the bullet does not say {label} once"),
        ("owner:", "author:", "author:", "unknown field `author`"),
    ],
)
def test_faulty_words_are_refused_with_file_and_line(old: str, new: str, at: str, says: str, cards: Path) -> None:
    path = cards / FILE
    assert path.read_text().count(old) == 1
    path.write_text(path.read_text().replace(old, new))
    line = next(number for number, each in enumerate(path.read_text().splitlines(), 1) if at in each)
    with pytest.raises(ConfigurationError) as refusal:
        load_cards(cards)
    assert str(refusal.value).startswith(f"{path}:{line}: ")
    assert says in str(refusal.value)


def test_empty_words_are_refused(cards: Path) -> None:
    path = cards / FILE
    text = re.sub(r"(  popliteal-aneurysm:\n    says: ).*", r'\1" "', path.read_text())
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"_patterns\.md:\d+: popliteal-aneurysm has an empty text"):
        load_cards(cards)
