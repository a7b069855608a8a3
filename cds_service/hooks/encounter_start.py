"""encounter-start: a visit begins, and the record is looked through as when a chart is opened."""

from __future__ import annotations

from cds_service.hooks.patient_view import PatientView
from cds_service.wire import ServiceDescription


class EncounterStart(PatientView):
    """The service `calf-pain-encounter-start` (hook encounter-start 1.0)."""

    id = "calf-pain-encounter-start"
    hook = "encounter-start"

    @property
    def description(self) -> ServiceDescription:
        return self._triage.described(
            self.hook,
            "Calf pain: red flags on the record at the start of a visit",
            "Looks through the chart when an encounter starts: the same triage, and the same card, as "
            "calf-pain-patient-view. No card where the record holds no leg complaint.",
        )
