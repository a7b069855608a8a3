"""Proposed Appointments -> when they would be."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Any

from cds_service.facts import Interval
from cds_service.fhir import dates
from cds_service.fhir.page import Page
from cds_service.fhir.resources import Appointment
from cds_service.fhir.subject import Subject

_NOT_AHEAD = frozenset({"cancelled", "entered-in-error", "fulfilled", "noshow"})


def proposed_times(drafts: Page, patient_id: str, as_of: datetime) -> Sequence[Interval | None]:
    """When each proposed appointment of this patient would be; None where no date of it can be read.

    `start` before `requestedPeriod`. One without a participant who is a patient counts as this patient's; one that is
    cancelled, or over, does not count.
    """
    zone = dates.zone_of(as_of)
    unreadable = [None for name in drafts.unreadable if name.startswith("Appointment")]
    return unreadable + [
        _time(each, zone)
        for each in drafts.resources
        if isinstance(each, Appointment) and str(each.status) not in _NOT_AHEAD and _is_for(each, Subject(patient_id))
    ]


def _time(appointment: Appointment, zone: tzinfo) -> Interval | None:
    if (start := dates.interval(appointment.start, zone)) is not None:
        return start
    asked = appointment.requestedPeriod
    periods = [_period(each, zone) for each in (asked if isinstance(asked, list) else [asked])]
    return max(filter(None, periods), key=lambda each: each.last, default=None)


def _period(value: Any, zone: tzinfo) -> Interval | None:
    """From the start to the end, of which one may be missing; unlike what has been, it does not end now."""
    if not isinstance(value, dict):
        return None
    start, end = dates.interval(value.get("start"), zone), dates.interval(value.get("end"), zone)
    if start is None or end is None:
        return start or end
    return Interval(start.first, max(start.last, end.last), f"{start.text} to {end.text}", start.timed)


def _is_for(appointment: Appointment, subject: Subject) -> bool:
    patients = [each for each in _actors(appointment) if "Patient/" in each or each.startswith("urn:uuid:")]
    return not patients or any(subject.is_meant_by(each) for each in patients)


def _actors(appointment: Appointment) -> Sequence[str]:
    participants = appointment.participant if isinstance(appointment.participant, list) else []
    actors = [each.get("actor") for each in participants if isinstance(each, dict)]
    references = [each.get("reference") for each in actors if isinstance(each, dict)]
    return [each for each in references if isinstance(each, str)]
