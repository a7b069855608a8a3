"""What is told without raising the level: what is on record but the policy does not count here, or not any more."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from msgspec.structs import replace

from cds_service.assessment.concepts import Concept
from cds_service.assessment.complaint import SYMPTOMS_OF_EMBOLISM, embolism_symptoms
from cds_service.assessment.critical import CELLULITIS_SEPSIS, CREATINE_KINASE, EMBOLISM_SYMPTOMS, RHABDOMYOLYSIS
from cds_service.assessment.d_dimer import raised_in_a_month
from cds_service.assessment.laboratory import is_below, is_high_creatine_kinase, is_raised_creatine_kinase
from cds_service.assessment.record import Record
from cds_service.assessment.limb_threat import NERVE, Signs, explaining, recent_signs
from cds_service.assessment.rule import Finding, Level, Rule, found, stated
from cds_service.assessment.warning import D_DIMER, POTASSIUM_LOW
from cds_service.facts import Fact, Side

NOT_BESIDE_THIS = (
    "complaint is cramp, claudication or of both legs: not counted for embolism, to be assessed for itself"
)
TOO_OLD = "begun over {days} days ago: not counted for embolism, to be assessed for itself"
EXPLAINED = "a nerve disease of over {days} days explains it: listed, does not raise the level"
NOT_HIGH_ENOUGH = "raised, but below what raises the level: listed"
NO_LIMIT = "no upper limit given; below what raises the level: listed"
NOTABLE_TIMES = 4.0  # of its own upper limit: EAS 2015, table 1
SEPSIS = "Sepsis"  # the entry that is old: the cellulitis beside it may be new
PAST = "over {days} days old: listed, does not raise the level"
OTHER_LEG = "of the other leg by the record: listed, does not raise the level"
OF_THE_MUSCLE = "beside an injury of the muscle itself: listed, does not raise the level"
_OF_HOME_CARE = (
    *(Concept.HEART_FAILURE, Concept.REDUCED_SENSATION, Concept.RAYNAUD, Concept.COLD_SENSITIVITY),
    *(Concept.MATERIAL_ALLERGY, Concept.BYPASS_GRAFT, Concept.LEG_ULCER),
)
"""Diseases and the like on which only what is said of home care may rest."""
_SWELLING = (Concept.SWELLING, Concept.SKIN_COLOUR)
_TO_BE_SEEN = (Concept.NERVE_DISEASE, Concept.OEDEMA_CAUSE, *_OF_HOME_CARE)
_CAN_BE_PAST = (Concept.CREATINE_KINASE, Concept.POTASSIUM, Concept.D_DIMER, Concept.RHABDOMYOLYSIS, Concept.SEPSIS)


def uncounted_symptoms(patient: Record, findings: Collection[Finding]) -> list[Finding]:
    """Dyspnoea, chest pain, haemoptysis or syncope of the last 30 days that raised nothing, with the reason."""
    symptoms = patient.new(*SYMPTOMS_OF_EMBOLISM)
    if not symptoms or _speaks(EMBOLISM_SYMPTOMS.card, findings):
        return []
    days = patient.thresholds.embolism_symptom_days
    note = NOT_BESIDE_THIS if embolism_symptoms(patient) else TOO_OLD.format(days=days)
    return [stated(EMBOLISM_SYMPTOMS, symptoms, note=note)]


def uncounted_nerve_signs(leg: Record, signs: Signs) -> list[Finding]:
    """Numbness and weakness of the leg of the last 30 days that are not among its signs, with the reason."""
    counted = set(signs.facts(*NERVE))
    note = EXPLAINED.format(days=leg.thresholds.nerve_explaining_days) if explaining(leg) else OF_THE_MUSCLE
    return [
        finding
        for kind in NERVE
        if kind.id in leg.current
        for finding in found(kind, Level.NONE, [fact for fact in leg.new(kind.id) if fact not in counted], note)
    ]


def to_be_seen(leg: Record) -> list[Fact]:
    """Entries that a reader must see because other words rest on them: a disease of the nerves beside a new nerve sign,
    a cause of oedema beside new swelling or colour not known to be one-sided, whether or not it is old and sure enough
    to explain them; and what home care is withheld for.
    """
    if not leg.mentions(_TO_BE_SEEN):
        return []
    nerve = leg.any_of(Concept.NERVE_DISEASE) if leg.new(*(kind.id for kind in NERVE)) else []
    swollen = [fact for fact in leg.new(*_SWELLING) if fact.side not in (Side.LEFT, Side.RIGHT)]
    oedema = leg.any_of(Concept.OEDEMA_CAUSE) if swollen else []
    return [*nerve, *oedema, *leg.any_of(*_OF_HOME_CARE)]


def signs_of_the_other_leg(leg: Record) -> list[Finding]:
    """Limb-threat signs of the last 30 days on a leg without a complaint: one wrong side must not hide them."""
    signs = recent_signs(leg).by_kind.items()
    return [
        finding
        for kind, facts in signs
        for finding in found(kind, Level.NONE, [fact for fact in facts if fact.side is leg.side], OTHER_LEG)
    ]


def uncounted_creatine_kinase(patient: Record, findings: Collection[Finding]) -> list[Finding]:
    """A creatine kinase of the last 7 days that raised nothing: over 4 times its own upper limit, or raised beside
    weakness, for which AHA/ACC 2018 has it measured. Without a limit of its own also one that is flagged.
    """
    recent = patient.within(patient.present(Concept.CREATINE_KINASE), patient.thresholds.laboratory_days)
    if not recent or _speaks(CREATINE_KINASE.card, findings):
        return []
    weak = patient.any_of(Concept.MUSCLE_WEAKNESS, Concept.LIMB_WEAKNESS)
    times = 1.0 if weak else NOTABLE_TIMES
    raised = [fact for fact in recent if is_raised_creatine_kinase(fact, patient.thresholds, times)]
    unlimited = all(fact.quantity and not fact.quantity.high for fact in raised)
    note = NO_LIMIT if unlimited else NOT_HIGH_ENOUGH
    return found(CREATINE_KINASE, Level.NONE, [*raised, *weak] if raised else [], note)


def _speaks(card: str, findings: Collection[Finding]) -> bool:
    """Does a finding raise the level for which this card speaks?"""
    return any(finding.rule.card == card for finding in findings)


def uncounted_past(patient: Record) -> list[Finding]:
    """High creatine kinase, severely low potassium and a raised D-dimer of the last 30 days, rhabdomyolysis, and sepsis
    beside cellulitis, past their windows. The D-dimer is no question beside a DVT on record.

    A diagnosis that nobody closed is told for 90 days.
    """
    limits = patient.thresholds
    if not patient.mentions(_CAN_BE_PAST):
        return []
    high = [fact for fact in patient.new(Concept.CREATINE_KINASE) if is_high_creatine_kinase(fact, limits)]
    low = [fact for fact in patient.new(Concept.POTASSIUM) if is_below(fact.quantity, limits.potassium_mmol_per_litre)]
    raised = () if patient.present(Concept.DVT) else raised_in_a_month(patient)
    muscle = patient.within(patient.present(Concept.RHABDOMYOLYSIS), limits.acute_diagnosis_days)
    sepsis = patient.within(patient.present(Concept.SEPSIS), limits.acute_diagnosis_days)
    return [
        *_past(CREATINE_KINASE, patient, high, limits.laboratory_days),
        *_past(POTASSIUM_LOW, patient, low, limits.laboratory_days),
        *_past(D_DIMER, patient, raised, limits.laboratory_days, D_DIMER.label),
        *_past(RHABDOMYOLYSIS, patient, muscle, limits.rhabdomyolysis_days),
        *_past(
            CELLULITIS_SEPSIS,
            patient,
            sepsis if patient.present(Concept.CELLULITIS) else (),
            limits.sepsis_days,
            SEPSIS,
        ),
    ]


def _past(rule: Rule, patient: Record, facts: Sequence[Fact], days: int, label: str = "") -> list[Finding]:
    """The finding, where nothing of it is newer than so many days; `label`: what to call it in the summary too."""
    old = patient.older_than(facts, days)
    if not old or len(old) < len(facts):
        return []
    return [replace(stated(rule, old, note=PAST.format(days=days)), label=label)]
