"""Keys from an address, fetched over a real socket: rotation, outages, floods, and what is never asked."""

from __future__ import annotations

import asyncio
import gzip
import json
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from structlog.testing import capture_logs

from cds_service.errors import ConfigurationError
from cds_service.security.key_sets import FetchedKeys, KeysUnavailable, PinnedKeys, fetch_key_set
from cds_service.security.keys import KeySet
from tests.ehr import CUT_SHORT, Answer, Ehr, dripping, never
from tests.tokens import EC_KEY, OTHER_EC_KEY, RSA_KEY, jwk, jwks

DEFAULT = ("ES384", "RS384")
FIRST, SECOND = jwks(first=EC_KEY), jwks(second=OTHER_EC_KEY)
Result = TypeVar("Result")


class Source:
    """The keys at an address of the EHR, asked at a settable time."""

    def __init__(self, ehr: Ehr, http: httpx2.AsyncClient) -> None:
        self.seconds = 0.0
        fetch = partial(fetch_key_set, http, f"{ehr.base}/jwks.json", DEFAULT)
        self.keys = FetchedKeys("Example EHR", fetch, lambda: self.seconds)

    async def has(self, kid: str, algorithm: str = "ES384") -> bool:
        return await self.keys.key(kid, algorithm) is not None


def with_source(ehr: Ehr, steps: Callable[[Source], Awaitable[Result]]) -> Result:
    async def run() -> Result:
        async with httpx2.AsyncClient(trust_env=False) as http:
            return await steps(Source(ehr, http))

    return asyncio.run(run())


def wait_until_asked(ehr: Ehr, times: int) -> None:
    while len(ehr.seen) < times:
        time.sleep(0.01)


def test_the_set_is_fetched_once_and_kept(ehr: Ehr) -> None:
    ehr.answers = {"/jwks.json": FIRST}

    async def steps(source: Source) -> None:
        assert ehr.seen == []
        for source.seconds in (0, 1, 599):
            assert await source.has("first")
        assert len(ehr.seen) == 1
        source.seconds = 600
        assert await source.has("first")
        assert len(ehr.seen) == 2

    with_source(ehr, steps)


def test_a_key_that_is_rotated_in_is_found_at_once(ehr: Ehr) -> None:
    ehr.answers = {"/jwks.json": FIRST}

    async def steps(source: Source) -> None:
        assert await source.has("first")
        ehr.answers["/jwks.json"] = SECOND
        source.seconds = 11
        assert await source.has("second")
        assert not await source.has("first"), "withdrawn"

    with_source(ehr, steps)


def test_unknown_kids_are_asked_for_once_in_a_while_only(ehr: Ehr) -> None:
    ehr.answers = {"/jwks.json": FIRST}

    async def steps(source: Source) -> None:
        assert await source.has("first")
        for number in range(200):
            source.seconds = number / 10
            assert not await source.has(f"unknown-{number}")
        assert len(ehr.seen) == 2
        assert await source.has("first")
        assert not await source.has("first", "RS384"), "an algorithm that no key fits is unknown too"
        assert len(ehr.seen) == 2

    with_source(ehr, steps)


def test_many_that_wait_share_one_fetch(ehr: Ehr) -> None:
    async def slowly(_: Request) -> Response:
        await asyncio.sleep(0.05)
        return JSONResponse(FIRST)

    ehr.answers = {"/jwks.json": slowly}

    async def steps(source: Source) -> list[bool]:
        return await asyncio.gather(*(source.has("first") for _ in range(50)))

    assert with_source(ehr, steps) == [True] * 50
    assert len(ehr.seen) == 1


def test_those_who_know_their_key_do_not_wait_for_those_who_do_not(ehr: Ehr) -> None:
    ehr.answers = {"/jwks.json": FIRST}

    async def steps(source: Source) -> None:
        assert await source.has("first")
        ehr.answers["/jwks.json"] = never
        source.seconds = 11
        waiting = asyncio.create_task(source.has("unknown"))
        await asyncio.to_thread(wait_until_asked, ehr, 2)
        assert await source.has("first")
        assert not waiting.done()
        assert not await waiting

    with_source(ehr, steps)


def test_while_the_server_fails_the_old_keys_serve_for_a_day(ehr: Ehr) -> None:
    ehr.answers = {"/jwks.json": FIRST}

    async def steps(source: Source) -> None:
        assert await source.has("first")
        ehr.answers["/jwks.json"] = Response(status_code=503)
        for source.seconds in (600, 3600, 24 * 3600 - 1):
            assert await source.has("first")
        source.seconds = 24 * 3600
        assert not await source.has("first")
        ehr.answers["/jwks.json"] = FIRST
        source.seconds += 10
        assert await source.has("first"), "and it heals by itself"

    with_source(ehr, steps)


def test_a_failing_server_is_asked_again_after_a_while_only(ehr: Ehr) -> None:
    async def steps(source: Source) -> None:
        for source.seconds in (0, 1, 5, 9):
            assert not await source.has("first")
        assert len(ehr.seen) == 1
        source.seconds = 10
        assert not await source.has("first")
        assert len(ehr.seen) == 2

    with_source(ehr, steps)


def test_a_fetch_that_was_broken_off_does_not_count(ehr: Ehr) -> None:
    """The caller may have gone; the next one must not suffer for it."""
    ehr.answers = {"/jwks.json": never}

    async def steps(source: Source) -> None:
        gone = asyncio.create_task(source.has("first"))
        await asyncio.to_thread(wait_until_asked, ehr, 1)
        gone.cancel()
        ehr.answers["/jwks.json"] = FIRST
        assert await source.has("first")

    with_source(ehr, steps)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (never, "longer than 2 seconds"),
        (dripping, "longer than 2 seconds"),
        (CUT_SHORT, "connection failed"),
        (Response(b" " * 300_000), "more than 256 KiB"),
        (Response(b"<html>keys</html>", media_type="text/html"), "is not JSON"),
        (Response(b"{}"), "no JWK Set"),
        (Response(gzip.compress(json.dumps(FIRST).encode()), headers={"content-encoding": "gzip"}), "is not JSON"),
        (Response(status_code=204), "answered 204"),
        (Response(status_code=401), "answered 401"),
        (Response(status_code=302, headers={"location": "stolen.json"}), "redirects"),
        (Response(status_code=307, headers={"location": "http://127.0.0.1:1/"}), "redirects"),
    ],
)
def test_a_server_that_gives_no_keys(ehr: Ehr, answer: Answer, problem: str) -> None:
    ehr.answers = {"/jwks.json": answer, "/stolen.json": FIRST}
    with capture_logs() as lines:
        assert not with_source(ehr, lambda source: source.has("first"))
    (line,) = lines
    assert (line["event"], line["client"]) == ("keys_not_fetched", "Example EHR")
    assert problem in line["problem"]
    assert ehr.asked == ["jwks.json"], "a redirect is not followed"


def test_a_server_that_is_not_there() -> None:
    async def fetch() -> KeySet:
        async with httpx2.AsyncClient(trust_env=False) as http:
            return await fetch_key_set(http, "http://127.0.0.1:1/jwks.json", DEFAULT)

    with pytest.raises(KeysUnavailable, match="connection failed"):
        asyncio.run(fetch())


def test_a_client_that_follows_redirects_elsewhere_does_not_here(ehr: Ehr) -> None:
    ehr.answers = {"/jwks.json": Response(status_code=302, headers={"location": "other.json"}), "/other.json": FIRST}

    async def fetch() -> KeySet:
        async with httpx2.AsyncClient(trust_env=False, follow_redirects=True) as http:
            return await fetch_key_set(http, f"{ehr.base}/jwks.json", DEFAULT)

    with pytest.raises(KeysUnavailable):
        asyncio.run(fetch())
    assert ehr.asked == ["jwks.json"]


def pinned(file: Path, content: Any) -> PinnedKeys:
    file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return PinnedKeys(file, DEFAULT)


def test_a_pinned_file(tmp_path: Path) -> None:
    keys = pinned(tmp_path / "jwks.json", jwks(ec=EC_KEY, rsa=RSA_KEY))
    assert asyncio.run(keys.key("ec", "ES384")) is not None
    assert asyncio.run(keys.key("rsa", "RS384")) is not None
    assert asyncio.run(keys.key("rsa", "ES384")) is None


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "is not JSON"),
        ({"keys": []}, "it is empty"),
        ({"keys": [jwk(EC_KEY, "")]}, "no kid"),
        (jwk(EC_KEY, "ec"), "no JWK Set"),
    ],
)
def test_a_pinned_file_without_usable_keys_stops_the_start(tmp_path: Path, content: Any, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as stopped:
        pinned(tmp_path / "jwks.json", content)
    assert "jwks.json" in str(stopped.value)


def test_a_pinned_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="No such file"):
        PinnedKeys(tmp_path / "none.json", DEFAULT)
