"""Puts charts on a FHIR server."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import httpx2

from cds_service.addresses import parse_base
from cds_service.errors import ConfigurationError

_TIMEOUT_SECONDS = 60.0
_MOST_ENTRIES = 50  # some servers take no more in one transaction
_LONGEST_REASON = 500
_REMEDIES = {
    401: "Give a token that it knows: --token FILE",
    403: "Give a token that may write: --token FILE",
    429: "Try again later",
    503: "Try again later",
}
"""For answers that a single update would get as well."""

Resource = dict[str, Any]
Resources = Sequence[Resource]


class Loaded(NamedTuple):
    """A chart, how many of its resources are stored, and why the others are not, each in the server's own words."""

    name: str
    stored: int
    refused: list[str]


def upload(
    url: str, charts: Iterable[tuple[str, Resources]], wait_seconds: int = 0, token: str | None = None
) -> Iterator[Loaded]:
    """Store each chart's resources under their own ids, in transactions of at most 50; one by one what a server refuses
    in a transaction.

    Doing it again changes nothing but what has changed. Raises ConfigurationError when the server does not take the
    first resource of a chart, which is its Patient or what that refers to.
    """
    if parse_base(url) is None:
        raise ConfigurationError("that is not the address of a FHIR server. Give it with http:// or https://.")
    headers = {"Accept": "application/fhir+json", **({"Authorization": f"Bearer {token}"} if token else {})}
    base = url.rstrip("/") + "/"
    with httpx2.Client(base_url=base, headers=headers, timeout=_TIMEOUT_SECONDS, trust_env=False) as http:
        _await_ready(http, wait_seconds)
        server = _Server(url, http)
        for name, resources in charts:
            ordered = _referred_first(resources)
            refused: list[str] = []
            for first in range(0, len(ordered), _MOST_ENTRIES):
                refused += server.store(name, ordered[first : first + _MOST_ENTRIES], needs_first=not first)
            yield Loaded(name, len(ordered) - len(refused), refused)


class _Server:
    """One that is written to. Once it has refused a transaction of which it took each part, it gets the parts."""

    def __init__(self, url: str, http: httpx2.Client) -> None:
        self._url = url
        self._http = http
        self._takes_transactions = True

    def store(self, name: str, resources: Resources, *, needs_first: bool) -> list[str]:
        """Why it refuses some of them. Raises ConfigurationError naming the chart where it refuses a first one that is
        needed.
        """
        if self._takes_transactions:
            answer = self._send("POST", "", _transaction(resources))
            if not (problem := _problem(answer)):
                return []
            if remedy := _REMEDIES.get(answer.status_code):
                raise ConfigurationError(f"{name}: the FHIR server {problem}. {remedy}.")
        refused = []
        for number, each in enumerate(resources):
            address = f"{each['resourceType']}/{each['id']}"
            if problem := _problem(self._send("PUT", address, each)):
                refused.append(f"the FHIR server {problem.removesuffix('.')}, to an update of {address}")
                if needs_first and number == 0:
                    raise ConfigurationError(f"{name}: {refused[0]}. It must take updates that create.")
        self._takes_transactions = self._takes_transactions and bool(refused)
        return refused

    def _send(self, method: str, address: str, content: Resource) -> httpx2.Response:
        try:
            return self._http.request(method, address, json=content, headers={"Content-Type": "application/fhir+json"})
        except httpx2.HTTPError:
            raise ConfigurationError(f"the FHIR server {self._url} does not answer. Check the address.") from None


def _problem(answer: httpx2.Response) -> str:
    """What the server did not do, in its own words; empty if it did all."""
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not answer.is_success:
        return f"answered {answer.status_code}{_reason(content, answer.text)}"
    for entry in _members(content, "entry"):
        response = entry.get("response")
        if isinstance(response, dict) and not (status := str(response.get("status", "200"))).startswith("2"):
            return f"answered {status}{_reason(response.get('outcome'), '')}"
    return ""


def _members(content: Any, name: str) -> list[dict[str, Any]]:
    members = content.get(name) if isinstance(content, dict) else None
    return [each for each in members if isinstance(each, dict)] if isinstance(members, list) else []


def _reason(outcome: Any, text: str) -> str:
    """Of an OperationOutcome what it says to people, of another answer its beginning."""
    said = []
    for issue in _members(outcome, "issue"):
        details = issue.get("details")
        words = (
            issue.get("diagnostics") or (details.get("text") if isinstance(details, dict) else "") or issue.get("code")
        )
        where = issue.get("expression") or issue.get("location") or ()
        said.append(f"{words} ({', '.join(map(str, where))})" if where else str(words))
    words = " ".join(("; ".join(said) or text).split())
    return f": {words[:_LONGEST_REASON]}" if words else ""


def _transaction(resources: Resources) -> Resource:
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": each, "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"}}
            for each in resources
        ],
    }


def _referred_first(resources: Resources) -> list[Resource]:
    """In an order in which what is referred to is there before what refers to it: servers check that."""
    by_address = {f"{each['resourceType']}/{each['id']}": each for each in resources}
    ordered: dict[str, Resource] = {}
    begun: set[str] = set()

    def place(address: str) -> None:
        if address in begun:
            return
        begun.add(address)
        for reference in _references(by_address[address]):
            if reference in by_address:
                place(reference)
        ordered[address] = by_address[address]

    for address in by_address:
        place(address)
    return list(ordered.values())


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "reference" and isinstance(each, str):
                yield each
            else:
                yield from _references(each)
    elif isinstance(value, list):
        for each in value:
            yield from _references(each)


def _await_ready(http: httpx2.Client, seconds: int) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if http.get("metadata").is_success:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(1)
