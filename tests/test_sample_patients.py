"""The samples' dates move to another day, and nothing else changes."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import ConfigurationError
from cds_service.sample_patients import WRITTEN_ON, filed, load_samples, moved_to
from cds_service.shipped import shipped


def moved(resource: dict[str, Any], day: date) -> dict[str, Any]:
    bundle = moved_to(day, {"resourceType": "Bundle", "entry": [{"resource": resource}]})
    result = bundle["entry"][0]["resource"]
    assert isinstance(result, dict)
    return result


IN_TEN_DAYS = WRITTEN_ON + timedelta(days=10)


@pytest.mark.parametrize(
    ("element", "written", "after_ten_days"),
    [
        ("onsetDateTime", "2026-11-02", "2026-11-12"),
        ("recordedDate", "2026-10-28", "2026-11-07"),
        ("effectiveDateTime", "2026-11-02T08:30:00+13:00", "2026-11-12T08:30:00+13:00"),
        ("issued", "2026-12-31T23:59:59.123Z", "2027-01-10T23:59:59.123Z"),
        ("date", "2024-02-20", "2024-03-01"),
        ("onsetDateTime", "2026-11", "2026-11"),
        ("onsetDateTime", "2026", "2026"),
        ("start", "2020-02", "2020-02"),
    ],
)
def test_each_date_keeps_its_form(element: str, written: str, after_ten_days: str) -> None:
    assert moved({element: written}, IN_TEN_DAYS) == {element: after_ten_days}


def test_a_month_and_a_year_move_by_way_of_their_middle() -> None:
    """So a month changes when more than about half of one has passed."""
    assert moved({"onsetDateTime": "2026-11"}, WRITTEN_ON + timedelta(days=16)) == {"onsetDateTime": "2026-12"}
    assert moved({"onsetDateTime": "2026"}, WRITTEN_ON + timedelta(days=182)) == {"onsetDateTime": "2026"}
    assert moved({"onsetDateTime": "2026"}, WRITTEN_ON + timedelta(days=183)) == {"onsetDateTime": "2027"}


def test_what_only_looks_like_a_date_stays() -> None:
    """1191 is aspirin in RxNorm, 2010-1 could be a result code, and a telephone number is no year."""
    same = {
        "code": {"coding": [{"code": "1191", "version": "2026"}]},
        "identifier": [{"value": "2026-11"}],
        "postalCode": "2026",
        "valueString": "since 2026-11-02, worse",
        "text": {"div": "<div>2026-11-02</div>"},
        "valueQuantity": {"value": 2026},
        "dosageInstruction": [{"timing": {"repeat": {"timeOfDay": ["08:00:00"]}}}],
    }
    assert moved(same, IN_TEN_DAYS) == same


def age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


@given(
    born=st.dates(date(1900, 1, 1), WRITTEN_ON),
    today=st.dates(WRITTEN_ON, date(2060, 1, 1)),
)
def test_ages_stay_as_they_were_on_whatever_day(born: date, today: date) -> None:
    later = date.fromisoformat(moved({"birthDate": born.isoformat()}, today)["birthDate"])
    assert age(later, today) == age(born, WRITTEN_ON)


def test_a_birthday_on_the_day_stays_one_across_leap_years() -> None:
    for days in range(3000):
        today = WRITTEN_ON + timedelta(days=days)
        later = date.fromisoformat(moved({"birthDate": "1960-11-02"}, today)["birthDate"])
        assert age(later, today) == 66
        if (today.month, today.day) != (2, 29):  # on which nobody has a 66th birthday
            assert age(later, today - timedelta(days=1)) == 65


def test_the_shipped_samples_are_moved_as_a_whole() -> None:
    today = datetime.now(UTC).date()
    samples = load_samples(shipped("fhir_fixtures"))
    assert len(samples) >= 20
    for sample in samples:
        before, after = json.dumps(sample.bundle), json.dumps(moved_to(today, sample.bundle))
        assert len(before) == len(after)
        assert moved_to(WRITTEN_ON, sample.bundle) == sample.bundle
        assert sample.title == " ".join(sample.name.split("-"))


def test_a_server_keeps_neither_outcomes_nor_references_of_one_bundle() -> None:
    entries: list[dict[str, Any]] = [
        {"fullUrl": "urn:uuid:1", "resource": {"resourceType": "Patient", "id": "p1"}},
        {"fullUrl": "urn:uuid:2", "resource": {"resourceType": "OperationOutcome"}},
        {
            "fullUrl": "urn:uuid:3",
            "resource": {
                "resourceType": "Observation",
                "id": "o1",
                "subject": {"reference": "urn:uuid:1"},
                "performer": [{"reference": "urn:uuid:9"}, {"display": "urn:uuid:1"}],
            },
        },
    ]
    assert filed({"entry": entries}) == [
        {"resourceType": "Patient", "id": "p1"},
        {
            "resourceType": "Observation",
            "id": "o1",
            "subject": {"reference": "Patient/p1"},
            "performer": [{"reference": "urn:uuid:9"}, {"display": "urn:uuid:1"}],
        },
    ]


def test_a_sample_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "expected.json").write_text("{}")  # what each gets is no patient
    with pytest.raises(ConfigurationError, match="no sample patients"):
        load_samples(tmp_path)
    for content in ("nonsense", "[]", '{"resourceType": "Patient"}'):
        (tmp_path / "broken.json").write_text(content)
        with pytest.raises(ConfigurationError, match=r"broken\.json"):
            load_samples(tmp_path)
