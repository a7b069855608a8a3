"""Raw bytes to the real server: whatever comes, one request has one answer, and nobody else's."""

from __future__ import annotations

import gzip
import json
import re
import resource
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.calls import SERVICE, call
from tests.servers import Server, get, post, running

BODY = json.dumps(call()).encode()
POST = f"POST {SERVICE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
LENGTH = f"Content-Length: {len(BODY)}\r\n".encode()
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n"
WEBSOCKET = b"Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13\r\n"
OTHERS = b"Connection: upgrade\r\nUpgrade: anything\r\n"
MEBIBYTE = 1024 * 1024


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("serve") as server:
        yield server


def connected(server: Server) -> socket.socket:
    host, port = server.base.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def answers(connection: socket.socket, wanted: int) -> list[tuple[int, bytes]]:
    """Status and body of as many answers as are wanted, or of those that come before the connection is closed."""
    received = b""
    found: list[tuple[int, bytes]] = []
    while len(found) < wanted:
        head, blank, rest = received.partition(b"\r\n\r\n")
        length = int((re.search(rb"content-length: (\d+)", head) or [0, 0])[1])
        if blank and len(rest) >= length:
            found.append((int(head[9:12]), rest[:length]))
            received = rest[length:]
        elif more := connection.recv(65536):
            received += more
        else:
            break
    return found


def sent(server: Server, *packets: bytes, wanted: int = 1) -> list[tuple[int, bytes]]:
    with connected(server) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for packet in packets:
            connection.sendall(packet)
            time.sleep(0.05)
        return answers(connection, wanted)


def assert_refused(server: Server, status: int, *packets: bytes) -> None:
    """With an OperationOutcome, and nothing after it: the connection is closed."""
    [(told, body)] = sent(server, *packets, wanted=2)
    assert told == status
    assert json.loads(body)["resourceType"] == "OperationOutcome"
    assert get(server.base + "/health").status_code == 200


@pytest.mark.parametrize("upgrade", [H2C, WEBSOCKET, OTHERS])
@pytest.mark.parametrize("packets", [1, 2, 5])
def test_a_request_to_upgrade_is_answered_like_one_without(server: Server, upgrade: bytes, packets: int) -> None:
    whole = POST + upgrade + LENGTH + b"\r\n" + BODY
    size = len(whole) // packets + 1
    parts = [whole[start : start + size] for start in range(0, len(whole), size)]
    (first, card), (second, health) = sent(server, *parts, HEALTH, wanted=2)
    assert (first, second) == (200, 200)
    assert len(json.loads(card)["cards"]) == 1
    assert json.loads(health)["status"] == "ok"
    assert not any("upgrade" in line.lower() or "WebSocket" in line for line in server.log)


@pytest.mark.parametrize("upgrade", [H2C, WEBSOCKET, OTHERS, b""])
@pytest.mark.parametrize("apart", [True, False])
def test_no_body_is_run_as_a_request(server: Server, upgrade: bytes, apart: bool) -> None:
    """The body is a whole request to another address. Behind a proxy its answer would go to the next caller."""
    hidden = b"GET /cds-services HTTP/1.1\r\nHost: x\r\n\r\n"
    head = POST + upgrade + f"Content-Length: {len(hidden)}\r\n\r\n".encode()
    packets = [head, hidden] if apart else [head + hidden]
    told = sent(server, *packets, HEALTH, wanted=2)
    assert [status for status, _ in told] == [400, 200]
    assert json.loads(told[1][1])["status"] == "ok"


def test_pipelined_requests_are_answered_in_their_order(server: Server) -> None:
    """As many bytes as they like wait for their turn."""
    large = POST + b"Content-Length: 400000\r\n\r\n" + BODY.ljust(400_000)
    unknown = b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n" + HEALTH.ljust(300_000)
    told = sent(server, HEALTH + large + HEALTH + unknown + large + HEALTH, wanted=6)
    assert [status for status, _ in told] == [200, 200, 200, 404, 200, 200]
    assert [b"cards" in body for _, body in told] == [False, True, False, False, True, False]


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, POST + LENGTH + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HEALTH),
        (400, POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello" + HEALTH),
        (400, POST + b"Content-Length: +5\r\n\r\nhello" + HEALTH),
        (400, POST.replace(b"1.1", b"1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        (501, POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + HEALTH),
        (501, POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + HEALTH),
        (400, POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HEALTH),
        (400, b"GET /health HTTP/1.1\r\n\r\n"),
        (400, b"GET /health HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"),
        (400, b"GET /health HTTP/1.1\r\nHost: \r\n\r\n"),
        (400, b"GET /health HTTP/1.1\r\nHost: a b\r\n\r\n"),
        (400, b"GET /health HTTP/2.0\r\nHost: x\r\n\r\n"),
        (400, "GET /é HTTP/1.1\r\nHost: x\r\n\r\n".encode()),
        (431, b"GET /health HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 200_000 + b"\r\n\r\n"),
        (431, HEALTH[:-2] + b"a:\r\n" * 101 + b"\r\n"),
        (431, POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"a:\r\n" * 3000 + b"\r\n"),
        (400, POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 20_000),
    ],
)
def test_what_proxies_may_read_differently_or_costs_too_much_is_refused(
    server: Server, status: int, request_: bytes
) -> None:
    assert_refused(server, status, request_)


@pytest.mark.parametrize("name", [b"Content-Type: application/json", b"Content-Encoding: identity"])
def test_a_header_that_says_what_the_body_is_may_not_stand_there_twice(server: Server, name: bytes) -> None:
    twice = f"POST {SERVICE} HTTP/1.1\r\nHost: x\r\n".encode() + b"Content-Type: application/json\r\n" + name + b"\r\n"
    extra = b"" if name.startswith(b"Content-Type") else name + b"\r\n"
    assert sent(server, twice + extra + LENGTH + b"\r\n" + BODY)[0][0] == 400


def test_a_large_header_below_the_limit_is_read(server: Server) -> None:
    assert sent(server, HEALTH[:-2] + b"X: " + b"x" * 50_000 + b"\r\n\r\n")[0][0] == 200


def test_http_1_0_is_answered(server: Server) -> None:
    assert sent(server, b"GET /health HTTP/1.0\r\n\r\n", wanted=2)[0][0] == 200


def test_after_the_last_request_of_a_connection_nothing_is_read(server: Server) -> None:
    last = HEALTH[:-2] + b"Connection: close\r\n\r\n"
    assert [status for status, _ in sent(server, last + b"\x00rubbish" + HEALTH, wanted=2)] == [200]


def memory(server: Server) -> int:
    """Bytes that the process has in memory."""
    status = Path(f"/proc/{server.process.pid}/status").read_text("utf-8")
    return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024  # type: ignore[index]  # Linux always has it


def test_a_header_without_end_is_refused_and_not_kept(server: Server) -> None:
    before = memory(server)
    with connected(server) as connection:
        connection.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nX: ")
        passed = 0
        try:
            for _ in range(100):
                connection.sendall(b"x" * MEBIBYTE)
                passed += 1
        except OSError:
            pass
        connection.settimeout(5)
        assert passed < 100 or answers(connection, 1)[0][0] == 431
    assert memory(server) - before < 20 * MEBIBYTE


def test_who_sends_nothing_or_too_little_is_cut_off_after_ten_seconds(server: Server) -> None:
    """All wait at the same time."""
    packed = gzip.compress(BODY)
    stalled = POST + b"Content-Encoding: gzip\r\n" + f"Content-Length: {len(packed)}\r\n\r\n".encode() + packed[:-1]
    cases: list[tuple[bytes, bytes, list[int]]] = [
        (b"", b"", []),
        (b"GET /hea", b"", [408]),
        (HEALTH[:-2], b"X", [408]),
        (HEALTH + HEALTH[:9], b"", [200, 408]),
        (POST + LENGTH + b"\r\n" + BODY[:10], b"", [408]),
        (stalled, b"", [408]),
        (b"POST /nothing HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n", b"x", [404]),
    ]
    trickled = 0.0

    def outcome(case: tuple[bytes, bytes, list[int]]) -> tuple[list[int], float]:
        first, trickle, _ = case
        with connected(server) as connection:
            started = time.monotonic()
            connection.sendall(first)
            connection.settimeout(0.5)
            received = b""
            while time.monotonic() - started < 40:
                try:
                    if not (more := connection.recv(65536)):
                        break
                    received += more
                except TimeoutError:
                    if trickle:
                        connection.sendall(trickle)
                except ConnectionError:
                    break
            return [int(each) for each in re.findall(rb"HTTP/1.1 (\d+)", received)], time.monotonic() - started

    with ThreadPoolExecutor(len(cases)) as clients:
        outcomes = list(clients.map(outcome, cases))
    assert [told for told, _ in outcomes] == [told for _, _, told in cases]
    assert all(8 < seconds < 30 for _, seconds in outcomes), (outcomes, trickled)


def test_bodies_that_stall_do_not_hold_what_they_would_unpack_to() -> None:
    """3.3 MB each, packed, of 33 MB: the last byte never comes."""
    line = b'{"resourceType":"Observation","id":"%d"}'
    ids = (number * 2_654_435_761 % 10**9 for number in range(800_000))
    packed = gzip.compress(b"".join(line % each for each in ids)[:33_000_000], 1)
    assert 3_000_000 < len(packed) < 10_000_000
    head = POST + b"Content-Encoding: gzip\r\n" + f"Content-Length: {len(packed)}\r\n\r\n".encode()
    with running("serve", CDS_MAX_BODY="64MiB") as server, ExitStack() as stack:
        before = memory(server)
        connections = [stack.enter_context(connected(server)) for _ in range(100)]

        def stall(connection: socket.socket) -> None:
            connection.sendall(head + packed[:-1])

        highest = 0
        with ThreadPoolExecutor(20) as clients:
            stalling = [clients.submit(stall, connection) for connection in connections]
            while not all(each.done() for each in stalling):
                highest = max(highest, memory(server))
                time.sleep(0.05)
        highest = max(highest, memory(server))
        assert highest - before < 500 * MEBIBYTE
        assert get(server.base + "/health").status_code == 200
        statuses = []
        for connection in connections:
            connection.settimeout(0.01)
            try:
                statuses.append(int(connection.recv(4096)[9:12]))
            except (TimeoutError, ConnectionError):
                statuses.append(0)
        assert 503 in statuses, statuses  # 256 MiB do not hold a hundred


def test_what_a_call_held_of_its_body_is_given_back_whatever_becomes_of_it() -> None:
    with running("serve", CDS_MAX_BODY="100000", CDS_MAX_BUFFERED="100000") as server:
        large = BODY.ljust(90_000)
        headers = {"content-type": "application/json"}
        for content in (large, large[:-1], gzip.compress(large)[:-1], b"x" * 90_000, b" " * 99_999):
            packed = {"content-encoding": "gzip"} if content[:1] == b"\x1f" else {}
            post(server.base + SERVICE, content=content, headers={**headers, **packed})
        with connected(server) as leaving:
            leaving.sendall(POST + b"Content-Length: 95000\r\n\r\n" + large)
            time.sleep(0.2)
            refused = post(server.base + SERVICE, content=large, headers=headers)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert refused.json()["issue"][0]["code"] == "throttled"
        deadline = time.monotonic() + 10
        while post(server.base + SERVICE, content=large, headers=headers).status_code != 200:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_connections_that_wait_make_room_for_others_before_descriptors_run_out() -> None:
    least, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(least, min(most, 4096)), most))
    with running("serve", descriptors="256") as server, ExitStack() as stack:
        for _ in range(600):
            stack.enter_context(connected(server))
        for _ in range(3):
            assert get(server.base + "/health", timeout=5).status_code == 200
        assert post(server.base + SERVICE, json=call()).status_code == 200
        told = [json.loads(line) for line in server.log if "near the limit" in line]
        assert [(line["level"], line["descriptors"]) for line in told] == [("warning", 256)]
        assert told[0]["connections"] > 150
        assert server.stop() == 0
