"""Diagnoses of the leg that are recorded and still count, each within its own window."""

from __future__ import annotations

from cds_service.assessment.leg import Leg
from cds_service.facts import Certainty, Fact


def acute_thrombosis(leg: Leg) -> list[Fact]:
    """Confirmed leg DVT that began within 90 days or at an unknown time; never one coded as chronic."""
    chronic = _coded_chronic(leg)
    recent = leg.within(leg.confirmed("dvt"), leg.thresholds.thrombosis_days)
    return [fact for fact in recent if fact.source not in chronic]


def old_thrombosis(leg: Leg) -> list[Fact]:
    """Confirmed leg DVT, still coded active, that began over 90 days ago or is coded as chronic."""
    acute = acute_thrombosis(leg)
    return [fact for fact in leg.confirmed("dvt") if fact not in acute]


def suspected_thrombosis(leg: Leg) -> list[Fact]:
    return leg.within(leg.suspected("dvt"), leg.thresholds.thrombosis_days)


def acute_limb_ischaemia(leg: Leg) -> list[Fact]:
    """Confirmed within 30 days or undated, or suspected."""
    recent = leg.within(leg.confirmed("acute-limb-ischaemia"), leg.thresholds.limb_ischaemia_days)
    return recent + leg.suspected("acute-limb-ischaemia")


def acute(leg: Leg, *concepts: str) -> list[Fact]:
    """A diagnosis of an acute illness, if it is not an old entry that nobody closed."""
    return leg.within(leg.present(*concepts), leg.thresholds.acute_diagnosis_days)


def superficial_thrombosis(leg: Leg) -> list[Fact]:
    """Superficial vein thrombosis, and leg vein thrombosis whose depth is not stated."""
    return acute(leg, "superficial-vein-thrombosis", "leg-vein-thrombosis")


def new_gangrene(leg: Leg) -> list[Fact]:
    return leg.within(leg.present("gangrene"), leg.thresholds.gangrene_days)


def achilles_rupture(leg: Leg) -> list[Fact]:
    return leg.within(leg.present("achilles-rupture"), leg.thresholds.achilles_days)


def opening_diagnoses(leg: Leg) -> list[Fact]:
    """Diagnoses that are a leg complaint without any further symptom."""
    return [
        *acute_limb_ischaemia(leg),
        *acute(leg, "compartment-syndrome", "necrotising-infection", "cellulitis"),
        *acute_thrombosis(leg),
        *suspected_thrombosis(leg),
        *new_gangrene(leg),
        *achilles_rupture(leg),
        *superficial_thrombosis(leg),
    ]


def pregnant_or_postpartum(leg: Leg) -> list[Fact]:
    """Pregnant now, or within 6 weeks of the end of a pregnancy."""
    limits = leg.thresholds
    pregnant = [fact for fact in leg.present("pregnancy") if fact.certainty is Certainty.CONFIRMED]
    return leg.within(pregnant, limits.pregnancy_days) + leg.within(leg.present("postpartum"), limits.postpartum_days)


def _coded_chronic(leg: Leg) -> set[str]:
    return {fact.source for fact in leg.present("chronic-dvt")}
