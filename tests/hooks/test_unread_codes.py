"""What no rule could read is quoted on the card of each hook, and a medicine that could be anything is asked about."""

from __future__ import annotations

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.calls import cards, post_hook, searchset
from tests.charts import Entry
from tests.hooks.test_every_service import HOOKS, speak
from tests.hooks.test_orders import IBUPROFEN, PAIN, SIMVASTATIN, medicine, sign

CLOT: Entry = {"condition": [], "id": "clot", "text": "Clot in left `calf` [see](http://x) <b>", "onset": -2}
NDC = {"coding": [{"system": "http://hl7.org/fhir/sid/ndc", "code": "00003-0894-21", "display": "apixaban"}]}
UNREAD: Entry = {"medication": [], "id": "m", "members": {"medicationCodeableConcept": NDC}}
QUOTED = "Not read by rules: `Clot in left calf [see](http://x) <b>`, "


def with_clot(*conditions: Entry) -> dict[str, Any]:
    return {"conditions": searchset(*conditions, CLOT)}


def drafted(text: str) -> dict[str, Any]:
    return {
        "resourceType": "MedicationRequest",
        "id": "d2",
        "status": "draft",
        "medicationCodeableConcept": {"text": text},
    }


@pytest.mark.parametrize("hook", HOOKS)
def test_every_card_quotes_it(client: TestClient, hook: str) -> None:
    (card,) = cards(speak(client, hook, **with_clot(PAIN)))
    assert QUOTED in card["detail"].split("\n\n")[-1]


def test_at_discharge_no_home_care_is_listed_or_drafted(client: TestClient) -> None:
    plain, beside = (
        cards(post_hook(client, "encounter-discharge", {"encounterId": "e1"}, **chart))[0]
        for chart in ({"conditions": searchset(PAIN)}, with_clot(PAIN))
    )
    assert "home care" in plain["summary"] and "**If none:**" in plain["detail"] and plain["suggestions"]
    assert "home care" not in beside["summary"]
    assert "**If none:**" not in beside["detail"]
    assert not beside.get("suggestions")


def test_an_entry_in_text_alone_opens_no_card_when_it_is_made(client: TestClient) -> None:
    entered = {"conditions": searchset(CLOT)}
    assert cards(post_hook(client, "problem-list-item-create", entered, conditions=searchset(PAIN))) == []


@pytest.mark.parametrize(
    "drafts",
    [
        [medicine(IBUPROFEN), drafted("apixaban 5 mg")],
        [medicine(IBUPROFEN), {**drafted(""), "medicationCodeableConcept": NDC}],
    ],
)
def test_an_nsaid_beside_a_drafted_medicine_that_could_be_an_anticoagulant_asks(
    client: TestClient, drafts: list[Any]
) -> None:
    (card,) = sign(client, *drafts, conditions=searchset(PAIN))
    assert "anticoagulant not known" in card["summary"]
    assert re.search(r"`apixaban[^`]*` has no code that is read", card["detail"])


def test_an_nsaid_beside_a_current_medicine_by_a_code_that_nothing_could_know_asks(client: TestClient) -> None:
    chart = {"conditions": searchset(PAIN), "medications": searchset(UNREAD)}
    (card,) = sign(client, medicine(IBUPROFEN), **chart)
    assert "anticoagulant not known" in card["summary"]
    assert "`apixaban` has no code that is read" in card["detail"]
    assert sign(client, medicine(SIMVASTATIN), **chart) == []


def test_compression_beside_an_entry_in_text_alone_gets_no_card_for_that(client: TestClient) -> None:
    stocking = {
        "resourceType": "ServiceRequest",
        "id": "s",
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "348681001"}]},
    }
    plain = sign(client, stocking, conditions=searchset(PAIN))
    assert len(sign(client, stocking, **with_clot(PAIN))) == len(plain)


def test_discovery_names_the_code_systems_that_are_read(client: TestClient) -> None:
    for service in client.get("/cds-services").json()["services"]:
        assert "SNOMED CT, LOINC, ICD-10-CM" in service["usageRequirements"]
