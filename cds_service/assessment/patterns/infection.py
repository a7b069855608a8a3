"""Patterns of infection: necrotising infection and cellulitis of the leg."""

from __future__ import annotations

from cds_service.assessment.criteria import Presentation
from cds_service.assessment.injuries import INJURIES
from cds_service.assessment.leg import Leg
from cds_service.assessment.limb_threat import NUMBNESS
from cds_service.assessment.patterns.pattern import Fit, Pattern
from cds_service.assessment.rules import once
from cds_service.assessment.sources import BMJ_NECROTISING, NICE_CELLULITIS
from cds_service.code_systems import SNOMED
from cds_service.facts import Side

_BRUISE = (SNOMED, "302227002")  # ecchymosis, in value set skin-colour
COLOUR_NOT_STATED = "to be seen: that the change of colour is redness"


def necrotising_infection(leg: Leg, presentation: Presentation) -> Fit | None:
    """Recorded, or cellulitis beside severe pain, numbness or sepsis of the last 7 days."""
    recorded = leg.present("necrotising-infection")
    cellulitis = leg.present("cellulitis")
    features = [
        *presentation.severe_pain,
        *presentation.signs.facts(NUMBNESS),
        *leg.within(leg.present("sepsis"), leg.thresholds.sepsis_days),
    ]
    if not recorded and not (cellulitis and features):
        return None
    missing = ("how fast it spreads", "oedema beyond the redness", "blisters or crackling of the skin")
    return Fit(once([*recorded, *cellulitis, *features]), missing=missing)


def cellulitis(leg: Leg, presentation: Presentation) -> Fit | None:
    """Recorded; or new swelling and a new change of colour together that is no pallor, cyanosis or bruise.

    The unrecorded form is left out beside an injury or a confirmed DVT, which explain it.
    """
    recorded = leg.present("cellulitis")
    if not recorded and (leg.new(*INJURIES) or leg.confirmed("dvt")):
        return None
    bloodless = {fact.source for fact in leg.present("pallor-cyanosis")}
    colours = [fact for fact in leg.new("skin-colour") if fact.source not in bloodless and _BRUISE not in fact.codes]
    swelling = leg.new("swelling")
    one_sided = [fact for fact in (*colours, *swelling) if fact.side is not Side.BOTH]
    if not recorded and not (colours and swelling and one_sided):
        return None
    bilateral = [fact for fact in colours if fact.side is Side.BOTH]
    supporting = [*recorded, *one_sided]
    note = "" if recorded else COLOUR_NOT_STATED
    return Fit(once(supporting), once([*bilateral, *leg.present("oedema-cause")]), note, ("warmth", "fever"))


PATTERNS = (
    Pattern(
        "necrotising-infection",
        "Necrotising infection of the leg",
        BMJ_NECROTISING,
        ("necrotising-infection", "cellulitis"),
        necrotising_infection,
    ),
    Pattern("cellulitis", "Cellulitis of the leg", NICE_CELLULITIS, ("cellulitis", "skin-colour"), cellulitis),
)
