"""Rules and cards link the publisher's own page or a DOI, never a copy; docs/sources.md says which copy was read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cds_service.assessment import sources
from cds_service.assessment.citation import Citation
from cds_service.rendering.card_files import load_cards
from cds_service.shipped import shipped

DOCS = Path(__file__).parent.parent / "docs"
CITED: Mapping[str, Citation] = {name: each for name, each in vars(sources).items() if isinstance(each, Citation)}
COPIES = (
    *("ashpublications.net", "bibliotheek.ehb.be", "bycomet.com", "docslib.org", "doczz.net", "duckeggcontent.com"),
    *("ecbasis.org", "guidelinecentral.com", "jesse.tg", "ncbi.nlm.nih.gov", "nuffieldhealth.com"),
    *("phlebolymphology.org", "scribd.com"),
)
"""Hosts where something was read that another publishes."""
LINK = re.compile(r"https?://[^\s)>\"',;]+")


def is_copy(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    return any(host == copy or host.endswith(f".{copy}") for copy in COPIES)


def cards() -> dict[str, str]:
    """Every address on a card, by where it stands."""
    found: dict[str, str] = {}
    for card in load_cards(shipped("cards")).cards.values():
        addresses = [*(link.url for link in card.links), *([card.source.url] if card.source.url else [])]
        found |= {f"{card.path.name} {number}": url for number, url in enumerate(addresses)}
    return found


def sections() -> dict[str, str]:
    """Every address of a source, by its name there."""
    found: dict[str, str] = {}
    for name, each in CITED.items():
        found |= {f"{name} {number}": url for number, url in enumerate((each.url, *LINK.findall(each.section)))}
    return {where: url for where, url in found.items() if url}


@pytest.mark.parametrize("linked", [cards, sections])
def test_nothing_links_to_a_copy_and_every_link_is_https(linked: object) -> None:
    assert callable(linked)
    addresses = linked()
    assert len(addresses) > 30
    assert [where for where, url in addresses.items() if is_copy(url)] == []
    assert [where for where, url in addresses.items() if not url.startswith("https://")] == []


def test_the_pages_that_cite_link_to_no_copy() -> None:
    for name in ("triage", "patterns", "risk-factors", "home-care", "wells", "suggestions", "guidance"):
        text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
        assert [url for url in LINK.findall(text) if is_copy(url)] == [], name


@pytest.mark.parametrize("name", sorted(CITED))
def test_the_docs_say_which_copy_was_read(name: str) -> None:
    """A row with the name and the address of the source; one of our own has none to name."""
    source = CITED[name]
    rows = (DOCS / "sources.md").read_text(encoding="utf-8").splitlines()
    assert any(row.startswith(f"| {source.label}") and source.url in row for row in rows)


@pytest.mark.parametrize(
    ("url", "copy"), [("https://www.scribd.com/x", True), ("https://doi.org/10.1/scribd.com", False)]
)
def test_a_copy_is_known_by_its_host(url: str, copy: bool) -> None:
    assert is_copy(url) is copy
