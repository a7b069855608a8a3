"""Orders that only refer to a Medication, as those of Epic do: it is read, from the EHR's own server alone."""

from __future__ import annotations

import time
from typing import Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from tests.calls import (
    CALF_PAIN,
    authorization,
    cards,
    context,
    hook_call,
    post,
    prefetch,
    searchset,
    without,
)
from tests.charts import patient
from tests.ehr import Ehr, never

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
DVT = {"condition": "sct|404223003", "id": "dvt", "onset": -3, "side": "left"}
LONG_ID = (
    "ehjM3OtjgdW8Bea3jIQ.MFVhzPMcMELCBS5v775xzbLetNaOP5vZRG-7BUwFy1hYFzJ7rXwELBf63P6zbB4tI56DXbUTYtEZEWyFIzxmyONE3"
)


def order(reference: str, number: int = 1, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": f"m{number}",
        "status": "active",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "medicationReference": {"reference": reference, "display": "WARFARIN 5 MG PO TABS"},
        **members,
    }


def medication(identifier: str, code: str = "11289") -> dict[str, Any]:
    concept = {"coding": [{"system": RXNORM, "code": code}]}
    return {"resourceType": "Medication", "id": identifier, "code": concept}


def chart(*orders: dict[str, Any]) -> dict[str, Any]:
    return prefetch(conditions=searchset(CALF_PAIN, DVT), medications=searchset(*orders))


def told(client: TestClient, ehr: Ehr, *orders: dict[str, Any], **members: Any) -> str:
    sent = {"fhirServer": ehr.base, "fhirAuthorization": authorization(), "prefetch": chart(*orders)}
    (card,) = cards(post(client, **{**sent, **members}))
    return str(card["summary"]) + str(card["detail"])


UNKNOWN = "anticoagulant not known"


def test_a_medicine_is_read_once_and_counts(reading_client: TestClient, ehr: Ehr) -> None:
    ehr.answers["/Medication/a"] = medication("a")
    with capture_logs() as lines:
        text = told(reading_client, ehr, order("Medication/a"), order("Medication/a", 2))
    assert UNKNOWN not in text
    assert "no anticoagulant" not in text
    (request,) = ehr.seen
    assert request.url.path == "/fhir/Medication/a"
    assert request.headers["authorization"] == "Bearer some-opaque-token"
    (line,) = [line for line in lines if line["event"] == "medicines read"]
    assert (line["referred"], line["read"]) == (1, 1)


@pytest.mark.parametrize(
    "reference", [f"Medication/{LONG_ID}", "{base}/Medication/" + LONG_ID, f"Medication/{LONG_ID}/_history/2"]
)
def test_in_every_form_of_a_reference_to_the_same_server(reading_client: TestClient, ehr: Ehr, reference: str) -> None:
    ehr.answers[f"/Medication/{LONG_ID}"] = medication(LONG_ID)
    assert UNKNOWN not in told(reading_client, ehr, order(reference.format(base=ehr.base)))


@pytest.mark.parametrize(
    "reference",
    [
        "http://127.0.0.1:1/fhir/Medication/a",
        "https://ehr.example.org/fhir/Medication/a",
        "Medication/../../admin",
        "Medication/..",
        "../admin/Medication/a",
        "Substance/a",
        "a",
        "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8",
    ],
)
def test_no_other_place_is_asked(reading_client: TestClient, ehr: Ehr, reference: str) -> None:
    assert UNKNOWN in told(reading_client, ehr, order(reference))
    assert ehr.seen == []


def test_what_is_at_hand_over_or_coded_is_not_read(reading_client: TestClient, ehr: Ehr) -> None:
    coded = {"coding": [{"system": RXNORM, "code": "11289"}]}
    contained = {"resourceType": "Medication", "id": "c", "code": coded}
    orders = [
        order("Medication/a"),
        medication("a"),
        order("#c", 2, contained=[contained]),
        order("Medication/d", 3, status="stopped"),
        order("Medication/e", 4, medicationCodeableConcept=coded),
    ]
    assert UNKNOWN not in told(reading_client, ehr, *orders)
    assert ehr.seen == []


def test_nothing_is_read_for_a_chart_without_a_leg_complaint(reading_client: TestClient, ehr: Ehr) -> None:
    quiet = prefetch(conditions=searchset(), medications=searchset(order("Medication/a")))
    assert cards(post(reading_client, prefetch=quiet, fhirServer=ehr.base)) == []
    assert ehr.seen == []


def test_a_leg_complaint_that_is_just_entered_counts(reading_client: TestClient, ehr: Ehr) -> None:
    ehr.answers["/Medication/a"] = medication("a")
    known = prefetch(conditions=searchset(), medications=searchset(order("Medication/a")))
    entered = {"conditions": searchset(DVT, CALF_PAIN)}
    body = hook_call("problem-list-item-create", entered, prefetch=known, fhirServer=ehr.base)
    (card,) = cards(reading_client.post("/cds-services/calf-pain-problem-list-item-create", json=body))
    assert UNKNOWN not in card["summary"]
    assert ehr.asked == ["Medication/a"]


def test_where_it_cannot_be_read_it_stays_unknown(reading_client: TestClient, client: TestClient, ehr: Ehr) -> None:
    ehr.answers["/Medication/other"] = medication("a")
    for reference in ("Medication/none", "Medication/other"):
        assert UNKNOWN in told(reading_client, ehr, order(reference))
    ehr.seen.clear()
    narrow = authorization(scope="user/MedicationRequest.rs")
    assert UNKNOWN in told(reading_client, ehr, order("Medication/a"), fhirAuthorization=narrow)
    assert UNKNOWN in told(client, ehr, order("Medication/a")), "this server may not be read"
    assert UNKNOWN in told(reading_client, ehr, order("Medication/a"), fhirAuthorization={}), "nor with this token"
    assert ehr.seen == []


def test_the_deadline_is_that_of_all_reads(reading_client: TestClient, ehr: Ehr) -> None:
    ehr.answers = {f"/Medication/{n}": never for n in range(30)}
    ehr.answers |= {"/MedicationRequest": searchset(*(order(f"Medication/{n}", n) for n in range(30)))}
    started = time.monotonic()
    text = told(reading_client, ehr, prefetch=without(chart(), "medications"))
    assert time.monotonic() - started < 2.5, "the time limit of these tests is one second for all reads together"
    assert UNKNOWN in text
    assert len(ehr.seen) == 1 + 10, "a few at a time"


def test_drafts_are_read_before_they_are_judged(reading_client: TestClient, ehr: Ehr) -> None:
    ehr.answers["/Medication/b"] = medication("b", "5640")
    draft = order("Medication/b", status="draft")
    anticoagulated = prefetch(medications=searchset({"medication": "rx|11289", "id": "warfarin", "at": -30}))
    for hook in ("order-sign", "order-select"):
        drafts = {"draftOrders": searchset(draft), "selections": ["MedicationRequest/m1"]}
        body = hook_call(hook, drafts, prefetch=anticoagulated, fhirServer=ehr.base)
        by_reference = cards(reading_client.post(f"/cds-services/calf-pain-{hook}", json=body))
        named = {**without(draft, "medicationReference"), "medicationCodeableConcept": medication("b", "5640")["code"]}
        body["context"]["draftOrders"] = searchset(named)
        inline = cards(reading_client.post(f"/cds-services/calf-pain-{hook}", json=body))
        assert [each["summary"] for each in by_reference] == [each["summary"] for each in inline] != []
        for user in ("Patient/p1", "RelatedPerson/1"):
            ehr.seen.clear()
            body["context"] = context(userId=user, draftOrders=searchset(draft), selections=[])
            assert cards(reading_client.post(f"/cds-services/calf-pain-{hook}", json=body)) == []
            assert ehr.seen == [], "cards are for clinicians, so nothing is read"


def test_a_chart_that_is_read_whole_gets_its_medicines_too(reading_client: TestClient, ehr: Ehr) -> None:
    ehr.answers = {f"/{kind}": searchset() for kind in ("Observation", "Procedure")}
    ehr.answers |= {"/Patient/p1": patient(), "/Condition": searchset(CALF_PAIN, DVT), "/Medication/a": medication("a")}
    ehr.answers["/MedicationRequest"] = searchset(order("Medication/a"))
    assert UNKNOWN not in told(reading_client, ehr, prefetch={})
    assert "Medication/a" in ehr.asked
