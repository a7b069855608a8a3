"""The read client against a real server on a socket: what goes wrong becomes words, and the token stays at
home.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response, StreamingResponse

from cds_service.fhir.client import Answer, FhirClient, FhirServer, pooled_http
from tests.calls import CALF_PAIN, next_link, outcome, searchset
from tests.ehr import Ehr, cut_short, dripping, never

BEARER = "token-4711"


def read(base: str, address: str = "Condition?patient=p1", *, seconds: float = 2, max_bytes: int = 100_000) -> Answer:
    async def reading() -> Answer:
        async with pooled_http(seconds) as http:
            deadline = asyncio.get_running_loop().time() + seconds
            return await FhirClient(http, max_bytes).read(FhirServer(base, BEARER), address, deadline)

    return asyncio.run(reading())


def ids(answer: Answer) -> list[str]:
    return [head.id for page in answer.pages for head in page.resources]


def test_a_search_is_read(ehr: Ehr) -> None:
    ehr.answers["/Condition"] = searchset(CALF_PAIN)
    answer = read(ehr.base)
    assert (ids(answer), answer.problem, answer.is_unavailable) == (["pain"], "", False)
    (request,) = ehr.seen
    assert (request.method, request.url.query) == ("GET", "patient=p1")
    assert request.headers["authorization"] == f"Bearer {BEARER}"


def test_a_packed_answer_is_read(ehr: Ehr) -> None:
    packed = gzip.compress(json.dumps(searchset(CALF_PAIN)).encode())
    ehr.answers["/Condition"] = Response(packed, headers={"content-encoding": "gzip"})
    assert ids(read(ehr.base)) == ["pain"]


def test_pages_are_read_in_order_until_there_are_no_more(ehr: Ehr) -> None:
    pages = {1: "Condition?page=2", 2: f"{ehr.base}/Condition?page=3", 3: "/fhir/Condition?page=4", 4: None}

    async def page(request: Request) -> Response:
        number = int(request.query_params.get("page", 1))
        following = pages[number]
        link = next_link(following) if following else {}
        return JSONResponse(searchset({**CALF_PAIN, "id": f"c{number}"}, **link))

    ehr.answers["/Condition"] = page
    answer = read(ehr.base)
    assert (ids(answer), answer.problem) == (["c1", "c2", "c3", "c4"], "")


async def huge(_: Request) -> Response:
    async def spaces() -> AsyncIterator[bytes]:
        for _ in range(10_000):
            yield b" " * 10_000

    return StreamingResponse(spaces(), media_type="application/fhir+json")


FAILURES: list[tuple[str, Any, str]] = [
    ("not authorised", Response(status_code=401), "did not accept the access token"),
    ("forbidden", Response(status_code=403), "did not allow it"),
    ("not found", Response(status_code=404), "did not find it"),
    ("gone", Response(status_code=410), "has deleted it"),
    ("busy", Response(status_code=429), "is too busy"),
    ("broken", Response(status_code=500), "answered 500"),
    ("redirected", RedirectResponse("/fhir/elsewhere"), "answered 307"),
    ("no content", Response(status_code=204), "answered 204"),
    ("partial content", JSONResponse(searchset(), status_code=206), "answered 206"),
    ("HTML", PlainTextResponse("<html>Sign in</html>", media_type="text/html"), "not a FHIR resource"),
    ("empty", Response(), "not a FHIR resource"),
    ("half", Response(b'{"resourceType": "Bundle", "entry": ['), "not a FHIR resource"),
    ("an error", outcome(), "reported an error"),
    (
        "damaged gzip",
        Response(b"nonsense", headers={"content-encoding": "gzip"}),
        "connection to the EHR failed",
    ),
    ("cut short", cut_short, "connection to the EHR failed"),
    ("huge", huge, "larger than this service reads"),
    ("a bomb", Response(gzip.compress(b" " * 10**7), headers={"content-encoding": "gzip"}), "larger than"),
    ("never", never, "took too long"),
    ("dripping", dripping, "took too long"),
]


@pytest.mark.parametrize(("answer", "says"), [row[1:] for row in FAILURES], ids=[row[0] for row in FAILURES])
def test_every_failure_becomes_words(ehr: Ehr, answer: Any, says: str) -> None:
    ehr.answers["/Condition"] = answer
    started = time.monotonic()
    failed = read(ehr.base, seconds=1)
    assert time.monotonic() - started < 2
    assert failed.is_unavailable
    assert says in failed.problem
    assert failed.problem.startswith("could not be read: ")
    assert "p1" not in failed.problem
    assert BEARER not in failed.problem
    assert len(ehr.seen) == 1


@pytest.mark.parametrize("base", ["http://127.0.0.1:1/fhir", "http://no-such-host.invalid/fhir", "http://[::1]:1/fhir"])
def test_a_server_that_is_not_there_becomes_words(base: str) -> None:
    assert read(base).problem == "could not be read: the connection to the EHR failed"


def test_a_page_that_fails_leaves_those_before_it(ehr: Ehr) -> None:
    ehr.answers["/Condition"] = searchset(CALF_PAIN, **next_link("Condition2"))
    ehr.answers["/Condition2"] = never
    answer = read(ehr.base, seconds=0.5)
    assert ids(answer) == ["pain"]
    assert answer.problem == "could not be read completely: the EHR took too long"
    assert not answer.is_unavailable


def test_the_size_limit_is_for_all_pages_together(ehr: Ehr) -> None:
    ehr.answers["/Condition"] = searchset(CALF_PAIN, note="x" * 900, **next_link("Condition"))
    answer = read(ehr.base, max_bytes=5000)
    assert "larger than this service reads" in answer.problem
    assert 2 <= len(answer.pages) < 5


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9/fhir/Condition",
        "https://example.org/fhir/Condition",
        "//example.org/fhir",
        "../admin",
        "/admin",
        "/fhirother/Condition",
        "/fhir/%2e%2e/admin",
        "/fhir\\..\\admin",
        "http://user@{host}/fhir/Condition",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://[",
    ],
)
def test_no_address_outside_the_base_is_asked(ehr: Ehr, address: str) -> None:
    host = ehr.base.split("/")[2]
    ehr.answers["/Condition"] = searchset(CALF_PAIN, **next_link(address.format(host=host)))
    answer = read(ehr.base)
    assert (ids(answer), len(ehr.seen)) == (["pain"], 1)
    assert answer.problem == "could not be read completely: the EHR referred to another server for it"


def test_a_cookie_of_one_call_is_not_sent_with_the_next(ehr: Ehr) -> None:
    """Two clinicians' calls share the connections; a session of the first must not serve the second."""
    ehr.answers["/Condition"] = JSONResponse(searchset(), headers={"set-cookie": "session=first; Path=/"})
    with_two_reads = searchset(**next_link("Condition"))
    ehr.answers["/Start"] = JSONResponse(with_two_reads, headers={"set-cookie": "session=first; Path=/"})
    assert read(ehr.base, "Start").problem == ""
    assert len(ehr.seen) == 2
    assert all("cookie" not in request.headers for request in ehr.seen)


def test_the_token_does_not_show_when_a_server_is_printed() -> None:
    assert BEARER not in repr(FhirServer("http://x/fhir", BEARER))


def test_many_reads_share_the_deadline_and_the_connections(ehr: Ehr) -> None:
    async def slowly(_: Request) -> Response:
        await asyncio.sleep(0.3)
        return JSONResponse(searchset(CALF_PAIN))

    ehr.answers["/Condition"] = slowly

    async def reading() -> list[Answer]:
        async with pooled_http(5) as http:
            client = FhirClient(http, 10**6)
            deadline = asyncio.get_running_loop().time() + 5
            return await asyncio.gather(*(client.read(FhirServer(ehr.base), "Condition", deadline) for _ in range(8)))

    started = time.monotonic()
    answers = asyncio.run(reading())
    assert time.monotonic() - started < 1.5, "one after the other they would take 2.4 seconds"
    assert [ids(answer) for answer in answers] == [["pain"]] * 8


def test_every_exception_of_the_http_library_is_one_that_is_caught() -> None:
    """A new kind of failure in the library must not become a 500."""
    kinds = [each for each in vars(httpx2).values() if isinstance(each, type) and issubclass(each, Exception)]
    caught = (httpx2.HTTPError, httpx2.InvalidURL)
    ours_to_avoid = {
        "CookieConflict",
        "StreamError",
        "StreamConsumed",
        "StreamClosed",
        "ResponseNotRead",
        "RequestNotRead",
    }
    assert {kind.__name__ for kind in kinds if not issubclass(kind, caught)} <= ours_to_avoid
