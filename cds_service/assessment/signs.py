"""Signs that a leg lacks blood or nerve supply, counted by kind: two absent pulses are one sign.

Source: AHA/ACC 2024, the "six Ps" of acute limb ischaemia. Pain is the complaint itself; paralysis counts as weakness.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

import msgspec

from cds_service.assessment.concepts import ACHILLES, NERVE, PERFUSION, WEAKNESS, Concept
from cds_service.assessment.explained import OF_NERVE_SIGNS, explained
from cds_service.facts import Fact, Site

if TYPE_CHECKING:
    from cds_service.assessment.record import Record

SIGNS = (*PERFUSION, *NERVE)
_LOOKED_FOR = {
    Concept.PULSE_ABSENT: ("pulses",),
    Concept.COLD_LIMB: ("temperature",),
    Concept.PALLOR_CYANOSIS: ("colour", Concept.SKIN_COLOUR),
    Concept.NUMBNESS_TINGLING: ("sensation",),
    Concept.LIMB_WEAKNESS: ("strength", *WEAKNESS, Concept.PARALYSIS),
}
"""What is looked at or tested for a kind of sign, and what else on record tells of it."""


class Signs(msgspec.Struct, frozen=True):
    """The facts behind each kind of sign that is present."""

    by_kind: Mapping[Concept, Sequence[Fact]]

    def __bool__(self) -> bool:
        return bool(self.by_kind)

    def facts(self, *kinds: Concept) -> list[Fact]:
        """Of these kinds, or of all."""
        return [fact for kind, facts in self.by_kind.items() if not kinds or kind in kinds for fact in facts]

    @property
    def threaten_the_limb(self) -> bool:
        """Two kinds of sign, at least one of perfusion."""
        return len(self.by_kind) >= 2 and any(kind in PERFUSION for kind in self.by_kind)


NO_SIGNS = Signs(MappingProxyType({}))


def recent_signs(leg: Record) -> Signs:
    """Signs of the last 30 days, or undated."""
    return signs_within(leg, leg.thresholds.finding_days)


def signs_within(leg: Record, days: int) -> Signs:
    """Signs that may lie in the last so many days."""
    return _signs(leg, {kind: leg.within(leg.current[kind], days) for kind in SIGNS if kind in leg.current})


def signs_surely_within(leg: Record, days: int) -> Signs:
    """Signs whose dates lie wholly in the last so many days."""
    return _signs(leg, {kind: leg.surely_within(leg.current[kind], days) for kind in SIGNS if kind in leg.current})


def not_looked_for(record: Record, kinds: Iterable[Concept] = SIGNS) -> tuple[str, ...]:
    """What of these kinds the record says nothing of, neither that it is there nor that it is not."""
    return tuple(
        [
            missing
            for kind in kinds
            for words, *others in (_LOOKED_FOR[kind],)
            for missing in record.unless_told(words, kind, *others)
        ]
    )


def _signs(leg: Record, by_kind: dict[Concept, Sequence[Fact]]) -> Signs:
    if Concept.PALLOR_CYANOSIS in by_kind:
        # Pallor or cyanosis without a site may be of the whole body: a colour change only.
        sited = [fact for fact in by_kind[Concept.PALLOR_CYANOSIS] if fact.site is not Site.NOT_STATED]
        by_kind[Concept.PALLOR_CYANOSIS] = sited
    for kind in NERVE:
        if kind in by_kind:
            known = explained(by_kind[kind], OF_NERVE_SIGNS, leg)
            by_kind[kind] = [sign for sign in by_kind[kind] if sign not in known]
    if by_kind.get(Concept.LIMB_WEAKNESS) and not by_kind.get(Concept.NUMBNESS_TINGLING):
        by_kind[Concept.LIMB_WEAKNESS] = _not_of_an_injury(by_kind[Concept.LIMB_WEAKNESS], leg)
    return Signs({kind: facts for kind, facts in by_kind.items() if facts})


def _not_of_an_injury(weakness: Sequence[Fact], leg: Record) -> Sequence[Fact]:
    """Weakness of the injured muscle itself does not count alone; paralysis and foot drop are something else."""
    if not leg.any_of(Concept.STRAIN, *ACHILLES):
        return weakness
    muscle = {fact.source for fact in leg.present(Concept.MUSCLE_WEAKNESS)}
    return [fact for fact in weakness if fact.source not in muscle]
