"""The feedback endpoint, and the journal that it joins."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service import __version__
from tests.calls import (
    FEEDBACK,
    SERVICE,
    accepted,
    assert_outcome,
    call,
    cards,
    context,
    hook_call,
    outcome,
    overridden,
    prefetch,
    searchset,
    without,
)
from tests.conftest import client_with
from tests.databases import card_rows, feedback_rows, journal_rows, sqlite_url, upgraded
from tests.ehr import Ehr


@pytest.fixture
def client(database: str) -> Iterator[TestClient]:
    with client_with(database_url=database, hash_key="k" * 32) as client:
        yield client


def send(client: TestClient, *entries: Any, path: str = FEEDBACK) -> Any:
    return client.post(path, json={"feedback": list(entries)})


def journal_of(url: str, count: int) -> list[dict[str, Any]]:
    """The journal as soon as it has so many rows."""
    deadline = time.monotonic() + 20
    while len(rows := journal_rows(url)) < count:
        assert time.monotonic() < deadline
    return rows


@pytest.mark.parametrize("path", [FEEDBACK, "/cds-services//calf-pain-patient-view/feedback"])
def test_feedback_is_stored_before_it_is_answered(client: TestClient, database: str, path: str) -> None:
    response = send(client, accepted("s1"), overridden(), path=path)
    assert (response.status_code, response.json()) == (200, {})
    assert {row["outcome"] for row in feedback_rows(database)} == {"accepted", "overridden"}
    assert {row["service"] for row in feedback_rows(database)} == {"calf-pain-patient-view"}


def test_feedback_joins_the_call_by_the_card(client: TestClient, database: str) -> None:
    (card,) = cards(client.post(SERVICE, json=call()))
    reason = {key: value for key, value in card["overrideReasons"][0].items() if key != "display"}
    sent = overridden(card=card["uuid"], overrideReason={"reason": reason, "userComment": "seen"})
    assert send(client, sent).status_code == 200
    (invocation,) = journal_of(database, 1)
    (feedback,) = feedback_rows(database)
    (listed,) = card_rows(database)
    assert (listed["card"], listed["invocation"]) == (feedback["card"], invocation["id"])
    assert (feedback["reason_code"], feedback["reason_system"]) == (reason["code"], reason["system"])


def test_what_epic_sends_is_kept(client: TestClient, database: str) -> None:
    """`overrideReasons`, and a member that is nobody's (docs/vendors/epic.md)."""
    told = {"reason": {"code": "other-cause", "system": "urn:x"}, "userComment": "seen by the vascular team"}
    assert send(client, overridden(overrideReasons=told, department="ward 3")).status_code == 200
    (row,) = feedback_rows(database)
    assert (row["reason_code"], row["user_comment"]) == ("other-cause", "seen by the vascular team")
    assert row["others"] == '{"department":"ward 3"}'


def test_a_malformed_entry_is_told_and_nothing_is_stored(client: TestClient, database: str) -> None:
    wrong = overridden(outcome="zebrafish")
    assert_outcome(send(client, accepted("s1"), overridden(), wrong), 400, "feedback[2].outcome", "accepted nor over")
    assert feedback_rows(database) == []


def test_other_refusals(client: TestClient) -> None:
    assert_outcome(send(client, accepted("s1"), path="/cds-services/none/feedback"), 404)
    assert_outcome(client.post(FEEDBACK, content=b"{}", headers={"content-type": "text/plain"}), 415)
    assert_outcome(client.get(FEEDBACK), 405)


def test_a_store_that_fails_is_never_a_silent_200(empty_database: str) -> None:
    with client_with(database_url=empty_database) as client:
        assert_outcome(send(client, accepted("s1")), 503, "", "was not stored", "Send it again")


def test_a_store_that_fails_costs_no_card(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "store.db")
    with client_with(database_url=url) as client:
        assert len(cards(client.post(SERVICE, json=call()))) == 1
        upgraded(url)
    assert len(journal_rows(url)) == 1


def test_what_the_journal_says_of_a_call(client: TestClient, database: str) -> None:
    (card,) = cards(client.post(SERVICE, json=call()))
    (row,) = journal_of(database, 1)
    assert row["status"] == "ok"
    assert (row["service"], row["hook"]) == ("calf-pain-patient-view", "patient-view")
    assert (row["indicator"], row["client"], row["tenant"]) == (card["indicator"], "", "")
    assert (row["resources"], row["facts"], row["gaps"], row["left_out"]) == (1, 1, 0, 0)
    assert row["ms"] > row["fhir_ms"] == 0
    assert row["knowledge"].startswith(f"{__version__}+")
    assert row["hook_instance"] == call()["hookInstance"]


def test_what_the_journal_says_of_calls_without_a_card(client: TestClient, database: str) -> None:
    """Quiet, without a usable Patient, malformed, and not for a clinician."""
    quiet = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    client.post(SERVICE, json=call(prefetch=prefetch(conditions=quiet)))
    client.post(SERVICE, json=call(prefetch=prefetch(patient=outcome())))
    client.post(SERVICE, json=call(hook="order-sign"))
    client.post(SERVICE, json=call(context=context(userId="Patient/p1")))
    found = journal_of(database, 4)
    assert [row["status"] for row in found] == ["ok", "required", "invalid", "ok"]
    assert [row["indicator"] for row in found] == [None] * 4
    assert [row["patient_hash"] is None for row in found] == [False, False, True, False]
    assert len({row["patient_hash"] for row in found} - {None}) == 1
    assert len({row["user_hash"] for row in found} - {None}) == 2
    assert card_rows(database) == []


def test_the_journal_tells_the_time_of_reading_the_ehr(database: str, ehr: Ehr) -> None:
    ehr.answers = {"/Procedure": searchset()}
    with client_with(database_url=database, fhir_servers=(ehr.base,)) as client:
        client.post(SERVICE, json=call(prefetch=without(prefetch(), "procedures"), fhirServer=ehr.base))
    (row,) = journal_rows(database)
    assert ehr.asked == ["Procedure"]
    assert row["ms"] > row["fhir_ms"] > 0


def test_the_journal_tells_the_time_of_reading_the_medicines_of_drafts(database: str, ehr: Ehr) -> None:
    draft = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": "Medication/a"},
    }
    ehr.answers = {"/Medication/a": {"resourceType": "Medication", "id": "a"}}
    body = hook_call("order-sign", {"draftOrders": searchset(draft)}, prefetch=prefetch(), fhirServer=ehr.base)
    with client_with(database_url=database, fhir_servers=(ehr.base,)) as client:
        assert client.post("/cds-services/calf-pain-order-sign", json=body).status_code == 200
    (row,) = journal_rows(database)
    assert ehr.asked == ["Medication/a"]
    assert row["ms"] > row["fhir_ms"] > 0
