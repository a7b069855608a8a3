"""How often clinicians override each card, or accept what it suggests: the journal's cards beside the feedback on
them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

import msgspec
from sqlalchemy import and_, select

from cds_service.errors import StoreUnavailable
from cds_service.storage.models import FeedbackRow, InvocationCardRow, InvocationRow
from cds_service.storage.store import STORE_FAULTS, Store

_ACCEPTED, _OVERRIDDEN = "accepted", "overridden"
_NO_REASON = "no reason given"

CardOf = Callable[[str, str], str | None]
"""The id of the card that a uuid stands for in the answer to a hookInstance; None if it is of none that is known."""


class CardFeedback(msgspec.Struct, frozen=True):
    """What became of one card's answers: of so many with feedback, so many overridden, by reason; of the others a
    suggestion was accepted.
    """

    card: str
    answered: int
    overridden: int
    reasons: dict[str, int]

    @property
    def rate(self) -> float:
        """The share that was overridden."""
        return self.overridden / self.answered

    @property
    def accepted(self) -> int:
        return self.answered - self.overridden


async def card_feedback(store: Store, since: datetime, card_of: CardOf) -> list[CardFeedback]:
    """By card, the most overridden first, of the feedback received since an aware moment.

    Of several entries on one answer the last counts, but one that was accepted stays so: who has taken what a card
    suggests dismisses it because it is done. Feedback on cards that are not in the journal (pruned, or never written)
    or not of the same client does not count. Raises StoreUnavailable.
    """
    answers = (
        select(
            InvocationRow.hook_instance,
            FeedbackRow.card,
            FeedbackRow.outcome,
            FeedbackRow.reason_code,
            FeedbackRow.reason_display,
        )
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
            for instance, uuid, outcome, code, display in await connection.execute(answers):
                told = instance or "", uuid
                if told not in last or last[told][0] != _ACCEPTED:
                    last[told] = (outcome, code or display)
    except STORE_FAULTS as error:
        raise StoreUnavailable("the feedback could not be read", remedy="Try again") from error
    by_card: dict[str, list[tuple[str, str | None]]] = {}
    for (instance, uuid), answer in last.items():
        if (card := card_of(instance, uuid)) is not None:
            by_card.setdefault(card, []).append(answer)
    counted = [_counted(card, of_card) for card, of_card in by_card.items()]
    return sorted(counted, key=lambda each: (-each.rate, -each.answered, each.card))


def _counted(card: str, answers: list[tuple[str, str | None]]) -> CardFeedback:
    reasons = Counter(reason or _NO_REASON for outcome, reason in answers if outcome == _OVERRIDDEN)
    return CardFeedback(card, len(answers), reasons.total(), dict(reasons.most_common()))
