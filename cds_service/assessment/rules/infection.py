"""Infection of the leg: necrotising infection, and cellulitis with and without sepsis."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.concepts import INJURIES, Concept
from cds_service.assessment.diagnoses import passing_diagnosis
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import Effect, Kind, Level, Rule, Seen
from cds_service.assessment.rules.guidance import SEVERE
from cds_service.assessment.sources import BMJ_NECROTISING, NICE_CELLULITIS
from cds_service.code_systems import SNOMED
from cds_service.facts import Fact, Side

COLOUR_NOT_STATED = "to be seen: that the change of colour is redness"
_BRUISE = (SNOMED, "302227002")  # ecchymosis, in value set skin-colour


def _with_sepsis(cellulitis: Sequence[Fact], leg: Leg) -> Seen | None:
    """Not lowered by a date that is not sure: cellulitis is then a warning by its own rule."""
    sepsis = leg.surely_within(leg.present(Concept.SEPSIS), leg.thresholds.sepsis_days)
    return Seen([*sepsis, *cellulitis]) if sepsis and cellulitis else None


NECROTISING = Rule(
    id="necrotising-infection",
    kind=Kind.FINDING,
    label="Necrotising infection of the leg",
    source=NICE_CELLULITIS,
    says="Recorded or suspected, and current.",
    needs=(Concept.NECROTISING_INFECTION,),
    level=Level.CRITICAL,
    card="necrotising-infection",
    effects=frozenset({Effect.THREAT}),
)
CELLULITIS_SEPSIS = Rule(
    id="cellulitis-sepsis",
    kind=Kind.FINDING,
    label="Cellulitis of the leg with sepsis",
    source=NICE_CELLULITIS,
    says="Cellulitis of the leg, and sepsis recorded within {sepsis_days} days.",
    needs=(Concept.CELLULITIS,),
    level=Level.CRITICAL,
    card="infection-sepsis",
    effects=frozenset({Effect.THREAT}),
    when=_with_sepsis,
)
CELLULITIS = Rule(
    id="cellulitis",
    kind=Kind.FINDING,
    label="Cellulitis of the leg",
    source=NICE_CELLULITIS,
    says="Recorded or suspected: begun or recorded within {alone_days} days, beside another complaint of that leg "
    "within {cellulitis_days} days or undated.",
    needs=(Concept.CELLULITIS,),
    level=Level.WARNING,
    card="infection",
    when=lambda coded, leg: passing_diagnosis(coded, leg.thresholds.cellulitis_days, leg),
)


def _necrotising(coded: Sequence[Fact], leg: Leg) -> Seen | None:
    features = [
        *leg.raised_by(SEVERE),
        *leg.signs.facts(Concept.NUMBNESS_TINGLING),
        *leg.within(leg.present(Concept.SEPSIS), leg.thresholds.sepsis_days),
    ]
    if not coded or not (leg.present(Concept.NECROTISING_INFECTION) or features):
        return None
    missing = ("how fast it spreads", "oedema beyond the redness", "blisters or crackling of the skin")
    return Seen([*coded, *features], missing=missing)


def _cellulitis(_: Sequence[Fact], leg: Leg) -> Seen | None:
    coded = leg.present(Concept.CELLULITIS)
    if not coded and (leg.new(*INJURIES) or leg.confirmed(Concept.DVT)):
        return None
    bloodless = {fact.source for fact in leg.present(Concept.PALLOR_CYANOSIS)}
    new = leg.new(Concept.SKIN_COLOUR)
    colours = [fact for fact in new if fact.source not in bloodless and _BRUISE not in fact.codes]
    swelling = leg.new(Concept.SWELLING)
    one_sided = [fact for fact in (*colours, *swelling) if fact.side is not Side.BOTH]
    if not coded and not (colours and swelling and one_sided):
        return None
    both_sided = [fact for fact in colours if fact.side is Side.BOTH]
    return Seen(
        [*coded, *one_sided],
        against=[*both_sided, *leg.present(Concept.OEDEMA_CAUSE)],
        note="" if coded else COLOUR_NOT_STATED,
        missing=("warmth", "fever"),
    )


NECROTISING_CAUSE = Rule(
    id="pattern-necrotising-infection",
    kind=Kind.CAUSE,
    label="Necrotising infection of the leg",
    source=BMJ_NECROTISING,
    says="Recorded, or cellulitis beside severe pain, numbness or sepsis of the last {sepsis_days} days.",
    needs=(Concept.NECROTISING_INFECTION, Concept.CELLULITIS),
    when=_necrotising,
)
CELLULITIS_CAUSE = Rule(
    id="pattern-cellulitis",
    kind=Kind.CAUSE,
    label="Cellulitis of the leg",
    source=NICE_CELLULITIS,
    says="Recorded; or new swelling and a new change of colour together that is no pallor, cyanosis or bruise, one "
    "of them not of both legs, and without a new injury or a confirmed DVT, which explain it.",
    needs=(Concept.CELLULITIS, Concept.SKIN_COLOUR),
    when=_cellulitis,
)

CRITICAL = (NECROTISING, CELLULITIS_SEPSIS)
WARNING = (CELLULITIS,)
CAUSES = (NECROTISING_CAUSE, CELLULITIS_CAUSE)
