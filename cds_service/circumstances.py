"""What of a hook call goes onto its cards, beside the chart: who is asking, about whom, and when."""

from __future__ import annotations

from datetime import datetime

import msgspec


class Circumstances(msgspec.Struct, frozen=True):
    """`user` is the reference of the clinician, `Type/id`; the other two are bare FHIR ids. `as_of` is aware.

    `service_url` is the address of this service as the caller reaches it, without a slash at its end, empty if none
    does.
    """

    hook_instance: str
    patient_id: str
    user: str
    as_of: datetime
    encounter_id: str | None = None
    service_url: str = ""
