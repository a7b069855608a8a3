"""What was not sent is read from the EHR, page by page, within one deadline; what cannot be had is told."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from cds_service.fhir.value_sets import Terminology
from tests.calls import (
    CALF_PAIN,
    SERVICE,
    TOLD,
    assert_outcome,
    authorization,
    call,
    cards,
    detail,
    next_link,
    outcome,
    post,
    prefetch,
    searchset,
    without,
    without_now,
)
from tests.charts import patient
from tests.conftest import client_with
from tests.ehr import Ehr, never

SEVERE = {"observation": "loinc|72514-3", "id": "score", "at": "-2h", "value": 9, "site": "sct|53840002"}


class TestRead:
    @pytest.fixture(autouse=True)
    def chart(self, ehr: Ehr) -> None:
        ehr.answers = {
            "/Patient/p1": patient(),
            "/Condition": searchset(CALF_PAIN),
            "/Observation": searchset(),
            "/MedicationRequest": searchset(),
            "/Procedure": searchset(),
        }

    def test_what_was_not_sent_is_read_and_gives_the_same_card(self, reading_client: TestClient, ehr: Ehr) -> None:
        (sent,) = cards(post(reading_client))
        response = post(reading_client, prefetch={}, fhirServer=ehr.base, fhirAuthorization=authorization())
        (read,) = cards(response)
        assert without_now(json.dumps(read)) == without_now(json.dumps({**sent, "uuid": read["uuid"]}))
        assert TOLD in read["detail"]
        assert ehr.asked == [
            "Condition",
            "MedicationRequest",
            "Observation",
            "Observation",
            "Patient/p1",
            "Procedure",
        ]
        assert {request.headers["authorization"] for request in ehr.seen} == {"Bearer some-opaque-token"}
        assert {request.headers["accept"] for request in ehr.seen} == {"application/fhir+json"}

    def test_the_queries_are_those_of_discovery_with_large_pages(self, reading_client: TestClient, ehr: Ehr) -> None:
        post(reading_client, prefetch={}, fhirServer=f"{ehr.base}/")
        asked = {request.url.path: parse_qs(request.url.query) for request in ehr.seen if "Obs" not in request.url.path}
        assert asked["/fhir/Condition"] == {
            "patient": ["p1"],
            "category": ["problem-list-item,encounter-diagnosis,health-concern"],
            "_count": ["200"],
        }
        assert asked["/fhir/MedicationRequest"] == {"patient": ["p1"], "status": ["active"], "_count": ["200"]}
        assert asked["/fhir/Patient/p1"] == {}
        codes = ",".join(f"http://loinc.org|{code}" for code in Terminology().measurement_codes())
        queries = [parse_qs(request.url.query) for request in ehr.seen if request.url.path == "/fhir/Observation"]
        assert {"patient": ["p1"], "code": [codes], "_count": ["200"]} in queries

    def test_without_a_token_none_is_sent(self, reading_client: TestClient, ehr: Ehr) -> None:
        post(reading_client, prefetch=without(prefetch(), "procedures"), fhirServer=ehr.base)
        (request,) = ehr.seen
        assert "authorization" not in request.headers

    def test_only_what_is_missing_is_read(self, reading_client: TestClient, ehr: Ehr) -> None:
        text = detail(post(reading_client, prefetch=without(prefetch(), "procedures"), fhirServer=ehr.base))
        assert ehr.asked == ["Procedure"]
        assert "could not" not in text
        assert "were not sent" not in text

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 429, 500, 503, 302])
    def test_a_failing_ehr_gives_an_honest_lesser_card(self, reading_client: TestClient, ehr: Ehr, status: int) -> None:
        ehr.answers["/MedicationRequest"] = Response(status_code=status, headers={"location": f"{ehr.base}/Procedure"})
        text = detail(post(reading_client, prefetch=without(prefetch(), "medications"), fhirServer=ehr.base))
        assert "active medicines could not be read: the EHR" in text
        assert set(ehr.asked) == {"MedicationRequest"}, "a redirect is not followed"

    def test_other_resources_than_those_asked_for_are_told(self, reading_client: TestClient, ehr: Ehr) -> None:
        ehr.answers["/MedicationRequest"] = searchset(CALF_PAIN)
        text = detail(post(reading_client, prefetch=without(prefetch(), "medications"), fhirServer=ehr.base))
        assert "active medicines could not be read: the EHR sent other resources than MedicationRequest" in text

    def test_without_patient_or_chart_it_is_412(self, reading_client: TestClient, ehr: Ehr) -> None:
        del ehr.answers["/Patient/p1"]
        assert_outcome(
            post(reading_client, prefetch={}, fhirServer=ehr.base), 412, "prefetch.patient", "did not find it"
        )
        ehr.answers = {"/Patient/p1": patient()}
        assert_outcome(post(reading_client, prefetch={}, fhirServer=ehr.base), 412, "prefetch.conditions", "neither")

    def test_a_read_patient_of_another_id_is_refused(self, reading_client: TestClient, ehr: Ehr) -> None:
        ehr.answers["/Patient/p1"] = patient(id="p2")
        assert_outcome(post(reading_client, prefetch={}, fhirServer=ehr.base), 400, "prefetch.patient")

    def test_all_reads_of_a_call_share_one_deadline(self, reading_client: TestClient, ehr: Ehr) -> None:
        for path in ("/Observation", "/MedicationRequest", "/Procedure"):
            ehr.answers[path] = never
        started = time.monotonic()
        text = detail(post(reading_client, prefetch={}, fhirServer=ehr.base))
        assert time.monotonic() - started < 2.5, "the time limit of these tests is one second for all reads together"
        assert text.count("could not be read: the EHR took too long") >= 3
        assert TOLD in text

    def test_a_slow_ehr_holds_up_nobody_else(self, reading_client: TestClient, ehr: Ehr) -> None:
        ehr.answers["/Procedure"] = never
        slow = call(prefetch=without(prefetch(), "procedures"), fhirServer=ehr.base)
        with ThreadPoolExecutor(1) as other:
            waiting = other.submit(reading_client.post, SERVICE, json=slow)
            while not ehr.seen:
                time.sleep(0.01)
            started = time.monotonic()
            assert post(reading_client).status_code == 200
            assert time.monotonic() - started < 0.5
            assert not waiting.done()
            assert waiting.result().status_code == 200


class TestNothingFound:
    """A Patient and nothing else: a new patient, or a token, a query or a server that hides everything."""

    @pytest.fixture
    def searches(self, ehr: Ehr) -> None:
        ehr.answers = {"/Patient/p1": patient()}
        ehr.answers |= {f"/{kind}": searchset() for kind in ("Condition", "MedicationRequest", "Procedure")}
        ehr.answers["/Observation"] = searchset(outcome("warning"))  # as Epic tells that there is nothing

    def hints(self, ehr: Ehr, **members: Any) -> list[Any]:
        with capture_logs() as lines, client_with(fhir_servers=(ehr.base,)) as client:
            for _ in range(2):
                assert cards(post(client, **{"prefetch": {}, "fhirServer": ehr.base, **members})) == []
        return [line for line in lines if line["event"] == "only the Patient is found"]

    def test_is_told_once_with_what_may_be_wrong(self, ehr: Ehr, searches: None) -> None:
        (hint,) = self.hints(ehr)
        assert (hint["log_level"], hint["client"]) == ("warning", "")
        assert "scopes" in hint["hint"]

    def test_is_not_told_where_anything_was_found_failed_or_was_sent(self, ehr: Ehr, searches: None) -> None:
        assert self.hints(ehr, prefetch={"procedures": None}) == []
        ehr.answers["/Procedure"] = searchset({"resourceType": "Procedure", "id": "x", "status": "completed"})
        assert self.hints(ehr) == []
        ehr.answers["/Procedure"] = Response(status_code=403)
        assert self.hints(ehr) == []


class TestPages:
    def test_the_pages_after_the_one_sent_are_read(self, reading_client: TestClient, ehr: Ehr) -> None:
        """A chart that only pages on must get the same card as one sent whole."""
        ehr.answers["/page2"] = searchset(**next_link(f"{ehr.base}/page3"))
        ehr.answers["/page3"] = searchset(SEVERE)
        first = searchset(**next_link(f"{ehr.base}/page2"))
        response = post(reading_client, prefetch=prefetch(measurements=first), fhirServer=ehr.base)
        assert cards(response)[0]["indicator"] == "warning"
        assert "only in part" not in response.text
        assert ehr.asked == ["page2", "page3"]

    def test_pages_of_what_is_read_are_read(self, reading_client: TestClient, ehr: Ehr) -> None:
        ehr.answers["/Condition"] = searchset(**next_link("Condition2?page=2"))
        ehr.answers["/Condition2"] = searchset(CALF_PAIN)
        response = post(reading_client, prefetch=without(prefetch(), "conditions"), fhirServer=ehr.base)
        assert TOLD in detail(response)

    @pytest.mark.parametrize("server", [None, "https://unlisted.example.org/fhir"])
    def test_where_they_cannot_be_read_the_gap_is_told(self, client: TestClient, ehr: Ehr, server: Any) -> None:
        first = searchset(CALF_PAIN, **next_link(f"{ehr.base}/page2"))
        text = detail(post(client, prefetch=prefetch(conditions=first), fhirServer=server))
        assert "problems and diagnoses were sent only in part, and" in text
        assert TOLD in text
        assert ehr.seen == []

    def test_a_next_link_to_another_place_is_not_followed(self, reading_client: TestClient, ehr: Ehr) -> None:
        port = ehr.base.split(":")[2].removesuffix("/fhir")
        elsewhere = [
            "http://127.0.0.1:1/fhir/page2",
            f"http://localhost:{port}/fhir/page2",
            ehr.base + "/../admin",
            ehr.base + "/..;/admin",
            ehr.base + "/%252e%252e/admin",
        ]
        for url in (
            *elsewhere,
            ehr.base.removesuffix("/fhir") + "/admin",
            f"//127.0.0.1:{port}/admin",
            "file:///etc",
        ):
            first = searchset(CALF_PAIN, **next_link(url))
            text = detail(post(reading_client, prefetch=prefetch(conditions=first), fhirServer=ehr.base))
            assert "could not be read: the EHR referred to an address outside its FHIR server" in text
        assert ehr.seen == []

    def test_pages_that_lead_back_are_told(self, reading_client: TestClient, ehr: Ehr) -> None:
        """An EHR whose last page points to itself."""
        ehr.answers["/Condition"] = searchset(CALF_PAIN, **next_link("Condition"))
        response = post(reading_client, prefetch=without(prefetch(), "conditions"), fhirServer=ehr.base)
        assert "could not be read completely: its pages lead back to one that was read" in detail(response)
        assert len(ehr.seen) == 2

    def test_what_was_read_before_a_page_failed_is_kept(self, reading_client: TestClient, ehr: Ehr) -> None:
        first = searchset(CALF_PAIN, **next_link(f"{ehr.base}/gone"))
        text = detail(post(reading_client, prefetch=prefetch(conditions=first), fhirServer=ehr.base))
        assert TOLD in text
        assert "could not be read" in text
