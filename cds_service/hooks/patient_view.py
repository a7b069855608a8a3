"""patient-view: a chart is opened, and the record is looked through for calf pain and its red flags."""

from __future__ import annotations

from datetime import datetime

from cds_service.assessment.triage import assess
from cds_service.fhir.reading import ChartReader
from cds_service.hooks.context import HookCall
from cds_service.hooks.prefetch import Prefetch
from cds_service.rendering.render import Renderer
from cds_service.security.caller import Caller
from cds_service.thresholds import Thresholds
from cds_service.wire import Card, ServiceDescription


class PatientView:
    """The service `calf-pain-patient-view` (hook patient-view 1.0)."""

    id = "calf-pain-patient-view"
    hook = "patient-view"

    def __init__(self, prefetch: Prefetch, reader: ChartReader, thresholds: Thresholds, renderer: Renderer) -> None:
        self._prefetch = prefetch
        self._reader = reader
        self._thresholds = thresholds
        self._renderer = renderer

    @property
    def description(self) -> ServiceDescription:
        return ServiceDescription(
            hook=self.hook,
            id=self.id,
            title="Calf pain: red flags on the record",
            description=(
                "Looks through the opened chart for calf pain and shows the red flags, risk factors and possible "
                "causes that are recorded beside it, with the entries they come from and with what is not "
                "recorded. No card where the record holds no leg complaint."
            ),
            usageRequirements=(
                "FHIR R4. Needs the Patient and at least Conditions or Observations, as prefetch or readable "
                "at fhirServer; reads that server only if the operator of this service has listed it for the EHR. "
                "Without MedicationRequests and Procedures the cards say what could not be checked. Cards are for "
                "clinicians: a user who is a Patient or RelatedPerson gets none."
            ),
            prefetch=self._prefetch.templates,
        )

    async def handle(self, call: HookCall, caller: Caller, as_of: datetime) -> list[Card]:
        """The cards for the chart as of an aware moment. Raises InvalidRequest and MissingPrecondition."""
        if not call.is_for_clinician:
            return []
        material = await self._prefetch.complete(call, caller.may_read)
        chart = self._reader.read(material, call.patient_id, as_of)
        assessment = assess(chart, as_of, self._thresholds)
        return self._renderer.render(assessment, call.circumstances(as_of))
