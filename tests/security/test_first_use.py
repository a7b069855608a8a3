"""What was used is remembered as long as it could be used again, and no longer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from cds_service.security.first_use import UsedTokens

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


def first(used: UsedTokens, jti: str, seconds: int, issuer: str = "a") -> bool:
    return asyncio.run(used.first_use(issuer, jti, NOON + timedelta(seconds=seconds)))


def test_each_token_of_each_issuer_is_new_once() -> None:
    used = UsedTokens(Clock())
    assert first(used, "1", 60)
    assert not first(used, "1", 60)
    assert not first(used, "1", 600)
    assert first(used, "2", 60)
    assert first(used, "1", 60, issuer="b")


def test_it_is_forgotten_after_its_time_whatever_the_order() -> None:
    clock = Clock()
    used = UsedTokens(clock)
    assert first(used, "late", 100)
    assert first(used, "early", 10)
    clock.now = NOON + timedelta(seconds=10)
    assert not first(used, "early", 10)
    clock.now += timedelta(seconds=1)
    assert first(used, "early", 100)
    assert not first(used, "late", 100)


def test_when_it_is_full_new_ones_are_refused_rather_than_old_ones_forgotten() -> None:
    clock = Clock()
    used = UsedTokens(clock, most=2)
    assert first(used, "1", 10)
    assert first(used, "2", 20)
    assert not first(used, "3", 20)
    assert not first(used, "1", 10)
    clock.now = NOON + timedelta(seconds=11)
    assert first(used, "3", 20)
