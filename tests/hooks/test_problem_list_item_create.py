"""problem-list-item-create: a card for what a new entry about the leg changes, and for nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.calls import CALF_PAIN, cards, hook_call, post_hook, searchset
from tests.charts import Entry
from tests.ehr import Ehr

HOOK = "problem-list-item-create"
DVT: Entry = {"condition": "sct|404223003", "id": "new", "side": "left"}
SCORE: Entry = {"observation": "loinc|72514-3", "at": -1, "value": 8, "site": "sct|53840002", "side": "left"}
NUMB: Entry = {"observation": "sct|44077006", "at": -1, "value": True, "site": "sct|53840002", "side": "left"}


def enter(client: TestClient, *entries: Any, **prefetched: Any) -> list[Any]:
    return cards(post_hook(client, HOOK, {"conditions": searchset(*entries)}, **prefetched))


def test_suspected_dvt_beside_calf_pain(client: TestClient) -> None:
    (card,) = enter(client, {**DVT, "verification": "provisional"})
    assert (card["indicator"], card["summary"].split(",")[0]) == ("warning", "Suspected DVT")
    assert card["detail"].startswith("**New entry:** DVT left, ")
    assert ", suspected." in card["detail"].partition("\n")[0]


def test_confirmed_dvt_without_an_anticoagulant(client: TestClient) -> None:
    (card,) = enter(client, DVT)
    assert card["indicator"] == "critical"
    assert "no anticoagulant found" in card["summary"]


def test_confirmed_dvt_under_an_anticoagulant_is_no_news(client: TestClient) -> None:
    assert enter(client, DVT, medications=searchset({"medication": "rx|1364430", "id": "apixaban"})) == []


def test_a_strain_beside_severe_pain_and_numbness(client: TestClient) -> None:
    """The injury was missing until now: with it the record shows features of compartment syndrome."""
    strain: Entry = {"condition": "icd|S86.112A", "id": "new", "onset": -1}
    (card,) = enter(client, strain, findings=searchset(SCORE, NUMB))
    assert card["indicator"] == "critical"
    assert "**Found with it:** recent leg injury with features of compartment syndrome" in card["detail"]


def test_a_new_finding_comes_before_a_known_one_of_the_same_level(client: TestClient) -> None:
    (card,) = enter(client, {**DVT, "verification": "unconfirmed"}, findings=searchset(SCORE))
    assert card["summary"].startswith("Suspected DVT, ")
    assert "pain 8 of 10" in card["detail"].partition("**Recorded:**")[2]


def test_the_first_entry_about_the_leg_opens_the_complaint(client: TestClient) -> None:
    (card,) = enter(client, {**CALF_PAIN, "id": "new"}, conditions=searchset())
    assert card["indicator"] == "info"
    assert card["detail"].startswith("**New entry:** pain")
    assert "Found with it" not in card["detail"]


@pytest.mark.parametrize(
    ("entry", "findings"),
    [
        ({"condition": "sct|38341003", "id": "new"}, [SCORE]),
        ({**CALF_PAIN, "id": "new"}, [SCORE]),
        ({"condition": "sct|449918009", "id": "new", "side": "left"}, []),
        ({**DVT, "verification": "refuted"}, [SCORE]),
        ({**DVT, "verification": "entered-in-error"}, [SCORE]),
        ({**DVT, "subject": "Patient/other"}, [SCORE]),
        ({"condition": "sct|404223003", "text": "DVT", "id": "new"}, [SCORE]),
    ],
    ids=["not the leg", "nothing new", "cramp beside pain", "refuted", "entered in error", "another's", "text only"],
)
def test_no_card_for_an_entry_that_changes_nothing(client: TestClient, entry: Entry, findings: list[Entry]) -> None:
    assert enter(client, entry, findings=searchset(*findings)) == []


def test_an_entry_that_the_chart_already_holds_is_still_new(client: TestClient) -> None:
    """The hook comes after the entry was made, so an EHR may send it in both places."""
    stored = searchset(CALF_PAIN, {**DVT, "clinical": "active"})
    (card,) = enter(client, DVT, conditions=stored)
    assert card["indicator"] == "critical"
    assert card["detail"].count("DVT left") == 1


def test_an_entry_without_id_status_and_date_counts_as_active_and_of_now(client: TestClient) -> None:
    drafts = [
        {"resourceType": "Condition", "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}]}}
        for code in ("300954003", "404223003")
    ]
    (card,) = enter(client, *drafts, conditions=searchset())
    assert card["indicator"] == "critical"
    lead = card["detail"].partition("\n")[0]
    assert "pain calf" in lead and "DVT" in lead and lead.count("(today)") == 2


def test_an_entry_in_the_shape_of_dstu2(client: TestClient) -> None:
    older = {
        "resourceType": "Condition",
        "id": "new",
        "patient": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "404223003"}]},
        "clinicalStatus": "active",
        "verificationStatus": "provisional",
    }
    (card,) = enter(client, older)
    assert card["summary"].startswith("Suspected DVT, ")


def test_an_entry_that_cannot_be_read_is_told_beside_one_that_can(client: TestClient) -> None:
    (card,) = enter(client, DVT, {"resourceType": "Condition", "id": "odd", "code": 7})
    assert "Condition/odd could not be read" in card["detail"]


def test_without_a_condition_nothing_is_read(reading_client: TestClient, ehr: Ehr) -> None:
    for entries in ([], [{"resourceType": "Observation", "id": "x"}], [{"resourceType": "Condition", "code": 7}]):
        body = hook_call(HOOK, {"conditions": searchset(*entries)}, fhirServer=ehr.base, prefetch={})
        assert cards(reading_client.post(f"/cds-services/calf-pain-{HOOK}", json=body)) == []
    assert ehr.seen == []


def test_chart_text_of_an_entry_is_not_on_the_card(client: TestClient) -> None:
    hostile = "`<img src=x onerror=alert(1)> [x](javascript:1)"
    coding = {"system": "http://snomed.info/sct", "code": "404223003", "display": hostile}
    (card,) = enter(client, {"resourceType": "Condition", "id": "new", "code": {"coding": [coding]}})
    assert card["detail"].startswith("**New entry:** DVT")
    assert "onerror" not in str(card)
