"""Does the store's schema hold what this version works with, and how it comes to.

Migrations only add, so that the version before works on the new schema, and this one on that of the next: several
versions can run side by side, and an update can be taken back (docs/upgrading.md).
"""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
from contextlib import closing
from pathlib import Path
from time import monotonic, sleep

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from cds_service.errors import ConfigurationError
from cds_service.storage.store import LOCK_SECONDS, STORE_FAULTS, Store

_SETTING = "CDS_DATABASE_URL"
_UPGRADE = "Run: cds-service db upgrade"
_GROWN = "store_revision"
"""The table that says how far the schema has grown: the last migration that was run."""
_NEEDED = "alembic_version"
"""The table that says which migration a version has to know to work with the store. The first versions know no other
table, and refuse what they do not know.
"""
_LAST_NEEDED = "0002"
"""Stays while migrations only add."""
_LOCK = 0x0CA1F  # any number, the same for all who upgrade
_KNOWN_FAULTS = {  # PostgreSQL's own texts name the user; https://www.postgresql.org/docs/current/errcodes-appendix.html
    "28P01": "the password is wrong",
    "28000": "the server does not let this user in",
    "3D000": "there is no database of this name",
    "42501": "this user may not do that",
    "53300": "the server has no connection left",
    "57P03": "the server is still starting",
}


async def upgrade(store: Store) -> str:
    """Bring the schema up to date, whoever else tries the same; returns its revision, which may be one of a later
    version. Raises ConfigurationError.
    """
    try:
        if store.file:
            await asyncio.to_thread(_make_file, store.file)
        async with store.durable.begin() as connection:
            return await connection.run_sync(_upgrade)
    except _FAULTS as error:
        raise _unusable(error) from None


async def require_current(store: Store) -> None:
    """Raises ConfigurationError if the schema lacks what this version works with, or cannot be read."""
    _require_file(store)
    try:
        async with store.durable.connect() as connection:
            found = await connection.run_sync(_revision)
    except _FAULTS as error:
        raise _unusable(error) from None
    if found is None or found < _head():
        raise ConfigurationError(f"{_SETTING}: the store has the schema of an earlier version. {_UPGRADE}.")


async def prepare(store: Store) -> None:
    """What a server does before it starts: a file is brought up to date, a PostgreSQL must be."""
    if store.file:
        await upgrade(store)
    else:
        await require_current(store)


def _require_file(store: Store) -> None:
    if store.file and not Path(store.file).is_file():  # SQLite would make an empty one
        raise ConfigurationError(f"{_SETTING}: the store cannot be used: there is no such file. {_UPGRADE}.")


def _upgrade(connection: Connection) -> str:
    if connection.dialect.name == "postgresql":  # SQLite's transaction has the lock already
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = _revision(connection)
    if found is not None and found > _head():
        return found
    if found is not None:
        _stamp(connection, _GROWN, found)
    config = _config()
    config.attributes.update(connection=connection, version_table=_GROWN)
    command.upgrade(config, "head")
    _stamp(connection, _NEEDED, _LAST_NEEDED)
    return _head()


def _revision(connection: Connection) -> str | None:
    """The last migration that was run. Raises ConfigurationError for a store that this version cannot work with."""
    needed = _stamped(connection, _NEEDED)
    if needed is not None and needed > _LAST_NEEDED:
        raise ConfigurationError(f"{_SETTING}: a newer version of this service made the store. Use that version.")
    return _stamped(connection, _GROWN) or needed


def _stamped(connection: Connection, table: str) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table": table}).get_current_revision()


def _stamp(connection: Connection, table: str, revision: str) -> None:
    MigrationContext.configure(connection, opts={"version_table": table}).stamp(_scripts(), revision)


def _head() -> str:
    return str(_scripts().get_current_head())


def _config() -> Config:
    config = Config()
    folder = str(Path(__file__).parent / "migrations")
    config.set_main_option("script_location", folder.replace("%", "%%"))
    return config


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _make_file(path: str) -> None:
    """The file, readable for its owner only, in WAL mode, which stays with it.

    SQLite does not wait for its lock while the mode is changed, so this does.
    """
    Path(path).touch(mode=0o600)
    deadline = monotonic() + LOCK_SECONDS
    with closing(sqlite3.connect(path, timeout=LOCK_SECONDS, isolation_level=None)) as connection:
        while not _is_in_wal_mode(connection, monotonic() > deadline):
            sleep(0.02)


def _is_in_wal_mode(connection: sqlite3.Connection, must_be: bool) -> bool:
    try:
        connection.execute("PRAGMA journal_mode = WAL")
    except sqlite3.OperationalError as error:
        if must_be or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True


_FAULTS = (*STORE_FAULTS, sqlite3.Error, TypeError, ValueError)  # the last two: a URL that the driver does not like


def _unusable(error: Exception) -> ConfigurationError:
    if getattr(_cause(error), "sqlite_errorcode", None) == sqlite3.SQLITE_BUSY:
        return ConfigurationError(f"{_SETTING}: another program keeps the store locked. End it, or try again later.")
    return ConfigurationError(
        f"{_SETTING}: the store cannot be used: {_reason(error)}. Give a file that this user may write, in a folder "
        "that exists and that it may write too, or the address of a PostgreSQL that is running."
    )


def _cause(error: BaseException) -> BaseException:
    """The driver's own error."""
    return getattr(error, "orig", None) or error


def _reason(error: BaseException) -> str:
    """In words that hold no address, user or password."""
    cause = _cause(error)
    if isinstance(cause, sqlite3.Error):
        return str(cause)
    if isinstance(cause, socket.gaierror):
        return "the name of its host is not known"
    if isinstance(cause, OSError) and cause.errno:
        return os.strerror(cause.errno)
    return _KNOWN_FAULTS.get(getattr(cause, "sqlstate", None) or "", type(cause).__name__)
