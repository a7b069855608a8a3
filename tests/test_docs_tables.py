"""The tables of docs/ that are made from the rules are those of today."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.docs_tables import BLOCK, TABLES, pages, written

PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_its_tables_are_those_of_the_rules(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert written(text) == text, "run make docs, and read what changed as a clinician would"


def test_every_table_stands_on_one_page() -> None:
    blocks = [block[2] for page in PAGES for block in BLOCK.finditer(page.read_text(encoding="utf-8"))]
    assert Counter(blocks) == Counter(iter(TABLES))


def test_a_page_whose_table_was_changed_by_hand_is_noticed() -> None:
    [page] = [each for each in PAGES if each.stem == "wells"]
    text = page.read_text(encoding="utf-8")
    assert written(text.replace("| active cancer | 1 |", "| active cancer | 2 |")) == text
