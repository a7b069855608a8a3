"""Chart text is hostile: whatever stands in it, the card keeps its shape, its words and its links."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cds_service.assessment.engine import assess
from cds_service.facts import UNREAD_MEDICINES, Chart, Fact, Gap, Topic
from cds_service.thresholds import Thresholds
from cds_service.wire import Card
from tests.charts import AS_OF, PATIENT_ID, READER, Entry, material, patient, resource
from tests.rendering.by_hand import GUIDANCE_URL, card

GITHUB = MarkdownIt("gfm-like", {"html": True, "linkify": True})
assert GITHUB.linkify is not None
GITHUB.linkify.set({"fuzzy_link": True, "fuzzy_email": True})  # www. and e-mail become links on GitHub too
HOSTILE = (
    "**bold** _it_ ~~gone~~ [link](https://example.com) ![x](https://example.com/a.png)",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<img src=x onerror=alert(1)> <!-- --> <style>*{display:none}</style>",
    "https://example.com www.example.com ftp://example.com x@example.com mailto:x@example.com",
    "<https://example.com> [a]: https://example.com",
    "` code `` code ``` [x](https://example.com)",
    "x` [link](https://example.com) `y",
    "\\` [link](https://example.com)",
    "\n\n# heading\n\n- [ ] task\n\n| a | b |\n|---|---|\n| c | d |\n\n---\n\n    code\n\n```\nfence\n```\n",
    "\r\n> quote\r\n1. one\r\n\tindented\v\f\x1c\x85\u2028\u2029x",
    "| a | b |",
    "|---|---|",
    "left\u202etfel\u202c \u2066x\u2069 \u200b\u200c\u200d\u2060\ufeff\u00ad",
    "\u0060 \uff40 \u02cb \u1fef [x](https://example.com)",
    "{why} {evidence} {as_of} {nothing} {0} %s ${x}",
    "&lt;b&gt; &#96; &amp;",
    "\x00\x1b[31m\x7f\ud800\udfff",
    "\U000e0041\U000e0042\ufe0f\u034f\u3164",
    "a" * 5000,
    "` " * 200,
    "  ",
    "-",
    "No red flag is recorded. **Options to weigh:** nothing",
)
WORD = "benign"
CHART: list[Entry] = [
    {"condition": "sct|300954003", "onset": -3, "side": "left"},
    {"observation": "loinc|72514-3", "at": -1, "value": 8, "site": "sct|53840002", "side": "left"},
    {"condition": "sct|404223003", "onset": -2, "side": "left", "verification": "provisional"},
    {"observation": "loinc|48065-7", "at": -1, "value": 700, "unit": "ng/mL{FEU}", "interpretation": "H"},
    {"observation": "sct|309256001", "at": -1, "side": "right"},
    {"observation": "sct|449615005", "at": -1, "side": "left", "value": "text"},
    {"condition": "icd|C50.919", "onset": -100},
    {"medication": "rx|1364430"},
    {"medication": "rx|0", "text": "text"},
]
"""An entry of each kind, so that a card shows a finding, a value, a medicine, what counts for nothing and a risk."""


def chart(text: str, *, ids: bool = False) -> Chart:
    """A chart that holds this text wherever a chart holds text; with `ids`, in what ought to be an id as well."""
    sendable = text.encode(errors="replace").decode()
    resources = [spoilt(resource(entry, number), sendable) for number, entry in enumerate(CHART)]
    facts = READER.read(material(resources, patient()), PATIENT_ID, AS_OF)
    gaps = (*facts.gaps, Gap(Topic.OBSERVATIONS, f"Observation/{text}"))
    nameless = {**facts.left_out, UNREAD_MEDICINES: 1}
    called = ((text, f"MedicationRequest/{text}"),)
    changed = tuple(with_text(fact, text) if ids else fact for fact in facts.facts)
    return replace(facts, facts=changed, gaps=gaps, left_out=nameless, unread_medicines=called)


def spoilt(value: Any, text: str, key: str = "") -> Any:
    """The resource with this text for each that a person reads: displays, units, notes."""
    if isinstance(value, dict):
        named = {name: spoilt(member, text, name) for name, member in value.items()}
        return {**named, "display": text} if "code" in named and "system" in named and key != "valueQuantity" else named
    if isinstance(value, list):
        return [spoilt(each, text, key) for each in value]
    return text if key in ("text", "unit", "valueString", "display") else value


def with_text(fact: Fact, text: str) -> Fact:
    """With this text in all that comes from a chart as it stands; of units, that of a D-dimer alone."""
    unit = {"unit": text} if fact.concept == "d-dimer" else {}
    quantity = fact.quantity and msgspec.structs.replace(fact.quantity, text=text, **unit)
    return msgspec.structs.replace(
        fact, display=text, source=f"{fact.source}{text}", remarks=(text, text), quantity=quantity
    )


def card_with(text: str, *, ids: bool = True) -> Card:
    return card(assess(chart(text, ids=ids), AS_OF, Thresholds()))


def detail(text: str, *, ids: bool = True) -> str:
    return card_with(text, ids=ids).detail or ""


def flat(markdown: str) -> list[Token]:
    tokens = GITHUB.parse(markdown)
    return [each for token in tokens for each in (token.children if token.children is not None else [token])]


def ours(markdown: str) -> list[tuple[str, str]]:
    """Everything but what stands in code spans."""
    return [(token.type, "" if token.type == "code_inline" else token.content) for token in flat(markdown)]


BENIGN = {ids: ours(detail(WORD, ids=ids)) for ids in (False, True)}
LIVE = {"link_open", "image", "html_inline", "html_block", "heading_open", "table_open", "fence"}


def test_the_judge_sees_what_would_be_live() -> None:
    """Else the tests below could not fail."""
    seen = {token.type for text in HOSTILE for token in flat(text)}
    assert {"link_open", "image", "html_block", "heading_open", "table_open", "fence", "strong_open"} <= seen
    assert {"link_open"} <= {token.type for token in flat("see www.example.com or x@example.com")}
    assert {"html_inline"} <= {token.type for token in flat("see <b>")}


def test_the_text_stands_on_the_card_in_code_spans_only() -> None:
    """The names of medicines, with a code and without one, units that are not ours, and what could not be read."""
    made = detail(WORD)
    spans = [token.content for token in flat(made) if token.type == "code_inline"]
    assert sum(WORD in span for span in spans) == made.count(WORD) >= 4
    assert LIVE.isdisjoint({kind for kind, _text in BENIGN[True]})


def test_known_tricks_leave_the_card_as_it_is() -> None:
    plain = card_with(WORD)
    for text in HOSTILE:
        for ids in (False, True):
            made = card_with(text, ids=ids)
            assert ours(made.detail or "") == BENIGN[ids], text
            assert (made.summary, made.links) == (plain.summary, plain.links), text
            msgspec.json.encode(made)  # as it goes over the wire
            for token in flat(made.detail or ""):
                if token.type == "code_inline":
                    assert len(token.content) <= 60, text
                    assert token.content.isprintable(), text
                    assert "|" not in token.content, text


@given(
    st.text(max_size=200)
    | st.lists(st.sampled_from("`*_[]()<>!|#-~\\\n\r\t &{}:/.@wx\u202e\u200b"), max_size=60).map("".join)
)
@example("x")
@settings(max_examples=100, deadline=None)
def test_any_text_leaves_the_card_as_it_is(text: str) -> None:
    assert ours(detail(f"x{text}")) == BENIGN[True]


def test_the_only_links_are_those_of_the_configuration() -> None:
    links = card_with(HOSTILE[0]).links or []
    assert links[-1].url == GUIDANCE_URL
    assert all(link.type == "absolute" and "example.com" not in link.url for link in links)
