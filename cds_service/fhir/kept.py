"""What is worked out once, because charts repeat it, within bounds of memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Kept(dict[K, V]):
    """Values by key, each worked out when it is first asked for. When there are `most`, all are forgotten.

    A key that takes more than `longest` characters to write down is no code or phrase that charts repeat: nothing of
    it outlives its call.
    """

    def __init__(self, work_out: Callable[[K], V], *, most: int, longest: int) -> None:
        super().__init__()
        self._work_out = work_out
        self._most = most
        self._longest = longest

    def __missing__(self, key: K) -> V:
        value = self._work_out(key)
        if len(repr(key)) <= self._longest:
            if len(self) >= self._most:
                self.clear()
            self[key] = value
        return value
