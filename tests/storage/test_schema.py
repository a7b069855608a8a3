"""The schema comes up to date, once, and no other one is worked with."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from cds_service.errors import ConfigurationError
from cds_service.storage import schema
from cds_service.storage.models import Base, SeenTokenRow
from cds_service.storage.store import Store, sqlite_file
from tests.databases import rows, sqlite_url, upgraded
from tests.servers import forked

ROOT = Path(__file__).parent.parent.parent


def do(url: str, *statements: str) -> None:
    async def run() -> None:
        async with Store(url) as store, store.durable.begin() as connection:
            for each in statements:
                await connection.execute(text(each))

    asyncio.run(run())


def on_store(url: str, action: Any) -> Any:
    async def run() -> Any:
        async with Store(url) as store:
            return await action(store)

    return asyncio.run(run())


def test_an_empty_store_gets_the_tables_and_a_current_one_stays_as_it_is(empty_database: str) -> None:
    assert on_store(empty_database, schema.upgrade) == "0004"
    do(empty_database, "INSERT INTO seen_token (key, until) VALUES ('k', 1)")
    assert on_store(empty_database, schema.upgrade) == "0004"
    assert len(rows(empty_database, SeenTokenRow)) == 1
    on_store(empty_database, schema.require_current)


def test_migrations_make_what_the_models_say(database: str) -> None:
    def differences(connection: Connection) -> Any:
        ours = {"include_name": lambda name, kind, _: kind != "table" or name != "store_revision"}
        return compare_metadata(MigrationContext.configure(connection, opts=ours), Base.metadata)

    async def run() -> Any:
        async with Store(database) as store, store.durable.connect() as connection:
            return await connection.run_sync(differences)

    assert asyncio.run(run()) == []


def test_an_upgrade_that_fails_leaves_nothing_behind(empty_database: str) -> None:
    if file := sqlite_file(empty_database):
        Path(file).touch()
    do(empty_database, "CREATE TABLE seen_token (x INTEGER)")  # stands in the way of the fourth table
    with pytest.raises(ConfigurationError, match="CDS_DATABASE_URL"):
        on_store(empty_database, schema.upgrade)
    do(empty_database, "DROP TABLE seen_token")
    assert on_store(empty_database, schema.upgrade) == "0004"


def test_many_that_upgrade_at_once_do_not_collide(empty_database: str) -> None:
    with ExitStack() as stack:
        running = [stack.enter_context(forked("db", "upgrade", CDS_DATABASE_URL=empty_database)) for _ in range(4)]
        said = [each.stdout.read().decode() + each.stderr.read().decode() for each in running]
    assert said == ["store: up to date, schema 0004\n"] * 4


def test_an_old_schema_is_refused_with_the_command(empty_database: str) -> None:
    with pytest.raises(ConfigurationError, match="Run: cds-service db upgrade"):
        on_store(empty_database, schema.require_current)


def test_a_schema_that_a_version_has_to_know_is_left_alone_where_it_is_not_known(database: str) -> None:
    do(database, "UPDATE alembic_version SET version_num = '9999'")
    for action in (schema.upgrade, schema.prepare, schema.require_current):
        with pytest.raises(ConfigurationError, match="a newer version of this service made the store"):
            on_store(database, action)


def test_before_a_start_a_file_is_brought_up_to_date_and_a_server_must_be(empty_database: str) -> None:
    if empty_database.startswith("postgresql"):
        with pytest.raises(ConfigurationError, match="Run: cds-service db upgrade"):
            on_store(empty_database, schema.prepare)
        upgraded(empty_database)
    on_store(empty_database, schema.prepare)
    on_store(empty_database, schema.require_current)


def test_a_new_file_is_for_its_owner_only_and_in_wal_mode(tmp_path: Path) -> None:
    url = upgraded(sqlite_url(tmp_path / "store.db"))
    assert (tmp_path / "store.db").stat().st_mode & 0o777 == 0o600

    async def mode(store: Store) -> Any:
        async with store.quick.connect() as connection:
            return (await connection.execute(text("PRAGMA journal_mode"))).scalar_one()

    assert on_store(url, mode) == "wal"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("sqlite+aiosqlite:////no/such/folder/zebrafish.db", "No such file or directory"),
        ("sqlite+aiosqlite:////proc/zebrafish.db", "No such file or directory"),
        ("sqlite+aiosqlite:////tmp", "unable to open database file"),
        ("postgresql+asyncpg://zebrafish:zebrafish@127.0.0.1:1/zebrafish", "Connection refused"),
        ("postgresql+asyncpg://zebrafish:zebrafish@zebrafish.invalid/zebrafish", "name of its host"),
        ("postgresql+asyncpg://zebrafish:zebrafish@127.0.0.1:1/x?zebrafish=1", "TypeError"),
    ],
)
def test_a_store_that_cannot_be_used_is_one_line_without_credentials(url: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as stopped:
        on_store(url, schema.upgrade)
    message = str(stopped.value)
    assert message.startswith("CDS_DATABASE_URL: the store cannot be used: ")
    assert says in message
    assert "\n" not in message
    assert "zebrafish" not in message


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "store.db"
    file.write_text("These are my notes. " * 100)
    with pytest.raises(ConfigurationError, match="file is not a database"):
        upgraded(sqlite_url(file))
    assert file.read_text() == "These are my notes. " * 100


def test_a_locked_file_is_told_as_that(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cds_service.storage.store.LOCK_SECONDS", 0.1)
    monkeypatch.setattr(schema, "LOCK_SECONDS", 0.1)
    url = upgraded(sqlite_url(tmp_path / "store.db"))
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        for action in (schema.upgrade, schema.require_current):
            with pytest.raises(ConfigurationError, match="another program keeps the store locked"):
                on_store(url, action)


def test_an_unknown_database_and_a_wrong_password_are_named_as_such(postgres: Any) -> None:
    url = postgres.new_database()
    with pytest.raises(ConfigurationError, match="there is no database of this name"):
        on_store(url.replace("/test_", "/zebrafish_"), schema.upgrade)
    postgres.drop(url)
