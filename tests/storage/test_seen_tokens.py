"""A token is new once, whoever asks."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cds_service.errors import StoreUnavailable
from cds_service.storage import seen_tokens
from cds_service.storage.models import SeenTokenRow
from cds_service.storage.seen_tokens import SeenTokens
from cds_service.storage.store import Store
from tests.databases import rows, sqlite_url, upgraded

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
ROOT = Path(__file__).parent.parent.parent

ASK = """
import asyncio, sys
from datetime import UTC, datetime, timedelta
from cds_service.storage.seen_tokens import SeenTokens
from cds_service.storage.store import Store

async def ask(url):
    now = datetime.now(UTC)
    async with Store(url) as store, SeenTokens(store, lambda: now) as tokens:
        await tokens.first_use("https://ehr", "warm up", now)
        print("ready", flush=True)
        sys.stdin.readline()
        until = now + timedelta(minutes=5)
        answers = await asyncio.gather(*(tokens.first_use("https://ehr", str(n), until) for n in range(300)))
        print(*map(int, answers))

asyncio.run(ask(sys.argv[1]))
"""


def first_uses(url: str, *tokens: tuple[str, str], until: datetime = LATER, now: datetime = NOW) -> list[bool]:
    async def run() -> list[bool]:
        async with Store(url) as store, SeenTokens(store, lambda: now) as seen:
            return [await seen.first_use(issuer, jti, until) for issuer, jti in tokens]

    return asyncio.run(run())


def test_a_token_is_new_once_also_after_a_restart(database: str) -> None:
    assert first_uses(database, ("i", "1"), ("i", "1"), ("i", "2")) == [True, False, True]
    assert first_uses(database, ("i", "1"), ("i", "3")) == [False, True]


def test_each_issuer_has_its_own_ids_and_any_text_can_be_one(database: str) -> None:
    tokens = [("i", "1"), ("j", "1"), ("i 1", ""), ("i", " 1"), ("i", "\0"), ("i", "\ud800"), ("i", "x" * 10_000)]
    assert first_uses(database, *tokens, *tokens) == [True] * len(tokens) + [False] * len(tokens)


def test_two_processes_that_ask_at_once_agree(database: str) -> None:
    command = [sys.executable, "-c", ASK, database]
    asking = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    for each in asking:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in asking:
        assert each.stdin is not None
        each.stdin.write("go\n")
        each.stdin.flush()
    answers = [each.communicate(timeout=60)[0].split() for each in asking]
    assert [int(one) + int(other) for one, other in zip(*answers, strict=True)] == [1] * 300


def test_expired_rows_are_removed_as_new_ones_come(database: str) -> None:
    first_uses(database, *(("i", f"old {n}") for n in range(200)), until=NOW - timedelta(minutes=1))
    first_uses(database, *(("i", f"new {n}") for n in range(256)))
    left = {row["until"] for row in rows(database, SeenTokenRow)}
    assert left == {int(LATER.timestamp()) + 1}


def test_a_store_that_fails_is_told(empty_database: str) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be looked up"):
        first_uses(empty_database, ("i", "1"))


def test_calls_do_not_queue_behind_each_other_for_a_locked_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen_tokens, "_PATIENCE_SECONDS", 0.2)
    url = upgraded(sqlite_url(tmp_path / "store.db"))

    async def run() -> tuple[list[bool | BaseException], bool]:
        async with Store(url) as store, SeenTokens(store, lambda: NOW) as seen:
            with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                asked = [seen.first_use("i", str(n), LATER) for n in range(200)]
                async with asyncio.timeout(20):  # one after the other they would take 40 seconds
                    answers = await asyncio.gather(*asked, return_exceptions=True)
            return answers, await seen.first_use("i", "0", LATER)

    answers, afterwards = asyncio.run(run())
    assert {type(each) for each in answers} == {StoreUnavailable}
    assert afterwards


def test_a_store_that_comes_back_is_used_again(empty_database: str) -> None:
    async def run() -> bool:
        async with Store(empty_database) as store, SeenTokens(store, lambda: NOW) as seen:
            with pytest.raises(StoreUnavailable):
                await seen.first_use("i", "1", LATER)
            await asyncio.to_thread(upgraded, empty_database)
            return await seen.first_use("i", "1", LATER)

    assert asyncio.run(run())
