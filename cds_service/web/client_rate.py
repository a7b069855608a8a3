"""So many calls a second for each client, where the operator sets a rate."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from time import monotonic

from starlette.requests import Request

from cds_service.errors import TooManyCalls
from cds_service.security.caller import Caller


class ClientRate:
    """Who makes a request, if that client does not call too often.

    A client may save up the calls of one second, at least one call (a token bucket). Each worker counts by itself.
    """

    def __init__(
        self,
        authenticate: Callable[[Request], Awaitable[Caller]],
        per_second: float,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._authenticate = authenticate
        self._rate = per_second
        self._most = max(1.0, per_second)
        self._clock = clock
        self._saved: dict[str, tuple[float, float]] = {}  # by client: calls, and when they were counted

    async def __call__(self, request: Request) -> Caller:
        """Raises Unauthenticated and TooManyCalls."""
        caller = await self._authenticate(request)
        now = self._clock()
        saved, counted = self._saved.get(caller.name, (self._most, now))
        saved = min(self._most, saved + (now - counted) * self._rate)
        if saved < 1:
            raise TooManyCalls
        self._saved[caller.name] = (saved - 1, now)
        return caller
