"""Keeps a row of each call of a service, written in the background so that no answer waits for it."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from itertools import islice
from types import TracebackType
from typing import Any, Self

import msgspec
import structlog

from cds_service.storage.models import InvocationCardRow, InvocationRow
from cds_service.storage.pseudonyms import encounter_pseudonym, pseudonym, stored_hash_key
from cds_service.storage.seen_systems import Met, SeenSystems
from cds_service.storage.store import STORE_FAULTS, Insert, Store, fault_name, storable, utc_text

_BATCH = 200  # some two milliseconds in which nothing else is answered
_GATHER_SECONDS = 0.1
_RETRY_SECONDS = 2.0
_CLOSING_SECONDS = 5.0
_MOST_WAITING = 20_000

_log = structlog.stdlib.get_logger()


class Invocation(msgspec.Struct, frozen=True, gc=False):
    """One call of a service. Texts are empty where nothing is known.

    `client` and `tenant` say who called; ids of patient, user and encounter are hashed before they are stored.
    `status`: ok, or the issue code of the answer. `cards`: the uuids of those that went out; `withheld`: those of the
    others, each with the reason. `resources` to `left_out` are counts; `ms` is the time of the whole call, `fhir_ms`
    that of reading the EHR. `unread_systems`: entries by a code system that nothing could know; `unread_parts`: of each
    of these the parts of the chart in which nothing was read.
    """

    at: datetime
    client: str
    tenant: str
    service: str
    hook: str
    status: str
    ms: float
    hook_instance: str = ""
    patient_id: str = ""
    user: str = ""
    encounter_id: str = ""
    indicator: str = ""
    rules: Sequence[str] = ()
    cards: Sequence[str] = ()
    withheld: Sequence[tuple[str, str]] = ()
    resources: int = 0
    facts: int = 0
    gaps: int = 0
    left_out: int = 0
    fhir_ms: float = 0.0
    unread_systems: Mapping[str, int] = {}
    unread_parts: Mapping[str, Sequence[str]] = {}


class Journal:
    """Open it (`async with`) while calls are answered; closing writes what still waits.

    A store that fails is told in the log and tried again; beyond 20,000 waiting rows new ones are lost, and counted.
    `knowledge` is the version of what decides; without `hash_key` the store's own key is used.
    """

    def __init__(self, store: Store, knowledge: str, hash_key: bytes | None) -> None:
        self._store = store
        self._knowledge = knowledge
        self._hash_key = hash_key
        self._insert = Insert(store.quick, InvocationRow)
        self._seen_systems = SeenSystems()
        self._insert_cards = Insert(store.quick, InvocationCardRow)
        self._waiting: deque[tuple[str, Invocation]] = deque()
        self._filled = asyncio.Event()
        self._closing = asyncio.Event()
        self._writer: asyncio.Task[None] | None = None
        self.lost = 0

    def add(self, invocation: Invocation) -> None:
        """Never waits and never fails."""
        if len(self._waiting) >= _MOST_WAITING:
            self.lost += 1
            return
        # the id comes first: a row that is written again, because it is not known whether it was, is one row
        self._waiting.append((secrets.token_hex(9), invocation))
        self._filled.set()

    async def __aenter__(self) -> Self:
        self._writer = asyncio.create_task(self._write_all())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._filled.set()
        if self._writer is not None:
            await asyncio.wait([self._writer], timeout=_CLOSING_SECONDS)
            self._writer.cancel()
        if self._waiting:
            _log.error("journal not written", lost=self.lost + len(self._waiting))

    async def _write_all(self) -> None:
        while True:
            await self._filled.wait()
            await self._pause(_GATHER_SECONDS)
            self._filled.clear()
            while self._waiting and await self._write_some():
                pass
            if self._closing.is_set():
                return
            if self._waiting:
                self._filled.set()
                await self._pause(_RETRY_SECONDS)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def _write_some(self) -> bool:
        """Write the oldest rows; False if they are to be tried again."""
        batch = list(islice(self._waiting, _BATCH))
        try:
            if self._hash_key is None:
                self._hash_key = await stored_hash_key(self._store)
            await self._write(batch, self._hash_key)
        except STORE_FAULTS as error:
            _log.error("journal waits", error=fault_name(error), waiting=len(self._waiting), lost=self.lost)
            return False
        except Exception as error:  # the last line of this task: whatever it is, later rows must be written
            self.lost += len(batch)
            _log.error("journal not written", error=type(error).__name__, lost=self.lost)
        for _row in batch:
            self._waiting.popleft()
        return True

    async def _write(self, batch: Sequence[tuple[str, Invocation]], key: bytes) -> None:
        rows = [_row(random, each, key, self._knowledge) for random, each in batch]
        cards = [
            {"card": card, "invocation": row["id"], "withheld": reason}
            for row, (_, each) in zip(rows, batch, strict=True)
            for card, reason in (*((card, None) for card in each.cards), *each.withheld)
        ]
        async with self._store.quick.begin() as connection:
            await self._insert.run(connection, rows)
            await self._insert_cards.run(connection, cards)
            await self._seen_systems.add(
                connection,
                [
                    Met(each.client, each.tenant, each.at, each.unread_systems, each.unread_parts)
                    for _, each in batch
                    if each.unread_systems
                ],
            )


def first_id(moment: datetime) -> str:
    """What the id of each call from this moment on begins with, or comes after."""
    return f"{int(moment.timestamp() * 1e6):014x}"


def _row(random: str, each: Invocation, key: bytes, knowledge: str) -> dict[str, Any]:
    """What becomes an InvocationRow."""
    client, tenant = storable(each.client), storable(each.tenant)
    return {
        "id": first_id(each.at) + random,
        "at": utc_text(each.at),
        "client": client,
        "tenant": tenant,
        "service": each.service,
        "hook": each.hook,
        "hook_instance": each.hook_instance or None,
        # with the caller, since ids are unique within one EHR only
        "patient_hash": pseudonym(key, client, tenant, "Patient", each.patient_id) if each.patient_id else None,
        "user_hash": pseudonym(key, client, tenant, "User", each.user) if each.user else None,
        "encounter_hash": encounter_pseudonym(key, client, tenant, each.encounter_id) if each.encounter_id else None,
        "status": each.status,
        "indicator": each.indicator or None,
        "rules": each.rules,
        "resources": each.resources,
        "facts": each.facts,
        "gaps": each.gaps,
        "left_out": each.left_out,
        "ms": each.ms,
        "fhir_ms": each.fhir_ms,
        "knowledge": knowledge,
    }
