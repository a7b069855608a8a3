"""Who the patient is: age and death."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.assessment.engine import assess
from cds_service.facts import PatientFacts, Topic
from cds_service.fhir import dates
from cds_service.thresholds import Thresholds
from tests.charts import PATIENT_ID, patient, read_beside

ABSENT_REASON = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
CALF_PAIN = "sct|300954003"


def who_is(**members: Any) -> PatientFacts:
    return read_beside(who={"resourceType": "Patient", "id": PATIENT_ID, **members}).patient


@pytest.mark.parametrize(
    ("members", "born"),
    [
        ({"birthDate": "1980-05-04"}, (date(1980, 5, 4), date(1980, 5, 4))),
        ({"birthDate": "1980-05"}, (date(1980, 5, 1), date(1980, 5, 31))),
        ({"birthDate": "1980"}, (date(1980, 1, 1), date(1980, 12, 31))),
        ({"birthDate": "1980-13"}, None),
        ({"birthDate": 1980}, None),
        ({"birthDate": None}, None),
        ({}, None),
        (
            {
                "birthDate": "1980-05-04",
                "gender": "?",
                "name": "John",
                "telecom": [{"rank": "1"}],
                "contact": 5,
            },
            (date(1980, 5, 4), date(1980, 5, 4)),
        ),
    ],
)
def test_a_birth_date_is_the_days_it_can_mean(members: dict[str, Any], born: Any) -> None:
    assert who_is(**members).born == born


@pytest.mark.parametrize(
    ("members", "deceased"),
    [
        ({"deceasedBoolean": True}, True),
        ({"deceasedBoolean": False}, False),
        ({"deceasedDateTime": "2026"}, True),
        ({"deceasedBoolean": "true"}, True),
        ({"_deceasedDateTime": {"extension": [{"url": ABSENT_REASON, "valueCode": "unknown"}]}}, True),
        ({"_deceasedDateTime": {"extension": [{"url": ABSENT_REASON, "valueCode": "not-applicable"}]}}, False),
        ({"_deceasedBoolean": {"extension": [{"url": ABSENT_REASON, "valueCode": "unknown"}]}}, False),
        ({"_deceasedDateTime": {"id": "a"}}, False),
        ({"deceasedDateTime": "2026-11-01T10:00:00Z"}, True),
        ({"deceasedDateTime": "2026-11-01T10:00:00"}, True),  # no zone: not valid, but common
        ({"deceasedBoolean": True, "birthDate": "1980-13"}, True),
        ({"deceasedDateTime": "2026-11-01", "birthDate": "04/05/1980"}, True),
        ({}, False),
    ],
)
def test_a_death_is_read_whatever_the_birth_date(members: dict[str, Any], deceased: bool) -> None:
    """Deceased patient: silence."""
    assert who_is(**members).deceased is deceased


def test_an_unreadable_birth_date_is_told() -> None:
    chart = read_beside(who={"resourceType": "Patient", "id": PATIENT_ID, "birthDate": "04/05/1980"})
    assert not chart.was_read(Topic.PATIENT)


def test_a_deceased_patient_has_no_facts() -> None:
    assert read_beside({"condition": CALF_PAIN}, who=patient(deceasedBoolean=True)).facts == ()


@given(
    born=st.dates(date(1900, 1, 1), date(2026, 11, 23)),
    length=st.sampled_from([4, 7, 10]),
    today=st.dates(date(2026, 11, 23), date(2100, 1, 1)),
)
def test_the_true_age_lies_in_the_range_of_ages(born: date, length: int, today: date) -> None:
    """Someone born on 29 February completes a year on 1 March, or on the leap day."""
    age = PatientFacts(dates.days_of(born.isoformat()[:length])).age(today)
    truth = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    assert age is not None
    assert age[0] <= truth <= age[1] <= age[0] + 1
    assert length < 10 or age == (truth, truth)


@pytest.mark.parametrize(
    ("born", "today", "age"),
    [
        ("1960-11-23", date(2026, 11, 22), (65, 65)),
        ("1960-11-23", date(2026, 11, 23), (66, 66)),
        ("1960-02-29", date(2026, 2, 28), (65, 65)),
        ("1960-02-29", date(2026, 3, 1), (66, 66)),
        ("1960-02-29", date(2028, 2, 29), (68, 68)),
        ("1960-11", date(2026, 11, 23), (65, 66)),
        ("1960", date(2026, 11, 23), (65, 66)),
        ("1960", date(2026, 12, 31), (66, 66)),
    ],
)
def test_age_in_completed_years(born: str, today: date, age: tuple[int, int]) -> None:
    assert PatientFacts(dates.days_of(born)).age(today) == age


def test_the_age_is_judged_in_the_services_zone() -> None:
    """At 02:00 UTC on the birthday it is still the day before in New York."""
    who = patient(birthDate="1960-11-24")
    as_of = datetime(2026, 11, 24, 2, tzinfo=UTC)
    chart = read_beside(who=who, as_of=as_of, zone="America/New_York")
    assert assess(chart, as_of.astimezone(ZoneInfo("America/New_York")), Thresholds()).record.age == (65, 65)
    assert assess(chart, as_of, Thresholds()).record.age == (66, 66)
