"""docs/conformance.md lists every requirement, and the tests that it names are there."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

TESTS = Path(__file__).parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" |")]
    for line in (TESTS.parent / "docs" / "conformance.md").read_text(encoding="utf-8").splitlines()
    if re.match(r"\| \d", line)
]
# Of the set cds-hooks_2.0 of HL7's Inferno test kit for Da Vinci CRD, by what they say to a service.
SHALL = {
    *(4, 5, 6, 7, 9, 10, 13, 16, 29, 36, 54, 55, 56, 57, 59, 61, 74, 75, 80, 83, 85, 87, 88, 89, 90, 92, 93, 95, 96),
    *(98, 100, 103, 105, 107, 111, 115, 117, 119, 121, 124, 127, 128, 130, 131, 132, 133, 134, 135, 136, 138, 139, 141),
    *(142, 144, 176, 211, 213, 216, 217, 218, 219, 220),
}
SHALL_NOT = {147, 201}
SHARED = {1, 2, 125, 168, 199, 208, 214}
SHARED_NOT = {3, 203}


def test_every_requirement_has_a_row_under_its_level() -> None:
    levels = {"": SHALL, "NOT": SHALL_NOT, "shared": SHARED, "shared NOT": SHARED_NOT}
    assert sum(map(len, levels.values())) == len(ROWS) == 73
    for level, numbers in levels.items():
        assert {int(row[0]) for row in ROWS if row[1] == level} == numbers


def test_every_row_says_what_is_required_and_names_tests_that_exist() -> None:
    for number, _, required, _, shown_by in ROWS:
        named = re.findall(r"`([^`]+)`", shown_by)
        assert required and named, number
        assert [each for each in named if not exists(*each.split("::"))] == [], number


def exists(file: str, *path: str) -> bool:
    return (TESTS / file).is_file() and "::".join(path) in names(TESTS / file)


@cache
def names(file: Path) -> set[str]:
    """The tests of a file, those of a class behind its name."""
    found = set()
    for each in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(each, ast.ClassDef):
            found |= {f"{each.name}::{inner.name}" for inner in each.body if isinstance(inner, ast.FunctionDef)}
        elif isinstance(each, ast.FunctionDef):
            found.add(each.name)
    return {each for each in found if re.search(r"(^|::)test_\w+$", each)}
