"""Keeps the clinicians' feedback."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import msgspec
import structlog

from cds_service.errors import StoreUnavailable
from cds_service.storage.models import FeedbackRow
from cds_service.storage.store import STORE_FAULTS, Insert, Store, fault_name, storable, utc_text
from cds_service.wire import Feedback

_log = structlog.stdlib.get_logger()


class FeedbackStore:
    """`now` tells when an entry came in."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._engine = store.durable
        self._now = now
        self._insert = Insert(self._engine, FeedbackRow)

    async def keep(self, service: str, client: str, tenant: str, entries: Sequence[Feedback]) -> None:
        """Returns when all are on disk, each stored once however often the client sends it.

        `outcomeTimestamp` of each must be an aware moment in ISO 8601. Raises StoreUnavailable; then none is stored.
        """
        rows = {row["key"]: row for row in (_row(service, client, tenant, entry, self._now()) for entry in entries)}
        if not rows:
            return
        try:
            async with self._engine.begin() as connection:
                # in one order: of two messages with the same entries, neither waits for the other in turn
                await self._insert.run(connection, [rows[key] for key in sorted(rows)])
        except STORE_FAULTS as error:
            _log.error("feedback not stored", error=fault_name(error))
            raise StoreUnavailable("the feedback was not stored", remedy="Send it again later") from error


def _row(service: str, client: str, tenant: str, entry: Feedback, received_at: datetime) -> dict[str, Any]:
    reason = entry.overrideReason.reason if entry.overrideReason else None
    content = {
        "client": storable(client),
        "tenant": storable(tenant),
        "service": service,
        "card": entry.card,
        "outcome": entry.outcome,
        "outcome_at": utc_text(datetime.fromisoformat(entry.outcomeTimestamp)),
        "accepted_suggestions": sorted({suggestion.id for suggestion in entry.acceptedSuggestions or ()}),
        "reason_code": (reason.code or None) if reason else None,
        "reason_system": reason.system if reason else None,
        "reason_display": reason.display if reason else None,
        "user_comment": entry.overrideReason.userComment if entry.overrideReason else None,
    }
    # without others the key is that of the versions that did not keep them, so that a repetition stays one row
    said = content if entry.others is None else {**content, "others": entry.others}
    key = hashlib.sha256(msgspec.json.encode(said)).hexdigest()
    return {"key": key, "received_at": utc_text(received_at), **content, "others": entry.others}
