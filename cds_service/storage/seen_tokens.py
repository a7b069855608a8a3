"""Which tokens were used already, across all workers.

A commit here need not be on disk: after a loss of power a token could be used again only while it is still valid,
which is minutes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Self

import structlog

from cds_service.errors import StoreUnavailable
from cds_service.storage.direct import DIRECT_FAULTS, direct
from cds_service.storage.store import Store, fault_name

_log = structlog.stdlib.get_logger()

_SWEEP_EVERY = 256
_INSERT = "INSERT INTO seen_token (key, until) VALUES (:key, :until) ON CONFLICT DO NOTHING"
_SWEEP = (
    "DELETE FROM seen_token WHERE key IN (SELECT key FROM seen_token WHERE until < :now ORDER BY until LIMIT :most)"
)


class SeenTokens:
    """`now` tells which rows can be forgotten."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._table = direct(store, "seen-tokens")
        self._now = now
        self._count = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._table.close()

    async def first_use(self, issuer: str, jti: str, until: datetime) -> bool:
        """True the first time that any worker asks this; `until` is when the token has expired, leeway included.

        Raises StoreUnavailable.
        """
        key = hashlib.sha256(f"{len(issuer)} {issuer} {jti}".encode("utf-8", "surrogatepass")).digest()
        try:
            is_new = await self._table.write(_INSERT, key=key, until=int(until.timestamp()) + 1) == 1
            self._count += 1
            if self._count % _SWEEP_EVERY == 0:
                # twice as many as came in since, so that it keeps up and never takes long
                await self._table.write(_SWEEP, now=int(self._now().timestamp()), most=2 * _SWEEP_EVERY)
        except DIRECT_FAULTS as error:
            _log.error("used tokens not readable", error=fault_name(error))
            raise StoreUnavailable(
                "whether the token was used before cannot be looked up", remedy="Send a new one later"
            ) from error
        return is_new
