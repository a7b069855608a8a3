"""No card that is shown breaks the rule for words (cards/README.md), whatever the chart and the hook.

Every sample patient and every vignette goes through every hook; what the cards take from a chart stands in code spans
and is not ours to judge.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

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
from tests.charts import AS_OF, patient, resource
from tests.rendering.test_card_words import ALARM_OF_A_SOURCE, NAMED_SOURCES, NEVER, sentences

TESTS = Path(__file__).parents[1]
SAMPLES = sorted(path for path in (TESTS.parent / "fhir_fixtures").glob("*.json") if path.stem != "expected")
VIGNETTES = sorted(path for path in (TESTS / "vignettes").glob("*") if path.suffix in (".json", ".yaml"))
SAMPLES_WRITTEN_AT = datetime(2026, 11, 2, 12, tzinfo=UTC)
NEEDS = chart_needs(Terminology().measurement_codes())
SERVICES = hook_services(load_settings(), read_nothing)
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


def charts(path: Path) -> Iterator[tuple[dict[str, Any], datetime]]:
    """The Bundles of a file, each with its moment: a sample patient, or vignettes in the short form of tests/charts.py
    (codes may be followed by what they mean).
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if path.suffix == ".json":
        yield content, SAMPLES_WRITTEN_AT
        return
    for vignette in content:
        age = vignette.get("patient", {}).get("age", 46)
        who = patient(birthDate=f"{AS_OF.year - age}-01-01")
        made = [resource(_without_meanings(entry), n) for n, entry in enumerate(vignette["chart"])]
        yield {"resourceType": "Bundle", "entry": [{"resource": each} for each in (who, *made)]}, AS_OF


def _without_meanings(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_meanings(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_meanings(each) for each in value]
    return re.sub(r"^(\w+\|\S+) .*", r"\1", value, flags=re.DOTALL) if isinstance(value, str) else value


@cache
def shown(path: Path) -> list[Card]:
    """Every card that any hook answers for a chart of this file."""
    found: list[Card] = []
    services = {service.hook: service for service in SERVICES}
    for bundle, as_of in charts(path):
        request = chart_request(bundle, NEEDS)
        for hook, context in contexts(as_of):
            call = {**request, "hook": hook, "context": {**request["context"], **context}}
            service = services[hook]
            found += asyncio.run(service.handle(read_call(json.dumps(call).encode(), hook), NOBODY, as_of)).cards
    return found


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
        *(action.description for suggestion in suggestions for action in suggestion.actions or ()),
    ]
    return [re.sub(r"(`+).*?\1", "", text) for text in texts]


@pytest.mark.parametrize("path", [*SAMPLES, *VIGNETTES], ids=lambda path: path.stem)
def test_no_shown_card_says_what_none_may_say(path: Path) -> None:
    for card in shown(path):
        for text in words(card):
            flat = re.sub(r"\s+", " ", text)
            assert [word for word in NEVER if re.search(word, flat, re.IGNORECASE)] == [], flat
            for sentence in sentences(flat):
                if any(word in sentence.lower() for word in ALARM_OF_A_SOURCE):
                    assert any(source in sentence for source in NAMED_SOURCES), sentence
            assert flat.count("DVT likely") == flat.count('"DVT likely"')


@pytest.mark.parametrize("path", [*SAMPLES, *VIGNETTES], ids=lambda path: path.stem)
def test_every_shown_card_has_its_limits_and_a_short_summary(path: Path) -> None:
    for card in shown(path):
        assert "A lower card, or none, does not mean low risk." in (card.detail or "")
        assert "does not diagnose or exclude any condition" in (card.detail or "")
        assert "Data as of" in (card.detail or "")
        assert 0 < len(card.summary) < 140


def test_nearly_every_card_file_was_shown() -> None:
    """Else the tests above would pass for want of cards."""
    assert len(SAMPLES) > 30
    said = [card for path in SAMPLES for card in shown(path)]
    assert len(said) > 120
    assert {card.indicator for card in said} == {"info", "warning", "critical"}
    assert len({card.summary.split(",")[0] for card in said}) > 30
