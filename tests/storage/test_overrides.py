"""How often a card is overridden: the journal beside the feedback, in both databases."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from cds_service.errors import StoreUnavailable
from cds_service.storage.feedback import FeedbackStore
from cds_service.storage.journal import Invocation, Journal
from cds_service.storage.overrides import CardFeedback, card_feedback
from cds_service.storage.store import Store
from cds_service.wire import Feedback
from tests.calls import accepted, overridden

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
WEEK_AGO = NOW - timedelta(days=7)
DISPLAY_ALONE = {"code": "", "display": "Does not meet criteria"}


def call(instance: str, *cards: str, client: str = "ward") -> Invocation:
    return Invocation(NOW, client, "", "s", "patient-view", "ok", 1.0, hook_instance=instance, cards=cards)


def entry(kind: Any, card: str, minute: int = 0, reason: str = "") -> dict[str, Any]:
    members: dict[str, Any] = {"card": card, "outcomeTimestamp": f"2026-11-02T10:{minute:02}:00Z"}
    if reason:
        members["overrideReason"] = {"reason": {"code": reason, "system": "urn:x"}}
    return dict(kind(**members))


def fill(
    url: str, calls: list[Invocation], *entries: dict[str, Any], client: str = "ward", received: datetime = NOW
) -> None:
    async def run() -> None:
        async with Store(url) as store:
            async with Journal(store, "v", b"k" * 32) as journal:
                for each in calls:
                    journal.add(each)
            told = msgspec.convert(list(entries), list[Feedback])
            await FeedbackStore(store, lambda: received).keep("s", client, "", told)

    asyncio.run(run())


def told(url: str, since: datetime = WEEK_AGO) -> list[CardFeedback]:
    async def run() -> list[CardFeedback]:
        async with Store(url) as store:
            return await card_feedback(store, since, lambda _instance, uuid: {"a": "dvt", "b": "muscle"}.get(uuid[0]))

    return asyncio.run(run())


def test_of_each_card_how_many_answers_were_overridden_and_why(database: str) -> None:
    fill(
        database,
        [call(f"i{n}", f"a{n}", f"b{n}") for n in range(4)],
        entry(overridden, "a0", reason="already-managed"),
        entry(overridden, "a1", reason="already-managed"),
        entry(overridden, "a2"),
        entry(lambda **members: accepted("x", **members), "a3"),
        entry(lambda **members: accepted("x", **members), "b0"),
    )
    dvt, muscle = told(database)
    assert dvt == CardFeedback("dvt", 4, 3, {"already-managed": 2, "no reason given": 1})
    assert (dvt.rate, muscle.rate) == (0.75, 0)
    assert (dvt.accepted, muscle.accepted) == (1, 1)


def test_the_last_word_on_an_answer_counts_once(database: str) -> None:
    again = call("i0", "a0")  # the same call twice: two rows of the journal, one card
    fill(
        database,
        [again, again],
        entry(overridden, "a0", minute=5, reason="already-managed"),
        entry(overridden, "a0", minute=1, reason="other-cause"),
    )
    assert told(database) == [CardFeedback("dvt", 1, 1, {"already-managed": 1})]


@pytest.mark.parametrize("dismissed", [1, 9])
def test_a_card_whose_suggestion_was_accepted_stays_accepted_when_it_is_dismissed(
    database: str, dismissed: int
) -> None:
    fill(
        database,
        [call("i0", "a0")],
        entry(lambda **members: accepted("x", **members), "a0", minute=5),
        entry(overridden, "a0", minute=dismissed),
    )
    assert told(database) == [CardFeedback("dvt", 1, 0, {})]


def test_a_reason_without_a_code_counts_by_its_words(database: str) -> None:
    fill(database, [call("i0", "a0")], {**entry(overridden, "a0"), "overrideReason": {"reason": DISPLAY_ALONE}})
    assert told(database) == [CardFeedback("dvt", 1, 1, {"Does not meet criteria": 1})]


def test_what_is_older_of_another_client_or_of_no_known_card_does_not_count(database: str) -> None:
    fill(database, [call("i0", "a0"), call("i1", "z1")], entry(overridden, "a0"), client="other")
    fill(database, [], entry(overridden, "z1"), entry(overridden, "never-shown"))
    fill(database, [], entry(overridden, "a0"), received=NOW - timedelta(days=8))
    assert told(database) == []
    assert told(database, NOW - timedelta(days=9)) == [CardFeedback("dvt", 1, 1, {"no reason given": 1})]


def test_a_store_without_tables_says_so(empty_database: str) -> None:
    with pytest.raises(StoreUnavailable, match="could not be read"):
        told(empty_database)
