"""Single statements on the path of a call, past SQLAlchemy's pool: with SQLite a tenth of the time."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from sqlalchemy import text

from cds_service.storage.store import CHECKPOINT_PAGES, LOCK_SECONDS, STORE_FAULTS, Store, sqlite_file

DIRECT_FAULTS = (*STORE_FAULTS, sqlite3.Error)
"""What a statement may raise. Their texts can hold what was to be stored: never log them."""


class Direct(Protocol):
    """Each statement is a transaction of its own, whose commit need not be on disk."""

    async def write(self, statement: str, **values: Any) -> int:
        """How many rows a statement changed."""

    async def read(self, statement: str, **values: Any) -> Sequence[Sequence[Any]]:
        """The rows that a query found."""

    async def close(self) -> None: ...


def direct(store: Store, name: str) -> Direct:
    """A way to the store for one user of it, whose thread gets this name. It connects when it is first used."""
    path = sqlite_file(store.url)
    return _Sqlite(path, name) if path else _Postgres(store)


class _Sqlite:
    """A connection of its own in a thread of its own."""

    def __init__(self, path: str, name: str) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, name)
        self._connection: sqlite3.Connection | None = None

    async def write(self, statement: str, **values: Any) -> int:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._write, statement, values)

    async def read(self, statement: str, **values: Any) -> Sequence[Sequence[Any]]:
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, statement, values)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown()

    def _write(self, statement: str, values: Mapping[str, Any]) -> int:
        return self._open().execute(statement, values).rowcount

    def _read(self, statement: str, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        return self._open().execute(statement, values).fetchall()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, timeout=LOCK_SECONDS, isolation_level=None)
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        return self._connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()


class _Postgres:
    def __init__(self, store: Store) -> None:
        self._engine = store.quick.execution_options(isolation_level="AUTOCOMMIT")

    async def write(self, statement: str, **values: Any) -> int:
        async with self._engine.connect() as connection:
            return (await connection.execute(text(statement), values)).rowcount

    async def read(self, statement: str, **values: Any) -> Sequence[Sequence[Any]]:
        async with self._engine.connect() as connection:
            return (await connection.execute(text(statement), values)).all()

    async def close(self) -> None:
        """The store closes the engine."""
