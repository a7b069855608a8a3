"""The catalogue: every rule of the service, in sets that somebody answers for (cards/_rules.md says who).

Who adds a rule adds it here, else a test fails: what is published (`cds_service/publishing`) and what can be switched
off is what stands here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cds_service.assessment import (
    critical,
    home_care,
    limb_threat,
    next_steps,
    orders,
    red_flags,
    risk_factors,
    warning,
    wells,
)
from cds_service.assessment.patterns.catalogue import PATTERNS as ALL_PATTERNS
from cds_service.assessment.rules import Rule
from cds_service.assessment.sources import AHA_PAD, GUIDANCE, NICE_DVT, OURS
from cds_service.assessment.wells_items import ITEMS


@dataclass(frozen=True, slots=True, eq=False)
class RuleSet:
    """Rules with one purpose. A rule's id is its own within its set. `concepts`: the value sets that can meet them."""

    id: str
    title: str
    purpose: str
    rules: tuple[Rule, ...]
    concepts: tuple[str, ...] = ()


def _id(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


RED_FLAGS = RuleSet(
    "red-flags",
    "Red flags of the guidance",
    "Symptoms with which the guidance sends a patient to a clinician. Each that is new raises the card to warning.",
    red_flags.RULES,
    ("pain", "severe-pain", "pain-severity", "cramp", "swelling", "skin-colour", "walking-problem", "rest-pain"),
)
LIMB_THREAT = RuleSet(
    "limb-threat-signs",
    "Signs of a threatened limb",
    "Signs that a leg lacks blood or nerve supply. One raises the card to warning, two of which one is of perfusion to "
    "critical.",
    limb_threat.SIGNS,
    tuple(sign.id for sign in limb_threat.SIGNS),
)
CRITICAL = RuleSet(
    "critical",
    "Critical row of the triage policy",
    "Threats to limb or life. They rank a card for review first; a finding whose date is not certain counts one level "
    "less where the window is 14 days or shorter.",
    tuple(rule for criterion in critical.CRITICAL for rule in criterion.rules),
    tuple(dict.fromkeys(concept for criterion in critical.CRITICAL for concept in criterion.needs)),
)
WARNING = RuleSet(
    "warning",
    "Warning row of the triage policy",
    "What else raises the card to warning, beside the red flags and a single sign of a threatened limb.",
    tuple(rule for each in warning.WARNING for rule in each.rules if rule not in limb_threat.SIGNS),
    tuple(dict.fromkeys(concept for criterion in warning.WARNING for concept in criterion.needs)),
)
WELLS = RuleSet(
    "wells-dvt",
    "Two-level Wells DVT score",
    "The ten items of NICE NG158, Table 1, each present, absent or not recorded. Items that no code shows are named as "
    "not recorded; the two points off for a likelier diagnosis are never subtracted for the level.",
    tuple(Rule(f"wells-{_id(item.label)}", f"Wells item: {item.label}", NICE_DVT) for item in ITEMS),
    tuple(dict.fromkeys(wells.WELLS_CONCEPTS)),
)
RISK_FACTORS = RuleSet(
    "risk-factors",
    "Risk factors",
    "Listed on the card with where each comes from. None raises its level.",
    (risk_factors.OVER_65, *(unknown.rule for unknown, _concepts, _state in risk_factors.RECORDED)),
    tuple(dict.fromkeys(concept for _unknown, concepts, _state in risk_factors.RECORDED for concept in concepts)),
)
PATTERNS = RuleSet(
    "patterns",
    "Patterns to weigh",
    "Causes that the record's facts fit, with what speaks for and against each. They explain; none changes the level.",
    tuple(each.rule for each in ALL_PATTERNS),
    tuple(dict.fromkeys(concept for each in ALL_PATTERNS for concept in each.needs)),
)
HOME_CARE = RuleSet(
    "home-care",
    "What of the home care to leave out",
    "The home care of the guidance (rest, ice, compression, elevation, gentle stretching), minus what the record "
    "speaks against, and why.",
    (
        *[
            Rule(f"leave-out-{_id(step)}-{each.id}", f"Leave out {step}: {each.reason}", source)
            for each in home_care.PRECAUTIONS
            for step, source in each.against.items()
        ],
        *[
            Rule(f"mind-{_id(step)}-{each.id}", f"{step}, {each.reason}: {words}", source)
            for each in home_care.PRECAUTIONS
            for step, (words, source) in each.minding.items()
        ],
    ),
)
NEXT_STEPS = RuleSet(
    "next-steps",
    "Suggestions",
    "Drafts that a clinician may accept. One is left out where the record speaks against it, and all are beside limb "
    "ischaemia, compartment syndrome, pulmonary embolism, gangrene, necrotising infection and cellulitis with sepsis.",
    (
        Rule(next_steps.ULTRASOUND, "Suggest an ultrasound of the proximal leg veins", NICE_DVT),
        Rule(next_steps.D_DIMER_TEST, "Suggest a quantitative D-dimer", NICE_DVT),
        Rule(next_steps.ANKLE_BRACHIAL_INDEX, "Suggest a resting ankle-brachial index", AHA_PAD),
        Rule(next_steps.CREATINE_KINASE, "Suggest creatine kinase", OURS),
        Rule(next_steps.SUSPECTED_DIAGNOSIS, "Suggest DVT, unconfirmed, for the problem list", OURS),
        Rule(next_steps.INSTRUCTIONS, "Suggest instructions for the patient", GUIDANCE),
    ),
)
ORDERS = RuleSet(
    "draft-orders",
    "Draft orders beside the chart",
    "What an order about to be placed means beside a leg complaint on the record. Never above warning.",
    (
        orders.COMPRESSION_ARTERIAL,
        orders.COMPRESSION,
        orders.NSAID_BLEEDING,
        orders.NSAID_UNKNOWN,
        orders.NSAID_PREGNANCY,
        orders.D_DIMER_LIKELY,
        orders.D_DIMER_PREGNANCY,
        orders.D_DIMER_TREATED,
        orders.SCANNED,
        orders.DUPLICATE,
        orders.STATIN_CK,
        orders.STATIN_PAIN,
    ),
    ("compression", "nsaid", "anticoagulant", "d-dimer", "d-dimer-request", "leg-vein-ultrasound", "statin"),
)

RULE_SETS = (RED_FLAGS, LIMB_THREAT, CRITICAL, WARNING, WELLS, RISK_FACTORS, PATTERNS, HOME_CARE, NEXT_STEPS, ORDERS)
"""All of them. A further set is one more name here."""
