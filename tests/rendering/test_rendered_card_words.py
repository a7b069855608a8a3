"""No card that is shown breaks the rule for words (cards/README.md), whatever the chart and the hook.

Every sample patient and every vignette (tests/validation) goes through every hook; what the cards take from a chart
stands in code spans and is not ours to judge.
"""

from __future__ import annotations

import asyncio
import json
import re
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest

from cds_service.app import hook_services
from cds_service.cli.assess import read_nothing
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.context import read_call
from cds_service.hooks.prefetch import chart_needs
from cds_service.security.caller import NOBODY
from cds_service.settings import load_settings
from cds_service.wire import Card
from tests.calls import searchset
from tests.charts import resource
from tests.rendering.by_hand import FILES
from tests.rendering.test_card_words import ALARM_OF_A_SOURCE, NAMED_SOURCES, NEVER, sentences
from tests.validation.vignettes import all_vignettes

CHARTS = {vignette.id: vignette for vignette in all_vignettes()}
NEEDS = chart_needs(Terminology().measurement_codes())
SERVICES = {service.hook: service for service in hook_services(load_settings(), read_nothing, FILES)}
RXNORM, SNOMED = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://snomed.info/sct"


def _medicine(code: str) -> dict[str, Any]:
    coded = {"coding": [{"system": RXNORM, "code": code}]}
    return {
        "resourceType": "MedicationRequest",
        "id": f"m{code}",
        "status": "draft",
        "medicationCodeableConcept": coded,
    }


def _service(code: str) -> dict[str, Any]:
    coded = {"coding": [{"system": SNOMED, "code": code}]}
    return {"resourceType": "ServiceRequest", "id": f"s{code}", "status": "draft", "code": coded}


STOCKING = {
    "resourceType": "DeviceRequest",
    "id": "d1",
    "codeCodeableConcept": {"coding": [{"system": SNOMED, "code": "348681001"}]},
}
NSAID, STATIN, D_DIMER, ULTRASOUND = _medicine("5640"), _medicine("36567"), _service("103826007"), _service("312725000")
# One kind of draft at a time: an answer holds three cards at most.
DRAFTS = ([NSAID], [STATIN], [STOCKING], [D_DIMER], [ULTRASOUND, {**ULTRASOUND, "id": "s2"}])


def contexts(as_of: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Each hook with what makes it speak."""
    late = {"resourceType": "Appointment", "start": (as_of + timedelta(days=9)).isoformat()}
    new = {"condition": "sct|404223003", "id": "new", "side": "left", "verification": "provisional", "onset": 0}
    return [
        ("patient-view", {}),
        ("encounter-start", {"encounterId": "e1"}),
        ("encounter-discharge", {"encounterId": "e1"}),
        ("appointment-book", {"appointments": searchset(late)}),
        ("problem-list-item-create", {"conditions": searchset(resource(new, 0, as_of))}),
        *(("order-sign", {"draftOrders": searchset(*drafts)}) for drafts in DRAFTS),
    ]


@cache
def shown(name: str) -> list[Card]:
    """Every card that any hook answers for this chart."""
    chart = CHARTS[name]
    request = chart_request(chart.bundle, NEEDS)

    async def answers() -> list[Card]:
        found: list[Card] = []
        for hook, context in contexts(chart.as_of):
            body = {**request, "hook": hook, "context": {**request["context"], **context}}
            call = read_call(json.dumps(body).encode(), hook)
            found += (await SERVICES[hook].handle(call, NOBODY, chart.as_of)).cards
        return found

    return asyncio.run(answers())


def words(card: Card) -> list[str]:
    """What the card says, text by text, without what it quotes from the chart."""
    suggestions = card.suggestions or []
    texts = [
        card.summary,
        card.detail or "",
        card.source.label,
        *(link.label for link in card.links or ()),
        *(reason.display or "" for reason in card.overrideReasons or ()),
        *(suggestion.label for suggestion in suggestions),
        *(action.description or "" for suggestion in suggestions for action in suggestion.actions or ()),
    ]
    return [re.sub(r"(`+).*?\1", "", text) for text in texts]


@pytest.mark.parametrize("name", CHARTS)
def test_no_shown_card_says_what_none_may_say(name: str) -> None:
    for card in shown(name):
        for text in words(card):
            flat = re.sub(r"\s+", " ", text)
            assert [word for word in NEVER if re.search(word, flat, re.IGNORECASE)] == [], flat
            for sentence in sentences(flat):
                if any(word in sentence.lower() for word in ALARM_OF_A_SOURCE):
                    assert any(source in sentence for source in NAMED_SOURCES), sentence
            assert flat.count("DVT likely") == flat.count('"DVT likely"')


@pytest.mark.parametrize("name", CHARTS)
def test_every_shown_card_has_its_limits_and_a_short_summary(name: str) -> None:
    for card in shown(name):
        assert "A lower card, or none, does not mean low risk." in (card.detail or "")
        assert "does not diagnose or exclude any condition" in (card.detail or "")
        assert "Data as of" in (card.detail or "")
        assert 0 < len(card.summary) < 140


def test_nearly_every_card_file_was_shown() -> None:
    """Else the tests above would pass for want of cards."""
    assert len(CHARTS) > 90
    said = [card for name in CHARTS for card in shown(name)]
    assert len(said) > 300
    assert {card.indicator for card in said} == {"info", "warning", "critical"}
    assert len({card.summary.split(",")[0] for card in said}) > 30
