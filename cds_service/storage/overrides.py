"""How often clinicians override each card: the journal's cards beside the feedback on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import and_, select

from cds_service.errors import StoreUnavailable
from cds_service.storage.models import FeedbackRow, InvocationCardRow, InvocationRow
from cds_service.storage.store import STORE_FAULTS, Store

_OVERRIDDEN = "overridden"
_NO_REASON = "no reason given"

CardOf = Callable[[str, str], str | None]
"""The id of the card that a uuid stands for in the answer to a hookInstance; None if it is of none that is known."""


class CardFeedback(msgspec.Struct, frozen=True):
    """What became of one card's answers: of so many with feedback, so many overridden, by reason."""

    card: str
    answered: int
    overridden: int
    reasons: dict[str, int]

    @property
    def rate(self) -> float:
        """The share that was overridden."""
        return self.overridden / self.answered


async def card_feedback(store: Store, since: datetime, card_of: CardOf) -> list[CardFeedback]:
    """By card, the most overridden first, of the feedback received since an aware moment.

    Of several entries on one answer the last counts. Feedback on cards that are not in the journal (pruned, or never
    written) or not of the same client does not count. Raises StoreUnavailable.
    """
    answers = (
        select(InvocationRow.hook_instance, FeedbackRow.card, FeedbackRow.outcome, FeedbackRow.reason_code)
        .join(InvocationCardRow, InvocationCardRow.card == FeedbackRow.card)
        .join(
            InvocationRow,
            and_(
                InvocationRow.id == InvocationCardRow.invocation,
                InvocationRow.client == FeedbackRow.client,
                InvocationRow.tenant == FeedbackRow.tenant,
                InvocationRow.service == FeedbackRow.service,
            ),
        )
        .where(FeedbackRow.received_at >= since)
        .order_by(FeedbackRow.outcome_at)
    )
    last: dict[tuple[str, str], tuple[str, str | None]] = {}
    try:
        async with store.quick.connect() as connection:
            for instance, uuid, outcome, reason in await connection.execute(answers):
                last[instance or "", uuid] = (outcome, reason)
    except STORE_FAULTS as error:
        raise StoreUnavailable("the feedback could not be read", remedy="Try again") from error
    by_card: dict[str, list[tuple[str, str | None]]] = {}
    for (instance, uuid), answer in last.items():
        if (card := card_of(instance, uuid)) is not None:
            by_card.setdefault(card, []).append(answer)
    counted = [_counted(card, told) for card, told in by_card.items()]
    return sorted(counted, key=lambda each: (-each.rate, -each.answered, each.card))


def _counted(card: str, answers: list[tuple[str, str | None]]) -> CardFeedback:
    reasons = Counter(reason or _NO_REASON for outcome, reason in answers if outcome == _OVERRIDDEN)
    return CardFeedback(card, len(answers), reasons.total(), dict(reasons.most_common()))
