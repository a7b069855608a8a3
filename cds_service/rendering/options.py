"""What the options of a card, and of a pattern, say by who the patient is and by what else is recorded."""

from __future__ import annotations

from cds_service.assessment.dvt_pathway import DvtPathway, dvt_pathway
from cds_service.assessment.limb_threat import NERVE
from cds_service.assessment.patterns import nerve
from cds_service.assessment.sources import NICE_DVT
from cds_service.assessment.warning import ACHILLES_STRAIN
from cds_service.facts import Side
from cds_service.rendering.case import Case, Say
from cds_service.rendering.words import side_of


def _dvt_steps(case: Case) -> str:
    """How to tell whether it is DVT."""
    return case.files.shared.dvt_steps[dvt_pathway(case.assessment)]


def _ng158(case: Case) -> str:
    """The name of the guideline where it is for this patient, so that a paragraph about it is left out elsewhere."""
    return NICE_DVT.label if dvt_pathway(case.assessment) is DvtPathway.SCORE else ""


def _spine(case: Case) -> str:
    """What lets the nerve signs on record come from the spine; nothing without such a sign."""
    signs = [finding for finding in case.assessment.findings if finding.rule in NERVE]
    both = any(side_of(finding.evidence) is Side.BOTH for finding in signs)
    known = any(each.pattern in nerve.PATTERNS for each in case.assessment.patterns)
    reasons = [*(["nerve signs of both legs"] if both else []), *(["a spinal cause on record"] if known else [])]
    return " and ".join(reasons) if signs else ""


def _coded_strain(case: Case) -> str:
    """The code that may stand for an Achilles rupture; nothing where the rupture itself is on record."""
    return "a coded strain" if any(finding.rule is ACHILLES_STRAIN for finding in case.assessment.findings) else ""


def _claudication(case: Case) -> str:
    """The complaint of narrowed arteries; nothing where an aneurysm is all that the card rests on."""
    concepts = {fact.concept for finding in case.spoken_for for fact in finding.evidence}
    return "" if concepts == {"leg-aneurysm"} else "claudication"


def _obstetric_team(case: Case) -> str:
    """Whom else to ask in pregnancy and soon after it."""
    return "discussion with the obstetric team" if dvt_pathway(case.assessment) is DvtPathway.PREGNANCY else ""


DVT_STEPS: dict[str, Say] = {"dvt_steps": _dvt_steps, "ng158": _ng158}
"""Placeholders of the options of a pattern."""

OPTIONS: dict[str, Say] = {
    **DVT_STEPS,
    "spine": _spine,
    "coded_strain": _coded_strain,
    "claudication": _claudication,
    "obstetric_team": _obstetric_team,
}
"""Placeholders of the sections of a card that stands for a finding."""
