"""Work grows with the chart, never with its square, from the bytes of a call to its card and what the card says.

Of each line of the service it is counted how often it runs, for a chart and for one three times as large, and how often
it compares two facts. One that would run over each entry for each entry does so nine times as often.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from cds_service.app import cards_in_use, hook_services
from cds_service.cli.assess import read_nothing
from cds_service.errors import InvalidRequest
from cds_service.hooks.context import read_call
from cds_service.hooks.feedback import read_feedback
from cds_service.hooks.service import Steps
from cds_service.hooks.turns import Turn
from cds_service.security.caller import NOBODY
from cds_service.settings import Settings
from tests.calls import accepted, hook_call, next_link, overridden
from tests.charts import AS_OF, PATIENT_ID, patient
from tests.large_charts import (
    CODES,
    LISTS,
    MEETING,
    VARIANTS,
    Made,
    body,
    call,
    entries,
    numbered,
    one,
    place,
    searchset,
)
from tests.steps import runs, superlinear

SIZE = 20
SETTINGS = Settings()
SERVICES = {each.hook: each for each in hook_services(SETTINGS, read_nothing, cards_in_use(SETTINGS))}


def answered(sent: bytes, hook: str = "patient-view") -> list[Any]:
    """The whole path of a call, and the fingerprint of each card."""
    called = read_call(sent, hook)
    reply = asyncio.run(SERVICES[hook].handle(called, NOBODY, AS_OF))
    msgspec.json.encode(reply.cards)
    return reply.cards


def check(make: Callable[[int], bytes], hook: str = "patient-view", size: int = SIZE) -> None:
    def work(count: int) -> Callable[[], object]:
        sent = make(count)
        return lambda: answered(sent, hook)

    assert superlinear(work, size) == {}


@pytest.mark.parametrize("listed", LISTS)
def test_work_grows_with_a_list_in_the_chart(listed: str) -> None:
    check(lambda count: body(LISTS[listed](count)))


def test_work_grows_with_the_links_of_a_page() -> None:
    links = next_link("http://x/2")["link"]

    def sent(count: int) -> bytes:
        page = {**searchset([one("pain")]), "link": links[:1] * count + links[1:]}
        return json.dumps(hook_call("patient-view", prefetch={"patient": patient(), "conditions": page})).encode()

    check(sent)


def _draft(kind: str, name: str, number: int, member: str = "code") -> Made:
    site = {"bodySite": [place({"side": number % 2})]} if kind == "ServiceRequest" else {}
    return {"resourceType": kind, "id": str(number), "status": "draft", member: {"coding": [CODES[name]]}, **site}


DRAFTS: dict[str, Callable[[int], Made]] = {
    "nsaid": lambda number: _draft("MedicationRequest", "nsaid", number, "medicationCodeableConcept"),
    "statin": lambda number: _draft("MedicationRequest", "statin", number, "medicationCodeableConcept"),
    "compression": lambda number: _draft("DeviceRequest", "compression", number, "codeCodeableConcept"),
    "d-dimer": lambda number: _draft("ServiceRequest", "d-dimer-request", number),
    "ultrasound": lambda number: _draft("ServiceRequest", "leg-vein-ultrasound", number),
}
BESIDE = ("anticoagulant", "pregnancy", "creatine-kinase", "leg-vein-ultrasound", "arterial-disease", "statin", "nsaid")


def drafted(kind: str, count: int) -> Made:
    drafts = numbered(count, DRAFTS[kind])
    selections = [f"{each['resourceType']}/{each['id']}" for each in drafts]
    return {"draftOrders": searchset(drafts), "selections": selections}


@pytest.mark.parametrize("hook", ["order-select", "order-sign"])
@pytest.mark.parametrize("kind", DRAFTS)
def test_work_grows_with_the_drafts_and_what_is_on_record(hook: str, kind: str) -> None:
    def sent(count: int) -> bytes:
        beside = list(BESIDE) if hook == "order-select" else ["severe-pain", "statin", "d-dimer", "pulse-absent"]
        return call(beside, count // 2, VARIANTS["of both sides"], hook, context_members=drafted(kind, count))

    check(sent, hook)


def test_work_grows_with_the_new_entries() -> None:
    def sent(count: int) -> bytes:
        new = [each for name in ("swelling", "dvt", "strain") for each in entries(name, count, lambda number: {})]
        context = {"conditions": searchset([each for each in new if each["resourceType"] == "Condition"])}
        return call(["skin-colour"], count, lambda number: {}, "problem-list-item-create", context_members=context)

    check(sent, "problem-list-item-create")


def test_work_grows_with_the_appointments() -> None:
    def sent(count: int) -> bytes:
        participants = [{"actor": {"reference": f"Patient/{PATIENT_ID}"}}] * 3
        booked = [(AS_OF + timedelta(days=30 + number)).isoformat() for number in range(count)]
        proposed = [{"resourceType": "Appointment", "start": each, "participant": participants} for each in booked]
        context = {"appointments": searchset(proposed)}
        return call(["swelling"], count, lambda number: {}, "appointment-book", context_members=context)

    check(sent, "appointment-book")


@pytest.mark.parametrize("hook", ["encounter-start", "encounter-discharge"])
def test_work_grows_with_the_chart_at_the_hooks_of_an_encounter(hook: str) -> None:
    check(lambda count: call(["pain", "cramp"], count, VARIANTS["of both sides"], hook, pains=count), hook)


FEEDBACK: dict[str, Callable[[int], list[Made]]] = {
    "entries": lambda n: [accepted("a"), overridden(overrideReason={"userComment": "no"})] * n,
    "suggestions": lambda n: [accepted(*(["a"] * n))],
    "a comment": lambda n: [overridden(overrideReason={"userComment": "no\0 " * n})],
}


@pytest.mark.parametrize("listed", FEEDBACK)
def test_work_grows_with_the_feedback(listed: str) -> None:
    def work(count: int) -> Callable[[], object]:
        sent = json.dumps({"feedback": FEEDBACK[listed](count)}).encode()
        return lambda: read_feedback(sent)

    assert superlinear(work, SIZE) == {}


@pytest.mark.parametrize("listed", FEEDBACK)
def test_more_feedback_than_a_call_may_hold_is_refused_at_once(listed: str) -> None:
    sent = json.dumps({"feedback": FEEDBACK[listed](10_000)}).encode()

    def refused() -> None:
        with pytest.raises(InvalidRequest):
            read_feedback(sent)

    assert runs(refused).total() < 200


def steps_of(sent: bytes) -> Steps:
    """Those of a patient-view call, whose chart came whole."""
    called = read_call(sent, "patient-view")
    clinic = SERVICES["patient-view"]._clinic
    material = clinic.prefetch.material(clinic.prefetch.received(called))
    return Steps(called, True, material, AS_OF, clinic, Turn())


def assessed(sent: bytes) -> Callable[[], object]:
    """Ready to be assessed, told and known again; reading it is not counted."""
    steps = steps_of(sent)
    chart = steps.read()
    return lambda: steps.tell(chart, steps.assess(chart))


def test_every_concept_is_read() -> None:
    chart = steps_of(call([*CODES], 1, VARIANTS["moments of their own"])).read()
    assert {fact.concept for fact in chart.facts} == CODES.keys()


@pytest.mark.parametrize("variant", VARIANTS)
def test_work_grows_with_the_entries_of_every_concept(variant: str) -> None:
    make = VARIANTS[variant]
    assert superlinear(lambda count: assessed(call([*CODES], count, make, pains=count)), 12) == {}


@pytest.mark.parametrize("pains", [0, 1])
@pytest.mark.parametrize("meeting", MEETING)
def test_work_grows_with_the_entries_that_meet_in_a_rule(meeting: str, pains: int) -> None:
    names, make = MEETING[meeting]
    assert superlinear(lambda count: assessed(call([*names], count, make, pains=pains)), 24) == {}
