"""What one card speaks of: the assessment, the card's words, the moment and the occasion."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cds_service.assessment.appointments import LateAppointments
from cds_service.assessment.assessment import Assessment
from cds_service.assessment.rule import Finding
from cds_service.facts import Fact
from cds_service.rendering.content import CardFile, CardFiles

NO_RED_FLAG = "no-red-flag"
NOT_ASSESSED = "not-assessed"
FIXED_CARDS = (NO_RED_FLAG, NOT_ASSESSED)
"""The cards that stand for no finding."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What, beside the chart, calls for a card. `id` names its words in cards/; empty: nothing but the chart.

    `entries` are newly recorded, `new_findings` would not be there without them. `appointments` are late. `offers` are
    the suggestions to make, where the record allows, in place of the card's own; None leaves those.
    """

    id: str = ""
    entries: Sequence[Fact] = ()
    new_findings: Sequence[Finding] = ()
    appointments: LateAppointments | None = None
    offers: Sequence[str] | None = None


CHART_ALONE = Occasion()


@dataclass(frozen=True, slots=True)
class Case:
    """One assessment, the card that speaks for it, and the moment."""

    assessment: Assessment
    card: CardFile
    files: CardFiles
    as_of: datetime
    occasion: Occasion = CHART_ALONE

    @property
    def lead(self) -> Finding | None:
        """The most urgent finding; None on a card that stands for none."""
        return next(iter(self.assessment.raising), None)

    @property
    def offers(self) -> Sequence[str]:
        """The names of the suggestions that this card makes, where the record allows."""
        return self.card.suggestions if self.occasion.offers is None else self.occasion.offers


Say = Callable[[Case], str]
"""What a placeholder says of a case; empty where it has nothing to say."""


def card_id(assessment: Assessment) -> str:
    """The card that speaks: that of the most urgent finding, else one of the two fixed ones."""
    for finding in assessment.raising:
        return finding.rule.card
    return NO_RED_FLAG if assessment.fully_read else NOT_ASSESSED
