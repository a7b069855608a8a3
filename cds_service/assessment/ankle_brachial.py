"""The ankle-brachial index: the systolic pressure at the ankle as a share of that at the arm (AHA/ACC 2024)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from cds_service.assessment.concepts import Concept
from cds_service.assessment.record import Record
from cds_service.facts import Fact, Quantity, Side, latest
from cds_service.thresholds import Thresholds

CONCEPT = Concept.ANKLE_BRACHIAL_INDEX


class Band(Enum):
    """What the guideline calls an index; each value says what it means for the next step, in our words."""

    ABNORMAL = "abnormal index"
    BORDERLINE = "borderline index, one after exercise tells more"
    NORMAL = "a normal index at rest does not settle it, one after exercise tells more"
    NONCOMPRESSIBLE = "vessels that cannot be compressed, a toe-brachial index tells more"
    UNCLEAR = "an index recorded only as over or under a value"


def indices(leg: Record) -> dict[Fact, Band]:
    """The newest index of each side in this view, within its look-back, with its band; unsided ones too."""
    newest: dict[Side, Fact] = {}
    for fact in leg.present(CONCEPT):
        held = newest.get(fact.side)
        if fact.quantity is not None and (held is None or _order(fact) > _order(held)):
            newest[fact.side] = fact
    return {fact: band(fact.quantity, leg.thresholds) for fact in newest.values() if fact.quantity is not None}


def known_of_both_legs(patient: Record) -> bool:
    """Is an index of the last 90 days on record, of each leg or of a leg that is not named?"""
    sides = {
        fact.side for fact in patient.surely_within(patient.present(CONCEPT), patient.thresholds.ankle_brachial_days)
    }
    return not sides.isdisjoint((Side.BOTH, Side.NOT_STATED)) or sides >= {Side.LEFT, Side.RIGHT}


def band(index: Quantity, limits: Thresholds) -> Band:
    """By the index to two decimals, as the guideline reports it. "<0.50" is abnormal, "<1.10" tells nothing."""
    if index.value is None:
        return Band.UNCLEAR
    value = round(index.value, 2)
    if index.comparator.startswith("<"):
        return Band.ABNORMAL if value <= limits.ankle_brachial_abnormal else Band.UNCLEAR
    if index.comparator.startswith(">"):
        return Band.NONCOMPRESSIBLE if value >= limits.ankle_brachial_noncompressible else Band.UNCLEAR
    if value <= limits.ankle_brachial_abnormal:
        return Band.ABNORMAL
    if value < limits.ankle_brachial_normal:
        return Band.BORDERLINE
    return Band.NORMAL if value <= limits.ankle_brachial_noncompressible else Band.NONCOMPRESSIBLE


def in_bands(found: Mapping[Fact, Band], *bands: Band) -> Sequence[Fact]:
    """Those of the indices that lie in one of these bands."""
    return [fact for fact, its in found.items() if its in bands]


def lowest_first(found: Iterable[Fact]) -> Sequence[Fact]:
    """Those that have a number."""
    numbers = [(fact.quantity.value, fact) for fact in found if fact.quantity and fact.quantity.value is not None]
    return [fact for _number, fact in sorted(numbers, key=lambda each: each[0])]


def severe(found: Iterable[Fact], limits: Thresholds) -> Sequence[Fact]:
    """Those of the indices that are so low that the blood supply may be critical; "<0.60" is."""
    return [fact for fact in found if fact.quantity is not None and _is_severe(fact.quantity, limits)]


def _is_severe(index: Quantity, limits: Thresholds) -> bool:
    if index.value is None or index.comparator.startswith(">"):
        return False
    value = round(index.value, 2)
    return value <= limits.ankle_brachial_severe if index.comparator == "<" else value < limits.ankle_brachial_severe


def _order(fact: Fact) -> tuple[float, str]:
    return (latest(fact.when), fact.source)
