"""What is told without raising the level: symptoms of embolism that the policy does not count for this complaint."""

from __future__ import annotations

from collections.abc import Collection

from cds_service.assessment.complaint import SYMPTOMS_OF_EMBOLISM, embolism_symptoms
from cds_service.assessment.critical import EMBOLISM_SYMPTOMS
from cds_service.assessment.leg import Leg
from cds_service.assessment.rules import Finding, stated

NOT_BESIDE_THIS = "complaint is cramp, claudication or of both legs: not counted for embolism, to be assessed for itself"
TOO_OLD = "begun over {days} days ago: not counted for embolism, to be assessed for itself"


def uncounted_symptoms(patient: Leg, findings: Collection[Finding]) -> tuple[Finding, ...]:
    """Dyspnoea, chest pain, haemoptysis or syncope of the last 30 days that raised nothing, with the reason."""
    symptoms = patient.new(*SYMPTOMS_OF_EMBOLISM)
    if not symptoms or any(finding.rule.card == EMBOLISM_SYMPTOMS.card for finding in findings):
        return ()
    days = patient.thresholds.embolism_symptom_days
    note = NOT_BESIDE_THIS if embolism_symptoms(patient) else TOO_OLD.format(days=days)
    return (stated(EMBOLISM_SYMPTOMS, symptoms, note=note),)
