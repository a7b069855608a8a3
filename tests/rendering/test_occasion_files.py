"""The words of each occasion: whole, short enough, and refused with place and remedy where they are faulty."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cds_service.errors import ConfigurationError
from cds_service.rendering.card_files import load_cards
from cds_service.rendering.occasions import OCCASIONS
from tests.rendering.by_hand import CARDS, FILES


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """A copy of the real cards, to be spoilt."""
    return Path(shutil.copytree(CARDS, tmp_path / "cards"))


def test_every_occasion_has_its_words() -> None:
    assert FILES.occasions.keys() == OCCASIONS.keys()
    for words in FILES.occasions.values():
        assert words.written.reviewed < words.written.review_due


@pytest.mark.parametrize("name", OCCASIONS)
def test_a_missing_file_is_refused(name: str, cards: Path) -> None:
    (cards / f"_{name}.md").unlink()
    with pytest.raises(ConfigurationError, match=rf"_{name}\.md: file is missing\. Restore it"):
        load_cards(cards)


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "says"),
    [
        ("_new-entry.md", "id: new-entry", "id: entry", 2, "the id is not new-entry"),
        ("_new-entry.md", "{news}", "{new}", 10, "unknown placeholder {new}"),
        ("_new-entry.md", "owner:", "author:", 3, "unknown field `author`"),
        ("_appointment.md", "{finding}, {side}", "{finding}, {date}", 3, "unknown placeholder {date}"),
        ("_appointment.md", "recorded: {finding}", f"recorded: {'x' * 40} {{finding}}", 3, "139 are allowed"),
        ("_discharge.md", "{home_care}", "{home_care} <b>", 10, "HTML in a card"),
        ("_discharge.md", "{age}", "{finding}", 3, "unknown placeholder {finding}"),
    ],
)
def test_faulty_words_are_refused(file: str, old: str, new: str, line: int, says: str, cards: Path) -> None:
    path = cards / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ConfigurationError) as refusal:
        load_cards(cards)
    assert str(refusal.value).startswith(f"{path}:{line}: ")
    assert says in str(refusal.value)
