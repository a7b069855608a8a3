"""The registry: which EHRs may call, in one TOML file with a table `[[client]]` for each.

| key | what it is |
| --- | --- |
| `name` | what the log calls this client |
| `issuer` | the `iss` of its tokens, compared as text |
| `jwks_url` or `jwks_file` | where its public keys are: an address that is fetched, or a file beside the registry |
| `fhir_servers` | base addresses of FHIR servers that may be read for it, each trusted as written; default none |
| `shadow` | true: it is answered without cards, so that it can be observed before clinicians see any |
| `audiences` | further values of `aud` to be taken from it, for a client that cannot send the address that it calls |
| `max_lifetime` | seconds that may lie between `iat` and `exp` of its tokens, instead of CDS_JWT_LIFETIME |
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import msgspec

from cds_service.addresses import is_loopback, parse_address, parse_base
from cds_service.errors import ConfigurationError
from cds_service.settings import LONGEST_LIFETIME

_MOST_CHARACTERS = 200
_WHERE = re.compile(r" - at `\$\.?(?P<key>\w*).*`$")
_NAMED = re.compile(r"Object (?:missing required|contains unknown) field `(?P<key>\w+)`")


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One registered EHR. `jwks_file` is an absolute path once loaded."""

    name: str
    issuer: str
    jwks_url: str | None = None
    jwks_file: str | None = None
    fhir_servers: tuple[str, ...] = ()
    shadow: bool = False
    audiences: tuple[str, ...] = ()
    max_lifetime: int | None = None


def load_clients(file: Path) -> tuple[Client, ...]:
    """The clients of a registry, at least one. Raises ConfigurationError naming file, table and key."""
    clients = parse_clients(read_registry(file), file)
    if not clients:
        raise ConfigurationError(f"{file}: it registers nobody. Add an EHR with cds-service client add.")
    return clients


def read_registry(file: Path) -> str:
    """Raises ConfigurationError for a file that cannot be read."""
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}. Let CDS_CLIENTS name a file that can be read.") from None
    except UnicodeDecodeError:
        raise ConfigurationError(f"{file}: it is not in UTF-8. Save it as UTF-8.") from None


def parse_clients(text: str, file: Path) -> tuple[Client, ...]:
    """The clients in the text of a registry; `file` is named in errors, and relative paths start beside it."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ConfigurationError(f"{file}: it is not TOML: {error}. Correct it.") from None
    tables = content.pop("client", [])
    if content:
        raise ConfigurationError(f"{file}: {', '.join(sorted(content))} is not known. Keep to tables [[client]].")
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigurationError(f"{file}: client is no list of tables. Write [[client]] above each.")
    clients: list[Client] = []
    for number, table in enumerate(tables, 1):
        try:
            client = _checked(table, file.resolve().parent)
            _refuse_repeated(client, clients)
        except _Wrong as wrong:
            name = table.get("name")
            called = f" ({name})" if isinstance(name, str) and _is_short_text(name) else ""
            raise ConfigurationError(f"{file}: [[client]] {number}{called}: {wrong}.") from None
        clients.append(client)
    return tuple(clients)


class _Wrong(Exception):
    """The key of a table, what is wrong with it, and the remedy."""

    def __init__(self, key: str, problem: str, remedy: str) -> None:
        super().__init__(f"{key} {problem}. {remedy}")


def _checked(table: dict[str, Any], folder: Path) -> Client:
    try:
        client = msgspec.convert(table, Client)
    except msgspec.ValidationError as error:
        raise _misshapen(str(error)) from None
    for key in ("name", "issuer"):
        if not _is_short_text(getattr(client, key)):
            raise _Wrong(key, "is empty or not printable", f"Give 1 to {_MOST_CHARACTERS} characters")
    _check_key_source(client)
    _check_each(client, "fhir_servers", lambda each: parse_base(each) is not None)
    _check_each(client, "audiences", _is_short_text)
    if client.max_lifetime is not None and not 0 < client.max_lifetime <= LONGEST_LIFETIME:
        raise _Wrong("max_lifetime", "is out of bounds", f"Give 1 to {LONGEST_LIFETIME} seconds")
    if client.jwks_file is None:
        return client
    return msgspec.structs.replace(client, jwks_file=_readable(folder / client.jwks_file))


def _misshapen(message: str) -> _Wrong:
    """The message names keys and types, never values."""
    problem = _WHERE.sub("", message).replace("`", "")
    if named := _NAMED.match(message):
        unknown = "unknown" in named[0]
        remedy = f"Keep to {', '.join(Client.__struct_fields__)}" if unknown else "Add it"
        return _Wrong(named["key"], "is not known" if unknown else "is missing", remedy)
    where = _WHERE.search(message)
    key = where["key"] if where else "table"
    return _Wrong(key, f"has the wrong type: {problem[0].lower()}{problem[1:]}", "Correct it")


def _check_key_source(client: Client) -> None:
    if (client.jwks_url is None) == (client.jwks_file is None):
        problem = "are both missing" if client.jwks_url is None else "are both there"
        raise _Wrong("jwks_url and jwks_file", problem, "Give one of them")
    if client.jwks_url is not None and not is_safe_key_address(client.jwks_url):
        raise _Wrong(
            "jwks_url",
            "is no https address, nor an http address of this machine or a private network",
            "Whoever can change the keys on their way can call as this client: use https, or pin a jwks_file",
        )


def is_safe_key_address(url: str) -> bool:
    """Whether keys may be fetched there: by https, or by http from an address that is loopback, private, or a
    bare name as container networks have them.
    """
    place = parse_address(url)
    if place is None or place.scheme == "https":
        return place is not None
    if is_loopback(place.host):
        return True
    try:
        return ip_address(place.host).is_private
    except ValueError:
        return "." not in place.host


def _check_each(client: Client, key: str, is_right: Callable[[str], bool]) -> None:
    for number, each in enumerate(getattr(client, key), 1):
        if not is_right(each):
            remedy = "Write base addresses in full, starting with http:// or https://, without query or user name"
            raise _Wrong(
                key, f"cannot be used: number {number} of it", remedy if key == "fhir_servers" else "Correct it"
            )


def _readable(path: Path) -> str:
    try:
        with path.open("rb"):
            return str(path)
    except OSError as error:
        raise _Wrong("jwks_file", f"cannot be read: {error.strerror}", "Name a file beside the registry") from None


def _refuse_repeated(client: Client, earlier: Sequence[Client]) -> None:
    for key in ("name", "issuer"):
        if getattr(client, key) in {getattr(each, key) for each in earlier}:
            raise _Wrong(key, "is that of another client too", "Give each client its own")


def _is_short_text(value: str) -> bool:
    return 0 < len(value) <= _MOST_CHARACTERS and value.isprintable()
