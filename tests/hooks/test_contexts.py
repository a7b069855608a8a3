"""Each hook's own context: what is required, what is taken leniently, and what a wrong one is told."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from starlette.testclient import TestClient

from cds_service.errors import InvalidRequest
from cds_service.hooks.context import HookCall, read_call
from tests.calls import assert_outcome, context, hook_call, post_hook, without

ENCOUNTERS = ("encounter-start", "encounter-discharge")
DRAFTS = {
    "problem-list-item-create": "conditions",
    "appointment-book": "appointments",
    "order-sign": "draftOrders",
    "order-select": "draftOrders",
}
NO_BUNDLES: list[Any] = ["Zebrafish", 7, True, {}, {"resourceType": 3}, {"resourceType": "Bundle", "entry": 5}]
NEEDED = {hook: member for hook, member in DRAFTS.items() if hook != "order-select"}


def read(hook: str, members: dict[str, Any] | None = None, **others: Any) -> HookCall:
    return read_call(msgspec.json.encode(hook_call(hook, members, **others)), hook)


def refused(hook: str, members: dict[str, Any]) -> str:
    with pytest.raises(InvalidRequest) as refusal:
        read(hook, members)
    return str(refusal.value)


@pytest.mark.parametrize("hook", ENCOUNTERS)
def test_an_encounter_hook_names_its_encounter(client: TestClient, hook: str) -> None:
    for missing in ({"encounterId": None}, {"encounterId": ""}, {"encounterId": "Encounter/e1"}, {"encounterId": 7}):
        assert_outcome(post_hook(client, hook, missing), 400, "context.encounterId")
    body = hook_call(hook, context=without(context(), "encounterId"))
    response = client.post(f"/cds-services/calf-pain-{hook}", json=body)
    assert_outcome(response, 400, "context.encounterId", "is required and missing")


@pytest.mark.parametrize(("hook", "member"), NEEDED.items())
def test_what_a_hook_is_about_is_required(hook: str, member: str) -> None:
    assert f"context.{member}: is required and missing" in refused(hook, {member: None})
    body = hook_call(hook, context=context())
    with pytest.raises(InvalidRequest, match=rf"context\.{member}: is required and missing"):
        read_call(msgspec.json.encode(body), hook)


@pytest.mark.parametrize(("hook", "member"), DRAFTS.items())
@pytest.mark.parametrize("wrong", NO_BUNDLES)
def test_what_is_no_bundle_is_told(hook: str, member: str, wrong: Any) -> None:
    told = refused(hook, {member: wrong})
    assert f"context.{member}: is not a FHIR Bundle" in told
    assert "Zebrafish" not in told


@pytest.mark.parametrize(("hook", "member"), DRAFTS.items())
@pytest.mark.parametrize("empty", [{"resourceType": "Bundle"}, {"resourceType": "Bundle", "entry": []}, []])
def test_an_empty_bundle_proposes_nothing(hook: str, member: str, empty: Any) -> None:
    assert read(hook, {member: empty}).drafts.resources == []


def test_the_sandbox_opens_its_form_of_prescriptions_without_any_draft() -> None:
    call = read("order-select", {"draftOrders": None, "selections": None})
    assert (call.drafts.resources, call.selections) == ([], ())


def test_selections_are_references() -> None:
    assert read("order-select", {"selections": ["ServiceRequest/1"]}).selections == ("ServiceRequest/1",)
    wrongs: list[Any] = ["ServiceRequest/1", [7], {}]
    for wrong in wrongs:
        assert "context.selections: is not a list of references" in refused("order-select", {"selections": wrong})


@pytest.mark.parametrize("entries", ["bundle", "list"])
def test_drafts_are_opened_one_by_one(entries: str) -> None:
    """A list is what the example of appointment-book in the specification has; the text says Bundle."""
    drafts: list[Any] = [
        {"resourceType": "Appointment", "id": "a1", "start": {"odd": True}},
        {"resourceType": "Appointment", "id": 7},
        {"resourceType": "Slot"},
    ]
    bundle = {"resourceType": "Bundle", "entry": [{"resource": each} for each in drafts]}
    page = read("appointment-book", {"appointments": bundle if entries == "bundle" else drafts}).drafts
    assert [each.id for each in page.resources] == ["a1"]
    assert page.unreadable == ("Appointment",)
    assert page.others == 1


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
def test_one_resource_without_a_bundle_is_a_draft(hook: str) -> None:
    draft = {"resourceType": "MedicationRequest", "id": "m1", "status": "draft"}
    assert [each.id for each in read(hook, {"draftOrders": draft}).drafts.resources] == ["m1"]
    assert "is not a FHIR Bundle" in refused(hook, {"draftOrders": {"entry": [{"resource": draft}]}})


def test_members_of_other_hooks_are_passed_over() -> None:
    call = read("patient-view", {"appointments": 7, "draftOrders": "x", "selections": 3, "conditions": []})
    assert (call.drafts.resources, call.selections) == ([], ())
