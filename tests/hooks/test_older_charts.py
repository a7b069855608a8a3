"""A chart as a DSTU2 or STU3 server has it gets the card that the same chart gets in R4."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from cds_service.app import cards_folder, hook_services
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.prefetch import chart_needs
from cds_service.hooks.reply import Reply
from cds_service.hooks.turns import Turns
from cds_service.rendering.card_files import load_cards
from cds_service.security.caller import NOBODY
from cds_service.settings import load_settings
from cds_service.web.authentication import Anyone
from cds_service.web.endpoints import cds_routes
from tests.calls import SERVICE, cards, detail, post, prefetch, searchset, without
from tests.older_fhir import to_dstu2, to_stu3

FIXTURES = Path(__file__).parent.parent.parent / "fhir_fixtures"
NEEDS = chart_needs(Terminology().measurement_codes())
NAMES = list(json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8")))
Convert = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def service() -> TestClient:
    """The service on the day that the sample patients take as today."""
    settings = load_settings()

    async def read(*_: Any) -> Any:
        raise AssertionError("all was sent")

    async def all_of_it(reply: Reply, *_: Any) -> Reply:
        return reply

    routes = cds_routes(
        hook_services(settings, read, load_cards(cards_folder(settings))),
        Anyone(NOBODY),
        lambda: datetime(2026, 11, 2, 12, tzinfo=UTC),
        settings.max_body,
        Turns(settings.time_budget),
        journal=lambda _: None,
        fewer_alerts=all_of_it,
    )
    return TestClient(Starlette(routes=routes))


def sample(name: str) -> dict[str, Any]:
    bundle = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    return chart_request(bundle, NEEDS)


def mixed() -> Convert:
    """Each resource in another version than the one before, within one Bundle too."""
    turn: Iterator[Convert] = itertools.cycle([to_dstu2, dict, to_stu3])

    def convert(resource: dict[str, Any]) -> dict[str, Any]:
        return next(turn)(resource)

    return convert


def converted(request: dict[str, Any], convert: Convert) -> dict[str, Any]:
    values = {
        key: {**value, "entry": [{"resource": convert(each["resource"])} for each in value.get("entry", ())]}
        if value["resourceType"] == "Bundle"
        else convert(value)
        for key, value in request["prefetch"].items()
    }
    return {**request, "prefetch": values}


def told(service: TestClient, request: dict[str, Any]) -> list[dict[str, Any]]:
    """The cards, but for what each answer has anew, and with MedicationRequests under the name that DSTU2 has."""
    found = cards(service.post(SERVICE, json=request))
    return [
        {name: str(value).replace("MedicationRequest/", "MedicationOrder/") for name, value in card.items()}
        for card in (without(card, "uuid") for card in found)
    ]


@pytest.mark.parametrize("version", ["DSTU2", "STU3", "mixed"])
@pytest.mark.parametrize("name", NAMES)
def test_an_older_chart_gets_the_card_of_the_same_chart_in_r4(service: TestClient, name: str, version: str) -> None:
    convert = {"DSTU2": to_dstu2, "STU3": to_stu3, "mixed": mixed()}[version]
    request = sample(name)
    older = converted(request, convert)
    assert older != request
    assert told(service, older) == told(service, request)


def dstu2_pain(**members: Any) -> dict[str, Any]:
    """A calf pain as the public sandbox's default server would send it."""
    return {
        "resourceType": "Condition",
        "id": "dstu2-pain",
        "meta": {"tag": [{"system": "https://smarthealthit.org/tags", "code": "smart-8-2017"}]},
        "text": {"status": "generated", "div": "<div>Pain in calf</div>"},
        "patient": {"reference": "Patient/p1"},
        "dateRecorded": datetime.now(UTC).date().isoformat(),
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "300954003", "display": "Pain in calf"}]},
        "category": {"coding": [{"system": "http://hl7.org/fhir/condition-category", "code": "diagnosis"}]},
        "clinicalStatus": "active",
        "verificationStatus": "confirmed",
        "severity": {"coding": [{"system": "http://snomed.info/sct", "code": "24484000", "display": "Severe"}]},
        **members,
    }


DSTU2_PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"use": "official", "family": ["Example"], "given": ["Pat", "X."]}],
    "birthDate": "1980-05-04",
    "careProvider": [{"reference": "Practitioner/d"}],
}


def test_a_first_call_from_the_sandbox_is_read(client: TestClient) -> None:
    """Its default server is DSTU2, which has no MedicationRequest, so that this key is left out."""
    sent = prefetch(patient=DSTU2_PATIENT, conditions=searchset(dstu2_pain()))
    said = detail(post(client, prefetch=without(sent, "medications")))
    assert "calf" in said.partition("**Recorded:**")[2]
    assert "status not stated" not in said
    assert "active medicines were not sent" in said


def test_medication_orders_answer_for_medicines(client: TestClient) -> None:
    """An EHR may fill the key with what its version calls MedicationRequests."""
    dvt = dstu2_pain(code={"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": "I82.4Z2"}]})
    order = {
        "resourceType": "MedicationOrder",
        "id": "dstu2-order",
        "status": "active",
        "dateWritten": "2026-11-01",
        "patient": {"reference": "Patient/p1"},
        "medicationCodeableConcept": {
            "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "1364430"}],
            "text": "Apixaban",
        },
    }
    pain = dstu2_pain(id="another")
    sent = prefetch(patient=DSTU2_PATIENT, conditions=searchset(dvt, pain), medications=searchset(order))
    (card,) = cards(post(client, prefetch=sent))
    assert "under an anticoagulant" in card["summary"]
    assert "could not be read" not in card["detail"]
    untreated = prefetch(patient=DSTU2_PATIENT, conditions=searchset(dvt))
    assert "no anticoagulant found" in cards(post(client, prefetch=untreated))[0]["summary"]
