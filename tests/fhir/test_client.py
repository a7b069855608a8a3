"""The read client against a real server on a socket: what goes wrong becomes words, and the token stays at
home.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from cds_service.fhir.client import Answer, FhirClient, FhirServer, pooled_http
from tests.calls import CALF_PAIN, next_link, outcome, searchset
from tests.ehr import (
    BROKEN_CHUNK,
    CUT_SHORT,
    DRIPPED_HEADERS,
    ENDLESS_HEADERS,
    HANG_UP,
    NO_LAST_CHUNK,
    NOT_HTTP,
    RESET,
    Ehr,
    dripping,
    huge,
    never,
    running_ehr,
)

BEARER = "token-4711"


def read(base: str, address: str = "Condition?patient=p1", *, seconds: float = 2, max_bytes: int = 100_000) -> Answer:
    async def reading() -> Answer:
        async with pooled_http(seconds) as http:
            deadline = asyncio.get_running_loop().time() + seconds
            return await FhirClient(http, max_bytes, pause=0.01).read(FhirServer(base, BEARER), address, deadline)

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


def bundle(kind: str) -> dict[str, Any]:
    return {**searchset(CALF_PAIN), "type": kind}


def test_a_type_that_cannot_be_decoded_is_passed_over(ehr: Ehr) -> None:
    ehr.answers["/Condition"] = Response(b'{"resourceType": "Bundle", "type": "\xff", "entry": []}')
    assert read(ehr.base).problem == ""


FAILED = "the connection to the EHR failed"
LASTING: list[tuple[str, Any, str]] = [
    ("not accepted", Response(status_code=400), "did not accept the query"),
    ("not authorised", Response(status_code=401), "did not accept the access token"),
    ("forbidden", Response(status_code=403), "did not allow it"),
    ("not found", Response(status_code=404), "did not find it"),
    ("no JSON", Response(status_code=406), "cannot send it as JSON"),
    ("gone", Response(status_code=410), "has deleted it"),
    ("busy", Response(status_code=429), "is too busy"),
    ("busy for long", Response(status_code=429, headers={"retry-after": "60"}), "is too busy"),
    ("down for long", Response(status_code=503, headers={"retry-after": "60"}), "is not available"),
    ("busy until a day that nobody can read", Response(status_code=429, headers={"retry-after": "soon"}), "too busy"),
    ("not implemented", Response(status_code=501), "answered 501"),
    ("redirected", RedirectResponse("/fhir/elsewhere"), "redirected it, which is not followed"),
    ("redirected to another host", RedirectResponse("http://example.org/fhir"), "redirected it"),
    ("no content", Response(status_code=204), "sent an empty answer"),
    ("partial content", JSONResponse(searchset(), status_code=206), "answered 206"),
    ("empty", Response(), "sent an empty answer"),
    ("HTML", PlainTextResponse("<html>Sign in</html>", media_type="text/html"), "sent a web page instead"),
    ("XML", Response(b"<Bundle/>", media_type="application/fhir+xml"), "sent XML, which is not read"),
    ("text", PlainTextResponse("Bundle"), "not a FHIR resource"),
    ("half", Response(b'{"resourceType": "Bundle", "entry": ['), "not a FHIR resource"),
    ("half packed", Response(gzip.compress(b" " * 999)[:-9], headers={"content-encoding": "gzip"}), "empty answer"),
    ("an error", outcome(), "reported an error"),
    ("a history", bundle("history"), "a Bundle that answers no search"),
    ("a batch", bundle("batch-response"), "a Bundle that answers no search"),
    ("damaged gzip", Response(b"nonsense", headers={"content-encoding": "gzip"}), "sent a damaged answer"),
    ("huge", huge, "larger than this service reads"),
    ("a bomb", Response(gzip.compress(b" " * 10**7), headers={"content-encoding": "gzip"}), "larger than"),
    ("never", never, "took too long"),
    ("dripping", dripping, "took too long"),
    ("dripping headers", DRIPPED_HEADERS, "took too long"),
]
PASSING: list[tuple[str, Any, str]] = [
    ("broken", Response(status_code=500), "answered 500"),
    ("bad gateway", Response(status_code=502), "answered 502"),
    ("not available", Response(status_code=503), "is not available"),
    ("soon available", Response(status_code=503, headers={"retry-after": "0"}), "is not available"),
    ("gateway that waited", Response(status_code=504), "answered 504"),
    ("busy for a moment", Response(status_code=429, headers={"retry-after": "0"}), "is too busy"),
    ("cut short", CUT_SHORT, FAILED),
    ("broken chunk", BROKEN_CHUNK, FAILED),
    ("no last chunk", NO_LAST_CHUNK, FAILED),
    ("reset", RESET, FAILED),
    ("hung up", HANG_UP, FAILED),
    ("not HTTP", NOT_HTTP, FAILED),
    ("headers without end", ENDLESS_HEADERS, FAILED),
]


def names(rows: list[tuple[str, Any, str]]) -> list[str]:
    return [row[0] for row in rows]


@pytest.mark.parametrize(("answer", "says"), [row[1:] for row in LASTING], ids=names(LASTING))
def test_every_failure_becomes_words(ehr: Ehr, answer: Any, says: str) -> None:
    ehr.answers["/Condition"] = answer
    started = time.monotonic()
    failed = read(ehr.base, seconds=0.5)
    assert time.monotonic() - started < 1.5
    assert failed.is_unavailable
    assert says in failed.problem
    assert failed.problem.startswith("could not be read: ")
    assert "p1" not in failed.problem
    assert BEARER not in failed.problem
    assert (len(ehr.seen), failed.requests) == (1, 1), "asking again would not help"


@pytest.mark.parametrize(("answer", "says"), [row[1:] for row in PASSING], ids=names(PASSING))
def test_what_may_pass_is_tried_three_times(ehr: Ehr, answer: Any, says: str) -> None:
    ehr.answers["/Condition"] = answer
    failed = read(ehr.base)
    assert says in failed.problem
    assert failed.is_unavailable
    assert (len(ehr.seen), failed.requests) == (3, 3)


@pytest.mark.parametrize("answer", [row[1] for row in PASSING], ids=names(PASSING))
def test_what_has_passed_leaves_no_trace(ehr: Ehr, answer: Any) -> None:
    stand_in = ehr.stand_in({"conditions": searchset(CALF_PAIN)}, faults={("conditions", 1): [answer]})
    found = read(stand_in.base)
    assert (ids(found), found.problem, found.requests) == (["pain"], "", 2)


@pytest.mark.parametrize(
    ("headers", "tries"),
    [
        ({"retry-after": "1"}, 2),
        ({"retry-after": "4"}, 1),
        ({"retry-after": "9" * 400}, 1),
        ({"retry-after": "-1"}, 1),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 +99999999999999", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:01 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 2),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT", "date": "Wed, 21 Oct 2026 07:28:09 GMT"}, 2),
        ({"retry-after": "Wed, 21 Oct 2026 07:29:00 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 -0000", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 1),
    ],
    ids=repr,
)
def test_a_busy_ehr_is_asked_again_when_it_says_if_there_is_time(ehr: Ehr, headers: dict[str, str], tries: int) -> None:
    """A date is one by the EHR's own clock."""
    busy = Response(status_code=429, headers=headers)
    stand_in = ehr.stand_in({"conditions": searchset(CALF_PAIN)}, faults={("conditions", 1): [busy]})
    started = time.monotonic()
    found = read(stand_in.base)
    assert (found.requests, bool(found.pages)) == (tries, tries == 2)
    if headers["retry-after"] == "1":
        assert time.monotonic() - started >= 1
    if tries == 1:
        assert time.monotonic() - started < 1, "waiting for what does not fit would only hold up the card"


def test_a_server_without_tls_behind_https_becomes_words(ehr: Ehr) -> None:
    assert read(ehr.base.replace("http://", "https://")).problem == f"could not be read: {FAILED}"


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(tmp_path: Path) -> None:
    """The token would go to whoever answers at the EHR's address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, day, day + timedelta(days=36500))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
    own = tmp_path / "own.pem"
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    own.write_bytes(plain + made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    with running_ehr(own) as ehr:
        assert read(ehr.base).problem == f"could not be read: {FAILED}"
        assert ehr.seen == []


def test_a_server_that_takes_no_connection_becomes_words_at_the_deadline() -> None:
    """It is full, so that the system leaves further connections waiting."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listening:
        address = listening.getsockname()
        with contextlib.ExitStack() as waiting:
            for _ in range(3):
                queued = waiting.enter_context(socket.socket())
                queued.setblocking(False)
                queued.connect_ex(address)
            slow = read(f"http://127.0.0.1:{address[1]}/fhir", seconds=0.5)
    assert slow.problem == "could not be read: the EHR took too long"


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
