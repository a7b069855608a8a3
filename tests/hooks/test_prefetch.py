"""Each way in which data can come, or fail to come, has one defined effect."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient

from cds_service.facts import Topic
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.prefetch import chart_needs
from tests.calls import (
    CALF_PAIN,
    KEYS,
    SERVICE,
    assert_outcome,
    authorization,
    call,
    next_link,
    outcome,
    prefetch,
    searchset,
    without,
)
from tests.charts import patient
from tests.ehr import Ehr, never

NOT_FHIR = [
    "<html>Sign in</html>",
    7,
    True,
    [],
    [searchset()],
    {},
    {"resourceType": 3},
    {"resourceType": "Bundle", "entry": 5},
]
SEVERE = {"observation": "loinc|72514-3", "id": "score", "at": "-2h", "value": 9, "site": "sct|53840002"}


def cards(response: Any) -> list[Any]:
    assert response.status_code == 200, response.text
    found = response.json()["cards"]
    assert isinstance(found, list)
    return found


def detail(response: Any) -> str:
    (card,) = cards(response)
    return str(card["detail"])


def post(client: TestClient, **members: Any) -> Any:
    return client.post(SERVICE, json=call(**members))


class TestSent:
    """CDS Hooks 2.0.1, "Prefetch Template": a key that is null means that there are no data; a missing key
    that the client did not or could not supply them; an OperationOutcome that it met an error, and need not
    be asked again.
    """

    @pytest.mark.parametrize("key", KEYS[1:])
    @pytest.mark.parametrize(
        "nothing",
        [
            None,
            {"resourceType": "Bundle"},
            searchset(),
            searchset(outcome("information")),
            outcome("warning"),
        ],
        ids=["null", "bare Bundle", "empty searchset", "Epic's note that nothing was found", "a warning"],
    )
    def test_null_and_empty_are_known_to_be_nothing(
        self, reading_client: TestClient, ehr: Ehr, key: str, nothing: Any
    ) -> None:
        response = post(reading_client, prefetch=prefetch(**{key: nothing}), fhirServer=ehr.base)
        found = cards(response)
        assert len(found) == (0 if key == "conditions" else 1)
        assert "could not" not in response.text
        assert "were not sent" not in response.text
        assert ehr.seen == [], "what is known to be nothing is not asked for"

    @pytest.mark.parametrize("key", KEYS[1:])
    @pytest.mark.parametrize("failed", [outcome(), outcome("fatal"), searchset(outcome()), *NOT_FHIR], ids=repr)
    def test_what_the_ehr_failed_to_get_is_told_and_not_asked_again(
        self, reading_client: TestClient, ehr: Ehr, key: str, failed: Any
    ) -> None:
        """An error in Conditions must not look like "no Conditions"."""
        response = post(reading_client, prefetch=prefetch(**{key: failed}), fhirServer=ehr.base)
        assert "could not be supplied" in detail(response)
        assert ehr.seen == []

    def test_what_came_beside_an_error_is_still_read(self, client: TestClient) -> None:
        partly = searchset(CALF_PAIN, outcome())
        text = detail(post(client, prefetch=prefetch(conditions=partly)))
        assert "Condition/pain" in text
        assert "could not be supplied" in text

    def test_a_lone_resource_is_as_good_as_a_bundle_of_one(self, client: TestClient) -> None:
        (entry,) = searchset(CALF_PAIN)["entry"]
        assert "Condition/pain" in detail(post(client, prefetch=prefetch(conditions=entry["resource"])))

    def test_a_patient_in_a_searchset_is_the_patient(self, client: TestClient) -> None:
        deceased = patient(deceasedBoolean=True)
        assert cards(post(client, prefetch=prefetch(patient=searchset(patient())))) != []
        assert cards(post(client, prefetch=prefetch(patient=searchset(deceased)))) == []

    @pytest.mark.parametrize(
        "who",
        [
            None,
            outcome(),
            searchset(),
            searchset(patient(), patient(id="p2")),
            searchset(CALF_PAIN)["entry"][0],
            *NOT_FHIR,
        ],
        ids=repr,
    )
    def test_without_one_patient_nothing_can_be_said(self, client: TestClient, who: Any) -> None:
        """Not even that the chart is that of the patient in context."""
        assert_outcome(post(client, prefetch=prefetch(patient=who)), 412, "prefetch.patient", "the Patient resource")

    @pytest.mark.parametrize("failed", [outcome(), "<html>"])
    def test_with_neither_conditions_nor_observations_nothing_can_be_said(
        self, client: TestClient, failed: Any
    ) -> None:
        none = {"conditions": failed, "findings": failed, "measurements": failed}
        assert_outcome(post(client, prefetch=prefetch(**none)), 412, "prefetch.conditions", "neither")
        for key in none:
            some = {**none, key: searchset()}
            assert "could not be supplied" in detail(post(client, prefetch=prefetch(**some)))

    def test_nothing_recorded_is_not_the_same_as_nothing_to_be_had(self, client: TestClient) -> None:
        empty = {"conditions": None, "findings": None, "measurements": None}
        assert cards(post(client, prefetch=prefetch(**empty))) == []


class TestNotSent:
    def test_without_a_server_the_gap_is_told(self, client: TestClient) -> None:
        text = detail(post(client, prefetch=without(prefetch(), "medications")))
        assert "active medicines were not sent, and the request names no FHIR server to read from" in text

    def test_an_unlisted_server_beside_a_complete_prefetch_is_no_error(self, client: TestClient) -> None:
        """The public sandbox always names one."""
        assert "not on the list" not in detail(post(client, fhirServer="https://unlisted.example.org/fhir"))

    def test_an_unlisted_server_is_not_asked(self, client: TestClient, ehr: Ehr) -> None:
        text = detail(post(client, prefetch=without(prefetch(), "findings"), fhirServer=ehr.base))
        assert "were not sent, and the FHIR server of the request is not on the list" in text
        assert_outcome(
            post(client, prefetch=without(prefetch(), "patient"), fhirServer=ehr.base),
            412,
            "prefetch.patient",
            "is not on the list of servers that this service may read",
            "CDS_FHIR_SERVERS",
        )
        assert_outcome(
            post(client, prefetch={"patient": patient()}, fhirServer=ehr.base),
            412,
            "prefetch.conditions",
            "not on the list",
        )
        assert ehr.seen == []

    @pytest.mark.parametrize("members", [{"prefetch": {}}, {"prefetch": None}, {}])
    def test_a_call_without_any_prefetch_and_server_is_412(self, client: TestClient, members: Any) -> None:
        """The public sandbox leaves `prefetch` out altogether when it has got nothing."""
        body = {**without(call(), "prefetch"), **members}
        assert_outcome(client.post(SERVICE, json=body), 412, "prefetch.patient", "not sent")


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
        assert {**read, "detail": ""} == {**sent, "detail": ""}
        assert "Condition/pain" in read["detail"]
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

    def test_the_queries_are_those_of_discovery(self, reading_client: TestClient, ehr: Ehr) -> None:
        post(reading_client, prefetch={}, fhirServer=f"{ehr.base}/")
        asked = {request.url.path: parse_qs(request.url.query) for request in ehr.seen if "Obs" not in request.url.path}
        assert asked["/fhir/Condition"] == {
            "patient": ["p1"],
            "category": ["problem-list-item,encounter-diagnosis,health-concern"],
        }
        assert asked["/fhir/MedicationRequest"] == {"patient": ["p1"], "status": ["active"]}
        codes = ",".join(f"http://loinc.org|{code}" for code in Terminology().measurement_codes())
        queries = [parse_qs(request.url.query) for request in ehr.seen if request.url.path == "/fhir/Observation"]
        assert {"patient": ["p1"], "code": [codes]} in queries

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
        assert ehr.asked == ["MedicationRequest"], "a redirect is not followed"

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
        assert "Condition/pain" in text

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
        assert "Condition/pain" in detail(response)

    @pytest.mark.parametrize("server", [None, "https://unlisted.example.org/fhir"])
    def test_where_they_cannot_be_read_the_gap_is_told(self, client: TestClient, ehr: Ehr, server: Any) -> None:
        first = searchset(CALF_PAIN, **next_link(f"{ehr.base}/page2"))
        text = detail(post(client, prefetch=prefetch(conditions=first), fhirServer=server))
        assert "problems and diagnoses were sent only in part, and" in text
        assert "Condition/pain" in text
        assert ehr.seen == []

    def test_a_next_link_to_another_place_is_not_followed(self, reading_client: TestClient, ehr: Ehr) -> None:
        port = ehr.base.split(":")[2].removesuffix("/fhir")
        elsewhere = [
            "http://127.0.0.1:1/fhir/page2",
            f"http://localhost:{port}/fhir/page2",
            ehr.base + "/../admin",
        ]
        for url in (
            *elsewhere,
            ehr.base.removesuffix("/fhir") + "/admin",
            f"//127.0.0.1:{port}/admin",
            "file:///etc",
        ):
            first = searchset(CALF_PAIN, **next_link(url))
            text = detail(post(reading_client, prefetch=prefetch(conditions=first), fhirServer=ehr.base))
            assert "could not be read: the EHR referred to another server" in text
        assert ehr.seen == []

    def test_pages_without_end_are_given_up(self, reading_client: TestClient, ehr: Ehr) -> None:
        """An EHR whose last page points to itself."""
        ehr.answers["/Condition"] = searchset(CALF_PAIN, **next_link("Condition"))
        response = post(reading_client, prefetch=without(prefetch(), "conditions"), fhirServer=ehr.base)
        assert "could not be read completely: it has more than 20 pages" in detail(response)
        assert len(ehr.seen) == 20

    def test_pages_without_end_of_empty_pages_are_given_up(self, reading_client: TestClient, ehr: Ehr) -> None:
        ehr.answers["/Procedure"] = searchset(**next_link("Procedure"))
        response = post(reading_client, prefetch=without(prefetch(), "procedures"), fhirServer=ehr.base)
        assert "more than 20 pages" in detail(response)

    def test_what_was_read_before_a_page_failed_is_kept(self, reading_client: TestClient, ehr: Ehr) -> None:
        first = searchset(CALF_PAIN, **next_link(f"{ehr.base}/gone"))
        text = detail(post(reading_client, prefetch=prefetch(conditions=first), fhirServer=ehr.base))
        assert "Condition/pain" in text
        assert "could not be read" in text


def test_each_key_answers_one_part_of_the_chart() -> None:
    needs = chart_needs(["72514-3"])
    assert tuple(need.key for need in needs) == KEYS
    assert {need.topic for need in needs} == set(Topic)
    assert needs[3].address("p1") == "Observation?patient=p1&code=http://loinc.org|72514-3"
