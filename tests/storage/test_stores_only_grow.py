"""Migrations only add: the version before works on the new schema, beside the new version, and after a step back."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from alembic import command
from alembic.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from cds_service.storage import schema
from cds_service.storage.feedback import FeedbackStore
from cds_service.storage.journal import Invocation, Journal
from cds_service.storage.overrides import card_feedback
from cds_service.storage.store import Store, utc_text
from cds_service.wire import Coding, Feedback, OverrideReason

FIRST = "0002"
"""The schema of the first version that is in use; what comes after it only adds."""

NOW = datetime.now(UTC).replace(microsecond=0)
SINCE = NOW - timedelta(days=1)
Row = dict[str, Any]
Shape = dict[str, tuple[Any, ...]]
CARD = "3f0c1f6e-8a55-5f3e-{}-3c6f1d1a7b10"

# What the version before sends, as it was recorded from it: columns by name, so that it passes over those it does not
# know. Nothing here is to be changed along with the service.
COLUMNS = {
    "invocation": (
        "id, at, client, tenant, service, hook, hook_instance, patient_hash, user_hash, encounter_hash, status, "
        "indicator, rules, resources, facts, gaps, left_out, ms, fhir_ms, knowledge"
    ),
    "invocation_card": "card, invocation, withheld",
    "feedback": (
        "key, received_at, client, tenant, service, card, outcome, outcome_at, accepted_suggestions, reason_code, "
        "reason_system, reason_display, user_comment"
    ),
}
SEEN_TOKEN = "INSERT INTO seen_token (key, until) VALUES (:key, :until) ON CONFLICT DO NOTHING"
SWEEP = "DELETE FROM seen_token WHERE key IN (SELECT key FROM seen_token WHERE until < :now ORDER BY until LIMIT :most)"
HASH_KEY = "INSERT INTO hash_key (id, key) VALUES (:id, :key) ON CONFLICT DO NOTHING"
READ_HASH_KEY = 'SELECT hash_key."key" FROM hash_key WHERE hash_key.id = :id'
EARLIER_CARDS = """
SELECT NULL AS hook, received_at AS at, outcome_at, NULL AS withheld FROM feedback
WHERE card BETWEEN :first AND :last AND outcome = 'overridden' AND client = :client AND tenant = :tenant
AND received_at >= :since AND outcome_at >= :since
UNION ALL
SELECT i.hook, i.at, i.at, c.withheld FROM invocation_card c JOIN invocation i ON i.id = c.invocation
WHERE c.card BETWEEN :first AND :last AND c.invocation >= :oldest AND i.encounter_hash = :encounter
"""
OVERRIDES = """
SELECT invocation.hook_instance, feedback.card, feedback.outcome, feedback.reason_code
FROM feedback JOIN invocation_card ON invocation_card.card = feedback.card
JOIN invocation ON invocation.id = invocation_card.invocation AND invocation.client = feedback.client
AND invocation.tenant = feedback.tenant AND invocation.service = feedback.service
WHERE feedback.received_at >= :since ORDER BY feedback.outcome_at
"""
PRUNE = (
    "DELETE FROM invocation WHERE id IN (SELECT id FROM invocation WHERE at < :before LIMIT 5000)",
    "DELETE FROM feedback WHERE key IN (SELECT key FROM feedback WHERE received_at < :before LIMIT 5000)",
)


class VersionBefore:
    """Works on a store as the version before does; its connection stays open."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._is_sqlite = store.file is not None

    def _moment(self, moment: datetime) -> str | datetime:
        return utc_text(moment) if self._is_sqlite else moment

    async def works(self, name: str) -> list[str]:
        """Everything once, with rows of this name (four hexadecimal digits); the cards that it reads afterwards, its
        own and others'.
        """
        async with self._store.durable.begin() as connection:
            await self._write(connection, name)
            found = await self._read(connection)
            for each in PRUNE:
                await connection.execute(text(each), {"before": self._moment(SINCE)})
        return found

    async def _write(self, connection: AsyncConnection, name: str) -> None:
        at, caller = utc_text(NOW), {"client": "north", "tenant": "", "service": "s"}
        card, call = CARD.format(name), f"{name}{'0' * 28}"
        invocation: Row = {"id": call, "at": at, **caller, "hook": "patient-view", "hook_instance": None}
        invocation |= dict.fromkeys(("patient_hash", "user_hash", "indicator"), None) | {"encounter_hash": "e"}
        invocation |= {"status": "ok", "rules": ["dvt"], "knowledge": "k"}
        invocation |= dict.fromkeys(("resources", "facts", "gaps", "left_out", "ms", "fhir_ms"), 1)
        feedback: Row = {
            "key": name,
            "received_at": at,
            **caller,
            "card": card,
            "outcome": "overridden",
            "outcome_at": at,
        }
        feedback |= {"accepted_suggestions": [], "reason_code": "other-cause", "reason_system": "urn:x"}
        feedback |= {"reason_display": "Other cause", "user_comment": "seen"}
        await self._insert(connection, "invocation", invocation)
        await self._insert(connection, "invocation_card", {"card": card, "invocation": call, "withheld": None})
        await self._insert(connection, "feedback", feedback)
        await connection.execute(text(SEEN_TOKEN), {"key": name.encode(), "until": 1})
        await connection.execute(text(SWEEP), {"now": 2, "most": 512})
        await connection.execute(text(HASH_KEY), {"id": 1, "key": b"key"})

    async def _read(self, connection: AsyncConnection) -> list[str]:
        assert (await connection.execute(text(READ_HASH_KEY), {"id": 1})).scalar_one()
        values = {"client": "north", "tenant": "", "since": self._moment(SINCE), "oldest": "", "encounter": "e"}
        values |= {"first": CARD.format("0000"), "last": CARD.format("ffff")}
        earlier = list(await connection.execute(text(EARLIER_CARDS), values))
        overrides = [row.card for row in await connection.execute(text(OVERRIDES), {"since": self._moment(SINCE)})]
        assert len([row for row in earlier if row.hook is None]) == len(overrides)
        return sorted(overrides)

    async def _insert(self, connection: AsyncConnection, table: str, row: Mapping[str, Any]) -> None:
        names = COLUMNS[table]
        assert list(row) and sorted(row) == sorted(names.split(", "))
        if self._is_sqlite:
            values = [row[name] for name in names.split(", ")]
            plain = tuple([json.dumps(each) if isinstance(each, list) else each for each in values])
            holes = ", ".join("?" * len(plain))
            statement = f"INSERT INTO {table} ({names}) VALUES ({holes}) ON CONFLICT DO NOTHING"  # noqa: S608 - constants
            await connection.exec_driver_sql(statement, plain)
        else:
            rows = f"json_populate_recordset(NULL::{table}, CAST(:rows AS json))"
            into = f"INSERT INTO {table} ({names})"
            statement = f"{into} SELECT {names} FROM {rows} ON CONFLICT DO NOTHING"  # noqa: S608 - constants
            await connection.execute(text(statement), {"rows": json.dumps([row])})


async def made_by_the_version_before(store: Store) -> None:
    """The schema of the version before, and nothing that it does not know."""
    if store.file:
        await asyncio.to_thread(schema._make_file, store.file)
    await run_migrations(store, FIRST, "alembic_version")


async def run_migrations(store: Store, to: str, table: str = "store_revision") -> None:
    def run(connection: Connection) -> None:
        config = schema._config()
        config.attributes.update(connection=connection, version_table=table)
        command.upgrade(config, to)

    async with store.durable.begin() as connection:
        await connection.run_sync(run)


async def as_the_version_before_sees_it(store: Store) -> str | None:
    async with store.durable.connect() as connection:
        return await connection.run_sync(lambda each: MigrationContext.configure(each).get_current_revision())


def test_the_version_before_works_on_while_the_store_is_upgraded_under_it(empty_database: str) -> None:
    """A rolling update: it has the store open, the new version upgrades it, and both write and read."""

    async def run() -> None:
        async with Store(empty_database) as old, Store(empty_database) as new:
            await made_by_the_version_before(old)
            before = VersionBefore(old)
            assert await before.works("0001") == [CARD.format("0001")]
            assert await schema.upgrade(new) == schema._head()
            assert await before.works("0002") == [CARD.format("0001"), CARD.format("0002")]
            await written_by_this_version(new, "0003")
            assert await before.works("0004") == [CARD.format(f"000{n}") for n in range(1, 5)]
            [told] = await card_feedback(new, SINCE, lambda *_: "card")
            assert (told.answered, told.overridden) == (4, 4)

    asyncio.run(run())


def test_the_version_before_can_have_the_store_back(database: str) -> None:
    """Also one that the new version has made: what the first versions ask before they start is as they want it."""

    async def run() -> None:
        async with Store(database) as store:
            await written_by_this_version(store, "0001")
            assert await as_the_version_before_sees_it(store) == FIRST
            assert await VersionBefore(store).works("0002") == [CARD.format("0001"), CARD.format("0002")]
            assert await schema.upgrade(store) == schema._head()

    asyncio.run(run())


async def written_by_this_version(store: Store, name: str) -> None:
    """A call and the feedback on its card, as this version writes them."""
    card, reason = CARD.format(name), OverrideReason(Coding("other-cause", "urn:x", "Other cause"), "seen")
    async with Journal(store, "k", None) as journal:
        journal.add(Invocation(NOW, "north", "", "s", "patient-view", "ok", 1.0, cards=(card,)))
    told = Feedback(card, "overridden", NOW.isoformat(), overrideReason=reason)
    await FeedbackStore(store, lambda: NOW).keep("s", "north", "", [told])


def test_the_store_of_a_later_version_is_worked_with_as_it_is(database: str) -> None:
    async def run() -> None:
        async with Store(database) as store:
            async with store.durable.begin() as connection:
                await connection.execute(text("UPDATE store_revision SET version_num = '9999'"))
                await connection.execute(text("ALTER TABLE feedback ADD COLUMN later TEXT"))
            assert await schema.upgrade(store) == "9999"
            await schema.prepare(store)
            await schema.require_current(store)
            await written_by_this_version(store, "0001")
            assert len(await card_feedback(store, SINCE, lambda *_: "card")) == 1

    asyncio.run(run())


def test_no_migration_takes_anything_away(empty_database: str) -> None:
    """Nor does it ask anything of rows that earlier versions write."""

    async def run() -> None:
        async with Store(empty_database) as store:
            await made_by_the_version_before(store)
            before = await shape_of(store)
            assert before["feedback.card"]
            await schema.upgrade(store)
            assert troubles(before, await shape_of(store)) == []

    asyncio.run(run())


TRIED = {
    "ALTER TABLE feedback DROP COLUMN user_comment": ["feedback.user_comment changed"],
    "ALTER TABLE feedback RENAME COLUMN user_comment TO said": ["feedback.user_comment changed"],
    "ALTER TABLE feedback ADD COLUMN later TEXT NOT NULL DEFAULT 'x'": [],
    "ALTER TABLE feedback ADD COLUMN later TEXT": [],
    "CREATE TABLE later (id TEXT NOT NULL PRIMARY KEY)": [],
    "CREATE INDEX ix_more ON feedback (outcome)": [],
    "CREATE UNIQUE INDEX ix_more ON feedback (card)": ["feedback: unique ix_more is new"],
    "DROP INDEX ix_feedback_card": ["feedback: index ix_feedback_card changed"],
    "DROP TABLE hash_key": ["hash_key.id changed", "hash_key.key changed", "hash_key: primary key changed"],
}


def test_what_would_trouble_the_version_before_is_seen(database: str) -> None:
    async def run() -> None:
        async with Store(database) as store, store.durable.connect() as connection:
            for statement, expected in TRIED.items():
                await connection.begin()
                before = await connection.run_sync(shape)
                await connection.execute(text(statement))
                assert sorted(troubles(before, await connection.run_sync(shape))) == expected, statement
                await connection.rollback()

    asyncio.run(run())


async def shape_of(store: Store) -> Shape:
    async with store.durable.connect() as connection:
        return await connection.run_sync(shape)


def shape(connection: Connection) -> Shape:
    """Every column, key, index and constraint by its name, and how it is."""
    found: Shape = {}
    inspector = inspect(connection)
    for table in set(inspector.get_table_names()) - {"store_revision", "alembic_version"}:
        for each in inspector.get_columns(table):
            must_be_given = not each["nullable"] and each["default"] is None
            found[f"{table}.{each['name']}"] = ("column", str(each["type"]), must_be_given)
        for index in inspector.get_indexes(table):
            kind = "unique" if index["unique"] else "index"
            found[f"{table}: {kind} {index['name']}"] = (kind, *index["column_names"])
        for key in inspector.get_foreign_keys(table):
            found[f"{table}: to {key['referred_table']}"] = ("key", *key["constrained_columns"])
        for check in inspector.get_check_constraints(table):
            found[f"{table}: check {check['name']}"] = ("check", check["sqltext"])
        found[f"{table}: primary key"] = ("key", *inspector.get_pk_constraint(table)["constrained_columns"])
    return found


def troubles(before: Shape, after: Shape) -> list[str]:
    """What is not as it was, and what is new and can refuse a row that the version before writes."""
    tables = {name.partition(".")[0] for name, each in before.items() if each[0] == "column"}
    changed = [f"{name} changed" for name in before if after.get(name) != before[name]]
    new = {name: each for name, each in after.items() if name not in before}
    binding = [
        f"{name} is new"
        for name, each in new.items()
        if name.replace(":", ".").partition(".")[0] in tables
        and (each[0] in ("unique", "key", "check") or True in each)
    ]
    return [*changed, *binding]
