"""How much work a call does, counted and not timed: a busy machine changes nothing of it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from cds_service.facts import Fact

Line = str
"""A file and the number of a line in it."""


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


def runs(work: Callable[[], object]) -> Counter[Line]:
    """How often each line of the service runs, and compares two facts: `fact in facts` is one step of Python, but as
    many comparisons as there are facts.
    """
    of_code: dict[int, tuple[CodeType, Counter[int], Callable[..., Any]]] = {}  # by its id: its hash takes long
    compared: Counter[tuple[str, int]] = Counter()

    def counter(code: CodeType) -> tuple[CodeType, Counter[int], Callable[..., Any]]:
        lines: Counter[int] = Counter()

        def line(frame: FrameType, _event: str, _argument: Any) -> Any:
            lines[frame.f_lineno] += 1
            return line

        return code, lines, line

    def call(frame: FrameType, event: str, argument: Any) -> Any:
        code = frame.f_code
        if "/cds_service/" not in code.co_filename:
            return None
        if id(code) not in of_code:
            of_code[id(code)] = counter(code)
        return of_code[id(code)][2](frame, event, argument)

    equal: Any = Fact.__eq__

    def counted(one: Fact, other: object) -> Any:
        caller = sys._getframe(1)
        compared[caller.f_code.co_filename, caller.f_lineno] += 1
        return equal(one, other)

    before = sys.gettrace()
    Fact.__eq__ = counted  # type: ignore[assignment,method-assign]
    sys.settrace(call)
    try:
        work()
    finally:
        sys.settrace(before)
        Fact.__eq__ = equal  # type: ignore[method-assign]
    named: Counter[Line] = Counter()
    for code, lines, _line in of_code.values():
        for number, times in lines.items():
            named[f"{_within(code.co_filename)}:{number}"] += times
    for (filename, number), times in compared.items():
        named[f"{_within(filename)}:{number} compares"] += times
    return named


def _within(filename: str) -> str:
    return filename.rpartition("/cds_service/")[2]


def superlinear(work: Callable[[int], Callable[[], object]], size: int) -> dict[Line, tuple[int, int]]:
    """The lines that run more than 5.5 times as often on a chart three times as large as on one of this size: 3 times
    is with the chart, some more is sorting or what leaves out the first few, 9 times is its square. What hardly runs at
    all is passed over.
    """
    some, more = work(size), work(3 * size)
    more()  # what is worked out once is not counted
    small, large = runs(some), runs(more)
    return {
        line: (small[line], times) for line, times in sorted(large.items()) if times > 5.5 * max(small[line], 2 * size)
    }
