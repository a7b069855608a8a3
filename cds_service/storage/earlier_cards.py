"""What became of a card when it was told before, to the same clinician about the same patient.

The uuid of a card begins with a keyed hash of who saw it, about whom, and what it says. So one range of the keys of
the tables that are there anyway, feedback and journal, holds all that was told and answered of the same card: an
override is found as soon as it is stored, by every worker.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, NamedTuple, Self, TypeVar

import structlog

from cds_service.storage.journal import first_id
from cds_service.storage.pseudonyms import encounter_pseudonym, pseudonym, stored_hash_key
from cds_service.storage.reader import PATIENCE_SECONDS, reader
from cds_service.storage.store import Store, fault_name, storable, utc_text

_PAUSE_SECONDS = 5.0  # a store that hangs costs one call in so long that patience
_UNWRITTEN = timedelta(seconds=30)  # the journal writes a tenth of a second later
_FIRST, _LAST = "-0000-000000000000", "-ffff-ffffffffffff"
_OVERRIDES = """
SELECT NULL AS hook, received_at AS at, outcome_at, NULL AS withheld FROM feedback
WHERE card BETWEEN :first AND :last AND outcome = 'overridden' AND client = :client AND tenant = :tenant
AND received_at >= :since AND outcome_at >= :since
"""
_OVERRIDES_AND_ANSWERS = f"""{_OVERRIDES}
UNION ALL
SELECT i.hook, i.at, i.at, c.withheld FROM invocation_card c JOIN invocation i ON i.id = c.invocation
WHERE c.card BETWEEN :first AND :last AND c.invocation >= :oldest AND i.encounter_hash = :encounter
"""  # noqa: S608 - joins constants of this file, no input

_Answered = TypeVar("_Answered")

_log = structlog.stdlib.get_logger()


class CardKey(NamedTuple):
    """One card for one clinician. `start` is that of its uuids; `encounter` is a hash, empty without an encounter."""

    client: str
    tenant: str
    start: str
    encounter: str


class Answer(NamedTuple):
    """A hook came to the card, at an aware moment, and showed it or kept it back."""

    hook: str
    at: datetime
    shown: bool


class Earlier(NamedTuple):
    """When the card was overridden, by the earlier of the EHR's clock and ours; the answers of the same encounter."""

    overrides: Sequence[datetime] = ()
    answers: Sequence[Answer] = ()


_NOTHING = Earlier()


class EarlierCards:
    """Open it (`async with`) while calls are answered: until then the store is left alone. Without `hash_key` the
    store's own key is used.

    Beside the store it remembers what the journal has not written yet. It never raises and never waits long: what
    cannot be looked up was never told.
    """

    def __init__(self, store: Store, hash_key: bytes | None) -> None:
        self._store = store
        self._hash_key = hash_key
        self._reader = reader(store)
        self._is_sqlite = store.file is not None
        self._noted: dict[CardKey, list[Answer]] = {}
        self._order: deque[tuple[datetime, CardKey]] = deque()
        self._pause_until = math.inf

    async def __aenter__(self) -> Self:
        self._pause_until = 0.0
        await self._load_key()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._reader.close()

    async def key(
        self, client: str, tenant: str, patient_id: str, user: str, encounter_id: str, content: bytes
    ) -> CardKey | None:
        """Of the card with this content; None while the key of the hashes is not to be had."""
        hash_key = await self._load_key()
        if hash_key is None:
            return None
        client, tenant = storable(client), storable(tenant)
        digits = pseudonym(hash_key, client, tenant, "Card", patient_id, user, content.decode())
        start = f"{digits[:8]}-{digits[8:12]}-5{digits[12:15]}"
        encounter = encounter_pseudonym(hash_key, client, tenant, encounter_id) if encounter_id else ""
        return CardKey(client, tenant, start, encounter)

    async def earlier(self, key: CardKey, since: datetime) -> Earlier:
        """What became of it since an aware moment. Nothing where the store fails."""
        values = {
            "first": key.start + _FIRST,
            "last": key.start + _LAST,
            "client": key.client,
            "tenant": key.tenant,
            "since": utc_text(since) if self._is_sqlite else since,
        }
        query = _OVERRIDES
        if key.encounter:
            query = _OVERRIDES_AND_ANSWERS
            values |= {"encounter": key.encounter, "oldest": first_id(since)}
        rows = await self._tried(lambda: self._reader.rows(query, **values))
        if rows is None:
            return _NOTHING
        overrides = [min(_moment(at), _moment(said)) for hook, at, said, _ in rows if hook is None]
        answers = [Answer(hook, _moment(at), not withheld) for hook, at, _, withheld in rows if hook is not None]
        return Earlier(overrides, [*answers, *self._noted.get(key, ())])

    def note(self, key: CardKey, answer: Answer) -> None:
        """Remember it until the journal has surely written it."""
        if not key.encounter:
            return
        while self._order and self._order[0][0] < answer.at - _UNWRITTEN:
            self._forget(self._order.popleft()[1])
        self._order.append((answer.at, key))
        self._noted.setdefault(key, []).append(answer)

    def _forget(self, key: CardKey) -> None:
        """The oldest answer."""
        answers = self._noted[key]
        del answers[0]
        if not answers:
            del self._noted[key]

    async def _load_key(self) -> bytes | None:
        if self._hash_key is None:
            self._hash_key = await self._tried(lambda: asyncio.wait_for(stored_hash_key(self._store), PATIENCE_SECONDS))
        return self._hash_key

    async def _tried(self, ask: Callable[[], Awaitable[_Answered]]) -> _Answered | None:
        """None, and told in the log, where the store does not answer; soon after that it is not asked again."""
        clock = asyncio.get_running_loop().time
        if clock() < self._pause_until:
            return None
        try:
            return await ask()
        except Exception as error:  # whatever it is, the card must go out
            self._pause_until = clock() + _PAUSE_SECONDS
            _log.error("earlier cards not readable", error=fault_name(error))
            return None


def _moment(stored: Any) -> datetime:
    """SQLite keeps text in UTC."""
    return stored if isinstance(stored, datetime) else datetime.fromisoformat(stored).replace(tzinfo=UTC)
