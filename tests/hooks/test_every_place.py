"""Each date and number of the sample charts, and each scalar of the sample calls, is replaced, in turn, by odd values.

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


class Places:
    """Replaces scalars, each place once: what was tried in one chart is not tried again in another.

    The place of a member is its path without indices, with the type and the code of each resource on the way: they say
    what is read of it and which rules weigh it.
    """

    def __init__(self, words: Sequence[Any] = ()) -> None:
        self._odd: dict[str, Sequence[Any]] = {"date": DATES, "number": NUMBERS, "word": words, "truth": ()}
        self.tried: set[tuple[str, ...]] = set()

    def replaced(self, value: Any, *place: str) -> Iterator[Any]:
        """The JSON value with one scalar after the other replaced by each odd value of its kind."""
        if isinstance(value, dict):
            place = (*place, *type_and_code(value))
            for name, each in value.items():
                yield from ({**value, name: odd} for odd in self.replaced(each, *place, name))
        elif isinstance(value, list):
            for number, each in enumerate(value):
                yield from ([*value[:number], odd, *value[number + 1 :]] for odd in self.replaced(each, *place))
        elif (*place, kind(value)) not in self.tried:
            self.tried.add((*place, kind(value)))
            yield from self._odd[kind(value)]


def type_and_code(value: dict[str, Any]) -> tuple[str, ...]:
    """Of a resource; nothing of what stands inside one."""
    if value.get("resourceType", "Bundle") == "Bundle":
        return ()
    code = value.get("code") or value.get("medicationCodeableConcept") or {}
    return value["resourceType"], json.dumps(code.get("coding"))


def kind(value: Any) -> str:
    if isinstance(value, str):
        return "date" if value[:4].isdigit() and value[4:5] == "-" else "word"
    return "truth" if isinstance(value, bool) else "number"


def answer(services: dict[str, Any], hook: str, request: Any) -> None:
    service = services[hook]
    now = AS_OF.astimezone(service._clinic.reader.timezone)
    body = json.dumps(request)
    try:
        call = read_call(body.encode(), hook)
        cards = asyncio.run(service.handle(call, NOBODY, now)).cards
        msgspec.json.encode(cards)
    except CdsError:
        return
    except Exception as raised:
        raised.add_note(body)
        raise


def test_the_sample_charts(services: dict[str, Any]) -> None:
    needs, places = chart_needs(Terminology().measurement_codes()), Places()
    for path in CHARTS:
        request = chart_request(json.loads(path.read_text(encoding="utf-8")), needs)
        for odd in places.replaced(request["prefetch"]):
            answer(services, "patient-view", {**request, "prefetch": odd})
    assert len(places.tried) > 500


def test_the_sample_calls(services: dict[str, Any]) -> None:
    places = Places(WORDS)
    for path in CALLS:
        request = json.loads(path.read_text(encoding="utf-8"))
        for odd in places.replaced(request, request["hook"]):
            answer(services, request["hook"], odd)
    assert len(places.tried) > 50
