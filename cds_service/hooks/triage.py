"""What the services share: how a call becomes a chart, and a chart an assessment."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from cds_service.assessment.appointments import LateAppointments, Proposed, late_appointments
from cds_service.assessment.leg import whole_patient
from cds_service.assessment.local_policy import NO_LOCAL_POLICY, LocalPolicy
from cds_service.assessment.orders import OrderCase, order_findings
from cds_service.assessment.rules import Finding
from cds_service.assessment.triage import Assessment, assess
from cds_service.facts import Chart, Fact
from cds_service.fhir.orders import draft_orders
from cds_service.fhir.page import Material
from cds_service.fhir.reading import ChartReader
from cds_service.fhir.subject import Subject
from cds_service.hooks.context import HookCall
from cds_service.hooks.prefetch import Prefetch
from cds_service.security.caller import Caller
from cds_service.thresholds import Thresholds
from cds_service.wire import CDS_HOOKS_VERSION, ServiceDescription

_USAGE = (
    "FHIR R4. Needs the Patient and at least Conditions or Observations, as prefetch or readable at fhirServer; reads "
    "that server only if the operator of this service has listed it for the EHR. Without MedicationRequests and "
    "Procedures the cards say what could not be checked. Cards are for clinicians: a user who is a Patient or "
    "RelatedPerson gets none."
)
_EXCLUDED = {
    "children": "patients whose birth date says that they are under {adult_years}",
    "hospice": "patients whose record says that a hospice cares for them",
}


class ChartTriage:
    """The first three of a service's four statements: complete, read, assess."""

    def __init__(
        self, prefetch: Prefetch, reader: ChartReader, thresholds: Thresholds, policy: LocalPolicy = NO_LOCAL_POLICY
    ) -> None:
        self._prefetch = prefetch
        self._reader = reader
        self._thresholds = thresholds
        self._policy = policy
        self._decides = bool(policy)

    def described(self, hook: str, title: str, description: str, hook_version: str = "1.0") -> ServiceDescription:
        """The entry of the service for this hook in discovery."""
        return ServiceDescription(
            hook=hook,
            id=f"calf-pain-{hook}",
            title=title,
            description=description,
            usageRequirements=self._usage(),
            prefetch=self._prefetch.templates,
            version=CDS_HOOKS_VERSION,
            hookVersion=hook_version,
        )

    def _usage(self) -> str:
        """What all services ask of a client, and whom this site has excluded."""
        if not self._policy.exclusions:
            return _USAGE
        excluded = " and ".join([_EXCLUDED[name] for name in self._policy.exclusions])
        return f"{_USAGE} This site shows no card for {excluded.format(adult_years=self._thresholds.adult_years)}."

    async def complete(self, call: HookCall, caller: Caller) -> Material:
        """All of the chart that was sent or can be read for this caller. Raises MissingPrecondition."""
        return await self._prefetch.complete(call, caller.may_read)

    def read(self, material: Material, call: HookCall, as_of: datetime) -> Chart:
        """Raises InvalidRequest when the Patient received is not the one in context."""
        return self._reader.read(material, call.patient_id, as_of)

    def assess(self, chart: Chart, as_of: datetime) -> Assessment:
        """By the rules of the service, less what the site has decided otherwise."""
        assessment = assess(chart, as_of, self._thresholds)
        return self._policy.applied(assessment, chart) if self._decides else assessment

    def late(self, assessment: Assessment, proposed: Sequence[Proposed], as_of: datetime) -> LateAppointments | None:
        """The proposed appointments, if all of them come later than the assessment allows."""
        return late_appointments(assessment.level, proposed, as_of, self._thresholds)

    def orders(self, call: HookCall, as_of: datetime) -> Sequence[Fact]:
        """The draft orders that a value set knows."""
        return draft_orders(call.drafts, Subject(call.patient_id), self._reader.terminology, as_of)

    def judge(
        self, orders: Sequence[Fact], selected: Collection[str], assessment: Assessment, chart: Chart, as_of: datetime
    ) -> list[tuple[Finding, ...]]:
        """What the selected ones of these orders mean beside the chart, by card."""
        patient = whole_patient(chart, self._thresholds, as_of)
        return order_findings(OrderCase(orders, selected, assessment, patient, self._policy.off))
