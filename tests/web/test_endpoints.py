"""Discovery, health, methods and addresses."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service import __version__
from cds_service.fhir.value_sets import Terminology
from tests.calls import KEYS, SERVICE, assert_outcome, call, context, hook_call
from tests.charts import PATIENT_ID
from tests.rendering.test_drafts import empty_members


def service(client: TestClient) -> dict[str, Any]:
    listed = client.get("/cds-services").json()["services"]
    (found,) = [each for each in listed if each["id"] == "calf-pain-patient-view"]
    assert isinstance(found, dict)
    return found


def test_discovery_lists_the_service_with_all_that_it_asks_for(client: TestClient) -> None:
    response = client.get("/cds-services")
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert list(response.json()) == ["services"]
    listed = service(client)
    assert (listed["id"], listed["hook"]) == ("calf-pain-patient-view", "patient-view")
    assert all(listed[member] for member in ("title", "description", "usageRequirements"))
    assert tuple(listed["prefetch"]) == KEYS
    assert empty_members(response.json()) == []


def test_each_id_is_listed_once_and_answers_at_its_own_address(client: TestClient) -> None:
    """Clients such as the public sandbox keep one hook per id; handlers found by hook would answer for
    others.
    """
    services = client.get("/cds-services").json()["services"]
    assert len({listed["id"] for listed in services}) == len(services)
    for listed in services:
        assert listed["id"] == f"calf-pain-{listed['hook']}"
        response = client.post(f"/cds-services/{listed['id']}", json=hook_call(listed["hook"]))
        assert response.status_code == 200, response.text


def test_an_obedient_client_gets_cards(client: TestClient) -> None:
    """What is demanded is what is advertised: exactly the advertised keys suffice."""
    asked = service(client)["prefetch"]
    body = call()
    assert set(body["prefetch"]) == set(asked)
    assert client.post(SERVICE, json=body).status_code == 200


def test_a_suggestion_is_a_draft_for_who_asked_about_whom_and_at_which_visit(client: TestClient) -> None:
    body = call(context=context(userId="PractitionerRole/r-1", encounterId="visit-1"))
    (card,) = client.post(SERVICE, json=body).json()["cards"]
    (suggestion,) = card["suggestions"]
    (action,) = suggestion["actions"]
    drafted = action["resource"]
    assert (card["selectionBehavior"], action["type"], drafted["status"]) == ("any", "create", "draft")
    assert drafted["subject"] == {"reference": f"Patient/{PATIENT_ID}"}
    assert drafted["requester"] == {"reference": "PractitionerRole/r-1"}
    assert drafted["encounter"] == {"reference": "Encounter/visit-1"}
    assert drafted["reasonReference"] == [{"reference": "Condition/pain"}]


def test_nothing_is_done_without_asking(client: TestClient) -> None:
    assert "systemActions" not in client.post(SERVICE, json=call()).json()


def test_templates_use_only_what_clients_can_do(client: TestClient) -> None:
    """CDS Hooks 2.0.1, "Prefetch query restrictions": reads by id, searches by reference and by token
    equality.
    """
    for template in service(client)["prefetch"].values():
        assert re.findall(r"\{\{(.*?)\}\}", template) == ["context.patientId"]
        kind, _, query = template.partition("?")
        if not query:
            assert kind == "Patient/{{context.patientId}}"
            continue
        names = [part.partition("=")[0] for part in query.split("&")]
        assert len(names) == len(set(names)), "the public sandbox joins a repeated parameter with a comma"
        assert set(names) <= {"patient", "category", "code", "status"}
        assert not re.search(r"\d{4}-\d\d-\d\d|\s", query), "a literal date goes stale"


def test_measurements_are_asked_for_by_exactly_the_codes_that_are_read(client: TestClient) -> None:
    codes = service(client)["prefetch"]["measurements"].partition("&code=")[2].split(",")
    assert codes == [f"http://loinc.org|{code}" for code in Terminology().measurement_codes()]
    assert len(codes) > 10


def test_slashes_too_many_are_forgiven(client: TestClient) -> None:
    """Clients join the discovery address and the id as they are."""
    assert client.get("/cds-services/").json() == client.get("/cds-services").json()
    response = client.post("/cds-services//calf-pain-patient-view", json=call())
    assert (response.status_code, len(response.json()["cards"])) == (200, 1)


@pytest.mark.parametrize(
    ("path", "taken"),
    [("/cds-services", "GET"), ("/cds-services/", "GET"), ("/health", "GET"), (SERVICE, "POST")],
)
def test_other_methods_are_405_and_name_those_that_are_taken(client: TestClient, path: str, taken: str) -> None:
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} - {taken}:
        response = client.request(method, path)
        assert_outcome(response, 405)
        assert taken in response.headers["allow"].split(", ")


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/cds-service",
        "/cds-services/a/b",
        "/cds-services///x",
        f"{SERVICE}/feedback/x",
        "/%00",
        "/a%2fb",
    ],
)
def test_unknown_addresses_are_404(client: TestClient, path: str) -> None:
    assert_outcome(client.get(path), 404)


def test_health(client: TestClient) -> None:
    response = client.get("/health")
    assert (response.status_code, response.json()) == (200, {"status": "ok", "version": __version__})
