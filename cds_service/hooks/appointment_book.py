"""appointment-book: red flags on the record, and an appointment that comes later than they allow."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cds_service.facts import Interval
from cds_service.fhir.appointments import proposed_times
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.context import HookCall
from cds_service.hooks.reply import Reply
from cds_service.hooks.service import HookService, Steps
from cds_service.rendering.case import Occasion
from cds_service.rendering.occasions import APPOINTMENT


def _proposed(call: HookCall, _: Terminology, as_of: datetime) -> Sequence[Interval | None]:
    """When the appointments of this patient would be."""
    return proposed_times(call.drafts, call.patient_id, as_of)


def _answer(steps: Steps) -> Reply:
    """The card about appointments that are late."""
    chart = steps.read()
    assessment = steps.assess(chart)
    late = steps.late(assessment, steps.subject)
    if late is None:
        return steps.nothing(chart, assessment, "no appointment is later than the record allows")
    return steps.tell(chart, assessment, Occasion(APPOINTMENT, appointments=late))


APPOINTMENT_BOOK = HookService(
    hook="appointment-book",
    title="Calf pain: red flags before a late appointment",
    description="Looks through the chart when appointments are proposed. A card where a red flag or a critical "
    "finding is recorded beside calf pain and every proposed appointment is later than this allows, or has no date. "
    "Otherwise none.",
    answer=_answer,
    subject=_proposed,
)
