"""What is told without raising the level: what the policy does not count for this complaint, or not any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cds_service.assessment.complaint import embolism_symptoms
from cds_service.assessment.critical import (
    CELLULITIS_SEPSIS,
    CREATINE_KINASE,
    EMBOLISM_SYMPTOMS,
    RHABDOMYOLYSIS,
)
from cds_service.assessment.laboratory import is_high_creatine_kinase
from cds_service.assessment.leg import Leg
from cds_service.assessment.rules import Finding, Rule, stated
from cds_service.facts import Fact

NOT_BESIDE_THIS = "complaint is cramp, claudication or of both legs: listed, does not raise the level"
TOO_OLD = "begun over {days} days ago: listed, does not raise the level"
PAST = "over {days} days old: listed, does not raise the level"


def uncounted(patient: Leg, findings: Collection[Finding]) -> tuple[Finding, ...]:
    """What raised nothing, with the reason."""
    return (*_symptoms_of_embolism(patient, findings), *_of_muscle_or_sepsis(patient))


def _symptoms_of_embolism(patient: Leg, findings: Collection[Finding]) -> list[Finding]:
    """Dyspnoea, chest pain, haemoptysis or syncope of the last 30 days."""
    symptoms = patient.new("pe-symptom")
    if not symptoms or any(finding.rule.card == EMBOLISM_SYMPTOMS.card for finding in findings):
        return []
    days = patient.thresholds.embolism_symptom_days
    note = NOT_BESIDE_THIS if embolism_symptoms(patient) else TOO_OLD.format(days=days)
    return [stated(EMBOLISM_SYMPTOMS, symptoms, note=note)]


def _of_muscle_or_sepsis(patient: Leg) -> list[Finding]:
    """High creatine kinase of the last 30 days, rhabdomyolysis, and sepsis beside cellulitis, past their windows.

    A diagnosis that nobody closed is told for 90 days.
    """
    limits = patient.thresholds
    if not patient.mentions(("creatine-kinase", "rhabdomyolysis", "sepsis")):
        return []
    high = [fact for fact in patient.new("creatine-kinase") if is_high_creatine_kinase(fact, limits)]
    muscle = patient.within(patient.present("rhabdomyolysis"), limits.acute_diagnosis_days)
    sepsis = patient.within(patient.present("sepsis"), limits.acute_diagnosis_days)
    cellulitis = patient.present("cellulitis")
    return [
        *_past(CREATINE_KINASE, patient, high, limits.laboratory_days),
        *_past(RHABDOMYOLYSIS, patient, muscle, limits.rhabdomyolysis_days),
        *_past(CELLULITIS_SEPSIS, patient, sepsis if cellulitis else (), limits.sepsis_days),
    ]


def _past(rule: Rule, patient: Leg, facts: Sequence[Fact], days: int) -> list[Finding]:
    """The finding, where nothing of it is newer than so many days."""
    old = patient.older_than(facts, days)
    return [stated(rule, old, note=PAST.format(days=days))] if old and len(old) == len(facts) else []
