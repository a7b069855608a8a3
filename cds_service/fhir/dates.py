"""FHIR dates as intervals: a partial date is the whole span that it could mean.

Formats: https://hl7.org/fhir/R4/datatypes.html#dateTime. A time without a zone is not valid FHIR but common; it is
read in the service's own zone, as is every date without a time.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from cds_service.facts import Interval

_PARTIAL = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_ZONED_DATE = re.compile(r"(\d{4}(?:-\d{2}){0,2})(?:[Zz]|[+-]\d{2}:?\d{2})")  # as in XML; no date of FHIR
_LONGEST_DATE, _LONGEST_ZONED_DATE = len("2026-11-23"), len("2026-11-23+01:00")
_LONGEST_MOMENT = 64  # no clock tells more decimals, and what is longer would be searched for a date on each card
_LEAP_SECOND = re.compile(r"(?<=T\d\d:\d\d:)60")
_CLOCKS_DIFFER = timedelta(minutes=5)
# Two days from what Python can hold, so that a day more or less and any time zone stay within it. Some systems write
# 0001-01-01 for "no date" and 9999-12-31 for "no end".
_FIRST_DAY, _LAST_DAY = date(1, 1, 3), date(9999, 12, 29)
_EARLIEST, _LATEST = (datetime.combine(day, time.min, UTC) for day in (_FIRST_DAY, _LAST_DAY))


def zone_of(as_of: datetime) -> tzinfo:
    """The zone in which dates without a time are read: that of the moment of the request."""
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")
    return as_of.tzinfo


def days_of(text: str) -> tuple[date, date] | None:
    """First and last day that a FHIR `date` can mean; None when it is not one."""
    match = _PARTIAL.fullmatch(text)
    if not match:
        return None
    year, month, day = (int(part) if part else None for part in match.groups())
    try:
        if month is None:
            return date(year or 0, 1, 1), date(year or 0, 12, 31)
        if day is None:
            return date(year or 0, month, 1), date(year or 0, month, monthrange(year or 0, month)[1])
        return date(year or 0, month, day), date(year or 0, month, day)
    except ValueError:
        return None


def interval(text: Any, zone: tzinfo) -> Interval | None:
    """The moments that a FHIR `date`, `dateTime` or `instant` can mean; None when it cannot be read.

    They lie within the years 1 to 9999, two days from either end. Its text is the date, partial or not, or the moment
    in this zone with its offset.
    """
    if not isinstance(text, str) or len(text) > _LONGEST_MOMENT:
        return None
    try:
        if len(text) <= _LONGEST_ZONED_DATE and (dated := _ZONED_DATE.fullmatch(text)):
            text = dated[1]
        if len(text) <= _LONGEST_DATE:
            days = days_of(text)
            return _span(days[0], days[1], zone, text) if days else None
        moment = datetime.fromisoformat(without_leap_second(text))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    moment = min(max(moment, _EARLIEST), _LATEST)
    return Interval(moment, moment, shown(moment, zone), timed=True)


def shown(moment: datetime, zone: tzinfo) -> str:
    """A moment as it is shown: by the clocks of the zone, to the second, with their offset (ISO 8601)."""
    return moment.astimezone(zone).isoformat(timespec="seconds")


def without_leap_second(text: str) -> str:
    """FHIR and RFC 3339 know one, Python does not."""
    return _LEAP_SECOND.sub("59", text) if ":60" in text else text


def _span(first: date, last: date, zone: tzinfo, text: str) -> Interval:
    """Whole days in the zone. Moments are kept in UTC, in which comparing them is cheap and days are 24 hours."""
    return Interval(
        datetime.combine(min(max(first, _FIRST_DAY), _LAST_DAY), time.min, zone).astimezone(UTC),
        datetime.combine(min(max(last, _FIRST_DAY), _LAST_DAY), time.max, zone).astimezone(UTC),
        text,
    )


def period(value: Any, zone: tzinfo, as_of: datetime) -> Interval | None:
    """A FHIR Period; without an end it goes on until now."""
    if not isinstance(value, dict):
        return None
    start, end = interval(value.get("start"), zone), interval(value.get("end"), zone)
    if start and end:
        text = start.text if start.text == end.text else f"{start.text} to {end.text}"
        return Interval(start.first, max(start.last, end.last), text, start.timed)
    if start:
        return Interval(start.first, max(start.last, as_of.astimezone(UTC)), f"since {start.text}", start.timed)
    return Interval(_EARLIEST, end.last, f"until {end.text}") if end else None


def timing(value: Any, zone: tzinfo) -> Interval | None:
    """The events of a FHIR Timing, from the first to the last."""
    events = value.get("event") if isinstance(value, dict) else None
    read = [each for event in events if (each := interval(event, zone))] if isinstance(events, list) else []
    if not read:
        return None
    first, last = min(read, key=lambda each: each.first), max(read, key=lambda each: each.last)
    text = first.text if first.text == last.text else f"{first.text} to {last.text}"
    return Interval(first.first, last.last, text, first.timed)


def at_age(value: Any, born: tuple[date, date] | None, zone: tzinfo) -> Interval | None:
    """An onset given as a whole age in years or months: the span in which the patient had that age."""
    if not isinstance(value, dict) or born is None:
        return None
    count, unit = value.get("value"), value.get("code") or value.get("unit")
    months = {"a": 12, "mo": 1}.get(str(unit))
    if months is None or not isinstance(count, (int, float)) or not 0 <= count <= 2000 or count != int(count):
        return None
    count = int(count)
    try:
        first = months_later(born[0], count * months)
        last = months_later(born[1], (count + 1) * months) - timedelta(days=1)
        return _span(first, last, zone, f"at age {count} {'years' if months == 12 else 'months'}")
    except (ValueError, OverflowError):
        return None


def months_later(day: date, months: int) -> date:
    """The same day of the month so many months later, or the month's last day (29 February included)."""
    year, month = divmod(day.month - 1 + months, 12)
    year += day.year
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def is_future(when: Interval, as_of: datetime) -> bool:
    """Later than differing clocks and time zones explain: five minutes for a moment, tomorrow for a date."""
    if when.timed:
        return when.first > as_of.astimezone(UTC) + _CLOCKS_DIFFER
    tomorrow = datetime.combine(as_of.date() + timedelta(days=1), time.min, as_of.tzinfo)
    return when.first > tomorrow
