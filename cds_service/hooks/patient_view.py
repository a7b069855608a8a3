"""patient-view and encounter-start: the record is looked through for calf pain and its red flags."""

from __future__ import annotations

from cds_service.hooks.reply import Reply
from cds_service.hooks.service import HookService, Steps


def _answer(steps: Steps) -> Reply:
    chart = steps.read()
    return steps.tell(chart, steps.assess(chart))


PATIENT_VIEW = HookService(
    hook="patient-view",
    title="Calf pain: red flags on the record",
    description="Looks through the opened chart for calf pain and shows the red flags and risk factors that are "
    "recorded beside it, with the entries they come from and with what is not recorded. No card where the record holds "
    "no leg complaint.",
    answer=_answer,
)

ENCOUNTER_START = HookService(
    hook="encounter-start",
    title="Calf pain: red flags on the record at the start of a visit",
    description="Looks through the chart when an encounter starts: the same triage, and the same card, as "
    "calf-pain-patient-view. No card where the record holds no leg complaint.",
    answer=_answer,
)
