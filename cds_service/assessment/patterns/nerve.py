"""Causes in the lower back whose pain is felt in the leg: a nerve root, or a narrow spinal canal."""

from __future__ import annotations

from cds_service.assessment.criteria import Presentation
from cds_service.assessment.leg import Leg
from cds_service.assessment.limb_threat import NERVE, PERFUSION
from cds_service.assessment.pain import new_pains
from cds_service.assessment.patterns.pattern import Fit, Pattern
from cds_service.assessment.sources import NEUROGENIC, SCIATICA
from cds_service.facts import Side, Site

_OF_ARTERIES = tuple(sign.id for sign in PERFUSION)
_LEG_SITES = (Site.LOWER_LEG, Site.LEG)


def radiculopathy(leg: Leg, presentation: Presentation) -> Fit | None:
    """Sciatica or lumbar radiculopathy on record, with the nerve signs of this leg.

    Source: BMJ 2019, pain radiating into one leg. Pain of both legs, and signs of poor blood supply, speak against it.
    """
    coded = leg.present("lumbar-radiculopathy")
    if not coded:
        return None
    pains = new_pains(leg, *_LEG_SITES)
    both_sided = [fact for fact in pains if fact.side is Side.BOTH]
    one_sided = [fact for fact in pains if fact.side is not Side.BOTH]
    nerve = leg.new(*(sign.id for sign in NERVE))
    return Fit(
        (*coded, *nerve, *one_sided),
        (*both_sided, *leg.new(*_OF_ARTERIES)),
        missing=("straight leg raise", "reflexes and sensation", "bladder and bowel function"),
    )


def neurogenic_claudication(leg: Leg, presentation: Presentation) -> Fit | None:
    """Coded as such, or lumbar stenosis with new leg pain or trouble walking. Arterial disease speaks against it."""
    coded = leg.present("neurogenic-claudication")
    stenosis = leg.present("lumbar-stenosis")
    if not coded and not stenosis:
        return None
    complaint = [*new_pains(leg, *_LEG_SITES), *leg.new("walking-problem")]
    if not coded and not complaint:
        return None
    against = leg.any_of("claudication", "arterial-disease", "pulse-absent")
    index = () if leg.present("ankle-brachial-index") else ("ankle-brachial index",)
    missing = ("whether sitting or bending forward relieves it", *index)
    return Fit((*coded, *stenosis, *complaint), tuple(against), missing=missing)


PATTERNS = (
    Pattern(
        "lumbar-radiculopathy",
        "Sciatica or lumbar radiculopathy",
        SCIATICA,
        needs=("lumbar-radiculopathy",),
        judge=radiculopathy,
    ),
    Pattern(
        "neurogenic-claudication",
        "Neurogenic claudication",
        NEUROGENIC,
        needs=("neurogenic-claudication", "lumbar-stenosis"),
        judge=neurogenic_claudication,
    ),
)
