"""Who may call: the whole service with a registry, and without one."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from tests.calls import CALF_PAIN, SERVICE, assert_outcome, call, cards, detail, prefetch, searchset, without
from tests.charts import patient
from tests.conftest import client_with
from tests.ehr import Ehr
from tests.tokens import NAME, OTHER_EC_KEY, claims, jwks, registry, signed

PUBLIC = "https://cds.example.org/hospital"


@pytest.fixture(scope="module")
def gated(tmp_path_factory: pytest.TempPathFactory, ehr_server: Ehr) -> Iterator[TestClient]:
    """The service with a registry that pins the keys of the example EHR."""
    file = registry(tmp_path_factory.mktemp("registry"), fhir_servers=[ehr_server.base])
    with client_with(clients=file, public_url=PUBLIC, fhir_servers=("https://other.example/fhir",)) as client:
        yield client


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """The service with a registry, but without CDS_PUBLIC_URL."""
    with client_with(clients=registry(tmp_path_factory.mktemp("registry"))) as client:
        yield client


def bearer(path: str = SERVICE, base: str = PUBLIC, **members: Any) -> dict[str, str]:
    """The header with a fresh token for an address."""
    return {"authorization": f"Bearer {signed(claims(base + path, time.time(), **members))}"}


class TestWithARegistry:
    @pytest.mark.parametrize("algorithm", ["ES384", "RS384"])
    def test_a_registered_ehr_gets_cards(self, gated: TestClient, algorithm: str) -> None:
        token = signed(claims(PUBLIC + SERVICE, time.time(), tenant="north"), algorithm)
        response = gated.post(SERVICE, json=call(), headers={"authorization": f"Bearer {token}"})
        assert len(cards(response)) == 1

    def test_the_address_called_is_that_of_the_settings_whatever_host_is_sent(self, gated: TestClient) -> None:
        for path in (SERVICE, SERVICE.replace("services/", "services//")):
            headers = {**bearer(path), "host": "cds.internal:8000", "x-forwarded-host": "evil.example"}
            assert gated.post(path, json=call(), headers=headers).status_code == 200
        evil = bearer(base="https://evil.example")
        for host in ("evil.example", "127.0.0.1"):
            assert_outcome(gated.post(SERVICE, json=call(), headers={**evil, "host": host}), 401)

    def test_discovery_needs_a_token_of_its_own(self, gated: TestClient) -> None:
        assert_outcome(gated.get("/cds-services"), 401)
        assert_outcome(gated.get("/cds-services", headers=bearer(SERVICE)), 401)
        for path in ("/cds-services", "/cds-services/"):
            assert gated.get(path, headers=bearer(path)).status_code == 200
        assert_outcome(gated.post(SERVICE, json=call(), headers=bearer("/cds-services")), 401)

    def test_health_is_for_everyone(self, gated: TestClient) -> None:
        assert gated.get("/health").status_code == 200

    def test_every_refusal_is_the_same_and_tells_nothing(self, gated: TestClient) -> None:
        replayed = bearer()
        assert gated.post(SERVICE, json=call(), headers=replayed).status_code == 200
        refused = [
            {},
            {"authorization": "Basic eA=="},
            {"authorization": "Bearer x.y.z"},
            replayed,
            bearer(iss="https://stranger.example"),
            bearer(exp=5, iat=1),
            bearer(aud="https://other.example"),
            {"authorization": f"Bearer {signed(claims(PUBLIC + SERVICE, time.time()), key=OTHER_EC_KEY)}"},
        ]
        answers = [gated.post(SERVICE, json=call(), headers=headers) for headers in refused]
        for answer in answers:
            assert_outcome(answer, 401)
            assert answer.headers["www-authenticate"] == "Bearer"
        assert len({answer.content for answer in answers}) == 1
        assert answers[0].json()["issue"][0]["code"] == "login"

    def test_the_log_names_the_line_that_would_let_a_token_in(self, gated: TestClient) -> None:
        """An EHR whose tokens live 15 minutes, as Epic documents its own, on its first day."""
        headers = bearer(exp=int(time.time()) + 900)
        with capture_logs() as lines:
            assert_outcome(gated.post(SERVICE, json=call(), headers=headers), 401)
        (line,) = lines
        assert (line["client"], line["reason"], line["add_to_registry"]) == (NAME, "lifetime", "max_lifetime = 900")

    def test_a_browser_may_read_the_refusal(self, gated: TestClient) -> None:
        """Without the header the public sandbox would report a cross-origin failure instead."""
        answer = gated.post(SERVICE, json=call(), headers={"origin": "https://sandbox.cds-hooks.org"})
        assert_outcome(answer, 401)
        assert answer.headers["access-control-allow-origin"] == "*"

    def test_a_preflight_carries_no_token_and_is_answered(self, gated: TestClient) -> None:
        headers = {
            "origin": "https://ehr.example.org",
            "access-control-request-method": "POST",
            "access-control-request-headers": "authorization,content-type",
        }
        assert gated.options(SERVICE, headers=headers).status_code == 200

    def test_nothing_else_is_looked_at_before_the_token(self, gated: TestClient) -> None:
        for path, content in ((SERVICE, b"{"), (SERVICE, b"x" * 40_000_000), ("/cds-services/none", b"{}")):
            assert_outcome(gated.post(path, content=content), 401)
        assert_outcome(gated.post("/cds-services/none", json={}, headers=bearer("/cds-services/none")), 404)
        assert_outcome(gated.post(SERVICE, content=b"{", headers=bearer()), 415)

    def test_a_token_of_a_call_that_failed_is_used_up(self, gated: TestClient) -> None:
        headers = bearer()
        assert_outcome(gated.post(SERVICE, json={}, headers=headers), 400, "hook")
        assert_outcome(gated.post(SERVICE, json=call(), headers=headers), 401)

    def test_of_twenty_calls_at_once_with_one_token_one_is_answered(self, gated: TestClient) -> None:
        headers = bearer()

        def status(_: int) -> int:
            return int(gated.post(SERVICE, json=call(), headers=headers).status_code)

        with ThreadPoolExecutor(20) as callers:
            statuses = sorted(callers.map(status, range(20)))
        assert statuses == [200] + [401] * 19

    def test_only_the_fhir_servers_of_the_client_are_read(self, gated: TestClient, ehr: Ehr) -> None:
        ehr.answers = {"/Procedure": searchset()}
        body = call(prefetch=without(prefetch(), "procedures"), fhirServer=ehr.base)
        assert "procedures" not in detail(gated.post(SERVICE, json=body, headers=bearer()))
        assert ehr.asked == ["Procedure"]
        body["fhirServer"] = "https://other.example/fhir"
        text = detail(gated.post(SERVICE, json=body, headers=bearer()))
        assert "procedures were not sent, and the FHIR server of the request is not on the list" in text

    def test_the_log_says_who_and_why_and_quotes_no_token(self, gated: TestClient) -> None:
        headers = bearer(jti="zebrafish-jti", tenant="zebrafish", sub="zebrafish", exp=time.time() + 100)
        with capture_logs() as lines:
            gated.post(SERVICE, json=call(), headers=headers)
            gated.post(SERVICE, json=call(), headers=headers)
            gated.post(SERVICE, json=call(), headers=bearer(iss="https://zebrafish.example"))
        taken, replayed, unknown = lines
        assert (taken["status"], taken["client"], "reason" in taken) == (200, NAME, False)
        assert (replayed["status"], replayed["client"], replayed["reason"]) == (401, NAME, "replayed")
        assert (unknown["status"], unknown["reason"], "client" in unknown) == (401, "unknown_issuer", False)
        assert "zebrafish" not in json.dumps(lines)
        assert headers["authorization"].split(".")[2] not in json.dumps(lines)

    def test_a_shadow_client_is_answered_without_cards(self, tmp_path: Path) -> None:
        with client_with(clients=registry(tmp_path, shadow=True), public_url=PUBLIC) as client:
            assert cards(client.post(SERVICE, json=call(), headers=bearer())) == []
            body = call(prefetch={"patient": patient()})
            assert_outcome(client.post(SERVICE, json=body, headers=bearer()), 412, "prefetch.conditions")


class TestKeysByAddress:
    @pytest.fixture
    def fetching(self, tmp_path: Path, ehr: Ehr) -> Iterator[TestClient]:
        ehr.answers = {"/jwks.json": jwks()}
        file = registry(tmp_path, keys=f"{ehr.base}/jwks.json")
        with client_with(clients=file, public_url=PUBLIC) as client:
            yield client

    def test_they_are_fetched_once_for_many_calls(self, fetching: TestClient, ehr: Ehr) -> None:
        assert ehr.seen == []
        for _ in range(5):
            assert len(cards(fetching.post(SERVICE, json=call(), headers=bearer()))) == 1
        assert ehr.asked == ["jwks.json"]

    def test_a_forged_jku_reaches_nothing(self, fetching: TestClient, ehr: Ehr) -> None:
        """A server that would give the forger's keys listens, and is not asked, nor is the registered one."""
        ehr.answers["/forged.json"] = jwks(ec=OTHER_EC_KEY)
        said = claims(PUBLIC + SERVICE, time.time())
        for jku in (f"{ehr.base}/forged.json", f"{ehr.base}/jwks.json/../forged.json", "file:///etc/passwd"):
            token = signed(said, key=OTHER_EC_KEY, jku=jku)
            with capture_logs() as lines:
                answer = fetching.post(SERVICE, json=call(), headers={"authorization": f"Bearer {token}"})
            assert_outcome(answer, 401)
            assert lines[-1]["reason"] == "foreign_jku"
        assert ehr.seen == []

    def test_a_forged_fhir_server_reaches_nothing(self, fetching: TestClient, ehr: Ehr) -> None:
        body = call(prefetch=without(prefetch(conditions=searchset(CALF_PAIN)), "procedures"), fhirServer=ehr.base)
        assert "not on the list" in detail(fetching.post(SERVICE, json=body, headers=bearer()))
        assert ehr.asked == ["jwks.json"]

    def test_unknown_kids_do_not_hammer_the_ehr(self, fetching: TestClient, ehr: Ehr) -> None:
        for number in range(50):
            token = signed(claims(PUBLIC + SERVICE, time.time()), kid=f"unknown-{number}")
            answer = fetching.post(SERVICE, json=call(), headers={"authorization": f"Bearer {token}"})
            assert_outcome(answer, 401)
        assert ehr.asked == ["jwks.json"]

    def test_without_keys_nobody_is_let_in_and_the_ehr_is_told_401(self, fetching: TestClient, ehr: Ehr) -> None:
        ehr.answers["/jwks.json"] = Response(status_code=500)
        assert_outcome(fetching.post(SERVICE, json=call(), headers=bearer()), 401)


class TestWithoutARegistry:
    @pytest.mark.parametrize("token", [None, "Bearer x", "Basic eA==", "", f"Bearer {'x' * 10_000}"])
    def test_any_token_is_ignored(self, client: TestClient, token: str | None) -> None:
        """The public sandbox sends one with every call."""
        headers = {} if token is None else {"authorization": token}
        assert len(cards(client.post(SERVICE, json=call(), headers=headers))) == 1
        assert client.get("/cds-services", headers=headers).status_code == 200


class TestWithoutAPublicAddress:
    """On loopback, where the address called can be that of the request."""

    @pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost:8000", "[::1]:8000", "localhost"])
    def test_this_machine_is_believed(self, local: TestClient, host: str) -> None:
        headers = {**bearer(base=f"http://{host}"), "host": host}
        assert local.post(SERVICE, json=call(), headers=headers).status_code == 200

    @pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "", "127.0.0.1@evil.example", "x y"])
    def test_another_name_is_not(self, local: TestClient, host: str) -> None:
        """Else whoever got hold of a token made for another service could use it here, by sending its name."""
        headers = {**bearer(base=f"http://{host}"), "host": host}
        assert_outcome(local.post(SERVICE, json=call(), headers=headers), 401)
