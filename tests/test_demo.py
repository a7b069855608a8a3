"""`cds-service demo` as an EHR with its own decision service: a process of its own, over a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.calls import SERVICE, assert_outcome, without, without_now
from tests.servers import PLAIN, Server, get, running
from tests.test_server import EXPECTED


@pytest.fixture(scope="module")
def demo() -> Iterator[Server]:
    with running("demo") as server:
        yield server


@pytest.fixture(scope="module")
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(verify=PLAIN) as http:
        yield http


def answer(http: httpx2.Client, demo: Server, request: dict[str, Any]) -> list[dict[str, Any]]:
    """The cards without what differs from call to call."""
    response = http.post(demo.base + SERVICE, json=request)
    assert response.status_code == 200, response.text
    cards = [without(card, "uuid") for card in response.json()["cards"]]
    timeless: list[dict[str, Any]] = json.loads(without_now(json.dumps(cards)))
    return timeless


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_card_is_the_same_whether_the_chart_is_sent_or_read(demo: Server, http: httpx2.Client, name: str) -> None:
    sent = http.get(f"{demo.base}/samples/{name}").json()
    cards = answer(http, demo, sent)
    listed = {each["name"]: each["card"] for each in http.get(f"{demo.base}/samples").json()["samples"]}
    assert listed[name] == (cards[0]["indicator"] if cards else "none")
    assert answer(http, demo, {**without(sent, "prefetch"), "fhirServer": f"{demo.base}/fhir"}) == cards
    by_name = demo.base.replace("127.0.0.1", "localhost")
    assert answer(http, demo, {**without(sent, "prefetch"), "fhirServer": f"{by_name}/fhir/"}) == cards


def test_what_the_sandbox_sends_gives_the_same_card_too(demo: Server, http: httpx2.Client) -> None:
    """It fills the templates by POST `_search`, one page each; the service reads on at the next links."""
    service, *_ = http.get(f"{demo.base}/cds-services").json()["services"]
    pages = 0
    for name in ("healthy-adult", "claudication-with-rest-pain-left", "leg-dvt-untreated-left"):
        sent = http.get(f"{demo.base}/samples/{name}").json()
        prefetch = {}
        for key, template in service["prefetch"].items():
            address = template.replace("{{context.patientId}}", sent["context"]["patientId"])
            place, _, query = address.partition("?")
            if query:
                headers = {"content-type": "application/x-www-form-urlencoded"}
                response = http.post(f"{demo.base}/fhir/{place}/_search", content=query, headers=headers)
            else:
                response = http.get(f"{demo.base}/fhir/{place}")
            assert response.status_code == 200
            prefetch[key] = response.json()
            pages += any(link["relation"] == "next" for link in prefetch[key].get("link", ()))
        called = {**sent, "prefetch": prefetch, "fhirServer": f"{demo.base}/fhir"}
        assert answer(http, demo, called) == answer(http, demo, sent)
    assert pages > 0


def test_the_demo_prints_a_link_for_each_patient(demo: Server, http: httpx2.Client) -> None:
    demo.wait_until_said("Stop with Ctrl+C.")
    links = [line.strip() for line in demo.said if line.startswith(f"  {demo.base}/sandbox/")]
    assert [link.rsplit("/", 1)[1] for link in links] == sorted(EXPECTED)
    for link in links:
        assert http.get(link).headers["location"].startswith("https://sandbox.cds-hooks.org/?hook=patient-view&")
    assert f"{demo.base}/fhir (" in "\n".join(demo.said)
    assert http.get(f"{demo.base}/").status_code == 200


def test_a_demo_that_is_told_to_stop_leaves_nothing_behind(tmp_path: Path) -> None:
    with running("demo", how="as a command", TMPDIR=str(tmp_path)) as server:
        assert len(list(tmp_path.iterdir())) == 1
        assert server.stop() == 0
    assert list(tmp_path.iterdir()) == []


def test_the_serving_command_is_no_fhir_server() -> None:
    with running("serve") as server:
        for address in ("/", "/fhir/metadata", "/sandbox/healthy-adult"):
            assert_outcome(get(server.base + address), 404)
