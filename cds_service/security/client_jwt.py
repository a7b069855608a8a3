"""The EHR's JSON Web Token (CDS Hooks 2.0.1, section "Trusting CDS Clients"; RFC 7515, 7519, 8725).

Checks, in this order; the first that fails refuses the call, its word goes to the log, and the caller learns nothing:

| word | what was wrong |
| --- | --- |
| `no_token` | no Authorization header with a bearer token, or several |
| `malformed` | not three parts in base64url, too long, header or claims missing, of the wrong type or out of bounds |
| `algorithm` | `alg` is not one of CDS_JWT_ALGORITHMS |
| `unknown_issuer` | no client of the registry has this `iss` |
| `foreign_jku` | `jku` is another address than the client's jwks_url |
| `unknown_key` | the client has no key of this `kid` that fits `alg`, or its keys could not be fetched |
| `signature` | the signature is not that key's |
| `audience` | `aud` is not the address called |
| `expired`, `not_yet_valid` | by `exp`; by `iat` or `nbf`; a minute's difference of clocks is forgiven |
| `lifetime` | `exp` is not after `iat`, or later than CDS_JWT_LIFETIME or the client's max_lifetime allows |
| `replayed` | the `jti` was used before |

Keys are taken from the registry only. `jku` is compared with it, never followed: an address that a stranger may choose
would let him bring his own keys, and send this service anywhere. With a pinned jwks_file it is not looked at, since
that file is the set agreed out of band, and clients that always send a `jku` can then be pinned as well.
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
import structlog
from jwt import PyJWS
from jwt.exceptions import PyJWTError

from cds_service.addresses import Address, parse_base
from cds_service.errors import Unauthenticated
from cds_service.security.caller import Caller
from cds_service.security.clients import Client
from cds_service.security.key_sets import KeySource
from cds_service.security.outbound import AllowedServers
from cds_service.settings import LONGEST_LIFETIME

FirstUse = Callable[[str, str, datetime], Awaitable[bool]]
"""Claims the `jti` of an issuer until a moment: True the first time, among all workers."""

_BEARER = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +(\S+)")
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_SLASHES = re.compile("/{2,}")
_MOST_CHARACTERS = 8192
_LEEWAY_SECONDS = 60

_log = structlog.stdlib.get_logger()


class Header(msgspec.Struct):
    """The JOSE header. `crit` names extensions without which a token must not be understood: none is known here."""

    alg: str
    kid: str
    typ: Literal["JWT"]
    jku: Any = msgspec.UNSET
    crit: Any = msgspec.UNSET


class Claims(msgspec.Struct):
    """What a token says of who sends it, to whom and when; times in seconds since 1970."""

    iss: str
    aud: str | list[str]
    exp: float
    iat: float
    jti: str
    nbf: float | None = None
    tenant: str | None = None


class Malformed(Exception):
    """What is wrong with the form of a token, in words that may quote it: for its owner, never for the log."""


_jws = PyJWS()
_decode_claims = msgspec.json.Decoder(Claims).decode


@dataclass(frozen=True, slots=True)
class _Registered:
    client: Client
    keys: KeySource
    servers: AllowedServers


class ClientJwt:
    """Trusts the clients of a registry, by their tokens. `lifetime_seconds` is the longest from `iat` to `exp`, unless
    the registry has one for the client.
    """

    def __init__(
        self,
        clients: Iterable[tuple[Client, KeySource]],
        algorithms: Sequence[str],
        lifetime_seconds: int,
        first_use: FirstUse,
        now: Callable[[], datetime],
    ) -> None:
        self._by_issuer = {
            client.issuer: _Registered(client, keys, AllowedServers(client.fhir_servers)) for client, keys in clients
        }
        self._jws = PyJWS(algorithms=algorithms)
        self._algorithms = frozenset(algorithms)
        self._lifetime = lifetime_seconds
        self._first_use = first_use
        self._now = now

    async def caller(self, authorization: Sequence[str], endpoint: str) -> Caller:
        """The client that signed the token for this endpoint, now and for the first time. Raises Unauthenticated."""
        token = _token(authorization)
        header, claims = self._unverified(token)
        registered = self._by_issuer.get(claims.iss)
        if registered is None:
            raise Unauthenticated("unknown_issuer")
        client = registered.client
        try:
            await self._check_signature(token, header, registered)
            self._check_claims(claims, client, endpoint)
            until = datetime.fromtimestamp(claims.exp + _LEEWAY_SECONDS, UTC)
            if not await self._first_use(claims.iss, claims.jti, until):
                raise _Refused("replayed")
        except _Refused as refused:
            raise Unauthenticated(refused.word, client.name, refused.add_to_registry) from None
        return Caller(client, claims.tenant or "", registered.servers)

    def _unverified(self, token: str) -> tuple[Header, Claims]:
        try:
            header, claims = unverified(token)
        except Malformed:
            raise Unauthenticated("malformed") from None
        if header.alg not in self._algorithms:
            raise Unauthenticated("algorithm")
        return header, claims

    async def _check_signature(self, token: str, header: Header, registered: _Registered) -> None:
        if registered.client.jwks_url is not None and header.jku not in (msgspec.UNSET, registered.client.jwks_url):
            raise _Refused("foreign_jku")
        key = await registered.keys.key(header.kid, header.alg)
        if key is None:
            raise _Refused("unknown_key")
        try:
            self._jws.decode_complete(token, key, algorithms=[header.alg])
        except PyJWTError:
            raise _Refused("signature") from None

    def _check_claims(self, claims: Claims, client: Client, endpoint: str) -> None:
        now = self._now().timestamp()
        if not _is_for(claims.aud, endpoint, client):
            raise _Refused("audience")
        if claims.exp <= now - _LEEWAY_SECONDS:
            raise _Refused("expired")
        if max(claims.iat, claims.nbf or claims.iat) > now + _LEEWAY_SECONDS:
            raise _Refused("not_yet_valid")
        lifetime, longest = claims.exp - claims.iat, client.max_lifetime or self._lifetime
        if not 0 < lifetime <= longest:
            could_be = longest < lifetime <= LONGEST_LIFETIME
            raise _Refused("lifetime", f"max_lifetime = {math.ceil(lifetime)}" if could_be else "")


def unverified(token: str) -> tuple[Header, Claims]:
    """What the token says of itself, of which nothing may be relied on yet. Raises Malformed."""
    if len(token) > _MOST_CHARACTERS or not _TOKEN.fullmatch(token):
        raise Malformed(f"it is not three parts in base64url, or longer than {_MOST_CHARACTERS} characters")
    try:
        parts = _jws.decode_complete(token, options={"verify_signature": False})
        header = msgspec.convert(parts["header"], Header)
        claims = _decode_claims(parts["payload"])
    except (PyJWTError, msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(str(error)) from None
    if header.crit is not msgspec.UNSET:
        raise Malformed("its header has crit, and no extension is understood")
    if not _are_in_bounds(claims):
        raise Malformed("jti, or a tenant that is there, is not of 1 to 256 printable characters")
    return header, claims


class _Refused(Exception):
    """The word for the log, once it is known which client the token claims to be from."""

    def __init__(self, word: str, add_to_registry: str = "") -> None:
        super().__init__(word)
        self.word = word
        self.add_to_registry = add_to_registry


def _token(authorization: Sequence[str]) -> str:
    bearer = _BEARER.fullmatch(authorization[0]) if len(authorization) == 1 else None
    if bearer is None:
        raise Unauthenticated("no_token")
    return bearer[1]


def _are_in_bounds(claims: Claims) -> bool:
    """`jti` and `tenant` are stored, so what no database takes (NUL, pages of text) is refused here."""
    stored = [claims.jti] if claims.tenant is None else [claims.jti, claims.tenant]
    return all(0 < len(text) <= 256 and text.isprintable() for text in stored)


def _is_for(audience: str | list[str], endpoint: str, client: Client) -> bool:
    """Addresses are compared as addresses: the case of the host, the scheme's own port and slashes too many make no
    difference. What the registry lists for this client counts as written.
    """
    named = [audience] if isinstance(audience, str) else audience
    place = _place(endpoint)
    if place is not None and place in map(_place, named):
        return True
    if client.audiences and not set(client.audiences).isdisjoint(named):
        _log.info("audience_of_registry", client=client.name)
        return True
    return False


def _place(url: str) -> Address | None:
    place = parse_base(url)
    return place and place._replace(path=_SLASHES.sub("/", place.path))
