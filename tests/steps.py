"""How much work a call does, counted and not timed: a busy machine changes nothing of it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def steps(work: Callable[[], object]) -> int:
    """The lines of Python that this runs, each as often as it runs."""
    count = 0

    def trace(_frame: FrameType, _event: str, _argument: Any) -> Any:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def growth(work: Callable[[int], Callable[[], object]], size: int = 200) -> float:
    """How many times the work on a chart of this size is the work on one three times as large: 3 if it grows with the
    chart, 9 with its square. `work` prepares the call for a size, which is not counted.
    """
    work(size)()  # what is worked out once is not counted
    return steps(work(3 * size)) / steps(work(size))
