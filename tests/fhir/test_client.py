"""The read client against a real server on a socket: what goes wrong becomes words, and the token stays at
home.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import time

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cds_service.fhir.client import Answer, FhirClient, FhirServer, pooled_http
from tests.calls import CALF_PAIN, next_link, searchset
from tests.ehr import Ehr, never
from tests.reads import BEARER, ids, read


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


def test_a_byte_order_mark_is_passed_over(ehr: Ehr) -> None:
    ehr.answers["/Condition"] = Response(b"\xef\xbb\xbf" + json.dumps(searchset(CALF_PAIN)).encode())
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


def test_a_page_that_fails_leaves_those_before_it(ehr: Ehr) -> None:
    ehr.answers["/Condition"] = searchset(CALF_PAIN, **next_link("Condition2"))
    ehr.answers["/Condition2"] = never
    answer = read(ehr.base, seconds=0.5)
    assert ids(answer) == ["pain"]
    assert answer.problem == "could not be read completely: the EHR took too long"
    assert not answer.is_unavailable


def test_the_size_limit_is_for_all_pages_together(ehr: Ehr) -> None:
    ehr.answers["/Condition"] = endless
    answer = read(ehr.base, max_bytes=5000)
    assert "larger than this service reads" in answer.problem
    assert 2 <= len(answer.pages) < 10


async def endless(request: Request) -> Response:
    """A page with a link to one that was never there before."""
    number = int(request.query_params.get("page", 0)) + 1
    return JSONResponse(searchset({**CALF_PAIN, "id": f"c{number}"}, **next_link(f"Condition?page={number}")))


def test_pages_without_end_are_given_up(ehr: Ehr) -> None:
    ehr.answers["/Condition"] = endless
    answer = read(ehr.base, seconds=5)
    assert (len(ehr.seen), len(answer.pages), answer.requests) == (50, 50, 50)
    assert answer.problem == "could not be read completely: it has more than 50 pages"


@pytest.mark.parametrize("back", ["Condition?patient=p1", "Condition?page=2"], ids=["to the first", "to itself"])
def test_pages_that_lead_back_are_read_once(ehr: Ehr, back: str) -> None:
    async def page(request: Request) -> Response:
        return JSONResponse(
            searchset(CALF_PAIN, **next_link(back if request.query_params.get("page") else "Condition?page=2"))
        )

    ehr.answers["/Condition"] = page
    answer = read(ehr.base)
    assert (len(ehr.seen), len(answer.pages)) == (2, 2)
    assert answer.problem == "could not be read completely: its pages lead back to one that was read"


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
        "/fhir/..;/admin",
        "/fhir/%252e%252e/admin",
        "http://{host}/fhir/x%2f..%2f..%2fadmin",
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
    assert (
        answer.problem == "could not be read completely: the EHR referred to an address outside its FHIR server for it"
    )


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
