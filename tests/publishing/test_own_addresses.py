"""What we publish or send of our own stands under the site's own address; nothing of our own goes into a chart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import Any
from urllib.parse import urlsplit

import pytest

from cds_service.app import cards_in_use
from cds_service.assessment.rules.precautions import STEPS
from cds_service.assessment.rules.steps import NAMES
from cds_service.circumstances import Circumstances
from cds_service.facts import Side
from cds_service.knowledge import BASE
from cds_service.rendering.drafts import Particulars
from cds_service.rendering.suggestions import Suggestions
from cds_service.settings import load_settings
from tests.calls import CALF_PAIN, cards, post, prefetch, searchset
from tests.conftest import client_with

PUBLIC = "https://cds.north.example.org/calf"
OWN = "https://fhir.north.example.org/calf-pain"
SEVERE = prefetch(
    conditions=searchset(CALF_PAIN), measurements=searchset({"observation": "loinc|72514-3", "at": -1, "value": 8})
)


def addresses(value: Any) -> Iterator[str]:
    """Every text in it that is an address."""
    if isinstance(value, str):
        if "://" in value:
            yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from addresses(each)


@pytest.mark.parametrize(
    ("chosen", "base"),
    [
        ({}, BASE),
        ({"public_url": PUBLIC}, f"{PUBLIC}/knowledge/"),
        ({"public_url": PUBLIC, "canonical_url": f"{OWN}/"}, f"{OWN}/"),
    ],
    ids=["one machine", "public", "chosen"],
)
def test_all_that_is_published_or_sent_stands_under_one_base(chosen: dict[str, Any], base: str) -> None:
    with client_with(**chosen) as client:
        bundle = client.get("/knowledge?format=json").json()
        told = cards(post(client, prefetch=SEVERE))
    assert all(entry["fullUrl"].startswith(base) for entry in bundle["entry"])
    assert base == BASE or "calf-pain-cds.example" not in json.dumps([bundle, told])
    by_address = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
    reasons = [reason for card in told for reason in card["overrideReasons"]]
    assert reasons
    for reason in reasons:
        concepts = by_address[reason["system"]]["concept"]
        assert {"code": reason["code"], "display": reason["display"]} in concepts


def test_unless_chosen_an_address_of_ours_leads_to_its_resource() -> None:
    with client_with(public_url=PUBLIC) as client:
        for entry in client.get("/knowledge?format=json").json()["entry"]:
            path = urlsplit(entry["fullUrl"]).path.removeprefix("/calf")
            assert client.get(f"{path}?format=json").json() == entry["resource"]


def test_no_draft_carries_a_code_or_an_address_of_our_own() -> None:
    settings = load_settings()
    makes = Suggestions(cards_in_use(settings).shared, settings.guidance_url)
    public = {"snomed.info", "loinc.org", "terminology.hl7.org", urlsplit(settings.guidance_url).hostname}
    circumstances = Circumstances("instance", "p1", "Practitioner/a", datetime.now(UTC), "e1", PUBLIC)
    for name, side in product(NAMES, Side):
        call = Particulars(circumstances, side, ["Condition/c1"], leave_out=STEPS)
        for action in makes.suggest(name, call, "key").actions or ():
            assert {urlsplit(each).hostname for each in addresses(action.resource)} <= public
