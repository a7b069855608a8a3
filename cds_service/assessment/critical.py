"""Findings of the critical row: threats to limb or life. Each function: (leg, presentation) -> findings.

A rule whose window is 14 days or less needs a date wholly inside it; otherwise its finding counts one level less.
"""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment import diagnoses
from cds_service.assessment.complaint import SYMPTOMS_OF_EMBOLISM, clot_can_cause, embolism_symptoms
from cds_service.assessment.criteria import Criterion, Presentation
from cds_service.assessment.injuries import INJURIES, recent_injuries, signs_of_compartment_syndrome
from cds_service.assessment.laboratory import is_high_creatine_kinase
from cds_service.assessment.leg import Leg
from cds_service.assessment.limb_threat import PERFUSION, signs_surely_within
from cds_service.assessment.rules import Finding, Level, Rule, found
from cds_service.assessment.sources import AHA_PAD, BOAST, CLTI, NICE_CELLULITIS, OURS, PE_SYMPTOMS
from cds_service.facts import Fact

LIMB_ISCHAEMIA = Rule("acute-limb-ischaemia", "Acute limb ischaemia on record", AHA_PAD, "limb-ischaemia")
LIMB_SIGNS = Rule("limb-ischaemia-signs", "Signs of a threatened limb", AHA_PAD, "limb-ischaemia")
COMPARTMENT = Rule("compartment-syndrome", "Compartment syndrome on record", BOAST, "compartment-syndrome")
COMPARTMENT_SIGNS = Rule(
    "compartment-signs", "Recent leg injury with features of compartment syndrome", OURS, "compartment-syndrome"
)
EMBOLISM = Rule("pulmonary-embolism", "Pulmonary embolism on record", OURS, "pulmonary-embolism")
EMBOLISM_SYMPTOMS = Rule(
    "embolism-symptoms", "Symptoms that pulmonary embolism can cause", PE_SYMPTOMS, "pulmonary-embolism"
)
THROMBOSIS = Rule("dvt", "DVT on record", OURS, "dvt")
GANGRENE = Rule("gangrene", "New gangrene", CLTI, "tissue")
NECROTISING = Rule(
    "necrotising-infection", "Necrotising infection of the leg", NICE_CELLULITIS, "necrotising-infection"
)
CELLULITIS_SEPSIS = Rule("cellulitis-sepsis", "Cellulitis of the leg with sepsis", NICE_CELLULITIS, "infection-sepsis")
RHABDOMYOLYSIS = Rule("rhabdomyolysis", "Rhabdomyolysis on record", OURS, "muscle")
CREATINE_KINASE = Rule("creatine-kinase", "High creatine kinase", OURS, "muscle")

OWN_SIGNS = "that numbness, weakness or an anticoagulant counts beside an injury is an own rule"
UNDATED_GANGRENE = "Gangrene"
NO_ANTICOAGULANT = "no anticoagulant found"


def limb_ischaemia(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Acute limb ischaemia recorded or suspected; or two limb-threat signs within 14 days, one of perfusion."""
    signs = signs_surely_within(leg, leg.thresholds.limb_ischaemia_sign_days)
    return [
        *found(LIMB_ISCHAEMIA, Level.CRITICAL, diagnoses.acute_limb_ischaemia(leg)),
        *found(LIMB_SIGNS, Level.CRITICAL, signs.facts() if signs.threaten_the_limb else []),
    ]


def compartment_syndrome(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Recorded or suspected; or an injury within 7 days with severe pain and a further sign, or two nerve signs."""
    coded = found(COMPARTMENT, Level.CRITICAL, leg.present("compartment-syndrome"))
    injuries = recent_injuries(leg)
    signs = signs_of_compartment_syndrome(leg, presentation.severe_pain) if injuries else ()
    if not signs:
        return coded
    sure = leg.surely_within(injuries, leg.thresholds.injury_days)
    level = Level.CRITICAL if sure else Level.WARNING
    return coded + found(COMPARTMENT_SIGNS, level, [*(sure or injuries), *signs], OWN_SIGNS)


def pulmonary_embolism(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Suspected, or recorded within 90 days without an anticoagulant; or its symptoms within 7 days."""
    limits = leg.thresholds
    confirmed = [
        fact
        for fact in leg.within(leg.confirmed("pulmonary-embolism"), limits.thrombosis_days)
        if fact.when is not None and not leg.anticoagulants()
    ]
    suspected = leg.within(leg.suspected("pulmonary-embolism"), limits.thrombosis_days)
    findings = found(EMBOLISM, Level.CRITICAL, [*suspected, *confirmed], medicines_note(leg) if confirmed else "")
    if clot_can_cause(presentation.complaint):
        symptoms = embolism_symptoms(leg)
        sure = leg.surely_within(symptoms, limits.embolism_symptom_days)
        findings += found(EMBOLISM_SYMPTOMS, Level.CRITICAL if sure else Level.WARNING, sure or symptoms)
    return findings


def thrombosis(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Confirmed leg DVT, begun within 90 days or undated, not chronic, and no current anticoagulant found."""
    if leg.anticoagulants():
        return []
    return found(THROMBOSIS, Level.CRITICAL, diagnoses.acute_thrombosis(leg), medicines_note(leg))


def tissue(leg: Leg, presentation: Presentation) -> list[Finding]:
    """New gangrene, necrotising infection, or cellulitis with sepsis recorded within 7 days."""
    gangrene = diagnoses.new_gangrene(leg)
    cellulitis = leg.present("cellulitis")
    sepsis = leg.surely_within(leg.present("sepsis"), leg.thresholds.sepsis_days) if cellulitis else []
    return [
        *found(
            GANGRENE, Level.CRITICAL, gangrene, label="" if any(fact.when for fact in gangrene) else UNDATED_GANGRENE
        ),
        *found(NECROTISING, Level.CRITICAL, leg.present("necrotising-infection")),
        *found(CELLULITIS_SEPSIS, Level.CRITICAL, _with(sepsis, cellulitis)),
    ]


def muscle(leg: Leg, presentation: Presentation) -> list[Finding]:
    """Rhabdomyolysis within 14 days, or creatine kinase of the last 7 days over 5 times its upper limit."""
    limits = leg.thresholds
    recorded = leg.within(leg.present("rhabdomyolysis"), limits.rhabdomyolysis_days)
    sure = leg.surely_within(recorded, limits.rhabdomyolysis_days)
    findings = found(RHABDOMYOLYSIS, Level.CRITICAL if sure else Level.WARNING, sure or recorded)
    recent = leg.within(leg.present("creatine-kinase"), limits.laboratory_days)
    high = [fact for fact in recent if is_high_creatine_kinase(fact, limits)]
    sure = leg.surely_within(high, limits.laboratory_days)
    named = sure or high
    note = f"over {limits.ck_times_upper_limit:g} times its own upper limit"
    if all(fact.quantity and not fact.quantity.high for fact in named):
        note = f"over {limits.ck_units_per_litre:g} U/L, used because no upper limit came with the result"
    return findings + found(CREATINE_KINASE, Level.CRITICAL if sure else Level.WARNING, named, note)


CRITICAL = (
    Criterion(
        limb_ischaemia, (LIMB_ISCHAEMIA, LIMB_SIGNS), needs=("acute-limb-ischaemia", *(sign.id for sign in PERFUSION))
    ),
    Criterion(compartment_syndrome, (COMPARTMENT, COMPARTMENT_SIGNS), needs=("compartment-syndrome", *INJURIES)),
    Criterion(pulmonary_embolism, (EMBOLISM, EMBOLISM_SYMPTOMS), needs=("pulmonary-embolism", *SYMPTOMS_OF_EMBOLISM)),
    Criterion(thrombosis, (THROMBOSIS,), needs=("dvt",)),
    Criterion(
        tissue, (GANGRENE, NECROTISING, CELLULITIS_SEPSIS), needs=("gangrene", "necrotising-infection", "cellulitis")
    ),
    Criterion(muscle, (RHABDOMYOLYSIS, CREATINE_KINASE), needs=("rhabdomyolysis", "creatine-kinase")),
)


def _with(first: Sequence[Fact], more: Sequence[Fact]) -> Sequence[Fact]:
    """Both together, or nothing: the first is what the rule cannot do without."""
    return [*first, *more] if first else []


def medicines_note(leg: Leg) -> str:
    """What is known of an anticoagulant where none was found."""
    unknown = diagnoses.unknown_medicines(leg.chart)
    return f"{unknown}: anticoagulant status unknown" if unknown else NO_ANTICOAGULANT
