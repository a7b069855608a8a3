"""The rules that can raise the level beside the red flags, gravest first: the order of a card."""

from __future__ import annotations

from cds_service.assessment.rules import arterial, clot, compartment, infection, limb_ischaemia, muscle, tendon_bone

CRITICAL = (
    *limb_ischaemia.CRITICAL,
    *compartment.CRITICAL,
    *clot.CRITICAL,
    *arterial.CRITICAL,
    *infection.CRITICAL,
    *muscle.CRITICAL,
)
WARNING = (
    *clot.WARNING,
    *arterial.WARNING,
    *tendon_bone.WARNING,
    *infection.WARNING,
    *compartment.WARNING,
    *muscle.WARNING,
)
RAISING = (*CRITICAL, *limb_ischaemia.SIGNS, *WARNING)
