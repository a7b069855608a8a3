"""The database: SQLite in a file, or PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import asyncpg  # type: ignore[import-untyped]  # it has no types
import msgspec
from sqlalchemy import Connection, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from cds_service.storage.models import Base

LOCK_SECONDS = 10
CHECKPOINT_PAGES = 4000  # 16 MB: the fsync that it costs comes after thousands of commits instead of hundreds
_CONNECT_SECONDS = 5
_LOTS = (64, 8, 1)

STORE_FAULTS = (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError)
"""What any use of the database may raise. Their texts can hold what was to be stored: never log them."""


class Store:
    """Two engines for one database; neither connects before it is used.

    What `durable` has committed is on disk. What `quick` has committed outlives this process, killed or not, but the
    last of it may be lost when the machine loses power. `file` is the path of a SQLite, None for PostgreSQL.
    """

    def __init__(self, url: str) -> None:
        self.file = sqlite_file(url)
        self.durable = _engine(url, durable=True)
        self.quick = _engine(url, durable=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.durable.dispose()
        await self.quick.dispose()


def sqlite_file(url: str) -> str | None:
    """The path of the file; None for PostgreSQL."""
    parsed = make_url(url)
    return parsed.database if parsed.get_backend_name() == "sqlite" else None


def connect(file: str, lock_seconds: float) -> sqlite3.Connection:
    """To a SQLite beside the engines; never makes a file."""
    address = f"{Path(file).absolute().as_uri()}?mode=rw"
    return sqlite3.connect(address, uri=True, timeout=lock_seconds, isolation_level=None)


class StoreFileReplaced(OSError):
    """At the path of the SQLite is none or another file than the one that was opened: what is written would be lost."""


class Insert:
    """INSERT of rows that passes over keys that are there already.

    A statement holds many rows: given one by one, each would wait for Python's lock while the file is locked.
    """

    def __init__(self, engine: AsyncEngine, model: type[Base]) -> None:
        self._names = [column.name for column in model.__table__.columns]
        self._into = f"INSERT INTO {model.__tablename__} ({', '.join(self._names)})"
        table, names = model.__tablename__, ", ".join(self._names)
        source = f"json_populate_recordset(NULL::{table}, CAST(:rows AS json))"
        self._from_json = text(f"{self._into} SELECT {names} FROM {source} ON CONFLICT DO NOTHING")  # noqa: S608
        self._is_sqlite = engine.dialect.name == "sqlite"

    async def run(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Each row has a value for every column: moments as `utc_text`, lists for JSON."""
        if self._is_sqlite:
            await self._run_in_sqlite(connection, rows)
        elif rows:
            await connection.execute(self._from_json, {"rows": msgspec.json.encode(rows).decode()})

    async def _run_in_sqlite(self, connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> None:
        """In lots of a few sizes, so that few statements have to be prepared."""
        done = 0
        for size in _LOTS:
            while len(rows) - done >= size:
                lot = rows[done : done + size]
                values = tuple([_sqlite_value(row[name]) for row in lot for name in self._names])
                await connection.exec_driver_sql(self._statement(size), values)
                done += size

    def _statement(self, size: int) -> str:
        row = f"({', '.join('?' * len(self._names))})"
        return f"{self._into} VALUES {', '.join([row] * size)} ON CONFLICT DO NOTHING"


def _sqlite_value(value: Any) -> Any:
    return msgspec.json.encode(value).decode() if isinstance(value, (list, tuple)) else value


def utc_text(moment: datetime) -> str:
    """An aware moment as both databases read it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def fault_name(error: BaseException) -> str:
    """What the log may say of one of STORE_FAULTS: the driver's own name for it."""
    return type(getattr(error, "orig", None) or error).__name__


def storable(name: str) -> str:
    """The text with U+FFFD for what a database refuses: NUL, and halves of surrogate pairs."""
    if name.isascii() and "\0" not in name:
        return name
    return name.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _engine(url: str, *, durable: bool) -> AsyncEngine:
    if (file := sqlite_file(url)) is not None:
        return _sqlite_engine(url, file, durable)
    server_settings = {
        "application_name": "cds-service",
        "synchronous_commit": "on" if durable else "off",
        "timezone": "UTC",
    }
    return create_async_engine(
        url,
        pool_pre_ping=True,
        pool_timeout=LOCK_SECONDS,
        connect_args={
            "timeout": _CONNECT_SECONDS,
            "command_timeout": LOCK_SECONDS,
            "server_settings": server_settings,
        },
        hide_parameters=True,
    )


def _identity(file: str) -> tuple[int, int]:
    try:
        stat = Path(file).stat()
    except FileNotFoundError:
        raise StoreFileReplaced from None
    return stat.st_dev, stat.st_ino


def _sqlite_engine(url: str, file: str, durable: bool) -> AsyncEngine:
    """One connection: writers of a process queue here, in order, rather than at the file's lock."""
    engine = create_async_engine(
        url,
        pool_size=1,
        max_overflow=0,
        pool_timeout=LOCK_SECONDS,
        connect_args={"timeout": LOCK_SECONDS, "isolation_level": None},
        hide_parameters=True,
    )

    def before_connect(_dialect: Any, record: ConnectionPoolEntry, *_: Any) -> None:
        record.info["file"] = _identity(file)  # where there is none, SQLite would make one

    def on_connect(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        cursor.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA secure_delete = {'ON' if durable else 'OFF'}")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        if connection.info["file"] != _identity(file):
            raise StoreFileReplaced
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # a lock taken later can fail at once instead of waiting

    event.listen(engine.sync_engine, "do_connect", before_connect)
    event.listen(engine.sync_engine, "connect", on_connect)
    event.listen(engine.sync_engine, "begin", on_begin)
    return engine
