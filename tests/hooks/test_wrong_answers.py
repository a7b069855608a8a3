"""An answer to another question, or about another patient, is not "nothing there": the card says so."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.calls import CALF_PAIN, cards, detail, post, prefetch, searchset
from tests.charts import Entry, resource

DVT = {"condition": "icd|I82.4Z2", "id": "dvt", "onset": -5}
TAKEN = {"resourceType": "MedicationStatement", "id": "taken", "status": "active"}


@pytest.mark.parametrize(
    "sent",
    [
        searchset(TAKEN),
        searchset(DVT),
        {"resourceType": "Parameters"},
        {"resourceType": "Patient", "id": "p1"},
    ],
    ids=["a type we do not read", "a type asked for elsewhere", "no Bundle", "the Patient"],
)
def test_other_resources_than_those_asked_for_are_a_gap(client: TestClient, sent: dict[str, Any]) -> None:
    told = detail(post(client, prefetch=prefetch(conditions=searchset(DVT), medications=sent)))
    assert "the EHR sent other resources than MedicationRequest" in told
    assert "whether an anticoagulant is taken" in told.partition("**Not found:**")[2]
    assert "any anticoagulant order" not in told


def test_a_dvt_without_an_anticoagulant_says_that_none_was_found(client: TestClient) -> None:
    (card,) = cards(post(client, prefetch=prefetch(conditions=searchset(DVT))))
    assert "no anticoagulant found" in card["summary"]
    assert "anticoagulant order" in card["detail"].partition("**Not found:**")[2]


def test_a_part_of_the_chart_that_is_all_of_another_patient_is_told(client: TestClient) -> None:
    foreign = {**CALF_PAIN, "subject": "Patient/someone-else"}
    (card,) = cards(post(client, prefetch=prefetch(conditions=searchset(foreign))))
    assert card["indicator"] == "info"
    assert "what was sent belongs to another patient" in card["detail"]


@pytest.mark.parametrize("also", [[], [CALF_PAIN]], ids=["nothing of the leg", "a leg complaint among others"])
def test_it_is_told_whatever_it_is_about(client: TestClient, also: list[dict[str, Any]]) -> None:
    foreign = [{**each, "subject": "Patient/someone-else"} for each in ({"condition": "sct|38341003"}, *also)]
    (card,) = cards(post(client, prefetch=prefetch(conditions=searchset(*foreign))))
    assert card["summary"].startswith("Calf pain not assessed: Conditions")


def test_one_entry_of_another_patient_is_no_gap(client: TestClient) -> None:
    foreign = {"condition": "sct|38341003", "subject": "Patient/someone-else"}
    assert cards(post(client, prefetch=prefetch(conditions=searchset(foreign, {"condition": "sct|38341003"})))) == []


@pytest.mark.parametrize(
    "medicine",
    [
        {"text": "Apixaban 5 mg"},
        {"text": "", "members": {"medicationReference": {"reference": "Medication/1", "display": "Apixaban 5 mg"}}},
    ],
)
def test_a_current_medicine_without_a_code_is_told_as_one(client: TestClient, medicine: Entry) -> None:
    apixaban = {"medication": "", "id": "nameless", **medicine}
    told = detail(post(client, prefetch=prefetch(conditions=searchset(DVT), medications=searchset(apixaban))))
    assert "whether an anticoagulant is taken: `Apixaban 5 mg` has no code that is read" in told
    assert "whether an anticoagulant is taken" in told.partition("**Not found:**")[2]


@pytest.mark.parametrize(
    "order", [{"intent": "proposal"}, {"intent": "plan"}, {"doNotPerform": True}, {"status": "stopped"}]
)
def test_a_medicine_without_a_code_that_is_not_taken_is_not_told(client: TestClient, order: dict[str, Any]) -> None:
    nameless = {**resource({"medication": "", "text": "Apixaban 5 mg", "id": "nameless"}, 0), **order}
    told = detail(post(client, prefetch=prefetch(conditions=searchset(DVT), medications=searchset(nameless))))
    assert "without a code" not in told


def test_what_has_no_code_and_is_another_patients_is_not_told(client: TestClient) -> None:
    foreign = {"medication": "", "text": "Apixaban 5 mg", "subject": "Patient/someone-else"}
    nothing = {"condition": "", "text": "Sore", "subject": "Patient/someone-else"}
    ours = {"medication": "rx|5640"}
    sent = prefetch(conditions=searchset(DVT, nothing), medications=searchset(foreign, ours))
    told = detail(post(client, prefetch=sent))
    assert "without a code" not in told
    assert "not coded" not in told


def test_a_treated_dvt_is_named_first(client: TestClient) -> None:
    apixaban = resource({"medication": "rx|1364430"}, 0)
    sent = prefetch(conditions=searchset(DVT, CALF_PAIN), medications=searchset(apixaban))
    (card,) = cards(post(client, prefetch=sent))
    assert card["summary"].startswith("Known DVT, left leg, ")
