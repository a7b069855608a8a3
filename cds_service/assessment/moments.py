"""Is there one among many spans of time that lies as it should? Told without looking at each of them in turn."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate


class Spans:
    """Pairs of moments, sorted once."""

    def __init__(self, pairs: Iterable[tuple[datetime, datetime]]) -> None:
        ordered = sorted(pairs)
        self._first = [first for first, _second in ordered]
        self._greatest = list(accumulate([second for _first, second in ordered], max))

    def hold(self, at_most: datetime, at_least: datetime) -> bool:
        """Is there a pair whose first moment is at most the one, and its second at least the other?"""
        place = bisect_right(self._first, at_most)
        return place > 0 and self._greatest[place - 1] >= at_least
