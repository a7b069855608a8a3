"""Dates: a partial date is the whole span it could mean, read in the service's own zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.facts import Interval
from cds_service.fhir import dates
from tests.charts import AS_OF

NEW_YORK = ZoneInfo("America/New_York")
ZONES = [ZoneInfo(name) for name in ("UTC", "America/New_York", "Asia/Tokyo", "Australia/Lord_Howe", "Asia/Kathmandu")]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
date_like = st.from_regex(
    r"[0-9]{4}(-[0-9]{2}){0,2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,12})?)?(Z|[+-][0-9]{2}:[0-9]{2})?)?",
    fullmatch=True,
)
any_text = st.text() | date_like


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def read(text: Any, zone: ZoneInfo = ZONES[0]) -> Interval:
    found = dates.interval(text, zone)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2100-02", date(2100, 2, 1), date(2100, 2, 28)),
        ("2024-02-29", date(2024, 2, 29), date(2024, 2, 29)),
        ("9999", date(9999, 1, 1), date(9999, 12, 31)),
    ],
)
def test_a_partial_date_is_every_day_it_could_mean(text: str, first: date, last: date) -> None:
    assert dates.days_of(text) == (first, last)


@pytest.mark.parametrize(
    "text", ["", "0000", "2026-13", "2026-02-30", "2025-02-29", "26-1-1", "2026-1", "11/23/2026", "yesterday"]
)
def test_what_is_no_date_is_not_guessed(text: str) -> None:
    assert dates.days_of(text) is None
    assert dates.interval(text, UTC) is None


def test_a_moment_longer_than_any_clock_tells_is_not_read() -> None:
    assert dates.interval(f"2026-11-23T12:00:00.{'0' * 43}Z", UTC) is not None
    assert dates.interval(f"2026-11-23T12:00:00.{'0' * 44}Z", UTC) is None


@pytest.mark.parametrize("value", [None, 5, 2026, True, [], {}, {"start": "2026"}])
def test_only_text_is_a_date(value: Any) -> None:
    assert dates.interval(value, UTC) is None


@pytest.mark.parametrize(
    ("text", "moment", "shown"),
    [
        ("2026-11-23T12:00:00Z", "2026-11-23T12:00:00+00:00", "2026-11-23T07:00:00-05:00"),
        ("2026-11-23T12:00:00.5+01:00", "2026-11-23T11:00:00.5+00:00", "2026-11-23T06:00:00-05:00"),
        ("2026-11-23T12:00:00.123456789-05:00", "2026-11-23T17:00:00.123456+00:00", "2026-11-23T12:00:00-05:00"),
        ("2026-11-23T12:00:00", "2026-11-23T17:00:00+00:00", "2026-11-23T12:00:00-05:00"),  # no zone: the service's
        ("2026-11-23T12:00+0000", "2026-11-23T12:00:00+00:00", "2026-11-23T07:00:00-05:00"),
        ("2026-07-01T00:30:00Z", "2026-07-01T00:30:00+00:00", "2026-06-30T20:30:00-04:00"),
    ],
)
def test_an_instant_is_one_moment_shown_in_the_services_zone(text: str, moment: str, shown: str) -> None:
    found = read(text, NEW_YORK)
    assert found.first == found.last == utc(moment)
    assert found.text == shown


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("2026-11-02+0000", "2026-11-02"),
        ("2026-11-02Z", "2026-11-02"),
        ("2026-11-02+01:00", "2026-11-02"),
        ("2026-11-02-08:00", "2026-11-02"),
        ("2026-11Z", "2026-11"),
    ],
)
def test_a_date_with_a_zone_is_that_date(text: str, date: str) -> None:
    """As XML writes it."""
    for zone in ZONES:
        assert read(text, zone) == read(date, zone)


@pytest.mark.parametrize(
    ("period", "shown"),
    [
        (
            {"start": "2026-11-02T23:00:00Z", "end": "2026-11-03T01:00:00+0100"},
            "2026-11-03T00:00:00+01:00 to 2026-11-03T01:00:00+01:00",
        ),
        ({"start": "2026-11-02+0000"}, "since 2026-11-02"),
        ({"end": "2026-11-02T23:00:00Z"}, "until 2026-11-03T00:00:00+01:00"),
    ],
)
def test_a_period_is_shown_likewise(period: dict[str, str], shown: str) -> None:
    found = dates.period(period, ZoneInfo("Europe/Berlin"), AS_OF)
    assert found is not None
    assert found.text == shown


def test_a_leap_second_is_a_valid_instant() -> None:
    """FHIR allows 60 seconds: https://hl7.org/fhir/R4/datatypes.html#instant."""
    found = read("2016-12-31T23:59:60Z")
    assert utc("2016-12-31T23:59:59+00:00") <= found.first <= found.last <= utc("2017-01-01T00:00:01+00:00")


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-11-23", "2026-11-23T05:00:00+00:00", "2026-11-24T04:59:59.999999+00:00"),
        ("2026-03-08", "2026-03-08T05:00:00+00:00", "2026-03-09T03:59:59.999999+00:00"),  # a day of 23 hours
        ("2026-11-01", "2026-11-01T04:00:00+00:00", "2026-11-02T04:59:59.999999+00:00"),  # a day of 25 hours
        ("2026-11", "2026-11-01T04:00:00+00:00", "2026-12-01T04:59:59.999999+00:00"),
    ],
)
def test_a_date_is_the_day_of_the_services_zone(text: str, first: str, last: str) -> None:
    found = read(text, NEW_YORK)
    assert (found.first.astimezone(UTC), found.last.astimezone(UTC)) == (utc(first), utc(last))


@given(
    day=st.dates(date(2, 1, 1), date(9998, 12, 31)),
    clock=st.times(),
    zone=st.sampled_from(ZONES),
    length=st.sampled_from([4, 7, 10]),
)
def test_the_interval_contains_the_truth(day: date, clock: time, zone: ZoneInfo, length: int) -> None:
    """However little of a moment was written down, it lies in what is read."""
    truth = datetime.combine(day, clock, zone)
    found = read(day.isoformat()[:length], zone)
    assert found.first <= truth <= found.last
    assert read(truth.isoformat(), zone).first == truth.astimezone(UTC)


@given(text=any_text, zone=st.sampled_from(ZONES))
def test_no_text_raises_and_every_interval_can_be_compared(text: str, zone: ZoneInfo) -> None:
    for found in (dates.interval(text, zone), dates.period({"start": text, "end": text}, zone, AS_OF)):
        if found is not None:
            assert found.first <= found.last
            assert found.first > AS_OF or not dates.is_future(found, AS_OF)
            # a day more or less, and every zone of the world, stay within what Python can hold
            for moment in (found.first - timedelta(days=1), found.last + timedelta(days=1)):
                assert [moment.astimezone(timezone(timedelta(hours=hours))) for hours in (-12, 14)]


@pytest.mark.parametrize("text", ["0001", "0001-01-01", "0001-01-01T00:00:00Z", "9999-12-31", "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("zone", ZONES)
def test_the_ends_of_the_calendar_are_dates(text: str, zone: ZoneInfo) -> None:
    """Some systems write them for "no date" and "no end"."""
    found = read(text, zone)
    assert (found.first.year, found.text[:8]) == (int(text[:4]), text[:8])


@given(value=json_values, start=any_text | json_values, end=any_text | json_values)
def test_no_json_raises(value: Any, start: Any, end: Any) -> None:
    for zone in ZONES:
        dates.interval(value, zone)
        dates.period(value, zone, AS_OF)
        dates.period({"start": start, "end": end}, zone, AS_OF)
        dates.at_age(value, (date(1980, 5, 4), date(1980, 5, 4)), zone)
        dates.at_age({"value": value, "code": "a"}, (date(1, 1, 1), date(9999, 12, 31)), zone)


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (
            {"start": "2026-11-01", "end": "2026-11-10"},
            "2026-11-01T00:00:00+00:00",
            "2026-11-10T23:59:59.999999+00:00",
        ),
        ({"start": "2026-11-01T08:00:00Z"}, "2026-11-01T08:00:00+00:00", "2026-11-23T12:00:00+00:00"),
        ({"start": "2026-11"}, "2026-11-01T00:00:00+00:00", "2026-11-30T23:59:59.999999+00:00"),
    ],
)
def test_a_period_without_an_end_goes_on_until_now(period: dict[str, str], first: str, last: str) -> None:
    found = dates.period(period, UTC, AS_OF)
    assert found is not None
    assert (found.first, found.last) == (utc(first), utc(last))


def test_a_period_without_a_start_began_at_an_unknown_time() -> None:
    found = dates.period({"end": "2026-11-10"}, UTC, AS_OF)
    assert found is not None
    assert found.last == utc("2026-11-10T23:59:59.999999+00:00")
    assert found.first.year == 1


@pytest.mark.parametrize("value", [None, "2026", [], {}, {"start": None}, {"start": "soon", "end": 5}])
def test_a_period_without_a_readable_date_is_none(value: Any) -> None:
    assert dates.period(value, UTC, AS_OF) is None


@pytest.mark.parametrize(
    ("age", "born", "first", "last"),
    [
        ({"value": 45, "code": "a"}, "1980-05-04", "2025-05-04", "2026-05-03"),
        ({"value": 45, "unit": "a"}, "1980-05-04", "2025-05-04", "2026-05-03"),
        ({"value": 45.0, "code": "a"}, "1980-05-04", "2025-05-04", "2026-05-03"),
        ({"value": 6, "code": "mo"}, "1980-05-04", "1980-11-04", "1980-12-03"),
        ({"value": 45, "code": "a"}, "1980", "2025-01-01", "2026-12-30"),
        ({"value": 0, "code": "a"}, "2026-11-01", "2026-11-01", "2027-10-31"),
    ],
)
def test_an_onset_age_is_the_time_at_which_the_patient_had_that_age(age: Any, born: str, first: str, last: str) -> None:
    found = dates.at_age(age, dates.days_of(born), UTC)
    assert found is not None
    assert (found.first.date(), found.last.date()) == (date.fromisoformat(first), date.fromisoformat(last))


@given(
    born=st.dates(date(1900, 1, 1), date(2020, 12, 31)),
    years=st.integers(0, 110),
    day=st.integers(0, 364),
    length=st.sampled_from([4, 7, 10]),
)
def test_an_onset_age_contains_every_day_of_that_age(born: date, years: int, day: int, length: int) -> None:
    """Whoever is born on 29 February has a birthday on 28 February or 1 March: both readings are inside."""
    try:
        birthday = born.replace(year=born.year + years)
    except ValueError:
        birthday = date(born.year + years, 3, 1)
    found = dates.at_age({"value": years, "code": "a"}, dates.days_of(born.isoformat()[:length]), UTC)
    assert found is not None
    assert (
        found.first.date()
        <= birthday + timedelta(days=day if (born.month, born.day) != (2, 29) else min(day, 363))
        <= found.last.date()
    )


@pytest.mark.parametrize(
    "age",
    [
        {"value": 45},
        {"value": 45, "code": "furlong"},
        {"value": -1, "code": "a"},
        {"value": "45", "code": "a"},
        {},
        None,
    ],
)
def test_an_age_that_cannot_be_read_is_no_date(age: Any) -> None:
    assert dates.at_age(age, (date(1980, 5, 4), date(1980, 5, 4)), UTC) is None


def test_an_age_needs_a_birth_date() -> None:
    assert dates.at_age({"value": 45, "code": "a"}, None, UTC) is None


@pytest.mark.parametrize(
    ("text", "future"),
    [
        ("2026-11-23T12:04:59Z", False),
        ("2026-11-23T12:05:00Z", False),
        ("2026-11-23T12:05:01Z", True),
        ("2026-11-23T13:03:00+01:00", False),
        ("2026-11-23", False),
        ("2026-11-24", False),  # a date-only tomorrow may be today elsewhere
        ("2026-11-24T00:00:00Z", True),
        ("2026-11-25", True),
        ("2026-11", False),
        ("2026-12", True),
        ("2026", False),
        ("2027", True),
    ],
)
def test_the_future_begins_after_tomorrow_for_dates_and_after_five_minutes_for_instants(
    text: str, future: bool
) -> None:
    assert dates.is_future(read(text), AS_OF) is future


@pytest.mark.parametrize(
    ("period", "future"),
    [
        ({"start": "2026-11-23T11:00:00Z", "end": "2026-11-23T14:00:00Z"}, False),
        ({"start": "2026-11-23T12:04:00Z", "end": "2026-11-23T14:00:00Z"}, False),
        ({"start": "2026-11-23T12:30:00Z", "end": "2026-11-23T14:00:00Z"}, True),
        ({"start": "2026-11-23T12:30:00Z"}, True),
        ({"start": "2026-11-24"}, False),
        ({"start": "2026-11-25"}, True),
    ],
)
def test_a_period_is_in_the_future_when_its_start_is(period: dict[str, str], future: bool) -> None:
    found = dates.period(period, UTC, AS_OF)
    assert found is not None
    assert dates.is_future(found, AS_OF) is future


@pytest.mark.parametrize(
    ("zone", "as_of", "text", "future"),
    [
        ("America/New_York", "2026-11-24T02:00:00+00:00", "2026-11-24", False),  # there it is still the 23rd
        ("America/New_York", "2026-11-24T02:00:00+00:00", "2026-11-25", True),
        ("UTC", "2026-11-24T02:00:00+00:00", "2026-11-25", False),
        ("Asia/Tokyo", "2026-11-23T16:00:00+00:00", "2026-11-25", False),  # there it is the 24th already
        ("UTC", "2026-11-23T16:00:00+00:00", "2026-11-25", True),
        ("America/New_York", "2026-11-01T05:58:00+00:00", "2026-11-01T06:02:00Z", False),
        # 01:58 before the clock goes back: half an hour ahead is not five minutes
        ("America/New_York", "2026-11-01T05:58:00+00:00", "2026-11-01T06:30:00Z", True),
        ("America/New_York", "2026-03-08T06:58:00+00:00", "2026-03-08T07:02:00Z", False),
        ("America/New_York", "2026-03-08T06:58:00+00:00", "2026-03-08T07:30:00Z", True),
    ],
)
def test_tomorrow_and_five_minutes_are_those_of_the_services_zone(
    zone: str, as_of: str, text: str, future: bool
) -> None:
    local = datetime.fromisoformat(as_of).astimezone(ZoneInfo(zone))
    assert dates.is_future(read(text, ZoneInfo(zone)), local) is future


@pytest.mark.parametrize(
    ("text", "may_lie"),
    [
        ("2026-11-09T12:00:00Z", True),
        ("2026-11-09T11:59:59Z", False),
        ("2026-11-09", True),
        ("2026-11-10", True),
        ("2026-11-08", False),
        ("2026-11", True),
        ("2026-10", False),
    ],
)
def test_recent_takes_the_latest_moment(text: str, may_lie: bool) -> None:
    assert read(text).may_lie_within(timedelta(days=14), AS_OF) is may_lie


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_a_day_of_a_window_is_24_hours_in_every_zone(zone: str) -> None:
    """New York put its clocks on an hour on 8 March 2026."""
    noon = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo(zone))
    thirty_days = timedelta(days=30)
    for minutes, recent in ((-1, False), (1, True)):
        moment = noon.astimezone(UTC) - thirty_days + timedelta(minutes=minutes)
        assert Interval(moment, moment, "", timed=True).may_lie_within(thirty_days, noon) is recent


def test_a_moment_without_a_zone_cannot_be_the_time_of_a_request() -> None:
    with pytest.raises(ValueError, match="zone"):
        dates.zone_of(datetime.combine(AS_OF.date(), time.min))
