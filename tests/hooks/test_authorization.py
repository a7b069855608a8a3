"""What `fhirAuthorization` says of its token is understood before anything is read, and the card says what it leaves
out.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from cds_service.addresses import ANY
from cds_service.fhir.client import FhirClient, pooled_http
from cds_service.fhir.page import Material
from cds_service.hooks.context import read_call
from cds_service.hooks.prefetch import Prefetch, chart_needs
from cds_service.security.caller import Caller
from cds_service.security.outbound import AllowedServers
from tests.calls import (
    CALF_PAIN,
    TOLD,
    assert_outcome,
    authorization,
    call,
    cards,
    detail,
    next_link,
    post,
    prefetch,
    searchset,
    without,
)
from tests.charts import PATIENT_ID, patient
from tests.conftest import client_with
from tests.ehr import Ehr, never

TYPES = ("Patient", "Condition", "Observation", "MedicationRequest", "Procedure")


@pytest.fixture(autouse=True)
def chart(ehr: Ehr) -> None:
    ehr.answers = {f"/{kind}": searchset() for kind in TYPES}
    ehr.answers |= {"/Patient/p1": patient(), "/Condition": searchset(CALF_PAIN)}


def answer(client: TestClient, ehr: Ehr, sent: dict[str, Any] | None = None, **members: Any) -> Any:
    return post(client, prefetch=sent or {}, fhirServer=ehr.base, fhirAuthorization=authorization(**members))


def test_what_the_scopes_leave_out_is_not_asked_and_is_told(reading_client: TestClient, ehr: Ehr) -> None:
    scope = "patient/Patient.read patient/Condition.read user/Observation.rs"
    text = detail(answer(reading_client, ehr, scope=scope))
    assert ehr.asked == ["Condition", "Observation", "Observation", "Patient/p1"]
    assert "active medicines could not be read: the access token does not cover it" in text
    assert "procedures could not be read: the access token does not cover it" in text
    assert TOLD in text


def test_a_granular_scope_narrows_the_search_and_is_told(reading_client: TestClient, ehr: Ehr) -> None:
    text = detail(answer(reading_client, ehr, scope="user/*.rs user/Observation.r"))
    assert "could not be read" not in text
    ehr.seen.clear()
    others = " ".join(f"user/{kind}.rs" for kind in TYPES if kind != "Condition")
    text = detail(
        answer(reading_client, ehr, scope=f"{others} user/Condition.rs?category=http://x|encounter-diagnosis")
    )
    assert "problems and diagnoses could not be read completely: the access token covers only a part of it" in text
    (asked,) = [request for request in ehr.seen if request.url.path.endswith("Condition")]
    assert parse_qs(asked.url.query) == {
        "patient": ["p1"],
        "category": ["http://x|encounter-diagnosis"],
        "_count": ["200"],
    }


def test_without_leave_to_read_the_patient_it_is_412(reading_client: TestClient, ehr: Ehr) -> None:
    refused = answer(reading_client, ehr, scope="patient/Observation.read")
    assert_outcome(refused, 412, "prefetch.patient", "the access token does not cover it")
    assert ehr.asked == ["Observation", "Observation"]


@pytest.mark.parametrize("expires_in", [0, -300])
def test_an_expired_token_is_not_sent(reading_client: TestClient, ehr: Ehr, expires_in: int) -> None:
    text = detail(answer(reading_client, ehr, without(prefetch(), "procedures"), expires_in=expires_in))
    assert "procedures could not be read: the access token had expired" in text
    assert_outcome(answer(reading_client, ehr, expires_in=expires_in), 412, "prefetch.patient", "had expired")
    assert ehr.seen == []


def test_an_expired_token_beside_a_whole_prefetch_is_no_matter(reading_client: TestClient, ehr: Ehr) -> None:
    assert "expired" not in detail(answer(reading_client, ehr, prefetch(), expires_in=0))


def test_reading_ends_when_the_token_does(ehr: Ehr) -> None:
    ehr.answers["/Procedure"] = never
    started = time.monotonic()
    with client_with(fhir_servers=(ehr.base,), fhir_timeout=30) as patient_client:
        text = detail(answer(patient_client, ehr, without(prefetch(), "procedures"), expires_in=1))
    assert "procedures could not be read: the EHR took too long" in text
    assert time.monotonic() - started < 10


def test_a_token_that_was_taken_back_is_told_and_not_tried_again(reading_client: TestClient, ehr: Ehr) -> None:
    ehr.answers["/Procedure"] = Response(status_code=401)
    text = detail(answer(reading_client, ehr, without(prefetch(), "procedures")))
    assert "procedures could not be read: the EHR did not accept the access token" in text
    assert ehr.asked == ["Procedure"]


class TestPatientOfTheToken:
    """CDS Hooks 2.0.1, "Passing the Access Token": with patient-level scopes the token is restricted to `patient`.

    One for another patient is no broken request: the prefetch may hold all. It reads nothing of this patient.
    """

    @pytest.mark.parametrize(
        "members", [{}, {"patient": PATIENT_ID}, {"patient": ""}, {"patient": f"Patient/{PATIENT_ID}"}]
    )
    def test_the_patient_in_context_is_read(
        self, reading_client: TestClient, ehr: Ehr, members: dict[str, Any]
    ) -> None:
        assert "could not be read" not in detail(answer(reading_client, ehr, scope="patient/*.read", **members))

    def test_with_patient_scopes_another_is_not_read(self, reading_client: TestClient, ehr: Ehr) -> None:
        sent = without(prefetch(), "procedures")
        text = detail(answer(reading_client, ehr, sent, scope="patient/*.rs", patient="p2"))
        assert "procedures could not be read: the access token is for another patient" in text
        assert ehr.seen == []

    def test_user_scopes_are_for_every_patient(self, reading_client: TestClient, ehr: Ehr) -> None:
        assert "could not be read" not in detail(answer(reading_client, ehr, scope="user/*.rs", patient="p2"))


def test_a_next_link_is_followed_only_with_a_token_for_the_whole_search(reading_client: TestClient, ehr: Ehr) -> None:
    ehr.answers["/page2"] = searchset()
    sent = prefetch(conditions=searchset(CALF_PAIN, **next_link(f"{ehr.base}/page2")))
    covered = detail(answer(reading_client, ehr, sent, scope="patient/Condition.s"))
    assert (ehr.asked, "could not be read" in covered) == (["page2"], False)
    ehr.seen.clear()
    for scope, why in (
        ("patient/Patient.read", "the access token does not cover it"),
        ("user/Condition.rs?category=encounter-diagnosis", "the access token covers only a part of it"),
    ):
        text = detail(answer(reading_client, ehr, sent, scope=scope))
        assert f"problems and diagnoses could not be read: {why}" in text
        assert TOLD in text
    assert ehr.seen == []


def test_one_line_of_the_log_counts_the_reads_of_a_call(ehr: Ehr) -> None:
    ehr.answers["/Procedure"] = Response(status_code=403)
    ehr.answers["/Condition"] = searchset(CALF_PAIN, **next_link("Condition?page=2"))
    with capture_logs() as lines, client_with(fhir_servers=(ehr.base,)) as client:
        cards(answer(client, ehr))
        cards(answer(client, ehr, prefetch()))
    (line,) = [line for line in lines if line["event"] == "FHIR reads"]
    assert line.pop("ms") > 0
    assert line == {"event": "FHIR reads", "log_level": "info", "keys": 6, "failed": 2, "requests": 7}


def test_the_numbers_are_offered_to_a_journal(ehr: Ehr) -> None:
    body = call(prefetch=without(prefetch(), "procedures"), fhirServer=ehr.base)
    read = read_call(json.dumps(body).encode(), "patient-view")

    async def completed() -> Material:
        async with pooled_http(2) as http:
            client = FhirClient(http, 100_000)
            completion = Prefetch(chart_needs([]), client.read, 2)
            received = completion.received(read)
            anywhere = Caller(None, "", AllowedServers((ANY,)))
            await completion.read(received, read, anywhere, completion.source(read, anywhere))
            return completion.material(received)

    material = asyncio.run(completed())
    assert material.requests == 1
    assert material.read_ms > 0
