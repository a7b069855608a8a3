"""appointment-book: a card where every proposed appointment is later than what is recorded allows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from starlette.testclient import TestClient

from tests.calls import cards, hook_call, post_hook, searchset
from tests.charts import PATIENT_ID, Entry
from tests.conftest import client_with
from tests.ehr import Ehr

HOOK = "appointment-book"
SCORE: Entry = {"observation": "loinc|72514-3", "at": -1, "value": 8, "site": "sct|53840002", "side": "left"}
WARNING = {"findings": searchset(SCORE)}
CRITICAL = {"conditions": searchset({"condition": "sct|404223003", "id": "dvt", "onset": -3, "side": "left"})}
TODAY = datetime.now(UTC).date()


def day(number: int) -> str:
    """So many days from today, at noon in UTC."""
    return f"{TODAY + timedelta(days=number)}T12:00:00Z"


def told(number: int) -> str:
    """How a card tells that day."""
    when = TODAY + timedelta(days=number)
    return f"{when.day} {when:%b %Y}"


def appointment(start: str | None = None, **members: Any) -> dict[str, Any]:
    made = {"resourceType": "Appointment", "status": "proposed", **members}
    return {**made, "start": start} if start else made


def for_patient(*references: str) -> dict[str, Any]:
    return {"participant": [{"actor": {"reference": each}} for each in references]}


def book(client: TestClient, *appointments: Any, **prefetched: Any) -> list[Any]:
    return cards(post_hook(client, HOOK, {"appointments": searchset(*appointments)}, **prefetched))


@pytest.mark.parametrize(
    ("days", "record", "indicator"),
    [
        (0, CRITICAL, None),
        (1, CRITICAL, "critical"),
        (1, WARNING, None),
        (2, WARNING, "warning"),
        (30, {}, None),
        (-3, CRITICAL, None),
    ],
    ids=["critical today", "critical tomorrow", "warning tomorrow", "warning in two days", "no red flag", "past"],
)
def test_how_late_is_late(client: TestClient, days: int, record: dict[str, Any], indicator: str | None) -> None:
    found = book(client, appointment(day(days)), **record)
    assert [card["indicator"] for card in found] == ([indicator] if indicator else [])


def test_what_the_card_says(client: TestClient) -> None:
    (card,) = book(client, appointment(day(7)), **WARNING)
    assert card["summary"].startswith(f"Appointment on {told(7)}; severe pain 8 of 10, left leg")
    assert card["detail"].startswith(f"**Appointment:** {told(7)}, after {told(1).rpartition(' ')[0]}; ")
    assert "pain 8 of 10" in card["detail"].partition("**Recorded:**")[2]


def test_one_appointment_in_time_is_enough(client: TestClient) -> None:
    assert book(client, appointment(day(400)), appointment(day(1)), **WARNING) == []


def test_the_earliest_of_several_late_ones_leads(client: TestClient) -> None:
    (card,) = book(client, appointment(day(400)), appointment(), appointment(day(5)), **WARNING)
    assert card["summary"].startswith(f"Appointment on {told(5)}; ")
    assert card["detail"].startswith(f"**Appointment:** {told(5)}; {told(400)}; without a date that can be read, ")


@pytest.mark.parametrize(
    "undated",
    [
        {},
        {"start": "soon"},
        {"start": 7},
        {"requestedPeriod": "soon"},
        {"requestedPeriod": [7]},
        {"requestedPeriod": [{}]},
        {"id": 7},
    ],
)
def test_an_appointment_without_a_date_is_named_as_such(client: TestClient, undated: dict[str, Any]) -> None:
    (card,) = book(client, {**appointment(), **undated}, **WARNING)
    assert card["summary"].startswith("Appointment without a date; ")


@pytest.mark.parametrize(
    ("periods", "says"),
    [
        ([{"start": day(0), "end": day(10)}], f"by {told(10)}"),
        ([{"start": day(0), "end": day(1)}, {"start": day(8), "end": day(9)}], f"by {told(9)}"),
        ([{"start": day(5)}], f"on {told(5)}"),
        ([{"end": str(TODAY + timedelta(days=5))}], f"by {told(5)}"),
        ({"start": day(0), "end": day(1)}, None),
        ([{"start": day(0)}], None),
    ],
)
def test_a_period_counts_by_its_last_day(client: TestClient, periods: Any, says: str | None) -> None:
    found = book(client, appointment(requestedPeriod=periods), **WARNING)
    assert [card["summary"].split(";")[0] for card in found] == ([f"Appointment {says}"] if says else [])


@pytest.mark.parametrize(
    ("references", "is_ours"),
    [
        ([f"Patient/{PATIENT_ID}"], True),
        ([f"https://ehr.example.org/fhir/Patient/{PATIENT_ID}"], True),
        (["Practitioner/x", "Location/1"], True),
        (["Patient/other"], False),
        (["https://ehr.example.org/fhir/Patient/other"], False),
        (["Patient/other", f"Patient/{PATIENT_ID}"], True),
    ],
)
def test_an_appointment_of_another_patient_is_not_ours(
    client: TestClient, references: list[str], is_ours: bool
) -> None:
    assert len(book(client, appointment(day(9), **for_patient(*references)), **WARNING)) == is_ours


@pytest.mark.parametrize("participant", [7, [7], [{"actor": 7}], [{"actor": {"reference": 7}}], [{}]])
def test_odd_participants_make_no_other_patient(client: TestClient, participant: Any) -> None:
    assert len(book(client, appointment(day(9), participant=participant), **WARNING)) == 1


@pytest.mark.parametrize("status", ["cancelled", "entered-in-error", "noshow", "fulfilled"])
def test_an_appointment_that_will_not_be_is_no_appointment(client: TestClient, status: str) -> None:
    assert book(client, appointment(day(9), status=status), **WARNING) == []


def test_days_are_those_of_the_site(client: TestClient) -> None:
    """Noon in UTC of today may be tomorrow in Kiritimati, and of tomorrow still today in Honolulu."""
    late = datetime.now(UTC) + timedelta(hours=14)
    start = late.isoformat()
    for zone in ("Pacific/Kiritimati", "Pacific/Honolulu"):
        with client_with(timezone=zone) as local:
            expected = late.astimezone(ZoneInfo(zone)).date() > datetime.now(ZoneInfo(zone)).date()
            assert len(book(local, appointment(start), **CRITICAL)) == expected


def test_the_days_beside_a_warning_can_be_set() -> None:
    with client_with(thresholds={"appointment_warning_days": 5}) as client:
        assert book(client, appointment(day(5)), **WARNING) == []
        assert len(book(client, appointment(day(6)), **WARNING)) == 1


def test_without_an_appointment_of_this_patient_nothing_is_read(reading_client: TestClient, ehr: Ehr) -> None:
    for others in ([], [{"resourceType": "Slot"}], [appointment(day(3), **for_patient("Patient/other"))]):
        body = hook_call(HOOK, {"appointments": searchset(*others)}, fhirServer=ehr.base, prefetch={})
        assert cards(reading_client.post(f"/cds-services/calf-pain-{HOOK}", json=body)) == []
    assert ehr.seen == []
