"""The guidance's home care (S22 to S26), minus what this patient should not do, and why.

Compression: contraindications of Rabe et al., Phlebology 2020;35:447, as far as codes can show them, beside this
service's own precautions, which are marked so. The guidance's remark that compression reduces blood flow is repeated
to nobody.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cds_service.assessment import diagnoses
from cds_service.assessment.ankle_brachial import Band, in_bands, indices
from cds_service.assessment.leg import Leg
from cds_service.assessment.limb_threat import PERFUSION, Signs
from cds_service.assessment.rules import Finding

STEPS = ("rest", "ice", "compression", "elevation", "gentle stretching")


@dataclass(frozen=True, slots=True)
class HomeCareStep:
    """One step; `withheld` gives the reasons not to advise it, empty when it suits what is recorded."""

    name: str
    withheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Precaution:
    """A reason, and the steps that it speaks against."""

    reason: str
    steps: tuple[str, ...]


POOR_SUPPLY = Precaution("arterial disease, or signs of it", ("compression", "ice"))
CRITICAL_SUPPLY = Precaution("blood supply of the leg may be critical: own precaution", ("elevation",))
COMPARTMENT_HEIGHT = Precaution("compartment syndrome in question: leg at heart level (BOAST 2014)", ("elevation",))
COMPARTMENT = Precaution("compartment syndrome in question: own precaution", ("compression", "ice"))
CLOT = Precaution("vein thrombosis, known or suspected: own precaution", ("compression", "gentle stretching"))
POSSIBLE_CLOT = Precaution("DVT not excluded: own precaution", ("compression", "gentle stretching"))
SWELLING = Precaution("swelling, DVT not excluded: own precaution", ("compression",))
MUSCLE = Precaution("compartment syndrome not excluded: own precaution", ("compression", "ice"))
COLOUR = Precaution("change of colour, blood supply not checked: own precaution", ("compression", "ice", "elevation"))
CELLULITIS = Precaution("cellulitis: own precaution", ("compression",))
SENSATION = Precaution("reduced sensation", ("compression", "ice"))
RAYNAUD = Precaution("Raynaud's", ("ice",))
TENDON = Precaution("Achilles tendon injury: own precaution", ("gentle stretching",))
TEAR = Precaution("muscle strain, a tear is not excluded: own precaution", ("gentle stretching",))
CLAUDICATION = Precaution("claudication is treated by supervised walking (NICE QS52)", ("rest",))

_POSSIBLE_CLOT_CARDS = ("possible-dvt", "pregnancy", "pulmonary-embolism", "known-dvt", "dvt")


def home_care(of_each_leg: Iterable[Sequence[Precaution]]) -> tuple[HomeCareStep, ...]:
    """All five steps, each with the reasons against it: what is withheld for one leg is withheld for the patient."""
    held = dict.fromkeys([precaution for of_leg in of_each_leg for precaution in of_leg])
    return tuple([HomeCareStep(step, tuple([each.reason for each in held if step in each.steps])) for step in STEPS])


def precautions(leg: Leg, signs: Signs, findings: Sequence[Finding]) -> list[Precaution]:
    """Those for this leg, by its record, its limb-threat signs, and the findings that raised the level."""
    cards = {finding.rule.card for finding in findings}
    current = leg.current
    critical = bool("rest-pain" in current or signs.facts(*PERFUSION) or diagnoses.acute_limb_ischaemia(leg))
    clot = bool("dvt" in current or diagnoses.superficial_thrombosis(leg))
    possible_clot = not cards.isdisjoint(_POSSIBLE_CLOT_CARDS)
    index = in_bands(indices(leg), Band.ABNORMAL, Band.NONCOMPRESSIBLE)
    tendon = diagnoses.achilles_rupture(leg) or diagnoses.achilles_strain(leg)
    return [
        precaution
        for precaution, holds in (
            (POOR_SUPPLY, critical or leg.any_of("arterial-disease", "vascular-disease", "claudication") or index),
            (CRITICAL_SUPPLY, critical),
            (COMPARTMENT_HEIGHT, "compartment-syndrome" in cards),
            (COMPARTMENT, "compartment-syndrome" in cards),
            (CLOT, clot),
            (POSSIBLE_CLOT, possible_clot and not clot),
            (SWELLING, leg.new("swelling") and not (clot or possible_clot)),
            (MUSCLE, "muscle" in cards),
            (COLOUR, leg.new("skin-colour")),
            (CELLULITIS, "cellulitis" in current),
            (SENSATION, "reduced-sensation" in current),
            (RAYNAUD, "raynaud" in current),
            (TENDON, tendon),
            (TEAR, leg.new("strain")),
            (CLAUDICATION, "claudication" in current and "rest-pain" not in current),
        )
        if holds
    ]
