"""Whose turn it is to compute.

A worker has one interpreter, so calls compute one after the other, in the order in which they came. Between two of
them the event loop reads and answers everything else, so that the sign of life and refusals never wait for a queue.
Large charts compute in a thread beside the event loop, one at a time, in a queue of their own.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from time import perf_counter
from types import TracebackType
from typing import Self, TypeVar

import structlog

from cds_service.errors import ClientLeft, Overloaded, TimeBudgetSpent

LARGE_CHART = 300
"""Resources above which a chart is assessed beside the event loop: if all were findings, it would take some 40 ms."""

_LONGEST_WAIT = 0.4
"""Seconds that a call may have to wait, by the pace of the queue; who would wait longer is refused at once. Where the
pace was misjudged, as in a sudden burst, a call is refused after twice as long.
"""

_FIRST_PACE = 0.01
_WEIGHT = 0.2
_MOST_AT_ONCE = 5

_Result = TypeVar("_Result")
_log = structlog.stdlib.get_logger()


class Turn:
    """The turn of a call that nobody waits behind: it computes where it is, for as long as it needs."""

    def check(self) -> None:
        """Called between steps."""

    async def run(self, work: Callable[..., _Result], *arguments: object, large: bool = False) -> _Result:
        """What the work returns. `large`: it may take longer than others should wait."""
        return work(*arguments)

    @asynccontextmanager
    async def given_up(self) -> AsyncIterator[None]:
        """While the call waits for somebody else, the next one may compute."""
        yield


class Lane:
    """A queue with one place in front."""

    def __init__(self, longest_wait: float, clock: Callable[[], float] = perf_counter) -> None:
        self._longest_wait = longest_wait
        self._clock = clock
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._pace = _FIRST_PACE  # seconds from one turn to the next while others wait: a moving mean
        self._begun = 0.0
        self._was_waited_for = False

    def check(self) -> None:
        """Raises Overloaded where who comes now would wait too long."""
        if self._waiting * self._pace > self._longest_wait:
            raise Overloaded

    async def enter(self) -> float:
        """Wait for the place in front. The seconds that it took, 0 where there was no wait."""
        came = self._clock() if self._lock.locked() else None
        self._waiting += 1
        try:
            await self._lock.acquire()
        finally:
            self._waiting -= 1
        now = self._clock()
        if self._was_waited_for:
            took = min(now - self._begun, _MOST_AT_ONCE * self._pace)  # one slow turn is no pace yet
            self._pace += _WEIGHT * (took - self._pace)
        self._begun = now
        return 0.0 if came is None else now - came

    def is_late(self, waited: float) -> bool:
        """Has a call waited for so long that its answer would come too late?"""
        return waited > 2 * self._longest_wait

    def leave(self) -> None:
        """The next call begins after the event loop has looked at everything else."""
        self._was_waited_for = self._waiting > 0
        asyncio.get_running_loop().call_soon(self._lock.release)


class Turns:
    """The queues of one worker. `budget`: seconds that one call may compute, whatever it waits for not counted."""

    def __init__(self, budget: float) -> None:
        self.budget = budget
        self.quick = Lane(_LONGEST_WAIT)
        self.slow = Lane(budget)
        self.thread = ThreadPoolExecutor(1, "large-chart")

    def check(self) -> None:
        """Raises Overloaded where a call that comes now would wait too long."""
        self.quick.check()

    async def take(self, client_has_left: Callable[[], bool], *, large: bool = False) -> QueuedTurn:
        """Wait for the turn of a call. Raises Overloaded, at once if it can be told, and ClientLeft after the wait."""
        lane = self.slow if large else self.quick
        lane.check()
        turn = QueuedTurn(self, client_has_left)
        try:
            await turn.enter(lane, may_be_late=False)
        except BaseException:  # cut off at a stop, too: the place in front is for the next one
            turn.leave()
            raise
        return turn

    def close(self) -> None:
        self.thread.shutdown(wait=False, cancel_futures=True)


class QueuedTurn(Turn):
    """The turn of one call among others, until the end of the block."""

    def __init__(self, turns: Turns, client_has_left: Callable[[], bool]) -> None:
        self._turns = turns
        self._lane: Lane | None = None  # whose front place it holds
        self._client_has_left = client_has_left
        self._left = turns.budget
        self._since = perf_counter()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()

    def check(self) -> None:
        """Raises TimeBudgetSpent."""
        if perf_counter() - self._since > self._left:
            _log.warning("time budget spent", seconds=self._turns.budget)
            raise TimeBudgetSpent(self._turns.budget)

    async def run(self, work: Callable[..., _Result], *arguments: object, large: bool = False) -> _Result:
        slow = self._turns.slow
        if large and self._lane is not slow:
            slow.check()
            self.leave()
            await self.enter(slow)
        if self._lane is slow:
            return await asyncio.get_running_loop().run_in_executor(self._turns.thread, self._timed, work, *arguments)
        return self._timed(work, *arguments)

    def _timed(self, work: Callable[..., _Result], *arguments: object) -> _Result:
        """What the work returns, if the time budget lasted."""
        self._since = perf_counter()
        result = work(*arguments)
        self.check()
        self._left -= perf_counter() - self._since
        return result

    @asynccontextmanager
    async def given_up(self) -> AsyncIterator[None]:
        self.leave()
        yield
        await self.enter(self._turns.quick)

    async def enter(self, lane: Lane, *, may_be_late: bool = True) -> None:
        """Raises ClientLeft, as what nobody waits for any longer is not computed, and Overloaded for a call that comes
        too late to begin.
        """
        waited = await lane.enter()
        self._lane = lane
        await asyncio.sleep(0)  # in which the event loop notices who has hung up
        if self._client_has_left():
            self.leave()
            raise ClientLeft
        if not may_be_late and lane.is_late(waited):
            self.leave()
            raise Overloaded

    def leave(self) -> None:
        """Give the place to the next one, if it is still held."""
        if self._lane is not None:
            self._lane.leave()
            self._lane = None
