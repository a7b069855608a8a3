"""The description of the interface is true: by its examples, and by calls that a tool makes up from it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from starlette.testclient import TestClient

from tests.calls import without
from tests.command import run
from tests.conftest import client_with
from tests.docs_tables import DOCS
from tests.servers import running
from tests.tokens import registry

FEW = settings(
    max_examples=6,
    phases=[Phase.generate],
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
JUDGED_HERE = [negative_data_rejection, positive_data_acceptance]
"""Checks that know no 412, and expect the service to refuse what it passes over."""


@pytest.fixture(scope="module")
def described(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The description as a client gets it from the real server."""
    store = tmp_path_factory.mktemp("store") / "store.db"
    with running("serve", CDS_DATABASE_URL=f"sqlite+aiosqlite:///{store}") as server:
        yield schemathesis.openapi.from_url(f"{server.base}/openapi.json")


@pytest.fixture(scope="module")
def document(client: TestClient) -> Any:
    return client.get("/openapi.json").json()


def try_out(described: Any, mode: GenerationMode, *, methods: str = "get post", accepted: Any = None) -> None:
    """Some calls of each operation, right or wrong ones: each answer must be one that the description has."""
    for found in described.get_all_operations():
        operation = found.ok()
        if operation.method not in methods:
            continue

        @FEW
        @given(case=operation.as_strategy(generation_mode=mode))
        def call(case: Any) -> None:
            response = case.call()
            case.validate_response(response, excluded_checks=JUDGED_HERE)
            if accepted:
                assert response.status_code in accepted[case.method.lower()], response.text

        call()


def test_calls_that_fit_it_are_accepted_and_answered_as_it_says(described: Any) -> None:
    """412: of most charts that are made up nothing is to be had. 404: so are most names of resources."""
    try_out(described, GenerationMode.POSITIVE, accepted={"post": (200, 412), "get": (200, 404)})


def test_calls_that_break_it_are_answered_as_it_says_and_break_nothing(described: Any) -> None:
    try_out(described, GenerationMode.NEGATIVE, methods="post")


def test_it_describes_every_address(document: Any, client: TestClient) -> None:
    addresses = {route.path.rstrip("/") for route in client.app.routes}  # type: ignore[attr-defined]
    real = {each for each in addresses if "//" not in each}
    listed = {re.sub(r"calf-pain-[a-z-]+", "{id}", path) for path in document["paths"]}
    assert listed == real
    services = client.get("/cds-services").json()["services"]
    assert {f"/cds-services/{each['id']}" for each in services} < document["paths"].keys()


def test_each_example_fits_what_is_said_beside_it(document: Any) -> None:
    examples = 0
    for path in document["paths"].values():
        for operation in path.values():
            bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
            for content in (each for body in bodies for each in body.get("content", {}).values()):
                if "example" in content:
                    schema = {**content["schema"], "components": document["components"]}
                    jsonschema_rs.Draft202012Validator(schema).validate(content["example"])
                    examples += 1
    assert examples == 4


def test_the_examples_of_the_docs_are_sent_and_answered_as_they_stand(described: Any, tmp_path: Path) -> None:
    call, answer, feedback = quoted("interface.md")
    base = described.get_base_url().rstrip("/")
    (tmp_path / "call.json").write_text(call)
    told = run("assess", str(tmp_path / "call.json"), "--as-of", "2026-11-02T12:00:00Z", "--json")
    [example] = json.loads(answer)["cards"]
    assert json.loads(told.stdout)["cards"] == [example]
    [card] = post(f"{base}/cds-services/calf-pain-patient-view", call).json()["cards"]
    changing = ("uuid", "detail", "suggestions", "links")  # a key of the store's, the moment, the server's own address
    assert without(card, *changing) == without(example, *changing)
    assert json.loads(feedback)["feedback"][0]["card"] == example["uuid"]
    assert post(f"{base}/cds-services/calf-pain-patient-view/feedback", feedback).json() == {}


def quoted(page: str) -> list[str]:
    return re.findall(r"```json\n(.*?)\n```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)


def post(address: str, body: str) -> Any:
    response = httpx2.post(address, content=body, headers={"Content-Type": "application/json"}, trust_env=False)
    assert response.status_code == 200, response.text
    return response


def test_it_asks_for_a_token_where_ehrs_are_registered(document: Any, tmp_path: Path) -> None:
    assert document["security"] == []
    with client_with(clients=registry(tmp_path), public_url="https://cds.example.org") as gated:
        told = gated.get("/openapi.json").json()
        assert gated.get("/cds-services").status_code == 401
    assert told["security"] == [{"clientJwt": []}]
    assert told["servers"] == [{"url": "https://cds.example.org"}]
    assert told["paths"]["/health"]["get"]["security"] == []
