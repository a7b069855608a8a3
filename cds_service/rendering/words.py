"""Small phrases: text of the chart made harmless, dates, ages, sides, names of sources."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from functools import lru_cache

from cds_service.assessment.citation import Citation
from cds_service.assessment.rules import Finding
from cds_service.assessment.sources import OURS
from cds_service.facts import DATE_NOT_READ, DATE_NOT_RECORDED, Certainty, Fact, Interval, Side, latest
from cds_service.visible import BLANK

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_NO_SIDE, _SUSPECTED = Side.NOT_STATED, Certainty.SUSPECTED

_LONGEST_QUOTE = 80
NO_DATE = (DATE_NOT_RECORDED, DATE_NOT_READ)  # remarks that stand where the date would
MOST_BULLETS = 8  # a longer list is cut, and says so
_DAYS_SHOWN = 730  # longer ago is told in years
_LOOKED_AT = 2000  # characters of a chart text; the rest could not be shown anyway
# Nothing of this can open Markdown, HTML or a link in the middle of a line. A slash only in U/L and mmol/L, a full stop
# only between digits.
_HARMLESS = re.compile(r"(?:[A-Za-z0-9 ,;:()'+-]++|(?<=U)/(?=L)|(?<=mmol)/(?=L)|(?<=[0-9])\.(?=[0-9]))+")
_TIMESTAMP = re.compile(r"(\d{4}-\d{2}-\d{2})T[0-9:.]+(?:Z|[+-]\d{2}:\d{2})?")
# What most dates are, seen at one look.
_DAY_OR_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2})(?:T[0-9:.]+(?:Z|[+-]\d{2}:\d{2})?)?", re.ASCII)
_SAME_DAY = re.compile(r"(\d{4}-\d{2}-\d{2}) to \1")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_DATE = r"\d{4}(?:-\d{2}(?:-\d{2})?)?"
_DATES = re.compile(rf"(?:since |until )?{_DATE}|{_DATE} to {_DATE}|at age \d+ (?:years|months)", re.ASCII)
_PROPER_NAMES = ("Achilles", "D-dimer")


def quoted(text: str) -> str:
    """Text of the chart as a Markdown code span, in which nothing is interpreted: one line, 80 characters.

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


def date_words(when: Interval, as_of: datetime) -> str:
    """The date as recorded, without its time of day; an exact day also says how long ago it is."""
    exact = _DAY_OR_MOMENT.fullmatch(when.text)
    if exact is None:
        return date_words_of_any(when.text, as_of)
    return exact[1] + _ago(exact[1], as_of)


def date_words_of_any(text: str, as_of: datetime) -> str:
    """The same for whatever a date can be: a span, an age, a part of a date, or none at all."""
    text = _SAME_DAY.sub(r"\1", _TIMESTAMP.sub(r"\1", text))
    if _DAY.fullmatch(text):
        return text + _ago(text, as_of)
    return text if _DATES.fullmatch(text) else quoted(text)


def when_words(fact: Fact, as_of: datetime) -> str:
    """The date of the fact; of a Condition also whether it is that of its onset."""
    if fact.when is None:
        return DATE_NOT_READ if DATE_NOT_READ in fact.remarks else DATE_NOT_RECORDED
    text = date_words(fact.when, as_of)
    if not fact.is_condition:
        return text
    return f"onset {text}" if fact.began is not None else f"recorded {text}"


def moment_words(moment: datetime) -> str:
    """An aware moment to the minute, with the name of its zone."""
    return f"{moment.isoformat(' ', 'minutes')[:16]} {moment.tzname()}"


def _ago(day: str, as_of: datetime) -> str:
    try:
        days = (as_of.date() - date.fromisoformat(day)).days
    except ValueError:
        return ""
    if days == 0:
        return " (today)"
    if days == 1:
        return " (1 day ago)"
    if days > _DAYS_SHOWN:
        return f" ({days // 365} years ago)"
    return f" ({days} days ago)" if days > 1 else ""


def age_words(age: tuple[int, int] | None) -> str:
    """age 71; age 65 to 66 where the birth date is partial."""
    if age is None or age[0] < 0 or age[1] > 999:
        return "age not recorded"
    return f"age {age[0]}" if age[0] == age[1] else f"age {age[0]} to {age[1]}"


def side_of(facts: Iterable[Fact]) -> Side:
    """The side that these facts together have."""
    side = _NO_SIDE
    for fact in facts:
        if fact.side is side or fact.side is _NO_SIDE:
            continue
        if side is not _NO_SIDE:
            return Side.BOTH
        side = fact.side
    return side


def source_words(source: Citation) -> str:
    """Organisation and year."""
    return "own rule of this service" if source is OURS else source.dated_label


@lru_cache(maxsize=256)
def mid_sentence(label: str) -> str:
    """The label of a rule as it stands inside a sentence: DVT, D-dimer and Achilles keep their capitals.

    What it gives is kept between calls: never ask it for text of a chart.
    """
    word = label.split(" ", maxsplit=1)[0]
    return label if word in _PROPER_NAMES or word != word.capitalize() else label[:1].lower() + label[1:]


def sentence_start(text: str) -> str:
    return text[:1].upper() + text[1:]


def suspected_words(finding: Finding) -> str:
    """Whether the finding rests on entries that the chart itself only suspects."""
    suspected = [fact for fact in finding.evidence if fact.certainty is _SUSPECTED]
    if not suspected or finding.rule.label.startswith("Suspected"):
        return ""
    return " (suspected)" if len(suspected) == len(finding.evidence) else " (part suspected)"


def newest(facts: Sequence[Fact]) -> list[Fact]:
    """The newest first, undated ones last, so that a card does not depend on the order of the chart."""
    if len(facts) < 2:
        return list(facts)
    return sorted(facts, key=lambda fact: (-latest(fact.when), fact.source))


def and_more(items: Sequence[str], most: int) -> Sequence[str]:
    """The first so many, and how many more there are."""
    rest = len(items) - most
    return [*items[:most], f"and {rest} more"] if rest > 0 else items


def bullets(lines: Sequence[str]) -> str:
    """A list, set off by an empty line because some readers of Markdown need one before it."""
    return "\n" + "\n".join(f"- {line}" for line in and_more(lines, MOST_BULLETS)) if lines else ""
