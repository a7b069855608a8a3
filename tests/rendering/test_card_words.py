"""What a card must not say. It is read by a person under pressure: no orders, no alarm, no false comfort."""

from __future__ import annotations

import re

from tests.rendering.by_hand import CARDS

FILES = sorted(path for path in CARDS.glob("*.md") if path.name != "README.md")
NEVER = (
    *(
        r"rul(e|es|ed|ing) out",
        "rule-out",
        "likely benign",
        "benign",
        "harmless",
        "reassur",
        "nothing serious",
    ),
    *("emergenc", "immediate", "at once", "right away", "danger", "life-threatening", "alarm", "alert"),
    *(r"\bmust\b", r"\bshould\b", r"\bneeds? to\b", r"\bhas to\b", r"\bdo not\b", r"\bdon't\b", r"\border\b"),
    *(
        "prescribe (?!d)",
        r"\brefer (?!to)",
        "is diagnostic",
        "confirms",
        r"\bthe patient has\b",
        "low risk of",
    ),
)
ALARM_OF_A_SOURCE = ("urgent", "same-day", "same day")
NAMED_SOURCES = ("Global Vascular Guidelines 2019 advise", "NHS Lothian RefHelp advises", "BMJ 2019 advises")


def sentences(text: str) -> list[str]:
    """The text without quotations, sentence by sentence."""
    return re.split(r"(?<=[.;:])\s+(?=[A-Z])", re.sub(r"\s+", " ", text))


def test_words_that_no_card_says() -> None:
    never = [re.compile(word, re.IGNORECASE) for word in NEVER]
    texts = {path.name: re.sub(r"\s+", " ", path.read_text()) for path in FILES}
    assert [(name, found[0]) for name, text in texts.items() for word in never for found in word.finditer(text)] == []


def test_urgency_only_as_its_source_puts_it() -> None:
    bodies = {path.name: path.read_text().split("\n---\n", 1)[1] for path in FILES}
    urgent = [
        (name, sentence)
        for name, body in bodies.items()
        for sentence in sentences(body)
        if any(word in sentence.lower() for word in ALARM_OF_A_SOURCE)
    ]
    assert urgent
    assert [each for each in urgent if not any(source in each[1] for source in NAMED_SOURCES)] == []


def test_dvt_likely_is_only_the_name_of_the_category() -> None:
    text = " ".join(re.sub(r"\s+", " ", path.read_text()) for path in FILES)
    assert text.count("DVT likely") == text.count('the category "DVT likely"') == 2


def test_a_card_without_red_flag_says_so_in_these_words() -> None:
    text = (CARDS / "no-red-flag.md").read_text()
    assert "No red flag of the guidance is recorded" in text
    assert "no red flag recorded, {unknown_flags}" in text


def test_every_card_says_that_a_lower_one_does_not_mean_low_risk() -> None:
    text = re.sub(r"\s+", " ", (CARDS / "_shared.md").read_text())
    assert "A lower card, or none, does not mean low risk." in text
    assert "does not diagnose or exclude any condition" in text
