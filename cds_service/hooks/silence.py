"""Is a card to be kept back from a clinician who has seen it, and said that it does not help here?

Nothing is kept back that is critical, that the clinician has not seen just so, or beside a chart that was not read.
All of it is this service's own rule (docs/fewer-alerts.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cds_service.assessment.rule import Level
from cds_service.hooks.statement import Statement
from cds_service.storage.earlier_cards import Earlier

MOST = timedelta(hours=24)
"""The longest silence about a warning or a red flag, and the longest that an encounter remembers a card."""


class Withheld(StrEnum):
    """Why a card did not go out."""

    OVERRIDDEN = "overridden"
    REPEATED = "repeated"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True)
class Silence:
    """What the operator wants: how long an override counts, zero for not at all, and one card an encounter."""

    override: timedelta
    once_per_encounter: bool

    @property
    def window(self) -> timedelta:
        """How far back anything can matter."""
        return max(self.override, MOST) if self.once_per_encounter else self.override


def may_be_withheld(statement: Statement) -> bool:
    return statement.level < Level.CRITICAL and statement.was_read


def reason_to_withhold(
    statement: Statement, hook: str, earlier: Earlier, silence: Silence, as_of: datetime
) -> Withheld | None:
    """Why this hook keeps the card back; None where it goes out. `earlier`: what became of the same card before.

    A hook that has already answered with the card in this encounter shows it: the clinician came back for it.
    """
    if not may_be_withheld(statement):
        return None
    is_urgent = statement.level >= Level.WARNING or statement.has_red_flag
    last = as_of - (min(silence.override, MOST) if is_urgent else silence.override)
    if any(moment > last for moment in earlier.overrides):
        return Withheld.OVERRIDDEN
    answers = [answer for answer in earlier.answers if answer.at > as_of - MOST]
    if not silence.once_per_encounter or any(answer.hook == hook for answer in answers):
        return None
    return Withheld.REPEATED if any(answer.shown for answer in answers) else None
