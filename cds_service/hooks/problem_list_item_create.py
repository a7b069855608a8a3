"""problem-list-item-create: what a newly recorded entry means together with the chart."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from cds_service.assessment.new_entries import news
from cds_service.fhir.new_entries import new_conditions, together, without
from cds_service.fhir.page import Page
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.context import HookCall
from cds_service.hooks.reply import Reply
from cds_service.hooks.service import HookService, Steps
from cds_service.rendering.case import Occasion
from cds_service.rendering.occasions import NEW_ENTRY


def _entered(call: HookCall, _: Terminology, as_of: datetime) -> Page | None:
    """The Conditions among the new entries."""
    entered = new_conditions(call.drafts, as_of)
    return entered if entered.resources else None


def _answer(steps: Steps) -> Reply:
    """The card for what is new."""
    entered = steps.subject
    earlier = without(steps.material, entered)
    steps = replace(steps, material=together(earlier, entered))
    chart = steps.read()
    before = steps.assess(steps.read(earlier))
    after = steps.assess(chart)
    told = news(before, after, {f"Condition/{each.id}" for each in entered.resources})
    if told is None:
        return steps.nothing(chart, after, "no new entry is about the leg and changes what the record shows")
    return steps.tell(chart, told.assessment, Occasion(NEW_ENTRY, entries=told.entries, new_findings=told.findings))


PROBLEM_LIST_ITEM_CREATE = HookService(
    hook="problem-list-item-create",
    title="Calf pain: what a new entry means beside the chart",
    description="Looks at the Conditions just recorded together with the chart. A card where a new entry is about "
    "the leg and changes what the record shows: a complaint, a finding or a level that was not there without it. "
    "Otherwise none.",
    answer=_answer,
    subject=_entered,
    hook_version="0.1.0",
)
