"""Reads from an EHR's FHIR server what it did not send. Whether a server may be read is decided elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urljoin

import httpx2
import msgspec

from cds_service.addresses import lies_within
from cds_service.fhir.page import Page, open_page

_STATUS_WORDS = {
    401: "the EHR did not accept the access token",
    403: "the EHR did not allow it",
    404: "the EHR did not find it",
    410: "the EHR has deleted it",
    429: "the EHR is too busy",
}


@dataclass(frozen=True, slots=True)
class FhirServer:
    """Where one call may read: the base address without a trailing slash, and the token lent for this call."""

    base: str
    token: str | None = field(default=None, repr=False)


class Answer(msgspec.Struct, frozen=True):
    """What is there of one prefetch key. `problem` says why it is not all, in words for the card; empty if it
    is.
    """

    pages: tuple[Page, ...] = ()
    problem: str = ""

    @property
    def is_unavailable(self) -> bool:
        return bool(self.problem) and not self.pages


class FhirClient:
    """Reads one address and the pages that follow it.

    Nothing here raises: what goes wrong becomes the answer's `problem`. Addresses hold patient ids, so
    neither they nor what was received is ever part of a message. Redirects are not followed, and a next link
    only within the base address, so the token goes nowhere else.
    """

    def __init__(self, http: httpx2.AsyncClient, max_bytes: int, max_pages: int = 20) -> None:
        self._http = http
        self._max_bytes = max_bytes
        self._max_pages = max_pages

    async def read(self, server: FhirServer, address: str, deadline: float) -> Answer:
        """Read `address`, relative to the server's base or a next link of it, until `deadline` of the event
        loop.
        """
        pages: list[Page] = []
        try:
            async with asyncio.timeout_at(deadline):
                async for page in self._pages(server, address):
                    pages.append(page)
            return Answer(tuple(pages))
        except TimeoutError:
            problem = "the EHR took too long"
        except _NotRead as error:
            problem = str(error)
        except (httpx2.HTTPError, httpx2.InvalidURL):
            problem = "the connection to the EHR failed"
        return Answer(tuple(pages), f"could not be read{' completely' if pages else ''}: {problem}")

    async def _pages(self, server: FhirServer, address: str) -> AsyncIterator[Page]:
        following: str | None = address
        received = 0
        for _ in range(self._max_pages):
            if following is None:
                return
            url = _joined(server.base, following)
            if not lies_within(url, server.base):
                raise _NotRead("the EHR referred to another server for it")
            body = await self._get(server, url, self._max_bytes - received)
            received += len(body)
            page = open_page(body)
            if page.resources or not page.failure:
                yield page
            if page.failure:
                raise _NotRead(page.failure)
            following = page.next
        if following is not None:
            raise _NotRead(f"it has more than {self._max_pages} pages")

    async def _get(self, server: FhirServer, url: str, max_bytes: int) -> bytes:
        headers = {"Accept": "application/fhir+json"}
        if server.token is not None:
            headers["Authorization"] = f"Bearer {server.token}"
        body = bytearray()
        async with self._http.stream("GET", url, headers=headers) as response:
            if response.status_code != 200:
                raise _NotRead(_STATUS_WORDS.get(response.status_code, f"the EHR answered {response.status_code}"))
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > max_bytes:
                    raise _NotRead("it is larger than this service reads")
        return bytes(body)


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base + "/", address)
    except ValueError:  # not an address at all
        return ""


class _NotRead(Exception):
    """Why a page was not read, in words for the card."""


def pooled_http(timeout_seconds: float) -> httpx2.AsyncClient:
    """The connections that all reads share: no redirect is followed, no cookie of one call is kept for
    another.
    """
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    return httpx2.AsyncClient(timeout=timeout_seconds, follow_redirects=False, trust_env=False, cookies=no_cookies)
