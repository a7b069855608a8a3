from __future__ import annotations

from cds_service.rendering.template import fill, fill_paragraphs, placeholders


def test_names_the_placeholders_in_order() -> None:
    assert placeholders("{b} and {a}, {b}") == ["b", "a", "b"]


def test_what_is_put_in_is_not_searched_for_placeholders() -> None:
    """A chart text that reads {age} stays as it is."""
    assert fill("seen: {text}", {"text": "{age}", "age": "age 71"}) == "seen: {age}"


def test_a_paragraph_with_an_empty_placeholder_is_left_out_with_its_label() -> None:
    text = "**Why:** {why}\n\n**Risks**\n{risks}\n\n**Limits:** {limits}"
    filled = fill_paragraphs(text, {"why": "pain", "risks": "", "limits": "none"})
    assert filled == "**Why:** pain\n\n**Limits:** none"


def test_a_paragraph_without_placeholder_stays() -> None:
    assert fill_paragraphs("Always.\n\nA: {a}", {"a": "1"}) == "Always.\n\nA: 1"
