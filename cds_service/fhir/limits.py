"""The limits that came with a result: those of its own reference ranges, in a unit in which they can be compared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import msgspec

from cds_service.fhir import members, units
from cds_service.fhir.ucum import converted
from cds_service.fhir.written import written

# http://terminology.hl7.org/CodeSystem/referencerange-meaning; without a type a range is the normal one.
_NORMAL = frozenset({"normal", "normal range", "reference", "reference range"})
_NOT_NORMAL = frozenset(
    {
        *("recommended", "treatment", "therapeutic", "pre", "post", "endocrine", "pre-puberty", "follicular"),
        *("midcycle", "luteal", "postmenopausal", "critical", "panic"),
    }
)


class Limits(NamedTuple):
    """The strictest upper and lower limit, and whether there are several of one."""

    high: float | None = None
    low: float | None = None
    of_several: bool = False


def limits_of(concept: str, ranges: msgspec.Raw, unit: str, *, judged: bool) -> Limits:
    """The limits of a result of this concept and unit, in the unit that it is judged in; in its own, if it is not
    `judged` in one.

    Of several ranges, for men and for women say, the strictest: whom each is for is seldom coded.
    """
    given = members.as_ranges(ranges)
    if not given:
        return _NONE
    into: _Into = (
        (lambda value, its: _judged(concept, value, its))
        if judged and concept != units.D_DIMER
        else (lambda value, its: converted(value, its, unit))
    )
    ends = [_ends(each) for each in _normal(given)]
    highs = set(_read([high for _low, high in ends], into, unit))
    lows = set(_read([low for low, _high in ends], into, unit))
    return Limits(min(highs, default=None), max(lows, default=None), len(highs) > 1 or len(lows) > 1)


def unit_of_limits(ranges: msgspec.Raw) -> str:
    """The unit in which the limits came; empty where there are none, or where theirs differ."""
    ends = [end for each in _normal(members.as_ranges(ranges) or ()) for end in _ends(each) if end is not None]
    found = {unit for _value, unit in ends if unit}
    return found.pop() if len(found) == 1 else ""


_NONE = Limits()
_Into = Callable[[float, str], float | None]
_End = tuple[float, str] | None


def _judged(concept: str, value: float, unit: str) -> float | None:
    known = units.judged(concept, value, unit)
    return None if known is None else known[0]


def _normal(given: Sequence[members.Range]) -> Sequence[members.Range]:
    """Those that say normal, or nothing; without any, those of which it is not known what they say."""
    kinds = [(each, _kinds(each)) for each in given]
    normal = [each for each, said in kinds if not said or said & _NORMAL]
    return normal or [each for each, said in kinds if not said & _NOT_NORMAL]


def _kinds(given: members.Range) -> set[str]:
    kind = given.type or given.meaning
    if kind is None:
        return set()
    codings = kind.coding or ()
    said = (kind.text, *(coding.code for coding in codings), *(coding.display for coding in codings))
    return {each.strip().casefold() for each in said if each and isinstance(each, str)}


def _ends(given: members.Range) -> tuple[_End, _End]:
    """Low and high, each with its unit. Where there is neither, a text such as <0.5 mg/L or 30-200 gives them."""
    low, high = given.low, given.high
    if low is not None or high is not None:
        return _end(low), _end(high)
    number = written(given.text) if isinstance(given.text, str) else None
    if number is None:
        return None, None
    if number.low is not None:
        return (number.low, number.unit), (number.value, number.unit)
    is_low = number.comparator.startswith(">")
    end = (number.value, number.unit) if number.comparator else None
    return (end, None) if is_low else (None, end)


def _end(quantity: members.Quantity | None) -> _End:
    if quantity is None or (value := quantity.number) is None:
        return None
    return value, units.unit_in(quantity)


def _read(ends: Sequence[_End], into: _Into, unit: str) -> Iterator[float]:
    """Those ends that can be compared. One without a unit is in that of the value."""
    for end in ends:
        if end is not None and (limit := into(end[0], end[1] or unit)) is not None:
            yield limit
