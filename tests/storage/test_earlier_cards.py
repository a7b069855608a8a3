"""What became of a card before: found by one indexed query, and at once what this process has just done."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from cds_service.storage import earlier_cards
from cds_service.storage.earlier_cards import Answer, CardKey, Earlier, EarlierCards
from cds_service.storage.feedback import FeedbackStore
from cds_service.storage.journal import Invocation, Journal
from cds_service.storage.retention import prune
from cds_service.storage.store import Store
from cds_service.wire import Feedback
from tests.calls import overridden

KEY = b"k" * 32
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
DAY_AGO = NOW - timedelta(hours=24)
HOUR = timedelta(hours=1)
CONTENT = b"what it says"


def with_cards(url: str, action: Callable[[Store, EarlierCards], Awaitable[Any]], key: bytes | None = KEY) -> Any:
    async def run() -> Any:
        async with Store(url) as store, EarlierCards(store, key) as cards:
            return await action(store, cards)

    return asyncio.run(run())


async def key_of(cards: EarlierCards, user: str = "Practitioner/a", content: bytes = CONTENT) -> CardKey:
    key = await cards.key("ward", "north", "p1", user, "e1", content)
    assert key is not None
    return key


def uuid_of(key: CardKey, end: str = "-9000-000000000001") -> str:
    return key.start + end


async def tell(store: Store, key: CardKey, *hooks: tuple[str, datetime], reason: str = "") -> None:
    async with Journal(store, "0", KEY) as journal:
        for hook, at in hooks:
            card = uuid_of(key)
            kept = {"withheld": [(card, reason)]} if reason else {"cards": [card]}
            journal.add(Invocation(at, "ward", "north", hook, hook, "ok", 1.0, encounter_id="e1", **kept))


async def override(store: Store, card: str, received: datetime, said: datetime, **members: Any) -> None:
    sent = overridden(card=card, outcomeTimestamp=said.isoformat(), **members)
    await FeedbackStore(store, lambda: received).keep("s", "ward", "north", [msgspec.convert(sent, Feedback)])


def test_an_override_counts_from_the_earlier_of_both_clocks(database: str) -> None:
    async def run(store: Store, cards: EarlierCards) -> Earlier:
        key = await key_of(cards)
        await override(store, uuid_of(key), NOW - HOUR, NOW + HOUR)
        await override(store, uuid_of(key, "-a000-000000000002"), NOW, NOW - 2 * HOUR)
        await override(store, uuid_of(key), NOW, DAY_AGO - HOUR)
        await override(store, uuid_of(key), DAY_AGO - HOUR, NOW)
        await override(store, uuid_of(key), NOW, NOW, outcome="accepted")
        await override(store, uuid_of(await key_of(cards, user="Practitioner/b")), NOW, NOW)
        await override(store, uuid_of(await key_of(cards, content=b"something else")), NOW, NOW)
        return await cards.earlier(key, DAY_AGO)

    earlier = with_cards(database, run)
    assert sorted(earlier.overrides) == [NOW - 2 * HOUR, NOW - HOUR]
    assert earlier.answers == []


def test_answers_are_those_of_the_encounter(database: str) -> None:
    async def run(store: Store, cards: EarlierCards) -> Any:
        key = await key_of(cards)
        await tell(store, key, ("old", DAY_AGO - HOUR), ("encounter-start", NOW - HOUR))
        await tell(store, key, ("patient-view", NOW), reason="repeated")
        other = await cards.key("ward", "north", "p1", "Practitioner/a", "e2", CONTENT)
        none = await cards.key("ward", "north", "p1", "Practitioner/a", "", CONTENT)
        assert other is not None and none is not None
        return [await cards.earlier(each, DAY_AGO) for each in (key, other, none)]

    earlier, other, none = with_cards(database, run)
    assert sorted(earlier.answers) == [
        Answer("encounter-start", NOW - HOUR, shown=True),
        Answer("patient-view", NOW, shown=False),
    ]
    assert other.answers == none.answers == []


def test_what_was_just_done_is_known_before_it_is_written(database: str) -> None:
    async def run(_store: Store, cards: EarlierCards) -> Any:
        key = await key_of(cards)
        cards.note(key, Answer("encounter-start", NOW, shown=True))
        found = await cards.earlier(key, DAY_AGO)
        cards.note(await key_of(cards, "Practitioner/b"), Answer("x", NOW + HOUR, shown=True))
        return found, await cards.earlier(key, DAY_AGO)

    found, later = with_cards(database, run)
    assert found.answers == [Answer("encounter-start", NOW, shown=True)]
    assert later.answers == []


@pytest.mark.parametrize("key", [KEY, None])
def test_a_card_keeps_its_key_over_restarts(database: str, key: bytes | None) -> None:
    async def run(_store: Store, cards: EarlierCards) -> CardKey:
        return await key_of(cards)

    first, second = with_cards(database, run, key), with_cards(database, run, key)
    assert first == second
    assert len(first.start) == len("4e0a3a1e-3283-4575")


def test_what_is_pruned_silences_nothing(database: str) -> None:
    async def run(store: Store, cards: EarlierCards) -> Earlier:
        key = await key_of(cards)
        await tell(store, key, ("encounter-start", NOW - HOUR))
        await override(store, uuid_of(key), NOW - HOUR, NOW - HOUR)
        await prune(store, NOW)
        return await cards.earlier(key, DAY_AGO)

    assert with_cards(database, run) == Earlier([], [])


def test_a_store_without_tables_is_told_once_and_then_left_alone(empty_database: str) -> None:
    async def run(_store: Store, cards: EarlierCards) -> Any:
        key = await key_of(cards)
        return [await cards.earlier(key, DAY_AGO) for _ in range(3)]

    assert with_cards(empty_database, run) == [Earlier()] * 3


def test_no_table_is_searched_from_end_to_end(database: str) -> None:
    """With more rows than a plan would rather scan."""

    async def run(store: Store, cards: EarlierCards) -> list[str]:
        key = await key_of(cards)
        async with Journal(store, "0", KEY) as journal:
            for number in range(2_000):
                journal.add(Invocation(NOW, "", "", "s", "h", "ok", 1.0, cards=[f"{number:08x}-0000-4000-8000-00"]))
        for number in range(0, 20_000, 1_000):
            sent = [overridden(card=f"{each:08x}") for each in range(number, number + 1_000)]
            await FeedbackStore(store, lambda: NOW).keep("s", "", "", msgspec.convert(sent, list[Feedback]))
        first, last = key.start + earlier_cards._FIRST, key.start + earlier_cards._LAST
        values = {"first": first, "last": last, "client": "", "tenant": "", "encounter": "e", "oldest": "0"}
        explain = "EXPLAIN QUERY PLAN " if database.startswith("sqlite") else "EXPLAIN "
        async with store.quick.begin() as connection:
            if database.startswith("postgresql"):
                await connection.execute(text("ANALYZE"))
            query = text(explain + earlier_cards._OVERRIDES_AND_ANSWERS)
            since = DAY_AGO.replace(tzinfo=None).isoformat(" ") if database.startswith("sqlite") else DAY_AGO
            rows = (await connection.execute(query, {**values, "since": since})).all()
        return [" ".join(map(str, row)) for row in rows]

    plan = with_cards(database, run)
    assert any("ix_feedback_card" in step for step in plan)
    assert not [step for step in plan if "Seq Scan" in step or " SCAN " in f" {step} "], plan
