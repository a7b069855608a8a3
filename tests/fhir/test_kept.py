"""What is kept in memory between calls: what charts repeat, never what is one patient's own words."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.fhir import naming
from cds_service.fhir.kept import Kept
from tests.charts import READER, Entry, fact_of, read_beside

LONG = "left calf hurts since Monday, " * 100
CAUGHT: list[Entry] = [
    {"condition": "sct|300954003", "members": {"code": {"coding": [], "text": LONG}}},
    {"condition": f"sct|300954003 {LONG}"},
    {"condition": [f"sct|{number}" for number in range(300_954_003, 300_954_103)]},
    {"condition": f"sct|{'3' * 1000}"},
    {"observation": "sct|300954003", "value": f"sct|{'3' * 1000}"},
    {"observation": "sct|300954003", "members": {"bodySite": {"coding": [], "text": LONG}}},
]


def known() -> dict[str, int]:
    caches: dict[str, dict[Any, Any]] = {
        "codes": READER.terminology.meanings,
        "named": naming._kept,
    }
    return {name: max([len(repr(key)) for key in cache], default=0) for name, cache in caches.items()}


@pytest.mark.parametrize("entry", CAUGHT)
def test_words_and_codes_that_charts_do_not_repeat_are_not_kept(entry: Entry) -> None:
    read_beside(entry)
    longest = known()
    assert longest["codes"] <= 200
    assert longest["named"] <= naming.LONGEST_KEPT


def test_what_is_not_kept_is_read_all_the_same() -> None:
    fact = fact_of({"condition": f"sct|300954003 {LONG}", "onset": -1})
    assert (fact.concept, fact.display) == ("pain", LONG)


def test_a_value_is_worked_out_once() -> None:
    asked: list[str] = []

    def length(key: str) -> int:
        asked.append(key)
        return len(key)

    kept = Kept(length, most=2, longest=10)
    assert [kept["a"], kept["a"], kept["bb"], kept["a"]] == [1, 1, 2, 1]
    assert asked == ["a", "bb"]


def test_when_there_are_too_many_all_are_forgotten() -> None:
    kept: Kept[str, int] = Kept(len, most=2, longest=10)
    assert [kept[key] for key in ("a", "b", "ccc")] == [1, 1, 3]
    assert list(kept) == ["ccc"]
