"""The two-level Wells score for DVT (NICE NG158, Table 1) as a range, from what the record holds (docs/wells.md).

Each of its ten items is present, absent or unknown, that is not recorded. The level rests on `points`, the items that
are recorded as present; the -2 for a likelier diagnosis is a clinician's judgement, which no code holds, and is never
subtracted from them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

import msgspec

from cds_service.assessment.concepts import Concept
from cds_service.assessment.diagnoses import pregnant_or_postpartum
from cds_service.assessment.record import Leg, Record
from cds_service.assessment.wells_items import ITEMS, Item, View
from cds_service.facts import Certainty, Fact, Side, State

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_PRESENT, _ABSENT, _UNKNOWN = State.PRESENT, State.ABSENT, State.UNKNOWN

_ONE_DAY = timedelta(days=1)
_ONLY_SUSPECTED = "an entry that is only suspected"
_TO_CONFIRM: Mapping[str, str] = {
    Concept.MALIGNANCY: "cancer treatment within 6 months or palliative care",
    Concept.BEDRIDDEN: "3 days or more in bed",
    Concept.SURGERY: "major surgery under general or regional anaesthesia",
}
"""What Table 1 asks of an item beyond what these concepts say. Until then the item may turn out not to count."""


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
    """The score of one leg; None for whom it is not meant (`outside`).

    A previous DVT counts on either leg. A denial counts from the day before the earliest fact of the complaint on,
    within 30 days: what was denied before the complaint says nothing of now.
    """
    if outside(leg):
        return None
    likely = leg.thresholds.wells_likely_points
    if not leg.mentions(_READ):
        return WellsScore(_NOTHING_RECORDED, leg.side, likely)
    window = leg.windows[leg.thresholds.finding_days]
    begun = [fact.when.first - _ONE_DAY if fact.when else window for fact in leg.complaint]
    view = View(leg, leg.patient, max(window, min(begun, default=window)))
    items = [_judged(item, view) if item.concepts & leg.recorded else _UNKNOWN_ITEMS[item.label] for item in ITEMS]
    return WellsScore(tuple(items), leg.side, likely)


def _judged(item: Item, view: View) -> WellsItem:
    if view.leg.mentions(item.needs) and (evidence := item.shown_by(view)):
        return WellsItem(item.label, _PRESENT, tuple(evidence), _to_confirm(evidence))
    if view.leg.mentions(item.deniable_by) and (denial := item.denied_by(view)):
        return WellsItem(item.label, _ABSENT, tuple(denial))
    return _UNKNOWN_ITEMS[item.label]


def _to_confirm(evidence: Sequence[Fact]) -> str:
    """Of what shows the item, what is open; nothing where any of it shows the item without more ado."""
    parts = [
        _ONLY_SUSPECTED if fact.certainty is Certainty.SUSPECTED else _TO_CONFIRM.get(fact.concept, "")
        for fact in evidence
    ]
    return " or ".join(dict.fromkeys(parts)) if all(parts) else ""


WELLS_CONCEPTS = tuple([concept for item in ITEMS for concept in item.needs])
_READ = frozenset([concept for item in ITEMS for concept in (*item.needs, *item.deniable_by)])
_UNKNOWN_ITEMS = {item.label: WellsItem(item.label, weight=item.weight) for item in ITEMS}
_NOTHING_RECORDED = tuple(_UNKNOWN_ITEMS.values())
