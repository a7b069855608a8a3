"""Causes in the muscle: breakdown, effects of a statin, strain, contusion."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.criteria import Presentation
from cds_service.assessment.laboratory import is_high_creatine_kinase, is_raised
from cds_service.assessment.leg import Leg
from cds_service.assessment.patterns.pattern import Fit, Pattern
from cds_service.assessment.siting import is_current
from cds_service.assessment.sources import GUIDANCE, RHABDOMYOLYSIS, STATIN_MUSCLE
from cds_service.facts import OTHER_SIDE, Fact

EARLY_NORMAL = "an early normal creatine kinase does not exclude it"
_ACHES = ("pain", "cramp")
# EAS 2015, table 1: bands of creatine kinase by its own upper limit, the highest first.
_BANDS = (
    (10.0, "creatine kinase over 10 times its own upper limit"),
    (4.0, "creatine kinase over 4 times its own upper limit"),
    (1.0, "creatine kinase raised, at most 4 times its own upper limit"),
)


def rhabdomyolysis(leg: Leg, presentation: Presentation) -> Fit | None:
    """On record within 14 days, or creatine kinase of the last 7 days over 5 times its own upper limit."""
    limits = leg.thresholds
    coded = leg.within(leg.present("rhabdomyolysis"), limits.rhabdomyolysis_days)
    recent = leg.within(leg.present("creatine-kinase"), limits.laboratory_days)
    high = [fact for fact in recent if is_high_creatine_kinase(fact, limits)]
    if not coded and not high:
        return None
    lower = [
        fact
        for fact in recent
        if not is_high_creatine_kinase(fact, limits) and fact.quantity and fact.quantity.value is not None
    ]
    against = () if high else tuple(lower)
    beside = leg.any_of("muscle-weakness", "drug-myopathy", "statin")
    missing = ("creatinine", "urine colour", *(() if recent else ("creatine kinase",)))
    return Fit((*coded, *high, *beside), against, _threshold(high, leg) or (EARLY_NORMAL if against else ""), missing)


def _threshold(high: Sequence[Fact], leg: Leg) -> str:
    """Which threshold found it."""
    if not high:
        return ""
    if any(fact.quantity and fact.quantity.high for fact in high):
        return f"threshold: {leg.thresholds.ck_times_upper_limit:g} times the result's own upper limit"
    return f"threshold: {leg.thresholds.ck_units_per_litre:g} U/L, as no upper limit came with the result"


def statin_symptoms(leg: Leg, presentation: Presentation) -> Fit | None:
    """A statin beside an ache that is not known to be one-sided, a raised creatine kinase or a coded myopathy.

    Source: EAS 2015, symptoms usually symmetrical. A one-sided ache speaks against it. Weakness weighs beside it.
    """
    statins = leg.present("statin")
    if not statins:
        return None
    aches = leg.new(*_ACHES)
    against = () if _on_both_legs(leg) else tuple(OTHER_SIDE)
    one_sided = [fact for fact in aches if fact.side in against]
    fitting = [fact for fact in aches if fact.side not in against]
    measured = leg.present("creatine-kinase")
    raised = [fact for fact in measured if is_raised(fact.quantity)]
    found = [*leg.present("drug-myopathy"), *raised]
    if not found and not fitting:
        return None
    other = tuple([fact for fact in measured if not is_raised(fact.quantity)])
    missing = ("when the statin was begun or raised", *(() if measured else ("creatine kinase",)))
    weak = leg.any_of("muscle-weakness", "limb-weakness")
    return Fit((*fitting, *weak, *statins, *found), tuple(one_sided), _band(raised), missing, other)


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


def strain(leg: Leg, presentation: Presentation) -> Fit | None:
    """A strain or tear of the calf on record, of the last 30 days."""
    coded = leg.new("strain")
    return Fit(tuple(coded), missing=("gap in the muscle", "calf squeeze (Thompson) test")) if coded else None


def contusion(leg: Leg, presentation: Presentation) -> Fit | None:
    """A contusion of the lower leg on record, of the last 30 days."""
    coded = leg.new("contusion")
    missing = ("tension of the calf", "pain on passive movement of the toes")
    return Fit((*coded, *leg.anticoagulants()), missing=missing) if coded else None


PATTERNS = (
    Pattern(
        "rhabdomyolysis",
        "Rhabdomyolysis",
        RHABDOMYOLYSIS,
        needs=("rhabdomyolysis", "creatine-kinase"),
        judge=rhabdomyolysis,
    ),
    Pattern(
        "statin-muscle-symptoms",
        "Muscle symptoms under a statin",
        STATIN_MUSCLE,
        needs=("statin",),
        judge=statin_symptoms,
    ),
    Pattern("muscle-strain", "Muscle strain or tear", GUIDANCE, needs=("strain",), judge=strain),
    Pattern("contusion", "Contusion", GUIDANCE, needs=("contusion",), judge=contusion),
)
