"""The real server: a process of its own, called over a real socket."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cds_service.shipped import shipped
from tests.calls import SERVICE, assert_outcome, authorization, call, context, prefetch, searchset, without
from tests.charts import patient
from tests.ehr import Ehr, never
from tests.servers import Server, get, post, running
from tests.tokens import claims, jwks, registry, signed

MEBIBYTE = 1024 * 1024
EXPECTED: dict[str, Any] = json.loads((shipped("fhir_fixtures") / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def server(ehr_server: Ehr) -> Iterator[Server]:
    with running("serve", how="as a command", CDS_FHIR_SERVERS=ehr_server.base, CDS_FHIR_TIMEOUT="1") as server:
        yield server


@pytest.fixture(scope="module")
def demo() -> Iterator[Server]:
    with running("demo") as server:
        yield server


def test_a_call_over_the_wire(server: Server) -> None:
    response = post(server.base + SERVICE, json=call())
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    assert len(response.json()["cards"]) == 1
    assert "server" not in response.headers


def test_nothing_of_patient_or_token_reaches_any_log(ehr: Ehr) -> None:
    """Libraries log too: the HTTP client would write the address of each read, with the patient's id in it."""
    ehr.answers = {"/Patient/zebrafish": patient(id="zebrafish"), "/Condition": searchset()}
    body = call(
        context=context(patientId="zebrafish"),
        prefetch={},
        fhirServer=ehr.base,
        fhirAuthorization={**authorization(), "access_token": "zebrafish-token"},
    )
    with running("serve", CDS_FHIR_SERVERS=ehr.base) as server:
        assert post(server.base + SERVICE, json=body).status_code == 200
        text = {"content-type": "zebrafish"}
        assert post(server.base + SERVICE, content=b"zebrafish", headers=text).status_code == 415
        assert get(server.base + "/zebrafish?zebrafish").status_code == 404
        assert len(ehr.seen) == 6
        server.stop()
    events = [json.loads(line)["event"] for line in server.log]
    assert events == ["listening", "FHIR reads", "request", "request", "request"]
    assert "zebrafish" not in "\n".join(server.log + server.said)


def raw(server: Server, sent: bytes, then: Iterable[bytes] = ()) -> bytes:
    """Send bytes as they are, and read until the server closes or falls silent."""
    host, port = server.base.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(sent)
        received = b""
        try:
            for chunk in then:
                connection.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass
        connection.settimeout(2)
        try:
            while chunk := connection.recv(65536):
                received += chunk
        except (TimeoutError, ConnectionResetError):
            pass
        return received


HEAD = f"POST {SERVICE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()


def test_a_body_over_the_default_limit_is_413_announced_or_not(server: Server) -> None:
    assert_outcome(post(server.base + SERVICE, json=" " * 33 * MEBIBYTE, timeout=30), 413)
    chunks = (b" " * MEBIBYTE for _ in range(34))
    headers = {"content-type": "application/json"}
    assert_outcome(post(server.base + SERVICE, content=chunks, headers=headers, timeout=30), 413)


def test_a_large_body_below_the_limit_is_read(server: Server) -> None:
    body = json.dumps(call()).encode().ljust(31 * MEBIBYTE)
    headers = {"content-type": "application/json"}
    assert post(server.base + SERVICE, content=body, headers=headers, timeout=30).status_code == 200


def test_a_client_that_asks_first_is_told_before_it_sends(server: Server) -> None:
    """curl asks so with large bodies."""
    asked = HEAD + f"Expect: 100-continue\r\nContent-Length: {40 * MEBIBYTE}\r\n\r\n".encode()
    answer = raw(server, asked)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in answer


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        HEAD + b"Content-Length: 10\r\nContent-Length: 20\r\n\r\n",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Content-Length: 100\r\n\r\n{",
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        b"POST " + SERVICE.encode() + b"\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_broken_http_gets_no_5xx_and_hurts_nobody_else(server: Server, sent: bytes) -> None:
    answer = raw(server, sent)
    assert not re.match(rb"HTTP/1.1 [25]", answer), answer
    assert get(server.base + "/health").status_code == 200
    assert '"fault"' not in "\n".join(server.log)


def test_a_slow_ehr_holds_up_no_other_call(server: Server, ehr: Ehr) -> None:
    ehr.answers = {"/Procedure": never}
    slow = call(prefetch=without(prefetch(), "procedures"), fhirServer=ehr.base)
    waiting = threading.Thread(target=post, args=(server.base + SERVICE,), kwargs={"json": slow})
    waiting.start()
    while not ehr.seen:
        time.sleep(0.01)
    started = time.monotonic()
    assert post(server.base + SERVICE, json=call()).status_code == 200
    assert time.monotonic() - started < 0.5
    assert waiting.is_alive()
    waiting.join()


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_the_demo_gives_each_sample_patient_the_expected_card_today(demo: Server, name: str) -> None:
    request = get(f"{demo.base}/samples/{name}")
    assert request.status_code == 200
    cards = post(demo.base + SERVICE, json=request.json()).json()["cards"]
    level = EXPECTED[name]["level"]
    assert [card["indicator"] for card in cards[:1]] == ([] if level in ("none", "no card") else [level])


def test_the_demo_lists_its_samples(demo: Server) -> None:
    samples = get(f"{demo.base}/samples").json()["samples"]
    assert {sample["name"] for sample in samples} == set(EXPECTED)
    assert all(get(sample["request"]).status_code == 200 for sample in samples[:3])
    assert_outcome(get(f"{demo.base}/samples/none"), 404)


def test_the_demo_says_how_to_try_it(demo: Server) -> None:
    demo.wait_until_said("Stop with Ctrl+C.")
    said = "\n".join(demo.said)
    assert f"{demo.base}/cds-services\n" in said
    assert "curl -s " in said
    assert "sandbox.cds-hooks.org" in said
    assert "press Allow" in said
    command = next(line for line in demo.said if "curl" in line)
    addresses = re.findall(r"http://\S+", command)
    request = get(addresses[0]).json()
    assert post(addresses[1], json=request).status_code == 200


def test_the_serving_command_has_no_samples(server: Server) -> None:
    assert_outcome(get(f"{server.base}/samples"), 404)


def test_workers_share_the_port_and_stop_together() -> None:
    with running("serve", "--workers", "2", CDS_MAX_BODY="4096") as server:
        body = call(prefetch={"patient": patient(), "conditions": None})
        statuses = [post(server.base + SERVICE, json=body, timeout=30).status_code for _ in range(10)]
        assert statuses == [200] * 10
        assert post(server.base + SERVICE, json=" " * 5000).status_code == 413
        assert server.stop() == 0


def test_every_worker_knows_that_everybody_was_let_in() -> None:
    """Without --insecure in their environment, the workers would not start on such an address."""
    with running("serve", "--host", "0.0.0.0", "--insecure", "--workers", "2") as server:
        answers = [post(server.base + SERVICE, json=call(), timeout=30) for _ in range(10)]
        assert [answer.status_code for answer in answers] == [200] * 10
        assert server.stop() == 0
    assert any('"open_to_everybody"' in line for line in server.log)


def test_an_ehr_that_is_registered_calls_over_the_wire(ehr: Ehr, tmp_path: Path) -> None:
    ehr.answers = {"/jwks.json": jwks()}
    file = registry(tmp_path, keys=f"{ehr.base}/jwks.json")
    with running("serve", CDS_CLIENTS=str(file)) as server:
        token = signed(claims(server.base + SERVICE, time.time()))
        header = {"authorization": f"Bearer {token}"}

        def answer(_: int) -> httpx2.Response:
            return post(server.base + SERVICE, json=call(), headers=header)

        with ThreadPoolExecutor(20) as callers:
            answers = list(callers.map(answer, range(20)))
        assert sorted(each.status_code for each in answers) == [200] + [401] * 19
        assert_outcome(next(each for each in answers if each.status_code == 401), 401)
        assert_outcome(get(server.base + "/cds-services"), 401)
        server.stop()
    assert ehr.asked == ["jwks.json"]
    assert not any(part in "\n".join(server.log) for part in token.split("."))


def test_it_stops_when_told_and_its_log_is_json_throughout() -> None:
    with running("serve") as server:
        get(server.base + "/health")
        assert raw(server, b"\x16\x03\x01\x02\x00\x01\x00").startswith(b"HTTP/1.1 400 ")
        assert server.stop() == 0
    told = [(line["level"], line["event"]) for line in map(json.loads, server.log)]
    assert told[1:] == [("info", "request"), ("warning", "Invalid HTTP request received.")]


def test_what_libraries_say_is_one_line_of_json_without_values() -> None:
    """A message such as pydantic's quotes what it could not read."""
    faulty = """
import logging, warnings
from cds_service.log import configure_log
configure_log()
warnings.warn("odd")
try:
    int("zebrafish")
except ValueError as error:
    logging.getLogger("asyncio").error("never retrieved\\nfuture: %r", error, exc_info=error)
"""
    said = subprocess.run([sys.executable, "-c", faulty], capture_output=True, text=True, check=True)
    warned, failed = map(json.loads, said.stderr.splitlines())
    assert (warned["logger"], warned["event"].endswith("UserWarning: odd")) == ("py.warnings", True)
    assert (failed["event"], failed["level"], failed["error"]) == ("never retrieved", "error", ["ValueError"])
    assert failed["frames"] == ["<string>:7 <module>"]
    assert "zebrafish" not in said.stderr


def test_a_call_that_waits_for_the_ehr_is_answered_before_the_server_stops(ehr: Ehr) -> None:
    ehr.answers = {"/Procedure": never}
    slow = call(prefetch=without(prefetch(), "procedures"), fhirServer=ehr.base)
    with (
        running("serve", CDS_FHIR_SERVERS=ehr.base, CDS_FHIR_TIMEOUT="10.5") as server,
        ThreadPoolExecutor(1) as caller,
    ):
        waiting = caller.submit(post, server.base + SERVICE, json=slow, timeout=30)
        while not ehr.seen:
            time.sleep(0.01)
        assert server.stop() == 0
        assert "the EHR took too long" in waiting.result().text


def test_a_request_that_never_ends_is_cut_off_with_an_outcome() -> None:
    with running("serve", CDS_FHIR_TIMEOUT="0.1") as server, ThreadPoolExecutor(1) as caller:
        host, port = server.base.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=30) as connection:
            connection.sendall(HEAD + b"Content-Length: 100\r\n\r\n{")
            get(server.base + "/health")
            stopped = caller.submit(server.stop)
            assert connection.recv(65536).startswith(b"HTTP/1.1 503 ")
            assert stopped.result() == 0
    assert [json.loads(line)["event"] for line in server.log[-2:]] == ["cut off", "request"]
