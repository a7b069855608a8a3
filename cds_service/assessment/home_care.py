"""The guidance's home care (S22 to S26), minus what this patient should not do, and why.

Compression: contraindications of Rabe et al., Phlebology 2020;35:447, as far as codes can show them, beside this
service's own precautions, which are marked so. The guidance's remark that compression reduces blood flow is repeated
to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cds_service.assessment import diagnoses
from cds_service.assessment.leg import Leg
from cds_service.assessment.limb_threat import PERFUSION, recent_signs
from cds_service.assessment.rules import Finding
from cds_service.facts import Fact

STEPS = ("rest", "ice", "compression", "elevation", "gentle stretching")


@dataclass(frozen=True, slots=True)
class HomeCareStep:
    """One step; `withheld` gives the reasons not to advise it, empty when it suits what is recorded."""

    name: str
    withheld: tuple[str, ...] = ()


def home_care(leg: Leg, findings: Sequence[Finding]) -> tuple[HomeCareStep, ...]:
    """All five steps, each with the reasons on this record against it."""
    reasons: dict[str, list[str]] = {step: [] for step in STEPS}
    for facts, reason, steps in _precautions(leg, findings):
        if facts:
            for step in steps:
                reasons[step].append(reason)
    return tuple(HomeCareStep(step, tuple(reasons[step])) for step in STEPS)


def _precautions(leg: Leg, findings: Sequence[Finding]) -> list[tuple[list[Fact], str, tuple[str, ...]]]:
    limb = recent_signs(leg)
    injury = leg.new("strain")
    tendon = diagnoses.achilles_rupture(leg) + leg.within(leg.present("achilles-strain"), leg.thresholds.achilles_days)
    clot = leg.present("dvt") + diagnoses.superficial_thrombosis(leg)
    poor_supply = [
        *leg.present("arterial-disease", "vascular-disease", "claudication", "rest-pain"),
        *diagnoses.acute_limb_ischaemia(leg),
        *limb.facts(*PERFUSION),
    ]
    in_question = {"possible-dvt", "pregnancy", "pulmonary-embolism", "known-dvt", "dvt"}
    clot_cards = [fact for finding in findings if finding.rule.card in in_question for fact in finding.evidence]
    muscle = [fact for finding in findings if finding.rule.card == "muscle" for fact in finding.evidence]
    compartment = [
        fact for finding in findings if finding.rule.card == "compartment-syndrome" for fact in finding.evidence
    ]
    return [
        (poor_supply, "arterial disease, or signs of it", ("compression", "ice")),
        (
            [*leg.present("rest-pain"), *diagnoses.acute_limb_ischaemia(leg), *limb.facts(*PERFUSION)],
            "blood supply of the leg may be critical: own precaution",
            ("elevation",),
        ),
        (compartment, "compartment syndrome in question: leg at heart level (BOAST 2014)", ("elevation",)),
        (compartment, "compartment syndrome in question: own precaution", ("compression", "ice")),
        (clot, "vein thrombosis, known or suspected: own precaution", ("compression", "gentle stretching")),
        ([] if clot else clot_cards, "DVT not excluded: own precaution", ("compression", "gentle stretching")),
        (
            [] if clot or clot_cards else leg.new("swelling"),
            "swelling, DVT not excluded: own precaution",
            ("compression",),
        ),
        (muscle, "compartment syndrome not excluded: own precaution", ("compression", "ice")),
        (
            leg.new("skin-colour"),
            "change of colour, blood supply not checked: own precaution",
            ("compression", "ice", "elevation"),
        ),
        (leg.present("cellulitis"), "cellulitis: own precaution", ("compression",)),
        (leg.present("reduced-sensation"), "reduced sensation", ("compression", "ice")),
        (leg.present("raynaud"), "Raynaud's", ("ice",)),
        (tendon, "Achilles tendon injury: own precaution", ("gentle stretching",)),
        (injury, "muscle strain, a tear is not excluded: own precaution", ("gentle stretching",)),
        (
            [] if leg.present("rest-pain") else leg.present("claudication"),
            "claudication is treated by supervised walking (NICE QS52)",
            ("rest",),
        ),
    ]
