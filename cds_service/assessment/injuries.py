"""Injuries from knee to ankle, and the signs beside them that an acute compartment syndrome gives (BOAST)."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.leg import Leg
from cds_service.assessment.limb_threat import NUMBNESS, WEAKNESS, signs_surely_within
from cds_service.facts import Fact

INJURIES = ("strain", "achilles-strain", "achilles-rupture", "contusion", "leg-injury")


def recent_injuries(leg: Leg) -> Sequence[Fact]:
    """Those that may be of the last 7 days."""
    return leg.within(leg.any_of(*INJURIES), leg.thresholds.injury_days)


def signs_of_compartment_syndrome(leg: Leg, severe_pain: Sequence[Fact]) -> Sequence[Fact]:
    """Severe pain and a further sign, or numbness and weakness together, all of the last 7 days; else nothing.

    Tense swelling, which BOAST names, has no code that a record could hold; anticoagulants raise the risk of bleeding.
    """
    days = leg.thresholds.injury_days
    nerve = signs_surely_within(leg, days)
    severe = leg.surely_within(severe_pain, days)
    beside = [*nerve.facts(NUMBNESS, WEAKNESS), *leg.anticoagulants()]
    if severe and beside:
        return [*severe, *beside]
    if NUMBNESS in nerve.by_kind and WEAKNESS in nerve.by_kind:
        return nerve.facts(NUMBNESS, WEAKNESS)
    return ()


def threatening_injuries(leg: Leg, severe_pain: Sequence[Fact]) -> Sequence[Fact]:
    """Injuries that are surely of the last 7 days, beside such signs."""
    recent = leg.surely_within(recent_injuries(leg), leg.thresholds.injury_days)
    return recent if recent and signs_of_compartment_syndrome(leg, severe_pain) else ()
