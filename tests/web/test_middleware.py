"""Around every request: CORS headers, one line of log, and an answer even when the fault is ours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from cds_service.hooks.service import OpenService
from tests.calls import (
    CALF_PAIN,
    SERVICE,
    assert_outcome,
    authorization,
    call,
    context,
    prefetch,
    searchset,
    without,
)
from tests.charts import PATIENT_ID, patient
from tests.conftest import client_with
from tests.databases import sqlite_url, upgraded
from tests.ehr import Ehr

ORIGIN = {"origin": "https://sandbox.cds-hooks.org"}


def preflight(client: TestClient, path: str = SERVICE, **headers: str) -> Any:
    asked = {"access-control-request-method": "POST", **ORIGIN}
    return client.options(path, headers={**asked, **{k.replace("_", "-"): v for k, v in headers.items()}})


class TestCrossOrigin:
    def test_any_browser_may_call_without_credentials(self, client: TestClient) -> None:
        response = client.post(SERVICE, json=call(), headers=ORIGIN)
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in response.headers

    @pytest.mark.parametrize("path", ["/cds-services", SERVICE])
    def test_a_preflight_allows_a_token_and_json_and_is_remembered(self, client: TestClient, path: str) -> None:
        response = preflight(client, path, access_control_request_headers="authorization,content-type")
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == "*"
        assert {"authorization", "content-type"} <= {
            name.strip().lower() for name in response.headers["access-control-allow-headers"].split(",")
        }
        assert response.headers["access-control-allow-methods"] == "GET, POST"
        assert response.headers["access-control-max-age"] == "600"

    def test_the_private_network_preflight_of_older_browsers_is_answered(self, client: TestClient) -> None:
        response = preflight(client, access_control_request_private_network="true")
        assert response.headers["access-control-allow-private-network"] == "true"

    def test_error_answers_carry_the_header_or_a_browser_cannot_show_them(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        client = client_with(max_body=2048)
        errors = [
            (client.post(SERVICE, content=b"x", headers={**ORIGIN, "content-type": "text/plain"}), 415),
            (client.post(SERVICE, json=[" " * 3000], headers=ORIGIN), 413),
            (client.post(SERVICE, json=[], headers=ORIGIN), 400),
            (client.post(SERVICE, json=call(prefetch={}), headers=ORIGIN), 412),
            (client.post("/cds-services/none", json={}, headers=ORIGIN), 404),
            (client.get(SERVICE, headers=ORIGIN), 405),
        ]
        monkeypatch.setattr(OpenService, "handle", None)
        small = call(prefetch={})
        errors.append((client.post(SERVICE, json=small, headers=ORIGIN), 500))
        for response, status in errors:
            assert response.status_code == status
            assert response.headers["access-control-allow-origin"] == "*"

    def test_with_a_list_of_origins_only_those_may_call(self) -> None:
        client = client_with(cors_origins="https://ehr.example.org,https://sandbox.cds-hooks.org")
        allowed = client.get("/cds-services", headers=ORIGIN)
        assert allowed.headers["access-control-allow-origin"] == ORIGIN["origin"]
        other = client.get("/cds-services", headers={"origin": "https://other.example.org"})
        assert "access-control-allow-origin" not in other.headers
        assert preflight(client).status_code == 200
        assert_outcome(preflight(client, origin="https://other.example.org"), 400, "", "origin")

    def test_a_refused_preflight_is_an_outcome_too(self, client: TestClient) -> None:
        assert_outcome(preflight(client, access_control_request_method="DELETE"), 400)
        assert_outcome(preflight(client, access_control_request_headers="x-secret"), 400)


class TestFaults:
    def test_a_fault_is_told_by_a_number_and_logged_without_values(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What the log gets must not hold the chart: a message such as pydantic's quotes what it could not
        read.
        """

        async def faulty(self: OpenService, call: Any, *_: Any) -> Any:
            try:
                int("Zebrafish")
            except ValueError as error:
                raise KeyError(f"{call.patient_id} Zebrafish") from error

        monkeypatch.setattr(OpenService, "handle", faulty)
        with capture_logs() as lines:
            diagnostics = assert_outcome(client_with().post(SERVICE, json=call()), 500, "", "nothing was assessed")
        fault, request = lines
        assert fault["request_id"] == request["request_id"]
        assert fault["request_id"] in diagnostics
        assert fault["error"] == ["KeyError", "ValueError"]
        assert any(frame.endswith(" faulty") for frame in fault["frames"])
        assert "Zebrafish" not in repr(lines) + diagnostics
        assert request["status"] == 500

    def test_a_fault_is_never_an_empty_list_of_cards(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """An EHR must be able to tell "nothing found" from "did not look"; the next call is served as ever."""
        client = client_with()
        with monkeypatch.context() as patch:
            patch.setattr(OpenService, "handle", None)
            assert_outcome(client.post(SERVICE, json=call()), 500)
        assert len(client.post(SERVICE, json=call()).json()["cards"]) == 1


class TestLog:
    def test_one_line_per_request_with_nothing_of_the_caller_in_it(self, client: TestClient) -> None:
        body = call(
            context=context(patientId="Zebrafish", userId="Practitioner/Zebrafish"),
            prefetch=prefetch(patient=patient(id="Zebrafish")),
            fhirServer="https://zebrafish.example.org/fhir",
            fhirAuthorization={**authorization(), "access_token": "Zebrafish"},
        )
        headers = {
            "user-agent": "Zebrafish",
            "x-request-id": "Zebrafish",
            "authorization": "Bearer Zebrafish",
        }
        with capture_logs() as lines:
            client.post(f"{SERVICE}?patient=Zebrafish", json=body, headers=headers)
            client.get("/Zebrafish/Zebrafish?Zebrafish")
            client.post("/cds-services/Zebrafish", json=body)
            client.request("ZEBRAFISH", "/cds-services")
            client.post(SERVICE, json={**body, "hookInstance": "Zebrafish"})
        assert "zebrafish" not in repr(lines).lower()
        assert [(line["method"], line["route"], line["status"]) for line in lines] == [
            ("POST", "/cds-services/{id}", 200),
            ("GET", "none", 404),
            ("POST", "/cds-services/{id}", 404),
            ("other", "/cds-services", 405),
            ("POST", "/cds-services/{id}", 400),
        ]
        assert len({line["request_id"] for line in lines}) == 5
        assert all(line["ms"] >= 0 for line in lines)

    def test_what_is_told_of_a_chart_and_of_reads_quotes_nothing_of_them(self, tmp_path: Path, ehr: Ehr) -> None:
        """Code systems that are not read, medicines that cannot be read, members that were not needed, and a server
        that shows only the Patient.
        """
        store = upgraded(sqlite_url(tmp_path / "store.db"))
        zebrafish = {"coding": [{"system": "Zebrafish:17", "code": "Zebrafish", "display": "Zebrafish"}]}
        order = {"medicationReference": {"reference": "Medication/Zebrafish", "display": "Zebrafish"}}
        chart = prefetch(
            conditions=searchset(CALF_PAIN),
            findings=searchset({"observation": [], "members": {"code": {**zebrafish, "text": "Zebrafish"}}}),
            medications=searchset({"medication": [], "members": order}),
        )
        server = {"fhirServer": ehr.base, "fhirAuthorization": authorization()}
        odd = {"fhirServer": ehr.base, "fhirAuthorization": {**authorization(), "token_type": "Zebrafish"}}
        outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "diagnostics": "Zebrafish"}]}
        ehr.answers = {"/Medication/Zebrafish": outcome, f"/Patient/{PATIENT_ID}": patient()}
        ehr.otherwise = searchset()
        with capture_logs() as lines, client_with(database_url=store, fhir_servers=(ehr.base,)) as client:
            client.post(SERVICE, json=call(prefetch=chart, context=context(encounterId="Zebra fish"), **server))
            client.post(SERVICE, json=call(prefetch=chart, **odd))
            client.post(SERVICE, json=without(call(**server), "prefetch"))
        told = repr(lines)
        for expected in ("medicines read", "none that is a URI", "encounterId", "token_type", "only the Patient"):
            assert expected in told
        assert "zebra" not in told.lower()

    def test_an_error_says_in_the_log_what_it_says_to_the_caller(self, client: TestClient) -> None:
        """In the public sandbox an error looks like "no cards"; whoever integrates the service needs the log."""
        with capture_logs() as lines:
            diagnostics = assert_outcome(client.post(SERVICE, json=call(hook="x")), 400, "hook")
        assert lines[0]["problem"] == diagnostics
