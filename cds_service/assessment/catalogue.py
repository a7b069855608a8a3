"""The catalogue: every rule of the service, in sets that somebody answers for (cards/_rules.md says who).

Who adds a rule adds it to its topic's tuple, and a new topic here, else a test fails: what is published
(`cds_service/publishing`) and what can be switched off is what stands here. The order of the rules is that of a card:
the gravest first.
"""

from __future__ import annotations

import re

from cds_service.assessment.explained import TABLE
from cds_service.assessment.raising import CRITICAL, WARNING
from cds_service.assessment.rule import Kind, Rule, RuleSet
from cds_service.assessment.rules import (
    arterial,
    clot_causes,
    compartment,
    infection,
    limb_ischaemia,
    muscle,
    nerve,
    oedema,
    orders,
    steps,
    tendon_bone,
)
from cds_service.assessment.rules.guidance import RED_FLAGS
from cds_service.assessment.rules.precautions import PRECAUTIONS, Precaution
from cds_service.assessment.rules.risks import RISKS
from cds_service.assessment.rules.seen import SEEN
from cds_service.assessment.wells_items import ITEMS

_THREATS = (
    limb_ischaemia.LIMB_ISCHAEMIA_CAUSE,
    compartment.COMPARTMENT_CAUSE,
    clot_causes.EMBOLISM_CAUSE,
    infection.NECROTISING_CAUSE,
    arterial.LIMB_THREATENING,
    arterial.POPLITEAL_ANEURYSM,
    clot_causes.DEEP_VEIN_CAUSE,
    muscle.BREAKDOWN_CAUSE,
    compartment.HAEMATOMA_CAUSE,
)
"""The causes that threaten limb or life."""

CAUSES = tuple(
    dict.fromkeys(
        (
            *_THREATS,
            *limb_ischaemia.CAUSES,
            *arterial.CAUSES,
            *compartment.CAUSES,
            *clot_causes.CAUSES,
            *infection.CAUSES,
            *tendon_bone.CAUSES,
            *muscle.CAUSES,
            *nerve.CAUSES,
            *oedema.CAUSES,
        )
    )
)
"""The most threatening first."""


def _id(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _by_step(precaution: Precaution) -> list[Rule]:
    """The precaution, with the source of each step that it withholds or minds."""
    kind, label, says = Kind.PRECAUTION, precaution.label, precaution.says
    return [
        *[
            Rule(
                id=f"leave-out-{_id(step)}-{precaution.id}",
                kind=kind,
                label=f"Leave out {step}: {label}",
                source=source,
                says=says,
            )
            for step, source in precaution.against.items()
        ],
        *[
            Rule(
                id=f"mind-{_id(step)}-{precaution.id}",
                kind=kind,
                label=f"{step}, {label}: {words}",
                source=source,
                says=says,
            )
            for step, (words, source) in precaution.minding.items()
        ],
    ]


RED_FLAG_SET = RuleSet(
    "red-flags",
    "Red flags of the guidance",
    "Symptoms with which the guidance sends a patient to a clinician. Each that is new raises the card to warning.",
    RED_FLAGS,
)
SIGN_SET = RuleSet(
    "limb-threat-signs",
    "Signs of a threatened limb",
    "Signs that a leg lacks blood or nerve supply. One raises the card to warning, two of which one is of perfusion to "
    "critical.",
    limb_ischaemia.SIGNS,
)
CRITICAL_SET = RuleSet(
    "critical",
    "Critical row of the triage policy",
    "Threats to limb or life. They rank a card for review first; a finding whose date is not certain counts one level "
    "less where the window is 14 days or shorter.",
    CRITICAL,
)
WARNING_SET = RuleSet(
    "warning",
    "Warning row of the triage policy",
    "What else raises the card to warning, beside the red flags and a single sign of a threatened limb.",
    WARNING,
)
WELLS_SET = RuleSet(
    "wells-dvt",
    "Two-level Wells DVT score",
    "The ten items of NICE NG158, Table 1, each present, absent or not recorded. Items that no code shows are named as "
    "not recorded; the two points off for a likelier diagnosis are never subtracted for the level.",
    ITEMS,
)
RISK_SET = RuleSet(
    "risk-factors",
    "Risk factors",
    "Listed on the card with where each comes from. None raises its level.",
    RISKS,
)
CAUSE_SET = RuleSet(
    "patterns",
    "Patterns to weigh",
    "Causes that the record's facts fit, with what speaks for and against each. They explain; none changes the level.",
    CAUSES,
)
CARE_SET = RuleSet(
    "home-care",
    "What of the home care to leave out",
    "The home care of the guidance (rest, ice, compression, elevation, gentle stretching), minus what the record "
    "speaks against, and why.",
    tuple([rule for precaution in PRECAUTIONS for rule in _by_step(precaution)]),
)
STEP_SET = RuleSet(
    "next-steps",
    "Suggestions",
    "Drafts that a clinician may accept. One is left out where the record speaks against it, and all are beside limb "
    "ischaemia, compartment syndrome, cauda equina syndrome, pulmonary embolism, gangrene, necrotising infection and "
    "cellulitis with sepsis.",
    steps.STEPS,
)
ORDER_SET = RuleSet(
    "draft-orders",
    "Draft orders beside the chart",
    "What an order about to be placed means beside a leg complaint on the record. Never above warning.",
    orders.ORDERS,
)
SEEN_SET = RuleSet(
    "to-be-seen",
    "To be seen, raises nothing",
    "What the card or the page names because other words rest on it. None changes the level, and none can be switched "
    "off.",
    SEEN,
)

EXPLAINED_SET = RuleSet(
    "explained-by",
    "What explains a sign",
    "Signs beside what can be their cause: they are listed, or count one level less, with the reason. Nothing explains "
    "pallor or cyanosis. None can be switched off.",
    TABLE,
)

RULE_SETS = (
    *(RED_FLAG_SET, SIGN_SET, CRITICAL_SET, WARNING_SET, WELLS_SET),
    *(RISK_SET, CAUSE_SET, CARE_SET, STEP_SET, ORDER_SET, SEEN_SET, EXPLAINED_SET),
)
"""All of them. A further set is one more name here."""
