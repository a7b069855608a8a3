"""Every call is noted, without anything of the patient, and no answer waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from cds_service.storage import journal as journal_module
from cds_service.storage.journal import Invocation, Journal
from cds_service.storage.store import Store
from tests.databases import card_rows, journal_rows, upgraded

KEY = b"k" * 32
AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
FULL: dict[str, Any] = {
    "at": AT,
    "client": "ward",
    "tenant": "north",
    "service": "calf-pain-patient-view",
    "hook": "patient-view",
    "status": "ok",
    "ms": 1.5,
    "hook_instance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "patient_id": "zebrafish",
    "user": "Practitioner/zebrafish",
    "encounter_id": "zebrafish",
    "indicator": "warning",
    "rules": ("severe-pain", "swelling"),
    "cards": ("4e0a3a1e-3283-4575-ab82-028d55fe2719", "9368d37b-283f-44a0-93ea-547cebab93ed"),
    "withheld": (("0c6d2b60-55b0-4f4c-9d0e-4d5cf0b2d1c7", "overridden"),),
    "resources": 30,
    "facts": 4,
    "gaps": 1,
    "left_out": 2,
    "fhir_ms": 0.5,
}
HASHED_OR_LISTED = ("patient_id", "user", "encounter_id", "cards", "withheld")


def invocation(**members: Any) -> Invocation:
    return Invocation(**{**FULL, **members})


def write(url: str, *invocations: Invocation, key: bytes | None = KEY) -> None:
    async def run() -> None:
        async with Store(url) as store, Journal(store, "0.1.0+abc", key) as journal:
            for each in invocations:
                journal.add(each)

    asyncio.run(run())


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline


def test_a_call_is_noted_with_hashes_in_place_of_ids(database: str) -> None:
    write(database, invocation())
    (row,) = journal_rows(database)
    identifier = row.pop("id")
    hashes = row.pop("patient_hash"), row.pop("user_hash"), row.pop("encounter_hash")
    assert len({*hashes, identifier}) == 4
    assert {len(each) for each in hashes} == {64}
    assert row == {
        **{name: value for name, value in FULL.items() if name not in HASHED_OR_LISTED},
        "rules": ["severe-pain", "swelling"],
        "knowledge": "0.1.0+abc",
    }
    cards = card_rows(database)
    assert {card["card"]: card["withheld"] for card in cards} == {
        **dict.fromkeys(FULL["cards"]),
        **dict(FULL["withheld"]),
    }
    assert {card["invocation"] for card in cards} == {identifier}


def test_what_is_not_known_of_a_refused_call_is_null(database: str) -> None:
    nothing: dict[str, Any] = {
        **dict.fromkeys(("hook_instance", "patient_id", "user", "encounter_id", "indicator"), ""),
        **dict.fromkeys(("rules", "cards", "withheld"), ()),
    }
    write(database, invocation(status="invalid", **nothing))
    (row,) = journal_rows(database)
    names = ("hook_instance", "patient_hash", "user_hash", "encounter_hash", "indicator")
    assert [row[name] for name in names] == [None] * 5
    assert (row["status"], row["rules"], card_rows(database)) == ("invalid", [], [])


def test_the_same_call_made_twice_is_two_rows_with_one_card(database: str) -> None:
    write(database, invocation(), invocation())
    assert len(journal_rows(database)) == 2
    assert len({card["invocation"] for card in card_rows(database)}) == 2


@pytest.mark.parametrize("key", [KEY, None])
def test_a_patient_has_one_hash_over_restarts_and_another_per_ehr(database: str, key: bytes | None) -> None:
    write(database, invocation(), key=key)
    write(database, invocation(), key=key)
    write(
        database,
        *(invocation(**other) for other in ({"client": "x"}, {"tenant": "x"}, {"patient_id": "x"}, {"user": "x"})),
        key=key,
    )
    hashes = [row["patient_hash"] for row in journal_rows(database)]
    assert len(hashes) == 6
    assert sorted(hashes.count(each) for each in set(hashes)) == [1, 1, 1, 3]


def test_each_key_gives_hashes_of_its_own(database: str) -> None:
    for key in (KEY, b"l" * 32, None):
        write(database, invocation(), key=key)
    assert len({row["patient_hash"] for row in journal_rows(database)}) == 3


def test_two_stores_without_a_key_have_different_ones(database: str, tmp_path: Any) -> None:
    other = upgraded(f"sqlite+aiosqlite:///{tmp_path / 'other.db'}")
    for url in (database, other):
        write(url, invocation(), key=None)
    assert journal_rows(database)[0]["patient_hash"] != journal_rows(other)[0]["patient_hash"]


def test_workers_that_start_at_once_agree_on_the_key(database: str) -> None:
    async def run() -> None:
        async with (
            Store(database) as one,
            Store(database) as other,
            Journal(one, "v", None) as first,
            Journal(other, "v", None) as second,
        ):
            first.add(invocation())
            second.add(invocation())

    asyncio.run(run())
    assert len({row["patient_hash"] for row in journal_rows(database)}) == 1


def test_rows_are_there_soon_without_closing(database: str) -> None:
    async def run() -> None:
        async with Store(database) as store, Journal(store, "v", KEY) as journal:
            for _ in range(1200):
                journal.add(invocation())
            await until(lambda: len(journal_rows(database)) == 1200)

    asyncio.run(run())


def test_a_failing_store_is_told_in_the_log_and_written_when_it_is_back(
    empty_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_RETRY_SECONDS", 0.01)

    async def run() -> None:
        async with Store(empty_database) as store, Journal(store, "v", KEY) as journal:
            journal.add(invocation())
            await until(lambda: bool(logs))
            await asyncio.to_thread(upgraded, empty_database)

    with capture_logs() as logs:
        asyncio.run(run())
    assert len(journal_rows(empty_database)) == 1
    assert {line["event"] for line in logs} == {"journal waits"}
    assert "zebrafish" not in str(logs)


def test_what_no_store_takes_is_counted_and_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_MOST_WAITING", 3)
    with capture_logs() as logs:
        write("postgresql+asyncpg://u:p@127.0.0.1:1/x", *[invocation()] * 5)
    assert logs[-1] == {"event": "journal not written", "lost": 5, "log_level": "error"}


def test_names_that_a_database_refuses_hold_up_no_other_row(database: str) -> None:
    write(database, invocation(client="a\0b", tenant="x\ud800y"), invocation())
    assert [row["client"] for row in journal_rows(database)].count("a\ufffdb") == 1
    assert len(journal_rows(database)) == 2
