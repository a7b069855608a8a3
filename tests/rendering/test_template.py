from __future__ import annotations

import pytest

from cds_service.rendering.template import paragraphs, template


def test_names_the_placeholders_in_order() -> None:
    assert template("{b} and {a}, {b}").names == ("b", "a", "b")
    assert paragraphs("{b} and {a}\n\n{b} and {c}").names == ("b", "a", "c")


def test_what_is_put_in_is_not_searched_for_placeholders() -> None:
    """A chart text that reads {age} stays as it is."""
    assert template("seen: {text}").fill({"text": "{age} %s", "age": "age 71"}) == "seen: {age} %s"


@pytest.mark.parametrize("text", ["50 % of {a} %s %(a)s %%", "no placeholder: 100%", ""])
def test_a_per_cent_sign_is_a_sign_like_any_other(text: str) -> None:
    assert template(text).fill({"a": "all"}) == text.replace("{a}", "all")


def test_a_paragraph_with_an_empty_placeholder_is_left_out_with_its_label() -> None:
    text = "**Why:** {why}\n\n**Risks**\n{risks}\n\n**Limits:** {limits}"
    filled = paragraphs(text).fill({"why": "pain", "risks": "", "limits": "none"})
    assert filled == "**Why:** pain\n\n**Limits:** none"


def test_a_line_with_an_empty_placeholder_stays() -> None:
    assert template("{risk}calf pain").fill({"risk": ""}) == "calf pain"


def test_a_paragraph_without_placeholder_stays() -> None:
    assert paragraphs("Always.\n\nA: {a}").fill({"a": "1"}) == "Always.\n\nA: 1"
