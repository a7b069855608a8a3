"""The two-level Wells score for DVT (NICE NG158, Table 1), from what the record holds.

Items that no code can show are never scored; the -2 for a likelier diagnosis is a clinician's judgement and is never
subtracted. The sum is therefore "at least".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cds_service.assessment.diagnoses import old_thrombosis, pregnant_or_postpartum, recent_surgery
from cds_service.assessment.leg import Leg
from cds_service.assessment.risk_factors import age_years
from cds_service.facts import Fact, Side, Site, State


@dataclass(frozen=True, slots=True)
class WellsItem:
    """One item that the record shows, worth one point. `caveat`: what of it is not recorded."""

    label: str
    evidence: tuple[Fact, ...]
    caveat: str = ""


@dataclass(frozen=True, slots=True)
class WellsScore:
    """`points` is the sum of the recorded items; what is not recorded can raise or lower the true score.

    `missing` names the items that a code could show and none does.
    """

    items: tuple[WellsItem, ...]
    missing: tuple[str, ...] = ()

    @property
    def points(self) -> int:
        return len(self.items)

    @property
    def evidence(self) -> list[Fact]:
        """The entries that give the points."""
        return [fact for item in self.items for fact in item.evidence]

    @property
    def note(self) -> str:
        caveats = "; ".join(item.caveat for item in self.items if item.caveat)
        labels = ", ".join(item.label for item in self.items)
        return f"{self.points} from the record ({labels})" + (f"; not recorded: {caveats}" if caveats else "")


NOT_CODED = (
    "tenderness along the deep veins",
    "swelling of the whole leg",
    "collateral superficial veins",
    "whether another diagnosis is as likely",
)
"""Items of the table that no code of a record can show."""


def wells_score(leg: Leg, patient: Leg) -> WellsScore | None:
    """The score of one leg. None outside the table's population: under 18, pregnant, or within 6 weeks after.

    `patient` is the view of the whole patient: a previous DVT counts on either leg.
    """
    age = age_years(leg.chart.patient.born, leg.as_of.date())
    if (age is not None and age[1] < leg.thresholds.adult_years) or pregnant_or_postpartum(leg):
        return None
    items, missing = [], []
    for label, concepts, evidence_of, caveat in ITEMS:
        if leg.mentions(concepts) and (evidence := evidence_of(leg, patient)):
            items.append(WellsItem(label, tuple(evidence), caveat))
        else:
            missing.append(label)
    return WellsScore(tuple(items), tuple(missing))


def _cancer(leg: Leg, patient: Leg) -> Sequence[Fact]:
    return leg.confirmed("malignancy")


def _paralysed(leg: Leg, patient: Leg) -> Sequence[Fact]:
    return [*leg.confirmed("paralysis"), *leg.within(leg.present("cast"), leg.thresholds.cast_days)]


def _bedridden_or_surgery(leg: Leg, patient: Leg) -> Sequence[Fact]:
    return [*leg.present("bedridden"), *recent_surgery(leg)]


def _previous_thrombosis(leg: Leg, patient: Leg) -> Sequence[Fact]:
    """A previously documented DVT of either leg: a history code, a closed DVT, or one that is over 90 days old."""
    return [*patient.past("previous-dvt", "dvt"), *old_thrombosis(patient)]


def _pitting(leg: Leg, patient: Leg) -> Sequence[Fact]:
    """Pitting oedema with this side recorded, and none of the other leg or of both."""
    everywhere = [fact for fact in leg.chart.facts if fact.concept == "pitting-oedema" and fact.state is State.PRESENT]
    here = [fact for fact in leg.new("pitting-oedema") if fact.side is leg.side and leg.side is not Side.NOT_STATED]
    return here if all(fact.side is leg.side for fact in everywhere) else []


def _larger_calf(leg: Leg, patient: Leg) -> Sequence[Fact]:
    """Calf circumferences of both sides on record, this one at least 3 cm larger."""
    newest: dict[Side, Fact] = {}
    window = leg.thresholds.finding_days
    measured = [
        fact
        for fact in leg.within(leg.chart.facts, window)
        if fact.concept == "calf-circumference" and fact.site is Site.LOWER_LEG and fact.when and fact.quantity
    ]
    for fact in sorted(measured, key=lambda each: (each.when.last.timestamp() if each.when else 0.0, each.source)):
        newest[fact.side] = fact
    other = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}.get(leg.side)
    here, there = newest.get(leg.side), newest.get(other) if other else None
    if here is None or there is None or here.quantity is None or there.quantity is None:
        return []
    if here.quantity.value is None or there.quantity.value is None:
        return []
    difference = round(here.quantity.value - there.quantity.value, 6)  # 32.3 - 29.3 is not 3 in binary fractions
    return [here, there] if difference >= leg.thresholds.calf_difference_cm else []


ITEMS: tuple[tuple[str, tuple[str, ...], Callable[[Leg, Leg], Sequence[Fact]], str], ...] = (
    ("active cancer", ("malignancy",), _cancer, "cancer treatment within 6 months or palliative care"),
    ("paralysis, paresis or plaster of the leg", ("paralysis", "cast"), _paralysed, ""),
    (
        "bedridden or recent surgery",
        ("bedridden", "surgery"),
        _bedridden_or_surgery,
        "3 days or more in bed, or whether surgery was major and under anaesthesia",
    ),
    ("calf at least 3 cm larger", ("calf-circumference",), _larger_calf, ""),
    ("pitting oedema of this leg only", ("pitting-oedema",), _pitting, ""),
    ("previous DVT", ("previous-dvt", "dvt"), _previous_thrombosis, ""),
)
"""Each item: its label, the concepts that can show it, (leg, whole patient) -> evidence, and its caveat."""
WELLS_CONCEPTS = tuple(concept for _label, concepts, _evidence_of, _caveat in ITEMS for concept in concepts)
