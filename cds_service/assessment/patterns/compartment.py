"""Patterns of bleeding and pressure in the calf: acute compartment syndrome, haematoma under an anticoagulant."""

from __future__ import annotations

from cds_service.assessment.criteria import Presentation
from cds_service.assessment.injuries import INJURIES, recent_injuries
from cds_service.assessment.leg import Leg
from cds_service.assessment.limb_threat import NERVE, NUMBNESS, WEAKNESS
from cds_service.assessment.patterns.pattern import Fit, Pattern
from cds_service.assessment.rules import once
from cds_service.assessment.sources import BOAST, CALF_HAEMATOMA
from cds_service.facts import Side

PULSES = "pulses are usually still there, so that they speak little against it"


def compartment_syndrome(leg: Leg, presentation: Presentation) -> Fit | None:
    """Recorded or suspected, or an injury of the last 7 days with severe pain, numbness or weakness."""
    coded = leg.present("compartment-syndrome")
    injuries = recent_injuries(leg)
    signs = [*presentation.severe_pain, *presentation.signs.facts(*NERVE)]
    if not coded and not (injuries and signs):
        return None
    supporting = once([*coded, *injuries, *signs, *leg.anticoagulants()])
    seen = presentation.signs.by_kind
    missing = ["pain on passive movement", "tension of the calf"]
    missing += [word for kind, word in ((NUMBNESS, "sensation"), (WEAKNESS, "strength")) if kind not in seen]
    return Fit(supporting, note=PULSES, missing=tuple(missing))


def anticoagulant_haematoma(leg: Leg, presentation: Presentation) -> Fit | None:
    """Under an anticoagulant: one-sided swelling, severe or sudden pain, a change of colour, or an injury."""
    drugs = leg.anticoagulants()
    if not drugs:
        return None
    changes = [fact for fact in leg.new("swelling", "skin-colour", *INJURIES) if fact.side is not Side.BOTH]
    sudden = [fact for fact in leg.new("pain") if fact.sudden]
    features = [*changes, *presentation.severe_pain, *sudden]
    if not features:
        return None
    return Fit(once([*drugs, *features]), missing=("bruising", "haemoglobin"))


PATTERNS = (
    Pattern(
        "acute-compartment-syndrome",
        "Acute compartment syndrome",
        BOAST,
        ("compartment-syndrome", *INJURIES),
        compartment_syndrome,
    ),
    Pattern(
        "anticoagulant-haematoma",
        "Haematoma of the calf under an anticoagulant",
        CALF_HAEMATOMA,
        ("anticoagulant",),
        anticoagulant_haematoma,
    ),
)
