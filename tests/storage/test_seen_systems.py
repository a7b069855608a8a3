"""Code systems that nothing here could know are counted by client, and each is warned of once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from structlog.testing import capture_logs

from cds_service.storage import retention
from cds_service.storage.journal import Journal
from cds_service.storage.seen_systems import MOST_PER_CLIENT, NO_SYSTEM, Met, SeenSystem, SeenSystems, seen_systems
from cds_service.storage.store import Store
from tests.storage.test_journal import AT, KEY, invocation

NDC, LOCAL = "http://hl7.org/fhir/sid/ndc", "urn:oid:1.2.840.114350.1"


def written(url: str, *calls: dict[str, Any], before: timedelta | None = None) -> Sequence[SeenSystem]:
    async def run() -> Sequence[SeenSystem]:
        async with Store(url) as store:
            async with Journal(store, "0.1.0+abc", KEY) as journal:
                for each in calls:
                    journal.add(invocation(**each))
            if before is not None:
                await retention.prune(store, AT + before)
            return await seen_systems(store)

    return asyncio.run(run())


def met(systems: dict[str, int], **members: Any) -> dict[str, Any]:
    return {"unread_systems": systems, **members}


def test_entries_are_counted_by_client_and_system(database: str) -> None:
    later = AT + timedelta(hours=1)
    first = written(database, met({NDC: 2, NO_SYSTEM: 1}), met({NDC: 3}, at=later), met({NDC: 5}, client="other"))
    assert [each[:5] for each in first] == [
        ("other", "north", NDC, 5, 0),
        ("ward", "north", NDC, 5, 0),
        ("ward", "north", NO_SYSTEM, 1, 0),
    ]
    assert [each.last_at for each in first] == [AT, later, AT]
    again = written(database, met({NDC: 1}, at=later, unread_parts={NDC: ["MedicationRequests"]}))
    assert [each[3:5] for each in again if each.system == NDC] == [(5, 0), (6, 1)]


def test_a_client_and_system_is_warned_of_once_when_a_part_of_a_chart_holds_nothing_else(database: str) -> None:
    whole = met({NDC: 2, LOCAL: 1}, unread_parts={NDC: ["MedicationRequests"]})
    with capture_logs() as logs:
        written(database, met({NDC: 1}))
    assert not logs
    with capture_logs() as logs:
        written(database, whole, whole)
        written(database, whole)  # as after a restart
        written(database, {**whole, "client": "other"})
    assert [(each["client"], each["system"], each["parts"], each["log_level"]) for each in logs] == [
        ("ward", NDC, "MedicationRequests", "warning"),
        ("other", NDC, "MedicationRequests", "warning"),
    ]


def test_a_client_has_a_hundred_systems_by_name(database: str) -> None:
    written(database, met({f"urn:x:{n}": 1 for n in range(MOST_PER_CLIENT - 1)}))
    seen = written(database, met({f"urn:y:{n}": 1 for n in range(50)}), met({"urn:x:1": 1}))
    assert len(seen) == MOST_PER_CLIENT + 1
    assert {each.system: each.entries for each in seen}[NO_SYSTEM] == 49
    assert sum(each.entries for each in seen) == MOST_PER_CLIENT - 1 + 50 + 1


def test_what_was_not_met_for_long_is_pruned(database: str) -> None:
    assert len(written(database, met({NDC: 1}), before=timedelta(0))) == 1
    assert not written(database, before=timedelta(seconds=1))


def test_two_workers_that_meet_the_same_systems_in_another_order_both_count_them(database: str) -> None:
    async def count(store: Store, *systems: str) -> None:
        async with store.quick.begin() as connection:
            await SeenSystems().add(connection, [Met("ward", "north", AT, dict.fromkeys(systems, 1), {})])

    async def run() -> Sequence[SeenSystem]:
        async with Store(database) as first, Store(database) as second, Store(database) as third:
            for store in (first, second, third):
                await count(store, NDC, LOCAL)
            async with first.quick.begin() as connection:
                await SeenSystems().add(connection, [Met("ward", "north", AT, {LOCAL: 1}, {})])
                workers = []
                for store, systems in ((second, (LOCAL, NDC)), (third, (NDC, LOCAL))):
                    workers.append(asyncio.create_task(count(store, *systems)))
                    await asyncio.sleep(0.2)  # until it waits for the first one
            await asyncio.gather(*workers)
            return await seen_systems(first)

    assert {each.system: each.entries for each in asyncio.run(run())} == {LOCAL: 6, NDC: 5}
