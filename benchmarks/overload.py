"""`python -m benchmarks.overload`: what callers meet when more calls come than one worker can answer.

First the capacity is measured, with eight callers that wait for each answer. Then calls come at a multiple of it for
some seconds, whatever becomes of those before, while another caller asks for the sign of life ten times a second.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from collections import Counter
from datetime import UTC, datetime
from time import perf_counter

from benchmarks.__main__ import HOOK, running_server
from benchmarks.charts import hook_request


class Caller:
    """Connections that are kept open, one for each call under way."""

    def __init__(self, host: str, port: int) -> None:
        self._place = (host, port)
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def call(self, request: bytes) -> tuple[int, float]:
        """The status, 0 without an answer, and the seconds that it took."""
        begun = perf_counter()
        try:
            reader, writer = self._idle.pop() if self._idle else await asyncio.open_connection(*self._place)
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next(int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length"))
            await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            return 0, perf_counter() - begun
        if b"connection: close" in lines:
            writer.close()
        else:
            self._idle.append((reader, writer))
        return int(head[9:12]), perf_counter() - begun

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()


async def capacity(caller: Caller, request: bytes, seconds: float) -> float:
    """Calls a second that eight callers get answered."""
    end = perf_counter() + seconds

    async def again_and_again() -> int:
        answered = 0
        while perf_counter() < end:
            answered += (await caller.call(request))[0] == 200
        return answered

    return sum(await asyncio.gather(*[again_and_again() for _ in range(8)])) / seconds


async def overload(caller: Caller, request: bytes, rate: float, seconds: float) -> list[tuple[int, float]]:
    """Status and seconds of each of the calls that come at this rate."""
    begun = perf_counter()
    calls: list[asyncio.Task[tuple[int, float]]] = []
    while (since := perf_counter() - begun) < seconds:
        calls += [asyncio.create_task(caller.call(request)) for _ in range(int(since * rate) - len(calls))]
        await asyncio.sleep(0.001)
    return await asyncio.gather(*calls)


async def signs_of_life(caller: Caller, stop: asyncio.Event) -> list[float]:
    """Seconds until each answer of /health."""
    took = []
    while not stop.is_set():
        status, seconds = await caller.call(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        took.append(seconds if status == 200 else float("inf"))
        await asyncio.sleep(0.1)
    return took


def percentile(values: list[float], share: int) -> float:
    return statistics.quantiles(values, n=100)[share - 1] if len(values) > 1 else float("nan")


async def measure(address: str, size: str, times: float, seconds: float) -> None:
    host, port = address.removeprefix("http://").split(":")
    body = hook_request(size, complaint=True, now=datetime.now(UTC))
    head = f"POST {HOOK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    request = head.encode() + b"\r\n\r\n" + body
    caller = Caller(host, int(port))
    await capacity(caller, request, 1)
    rate = await capacity(caller, request, 3)
    stop = asyncio.Event()
    life = asyncio.create_task(signs_of_life(caller, stop))
    answers = await overload(caller, request, rate * times, seconds)
    stop.set()
    health = await life
    caller.close()
    counts = Counter(status for status, _ in answers)
    print(f"{size} chart: {rate:.0f} calls a second answered; then {rate * times:.0f} came for {seconds:g} s")
    print(f"  by status: {dict(sorted(counts.items()))}; answered {counts[200] / seconds:.0f} a second")
    for status in (200, 503):
        took = [each * 1000 for got, each in answers if got == status]
        if took:
            p50, p99 = statistics.median(took), percentile(took, 99)
            print(f"  {status}: p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {max(took):.0f} ms")
    print(f"  /health: p50 {statistics.median(health) * 1000:.0f} ms, longest {max(health) * 1000:.0f} ms", flush=True)


def main() -> None:
    options = argparse.ArgumentParser(prog="benchmarks.overload", description=__doc__)
    options.add_argument("--times", type=float, default=3, help="the capacity")
    options.add_argument("--seconds", type=float, default=10)
    chosen = options.parse_args()
    with running_server() as address:
        for size in ("small", "medium"):
            asyncio.run(measure(address, size, chosen.times, chosen.seconds))


if __name__ == "__main__":
    main()
