"""The two-level Wells score for DVT (NICE NG158, Table 1) as a range, from what the record holds (docs/wells.md).

Each of its ten items is present, absent or unknown, that is not recorded. Absent is only what the record denies. The
level rests on `points`, the items that are recorded as present; the -2 for a likelier diagnosis is a clinician's
judgement, which no code holds, and is never subtracted from them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cds_service.assessment.diagnoses import old_thrombosis, pregnant_or_postpartum, recent_surgery
from cds_service.assessment.leg import Leg
from cds_service.assessment.risk_factors import age_years
from cds_service.facts import Certainty, Fact, Side, Site, State

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_PRESENT, _ABSENT, _UNKNOWN = State.PRESENT, State.ABSENT, State.UNKNOWN
_BOTH, _NO_SIDE, _CALF, _LEG = Side.BOTH, Side.NOT_STATED, Site.LOWER_LEG, Site.LEG

_OTHER = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
_ONE_DAY = timedelta(days=1)
_SNOMED = "http://snomed.info/sct"
_ANY_CANCER = (_SNOMED, "363346000")
_HISTORY_OF_DVT = (_SNOMED, "161508001")
_ONLY_SUSPECTED = "an entry that is only suspected"
_TO_CONFIRM = {
    "malignancy": "cancer treatment within 6 months or palliative care",
    "bedridden": "3 days or more in bed",
    "surgery": "major surgery under general or regional anaesthesia",
}
"""What Table 1 asks of an item beyond what these concepts say. Until then the item may turn out not to count."""


class Outside(StrEnum):
    """Why there is no score: the patient is none of those for whom it was made."""

    CHILD = "under 18"
    PREGNANCY = "pregnant or up to 6 weeks after"


@dataclass(frozen=True, slots=True)
class WellsItem:
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


@dataclass(frozen=True, slots=True)
class WellsScore:
    """The ten items, of the leg of this side.

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


@dataclass(frozen=True, slots=True)
class View:
    """What an item is judged by: the leg, the whole patient, and the earliest moment whose denials still count."""

    leg: Leg
    patient: Leg
    since: datetime

    def still(self, facts: Iterable[Fact]) -> list[Fact]:
        """Those of a known day that lies not before the complaint."""
        return [fact for fact in facts if fact.when is not None and fact.when.first >= self.since]

    def here(self, facts: Iterable[Fact]) -> list[Fact]:
        """Those that speak of this leg, of both, or of no side in particular."""
        return [fact for fact in facts if fact.side in (self.leg.side, _BOTH, _NO_SIDE)]


def outside(leg: Leg) -> tuple[Outside, ...]:
    """Why the score does not apply to this patient: NICE NG158 is for people of 18 and over who are not pregnant."""
    age = age_years(leg.chart.patient.born, leg.as_of.date())
    child = age is not None and age[1] < leg.thresholds.adult_years
    pregnancy = leg.mentions(("pregnancy", "postpartum")) and pregnant_or_postpartum(leg)
    return (*((Outside.PREGNANCY,) if pregnancy else ()), *((Outside.CHILD,) if child else ()))


def wells_score(leg: Leg, patient: Leg, complaint: Sequence[Fact]) -> WellsScore | None:
    """The score of one leg; None for whom it is not meant (`outside`).

    `patient` is the view of the whole patient: a previous DVT counts on either leg. A denial counts from the day before
    the earliest fact of the `complaint` on, within 30 days: what was denied before the complaint says nothing of now.
    """
    if outside(leg):
        return None
    likely = leg.thresholds.wells_likely_points
    if not leg.mentions(_READ):
        return WellsScore(_NOTHING_RECORDED, leg.side, likely)
    window = leg.windows[leg.thresholds.finding_days]
    begun = [fact.when.first - _ONE_DAY if fact.when else window for fact in complaint]
    view = View(leg, patient, max(window, min(begun, default=window)))
    return WellsScore(tuple([_judged(item, view) for item in ITEMS]), leg.side, likely)


def _judged(item: Item, view: View) -> WellsItem:
    if view.leg.mentions(item.needs) and (evidence := item.shown_by(view)):
        return WellsItem(item.label, _PRESENT, tuple(evidence), _to_confirm(evidence))
    if view.leg.mentions(item.deniable_by) and (denial := item.denied_by(view)):
        return WellsItem(item.label, _ABSENT, tuple(denial))
    return item.unknown


def _to_confirm(evidence: Sequence[Fact]) -> str:
    """Of what shows the item, what is open; nothing where any of it shows the item without more ado."""
    parts = [
        _ONLY_SUSPECTED if fact.certainty is Certainty.SUSPECTED else _TO_CONFIRM.get(fact.concept, "")
        for fact in evidence
    ]
    return " or ".join(dict.fromkeys(parts)) if all(parts) else ""


def _nothing(_view: View) -> Sequence[Fact]:
    """No code shows or denies it."""
    return ()


def _cancer(view: View) -> Sequence[Fact]:
    return view.leg.confirmed("malignancy")


def _no_cancer(view: View) -> Sequence[Fact]:
    """Cancer as such denied. One kind refuted leaves the others, one in remission may be under treatment."""
    recorded = [fact for fact in view.patient.chart.facts if fact.concept == "malignancy"]
    denied = [fact for fact in recorded if fact.state is _ABSENT and _ANY_CANCER in fact.codes]
    return () if any(fact.state is _PRESENT for fact in recorded) else view.still(denied)


def _paralysed(view: View) -> Sequence[Fact]:
    leg = view.leg
    return [*leg.confirmed("paralysis"), *leg.within(leg.present("cast"), leg.thresholds.cast_days)]


def _bedridden_or_surgery(view: View) -> Sequence[Fact]:
    return [*view.leg.present("bedridden"), *recent_surgery(view.leg)]


def _no_swelling(view: View) -> Sequence[Fact]:
    """Swelling of the leg or the calf denied: then the entire leg is not swollen. Not where any is recorded as well.

    That there is no pitting does not mean that there is no swelling.
    """
    pitting = {fact.source for fact in view.leg.absent("pitting-oedema")}
    denied = [fact for fact in view.here(view.leg.absent("swelling")) if fact.site in (_LEG, _CALF)]
    if view.leg.new("swelling"):
        return ()
    return view.still([fact for fact in denied if fact.source not in pitting])


def _calves(view: View) -> tuple[Fact, Fact, float] | None:
    """The newest circumference of this calf and of the other, and by how many cm this one is larger."""
    leg = view.leg
    newest: dict[Side, Fact] = {}
    measured = [
        fact
        for fact in leg.within(leg.chart.facts, leg.thresholds.finding_days)
        if fact.concept == "calf-circumference" and fact.site is _CALF and fact.when and fact.quantity
    ]
    for fact in sorted(measured, key=lambda each: (each.when.last.timestamp() if each.when else 0.0, each.source)):
        newest[fact.side] = fact
    other = _OTHER.get(leg.side)
    here, there = newest.get(leg.side), newest.get(other) if other else None
    if here is None or there is None or here.quantity is None or there.quantity is None:
        return None
    if here.quantity.value is None or there.quantity.value is None:
        return None
    # 32.3 - 29.3 is not 3 in binary fractions
    return here, there, round(here.quantity.value - there.quantity.value, 6)


def _larger_calf(view: View) -> Sequence[Fact]:
    """Calf circumferences of both sides on record, this one at least 3 cm larger."""
    calves = _calves(view)
    return calves[:2] if calves and calves[2] >= view.leg.thresholds.calf_difference_cm else ()


def _no_larger_calf(view: View) -> Sequence[Fact]:
    """Both measured since the complaint began, and the difference smaller."""
    calves = _calves(view)
    if calves is None or calves[2] >= view.leg.thresholds.calf_difference_cm:
        return ()
    return calves[:2] if len(view.still(calves[:2])) == 2 else ()


def _pitting(view: View) -> Sequence[Fact]:
    """Pitting oedema with this side recorded, and none of the other leg or of both."""
    leg = view.leg
    everywhere = [fact for fact in leg.chart.facts if fact.concept == "pitting-oedema" and fact.state is _PRESENT]
    here = [fact for fact in leg.new("pitting-oedema") if fact.side is leg.side and leg.side is not _NO_SIDE]
    return here if all(fact.side is leg.side for fact in everywhere) else []


def _no_pitting_of_this_leg_only(view: View) -> Sequence[Fact]:
    """Denied of this leg, or recorded of both."""
    leg = view.leg
    everywhere = view.still([fact for fact in view.patient.new("pitting-oedema") if fact.side is not _NO_SIDE])
    here = [fact for fact in everywhere if fact.side in (leg.side, _BOTH)]
    there = [fact for fact in everywhere if fact.side in (_OTHER.get(leg.side), _BOTH)]
    if here and there:
        return list(dict.fromkeys([*here, *there]))
    return () if leg.new("pitting-oedema") else view.still(view.here(leg.absent("pitting-oedema")))


def _previous_thrombosis(view: View) -> Sequence[Fact]:
    """A previously documented DVT of either leg: a history code, a closed DVT, or one that is over 90 days old."""
    return [*view.patient.past("previous-dvt", "dvt"), *old_thrombosis(view.patient)]


def _no_previous_thrombosis(view: View) -> Sequence[Fact]:
    """A history of DVT denied as such, not of one leg. A refuted DVT is one that is not, and leaves earlier ones."""
    denied = view.patient.absent("previous-dvt")
    return view.still([fact for fact in denied if _HISTORY_OF_DVT in fact.codes and fact.side in (_BOTH, _NO_SIDE)])


@dataclass(frozen=True, slots=True)
class Item:
    """One row of the table. `needs`: the concepts that can show it; `deniable_by`: those that can deny it."""

    label: str
    needs: tuple[str, ...] = ()
    shown_by: Callable[[View], Sequence[Fact]] = _nothing
    deniable_by: tuple[str, ...] = ()
    denied_by: Callable[[View], Sequence[Fact]] = _nothing
    weight: int = 1

    @property
    def unknown(self) -> WellsItem:
        return _UNKNOWN_ITEMS[self.label]


TENDERNESS = "tenderness along the deep veins"
WHOLE_LEG = "swelling of the whole leg"
LARGER_CALF = "calf at least 3 cm larger"
PITTING = "pitting oedema of this leg only"
COLLATERALS = "collateral superficial veins"
ALTERNATIVE = "whether another diagnosis is at least as likely"

ITEMS = (
    Item("active cancer", ("malignancy",), _cancer, ("malignancy",), _no_cancer),
    Item("paralysis, paresis or plaster of the leg", ("paralysis", "cast"), _paralysed),
    Item("bedridden or recent surgery", ("bedridden", "surgery"), _bedridden_or_surgery),
    Item(TENDERNESS),
    Item(WHOLE_LEG, deniable_by=("swelling",), denied_by=_no_swelling),
    Item(LARGER_CALF, ("calf-circumference",), _larger_calf, ("calf-circumference",), _no_larger_calf),
    Item(PITTING, ("pitting-oedema",), _pitting, ("pitting-oedema",), _no_pitting_of_this_leg_only),
    Item(COLLATERALS),
    Item("previous DVT", ("previous-dvt", "dvt"), _previous_thrombosis, ("previous-dvt",), _no_previous_thrombosis),
    Item(ALTERNATIVE, weight=-2),
)
"""The table, row by row.

No code shows tenderness, swelling of the whole leg, collateral veins or the likelier diagnosis. Nothing denies
paralysis and plaster, or bed rest and surgery, in one: those two are present or unknown.
"""
NOT_CODED = tuple([item.label for item in ITEMS if not item.needs])
"""The items that no code of a record can show."""
WELLS_CONCEPTS = tuple([concept for item in ITEMS for concept in item.needs])
_READ = frozenset([concept for item in ITEMS for concept in (*item.needs, *item.deniable_by)])
_UNKNOWN_ITEMS = {item.label: WellsItem(item.label, weight=item.weight) for item in ITEMS}
_NOTHING_RECORDED = tuple(_UNKNOWN_ITEMS.values())
