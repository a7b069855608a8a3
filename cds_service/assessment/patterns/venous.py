"""Patterns of the veins, and the cyst that resembles them: DVT, embolism, superficial thrombosis, ruptured cyst."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment import diagnoses
from cds_service.assessment.complaint import SYMPTOMS_OF_EMBOLISM, clot_can_cause, embolism_symptoms
from cds_service.assessment.criteria import Presentation
from cds_service.assessment.d_dimer import raised_lately
from cds_service.assessment.injuries import INJURIES
from cds_service.assessment.leg import Leg
from cds_service.assessment.patterns.pattern import Fit, Pattern
from cds_service.assessment.rules import once
from cds_service.assessment.sources import BAKER_CYST, NICE_DVT, PE_SYMPTOMS, SUPERFICIAL_VEIN
from cds_service.assessment.wells import WELLS_CONCEPTS
from cds_service.facts import Certainty, Fact, Side

_LIKE_A_CLOT = ("baker-cyst", "cellulitis", *INJURIES)
_SUPERFICIAL = ("superficial-vein-thrombosis", "leg-vein-thrombosis")

OTHER_CAUSE = (
    "what stands beside it can cause the same; it leaves DVT open, and lowers the Wells score only if judged at least "
    "as likely"
)
OUTSIDE_WELLS = (
    "outside NG158 and its score in pregnancy and the weeks after birth, RCOG 37b goes to compression ultrasound"
)
DEPTH_UNKNOWN = "the entry does not say whether the vein is deep"
CYST_AND_CLOT = "a known cyst leaves DVT open, both can be there"


def deep_vein_thrombosis(leg: Leg, presentation: Presentation) -> Fit | None:
    """DVT on record, new one-sided swelling, a raised D-dimer of the last 7 days, or an item of the Wells score.

    A confirmed DVT is no pattern any more: it is the diagnosis.
    """
    if leg.confirmed("dvt"):
        return None
    score = presentation.wells
    swelling = leg.new("swelling")
    supporting = [
        *leg.present("dvt"),
        *_one_sided(swelling),
        *raised_lately(leg),
        *(score.evidence if score is not None else diagnoses.pregnant_or_postpartum(leg)),
    ]
    if not supporting:
        return None
    other = leg.any_of(*_LIKE_A_CLOT)
    bilateral = [fact for fact in swelling if fact.side is Side.BOTH]
    denied = [] if swelling else leg.absent("swelling")
    note = OTHER_CAUSE if other else ""
    if score is None and diagnoses.pregnant_or_postpartum(leg):
        note = OUTSIDE_WELLS
    measured = "calf-circumference" in leg.current
    missing = ("tenderness along the deep veins", *(() if measured else ("both calves measured",)))
    return Fit(once(supporting), once([*bilateral, *denied]), note, missing, once(other))


def pulmonary_embolism(leg: Leg, presentation: Presentation) -> Fit | None:
    """Embolism of the last 90 days, or its symptoms of the last 7 days beside a complaint that a clot can cause.

    A confirmed one under an anticoagulant is a known and treated disease, no pattern, unless it has symptoms again.
    """
    recorded = leg.within(leg.present("pulmonary-embolism"), leg.thresholds.thrombosis_days)
    symptoms = embolism_symptoms(leg)
    if leg.anticoagulants() and not symptoms:
        recorded = [fact for fact in recorded if fact.certainty is Certainty.SUSPECTED]
    if not recorded and not (symptoms and clot_can_cause(presentation.complaint)):
        return None
    return Fit(once([*recorded, *symptoms, *leg.present("dvt")]), missing=("respiratory rate",))


def superficial_vein_thrombosis(leg: Leg, presentation: Presentation) -> Fit | None:
    """Recorded; thrombosis of a leg vein whose depth is not stated fits too. Varicose veins weigh beside it."""
    recorded = diagnoses.superficial_thrombosis(leg)
    if not recorded:
        return None
    unclear = any(fact.concept == "leg-vein-thrombosis" for fact in recorded)
    supporting = once([*recorded, *leg.present("varicose-veins")])
    missing = ("length of the clot", "distance from the junction with the deep veins")
    return Fit(supporting, note=DEPTH_UNKNOWN if unclear else "", missing=missing)


def ruptured_cyst(leg: Leg, presentation: Presentation) -> Fit | None:
    """A popliteal cyst on record; one-sided swelling, change of colour and sudden pain weigh beside it."""
    cyst = leg.present("baker-cyst")
    if not cyst:
        return None
    signs = [*_one_sided(leg.new("swelling", "skin-colour")), *(fact for fact in leg.new("pain") if fact.sudden)]
    missing = ("a bruise at the ankle",)
    return Fit(once([*cyst, *signs]), note=CYST_AND_CLOT, missing=missing)


PATTERNS = (
    Pattern(
        "pulmonary-embolism",
        "Pulmonary embolism",
        PE_SYMPTOMS,
        ("pulmonary-embolism", *SYMPTOMS_OF_EMBOLISM),
        pulmonary_embolism,
    ),
    Pattern(
        "deep-vein-thrombosis",
        "Deep vein thrombosis of the leg",
        NICE_DVT,
        tuple(dict.fromkeys(("dvt", "swelling", "d-dimer", *WELLS_CONCEPTS, "pregnancy", "postpartum"))),
        deep_vein_thrombosis,
    ),
    Pattern(
        "superficial-vein-thrombosis",
        "Superficial vein thrombosis",
        SUPERFICIAL_VEIN,
        _SUPERFICIAL,
        superficial_vein_thrombosis,
    ),
    Pattern("ruptured-baker-cyst", "Ruptured popliteal (Baker) cyst", BAKER_CYST, ("baker-cyst",), ruptured_cyst),
)


def _one_sided(facts: Sequence[Fact]) -> list[Fact]:
    """Those of one leg, or that may be."""
    return [fact for fact in facts if fact.side is not Side.BOTH]
