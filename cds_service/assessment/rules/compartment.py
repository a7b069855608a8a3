"""Bleeding and pressure in the calf: acute compartment syndrome, and haematoma under an anticoagulant."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.concepts import INJURIES, NERVE, Concept
from cds_service.assessment.injuries import recent_injuries, signs_of_compartment_syndrome
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import Effect, Kind, Level, Rule, Seen, Window
from cds_service.assessment.rules.guidance import SEVERE
from cds_service.assessment.signs import not_looked_for
from cds_service.assessment.sources import BOAST, CALF_HAEMATOMA, OURS
from cds_service.facts import Fact, Side

OWN_SIGNS = "that numbness, weakness or an anticoagulant counts beside an injury is an own rule"
PULSES = "pulses are usually still there, so that they speak little against it"
_THREAT = frozenset({Effect.THREAT, Effect.COMPARTMENT_IN_QUESTION})


def _signs(injuries: Sequence[Fact], leg: Leg) -> Seen | None:
    signs = signs_of_compartment_syndrome(leg, leg.raised_by(SEVERE)) if injuries else ()
    return Seen([*injuries, *signs], note=OWN_SIGNS) if signs else None


def _bleeding(treatment: Sequence[Fact], leg: Leg) -> Seen | None:
    """Its card names bleeding into the calf and compartment syndrome."""
    severe = leg.raised_by(SEVERE)
    return Seen([*severe, *treatment], note=leg.flags[SEVERE].note) if severe and treatment else None


def _compartment(_: Sequence[Fact], leg: Leg) -> Seen | None:
    coded = leg.present(Concept.COMPARTMENT_SYNDROME)
    injuries = recent_injuries(leg)
    signs = [*leg.raised_by(SEVERE), *leg.signs.facts(*NERVE)]
    if not coded and not (injuries and signs):
        return None
    return Seen(
        [*coded, *injuries, *signs, *leg.anticoagulants()],
        note=PULSES,
        missing=("pain on passive movement", "tension of the calf", *not_looked_for(leg, NERVE)),
    )


def _haematoma(drugs: Sequence[Fact], leg: Leg) -> Seen | None:
    if not drugs:
        return None
    changes = leg.new(Concept.SWELLING, Concept.SKIN_COLOUR, *INJURIES)
    features = [
        *(fact for fact in changes if fact.side is not Side.BOTH),
        *leg.raised_by(SEVERE),
        *(fact for fact in leg.new(Concept.PAIN) if fact.sudden),
    ]
    return (
        Seen([*drugs, *features], missing=(*leg.unless_told("bruising", Concept.SKIN_COLOUR), "haemoglobin"))
        if features
        else None
    )


COMPARTMENT = Rule(
    id="compartment-syndrome",
    kind=Kind.FINDING,
    label="Compartment syndrome on record",
    source=BOAST,
    says="Recorded or suspected, and current.",
    needs=(Concept.COMPARTMENT_SYNDROME,),
    level=Level.CRITICAL,
    card="compartment-syndrome",
    effects=_THREAT,
)
COMPARTMENT_SIGNS = Rule(
    id="compartment-signs",
    kind=Kind.FINDING,
    label="Recent leg injury with features of compartment syndrome",
    source=OURS,
    says="An injury from knee to ankle within {injury_days} days, beside severe pain and one of numbness, weakness and "
    "an anticoagulant; or beside numbness and weakness. Pain and signs of the same days.",
    needs=INJURIES,
    windows=(Window("injury_days"),),
    level=Level.CRITICAL,
    card="compartment-syndrome",
    effects=_THREAT,
    when=_signs,
)
BLEEDING = Rule(
    id="severe-pain-anticoagulant",
    kind=Kind.FINDING,
    label="Severe pain under an anticoagulant",
    source=OURS,
    says="The red flag severe pain, and a current anticoagulant.",
    needs=(Concept.ANTICOAGULANT,),
    level=Level.WARNING,
    card="bleeding",
    when=_bleeding,
)
COMPARTMENT_CAUSE = Rule(
    id="pattern-acute-compartment-syndrome",
    kind=Kind.CAUSE,
    label="Acute compartment syndrome",
    source=BOAST,
    says="Recorded or suspected, or an injury of the last {injury_days} days with severe pain, numbness or weakness.",
    needs=(Concept.COMPARTMENT_SYNDROME, *INJURIES),
    when=_compartment,
)
HAEMATOMA_CAUSE = Rule(
    id="pattern-anticoagulant-haematoma",
    kind=Kind.CAUSE,
    label="Haematoma of the calf under an anticoagulant",
    source=CALF_HAEMATOMA,
    says="Under an anticoagulant: new swelling, change of colour or injury that is not of both legs, or severe or "
    "sudden pain.",
    needs=(Concept.ANTICOAGULANT,),
    when=_haematoma,
)

CRITICAL = (COMPARTMENT, COMPARTMENT_SIGNS)
WARNING = (BLEEDING,)
CAUSES = (COMPARTMENT_CAUSE, HAEMATOMA_CAUSE)
