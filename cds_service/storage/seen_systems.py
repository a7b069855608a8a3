"""Which code systems charts held that nothing here could know: an integrator learns it on the first day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from cds_service.errors import StoreUnavailable
from cds_service.storage.models import SeenSystemRow
from cds_service.storage.store import STORE_FAULTS, Store, storable

MOST_PER_CLIENT = 100
NO_SYSTEM = ""
"""Stands for what is no URI, and for the systems of a client beyond the first hundred."""

_MOST_CLIENTS = 1000  # whose systems are kept in mind

_log = structlog.stdlib.get_logger()
_Client = tuple[str, str]


class Met(NamedTuple):
    """What one chart held: entries by system, and of each system the parts of the chart in which nothing was read."""

    client: str
    tenant: str
    at: datetime
    entries: Mapping[str, int]
    parts: Mapping[str, Sequence[str]]


@dataclass(slots=True)
class _Tally:
    """Of one system of one client."""

    first: datetime
    last: datetime
    entries: int = 0
    charts: int = 0
    parts: dict[str, None] = field(default_factory=dict)


class SeenSystems:
    """Counts what was met, and warns of each client and system once, the first time that a part of a chart held
    nothing that is read.
    """

    def __init__(self) -> None:
        self._known: dict[_Client, set[str]] = {}

    async def add(self, connection: AsyncConnection, met: Iterable[Met]) -> None:
        """Within a transaction, which the caller commits."""
        tallies: dict[_Client, dict[str, _Tally]] = {}
        for each in met:
            client = storable(each.client), storable(each.tenant)
            known = await self._of(client, connection)
            for name, entries in each.entries.items():
                system = _counted_as(name, known)
                tally = tallies.setdefault(client, {}).setdefault(system, _Tally(each.at, each.at))
                tally.entries += entries
                tally.last = max(tally.last, each.at)
                tally.charts += name in each.parts
                tally.parts |= dict.fromkeys(each.parts.get(name, ()))
        # in one order: of two workers with the same systems, neither waits for the other in turn
        for client, systems in sorted(tallies.items()):
            for system, tally in sorted(systems.items()):
                await _write(connection, client, system, tally)

    async def _of(self, client: _Client, connection: AsyncConnection) -> set[str]:
        """The systems of a client that are counted by their name."""
        if client not in self._known:
            if len(self._known) >= _MOST_CLIENTS:
                self._known.clear()
            row = SeenSystemRow
            found = await connection.execute(
                select(row.system).where(row.client == client[0], row.tenant == client[1]).limit(MOST_PER_CLIENT)
            )
            self._known[client] = set(found.scalars()) | {NO_SYSTEM}
        return self._known[client]


class SeenSystem(NamedTuple):
    """A system that a client sent: how many entries were passed over, and in how many charts a part held no other."""

    client: str
    tenant: str
    system: str
    entries: int
    charts: int
    last_at: datetime


async def seen_systems(store: Store) -> Sequence[SeenSystem]:
    """By client, the most frequent first. Raises StoreUnavailable."""
    row = SeenSystemRow
    query = select(row.client, row.tenant, row.system, row.entries, row.charts, row.last_at)
    try:
        async with store.quick.connect() as connection:
            found = await connection.execute(query.order_by(row.client, row.tenant, row.entries.desc(), row.system))
            return [SeenSystem(*each) for each in found]
    except STORE_FAULTS as error:
        raise StoreUnavailable("the code systems could not be read", remedy="Try again") from error


def _counted_as(system: str, known: set[str]) -> str:
    if system not in known and len(known) > MOST_PER_CLIENT:  # NO_SYSTEM is among them
        return NO_SYSTEM
    known.add(system)
    return system


async def _write(connection: AsyncConnection, client: _Client, system: str, tally: _Tally) -> None:
    row = SeenSystemRow
    key: dict[str, Any] = {"client": client[0], "tenant": client[1], "system": system}
    if tally.charts:
        met = await connection.execute(select(row.charts).filter_by(**key))
        if not met.scalar():
            _log.warning(
                "no entry of a part of the chart has a code that is read; see: cds-service check --seen",
                client=client[0],
                tenant=client[1],
                system=system or "none that is a URI",
                parts=", ".join(tally.parts),
            )
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(row).values(
        **key, entries=tally.entries, charts=tally.charts, first_at=tally.first, last_at=tally.last
    )
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=list(key),
            set_={
                "entries": row.entries + statement.excluded.entries,
                "charts": row.charts + statement.excluded.charts,
                "last_at": statement.excluded.last_at,
            },
        )
    )
