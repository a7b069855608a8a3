"""Each entry is kept, and kept once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from cds_service.errors import StoreUnavailable
from cds_service.storage.feedback import FeedbackStore
from cds_service.storage.store import Store
from cds_service.wire import Feedback
from tests.calls import accepted, overridden
from tests.databases import feedback_rows

RECEIVED = datetime(2026, 11, 2, 12, tzinfo=UTC)
REASON = {"reason": {"code": "c", "system": "urn:x", "display": "d"}, "userComment": "Ünder\n😀 control"}


def entries(*sent: Any) -> list[Feedback]:
    return msgspec.convert(list(sent), list[Feedback])


def keep(url: str, *messages: list[Feedback], client: str = "", tenant: str = "", service: str = "s") -> None:
    """All messages at once."""

    async def run() -> None:
        async with Store(url) as store:
            feedback = FeedbackStore(store, lambda: RECEIVED)
            await asyncio.gather(*(feedback.keep(service, client, tenant, each) for each in messages))

    asyncio.run(run())


def test_an_entry_is_kept_as_it_came(database: str) -> None:
    keep(database, entries(overridden(overrideReason=REASON)), client="ward", tenant="north")
    (row,) = feedback_rows(database)
    assert len(row.pop("key")) == 64
    assert row == {
        "received_at": RECEIVED,
        "client": "ward",
        "tenant": "north",
        "service": "s",
        "card": "f6b95768-b1c8-40dc-8385-bf3504b82ffb",
        "outcome": "overridden",
        "outcome_at": datetime(2026, 11, 2, 10, 5, 32, tzinfo=UTC),
        "accepted_suggestions": [],
        "reason_code": "c",
        "reason_system": "urn:x",
        "reason_display": "d",
        "user_comment": "Ünder\n😀 control",
        "others": None,
    }


def test_an_identical_entry_is_kept_once_in_and_across_messages(database: str) -> None:
    keep(database, entries(accepted("a", "b"), overridden(), accepted("a", "b")))
    keep(database, entries(overridden()), entries(accepted("b", "a")))
    assert sorted(row["outcome"] for row in feedback_rows(database)) == ["accepted", "overridden"]


@pytest.mark.parametrize(
    "other",
    [
        accepted("a", "b"),
        accepted("b"),
        accepted("a", outcomeTimestamp="2026-11-02T10:05:31.5Z"),
        accepted("a", outcome="overridden"),
        accepted("a", overrideReason={"userComment": "x"}),
        accepted("a", card="another"),
        accepted("a", others='{"note":"x"}'),
    ],
)
def test_a_different_entry_is_another_row_in_any_order(database: str, other: Any) -> None:
    keep(database, entries(other), entries(accepted("a")))
    keep(database, entries(accepted("a")), entries(other))
    assert len(feedback_rows(database)) == 2


def test_what_was_kept_before_others_were_stays_one_row(database: str) -> None:
    """The digest that version 0.1.0 made of this entry."""
    keep(database, entries(accepted("a")))
    (row,) = feedback_rows(database)
    assert row["key"] == "673a8d2ffdda0131a63c88e737f7e7c4526f8e441155c2c992e6264e3390be05"


def test_another_client_tenant_or_service_is_another_row(database: str) -> None:
    keep(database, entries(accepted("a")))
    keep(database, entries(accepted("a")), client="ward")
    keep(database, entries(accepted("a")), client="ward", tenant="north")
    keep(database, entries(accepted("a")), service="t")
    assert len(feedback_rows(database)) == 4


def test_the_same_entries_in_many_orders_at_once_block_nobody(database: str) -> None:
    sent = entries(*(accepted(str(n)) for n in range(50)))
    keep(database, *([*sent[n:], *sent[:n]] for n in range(40)))
    assert len(feedback_rows(database)) == 50


def test_names_that_a_database_refuses_are_made_fit(database: str) -> None:
    keep(database, entries(accepted("a")), client="a\0b", tenant="x\ud800y")
    (row,) = feedback_rows(database)
    assert (row["client"], row["tenant"]) == ("a\ufffdb", "x\ufffdy")


def test_a_store_without_tables_says_that_nothing_was_stored(empty_database: str) -> None:
    with pytest.raises(StoreUnavailable, match=r"was not stored\. Send it again"):
        keep(empty_database, entries(accepted("a")))


def test_a_server_that_is_not_there_says_so_too() -> None:
    with pytest.raises(StoreUnavailable):
        keep("postgresql+asyncpg://u:p@127.0.0.1:1/x", entries(accepted("a")))
