"""What a card says of the way to tell whether it is DVT, by who the patient is: `dvt_steps` of cards/_shared.md."""

from __future__ import annotations

from cds_service.assessment.dvt_pathway import DvtPathway, dvt_pathway
from cds_service.assessment.sources import NICE_DVT
from cds_service.rendering.case import Case, Say


def _steps(case: Case) -> str:
    return case.files.shared.dvt_steps[dvt_pathway(case.assessment)]


def _ng158(case: Case) -> str:
    """The name of the guideline where it is for this patient, so that a paragraph about it is left out elsewhere."""
    return NICE_DVT.label if dvt_pathway(case.assessment) is DvtPathway.SCORE else ""


DVT_STEPS: dict[str, Say] = {"dvt_steps": _steps, "ng158": _ng158}
"""Placeholders of the sections of a card that stands for a finding, and of the options of a pattern."""
