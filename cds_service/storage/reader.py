"""Small indexed queries that an answer waits for."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from typing import Any, Protocol

from sqlalchemy import text

from cds_service.storage.store import Store, connect

PATIENCE_SECONDS = 1.0
_LOCK_SECONDS = 0.05


class Reader(Protocol):
    """It connects when it is first used."""

    async def rows(self, query: str, **values: Any) -> Sequence[Sequence[Any]]:
        """What a query finds. It raises whatever the database raises, and TimeoutError when that takes too long."""

    async def close(self) -> None: ...


def reader(store: Store) -> Reader:
    return _Sqlite(store.file) if store.file else _Postgres(store)


class _Sqlite:
    """It reads at once, not in a thread: no writer keeps a reader of a WAL file waiting, and to another thread and
    back takes a hundred times as long as such a query.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    async def rows(self, query: str, **values: Any) -> Sequence[Sequence[Any]]:
        if self._connection is None:
            self._connection = connect(self._path, _LOCK_SECONDS)
        return self._connection.execute(query, values).fetchall()

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class _Postgres:
    def __init__(self, store: Store) -> None:
        self._engine = store.quick.execution_options(isolation_level="AUTOCOMMIT")

    async def rows(self, query: str, **values: Any) -> Sequence[Sequence[Any]]:
        async with asyncio.timeout(PATIENCE_SECONDS), self._engine.connect() as connection:
            return (await connection.execute(text(query), values)).all()

    async def close(self) -> None:
        """The store closes the engine."""
