"""The lower back: the cauda equina, and causes whose pain is felt in the leg, a nerve root or a narrow spinal canal.

Numbness and weakness as signs of a threatened limb are in limb_ischaemia.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.concepts import CAUDA_EQUINA_SIGNS, NARROW_CANAL, NERVE, PERFUSION, Concept
from cds_service.assessment.pain import new_pains
from cds_service.assessment.record import Leg, Record, leg_of
from cds_service.assessment.rule import Effect, Kind, Level, Rule, Seen, Window, once
from cds_service.assessment.signs import not_looked_for, signs_surely_within
from cds_service.assessment.sources import GIRFT, NEUROGENIC, OURS, SCIATICA
from cds_service.facts import OTHER_SIDE, Fact, Side, Site

SIDE_UNKNOWN = "Numbness and weakness, side not recorded"
_LEG_SITES = (Site.LOWER_LEG, Site.LEG)
_BACK = (Concept.BACK_PAIN, Concept.LUMBAR_RADICULOPATHY)


def _cauda_equina(new: Sequence[Fact], leg: Leg) -> Seen | None:
    """A nerve sign counts here also where a nerve disease explains it."""
    coded = [fact for fact in new if fact.concept == Concept.CAUDA_EQUINA]
    lost = [fact for fact in new if fact.concept != Concept.CAUDA_EQUINA]
    beside = [*leg.patient.new(*NERVE), *leg.patient.any_of(*_BACK)]
    if not coded and not (lost and beside):
        return None
    return Seen([*coded, *lost, *beside])


def _of_both_legs(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """Not lowered by a date that is not sure: each sign is then a warning by its own rule."""
    signs = _nerve_signs(leg)
    both = [fact for fact in signs if fact.side is Side.BOTH]
    other = OTHER_SIDE.get(leg.side)
    if other is not None and any(fact.side is leg.side for fact in signs):
        elsewhere = [fact for fact in _nerve_signs(leg_of(other, leg.patient)) if fact.side is other]
        both += [*signs, *elsewhere] if elsewhere else []
    if both:
        return Seen(once(both))
    unsided = [fact for fact in signs if fact.side is Side.NOT_STATED]
    kinds = {fact.concept for fact in unsided}
    return Seen(unsided, label=SIDE_UNKNOWN) if kinds >= set(NERVE) else None


def _nerve_signs(leg: Record) -> list[Fact]:
    return signs_surely_within(leg, leg.thresholds.spinal_days).facts(*NERVE)


def _radiculopathy(coded: Sequence[Fact], leg: Leg) -> Seen | None:
    """BMJ 2019: pain that radiates into one leg."""
    if not coded:
        return None
    pains = new_pains(leg, *_LEG_SITES)
    both_sided = [fact for fact in pains if fact.side is Side.BOTH]
    one_sided = [fact for fact in pains if fact.side is not Side.BOTH]
    return Seen(
        [*coded, *leg.new(*NERVE), *one_sided],
        against=[*both_sided, *leg.new(*PERFUSION)],
        missing=(
            "straight leg raise",
            "reflexes",
            *not_looked_for(leg, (Concept.NUMBNESS_TINGLING,)),
            "bladder and bowel function",
        ),
    )


def _neurogenic_claudication(known: Sequence[Fact], leg: Leg) -> Seen | None:
    complaint = [*new_pains(leg, *_LEG_SITES), *leg.new(Concept.WALKING_PROBLEM)]
    if not known or not (leg.present(Concept.NEUROGENIC_CLAUDICATION) or complaint):
        return None
    index = leg.unless_told("ankle-brachial index", Concept.ANKLE_BRACHIAL_INDEX)
    return Seen(
        [*known, *complaint],
        against=leg.any_of(Concept.CLAUDICATION, Concept.ARTERIAL_DISEASE, Concept.PULSE_ABSENT),
        missing=("whether sitting or bending forward relieves it", *index),
    )


CAUDA_EQUINA = Rule(
    id="cauda-equina",
    kind=Kind.FINDING,
    label="Signs of cauda equina syndrome",
    source=GIRFT,
    says="Retention of urine, incontinence of urine or stool, or a numb saddle area, new within {spinal_days} days, "
    "with numbness or weakness of a leg (also one that a nerve disease explains), back pain or sciatica; or the "
    "syndrome itself, recorded or suspected within {spinal_days} days.",
    needs=CAUDA_EQUINA_SIGNS,
    windows=(Window("spinal_days"),),
    level=Level.CRITICAL,
    card="cauda-equina",
    effects=frozenset({Effect.THREAT}),
    when=_cauda_equina,
)
BOTH_LEGS = Rule(
    id="nerve-signs-of-both-legs",
    kind=Kind.FINDING,
    label="Nerve signs",
    source=OURS,
    says="Numbness, tingling or weakness of both legs, or numbness and weakness of no stated side, within "
    "{spinal_days} days, that no nerve disease explains: the spine is looked at before the arteries.",
    needs=NERVE,
    level=Level.WARNING,
    card="spine",
    when=_of_both_legs,
)
RADICULOPATHY = Rule(
    id="pattern-lumbar-radiculopathy",
    kind=Kind.CAUSE,
    label="Sciatica or lumbar radiculopathy",
    source=SCIATICA,
    says="Sciatica or lumbar radiculopathy on record; new nerve signs and one-sided pain of this leg weigh beside it. "
    "Pain of both legs, and signs of poor blood supply, speak against it.",
    needs=(Concept.LUMBAR_RADICULOPATHY,),
    when=_radiculopathy,
)
NEUROGENIC_CLAUDICATION = Rule(
    id="pattern-neurogenic-claudication",
    kind=Kind.CAUSE,
    label="Neurogenic claudication",
    source=NEUROGENIC,
    says="Coded as such, or lumbar stenosis with new leg pain or trouble walking. Arterial disease speaks against it.",
    needs=NARROW_CANAL,
    when=_neurogenic_claudication,
)

CRITICAL = (CAUDA_EQUINA,)
WARNING = (BOTH_LEGS,)
CAUSES = (RADICULOPATHY, NEUROGENIC_CLAUDICATION)
