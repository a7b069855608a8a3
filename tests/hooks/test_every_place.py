"""Each date and number of each sample chart, and each scalar of each sample call, is replaced, in turn, by odd values.

Whatever stands there, the answer is cards or an error of the client's: nothing else may be raised.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cds_service.app import cards_folder, hook_services
from cds_service.cli.assess import read_nothing
from cds_service.errors import CdsError
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.context import read_call
from cds_service.hooks.prefetch import chart_needs
from cds_service.rendering.card_files import load_cards
from cds_service.security.caller import NOBODY
from cds_service.settings import Settings

FIXTURES = Path(__file__).parent.parent.parent / "fhir_fixtures"
CHARTS = sorted(each for each in FIXTURES.glob("*.json") if each.stem != "expected")
CALLS = sorted((FIXTURES / "hooks").glob("*.json"))
AS_OF = datetime(2026, 11, 2, 12, tzinfo=UTC)
DATES = ("0001-01-01", "0001-01-01T00:00:00Z", "9999-12-31", "9999-12-31T23:59:59Z", "2026-02-30")
NUMBERS = (0, 1e308, 10**400, "8")
WORDS: tuple[Any, ...] = ("", 7, {})


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    settings = Settings(
        timezone="Pacific/Kiritimati"
    )  # the furthest from UTC, so that its days begin and end elsewhere
    made = hook_services(settings, read_nothing, load_cards(cards_folder(settings)))
    return {service.hook: service for service in made}


def replaced(value: Any, words: Sequence[Any] = ()) -> Iterator[Any]:
    """The JSON value with one scalar after the other replaced by each odd value of its kind."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from ({**value, name: odd} for odd in replaced(each, words))
    elif isinstance(value, list):
        for place, each in enumerate(value):
            yield from ([*value[:place], odd, *value[place + 1 :]] for odd in replaced(each, words))
    elif isinstance(value, str):
        yield from DATES if value[:4].isdigit() and value[4:5] == "-" else words
    elif not isinstance(value, bool):
        yield from NUMBERS


def answer(services: dict[str, Any], hook: str, request: Any) -> None:
    service = services[hook]
    now = AS_OF.astimezone(service._clinic.reader.timezone)
    try:
        call = read_call(json.dumps(request).encode(), hook)
        cards = asyncio.run(service.handle(call, NOBODY, now)).cards
    except CdsError:
        return
    msgspec.json.encode(cards)


@pytest.mark.parametrize("path", CHARTS, ids=lambda path: path.stem)
def test_a_sample_chart(path: Path, services: dict[str, Any]) -> None:
    needs = chart_needs(Terminology().measurement_codes())
    request = chart_request(json.loads(path.read_text(encoding="utf-8")), needs)
    for odd in replaced(request["prefetch"]):
        answer(services, "patient-view", {**request, "prefetch": odd})


@pytest.mark.parametrize("path", CALLS, ids=lambda path: path.stem)
def test_a_sample_call(path: Path, services: dict[str, Any]) -> None:
    request = json.loads(path.read_text(encoding="utf-8"))
    for odd in replaced(request, WORDS):
        answer(services, request["hook"], odd)
