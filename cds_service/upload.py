"""Puts charts on a FHIR server."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import httpx2

from cds_service.addresses import parse_base
from cds_service.errors import ConfigurationError

_TIMEOUT_SECONDS = 60.0


Resources = Sequence[dict[str, Any]]


def upload(url: str, charts: Iterable[tuple[str, Resources]], wait_seconds: int = 0) -> Iterator[tuple[str, int]]:
    """Store each chart's resources under their own ids, each chart in one transaction; yield its name and size.

    Doing it again changes nothing but what has changed. Raises ConfigurationError when the server does not
    take it.
    """
    if parse_base(url) is None:
        raise ConfigurationError("that is not the address of a FHIR server. Give it with http:// or https://.")
    with httpx2.Client(base_url=url.rstrip("/") + "/", timeout=_TIMEOUT_SECONDS, trust_env=False) as http:
        _await_ready(http, wait_seconds)
        for name, resources in charts:
            transaction = _transaction(resources)
            try:
                answer = http.post("", json=transaction, headers={"Content-Type": "application/fhir+json"})
            except httpx2.HTTPError:
                raise ConfigurationError(f"the FHIR server {url} does not answer. Check the address.") from None
            if not answer.is_success:
                raise ConfigurationError(
                    f"{name}: the FHIR server answered {answer.status_code}. It must take transactions, and "
                    "updates that create."
                )
            yield name, len(transaction["entry"])


def _transaction(resources: Resources) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [
            {"resource": each, "request": {"method": "PUT", "url": f"{each['resourceType']}/{each['id']}"}}
            for each in resources
        ],
    }


def _await_ready(http: httpx2.Client, seconds: int) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if http.get("metadata").is_success:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(1)
