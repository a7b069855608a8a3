"""/knowledge over a real server: pages for people, FHIR and JSON for programs, and the links that lead there."""

from __future__ import annotations

from collections.abc import Iterator
from json import dumps
from pathlib import Path
from shutil import copytree
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from cds_service.assessment.catalogue import RULE_SETS
from cds_service.rendering.card_files import load_cards
from cds_service.shipped import shipped
from cds_service.thresholds import Thresholds, numbers
from tests.calls import SERVICE, assert_outcome, call
from tests.conftest import client_with
from tests.html_page import Page
from tests.servers import PLAIN, Server, running
from tests.tokens import registry

HOSTILE = '<script>alert("1")</script>&amp;'
OWNER = 'A & B "C" &lt;'  # a card file that holds HTML is refused at start
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running("serve", CDS_SEVERE_PAIN_SCORE="8", CDS_DISABLED_RULES="smoking", CDS_FUNDING=HOSTILE) as server:
        yield server


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Another site: its own cards, with one that is past its review date, a registry, a proxy with a path."""
    folder = tmp_path_factory.mktemp("site")
    cards = Path(copytree(shipped("cards"), folder / "cards"))
    card = (cards / "dvt.md").read_text(encoding="utf-8")
    card = card.replace("owner: clinical content lead of the site (to be named)", f"owner: '{OWNER}'")
    (cards / "dvt.md").write_text(card.replace("review_due: 20", "review_due: 19"), encoding="utf-8")
    codes = folder / "codes"
    codes.mkdir()
    scan = {"system": "urn:oid:1.2.3.4", "concept": [{"code": "LEGVEINS", "display": "Leg veins"}]}
    added = {"resourceType": "ValueSet", "id": "leg-vein-ultrasound", "compose": {"include": [scan]}}
    (codes / "leg-vein-ultrasound.json").write_text(dumps(added), encoding="utf-8")
    own = {"CDS_CARDS_DIR": str(cards), "CDS_CODES_DIR": str(codes), "CDS_CLIENTS": str(registry(folder))}
    with running("serve", CDS_PUBLIC_URL="https://cds.example.org/hospital", **own) as server:
        yield server


def get(server: Server, path: str, **headers: str) -> httpx2.Response:
    return httpx2.get(server.base + path, headers=headers, verify=PLAIN)


def page(server: Server, path: str) -> Page:
    response = get(server, path)
    assert (response.status_code, response.headers["content-type"]) == (200, "text/html; charset=utf-8")
    return Page(response.text)


PAGES = ("/knowledge", "/knowledge/source-attributes")


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_plain_and_may_load_nothing(server: Server, path: str) -> None:
    response = get(server, path)
    shown = Page(response.text)
    assert {"script", "img", "link", "iframe", "form"}.isdisjoint(shown.tags)
    assert shown.tags.count("h1") == shown.tags.count("main") == shown.tags.count("title") == 1
    assert "default-src 'none'" in response.headers["content-security-policy"]
    assert "frame-ancestors 'none'" in response.headers["content-security-policy"]
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "url(" not in response.text


def test_the_page_shows_every_rule_number_card_and_value_set(server: Server) -> None:
    shown = page(server, "/knowledge")
    texts = set(shown.texts)
    assert {rule.label for each in RULE_SETS for rule in each.rules} <= texts
    assert {each.title for each in RULE_SETS} <= texts
    assert {f"CDS_{each.name.upper()}" for each in numbers(Thresholds())} <= texts
    assert {each.source for each in numbers(Thresholds())} <= texts
    assert any(text.startswith("fixed: ") for text in texts)
    assert {file.stem for file in shipped("cards").glob("[a-z]*.md")} <= texts
    value_sets = {f"knowledge/ValueSet/{file.stem}" for file in shipped("value_sets").glob("*.json")}
    assert value_sets <= set(shown.links)


def test_a_source_without_a_date_is_shown_as_undated(server: Server) -> None:
    assert ", undated, read 2026-11" in page(server, "/knowledge").texts, "beside the link of a rule's source"
    assert "undated, read 2026-11" in page(server, "/knowledge").texts, "in the column of years"


def test_what_this_site_has_decided_is_marked(server: Server) -> None:
    shown = page(server, "/knowledge")
    assert "set here; 7 as shipped" in shown.texts
    assert [each for each in shown.texts if each.startswith("set here")] == ["set here; 7 as shipped"]
    assert "Switched off at this site: smoking (a risk of arterial disease)." in shown.texts
    assert shown.texts.count(" Switched off at this site.") == 1
    assert any("A pain score of 8 of 10" in each for each in shown.texts)


@pytest.mark.parametrize("path", PAGES)
def test_every_link_of_a_page_leads_somewhere(server: Server, path: str) -> None:
    shown = page(server, path)
    assert len(set(shown.ids)) == len(shown.ids)
    for link in set(shown.links):
        if link.startswith("#"):
            assert link[1:] in shown.ids
        elif not link.startswith("https://"):
            assert httpx2.get(urljoin(server.base + path, link), verify=PLAIN).status_code == 200, link


def test_links_keep_within_the_path_that_a_proxy_puts_before(server: Server) -> None:
    for path in PAGES:
        own = [link for link in page(server, path).links if not link.startswith(("#", "https://"))]
        base = "https://cds.example.org/hospital"
        assert all(urljoin(base + path, link).startswith(f"{base}/knowledge") for link in own)


@pytest.mark.parametrize(
    ("accept", "query", "expected"),
    [
        (BROWSER, "", "text/html"),
        ("*/*", "", "text/html"),
        ("text/*", "", "text/html"),
        ("application/json", "", "json"),
        ("application/*", "", "json"),
        ("application/fhir+json", "", "json"),
        ("application/json, text/html;q=0.5", "", "json"),
        ("text/html, application/json;q=0.5", "", "text/html"),
        ("text/html;q=0, */*", "", "json"),
        ("application/json;q=nonsense, text/html", "", "text/html"),
        (";;,,", "", "text/html"),
        (BROWSER, "?format=json", "json"),
        ("application/json", "?format=html", "text/html"),
        ("application/json", "?format=zebrafish", "text/html"),
    ],
)
def test_who_asks_for_json_gets_json(server: Server, accept: str, query: str, expected: str) -> None:
    for path, json in zip(PAGES, ("application/fhir+json", "application/json"), strict=True):
        response = get(server, path + query, accept=accept)
        wanted = json if expected == "json" else expected
        assert (response.status_code, response.headers["content-type"].partition(";")[0]) == (200, wanted)
        assert "Accept" in response.headers["vary"]


def test_the_bundle_holds_what_the_single_addresses_give(server: Server) -> None:
    bundle = get(server, "/knowledge?format=json").json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    assert len(bundle["entry"]) > 100
    for entry in bundle["entry"]:
        resource = entry["resource"]
        response = get(server, f"/knowledge/{resource['resourceType']}/{resource['id']}")
        assert response.headers["content-type"] == "application/fhir+json"
        assert response.json() == resource


@pytest.mark.parametrize("path", ["/knowledge/ValueSet/zebrafish", "/knowledge/Patient/dvt", "/knowledge/zebrafish"])
def test_what_is_not_there_is_told(server: Server, path: str) -> None:
    assert_outcome(get(server, path), 404)


@pytest.mark.parametrize("path", [*PAGES, "/knowledge?format=json", "/knowledge/ValueSet/dvt"])
def test_who_has_it_already_is_not_sent_it_again(server: Server, path: str) -> None:
    first = get(server, path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=300"
    for known in (tag, f'"other", W/{tag}', "*"):
        again = get(server, path, **{"if-none-match": known})
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert get(server, path, **{"if-none-match": '"other"'}).status_code == 200
    assert httpx2.head(server.base + path).headers["etag"] == tag


def test_each_form_of_a_page_has_a_tag_of_its_own(server: Server) -> None:
    tags = {get(server, path + query).headers["etag"] for path in PAGES for query in ("", "?format=json")}
    assert len(tags) == 4


def test_two_servers_of_the_same_knowledge_give_the_same_bytes(server: Server) -> None:
    with running("serve", CDS_SEVERE_PAIN_SCORE="8", CDS_DISABLED_RULES="smoking", CDS_FUNDING=HOSTILE) as other:
        for path in ("/knowledge", "/knowledge?format=json", "/knowledge/source-attributes"):
            assert get(other, path).content == get(server, path).content


def test_source_attributes_as_json(server: Server) -> None:
    told = get(server, "/knowledge/source-attributes?format=json").json()
    assert (told["type"], told["rule"]) == ("evidence-based", "45 CFR 170.315(b)(11)(iv)(A)")
    assert [each["number"] for each in told["attributes"]] == list(range(1, 14))
    by_id = {each["id"]: each for each in told["attributes"]}
    assert by_id["funding"]["answer"] == HOSTILE
    assert (by_id["race"]["used"], by_id["date-of-birth"]["used"], by_id["dates"]["used"]) == (False, True, None)
    assert all(each["url"].startswith("https://") for each in by_id["citation"]["citations"])


def test_text_of_the_site_is_shown_as_text(server: Server, elsewhere: Server) -> None:
    assert HOSTILE in page(server, "/knowledge/source-attributes").texts
    assert any(OWNER in text for text in page(elsewhere, "/knowledge").texts)


def test_codes_of_the_site_are_shown_as_its_own(server: Server, elsewhere: Server) -> None:
    assert any(text.endswith(", 1 of this site") for text in page(elsewhere, "/knowledge").texts)
    assert not any("of this site" in text for text in page(server, "/knowledge").texts)
    added = get(elsewhere, "/knowledge/ValueSet/leg-vein-ultrasound", Accept="application/json").json()
    assert added["compose"]["include"][-1]["concept"] == [{"code": "LEGVEINS", "display": "Leg veins"}]


def test_content_past_its_review_date_is_marked(server: Server, elsewhere: Server) -> None:
    late = page(elsewhere, "/knowledge")
    assert any(text.endswith(", which is past") for text in late.texts)
    assert any(text.startswith("card dvt: review was due 19") for text in late.texts)
    assert not any("which is past" in text for text in page(server, "/knowledge").texts)


def test_no_token_is_needed_to_read_it(elsewhere: Server) -> None:
    assert get(elsewhere, "/cds-services").status_code == 401
    for path in (*PAGES, "/knowledge/PlanDefinition/critical"):
        assert get(elsewhere, path).status_code == 200


def basis(response: Any) -> str:
    """The address of the first link of the one card."""
    [card] = response.json()["cards"]
    link = card["links"][0]
    assert (link["label"], link["type"]) == ("Rules behind this card", "absolute")
    return str(link["url"])


def test_a_card_links_to_what_it_rests_on_where_the_client_called(server: Server) -> None:
    address = basis(httpx2.post(server.base + SERVICE, json=call()))
    assert address == f"{server.base}/knowledge#card-no-red-flag"
    assert httpx2.get(address).status_code == 200


def test_each_card_has_its_place_on_the_page_beside_a_link_to_the_source_attributes(server: Server) -> None:
    read = get(server, "/knowledge", accept="text/html").text
    assert [name for name in load_cards(shipped("cards")).cards if f'id="card-{name}"' not in read] == []
    assert 'href="knowledge/source-attributes"' in read


def test_behind_a_proxy_the_link_has_the_address_of_the_settings() -> None:
    with client_with(public_url="https://cds.example.org/hospital") as client:
        address = basis(client.post(SERVICE, json=call(), headers={"host": "internal:8000"}))
    assert address == "https://cds.example.org/hospital/knowledge#card-no-red-flag"


def test_a_host_that_is_none_reaches_no_card() -> None:
    with client_with() as client:
        address = basis(client.post(SERVICE, json=call(), headers={"host": 'evil"><b>'}))
    assert address == "http://testserver:80/knowledge#card-no-red-flag"
