"""Small phrases: text of the chart made harmless, dates, sides."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

from cds_service.facts import Fact, Interval, Side, latest
from cds_service.visible import BLANK

_LONGEST_QUOTE = 60
_LOOKED_AT = 2000  # characters of a chart text; the rest could not be shown anyway
# Nothing of this can open Markdown, HTML or a link in the middle of a line. A slash only in U/L and mmol/L, a full stop
# only between digits.
_HARMLESS = re.compile(r"(?:[A-Za-z0-9 ,;:()'+-]++|(?<=U)/(?=L)|(?<=mmol)/(?=L)|(?<=[0-9])\.(?=[0-9]))+")
_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2})T[0-9:.]+(?:Z|[+-]\d{2}:\d{2})?")
_DAYS_IN_FULL = 90  # after which the month will do
_MONTHS_IN_FULL = 24  # after which the year will do
_DAYS_COUNTED = 60
_PROPER_NAMES = ("Achilles", "D-dimer", "Wells")
MORE = "more in the chart"
SIDES = {Side.LEFT: "left leg", Side.RIGHT: "right leg", Side.BOTH: "both legs", Side.NOT_STATED: "side not recorded"}


def quoted(text: str) -> str:
    """Text of the chart as a Markdown code span, in which nothing is interpreted: one line, 60 characters.

    Control, invisible and direction-changing characters and backticks are removed.
    """
    text = text[:_LOOKED_AT]
    if not text.isprintable():
        text = "".join(each if each.isprintable() else " " * each.isspace() for each in text)
    if not text.isascii():
        text = BLANK.sub("", text)
    text = text.replace("`", "").replace("|", "\u00a6")
    text = " ".join(text.split())
    if len(text) > _LONGEST_QUOTE:
        text = text[: _LONGEST_QUOTE - 1].rstrip() + "…"
    return f"`{text or '(not legible)'}`"


def own_words(text: str) -> str:
    """A sentence that is ours but may carry a date or an id of the chart: plain if harmless, else quoted."""
    if "T" in text:
        text = _TIMESTAMP.sub(r"\1", text)
    return text if _HARMLESS.fullmatch(text) else quoted(text)


def day_words(when: Interval, as_of: datetime) -> str:
    """26 Nov (5 days); Mar 2025; 2022. A date that is only a month or a year is told as it is."""
    last = when.last.astimezone(as_of.tzinfo).date()
    days = (as_of.date() - last).days
    if _is_span(when, as_of):
        return _span(when, as_of)
    if days > _MONTHS_IN_FULL * 30:
        return f"{last:%Y}"
    if days > _DAYS_IN_FULL:
        return f"{last:%b %Y}"
    day = f"{last.day} {last:%b}" if last.year == as_of.year else f"{last.day} {last:%b %Y}"
    return f"{day} ({_ago(days)})"


def _is_span(when: Interval, as_of: datetime) -> bool:
    """Is the day of it unknown?"""
    first, last = (each.astimezone(as_of.tzinfo).date() for each in (when.first, when.last))
    return (last - first).days > 1 and not when.timed


def _span(when: Interval, as_of: datetime) -> str:
    first, last = (each.astimezone(as_of.tzinfo).date() for each in (when.first, when.last))
    if first.year != last.year:
        return f"{first:%Y} to {last:%Y}"
    if first.month != last.month:
        whole = (first.month, first.day, last.month, last.day) == (1, 1, 12, 31)
        return f"{first:%Y}" if whole else f"{first:%b} to {last:%b %Y}"
    if first.day == 1 and (last - first).days >= 27:
        return f"{first:%b %Y}"
    return f"{first.day} to {last.day} {last:%b}" if last.year == as_of.year else f"{first:%b %Y}"


def _ago(days: int) -> str:
    return "today" if days <= 0 else "1 day" if days == 1 else f"{days} days"


def since_words(when: Interval | None, as_of: datetime) -> str:
    """How long ago, for a headline: today; 5 days; Nov 2026; since Mar 2025; empty where nobody knows."""
    if when is None:
        return ""
    days = _days_since(when.last, as_of)
    if days > _DAYS_COUNTED:
        return f"since {day_words(when, as_of)}".replace(f" ({_ago(days)})", "")
    if not _is_span(when, as_of):
        return _ago(days)
    first, last = (each.astimezone(as_of.tzinfo).year for each in (when.first, when.last))
    return day_words(when, as_of) if first == last else ""


def lasting_words(when: Interval | None, as_of: datetime) -> str:
    """For how long, for a headline: 20 days; 3 weeks; 4 months; 2 years. Empty where nobody knows so exactly."""
    if when is None:
        return ""
    most, least = (_length(_days_since(each, as_of)) for each in (when.first, when.last))
    return "" if _is_span(when, as_of) and most != least else least


def _days_since(moment: datetime, as_of: datetime) -> int:
    return (as_of.date() - moment.astimezone(as_of.tzinfo).date()).days


def _length(days: int) -> str:
    if days >= 730:
        return f"{days // 365} years"
    if days >= 90:
        return f"{days // 30} months"
    if days >= 60 or (days > 7 and days % 7 == 0):
        return f"{days // 7} weeks"
    return _ago(days)


def moment_words(moment: datetime) -> str:
    """1 Dec 2026 09:20 UTC"""
    return f"{moment.day} {moment:%b %Y %H:%M} {moment.tzname()}"


def side_of(facts: Iterable[Fact]) -> Side:
    """The side that these facts together have."""
    side = Side.NOT_STATED
    for fact in facts:
        if fact.side is side or fact.side is Side.NOT_STATED:
            continue
        if side is not Side.NOT_STATED:
            return Side.BOTH
        side = fact.side
    return side


@lru_cache(maxsize=256)
def mid_sentence(label: str) -> str:
    """The label of a rule as it stands inside a sentence: DVT, D-dimer and Achilles keep their capitals.

    What it gives is kept between calls: never ask it for text of a chart.
    """
    word = label.split(" ", maxsplit=1)[0]
    return label if word in _PROPER_NAMES or word != word.capitalize() else label[:1].lower() + label[1:]


def sentence_start(text: str) -> str:
    return text[:1].upper() + text[1:]


def newest(facts: Sequence[Fact]) -> list[Fact]:
    """The newest first, undated ones last, so that a card does not depend on the order of the chart."""
    if len(facts) < 2:
        return list(facts)
    return sorted(facts, key=lambda fact: (-latest(fact.when), fact.source))


def bounded(words: Sequence[str], of: int, more: str = MORE) -> list[str]:
    """These words of so many, and that there are more of them; never how many."""
    return [*words, more] if len(words) < of else [*words]


def listing(words: Sequence[str]) -> str:
    """a, b and c"""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
