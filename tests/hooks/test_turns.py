"""One call computes at a time; who comes too late, or leaves, or takes too long, costs the others nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from cds_service.errors import ClientLeft, Overloaded, TimeBudgetSpent
from cds_service.hooks.turns import Lane, Turn, Turns


def run(scene: Callable[[Turns], Coroutine[Any, Any, None]], budget: float = 60) -> None:
    async def play() -> None:
        turns = Turns(budget)
        try:
            await scene(turns)
        finally:
            turns.close()

    asyncio.run(play())


def stays() -> bool:
    return False


def has_left() -> bool:
    return True


@asynccontextmanager
async def a_queue(lane: Lane, seconds_each: float, waiting: int, clock: Callable[[float], None]) -> AsyncIterator[None]:
    """A lane whose calls were seen to take so long, with so many more that wait."""
    for _ in range(100):
        first, second = asyncio.create_task(lane.enter()), asyncio.create_task(lane.enter())
        await first
        await asyncio.sleep(0)
        clock(seconds_each)
        lane.leave()
        await second
        lane.leave()
        await lane.enter()
        lane.leave()
    await lane.enter()
    others = [asyncio.create_task(lane.enter()) for _ in range(waiting)]
    await asyncio.sleep(0)
    yield
    for each in others:
        each.cancel()


class TestQueue:
    @pytest.mark.parametrize(("waiting", "is_refused"), [(0, False), (9, False), (11, True)])
    def test_who_would_wait_too_long_is_refused_at_once(self, waiting: int, is_refused: bool) -> None:
        async def play() -> None:
            now = [0.0]

            def pass_time(seconds: float) -> None:
                now[0] += seconds

            lane = Lane(1.0, lambda: now[0])
            async with a_queue(lane, 0.1, waiting, pass_time):
                if is_refused:
                    with pytest.raises(Overloaded):
                        lane.check()
                else:
                    lane.check()

        asyncio.run(play())

    def test_calls_come_in_order_and_between_two_of_them_others_are_answered(self) -> None:
        order: list[str] = []

        async def scene(turns: Turns) -> None:
            async def call(name: str) -> None:
                async with await turns.take(stays) as turn:
                    await turn.run(order.append, name)

            async def health() -> None:
                for _ in range(3):
                    order.append("health")
                    await asyncio.sleep(0)

            await asyncio.gather(*[call(name) for name in "abc"], health())

        run(scene)
        assert [each for each in order if each != "health"] == ["a", "b", "c"]
        assert order.index("health") < order.index("b")

    def test_while_a_call_waits_for_the_ehr_the_next_one_computes(self) -> None:
        order: list[str] = []

        async def scene(turns: Turns) -> None:
            answered = asyncio.Event()

            async def reading() -> None:
                async with await turns.take(stays) as turn:
                    async with turn.given_up():
                        await answered.wait()
                    await turn.run(order.append, "reading")

            async def other() -> None:
                async with await turns.take(stays) as turn:
                    await turn.run(order.append, "other")
                answered.set()

            await asyncio.gather(reading(), other())

        run(scene)
        assert order == ["other", "reading"]

    def test_what_the_client_no_longer_waits_for_is_not_computed(self) -> None:
        async def scene(turns: Turns) -> None:
            async with await turns.take(stays):
                waiting = asyncio.create_task(turns.take(has_left))
                await asyncio.sleep(0)
            with pytest.raises(ClientLeft):
                await waiting
            with pytest.raises(ClientLeft):  # likewise who did not have to wait
                await turns.take(has_left)
            async with await turns.take(stays):  # and the place is free again
                pass

        run(scene)

    def test_a_call_that_is_cut_off_while_it_waits_frees_nobody_elses_place(self) -> None:
        async def scene(turns: Turns) -> None:
            async with await turns.take(stays):
                waiting = asyncio.create_task(turns.take(stays))
                await asyncio.sleep(0)
                waiting.cancel()
                await asyncio.sleep(0)
                other = asyncio.create_task(turns.take(stays))
                for _ in range(5):
                    await asyncio.sleep(0)
                assert not other.done()
            async with await other:
                pass

        run(scene)

    def test_a_call_that_is_cut_off_as_its_turn_comes_gives_the_place_back(self) -> None:
        async def scene(turns: Turns) -> None:
            def cut_off() -> bool:
                raise asyncio.CancelledError

            with pytest.raises(asyncio.CancelledError):
                await turns.take(cut_off)
            async with await turns.take(stays):
                pass

        run(scene)


class TestLargeCharts:
    def test_they_compute_beside_the_event_loop(self) -> None:
        async def scene(turns: Turns) -> None:
            gate = threading.Event()
            async with await turns.take(stays, large=True) as turn:
                slow = asyncio.create_task(turn.run(gate.wait, 30))
                async with await turns.take(stays) as other:
                    assert await other.run(threading.current_thread) is threading.main_thread()
                gate.set()
                assert await slow

        run(scene)

    def test_a_chart_that_turns_out_to_be_large_makes_way(self) -> None:
        async def scene(turns: Turns) -> None:
            gate = threading.Event()
            async with await turns.take(stays) as turn:
                slow = asyncio.create_task(turn.run(gate.wait, 30, large=True))
                async with await turns.take(stays) as other:
                    await other.run(gate.set)
                assert await slow

        run(scene)

    def test_one_after_the_other(self) -> None:
        async def scene(turns: Turns) -> None:
            gate = threading.Event()
            first = await turns.take(stays, large=True)
            waiting = asyncio.create_task(turns.take(stays, large=True))
            async with first:
                gate.set()
                assert await first.run(gate.wait, 30)
                assert not waiting.done()
            async with await waiting:
                pass

        run(scene)


class TestTimeBudget:
    def test_more_than_the_budget_is_refused_between_steps(self) -> None:
        async def scene(turns: Turns) -> None:
            async with await turns.take(stays) as turn:
                steps: list[int] = []

                def work() -> None:
                    for step in range(1_000_000_000):
                        steps.append(step)
                        turn.check()

                with pytest.raises(TimeBudgetSpent):
                    await turn.run(work)
                assert steps

        run(scene, budget=0.01)

    def test_what_the_steps_take_adds_up_and_waiting_does_not(self) -> None:
        async def scene(turns: Turns) -> None:
            async with await turns.take(stays) as turn:
                async with turn.given_up():
                    await asyncio.sleep(0.3)
                await turn.run(list)
                rounds = 0
                with suppress(TimeBudgetSpent):
                    while rounds < 1_000_000:
                        await turn.run(sum, range(10_000))
                        rounds += 1
                assert 0 < rounds < 1_000_000

        run(scene, budget=0.2)

    def test_alone_there_is_no_queue_and_no_budget(self) -> None:
        async def scene(_: Turns) -> None:
            turn = Turn()
            async with turn.given_up():
                pass
            assert await turn.run(sum, (1, 2), large=True) == 3
            turn.check()

        run(scene)
