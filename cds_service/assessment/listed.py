"""What is listed without raising the level: it is on record, but the policy does not count it here, or not any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from cds_service.assessment.concepts import EMBOLISM_SYMPTOMS as SYMPTOMS
from cds_service.assessment.concepts import NERVE, WEAKNESS, Concept
from cds_service.assessment.d_dimer import raised_in_a_month
from cds_service.assessment.diagnoses import embolism_symptoms
from cds_service.assessment.explained import OF_EMBOLISM_SYMPTOMS, OF_NERVE_SIGNS, explained, explaining, reasons
from cds_service.assessment.laboratory import is_below, is_high_creatine_kinase, is_raised_creatine_kinase
from cds_service.assessment.record import Leg, Record
from cds_service.assessment.rule import Effect, Finding, Rule, effects_of, once
from cds_service.assessment.rules.clot import D_DIMER, EMBOLISM, EMBOLISM_SYMPTOMS
from cds_service.assessment.rules.infection import CELLULITIS_SEPSIS
from cds_service.assessment.rules.limb_ischaemia import SIGNS
from cds_service.assessment.rules.muscle import CREATINE_KINASE, MUSCLE_BREAKDOWN, POTASSIUM_LOW
from cds_service.facts import Fact, State

NOT_BESIDE_THIS = (
    "complaint is cramp, claudication or of both legs: not counted for embolism, to be assessed for itself"
)
TOO_OLD = "begun over {days} days ago: not counted for embolism, to be assessed for itself"
NOT_HIGH_ENOUGH = "raised, but below what raises the level: listed"
NO_LIMIT = "no upper limit given; below what raises the level: listed"
PAST = "over {days} days old: listed, does not raise the level"
OTHER_LEG = "of the other leg by the record: listed, does not raise the level"
OF_THE_MUSCLE = "beside an injury of the muscle itself: listed, does not raise the level"
SEPSIS = "Sepsis"  # the entry that is old: the cellulitis beside it may be new
SUSPICION = "Old suspicion of pulmonary embolism"
_CAN_BE_PAST = (
    *(Concept.PULMONARY_EMBOLISM, Concept.CREATINE_KINASE, Concept.POTASSIUM),
    *(Concept.D_DIMER, Concept.RHABDOMYOLYSIS, Concept.SEPSIS),
)
_OF_KIND = {kind: rule for rule in SIGNS for kind in rule.needs}


def listed_of_the_patient(patient: Record, raising: Collection[Finding]) -> list[Finding]:
    """What counts on neither leg, beside what raised the level."""
    return [*_symptoms(patient, raising), *_creatine_kinase(patient, raising), *_past(patient)]


def listed_of_the_leg(concerned: Collection[Leg], raising: Collection[Finding]) -> list[Finding]:
    """Nerve signs of the legs with a complaint that raise the level on none of them."""
    counted = {fact for finding in raising for fact in finding.evidence}
    signs = [finding for leg in concerned for finding in _nerve_signs(leg)]
    return [finding for finding in signs if counted.isdisjoint(finding.evidence)]


def listed_of_the_other_leg(leg: Leg) -> list[Finding]:
    """Limb-threat signs of the last 30 days on a leg without a complaint: one wrong side must not hide them."""
    return [
        finding
        for kind, facts in leg.signs.by_kind.items()
        for finding in _listed(_OF_KIND[kind], [fact for fact in facts if fact.side is leg.side], OTHER_LEG)
    ]


def _listed(rule: Rule, facts: Sequence[Fact], why: str, label: str = "", beside: Sequence[Fact] = ()) -> list[Finding]:
    if not facts:
        return []
    return [Finding(rule, State.PRESENT, evidence=once(facts), beside=once(beside), label=label, why_not_counted=why)]


def _symptoms(patient: Record, raising: Collection[Finding]) -> list[Finding]:
    """Dyspnoea, chest pain, haemoptysis or syncope of the last 30 days that raised nothing, with the reason."""
    symptoms = patient.new(*SYMPTOMS)
    if not symptoms or Effect.EMBOLISM in effects_of(raising):
        return []
    too_old = TOO_OLD.format(days=patient.thresholds.embolism_symptom_days)
    known = explained(symptoms, OF_EMBOLISM_SYMPTOMS, patient).values()
    why = [NOT_BESIDE_THIS if embolism_symptoms(patient) else too_old, *([reasons(known)] if known else [])]
    return _listed(EMBOLISM_SYMPTOMS, symptoms, "; ".join(why), beside=explaining(known))


def _nerve_signs(leg: Leg) -> list[Finding]:
    """Numbness and weakness of the leg of the last 30 days that are not among its signs, with the reason."""
    counted = set(leg.signs.facts(*NERVE))
    found = []
    for kind in NERVE:
        signs = [fact for fact in leg.new(kind) if fact not in counted] if kind in leg.current else ()
        known = explained(signs, OF_NERVE_SIGNS, leg)
        found += _listed(_OF_KIND[kind], [fact for fact in signs if fact not in known], OF_THE_MUSCLE)
        found += _listed(_OF_KIND[kind], list(known), reasons(known.values()), beside=explaining(known.values()))
    return found


def _creatine_kinase(patient: Record, raising: Collection[Finding]) -> list[Finding]:
    """A creatine kinase of the last 7 days that raised nothing: over 4 times its own upper limit, or raised beside
    weakness, for which AHA/ACC 2018 has it measured. Without a limit of its own also one that is flagged.
    """
    limits = patient.thresholds
    recent = patient.within(patient.present(Concept.CREATINE_KINASE), limits.laboratory_days)
    if not recent or Effect.MUSCLE_IN_QUESTION in effects_of(raising):
        return []
    weak = patient.any_of(*WEAKNESS)
    times = 1.0 if weak else limits.ck_notable_times
    raised = [fact for fact in recent if is_raised_creatine_kinase(fact, limits, times)]
    unlimited = all(fact.quantity and not fact.quantity.high for fact in raised)
    return _listed(CREATINE_KINASE, [*raised, *weak] if raised else [], NO_LIMIT if unlimited else NOT_HIGH_ENOUGH)


def _past(patient: Record) -> list[Finding]:
    """High creatine kinase, severely low potassium and a raised D-dimer of the last 30 days, rhabdomyolysis, sepsis
    beside cellulitis, and a suspected pulmonary embolism, past their windows. The D-dimer is no question beside a DVT
    on record.

    A diagnosis that nobody closed is told for 90 days, a suspicion of embolism as long as it stands.
    """
    limits = patient.thresholds
    if not patient.mentions(_CAN_BE_PAST):
        return []
    high = [fact for fact in patient.new(Concept.CREATINE_KINASE) if is_high_creatine_kinase(fact, limits)]
    low = [fact for fact in patient.new(Concept.POTASSIUM) if is_below(fact.quantity, limits.potassium_mmol_per_litre)]
    raised = () if patient.present(Concept.DVT) else raised_in_a_month(patient)
    muscle = patient.within(patient.present(Concept.RHABDOMYOLYSIS), limits.acute_diagnosis_days)
    sepsis = patient.present(Concept.SEPSIS) if patient.present(Concept.CELLULITIS) else ()
    suspected = patient.suspected(Concept.PULMONARY_EMBOLISM)
    return [
        finding
        for rule, facts, days, label in (
            (CREATINE_KINASE, high, limits.laboratory_days, ""),
            (POTASSIUM_LOW, low, limits.laboratory_days, ""),
            (D_DIMER, raised, limits.laboratory_days, D_DIMER.label),
            (MUSCLE_BREAKDOWN, muscle, limits.rhabdomyolysis_days, ""),
            (CELLULITIS_SEPSIS, patient.within(sepsis, limits.acute_diagnosis_days), limits.sepsis_days, SEPSIS),
            (EMBOLISM, suspected, limits.thrombosis_days, SUSPICION),
        )
        if len(old := patient.older_than(facts, days)) == len(facts)  # nothing of it is newer
        for finding in _listed(rule, old, PAST.format(days=days), label)
    ]
