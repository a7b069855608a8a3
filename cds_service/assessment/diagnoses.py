"""Diagnoses of the leg that are recorded and still count, each within its own window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cds_service.assessment.concepts import ACHILLES, EMBOLISM_SYMPTOMS, PASSING_CAUSES, SUPERFICIAL_VEINS, Concept
from cds_service.assessment.rule import Seen
from cds_service.assessment.siting import is_current
from cds_service.facts import UNREAD_MEDICINES, Chart, Fact, Side, Topic

if TYPE_CHECKING:
    from cds_service.assessment.record import Leg, Record

OPENING = (
    *(
        Concept.ACUTE_LIMB_ISCHAEMIA,
        Concept.DVT,
        Concept.GANGRENE,
        Concept.ACHILLES_RUPTURE,
        Concept.ACHILLES_STRAIN,
        Concept.COMPARTMENT_SYNDROME,
    ),
    *(
        Concept.NECROTISING_INFECTION,
        Concept.CELLULITIS,
        Concept.SUPERFICIAL_VEIN_THROMBOSIS,
        Concept.LEG_VEIN_THROMBOSIS,
    ),
)
"""The concepts of the diagnoses that are a leg complaint without any further symptom."""


NOT_WITHIN = "neither begun nor recorded surely within {days} days: listed, does not raise the level"


def acute_thrombosis(leg: Record) -> Sequence[Fact]:
    """Confirmed leg DVT that began within 90 days or at an unknown time; never one coded as chronic."""
    chronic = coded_chronic(leg)
    recent = leg.within(leg.confirmed(Concept.DVT), leg.thresholds.thrombosis_days)
    return [fact for fact in recent if fact.source not in chronic]


def old_thrombosis(leg: Record) -> Sequence[Fact]:
    """Confirmed leg DVT, still coded active, that began over 90 days ago or is coded as chronic."""
    acute = set(acute_thrombosis(leg))
    return [fact for fact in leg.confirmed(Concept.DVT) if fact not in acute]


def long_past_thrombosis(record: Record, *concepts: Concept) -> Sequence[Fact]:
    """A confirmed DVT or pulmonary embolism, still coded active, that began over a year ago: a previous one."""
    known = [fact for concept in concepts for fact in record.confirmed(concept)]
    return record.older_than(known, record.thresholds.old_thrombosis_days)


def acute_limb_ischaemia(leg: Record) -> Sequence[Fact]:
    """Confirmed within 30 days or undated, or suspected."""
    recent = leg.within(leg.confirmed(Concept.ACUTE_LIMB_ISCHAEMIA), leg.thresholds.limb_ischaemia_days)
    return [*recent, *leg.suspected(Concept.ACUTE_LIMB_ISCHAEMIA)]


def old_limb_ischaemia(leg: Record) -> Sequence[Fact]:
    """Coded acute, still active, and over 30 days old: a known arterial disease."""
    return leg.older_than(leg.confirmed(Concept.ACUTE_LIMB_ISCHAEMIA), leg.thresholds.limb_ischaemia_days)


def superficial_thrombosis(leg: Record) -> Sequence[Fact]:
    """Superficial vein thrombosis, and leg vein thrombosis whose depth is not stated."""
    return leg.any_of(*SUPERFICIAL_VEINS)


def new_gangrene(leg: Record) -> Sequence[Fact]:
    return leg.within(leg.present(Concept.GANGRENE), leg.thresholds.gangrene_days)


def lasting_ulcers(leg: Record) -> Sequence[Fact]:
    """Ulcers of leg or foot that began over 14 days ago; an undated one is not known to be new."""
    recent = set(leg.within([fact for fact in leg.present(Concept.LEG_ULCER) if fact.when], leg.thresholds.ulcer_days))
    return [fact for fact in leg.present(Concept.LEG_ULCER) if fact not in recent]


def achilles_rupture(leg: Record) -> Sequence[Fact]:
    return leg.begun_or_recorded(leg.present(Concept.ACHILLES_RUPTURE), leg.thresholds.achilles_days)


def passing_diagnosis(diagnosis: Sequence[Fact], days: int, leg: Leg) -> Seen | None:
    """A diagnosis that warns for so many days beside another complaint of the leg, alone for 14 days, and is listed
    beyond.
    """
    if not diagnosis:
        return None
    named = {fact.concept for fact in diagnosis}
    if any(fact.concept not in named for fact in leg.complaint):
        counting = leg.begun_or_recorded(diagnosis, days)
    else:
        days = leg.thresholds.alone_days
        counting = leg.surely_begun_or_recorded(diagnosis, days)
    return Seen(counting) if counting else Seen(diagnosis, why_not_counted=NOT_WITHIN.format(days=days))


def healing(leg: Record, *concepts: str) -> Sequence[Fact]:
    """Injuries of the last 90 days: what no longer raises the level may still be healing."""
    return leg.within(leg.any_of(*concepts), leg.thresholds.acute_diagnosis_days)


def undated_causes(leg: Record) -> Sequence[Fact]:
    """Strain, cramp, contusion, tendinopathy and claudication with neither onset nor date of record."""
    return [fact for fact in leg.any_of(*PASSING_CAUSES, Concept.CLAUDICATION) if fact.when is None]


def opening_diagnoses(leg: Record) -> Sequence[Fact]:
    """Diagnoses that are a leg complaint without any further symptom.

    Those without a window of their own open a card for 90 days: an old entry that nobody closed is no news.
    """
    if not leg.mentions(OPENING):
        return []
    limits = leg.thresholds
    unlimited = [*leg.any_of(Concept.COMPARTMENT_SYNDROME, Concept.NECROTISING_INFECTION)]
    if leg.within(leg.present(Concept.SEPSIS), limits.sepsis_days):
        unlimited += leg.present(Concept.CELLULITIS)
    return [
        *acute_limb_ischaemia(leg),
        *(() if leg.anticoagulants() else acute_thrombosis(leg)),
        *leg.within(leg.suspected(Concept.DVT), leg.thresholds.thrombosis_days),
        *new_gangrene(leg),
        *leg.begun_or_recorded(leg.any_of(*ACHILLES, Concept.CELLULITIS), limits.alone_days),
        *leg.within([*unlimited, *superficial_thrombosis(leg)], leg.thresholds.acute_diagnosis_days),
    ]


def pregnant_or_postpartum(leg: Record) -> Sequence[Fact]:
    """Pregnant now, or within 6 weeks of the end of a pregnancy."""
    limits = leg.thresholds
    return [
        *leg.within(leg.present(Concept.PREGNANCY), limits.pregnancy_days),
        *leg.within(leg.present(Concept.POSTPARTUM), limits.postpartum_days),
    ]


def is_after_birth(state: Sequence[Fact]) -> bool:
    """Of what `pregnant_or_postpartum` found: does any of it say that the birth is over?"""
    return any(fact.concept == Concept.POSTPARTUM for fact in state)


def cancer_under_care(leg: Record) -> Sequence[Fact]:
    """What makes a cancer an active one by NICE NG158, Table 1: treatment of the last 6 months, palliative or hospice
    care.
    """
    treatment = leg.within(leg.present(Concept.CANCER_TREATMENT), leg.thresholds.cancer_treatment_days)
    return [*treatment, *leg.confirmed(Concept.HOSPICE_CARE)]


def recent_surgery(leg: Record) -> Sequence[Fact]:
    """Within 12 weeks; an undated operation is not known to be recent."""
    dated = [fact for fact in leg.present(Concept.SURGERY) if fact.when is not None]
    return leg.within(dated, leg.thresholds.surgery_days)


def recent_plaster(patient: Record) -> Sequence[Fact]:
    """Plaster or splint within 30 days, also one without a site, which may be of the arm and counts for nothing."""
    if not patient.mentions((Concept.CAST,)):
        return ()
    recorded = [fact for fact in patient.chart.facts if fact.concept == Concept.CAST and is_current(fact)]
    return patient.within(recorded, patient.thresholds.cast_days)


def coded_chronic(leg: Record) -> set[str]:
    return {fact.source for fact in leg.present(Concept.CHRONIC_DVT)}


def unknown_medicines(chart: Chart) -> str:
    """Why a medicine may have been missed; empty where all current ones are known."""
    if not chart.was_read(Topic.MEDICATIONS):
        return "medicines could not be read"
    return "a current medicine has no code that is read" if UNREAD_MEDICINES in chart.left_out else ""


def embolism_symptoms(leg: Record) -> Sequence[Fact]:
    """Dyspnoea, chest pain, haemoptysis or syncope that began, or may have begun, in the last 7 days."""
    return leg.within(leg.any_of(*EMBOLISM_SYMPTOMS), leg.thresholds.embolism_symptom_days)


def clot_can_cause(complaint: Sequence[Fact]) -> bool:
    """Is it more than cramp and claudication, and not of both legs? Else no symptom of embolism counts beside it."""
    return any(
        fact.concept not in (Concept.CRAMP, Concept.CLAUDICATION) and fact.side is not Side.BOTH for fact in complaint
    )
