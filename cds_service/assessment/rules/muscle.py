"""The muscle: breakdown, strain, contusion, effects of a statin, cramp and what brings it on; low potassium."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.concepts import SALTS, WEAKNESS, Concept
from cds_service.assessment.diagnoses import unknown_medicines
from cds_service.assessment.laboratory import is_below, is_high_creatine_kinase, is_raised, is_very_high_creatine_kinase
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import Effect, Kind, Level, Rule, Seen, Window
from cds_service.assessment.siting import is_current
from cds_service.assessment.sources import (
    CRAMP_MEDICINES,
    ELECTROLYTES,
    GUIDANCE,
    OURS,
    POTASSIUM,
    RHABDOMYOLYSIS,
    STATIN_MUSCLE,
)
from cds_service.facts import OTHER_SIDE, Fact

EARLY_NORMAL = "an early normal creatine kinase does not exclude it"
NOT_ADJUSTED = "total calcium, not adjusted for albumin"
_OF_BREAKDOWN = (*WEAKNESS, Concept.DARK_URINE, Concept.KIDNEY_INJURY)
_ACHES = (Concept.PAIN, Concept.CRAMP)
_MEDICINES = (Concept.DIURETIC, Concept.STATIN)
# EAS 2015, table 1: bands of creatine kinase by its own upper limit, the highest first.
_BANDS = (
    (10.0, "creatine kinase over 10 times its own upper limit"),
    (4.0, "creatine kinase over 4 times its own upper limit"),
    (1.0, "creatine kinase raised, at most 4 times its own upper limit"),
)


def _high_creatine_kinase(facts: Sequence[Fact], leg: Leg) -> Seen | None:
    """Critical where it is very high, or beside what goes with a breakdown of muscle; else a warning."""
    limits = leg.thresholds
    high = [fact for fact in facts if is_high_creatine_kinase(fact, limits)]
    if not high:
        return None
    named = leg.surely_within(high, limits.laboratory_days) or high
    if all(fact.quantity and not fact.quantity.high for fact in named):
        note = f"over {limits.ck_units_per_litre:g} U/L, used because no upper limit came with the result"
    else:
        note = f"over {limits.ck_times_upper_limit:g} times its own upper limit"
    beside = leg.surely_within(leg.patient.any_of(*_OF_BREAKDOWN), limits.ck_sign_days)
    is_critical = beside or any(is_very_high_creatine_kinase(fact, limits) for fact in named)
    return Seen([*high, *beside], level=Level.CRITICAL if is_critical else Level.WARNING, note=note)


def _low_potassium(facts: Sequence[Fact], leg: Leg) -> Seen | None:
    """Not lowered by a date that is not sure: then it is listed once it is past."""
    limit = leg.thresholds.potassium_mmol_per_litre
    recent = leg.surely_within(facts, leg.thresholds.laboratory_days)
    low = [fact for fact in recent if is_below(fact.quantity, limit)]
    return Seen(low, note=f"below {limit:g} mmol/L") if low else None


def _low_potassium_with_weakness(facts: Sequence[Fact], leg: Leg) -> Seen | None:
    """Without weakness, or with one whose date is not sure, it is a warning by the rule of the potassium alone."""
    low = _low_potassium(facts, leg)
    if low is None:
        return None
    weak = leg.patient.surely_begun_or_recorded(leg.patient.any_of(*WEAKNESS), leg.thresholds.weakness_days)
    return Seen([*low.evidence, *weak], note=low.note) if weak else None


MUSCLE_BREAKDOWN = Rule(
    id="rhabdomyolysis",
    kind=Kind.FINDING,
    label="Rhabdomyolysis on record",
    source=OURS,
    says="Recorded within {rhabdomyolysis_days} days.",
    needs=(Concept.RHABDOMYOLYSIS,),
    windows=(Window("rhabdomyolysis_days"),),
    level=Level.CRITICAL,
    card="muscle",
    effects=frozenset({Effect.MUSCLE_IN_QUESTION}),
)
CREATINE_KINASE = Rule(
    id="creatine-kinase",
    kind=Kind.FINDING,
    label="High creatine kinase",
    source=OURS,
    says="A result of the last {laboratory_days} days over {ck_times_upper_limit} times its own upper limit; without "
    "one, over {ck_units_per_litre} U/L. Critical from {ck_critical_units_per_litre} U/L, and beside weakness, "
    "myoglobinuria, dark urine or acute kidney injury within {ck_sign_days} days; else a warning.",
    needs=(Concept.CREATINE_KINASE,),
    windows=(Window("laboratory_days"),),
    level=Level.CRITICAL,
    card="muscle",
    effects=frozenset({Effect.MUSCLE_IN_QUESTION}),
    when=_high_creatine_kinase,
)
POTASSIUM_LOW = Rule(
    id="potassium",
    kind=Kind.FINDING,
    label="Low potassium",
    source=POTASSIUM,
    says="A result of the last {laboratory_days} days below {potassium_mmol_per_litre} mmol/L.",
    needs=(Concept.POTASSIUM,),
    level=Level.WARNING,
    card="potassium",
    effects=frozenset({Effect.WEAKNESS_MATTERS}),
    when=_low_potassium,
)


POTASSIUM_WEAKNESS = Rule(
    id="potassium-weakness",
    kind=Kind.FINDING,
    label="Weakness with low potassium",
    source=OURS,
    says="A potassium of the last {laboratory_days} days below {potassium_mmol_per_litre} mmol/L, and weakness of a "
    "leg or of the whole body that began or was recorded within {weakness_days} days.",
    needs=(Concept.POTASSIUM,),
    level=Level.CRITICAL,
    card="potassium",
    effects=frozenset({Effect.WEAKNESS_MATTERS}),
    when=_low_potassium_with_weakness,
)


def _breakdown(_: Sequence[Fact], leg: Leg) -> Seen | None:
    limits = leg.thresholds
    coded = leg.within(leg.present(Concept.RHABDOMYOLYSIS), limits.rhabdomyolysis_days)
    recent = leg.within(leg.present(Concept.CREATINE_KINASE), limits.laboratory_days)
    high = [fact for fact in recent if is_high_creatine_kinase(fact, limits)]
    if not coded and not high:
        return None
    lower = [
        fact
        for fact in recent
        if not is_high_creatine_kinase(fact, limits) and fact.quantity and fact.quantity.value is not None
    ]
    against = () if high else tuple(lower)
    beside = leg.any_of(Concept.MUSCLE_WEAKNESS, Concept.DRUG_MYOPATHY, Concept.STATIN)
    missing = ("creatinine", "urine colour", *(() if recent else ("creatine kinase",)))
    note = _threshold(high, leg) or (EARLY_NORMAL if against else "")
    return Seen((*coded, *high, *beside), against=against, note=note, missing=missing)


def _threshold(high: Sequence[Fact], leg: Leg) -> str:
    """Which threshold found it."""
    if not high:
        return ""
    if any(fact.quantity and fact.quantity.high for fact in high):
        return f"threshold: {leg.thresholds.ck_times_upper_limit:g} times the result's own upper limit"
    return f"threshold: {leg.thresholds.ck_units_per_litre:g} U/L, as no upper limit came with the result"


def _statin_symptoms(statins: Sequence[Fact], leg: Leg) -> Seen | None:
    """EAS 2015: symptoms are usually symmetrical. A one-sided ache speaks against it; weakness weighs beside it."""
    if not statins:
        return None
    aches = leg.new(*_ACHES)
    against = () if _on_both_legs(leg) else tuple(OTHER_SIDE)
    one_sided = [fact for fact in aches if fact.side in against]
    fitting = [fact for fact in aches if fact.side not in against]
    measured = leg.present(Concept.CREATINE_KINASE)
    raised = [fact for fact in measured if is_raised(fact.quantity)]
    found = [*leg.present(Concept.DRUG_MYOPATHY), *raised]
    if not found and not fitting:
        return None
    other = [fact for fact in measured if not is_raised(fact.quantity)]
    missing = ("when the statin was begun or raised", *leg.unless_told("creatine kinase", Concept.CREATINE_KINASE))
    evidence = (*fitting, *leg.any_of(*WEAKNESS), *statins, *found)
    return Seen(evidence, against=one_sided, beside=other, note=_band(raised), missing=missing)


def _on_both_legs(leg: Leg) -> bool:
    """Is such an ache recorded of the other leg too? It is out of this leg's view."""
    other = OTHER_SIDE.get(leg.side)
    return other is not None and any(
        fact.concept in _ACHES and fact.side is other and is_current(fact) and (not fact.when or leg.is_new(fact.when))
        for fact in leg.chart.facts
    )


def _band(raised: Sequence[Fact]) -> str:
    for times, words in _BANDS:
        for fact in raised:
            if fact.quantity and fact.quantity.high and is_raised(fact.quantity, times):
                return words
    return ""


def _strain(coded: Sequence[Fact], _: Leg) -> Seen | None:
    return Seen(coded, missing=("gap in the muscle", "calf squeeze (Thompson) test")) if coded else None


def _contusion(coded: Sequence[Fact], leg: Leg) -> Seen | None:
    missing = ("tension of the calf", "pain on passive movement of the toes")
    return Seen((*coded, *leg.anticoagulants()), missing=missing) if coded else None


def _low_salts(leg: Leg) -> list[Fact]:
    """Results under their own lower limit, under the setting where none came with them, or a diagnosis that says so.

    Sodium is judged by the setting alone: values little under a laboratory's limit usually cause no symptoms.
    """
    limits = leg.thresholds
    named = {
        Concept.POTASSIUM: limits.low_potassium_mmol_per_litre,
        Concept.MAGNESIUM: limits.low_magnesium_mmol_per_litre,
        Concept.CALCIUM: limits.low_calcium_mmol_per_litre,
        Concept.SODIUM: limits.low_sodium_mmol_per_litre,
    }
    low = []
    for salt in SALTS:
        for fact in leg.present(salt):
            own = fact.quantity.low if fact.quantity and salt is not Concept.SODIUM else None
            if is_below(fact.quantity, named[salt] if own is None else own):
                low.append(fact)
    return [*low, *leg.present(Concept.ELECTROLYTE_DISORDER)]


def _electrolyte_cramp(_: Sequence[Fact], leg: Leg) -> Seen | None:
    cramps = leg.present(Concept.CRAMP)
    low = _low_salts(leg) if cramps else []
    if not low:
        return None
    note = NOT_ADJUSTED if any(fact.concept == Concept.CALCIUM for fact in low) else ""
    return Seen((*cramps, *low), note=note, missing=_not_measured(leg))


def _medicine_cramp(medicines: Sequence[Fact], leg: Leg) -> Seen | None:
    cramps = leg.present(Concept.CRAMP)
    if not cramps or not medicines:
        return None
    missing = ("whether the cramps began after the medicine", "an inhaled long-acting beta-agonist")
    return Seen((*cramps, *medicines), missing=missing)


def _cramp(cramps: Sequence[Fact], leg: Leg) -> Seen | None:
    if not cramps or leg.any_of(*_MEDICINES) or _low_salts(leg):
        return None
    return Seen(cramps, note=unknown_medicines(leg.chart), missing=_not_measured(leg))


def _not_measured(leg: Leg) -> tuple[str, ...]:
    """Which salts no recent result tells of."""
    return tuple([str(salt) for salt in SALTS[:3] if not _has_value(leg.present(salt))])


def _has_value(facts: Sequence[Fact]) -> bool:
    return any(fact.quantity is not None and fact.quantity.value is not None for fact in facts)


BREAKDOWN_CAUSE = Rule(
    id="pattern-rhabdomyolysis",
    kind=Kind.CAUSE,
    label="Rhabdomyolysis",
    source=RHABDOMYOLYSIS,
    says="On record within {rhabdomyolysis_days} days, or creatine kinase of the last {laboratory_days} days over "
    "{ck_times_upper_limit} times its own upper limit; without one, over {ck_units_per_litre} U/L.",
    needs=(Concept.RHABDOMYOLYSIS, Concept.CREATINE_KINASE),
    when=_breakdown,
)
STATIN_SYMPTOMS = Rule(
    id="pattern-statin-muscle-symptoms",
    kind=Kind.CAUSE,
    label="Muscle symptoms under a statin",
    source=STATIN_MUSCLE,
    says="A statin beside an ache that is not known to be one-sided, a raised creatine kinase or a coded myopathy.",
    needs=(Concept.STATIN,),
    when=_statin_symptoms,
)
STRAIN = Rule(
    id="pattern-muscle-strain",
    kind=Kind.CAUSE,
    label="Muscle strain or tear",
    source=GUIDANCE,
    says="A strain or tear of the calf on record, of the last {finding_days} days.",
    needs=(Concept.STRAIN,),
    windows=(Window("finding_days"),),
    when=_strain,
)
CONTUSION = Rule(
    id="pattern-contusion",
    kind=Kind.CAUSE,
    label="Contusion",
    source=GUIDANCE,
    says="A contusion of the lower leg on record, of the last {finding_days} days.",
    needs=(Concept.CONTUSION,),
    windows=(Window("finding_days"),),
    when=_contusion,
)
ELECTROLYTE_CRAMP = Rule(
    id="pattern-electrolyte-cramp",
    kind=Kind.CAUSE,
    label="Cramp with low salts of the blood",
    source=ELECTROLYTES,
    says="A cramp beside a low potassium, magnesium, calcium or sodium, or dehydration on record.",
    needs=(*SALTS, Concept.ELECTROLYTE_DISORDER),
    when=_electrolyte_cramp,
)
MEDICINE_CRAMP = Rule(
    id="pattern-medicine-cramp",
    kind=Kind.CAUSE,
    label="Cramp under a medicine",
    source=CRAMP_MEDICINES,
    says="A cramp beside a diuretic or a statin.",
    needs=_MEDICINES,
    when=_medicine_cramp,
)
CRAMP = Rule(
    id="pattern-cramp",
    kind=Kind.CAUSE,
    label="Muscle cramp",
    source=GUIDANCE,
    says="A cramp of which the record shows neither a salt nor a medicine as cause.",
    needs=(Concept.CRAMP,),
    when=_cramp,
)

CRITICAL = (MUSCLE_BREAKDOWN, CREATINE_KINASE, POTASSIUM_WEAKNESS)
WARNING = (POTASSIUM_LOW,)
CAUSES = (BREAKDOWN_CAUSE, STATIN_SYMPTOMS, STRAIN, CONTUSION, ELECTROLYTE_CRAMP, MEDICINE_CRAMP, CRAMP)
