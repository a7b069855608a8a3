"""Chart text is hostile: whatever stands in it, the card keeps its shape, its words and its links."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from cds_service.assessment.rules import Finding
from cds_service.assessment.triage import Assessment
from cds_service.facts import NAMELESS_MEDICINES, Gap, Interval, Quantity, State, Topic
from cds_service.rendering.summary import all_rules
from tests.rendering.by_hand import AS_OF, GUIDANCE_URL, assessment, card, detail, elsewhere, fact, finding

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
RULES = {rule.id: rule for rule in all_rules()}


def chart(text: str) -> Assessment:
    """An assessment that shows this text in every place where a card shows chart text."""
    quantity = Quantity(8.0, text, text)
    seen = fact("pain-severity", f"Observation/{text}", 1, display=text, quantity=quantity, remarks=(text, text))
    swelling = fact("swelling", f"Condition/{text}", 2, display=text, remarks=(text,))
    listed = fact("skin-colour", f"Condition/{text}", 9, display=text)
    absent = fact("walking-problem", f"Observation/{text}", 4, display=text, state=State.ABSENT, quantity=quantity)
    risk = elsewhere("malignancy", f"Condition/{text}", 400, display=text, remarks=(text,))
    return assessment(
        finding(RULES["severe-pain"], seen),
        finding(RULES["suspected-dvt"], swelling),
        complaint=(fact("cramp", f"Condition/{text}", 3, display=text),),
        red_flags=(
            Finding(RULES["walking-problem"], State.ABSENT, (absent,)),
            Finding(RULES["discolouration"], State.PRESENT, (listed,), note="long-standing"),
        ),
        risk_factors=(Finding(RULES["severe-pain"], State.PRESENT, (risk,)),),
        gaps=(Gap(Topic.OBSERVATIONS, f"Observation/{text}"),),
        left_out=((NAMELESS_MEDICINES, 1),),
        nameless_medicines=((text, f"MedicationRequest/{text}"),),
    )


def flat(markdown: str) -> list[Token]:
    tokens = GITHUB.parse(markdown)
    return [each for token in tokens for each in (token.children if token.children is not None else [token])]


def ours(markdown: str) -> list[tuple[str, str]]:
    """Everything but what stands in code spans."""
    return [(token.type, "" if token.type == "code_inline" else token.content) for token in flat(markdown)]


BENIGN = ours(detail(chart(WORD)))


def test_the_judge_sees_what_would_be_live() -> None:
    """Else the tests below could not fail."""
    seen = {token.type for text in HOSTILE for token in flat(text)}
    assert {"link_open", "image", "html_block", "heading_open", "table_open", "fence", "strong_open"} <= seen
    assert {"link_open"} <= {token.type for token in flat("see www.example.com or x@example.com")}
    assert {"html_inline"} <= {token.type for token in flat("see <b>")}


def test_the_text_stands_in_every_place() -> None:
    spans = [token.content for token in flat(detail(chart(WORD))) if token.type == "code_inline"]
    assert sum(WORD in span for span in spans) == 20


def test_the_card_has_no_link_or_html_of_its_own_in_its_detail() -> None:
    types = {kind for kind, _text in BENIGN}
    assert not {"link_open", "image", "html_inline", "html_block", "heading_open", "table_open"} & types


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_leaves_the_card_as_it_is(text: str) -> None:
    assert ours(detail(chart(f"x{text}"))) == BENIGN


@given(st.lists(st.sampled_from("`*_[]()<>!|#-~\\\n\r\t &{}:/.@wx\u202e\u200b"), max_size=60).map("".join))
@example("x")
@settings(max_examples=300, deadline=None)
def test_any_heap_of_markup_leaves_the_card_as_it_is(text: str) -> None:
    assert ours(detail(chart(f"x{text}"))) == BENIGN


@pytest.mark.parametrize("text", HOSTILE)
def test_known_tricks_leave_the_card_as_it_is(text: str) -> None:
    made = card(chart(text))
    assert made.detail is not None
    assert ours(made.detail) == BENIGN
    assert card(chart(WORD)).summary == made.summary
    assert card(chart(WORD)).links == made.links
    msgspec.json.encode(made)  # as it goes over the wire


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_shown_of_them_is_short_and_visible(text: str) -> None:
    for token in flat(detail(chart(text))):
        if token.type == "code_inline":
            assert len(token.content) <= 80
            assert token.content.isprintable()
            assert "|" not in token.content


@pytest.mark.parametrize("text", HOSTILE)
def test_a_date_that_is_none_is_quoted(text: str) -> None:
    when = Interval(AS_OF, AS_OF, f"2026{text}")
    odd = fact("swelling", "Condition/1")
    made = assessment(finding(RULES["swelling"], msgspec.structs.replace(odd, when=when, began=None)))
    kinds = {token.type for token in flat(detail(made))}
    assert not {"link_open", "image", "html_inline", "html_block", "heading_open", "table_open"} & kinds


def test_the_only_links_are_those_of_the_configuration() -> None:
    made = card(chart(HOSTILE[0]))
    assert made.links is not None
    assert made.links[0].url == GUIDANCE_URL
    assert all(link.type == "absolute" and "example.com" not in link.url for link in made.links)
