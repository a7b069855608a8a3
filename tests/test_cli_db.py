"""`cds-service db`, and what `serve` and `check` make of the store's address."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cds_service.storage import migrations
from cds_service.storage.journal import Invocation, Journal
from cds_service.storage.store import Store
from tests.command import assert_one_line, run
from tests.databases import journal_rows


@pytest.fixture
def store(empty_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CDS_DATABASE_URL", empty_database)
    return empty_database


def write_call(url: str, at: datetime) -> None:
    async def write() -> None:
        async with Store(url) as store, Journal(store, "v", b"k" * 32) as journal:
            journal.add(Invocation(at, "", "", "s", "patient-view", "ok", 1.0))

    asyncio.run(write())


def test_upgrade_says_what_the_schema_is_now(store: str) -> None:
    newest = max(path.name for path in Path(migrations.__path__[0], "versions").glob("0*.py"))[:4]
    for _ in range(2):
        result = run("db", "upgrade")
        assert (result.exit_code, result.stdout) == (0, f"store: up to date, schema {newest}\n"), result.stderr


def test_prune_says_how_many_rows_went(store: str) -> None:
    run("db", "upgrade")
    now = datetime.now(UTC)
    for hours in (91 * 24, 89 * 24, 3):
        write_call(store, now - timedelta(hours=hours))
    for age, went in (("14w", 0), ("90d", 1), ("90d", 0), ("2h", 2)):
        result = run("db", "prune", "--older-than", age)
        assert result.exit_code == 0, result.stderr
        assert result.stdout == f"journal: {went} calls removed\nfeedback: 0 entries removed\n"
    assert journal_rows(store) == []


@pytest.mark.parametrize("age", ["", "90", "d", "0d", "-1d", "90 d", "1.5d", "1y", "1m", "90D", "100000d", "٩d"])
def test_what_is_no_age_is_refused(store: str, age: str) -> None:
    assert_one_line(run("db", "prune", "--older-than", age), "--older-than", "90d")


def test_prune_needs_an_age_and_a_current_store(store: str) -> None:
    assert run("db", "prune").exit_code == 2
    assert_one_line(run("db", "prune", "--older-than", "90d"), "CDS_DATABASE_URL", "cds-service db upgrade")


def test_serve_refuses_an_old_schema_on_postgresql(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.new_database()
    monkeypatch.setenv("CDS_DATABASE_URL", url)
    for command in ("serve", "demo"):
        assert_one_line(run(command, "--port", "0"), "CDS_DATABASE_URL", "Run: cds-service db upgrade")
    postgres.drop(url)


@pytest.mark.parametrize(
    "url",
    ["sqlite+aiosqlite:////no/such/folder/x.db", "postgresql+asyncpg://zebrafish:zebrafish@127.0.0.1:1/x"],
)
def test_a_store_that_cannot_be_used_stops_every_command_that_needs_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", url)
    for command in (("serve",), ("demo",), ("db", "upgrade"), ("db", "prune", "--older-than", "1d")):
        result = run(*command)
        assert_one_line(result, "CDS_DATABASE_URL", "cannot be used")
        assert "zebrafish" not in result.output
    assert run("check").exit_code == 0  # it needs no store


def test_check_and_assess_make_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDS_DATABASE_URL")
    monkeypatch.chdir(tmp_path)
    assert run("check").exit_code == 0
    assert list(tmp_path.iterdir()) == []


def test_check_refuses_an_address_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", "postgresql://zebrafish:zebrafish@x/y")
    result = run("check")
    assert_one_line(result, "CDS_DATABASE_URL", "postgresql+asyncpg://")
    assert "zebrafish" not in result.output
