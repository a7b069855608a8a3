"""Where the keys of a client come from: a pinned file, or an address that is fetched and kept for a while."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Protocol

import httpx2
import structlog

from cds_service.errors import ConfigurationError
from cds_service.security.keys import KeySet, NotAKeySet, PublicKey, read_key_set

_FRESH_SECONDS = 600.0
_EXPIRY_SECONDS = 24 * 3600.0
_RETRY_SECONDS = 10.0
_FETCH_SECONDS = 2.0
_MOST_BYTES = 256 * 1024

_log = structlog.stdlib.get_logger()


class KeySource(Protocol):
    """The public keys of one client."""

    async def key(self, kid: str, algorithm: str) -> PublicKey | None:
        """The key of this id, if it may verify this algorithm."""


class PinnedKeys:
    """The keys of a file, read once. Raises ConfigurationError if no key of it can be used."""

    def __init__(self, file: Path, algorithms: Sequence[str]) -> None:
        self._keys = read_pinned(file, algorithms)
        if not self._keys.is_usable:
            problems = "; ".join(dict.fromkeys(key.problem for key in self._keys.keys)) or "it is empty"
            raise ConfigurationError(
                f"{file}: it holds no usable key: {problems}. Ask the EHR's vendor for its JWK Set."
            )

    async def key(self, kid: str, algorithm: str) -> PublicKey | None:
        return self._keys.find(kid, algorithm)


def read_pinned(file: Path, algorithms: Sequence[str]) -> KeySet:
    """All keys of a file. Raises ConfigurationError for what is no JWK Set."""
    try:
        return read_key_set(file.read_bytes(), algorithms)
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
    except NotAKeySet as error:
        problem = str(error)
    raise ConfigurationError(f"{file}: it {problem}. Give the EHR's JWK Set as a file.")


class FetchedKeys:
    """The keys at an address, fetched when first needed.

    A set is taken as it is for ten minutes. Then, and when a token names a key that is not in it (keys are
    rotated), it is fetched again, but no more than once in ten seconds however many such tokens come, and by one
    request for all that wait. When that fails, the old keys serve on for a day since they were fetched.
    `clock` gives seconds that never run backwards.
    """

    def __init__(self, client: str, fetch: Callable[[], Awaitable[KeySet]], clock: Callable[[], float]) -> None:
        self._client = client
        self._fetch = fetch
        self._clock = clock
        self._keys = KeySet()
        self._fetched_at = self._tried_at = -math.inf
        self._one_at_a_time = asyncio.Lock()

    async def key(self, kid: str, algorithm: str) -> PublicKey | None:
        if self._age() >= _FRESH_SECONDS or self._keys.find(kid, algorithm) is None:
            await self._refresh()
        return self._keys.find(kid, algorithm) if self._age() < _EXPIRY_SECONDS else None

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _refresh(self) -> None:
        async with self._one_at_a_time:
            if self._clock() - self._tried_at < _RETRY_SECONDS:
                return
            try:
                self._keys = await self._fetch()
                self._fetched_at = self._clock()
            except KeysUnavailable as error:
                _log.warning("keys_not_fetched", client=self._client, problem=str(error))
            self._tried_at = self._clock()


class KeysUnavailable(Exception):
    """Why a key set could not be fetched, in words for the operator."""


async def fetch_key_set(http: httpx2.AsyncClient, url: str, algorithms: Sequence[str]) -> KeySet:
    """The keys at an address, which alone is asked: no redirect is followed. Raises KeysUnavailable."""
    try:
        async with asyncio.timeout(_FETCH_SECONDS):
            return read_key_set(await _get(http, url), algorithms)
    except TimeoutError:
        raise KeysUnavailable(f"it took longer than {_FETCH_SECONDS:.0f} seconds") from None
    except (httpx2.HTTPError, httpx2.InvalidURL):
        raise KeysUnavailable("the connection failed") from None
    except NotAKeySet as error:
        raise KeysUnavailable(f"what it sent {error}") from None


async def _get(http: httpx2.AsyncClient, url: str) -> bytes:
    """The body as sent: what comes packed in spite of the header is no JSON, and cannot grow."""
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    body = bytearray()
    async with http.stream("GET", url, headers=headers, follow_redirects=False, timeout=_FETCH_SECONDS) as response:
        if response.is_redirect:
            raise KeysUnavailable("it redirects, and only the registered address is asked")
        if response.status_code != 200:
            raise KeysUnavailable(f"it answered {response.status_code}")
        async for chunk in response.aiter_raw():
            body += chunk
            if len(body) > _MOST_BYTES:
                raise KeysUnavailable(f"it sent more than {_MOST_BYTES // 1024} KiB")
    return bytes(body)
