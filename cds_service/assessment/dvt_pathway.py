"""Which steps tell whether it is DVT: NICE NG158 and its score are not for every patient."""

from __future__ import annotations

from enum import StrEnum

from cds_service.assessment.concepts import Concept
from cds_service.assessment.triage import Assessment
from cds_service.assessment.wells import Outside


class DvtPathway(StrEnum):
    """The words for each stand in cards/_shared.md, under dvt_steps."""

    PREGNANCY = Concept.PREGNANCY
    CHILD = "child"
    ANTICOAGULANT = Concept.ANTICOAGULANT
    SCORE = "score"


def dvt_pathway(assessment: Assessment) -> DvtPathway:
    """In and after pregnancy RCOG 2015; under 18 and under an anticoagulant our own steps; else NICE NG158."""
    if Outside.PREGNANCY in assessment.outside_wells:
        return DvtPathway.PREGNANCY
    if assessment.is_child:
        return DvtPathway.CHILD
    if assessment.anticoagulants:
        return DvtPathway.ANTICOAGULANT
    return DvtPathway.SCORE
