"""patient-view: a chart is opened, and the record is looked through for calf pain and its red flags."""

from __future__ import annotations

from datetime import datetime

from cds_service.hooks.context import HookCall
from cds_service.hooks.reply import Reply
from cds_service.hooks.statement import Statement
from cds_service.hooks.triage import ChartTriage
from cds_service.rendering.render import Renderer
from cds_service.security.caller import Caller
from cds_service.wire import ServiceDescription


class PatientView:
    """The service `calf-pain-patient-view` (hook patient-view 1.0)."""

    id = "calf-pain-patient-view"
    hook = "patient-view"

    def __init__(self, triage: ChartTriage, renderer: Renderer) -> None:
        self._triage = triage
        self._renderer = renderer

    @property
    def description(self) -> ServiceDescription:
        return self._triage.described(
            self.hook,
            "Calf pain: red flags on the record",
            "Looks through the opened chart for calf pain and shows the red flags, risk factors and possible "
            "causes that are recorded beside it, with the entries they come from and with what is not "
            "recorded. No card where the record holds no leg complaint.",
        )

    async def handle(self, call: HookCall, caller: Caller, as_of: datetime) -> Reply:
        """The cards for the chart as of an aware moment. Raises InvalidRequest and MissingPrecondition."""
        if not call.is_for_clinician:
            return Reply([])
        material = await self._triage.complete(call, caller)
        chart = self._triage.read(material, call, as_of)
        assessment = self._triage.assess(chart, as_of)
        cards = self._renderer.render(assessment, call.circumstances(as_of))
        return Reply.about(chart, material, assessment.findings, cards, Statement(assessment))
