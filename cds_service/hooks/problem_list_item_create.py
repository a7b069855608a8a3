"""problem-list-item-create: what a newly recorded entry means together with the chart."""

from __future__ import annotations

from datetime import datetime

from cds_service.assessment.new_entries import news
from cds_service.fhir.new_entries import new_conditions, together, without
from cds_service.hooks.context import HookCall
from cds_service.hooks.reply import Reply
from cds_service.hooks.statement import Statement
from cds_service.hooks.triage import ChartTriage
from cds_service.rendering.case import Occasion
from cds_service.rendering.occasions import NEW_ENTRY
from cds_service.rendering.render import Renderer
from cds_service.security.caller import Caller
from cds_service.wire import ServiceDescription


class ProblemListItemCreate:
    """The service `calf-pain-problem-list-item-create` (hook problem-list-item-create 0.1.0)."""

    id = "calf-pain-problem-list-item-create"
    hook = "problem-list-item-create"

    def __init__(self, triage: ChartTriage, renderer: Renderer) -> None:
        self._triage = triage
        self._renderer = renderer

    @property
    def description(self) -> ServiceDescription:
        return self._triage.described(
            self.hook,
            "Calf pain: what a new entry means beside the chart",
            "Looks at the Conditions just recorded together with the chart. A card where a new entry is about "
            "the leg and changes what the record shows: a complaint, a finding or a level that was not there "
            "without it. Otherwise none.",
            hook_version="0.1.0",
        )

    async def handle(self, call: HookCall, caller: Caller, as_of: datetime) -> Reply:
        """The card for what is new as of an aware moment. Raises InvalidRequest and MissingPrecondition.

        Without a Condition among the new entries nothing is read.
        """
        entered = new_conditions(call.drafts, as_of)
        if not (entered.resources and call.is_for_clinician):
            return Reply([])
        received = await self._triage.complete(call, caller)
        earlier = without(received, entered)
        material = together(earlier, entered)
        chart = self._triage.read(material, call, as_of)
        before = self._triage.assess(self._triage.read(earlier, call, as_of), as_of)
        after = self._triage.assess(chart, as_of)
        told = news(before, after, {f"Condition/{each.id}" for each in entered.resources})
        if told is None:
            return Reply.about(chart, material, (), [])
        occasion = Occasion(NEW_ENTRY, entries=told.entries, new_findings=told.findings)
        cards = self._renderer.render(told.assessment, call.circumstances(as_of), occasion)
        return Reply.about(chart, material, told.assessment.findings, cards, Statement(told.assessment, occasion))
