"""appointment-book: red flags on the record, and an appointment that comes later than they allow."""

from __future__ import annotations

from datetime import datetime

from cds_service.fhir.appointments import proposed_times
from cds_service.hooks.context import HookCall
from cds_service.hooks.reply import Reply
from cds_service.hooks.statement import Statement
from cds_service.hooks.triage import ChartTriage
from cds_service.rendering.case import Occasion
from cds_service.rendering.occasions import APPOINTMENT
from cds_service.rendering.render import Renderer
from cds_service.security.caller import Caller
from cds_service.wire import ServiceDescription


class AppointmentBook:
    """The service `calf-pain-appointment-book` (hook appointment-book 1.0)."""

    id = "calf-pain-appointment-book"
    hook = "appointment-book"

    def __init__(self, triage: ChartTriage, renderer: Renderer) -> None:
        self._triage = triage
        self._renderer = renderer

    @property
    def description(self) -> ServiceDescription:
        return self._triage.described(
            self.hook,
            "Calf pain: red flags before a late appointment",
            "Looks through the chart when appointments are proposed. A card where a red flag or a critical "
            "finding is recorded beside calf pain and every proposed appointment is later than this allows, or "
            "has no date. Otherwise none.",
        )

    async def handle(self, call: HookCall, caller: Caller, as_of: datetime) -> Reply:
        """The card about appointments that are late as of an aware moment, whose zone judges days.

        Raises InvalidRequest and MissingPrecondition. Without an appointment of this patient nothing is read.
        """
        proposed = proposed_times(call.drafts, call.patient_id, as_of)
        if not (proposed and call.is_for_clinician):
            return Reply([])
        material = await self._triage.complete(call, caller)
        chart = self._triage.read(material, call, as_of)
        assessment = self._triage.assess(chart, as_of)
        late = self._triage.late(assessment, proposed, as_of)
        if late is None:
            return Reply.about(chart, material, (), [])
        occasion = Occasion(APPOINTMENT, appointments=late)
        cards = self._renderer.render(assessment, call.circumstances(as_of), occasion)
        return Reply.about(chart, material, assessment.findings, cards, Statement(assessment, occasion))
