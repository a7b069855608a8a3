"""Hook calls for tests, and the one shape that every error answer has."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime
from functools import cache
from typing import Any

import msgspec
from starlette.testclient import TestClient

from cds_service.app import cards_in_use, hook_services
from cds_service.cli.assess import read_nothing
from cds_service.hooks.context import read_call
from cds_service.hooks.reply import Reply
from cds_service.hooks.service import OpenService
from cds_service.security.caller import NOBODY
from cds_service.settings import load_settings
from tests.charts import PATIENT_ID, Entry, patient, resource

SERVICE = "/cds-services/calf-pain-patient-view"
FEEDBACK = f"{SERVICE}/feedback"
KEYS = ("patient", "conditions", "findings", "measurements", "medications", "procedures")
CALF_PAIN: Entry = {"condition": "sct|300954003", "id": "pain", "onset": -3, "side": "left"}
TOLD = "pain left calf"
"""How a card tells it."""


def searchset(*entries: Entry | dict[str, Any], **members: Any) -> dict[str, Any]:
    """A search answer with compact entries (tests/charts.py), dated relative to now, or whole resources."""
    now = datetime.now(UTC)
    made = [each if "resourceType" in each else resource(each, n, now) for n, each in enumerate(entries)]
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(made),
        "entry": [{"resource": each} for each in made],
        **members,
    }


def outcome(severity: str = "error") -> dict[str, Any]:
    """An OperationOutcome as an EHR would send it."""
    return {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "processing"}]}


def without_now(text: str) -> str:
    """JSON of cards without the second in which their drafts were made, and the minute in which they were."""
    undated = re.sub(r'(?<=")[0-9-]{10}T[0-9:]{8}[^"]*(?=")', "", text)
    return re.sub(r"(?<=Coded entries only, )\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d", "", undated)


def next_link(url: str) -> dict[str, Any]:
    """The members of a Bundle that is followed by another page."""
    return {"link": [{"relation": "self", "url": "http://x/"}, {"relation": "next", "url": url}]}


def prefetch(**values: Any) -> dict[str, Any]:
    """A whole prefetch of a patient with calf pain; each value can be replaced."""
    return {
        "patient": patient(),
        "conditions": searchset(CALF_PAIN),
        "findings": searchset(),
        "measurements": searchset(),
        "medications": searchset(),
        "procedures": searchset(),
        **values,
    }


def without(values: dict[str, Any], *keys: str) -> dict[str, Any]:
    """The same without these keys."""
    return {key: value for key, value in values.items() if key not in keys}


def call(**members: Any) -> dict[str, Any]:
    """A valid patient-view call about a patient with calf pain; each member can be replaced."""
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "context": context(),
        "prefetch": prefetch(),
        **members,
    }


def context(**members: Any) -> dict[str, Any]:
    """A valid context; each member can be replaced."""
    return {"userId": "Practitioner/example", "patientId": PATIENT_ID, **members}


_CONTEXTS: dict[str, dict[str, Any]] = {
    "encounter-start": {"encounterId": "e1"},
    "encounter-discharge": {"encounterId": "e1"},
    "problem-list-item-create": {"conditions": {"resourceType": "Bundle"}},
    "appointment-book": {"appointments": {"resourceType": "Bundle"}},
    "order-select": {"selections": [], "draftOrders": {"resourceType": "Bundle"}},
    "order-sign": {"draftOrders": {"resourceType": "Bundle"}},
}


def hook_call(hook: str, context_members: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    """A valid call of any hook about a patient with calf pain; each member, also of its context, can be replaced."""
    return call(hook=hook, **{"context": context(**{**_CONTEXTS.get(hook, {}), **(context_members or {})}), **members})


def post_hook(client: TestClient, hook: str, context_members: dict[str, Any] | None = None, **prefetched: Any) -> Any:
    """The answer to a call of this hook; `prefetched` replaces values of a whole prefetch."""
    body = hook_call(hook, context_members, prefetch=prefetch(**prefetched))
    return client.post(f"/cds-services/calf-pain-{hook}", json=body)


def reply(hook: str, context_members: dict[str, Any] | None = None, **prefetched: Any) -> Reply:
    """What the service of this hook decides about such a call, in process: the cards, and the assessments behind."""
    call = read_call(msgspec.json.encode(hook_call(hook, context_members, prefetch=prefetch(**prefetched))), hook)
    return asyncio.run(_services()[hook].handle(call, NOBODY, datetime.now(UTC)))


@cache
def _services() -> dict[str, OpenService]:
    settings = load_settings()
    return {each.hook: each for each in hook_services(settings, read_nothing, cards_in_use(settings))}


def authorization(**members: Any) -> dict[str, Any]:
    """A valid fhirAuthorization; each member can be replaced."""
    return {
        "access_token": "some-opaque-token",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/*.read",
        "subject": "cds-service4",
        **members,
    }


def accepted(*suggestions: str, **members: Any) -> dict[str, Any]:
    """Feedback that these suggestions were accepted; each member can be replaced."""
    return {
        "card": "4e0a3a1e-3283-4575-ab82-028d55fe2719",
        "outcome": "accepted",
        "acceptedSuggestions": [{"id": each} for each in suggestions],
        "outcomeTimestamp": "2026-11-02T10:05:31Z",
        **members,
    }


def overridden(**members: Any) -> dict[str, Any]:
    """Feedback that a card was dismissed; each member can be replaced."""
    return {
        "card": "f6b95768-b1c8-40dc-8385-bf3504b82ffb",
        "outcome": "overridden",
        "outcomeTimestamp": "2026-11-02T10:05:32Z",
        **members,
    }


def post(client: TestClient, **members: Any) -> Any:
    """The answer to a call with these members."""
    return client.post(SERVICE, json=call(**members))


def post_until_answered(client: Any, url: str, body: dict[str, Any]) -> Any:
    """The answer, asked for again after as long as a refusal says, like an EHR would: a busy machine refuses bursts."""
    response = client.post(url, json=body)
    for _ in range(30):
        if response.status_code != 503:
            break
        time.sleep(int(response.headers["retry-after"]))
        response = client.post(url, json=body)
    return response


def cards(response: Any) -> list[Any]:
    """The cards of an answer, which must be one."""
    assert response.status_code == 200, response.text
    found = response.json()["cards"]
    assert isinstance(found, list)
    return found


def detail(response: Any) -> str:
    """The text of the one card."""
    (card,) = cards(response)
    return str(card["detail"])


def assert_outcome(response: Any, status: int, expression: str = "", *says: str) -> str:
    """The answer is an OperationOutcome of this status about this member; returns its diagnostics.

    Every answer without a 2xx status goes through here: it is the contract with those who integrate the
    service.
    """
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/fhir+json"
    body = response.json()
    assert body.keys() == {"resourceType", "issue"}
    assert body["resourceType"] == "OperationOutcome"
    (issue,) = body["issue"]
    assert issue.keys() <= {"severity", "code", "diagnostics", "expression"}
    assert issue["severity"] == ("fatal" if status >= 500 else "error")
    assert issue["code"]
    assert issue["diagnostics"].endswith(".")
    assert issue.get("expression", []) == ([expression] if expression else [])
    for words in says:
        assert words in issue["diagnostics"], issue["diagnostics"]
    return str(issue["diagnostics"])
