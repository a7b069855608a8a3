"""encounter-start gives the card of patient-view; encounter-discharge says what suits the way home."""

from __future__ import annotations

import json
from typing import Any

from starlette.testclient import TestClient

from tests.calls import cards, outcome, post_hook, reply, searchset, without_now
from tests.charts import Entry
from tests.conftest import client_with

SCORE: Entry = {"observation": "loinc|72514-3", "at": -1, "value": 8, "site": "sct|53840002", "side": "left"}
BACK_IF, HOME_CARE = "**Back if:**", "**If none:**"
STRAIN: Entry = {"condition": "icd|S86.112A", "id": "strain", "onset": -10}


def discharge(client: TestClient, **prefetched: Any) -> Any:
    (card,) = cards(post_hook(client, "encounter-discharge", **prefetched))
    return card


def withheld(**prefetched: Any) -> list[set[str]]:
    """The steps of the home care that each assessment withholds."""
    assessments = reply("encounter-discharge", **prefetched).assessments
    return [{step.name for step in each.home_care if step.withheld} for each in assessments]


def without_moment(card: dict[str, Any]) -> dict[str, Any]:
    """The evidence of two charts that are made one after the other differs in its moments, hence the uuid; drafts tell
    the second in which they were made.
    """
    told = {**card, "uuid": "", "detail": card["detail"].partition("Coded entries only")[0]}
    return dict(json.loads(without_now(json.dumps(told))))


def test_a_visit_begins_with_the_card_of_patient_view(client: TestClient) -> None:
    (opened,) = cards(post_hook(client, "patient-view", findings=searchset(SCORE)))
    (started,) = cards(post_hook(client, "encounter-start", findings=searchset(SCORE)))
    assert without_moment(started) == without_moment(opened)


def test_home_care_that_suits_and_when_to_come_back(client: TestClient) -> None:
    card = discharge(client)
    assert card["indicator"] == "info"
    assert card["summary"].startswith("Going home with calf pain, left leg")
    assert card["detail"].count(BACK_IF) == 1
    assert f"{HOME_CARE} rest, ice, bandage, elevation, stretching" in card["detail"]


def test_the_instructions_are_offered_as_a_draft(client: TestClient) -> None:
    card = discharge(client, conditions=searchset(STRAIN))
    (suggestion,) = card["suggestions"]
    assert card["selectionBehavior"] in ("any", "at-most-one")
    (action,) = suggestion["actions"]
    draft = action["resource"]
    assert (action["type"], draft["resourceType"], draft["status"]) == ("create", "CommunicationRequest", "draft")
    assert draft["subject"] == {"reference": "Patient/p1"}
    assert draft["encounter"] == {"reference": "Encounter/e1"}
    assert any("gentle stretching" in each.get("contentString", "") for each in draft["payload"])


def test_the_instructions_are_a_system_action_where_the_operator_wants_that() -> None:
    with client_with(system_actions=True) as asking_nobody, client_with() as client:
        answer = post_hook(asking_nobody, "encounter-discharge").json()
        offered = discharge(client)["suggestions"][0]["actions"]
        (card,), (action,) = answer["cards"], answer["systemActions"]
        assert not {"suggestions", "selectionBehavior"} & card.keys()
        assert (action["type"], action["resource"]["status"]) == ("create", "draft")
        assert {**action["resource"], "authoredOn": ""} == {**offered[0]["resource"], "authoredOn": ""}
        assert "systemActions" not in post_hook(asking_nobody, "patient-view").json()
        assert "systemActions" not in post_hook(client, "encounter-discharge").json()


def test_what_to_leave_out_is_said_once_and_why_in_the_explanation(client: TestClient) -> None:
    text = discharge(client, conditions=searchset(STRAIN))["detail"]
    suits, _, leave_out = text.partition(HOME_CARE)[2].partition("\n")[0].partition("; ")
    assert "rest, ice, bandage, elevation" in suits
    assert "stretching" in leave_out
    assert text.count("stretching") == text.count(BACK_IF) == 1
    (steps,) = withheld(conditions=searchset(STRAIN))
    assert steps == {"gentle stretching"}


def test_beside_a_red_flag_the_summary_is_the_red_flag(client: TestClient) -> None:
    card = discharge(client, findings=searchset(SCORE))
    assert card["indicator"] == "warning"
    assert card["summary"].startswith("Severe pain 8 of 10, left leg")
    assert HOME_CARE not in card["detail"]
    assert "suggestions" not in card
    assert "**Options:**" in card["detail"].partition(BACK_IF)[0]


def test_beside_a_critical_finding_no_home_care_is_listed(client: TestClient) -> None:
    """A list of steps for home would make light of it. When to come back still stands; what to leave out stands in the
    explanation.
    """
    dvt: Entry = {"condition": "sct|404223003", "id": "dvt", "onset": -3, "side": "left"}
    card = discharge(client, conditions=searchset(dvt))
    assert card["indicator"] == "critical"
    assert HOME_CARE not in card["detail"]
    assert "suggestions" not in card
    assert "**Options:**" in card["detail"].partition(BACK_IF)[0]
    (steps,) = withheld(conditions=searchset(dvt))
    assert "compression" in steps


def test_beside_a_symptom_that_does_not_count_no_home_care_is_listed(client: TestClient) -> None:
    """The headline names the symptom, and it is to be assessed before anybody goes home with it."""
    cramp: Entry = {"condition": "sct|449918009", "id": "cramp", "onset": -1, "side": "left"}
    breathless: Entry = {"condition": "sct|267036007", "id": "breathless", "onset": -1}
    card = discharge(client, conditions=searchset(cramp, breathless))
    assert card["indicator"] == "info"
    assert card["summary"].startswith("Calf cramp, left leg, 1 day, with breathlessness:")
    assert HOME_CARE not in card["detail"]
    assert "suggestions" not in card
    assert "breathlessness, " in card["detail"].partition("(not counted)")[2]


def test_what_leaves_a_thrombosis_open_is_on_the_card(client: TestClient) -> None:
    pain: Entry = {"condition": "sct|300954003", "id": "pain", "onset": -3, "side": "left"}
    veins: Entry = {"condition": "icd|I83.90", "id": "veins", "onset": -900}
    card = discharge(client, conditions=searchset(pain, veins))
    assert "Risk: varicose veins." in card["detail"]


def test_a_complaint_that_could_not_be_assessed_in_full_says_so(client: TestClient) -> None:
    card = discharge(client, findings=outcome())
    assert card["summary"].startswith("Calf pain not assessed: Observations")
    assert "suggestions" not in card
    assert HOME_CARE not in card["detail"]
    assert card["detail"].count(BACK_IF) == 1


def test_unread_data_without_a_complaint_give_no_card_at_discharge(client: TestClient) -> None:
    """patient-view and encounter-start tell it; there is no home care to give."""
    quiet: dict[str, Any] = {"conditions": searchset(), "findings": outcome()}
    assert cards(post_hook(client, "encounter-discharge", **quiet)) == []
    assert len(cards(post_hook(client, "encounter-start", **quiet))) == 1
