"""Injuries from knee to ankle, and the signs beside them that an acute compartment syndrome gives (BOAST)."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.concepts import INJURIES, NERVE
from cds_service.assessment.record import Record
from cds_service.assessment.signs import signs_surely_within
from cds_service.facts import Fact


def recent_injuries(leg: Record) -> Sequence[Fact]:
    """Those that may be of the last 7 days."""
    return leg.within(leg.any_of(*INJURIES), leg.thresholds.injury_days)


def signs_of_compartment_syndrome(leg: Record, severe_pain: Sequence[Fact]) -> Sequence[Fact]:
    """Severe pain and a further sign, or numbness and weakness together, all of the last 7 days; else nothing.

    Tense swelling, which BOAST names, has no code that a record could hold; anticoagulants raise the risk of bleeding.
    """
    days = leg.thresholds.injury_days
    nerve = signs_surely_within(leg, days)
    severe = leg.surely_within(severe_pain, days)
    beside = [*nerve.facts(*NERVE), *leg.anticoagulants()]
    if severe and beside:
        return [*severe, *beside]
    if all(kind in nerve.by_kind for kind in NERVE):
        return nerve.facts(*NERVE)
    return ()


def threatening_injuries(leg: Record, severe_pain: Sequence[Fact]) -> Sequence[Fact]:
    """Injuries that are surely of the last 7 days, beside such signs."""
    recent = leg.surely_within(recent_injuries(leg), leg.thresholds.injury_days)
    return recent if recent and signs_of_compartment_syndrome(leg, severe_pain) else ()
