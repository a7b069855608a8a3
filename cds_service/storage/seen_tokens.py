"""Which tokens were used already, across all workers.

A commit here need not be on disk: after a loss of power a token could be used again only while it is still valid,
which is minutes.
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self

import structlog
from sqlalchemy import text

from cds_service.errors import StoreUnavailable
from cds_service.storage.store import CHECKPOINT_PAGES, STORE_FAULTS, Store, connect, fault_name

_log = structlog.stdlib.get_logger()

_PATIENCE_SECONDS = 5.0  # for the database, waiting behind other calls included
_SWEEP_EVERY = 256
_INSERT = "INSERT INTO seen_token (key, until) VALUES (:key, :until) ON CONFLICT DO NOTHING"
_SWEEP = (
    "DELETE FROM seen_token WHERE key IN (SELECT key FROM seen_token WHERE until < :now ORDER BY until LIMIT :most)"
)


class _Table(Protocol):
    async def write(self, statement: str, **values: bytes | int) -> int:
        """How many rows a statement changed."""

    async def close(self) -> None: ...


class SeenTokens:
    """`now` tells which rows can be forgotten."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._table: _Table = _SqliteTable(store.file) if store.file else _PostgresTable(store)
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
            async with asyncio.timeout(_PATIENCE_SECONDS):
                is_new = await self._table.write(_INSERT, key=key, until=int(until.timestamp()) + 1) == 1
                self._count += 1
                if self._count % _SWEEP_EVERY == 0:
                    # twice as many as came in since, so that it keeps up and never takes long
                    await self._table.write(_SWEEP, now=int(self._now().timestamp()), most=2 * _SWEEP_EVERY)
        except (*STORE_FAULTS, sqlite3.Error) as error:
            _log.error("used tokens not readable", error=fault_name(error))
            raise StoreUnavailable(
                "whether the token was used before cannot be looked up", remedy="Send a new one later"
            ) from error
        return is_new


class _SqliteTable:
    """A connection of its own in a thread of its own: a tenth of the time that the way through SQLAlchemy takes."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, "seen-tokens")
        self._connection: sqlite3.Connection | None = None

    async def write(self, statement: str, **values: bytes | int) -> int:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._write, statement, values)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _write(self, statement: str, values: dict[str, bytes | int]) -> int:
        if self._connection is None:
            self._connection = connect(self._path, _PATIENCE_SECONDS)
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        return self._connection.execute(statement, values).rowcount

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class _PostgresTable:
    def __init__(self, store: Store) -> None:
        self._engine = store.quick.execution_options(isolation_level="AUTOCOMMIT")

    async def write(self, statement: str, **values: bytes | int) -> int:
        async with self._engine.connect() as connection:
            return (await connection.execute(text(statement), values)).rowcount

    async def close(self) -> None:
        """The store closes the engine."""
