"""More than a worker can answer: what is answered is answered right, the rest is told so at once, nobody stalls it."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest

from tests.calls import CALF_PAIN, SERVICE, assert_outcome, call, prefetch, searchset
from tests.charts import Entry
from tests.servers import PLAIN, Server, get, post, running

JSON = {"content-type": "application/json"}

MINUTE = re.compile(r"\d\d:\d\d UTC")
"""Of the call, on its card: a burst may see the clock go on."""


def pains(count: int) -> dict[str, Any]:
    """A call whose chart holds so many entries of calf pain, each of which has to be read and weighed; no window
    ends while they are sent.
    """
    made: list[Entry] = [{**CALF_PAIN, "id": f"p{n}", "onset": f"-{24 * (n % 20) + 6}h"} for n in range(count)]
    return call(prefetch=prefetch(conditions=searchset(*made)))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("serve") as server:
        yield server


async def burst(server: Server, body: bytes, count: int) -> list[httpx2.Response]:
    limits = httpx2.Limits(max_connections=count)
    async with httpx2.AsyncClient(verify=PLAIN, timeout=120, limits=limits) as client:
        posts = [client.post(server.base + SERVICE, content=body, headers=JSON) for _ in range(count)]
        return await asyncio.gather(*posts)


def test_those_who_would_wait_too_long_are_told_to_come_again(server: Server) -> None:
    body = json.dumps(pains(250)).encode()
    answers = asyncio.run(burst(server, body, 200))
    statuses = Counter(each.status_code for each in answers)
    assert statuses.keys() == {200, 503}, statuses
    told = {each.text.partition("suggestions")[0] for each in answers if each.status_code == 200}
    assert len({MINUTE.sub("", each) for each in told}) == 1, told
    refused = next(each for each in answers if each.status_code == 503)
    assert_outcome(refused, 503, "", "Wait as Retry-After says")
    assert refused.headers["retry-after"] == "1"
    assert post(server.base + SERVICE, json=call()).status_code == 200  # and soon all is as ever


def test_a_large_chart_holds_up_nobody(server: Server) -> None:
    large = json.dumps(pains(5_000)).encode()
    with ThreadPoolExecutor(1) as other:
        waiting = other.submit(post, server.base + SERVICE, content=large, headers=JSON, timeout=120)
        answered = 0
        while not waiting.done():
            assert get(server.base + "/health", timeout=30).status_code == 200
            assert post(server.base + SERVICE, json=call(), timeout=30).status_code == 200
            answered += 1
        assert waiting.result().status_code in (200, 503)  # the time budget of a slow machine
        assert answered >= 2


def test_a_call_whose_client_has_left_is_not_computed() -> None:
    body = json.dumps(pains(250)).encode()
    head = (
        f"POST {SERVICE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with running("serve") as server:
        host, port = server.base.removeprefix("http://").split(":")
        left = [socket.create_connection((host, int(port))) for _ in range(30)]
        for each in left:
            each.sendall(head.encode() + body)
        for each in left:
            each.close()
        assert post(server.base + SERVICE, json=call(), timeout=60).status_code == 200
        server.stop()
    statuses = Counter(line["status"] for line in map(json.loads, server.log) if line["event"] == "request")
    assert statuses[499] > statuses[200] - 1, statuses


def test_a_chart_that_takes_longer_than_one_call_may() -> None:
    with running("serve", CDS_TIME_BUDGET="0.05") as server:
        answer = post(server.base + SERVICE, content=json.dumps(pains(5_000)).encode(), headers=JSON, timeout=60)
        assert_outcome(answer, 503, "", "0.05 seconds", "CDS_TIME_BUDGET")
        assert get(server.base + "/health").status_code == 200
        server.stop()
    assert any(json.loads(line)["event"] == "time budget spent" for line in server.log)


def test_a_client_that_calls_too_often() -> None:
    with running("serve", CDS_CLIENT_RATE="0.001") as server:
        assert post(server.base + SERVICE, json=call()).status_code == 200
        refused = post(server.base + SERVICE, json=call())
        assert_outcome(refused, 429, "", "Wait as Retry-After says")
        assert refused.headers["retry-after"] == "1"
        assert get(server.base + "/health").status_code == 200
