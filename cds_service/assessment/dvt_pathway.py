"""Which steps tell whether it is DVT: NICE NG158 and its score are not for every patient."""

from __future__ import annotations

from enum import StrEnum

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.wells import Outside, outside


class DvtPathway(StrEnum):
    """The words for each stand in cards/_shared.md, under dvt_steps."""

    PREGNANCY = "pregnancy"
    CHILD = "child"
    ANTICOAGULANT = "anticoagulant"
    SCORE = "score"


def dvt_pathway(assessment: Assessment) -> DvtPathway:
    """In and after pregnancy RCOG 2015; under 18 and under an anticoagulant our own steps; else NICE NG158."""
    record = assessment.record
    if assessment.wells is None and Outside.PREGNANCY in outside(record):
        return DvtPathway.PREGNANCY
    if record.is_child:
        return DvtPathway.CHILD
    if record.anticoagulants():
        return DvtPathway.ANTICOAGULANT
    return DvtPathway.SCORE
