"""Cramp, and what can bring it on: low salts of the blood, and medicines."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.criteria import Presentation
from cds_service.assessment.diagnoses import unknown_medicines
from cds_service.assessment.laboratory import is_below
from cds_service.assessment.leg import Leg
from cds_service.assessment.patterns.pattern import Fit, Pattern
from cds_service.assessment.sources import CRAMP_MEDICINES, ELECTROLYTES, GUIDANCE
from cds_service.facts import Fact

SALTS = ("potassium", "magnesium", "calcium", "sodium")
MEDICINES = ("diuretic", "statin")

NOT_ADJUSTED = "total calcium, not adjusted for albumin"


def low_salts(leg: Leg) -> list[Fact]:
    """Results under their own lower limit, under the setting where none came with them, or a diagnosis that says so.

    Sodium is judged by the setting alone: values little under a laboratory's limit usually cause no symptoms.
    """
    limits = leg.thresholds
    named = {
        "potassium": limits.low_potassium_mmol_per_litre,
        "magnesium": limits.low_magnesium_mmol_per_litre,
        "calcium": limits.low_calcium_mmol_per_litre,
        "sodium": limits.low_sodium_mmol_per_litre,
    }
    low = []
    for salt in SALTS:
        for fact in leg.present(salt):
            own = fact.quantity.low if fact.quantity and salt != "sodium" else None
            if is_below(fact.quantity, named[salt] if own is None else own):
                low.append(fact)
    return [*low, *leg.present("electrolyte-disorder")]


def electrolyte_cramp(leg: Leg, presentation: Presentation) -> Fit | None:
    """A cramp beside a low potassium, magnesium, calcium or sodium, or dehydration on record."""
    cramps = leg.present("cramp")
    low = low_salts(leg) if cramps else []
    if not low:
        return None
    note = NOT_ADJUSTED if any(fact.concept == "calcium" for fact in low) else ""
    return Fit((*cramps, *low), note=note, missing=_not_measured(leg))


def medicine_cramp(leg: Leg, presentation: Presentation) -> Fit | None:
    """A cramp beside a diuretic or a statin."""
    cramps = leg.present("cramp")
    medicines = leg.any_of(*MEDICINES) if cramps else []
    if not medicines:
        return None
    missing = ("whether the cramps began after the medicine", "an inhaled long-acting beta-agonist")
    return Fit((*cramps, *medicines), missing=missing)


def cramp(leg: Leg, presentation: Presentation) -> Fit | None:
    """A cramp of which the record shows neither a salt nor a medicine as cause."""
    cramps = leg.present("cramp")
    if not cramps or leg.any_of(*MEDICINES) or low_salts(leg):
        return None
    return Fit(tuple(cramps), note=unknown_medicines(leg.chart), missing=_not_measured(leg))


def _not_measured(leg: Leg) -> tuple[str, ...]:
    """Which salts no recent result tells of."""
    return tuple([salt for salt in SALTS[:3] if not _has_value(leg.present(salt))])


def _has_value(facts: Sequence[Fact]) -> bool:
    return any(fact.quantity is not None and fact.quantity.value is not None for fact in facts)


PATTERNS = (
    Pattern(
        "electrolyte-cramp",
        "Cramp with low salts of the blood",
        ELECTROLYTES,
        needs=(*SALTS, "electrolyte-disorder"),
        judge=electrolyte_cramp,
    ),
    Pattern("medicine-cramp", "Cramp under a medicine", CRAMP_MEDICINES, needs=MEDICINES, judge=medicine_cramp),
    Pattern("cramp", "Muscle cramp", GUIDANCE, needs=("cramp",), judge=cramp),
)
