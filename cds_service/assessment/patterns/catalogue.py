"""All patterns, the most threatening first."""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.assessment.criteria import Presentation
from cds_service.assessment.leg import Leg
from cds_service.assessment.patterns import (
    arterial,
    compartment,
    cramp,
    infection,
    muscle,
    nerve,
    oedema,
    tendon_bone,
    venous,
)
from cds_service.assessment.patterns.pattern import Fit, Pattern, Recognised, fitting, merged

THREATS = (
    "acute-limb-ischaemia",
    "acute-compartment-syndrome",
    "pulmonary-embolism",
    "necrotising-infection",
    "chronic-limb-threatening-ischaemia",
    "popliteal-aneurysm",
    "deep-vein-thrombosis",
    "rhabdomyolysis",
    "anticoagulant-haematoma",
)
"""Those that threaten limb or life, in this order; the others follow as their modules list them."""


def _in_order(patterns: Iterable[Pattern]) -> tuple[Pattern, ...]:
    rank = {name: place for place, name in enumerate(THREATS)}
    return tuple(sorted(patterns, key=lambda pattern: rank.get(pattern.id, len(rank))))


PATTERNS = _in_order(
    (
        *arterial.PATTERNS,
        *compartment.PATTERNS,
        *venous.PATTERNS,
        *infection.PATTERNS,
        *tendon_bone.PATTERNS,
        *muscle.PATTERNS,
        *cramp.PATTERNS,
        *nerve.PATTERNS,
        *oedema.PATTERNS,
    )
)


_NEEDED = frozenset([concept for pattern in PATTERNS for concept in pattern.needs])


def recognised(leg: Leg, presentation: Presentation) -> list[Recognised]:
    """The patterns that this leg fits, the most threatening first."""
    return fitting(PATTERNS, leg, presentation) if leg.mentions(_NEEDED) else []


def of_all_legs(each_leg: Iterable[Recognised]) -> tuple[Recognised, ...]:
    """One per pattern, with the facts of both legs, the most threatening first."""
    fits: dict[Pattern, Fit] = {}
    for each in each_leg:
        held = fits.get(each.pattern)
        fits[each.pattern] = each.fit if held is None else merged(held, each.fit)
    return tuple([Recognised(pattern, fits[pattern]) for pattern in PATTERNS if pattern in fits])
