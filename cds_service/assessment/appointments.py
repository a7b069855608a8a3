"""Is a proposed appointment later than what the record shows allows?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from cds_service.assessment.rule import Level
from cds_service.facts import Interval
from cds_service.thresholds import Thresholds

Proposed = Interval | None
"""When an appointment would be; None where it gives no date that can be read."""


@dataclass(frozen=True, slots=True)
class LateAppointments:
    """Proposed appointments, the earliest first, each of which is, or may be, after `last_day`."""

    proposed: tuple[Proposed, ...]
    last_day: date


def late_appointments(
    level: Level, proposed: Sequence[Proposed], as_of: datetime, thresholds: Thresholds
) -> LateAppointments | None:
    """Those that come later than this level allows; None where one of them is early enough, as that one will do.

    Critical allows today, warning `appointment_warning_days` more: own rule of this service. Days are those of the
    zone of `as_of`.
    """
    if level < Level.WARNING or not proposed:
        return None
    days = thresholds.appointment_warning_days if level is Level.WARNING else 0
    last = as_of.date() + timedelta(days=days)
    if any(when is not None and _last_day(when, as_of) <= last for when in proposed):
        return None
    return LateAppointments(tuple(sorted(proposed, key=_earliest_first)), last)


def _last_day(when: Interval, as_of: datetime) -> date:
    """An appointment that is still to be found within a period may be on its last day."""
    return when.last.astimezone(as_of.tzinfo).date()


def _earliest_first(when: Proposed) -> float:
    return when.last.timestamp() if when else float("inf")
