"""Reads from an EHR's FHIR server what it did not send. Whether a server may be read is decided elsewhere."""

from __future__ import annotations

import asyncio
import codecs
import random
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx2
import msgspec

from cds_service.addresses import resolved
from cds_service.fhir import faults
from cds_service.fhir.faults import NotRead
from cds_service.fhir.page import LARGE, Page, open_page
from cds_service.fhir.scopes import UNKNOWN_GRANT, Grant

_TRIES = 3


@dataclass(frozen=True, slots=True)
class FhirServer:
    """Where one call may read: the base address without a trailing slash, the token lent for this call, and what
    that token allows.
    """

    base: str
    token: str | None = field(default=None, repr=False)
    grant: Grant = UNKNOWN_GRANT


class Answer(msgspec.Struct, frozen=True):
    """What is there of one prefetch key. `problem` says why it is not all, in words for the card; empty if it
    is. `requests` counts what the EHR was asked for it, repetitions included.
    """

    pages: tuple[Page, ...] = ()
    problem: str = ""
    requests: int = 0

    @property
    def is_unavailable(self) -> bool:
        return bool(self.problem) and not self.pages


class FhirClient:
    """Reads one address and the pages that follow it.

    Nothing here raises: what goes wrong becomes the answer's `problem`, and the pages before it are kept. Redirects
    are not followed, and a next link only within the base address, so the token goes nowhere else. `pause` is the
    seconds before a second try of a page; it doubles before the third, and each is up to half as long again.
    """

    def __init__(self, http: httpx2.AsyncClient, max_bytes: int, max_pages: int = 50, pause: float = 0.1) -> None:
        self._http = http
        self._max_bytes = max_bytes
        self._max_pages = max_pages
        self._pause = pause

    async def read(self, server: FhirServer, address: str, deadline: float) -> Answer:
        """Read `address`, relative to the server's base or a next link of it, until `deadline` of the event
        loop.
        """
        reading = _Reading(self._http, server, deadline, self._max_bytes, self._pause)
        problem = ""
        try:
            async with asyncio.timeout_at(deadline):
                await reading.follow(address, self._max_pages)
        except TimeoutError:
            problem = faults.TOO_SLOW
        except NotRead as fault:
            problem = str(fault)
        if problem:
            problem = f"could not be read{' completely' if reading.pages else ''}: {problem}"
        return Answer(tuple(reading.pages), problem, reading.requests)


class _Reading:
    """A read under way: what has come so far."""

    def __init__(
        self, http: httpx2.AsyncClient, server: FhirServer, deadline: float, max_bytes: int, pause: float
    ) -> None:
        self.pages: list[Page] = []
        self.requests = 0
        self._http = http
        self._base = server.base
        self._headers = {"Accept": "application/fhir+json"}  # without it some EHRs answer in XML
        if server.token is not None:
            self._headers["Authorization"] = f"Bearer {server.token}"
        self._deadline = deadline
        self._bytes_left = max_bytes
        self._pause = pause

    async def follow(self, address: str, max_pages: int) -> None:
        """Read page after page. Raises NotRead."""
        following: str | None = address
        visited: set[str] = set()
        while following is not None:
            url = resolved(following, self._base)
            if url is None:
                raise NotRead("the EHR referred to an address outside its FHIR server for it")
            if url in visited:
                raise NotRead("its pages lead back to one that was read")
            if len(visited) == max_pages:
                raise NotRead(f"it has more than {max_pages} pages")
            visited.add(url)
            following = await self._take(*await self._get(url))

    async def _take(self, body: bytes, headers: httpx2.Headers) -> str | None:
        """Keep a page; the address of the next one."""
        self._bytes_left -= len(body)
        page = await asyncio.to_thread(open_page, body) if len(body) > LARGE else open_page(body)
        if not page.failure and faults.is_other_bundle(body):
            raise NotRead("the EHR sent a Bundle that answers no search")
        if page.resources or not page.failure:
            self.pages.append(page)
        if page.failure:
            raise NotRead(faults.explained(page.failure, body, headers))
        return page.next

    async def _get(self, url: str) -> tuple[bytes, httpx2.Headers]:
        """The body and headers of a page. A few lines instead of a library for repetition, since the pause
        has to fit the deadline and what the EHR asks for.
        """
        pause = self._pause
        for _ in range(_TRIES - 1):
            try:
                return await self._try(url)
            except NotRead as fault:
                if fault.retry_in is None:
                    raise
                wait = max(fault.retry_in, pause * random.uniform(1, 1.5))  # noqa: S311 - spreads load, guards nothing
                if asyncio.get_running_loop().time() + wait >= self._deadline:
                    raise
            await asyncio.sleep(wait)
            pause *= 2
        return await self._try(url)

    async def _try(self, url: str) -> tuple[bytes, httpx2.Headers]:
        self.requests += 1
        body = bytearray()
        try:
            async with self._http.stream("GET", url, headers=self._headers) as response:
                if response.status_code != 200:
                    raise faults.of_response(response)
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > self._bytes_left:
                        raise NotRead("it is larger than this service reads")
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise faults.of_exchange(error) from None
        return bytes(body).removeprefix(codecs.BOM_UTF8), response.headers


def pooled_http(timeout_seconds: float) -> httpx2.AsyncClient:
    """The connections that all reads share: no redirect is followed, no cookie of one call is kept for
    another.
    """
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    # Many, so that a slow EHR does not hold up the reads from another; and kept for longer than the library would,
    # since charts are opened at intervals and a TLS handshake costs the time of a read.
    limits = httpx2.Limits(max_connections=500, max_keepalive_connections=100, keepalive_expiry=30)
    return httpx2.AsyncClient(
        timeout=timeout_seconds, limits=limits, follow_redirects=False, trust_env=False, cookies=no_cookies
    )
