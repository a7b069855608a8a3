"""The ten rows of the two-level Wells score for DVT (NICE NG158, Table 1): what shows each, and what denies it.

Absent is only what the record denies. How a score is made of them: `wells`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from cds_service.assessment.concepts import Concept
from cds_service.assessment.diagnoses import cancer_under_care, old_thrombosis, recent_surgery
from cds_service.assessment.record import Record
from cds_service.code_systems import SNOMED
from cds_service.facts import OTHER_SIDE, Fact, Side, Site, State, latest

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_PRESENT, _ABSENT = State.PRESENT, State.ABSENT
_BOTH, _NO_SIDE, _CALF, _LEG = Side.BOTH, Side.NOT_STATED, Site.LOWER_LEG, Site.LEG

_ANY_CANCER = (SNOMED, "363346000")
_HISTORY_OF_DVT = (SNOMED, "161508001")


class View(NamedTuple):
    """What an item is judged by: the leg, the whole patient, and the earliest moment whose denials still count."""

    leg: Record
    patient: Record
    since: datetime

    def still(self, facts: Iterable[Fact]) -> list[Fact]:
        """Those of a known day that lies not before the complaint."""
        return [fact for fact in facts if fact.when is not None and fact.when.first >= self.since]

    def here(self, facts: Iterable[Fact]) -> list[Fact]:
        """Those that speak of this leg, of both, or of no side in particular."""
        return [fact for fact in facts if fact.side in (self.leg.side, _BOTH, _NO_SIDE)]


def _nothing(_view: View) -> Sequence[Fact]:
    """No code shows or denies it."""
    return ()


def _cancer(view: View) -> Sequence[Fact]:
    """Of whichever side, with what makes it an active one, where that is recorded."""
    cancer = view.patient.confirmed(Concept.MALIGNANCY)
    return [*cancer, *cancer_under_care(view.patient)] if cancer else ()


def _no_cancer(view: View) -> Sequence[Fact]:
    """Cancer as such denied. One kind refuted leaves the others, one in remission may be under treatment."""
    recorded = [fact for fact in view.patient.chart.facts if fact.concept == Concept.MALIGNANCY]
    denied = [fact for fact in recorded if fact.state is _ABSENT and _ANY_CANCER in fact.codes]
    return () if any(fact.state is _PRESENT for fact in recorded) else view.still(denied)


def _paralysed(view: View) -> Sequence[Fact]:
    leg = view.leg
    return [*leg.confirmed(Concept.PARALYSIS), *leg.within(leg.present(Concept.CAST), leg.thresholds.cast_days)]


def _bedridden_or_surgery(view: View) -> Sequence[Fact]:
    return [*view.patient.present(Concept.BEDRIDDEN), *recent_surgery(view.patient)]


def _no_swelling(view: View) -> Sequence[Fact]:
    """Swelling of the leg or the calf denied: then the entire leg is not swollen. Not where any is recorded as well.

    That there is no pitting does not mean that there is no swelling.
    """
    pitting = {fact.source for fact in view.leg.absent(Concept.PITTING_OEDEMA)}
    denied = [fact for fact in view.here(view.leg.absent(Concept.SWELLING)) if fact.site in (_LEG, _CALF)]
    if view.leg.new(Concept.SWELLING):
        return ()
    return view.still([fact for fact in denied if fact.source not in pitting])


def _calves(view: View) -> tuple[Fact, Fact, float] | None:
    """The newest circumference of this calf and of the other, and by how many cm this one is larger."""
    leg = view.leg
    newest: dict[Side, Fact] = {}
    measured = [
        fact
        for fact in leg.within(leg.chart.facts, leg.thresholds.finding_days)
        if fact.concept == Concept.CALF_CIRCUMFERENCE and fact.site is _CALF and fact.when and fact.quantity
    ]
    for fact in sorted(measured, key=lambda each: (latest(each.when), each.source)):
        newest[fact.side] = fact
    other = OTHER_SIDE.get(leg.side)
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
    everywhere = [fact for fact in leg.chart.facts if fact.concept == Concept.PITTING_OEDEMA and fact.state is _PRESENT]
    here = [fact for fact in leg.new(Concept.PITTING_OEDEMA) if fact.side is leg.side and leg.side is not _NO_SIDE]
    return here if all(fact.side is leg.side for fact in everywhere) else []


def _no_pitting_of_this_leg_only(view: View) -> Sequence[Fact]:
    """Denied of this leg, or recorded of both."""
    leg = view.leg
    everywhere = view.still([fact for fact in view.patient.new(Concept.PITTING_OEDEMA) if fact.side is not _NO_SIDE])
    here = [fact for fact in everywhere if fact.side in (leg.side, _BOTH)]
    there = [fact for fact in everywhere if fact.side in (OTHER_SIDE.get(leg.side), _BOTH)]
    if here and there:
        return list(dict.fromkeys([*here, *there]))
    return () if leg.new(Concept.PITTING_OEDEMA) else view.still(view.here(leg.absent(Concept.PITTING_OEDEMA)))


def _previous_thrombosis(view: View) -> Sequence[Fact]:
    """A previously documented DVT of either leg: a history code, a closed DVT, or one that is over 90 days old."""
    return [*view.patient.past(Concept.PREVIOUS_DVT, Concept.DVT), *old_thrombosis(view.patient)]


def _no_previous_thrombosis(view: View) -> Sequence[Fact]:
    """A history of DVT denied as such, not of one leg. A refuted DVT is one that is not, and leaves earlier ones."""
    denied = view.patient.absent(Concept.PREVIOUS_DVT)
    return view.still([fact for fact in denied if _HISTORY_OF_DVT in fact.codes and fact.side in (_BOTH, _NO_SIDE)])


@dataclass(frozen=True)
class Item:
    """One row of the table. `says`: when it is present, with `{threshold}` holes, as a rule has it. `needs`: the
    concepts that can show it; `deniable_by`: those that can deny it.
    """

    label: str
    says: str
    needs: tuple[Concept, ...] = ()
    shown_by: Callable[[View], Sequence[Fact]] = _nothing
    deniable_by: tuple[Concept, ...] = ()
    denied_by: Callable[[View], Sequence[Fact]] = _nothing
    weight: int = 1

    @cached_property
    def concepts(self) -> frozenset[str]:
        """All that bear on it."""
        return frozenset((*self.needs, *self.deniable_by))


TENDERNESS = "tenderness along the deep veins"
WHOLE_LEG = "swelling of the whole leg"
LARGER_CALF = "calf at least 3 cm larger"
PITTING = "pitting oedema of this leg only"
COLLATERALS = "collateral superficial veins"
ALTERNATIVE = "whether another diagnosis is at least as likely"

_NO_CODE = "No code of a record shows it."

ITEMS = (
    Item(
        "active cancer",
        "Cancer confirmed and current. Where neither treatment within {cancer_treatment_days} days nor palliative care "
        "is recorded, that is to be confirmed.",
        (Concept.MALIGNANCY,),
        _cancer,
        (Concept.MALIGNANCY,),
        _no_cancer,
    ),
    Item(
        "paralysis, paresis or plaster of the leg",
        "Paralysis or paresis confirmed and current, or plaster within {cast_days} days.",
        (Concept.PARALYSIS, Concept.CAST),
        _paralysed,
    ),
    Item(
        "bedridden or recent surgery",
        "Bedridden, or surgery within {surgery_days} days. Days in bed, and whether it was major and under "
        "anaesthesia, are not read.",
        (Concept.BEDRIDDEN, Concept.SURGERY),
        _bedridden_or_surgery,
    ),
    Item(TENDERNESS, _NO_CODE),
    Item(
        WHOLE_LEG,
        "No code of a record shows it; no swelling of the leg, recorded as absent, denies it.",
        deniable_by=(Concept.SWELLING,),
        denied_by=_no_swelling,
    ),
    Item(
        LARGER_CALF,
        "Newest calf circumferences of both sides within {finding_days} days, this one at least {calf_difference_cm} "
        "cm larger.",
        (Concept.CALF_CIRCUMFERENCE,),
        _larger_calf,
        (Concept.CALF_CIRCUMFERENCE,),
        _no_larger_calf,
    ),
    Item(
        PITTING,
        "New pitting oedema with this side recorded, and none of the other or of both.",
        (Concept.PITTING_OEDEMA,),
        _pitting,
        (Concept.PITTING_OEDEMA,),
        _no_pitting_of_this_leg_only,
    ),
    Item(COLLATERALS, _NO_CODE),
    Item(
        "previous DVT",
        "A history of DVT, a closed DVT, or one active for over {thrombosis_days} days, of either leg.",
        (Concept.PREVIOUS_DVT, Concept.DVT),
        _previous_thrombosis,
        (Concept.PREVIOUS_DVT,),
        _no_previous_thrombosis,
    ),
    Item(
        ALTERNATIVE,
        "A clinician's judgement, which no code of a record shows. Its two points off are never subtracted for the "
        "level.",
        weight=-2,
    ),
)
"""The table, row by row.

No code shows tenderness, swelling of the whole leg, collateral veins or the likelier diagnosis. Nothing denies
paralysis and plaster, or bed rest and surgery, in one: those two are present or unknown.
"""
NOT_CODED = tuple([item.label for item in ITEMS if not item.needs])
"""The items that no code of a record can show."""
