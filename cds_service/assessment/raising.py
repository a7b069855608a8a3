"""The rules that can raise the level beside the red flags, gravest first: the order of a card."""

from __future__ import annotations

from cds_service.assessment.rules import (
    arterial,
    clot,
    compartment,
    infection,
    limb_ischaemia,
    muscle,
    nerve,
    tendon_bone,
)

CRITICAL = (
    *limb_ischaemia.CRITICAL,
    *compartment.CRITICAL,
    *nerve.CRITICAL,
    *clot.CRITICAL,
    *arterial.CRITICAL,
    *infection.CRITICAL,
    *muscle.CRITICAL,
)
WARNING = (
    *nerve.WARNING,
    *clot.WARNING,
    *arterial.WARNING,
    *tendon_bone.WARNING,
    *infection.WARNING,
    *compartment.WARNING,
    *muscle.WARNING,
)
# Nerve signs of both legs go before each of them: the headline is the spine, not the arteries.
RAISING = tuple(dict.fromkeys((*CRITICAL, *nerve.WARNING, *limb_ischaemia.SIGNS, *WARNING)))
