"""docs/clinical-safety.md: each safeguard names tests, and they are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "clinical-safety.md").read_text(encoding="utf-8")
HAZARDS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in TEXT.partition("## Hazards")[2].splitlines()
    if line.startswith("| ") and not line.startswith("| ---")
][1:]
NAMED = re.compile(r"`(tests/[\w/]+\.py)((?:::\w+)+)`")


def test_hazards_are_listed() -> None:
    assert len(HAZARDS) > 12
    assert [hazard[0] for hazard in HAZARDS if len(hazard) != 6 or not all(hazard)] == []


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard[0])
def test_each_hazard_has_a_judgement_and_at_least_two_tests(hazard: list[str]) -> None:
    severity, likelihood = hazard[4].split(", ")
    assert severity in ("minor", "serious", "grave")
    assert likelihood in ("rare", "possible", "likely")
    assert len(NAMED.findall(hazard[5])) >= 2


def test_every_test_that_is_named_exists() -> None:
    named = NAMED.findall(TEXT)
    assert len(named) > 40
    assert TEXT.count("`tests/") == len(named), "each is written as file::test or file::class::test"
    for file, path in named:
        code = (ROOT / file).read_text(encoding="utf-8")
        *classes, name = path.removeprefix("::").split("::")
        for each in classes:
            assert re.search(rf"^class {each}\b", code, re.MULTILINE), f"{file}::{each}"
        indent = r"    " if classes else ""
        assert re.search(rf"^{indent}(?:async )?def {name}\(", code, re.MULTILINE), f"{file}{path}"
