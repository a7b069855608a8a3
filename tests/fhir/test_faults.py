"""An EHR that fails, down to the bytes on the wire: each fault becomes words, and what may pass is tried again."""

from __future__ import annotations

import contextlib
import gzip
import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response

from tests.calls import CALF_PAIN, outcome, searchset
from tests.certificates import own_certificate
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
from tests.reads import BEARER, ids, read


def bundle(kind: str) -> dict[str, Any]:
    return {**searchset(CALF_PAIN), "type": kind}


def test_a_type_that_cannot_be_decoded_is_passed_over(ehr: Ehr) -> None:
    ehr.answers["/Condition"] = Response(b'{"resourceType": "Bundle", "type": "\xff", "entry": []}')
    assert read(ehr.base).problem == ""


PACKED = {"content-encoding": "gzip"}
PAGE = json.dumps(searchset(CALF_PAIN)).encode()
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
    ("a packed page", Response(gzip.compress(b"<html>"), 200, PACKED, "text/html"), "sent a web page instead"),
    ("packed nonsense", Response(gzip.compress(b"[]"), 200, PACKED), "not a FHIR resource"),
    ("gzip cut short", Response(gzip.compress(PAGE)[:-12], 200, PACKED), "sent a damaged answer"),
    ("gzip cut before anything came", Response(gzip.compress(PAGE)[:12], 200, PACKED), "sent a damaged answer"),
    ("gzip with a hole", Response(gzip.compress(PAGE)[:40] + b"zzzz", 200, PACKED), "sent a damaged answer"),
    ("an error", outcome(), "reported an error"),
    ("a history", bundle("history"), "a Bundle that answers no search"),
    ("a batch", bundle("batch-response"), "a Bundle that answers no search"),
    ("damaged gzip", Response(b"nonsense", 200, PACKED), "sent a damaged answer"),
    ("huge", huge, "larger than this service reads"),
    ("a bomb", Response(gzip.compress(b" " * 10**7), 200, PACKED), "larger than"),
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
    with running_ehr(own_certificate(tmp_path)) as ehr:
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
