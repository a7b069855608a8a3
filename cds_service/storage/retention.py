"""Removes what is older than it may be."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, select
from sqlalchemy.orm import InstrumentedAttribute

from cds_service.errors import StoreUnavailable
from cds_service.storage.models import FeedbackRow, InvocationRow, SeenSystemRow
from cds_service.storage.store import LOCK_SECONDS, STORE_FAULTS, Store, connect

_AT_ONCE = 5_000  # so that the lock is never held for long


class Removed(NamedTuple):
    """How many rows went."""

    journal: int
    feedback: int


async def prune(store: Store, before: datetime) -> Removed:
    """Remove journal rows of calls, feedback received, and code systems last met before a moment.

    Raises StoreUnavailable.

    In a SQLite file what was removed is overwritten.
    """
    try:
        journal = await _remove(store, InvocationRow.id, InvocationRow.at, before)
        feedback = await _remove(store, FeedbackRow.key, FeedbackRow.received_at, before)
        async with store.durable.begin() as connection:
            await connection.execute(delete(SeenSystemRow).where(SeenSystemRow.last_at < before))
        if store.file and not await asyncio.to_thread(_empty_log, store.file):
            raise _still_there()
    except (*STORE_FAULTS, sqlite3.Error) as error:
        raise StoreUnavailable("the rows could not be removed", remedy="Try again") from error
    return Removed(journal, feedback)


async def _remove(
    store: Store, key: InstrumentedAttribute[str], at: InstrumentedAttribute[datetime], before: datetime
) -> int:
    old = select(key).where(at < before).limit(_AT_ONCE)
    removed = 0
    while True:
        async with store.durable.begin() as connection:
            count = (await connection.execute(delete(key.class_).where(key.in_(old)))).rowcount
        removed += count
        if count < _AT_ONCE:
            return removed


def _empty_log(path: str) -> bool:
    """The write-ahead log still holds what was removed. False while somebody reads the store as it was before."""
    with closing(connect(path, LOCK_SECONDS)) as connection:
        is_busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return not is_busy


def _still_there() -> StoreUnavailable:
    return StoreUnavailable(
        "the rows are removed, but their text is still in the files, since another program reads the store",
        remedy="Close it (a backup, an open sqlite3), then run the same command again",
    )
