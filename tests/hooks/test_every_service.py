"""What holds for each service alike, through its real address."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.calls import (
    CALF_PAIN,
    assert_outcome,
    authorization,
    cards,
    context,
    hook_call,
    outcome,
    post_hook,
    prefetch,
    searchset,
    without,
)
from tests.charts import patient
from tests.conftest import client_with
from tests.databases import card_rows, journal_rows
from tests.ehr import Ehr

SEVERE = searchset({"observation": "loinc|72514-3", "at": -1, "value": 8})
NEXT_WEEK = (datetime.now(UTC) + timedelta(days=7)).isoformat()
NEWLY_DVT = searchset({"condition": "sct|404223003", "id": "new", "side": "left"})
LATE = {"resourceType": "Bundle", "entry": [{"resource": {"resourceType": "Appointment", "start": NEXT_WEEK}}]}
# What each hook's context adds for a call that gets a card beside calf pain with a score of 8.
SPEAKING: dict[str, dict[str, Any]] = {
    "patient-view": {},
    "encounter-start": {"encounterId": "e1"},
    "encounter-discharge": {"encounterId": "e1"},
    "problem-list-item-create": {"conditions": NEWLY_DVT},
    "appointment-book": {"appointments": LATE},
}
HOOKS = list(SPEAKING)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["Condition", "2026-11-30"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["resourceType", "id", "code", "coding", "start", "end", "participant", "actor", "reference"]
            )
            | st.text(max_size=5),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
MEMBERS = (
    "id",
    "code",
    "start",
    "requestedPeriod",
    "participant",
    "clinicalStatus",
    "onsetDateTime",
    "subject",
    "status",
)


def speak(client: TestClient, hook: str, who: str = "Practitioner/example", **prefetched: Any) -> Any:
    return post_hook(client, hook, {**SPEAKING[hook], "userId": who}, **{"findings": SEVERE, **prefetched})


@pytest.mark.parametrize("hook", HOOKS)
def test_a_call_with_something_to_say_gets_one_card(client: TestClient, hook: str) -> None:
    (card,) = cards(speak(client, hook))
    assert card["indicator"] == ("critical" if hook == "problem-list-item-create" else "warning")
    assert len(card["summary"]) < 140
    assert card["uuid"] and card["source"]["label"] and card["overrideReasons"]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/r1"])
def test_cards_are_for_clinicians(client: TestClient, hook: str, user: str) -> None:
    assert cards(speak(client, hook, user)) == []


@pytest.mark.parametrize("hook", HOOKS)
def test_without_a_leg_complaint_there_is_no_card(client: TestClient, hook: str) -> None:
    quiet: dict[str, Any] = {"conditions": searchset(), "findings": searchset()}
    members = {**SPEAKING[hook]}
    if "conditions" in members:
        members["conditions"] = searchset({"condition": "sct|38341003", "id": "new"})
    assert cards(post_hook(client, hook, members, **quiet)) == []


@pytest.mark.parametrize("hook", HOOKS)
def test_without_what_decides_it_is_412(client: TestClient, hook: str) -> None:
    address, members = f"/cds-services/calf-pain-{hook}", SPEAKING[hook]
    nothing = client.post(address, json=hook_call(hook, members, prefetch={}))
    assert_outcome(nothing, 412, "prefetch.patient")
    only_patient = client.post(address, json=hook_call(hook, members, prefetch={"patient": patient()}))
    assert_outcome(only_patient, 412, "prefetch.conditions", "neither Conditions nor Observations")


@pytest.mark.parametrize("hook", HOOKS)
def test_a_chart_of_another_patient_is_refused(client: TestClient, hook: str) -> None:
    assert_outcome(speak(client, hook, patient=patient(id="other")), 400, "prefetch.patient", "another id")


@pytest.mark.parametrize("hook", HOOKS)
def test_the_hook_is_that_of_the_service(client: TestClient, hook: str) -> None:
    other = "encounter-start" if hook != "encounter-start" else "patient-view"
    response = client.post(f"/cds-services/calf-pain-{hook}", json=hook_call(other, SPEAKING[hook]))
    assert_outcome(response, 400, "hook", f"not {hook}, the hook of this service")


@pytest.mark.parametrize("hook", HOOKS)
def test_what_was_not_sent_is_read(reading_client: TestClient, ehr: Ehr, hook: str) -> None:
    ehr.answers["/Patient/p1"] = patient()
    ehr.answers["/Condition"] = searchset(CALF_PAIN)
    ehr.answers["/Observation"] = SEVERE
    body = hook_call(hook, SPEAKING[hook], fhirServer=ehr.base, fhirAuthorization=authorization())
    assert len(cards(reading_client.post(f"/cds-services/calf-pain-{hook}", json=without(body, "prefetch")))) == 1
    assert "Patient/p1" in ehr.asked


@pytest.mark.parametrize("hook", HOOKS)
def test_what_could_not_be_read_is_told(client: TestClient, hook: str) -> None:
    (card,) = cards(speak(client, hook, medications=outcome()))
    assert "active medicines could not be supplied" in card["detail"]


def test_the_journal_names_service_and_hook(database: str) -> None:
    with client_with(database_url=database) as client:
        uuids = {cards(speak(client, hook))[0]["uuid"] for hook in HOOKS}
    rows = journal_rows(database)
    assert {(row["service"], row["hook"]) for row in rows} == {(f"calf-pain-{hook}", hook) for hook in HOOKS}
    assert all(row["status"] == "ok" and row["rules"] and row["indicator"] for row in rows)
    assert {row["card"] for row in card_rows(database)} == uuids


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    hook=st.sampled_from(["problem-list-item-create", "appointment-book"]),
    drafts=st.lists(
        st.fixed_dictionaries(
            {"resourceType": st.sampled_from(["Condition", "Appointment", "Slot"])},
            optional=dict.fromkeys(MEMBERS, JSON),
        ),
        max_size=3,
    )
    | JSON,
    listed=st.booleans(),
)
def test_no_draft_breaks_a_service(client: TestClient, hook: str, drafts: Any, listed: bool) -> None:
    """Drafts of odd shapes are answered by cards, or by an error that names the member."""
    entries = [{"resource": each} for each in drafts] if isinstance(drafts, list) else drafts
    bundle = drafts if listed else {"resourceType": "Bundle", "entry": entries}
    member = next(iter(SPEAKING[hook]))
    body = hook_call(hook, context=context(**{member: bundle}), prefetch=prefetch(findings=SEVERE))
    response = client.post(
        f"/cds-services/calf-pain-{hook}", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    if response.status_code == 200:
        assert isinstance(response.json()["cards"], list)
    else:
        assert_outcome(response, 400, f"context.{member}")
