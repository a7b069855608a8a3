"""Numbers that were written as text: 8, 8/10, >4.00 mg/L, 0.0-0.5. Whatever has words in it is none of them."""

from __future__ import annotations

import re
from typing import NamedTuple

_LONGEST = 60
_NUMBER = r"\d{1,3}(?:,\d{3}){2,3}|\d{1,3}(?:,\d{3})+\.\d{1,9}|\d{1,3}(?:\.\d{3})+,\d{1,9}|\d{1,12}(?:[.,]\d{1,9})?"
_WRITTEN = re.compile(
    rf"(?P<comparator><=|>=|<|>)?\s*(?P<first>{_NUMBER})"
    rf"(?:\s*(?:-|to)\s*(?P<last>{_NUMBER}))?\s*(?P<unit>[^\d\s].*)?",
    re.IGNORECASE,
)
_SPELLED = str.maketrans({"≤": "<=", "≥": ">=", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u00a0": " "})
_THOUSANDS_OR_DECIMALS = re.compile(r"[1-9]\d{0,2},\d{3}")


class Written(NamedTuple):
    """A number, or the two of a range, with its comparator and unit, each empty where there is none."""

    comparator: str
    low: float | None
    value: float
    unit: str


def written(text: str) -> Written | None:
    """The number or range that is all of the text; None where it is something else, or could be two numbers."""
    if len(text) > _LONGEST:
        return None
    found = _WRITTEN.fullmatch(text.translate(_SPELLED).strip().rstrip("."))
    if found is None:
        return None
    first, last = _number(found["first"]), _number(found["last"] or found["first"])
    if first is None or last is None or last < first or (found["last"] and found["comparator"]):
        return None
    return Written(found["comparator"] or "", first if found["last"] else None, last, (found["unit"] or "").strip())


def _number(text: str) -> float | None:
    """A comma before three digits could part thousands or decimals, unless nothing but a zero stands before it."""
    if _THOUSANDS_OR_DECIMALS.fullmatch(text):
        return None
    if text.count(",") == 1 and text.rfind(",") > text.rfind("."):  # 1.234,5 and 0,45
        return float(text.replace(".", "").replace(",", "."))
    return float(text.replace(",", ""))
