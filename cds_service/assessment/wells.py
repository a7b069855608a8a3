"""The two-level Wells score for DVT (NICE NG158, Table 1) as a range, from what the record holds (docs/wells.md).

Each of its ten items is present, absent or unknown, that is not recorded. The level rests on `points`, the items that
are recorded as present; the -2 for a likelier diagnosis is a clinician's judgement, which no code holds, and is never
subtracted from them.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from cds_service.assessment.asking import asked
from cds_service.assessment.concepts import Concept
from cds_service.assessment.diagnoses import pregnant_or_postpartum
from cds_service.assessment.record import Leg, Record
from cds_service.assessment.wells_items import ITEMS
from cds_service.facts import Fact, Side, State

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_PRESENT, _ABSENT, _UNKNOWN = State.PRESENT, State.ABSENT, State.UNKNOWN


class Outside(StrEnum):
    """Why there is no score: the patient is none of those for whom it was made."""

    CHILD = "under 18"
    PREGNANCY = "pregnant or in the weeks after birth"


class WellsItem(msgspec.Struct, frozen=True):
    """One item of the table, worth `weight` points.

    `evidence` shows it, or denies it. `to_confirm`: what of a present item is not recorded.
    """

    label: str
    state: State = State.UNKNOWN
    evidence: tuple[Fact, ...] = ()
    to_confirm: str = ""
    weight: int = 1

    @property
    def points(self) -> int:
        return self.weight if self.state is _PRESENT else 0

    @property
    def least(self) -> int:
        """Its share if whatever is open goes against it. A present item of which something is to be confirmed is 0."""
        open_still = self.state is _UNKNOWN or bool(self.to_confirm)
        return min(0, self.weight) if open_still else self.points

    @property
    def most(self) -> int:
        """Its share if whatever is open is found."""
        return max(0, self.weight) if self.state is _UNKNOWN else self.points


class WellsScore(msgspec.Struct, frozen=True):
    """The ten items, of the leg of this side; of both where they are the same and nothing tells the legs apart.

    `points`: from the record; what decides the level. `least` and `most`: between them lies the score that a bedside
    examination can find. `least` <= `points` <= `most`. From `likely_points` on NICE calls DVT "likely".
    """

    items: tuple[WellsItem, ...]
    side: Side = Side.NOT_STATED
    likely_points: int = 2

    @property
    def points(self) -> int:
        return sum([item.points for item in self.items])

    @property
    def least(self) -> int:
        return sum([item.least for item in self.items])

    @property
    def most(self) -> int:
        return sum([item.most for item in self.items])

    @property
    def evidence(self) -> list[Fact]:
        """The entries that give the points."""
        return [fact for item in self.present for fact in item.evidence]

    @property
    def present(self) -> list[WellsItem]:
        return self._of(_PRESENT)

    @property
    def absent(self) -> list[WellsItem]:
        return self._of(_ABSENT)

    @property
    def unknown(self) -> list[WellsItem]:
        return self._of(_UNKNOWN)

    def _of(self, state: State) -> list[WellsItem]:
        return [item for item in self.items if item.state is state]


def outside(leg: Record) -> tuple[Outside, ...]:
    """Why the score does not apply to this patient: NICE NG158 is for people of 18 and over who are not pregnant."""
    pregnancy = leg.mentions((Concept.PREGNANCY, Concept.POSTPARTUM)) and pregnant_or_postpartum(leg)
    return (*((Outside.PREGNANCY,) if pregnancy else ()), *((Outside.CHILD,) if leg.is_child else ()))


def wells_score(leg: Leg) -> WellsScore | None:
    """The score of one leg; None for whom it is not meant (`outside`). A previous DVT counts on either leg."""
    if outside(leg):
        return None
    likely = leg.thresholds.wells_likely_points
    if not leg.mentions(_READ):
        return WellsScore(_NOTHING_RECORDED, leg.side, likely)
    items = [
        WellsItem(item.label, found.state, found.evidence, found.note, item.weight)
        for item, found in zip(ITEMS, asked(ITEMS, leg), strict=True)
    ]
    return WellsScore(tuple(items), leg.side, likely)


WELLS_CONCEPTS = tuple([concept for item in ITEMS for concept in item.needs])
_READ = frozenset([concept for item in ITEMS for concept in (*item.needs, *item.deniable_by)])
_NOTHING_RECORDED = tuple([WellsItem(item.label, weight=item.weight) for item in ITEMS])
