"""Acute limb ischaemia, and the signs that a leg lacks blood or nerve supply: cold, pulse, colour, sensation, strength.

Which signs count, and how, is in `signs.py` of the folder above.
"""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.concepts import ARTERIES_AND_EMBOLI, PERFUSION, Concept
from cds_service.assessment.diagnoses import acute_limb_ischaemia, old_limb_ischaemia
from cds_service.assessment.pain import new_pains
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import Condition, Effect, Kind, Level, Rule, Seen, recorded
from cds_service.assessment.rules.guidance import SEVERE, SUDDEN, WALKING
from cds_service.assessment.signs import not_looked_for, signs_surely_within, signs_within
from cds_service.assessment.sources import AHA_PAD, OURS
from cds_service.facts import Fact, Site

_MINOR = frozenset({Concept.CRAMP, Concept.STRAIN})
_ON_THE_LEG = (Site.LOWER_LEG, Site.ANKLE, Site.FOOT, Site.LEG)


def _on_record(_: Sequence[Fact], leg: Leg) -> Seen | None:
    return recorded(acute_limb_ischaemia(leg), leg)


def _threatened(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """Not lowered by a date that is not sure: each sign is then a warning by its own rule."""
    signs = signs_surely_within(leg, leg.thresholds.limb_ischaemia_sign_days)
    return Seen(signs.facts()) if signs.threaten_the_limb else None


def _acute_on_chronic(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """Not lowered by a date that is not sure: the sign is then a warning by its own rule."""
    days = leg.thresholds.limb_ischaemia_sign_days
    signs = signs_surely_within(leg, days)
    perfusion = signs.facts(*PERFUSION)
    known = [*leg.any_of(*ARTERIES_AND_EMBOLI), *leg.past(*ARTERIES_AND_EMBOLI), *old_limb_ischaemia(leg)]
    if not perfusion or not known or _is_only_minor(leg, perfusion):
        return None
    now = [*leg.raised_by(SEVERE), *leg.raised_by(SUDDEN)]
    if any(kind is not Concept.PULSE_ABSENT for kind in PERFUSION if kind in signs.by_kind):
        now += [*new_pains(leg, *_ON_THE_LEG), *leg.new(Concept.REST_PAIN), *leg.raised_by(WALKING)]
    worse = leg.surely_within(now, days)
    return Seen([*perfusion, *worse, *known]) if worse else None


def _is_only_minor(leg: Leg, signs: Sequence[Fact]) -> bool:
    """Is the complaint, the signs apart, cramp or strain and nothing else?"""
    shown = {fact.source for fact in signs}
    complaint = {fact.concept for fact in leg.complaint if fact.source not in shown}
    return bool(complaint) and complaint <= _MINOR


def _counted(kind: Concept) -> Condition:
    """A sign of this kind is among those of the leg."""
    return lambda _, leg: recorded(leg.signs.by_kind.get(kind, ()), leg)


def _possible(_: Sequence[Fact], leg: Leg) -> Seen | None:
    coded = acute_limb_ischaemia(leg)
    signs = signs_within(leg, leg.thresholds.limb_ischaemia_sign_days)
    if not coded and not signs.facts(*PERFUSION):
        return None
    denied = [fact for kind in PERFUSION if kind not in signs.by_kind for fact in leg.absent(kind)]
    return Seen([*coded, *signs.facts()], against=denied, missing=not_looked_for(leg))


LIMB_ISCHAEMIA = Rule(
    id="acute-limb-ischaemia",
    kind=Kind.FINDING,
    label="Acute limb ischaemia on record",
    source=AHA_PAD,
    says="Confirmed within {limb_ischaemia_days} days or undated; or suspected.",
    needs=(Concept.ACUTE_LIMB_ISCHAEMIA,),
    level=Level.CRITICAL,
    card="limb-ischaemia",
    effects=frozenset({Effect.THREAT}),
    when=_on_record,
)
LIMB_SIGNS = Rule(
    id="limb-ischaemia-signs",
    kind=Kind.FINDING,
    label="Signs of a threatened limb",
    source=AHA_PAD,
    says="Two kinds of sign of a threatened limb within {limb_ischaemia_sign_days} days, one of them of perfusion "
    "(cold, absent pulse, pallor or cyanosis).",
    needs=PERFUSION,
    level=Level.CRITICAL,
    card="limb-ischaemia",
    effects=frozenset({Effect.THREAT}),
    when=_threatened,
)


ACUTE_ON_CHRONIC = Rule(
    id="acute-on-chronic-limb-ischaemia",
    kind=Kind.FINDING,
    label="Sign of lacking blood supply with new trouble",
    source=OURS,
    says="A sign of lacking perfusion (cold, absent pulse, pallor or cyanosis), and sudden, severe or new pain of the "
    "leg or a new problem walking, each within {limb_ischaemia_sign_days} days; and arterial disease, a bypass or "
    "stent of leg arteries, a leg aneurysm or atrial fibrillation on record, past ones too. An absent pulse alone "
    "needs sudden or severe pain; a complaint that is only cramp or strain does not count.",
    needs=PERFUSION,
    level=Level.CRITICAL,
    card="limb-ischaemia",
    effects=frozenset({Effect.THREAT}),
    when=_acute_on_chronic,
)


def _sign(kind: Concept, label: str, says: str) -> Rule:
    return Rule(
        id=kind.value,
        kind=Kind.SIGN,
        label=label,
        source=AHA_PAD,
        says=says,
        needs=(kind,),
        level=Level.WARNING,
        card="limb-sign",
        effects=frozenset({Effect.LIMB_SIGN}),
        when=_counted(kind),
    )


COLD = _sign(Concept.COLD_LIMB, "Cold leg or foot", "A new record of a cold leg or foot.")
PULSE = _sign(Concept.PULSE_ABSENT, "Absent pulse", "A new record of an absent pulse of the leg.")
PALLOR = _sign(Concept.PALLOR_CYANOSIS, "Pallor or cyanosis of the leg", "New pallor or cyanosis, sited on the leg.")
NUMBNESS = _sign(
    Concept.NUMBNESS_TINGLING,
    "Numbness or tingling",
    "New numbness or tingling that nothing on record explains.",
)
WEAKNESS = _sign(
    Concept.LIMB_WEAKNESS,
    "Weakness of the leg",
    "New weakness or paralysis of the leg that nothing on record explains; of the injured muscle itself not alone.",
)
LIMB_ISCHAEMIA_CAUSE = Rule(
    id="pattern-acute-limb-ischaemia",
    kind=Kind.CAUSE,
    label="Acute limb ischaemia",
    source=AHA_PAD,
    says="Confirmed within {limb_ischaemia_days} days or undated, or suspected; or a sign of lacking perfusion of the "
    "last {limb_ischaemia_sign_days} days or undated. Nerve signs weigh beside these.",
    needs=(Concept.ACUTE_LIMB_ISCHAEMIA, *PERFUSION),
    when=_possible,
)

CRITICAL = (LIMB_ISCHAEMIA, LIMB_SIGNS, ACUTE_ON_CHRONIC)
SIGNS = (COLD, PULSE, PALLOR, NUMBNESS, WEAKNESS)
CAUSES = (LIMB_ISCHAEMIA_CAUSE,)
