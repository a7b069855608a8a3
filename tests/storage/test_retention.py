"""What is older than it may be is removed, and only that."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from cds_service.errors import StoreUnavailable
from cds_service.storage import retention
from cds_service.storage.feedback import FeedbackStore
from cds_service.storage.journal import Invocation, Journal
from cds_service.storage.retention import Removed, prune
from cds_service.storage.store import Store
from cds_service.wire import Feedback
from tests.calls import overridden
from tests.databases import card_rows, feedback_rows, journal_rows, sqlite_url, upgraded

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def fill(url: str, *moments: datetime, comment: str = "") -> None:
    """A call with a card, and feedback, of each moment."""

    async def run() -> None:
        async with Store(url) as store, Journal(store, "v", b"k" * 32) as journal:
            for number, at in enumerate(moments):
                journal.add(Invocation(at, "", "", "s", "patient-view", "ok", 1.0, cards=(f"card {number}",)))
                sent = overridden(card=f"card {number}", overrideReason={"userComment": comment})
                await FeedbackStore(store, lambda at=at: at).keep("s", "", "", [msgspec.convert(sent, Feedback)])  # type: ignore[misc]  # at is a datetime

    asyncio.run(run())


def pruned(url: str, before: datetime) -> Removed:
    async def run() -> Removed:
        async with Store(url) as store:
            return await prune(store, before)

    return asyncio.run(run())


def test_old_rows_go_with_their_cards_and_the_rest_stays(database: str) -> None:
    fill(database, NOW - 2 * HOUR, NOW - HOUR, NOW)
    assert pruned(database, NOW - HOUR) == Removed(journal=1, feedback=1)
    assert sorted(row["at"] for row in journal_rows(database)) == [NOW - HOUR, NOW]
    assert sorted(row["received_at"] for row in feedback_rows(database)) == [NOW - HOUR, NOW]
    assert sorted(row["card"] for row in card_rows(database)) == ["card 1", "card 2"]
    assert pruned(database, NOW - HOUR) == Removed(0, 0)


def test_many_rows_go_in_steps(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_AT_ONCE", 3)
    fill(database, *[NOW - HOUR] * 10, NOW)
    assert pruned(database, NOW) == Removed(10, 10)
    assert len(journal_rows(database)) == len(feedback_rows(database)) == 1


def test_a_comment_that_was_removed_is_no_longer_in_the_file(tmp_path: Path) -> None:
    url = upgraded(sqlite_url(tmp_path / "store.db"))
    fill(url, NOW, comment="zebrafish")
    held = [path for path in tmp_path.iterdir() if b"zebrafish" in path.read_bytes()]
    assert held
    pruned(url, NOW + HOUR)
    assert [path for path in tmp_path.iterdir() if b"zebrafish" in path.read_bytes()] == []


def test_a_comment_that_a_reader_keeps_in_the_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "LOCK_SECONDS", 0.1)
    url = upgraded(sqlite_url(tmp_path / "store.db"))
    fill(url, NOW, comment="zebrafish")
    with closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM feedback").fetchall()
        with pytest.raises(StoreUnavailable, match="their text is still in the files"):
            pruned(url, NOW + HOUR)
        assert feedback_rows(url) == []
    assert pruned(url, NOW + HOUR) == Removed(0, 0)
    assert [path for path in tmp_path.iterdir() if b"zebrafish" in path.read_bytes()] == []


def test_a_store_without_tables_is_told(empty_database: str) -> None:
    with pytest.raises(StoreUnavailable):
        pruned(empty_database, NOW)
