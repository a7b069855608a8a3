"""Causes in the lower back whose pain is felt in the leg: a nerve root, or a narrow spinal canal.

Numbness and weakness as signs of a threatened limb are in limb_ischaemia.py.
"""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.concepts import NARROW_CANAL, NERVE, PERFUSION, Concept
from cds_service.assessment.pain import new_pains
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import Kind, Rule, Seen
from cds_service.assessment.signs import not_looked_for
from cds_service.assessment.sources import NEUROGENIC, SCIATICA
from cds_service.facts import Fact, Side, Site

_LEG_SITES = (Site.LOWER_LEG, Site.LEG)


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

CAUSES = (RADICULOPATHY, NEUROGENIC_CLAUDICATION)
