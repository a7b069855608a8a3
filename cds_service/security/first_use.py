"""Remembers tokens that were used, so that none is taken twice, in the memory of one process."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime


class UsedTokens:
    """The `jti` of each issuer until its token has expired.

    When `most` are remembered, further tokens are refused: forgetting early would let one be replayed.
    """

    def __init__(self, now: Callable[[], datetime], most: int = 500_000) -> None:
        self._now = now
        self._most = most
        self._used: set[tuple[str, str]] = set()
        self._by_expiry: list[tuple[datetime, tuple[str, str]]] = []

    async def first_use(self, issuer: str, jti: str, until: datetime) -> bool:
        """True the first time; from then on False until `until`, an aware moment."""
        self._forget_expired()
        token = (issuer, jti)
        if token in self._used or len(self._used) >= self._most:
            return False
        self._used.add(token)
        heapq.heappush(self._by_expiry, (until, token))
        return True

    def _forget_expired(self) -> None:
        now = self._now()
        while self._by_expiry and self._by_expiry[0][0] < now:
            self._used.remove(heapq.heappop(self._by_expiry)[1])
