"""How an entry of the chart is told: what it is, its value, where, when, how sure. In our words, without its text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from cds_service.assessment.concepts import MEDICINES, Concept
from cds_service.facts import DRAFT, Certainty, Course, Fact, Quantity, Side, Site, State
from cds_service.rendering.words import bounded, day_words, listing, quoted

_SITES = {Site.LOWER_LEG: ("calf", "calves"), Site.ANKLE: ("ankle", "ankles"), Site.FOOT: ("foot", "feet")}
_NAMES_A_PLACE = re.compile(r"\b(leg|foot|calf|ankle|Achilles|knee)\b")
_LIMITED = (Concept.D_DIMER, Concept.CREATINE_KINASE)
_OF_TEN = "of 10"
_MONTH = 30
_UNITS = frozenset({"cm", "U/L", "mmol/L", "kg/m2", "x 10*9/L", "mL/min", "d/wk", "min/d", "min/wk"})
"""Those that values are judged in. The unit of a D-dimer is text of the chart."""


def kind_words(fact: Fact, names: Mapping[str, str]) -> str:
    """What kind of thing the fact is."""
    return names[fact.concept] if fact.concept in names else fact.concept.replace("-", " ")


def value_words(quantity: Quantity | None, concept: str = "") -> str:
    """8 of 10; 12,400 U/L; 700 `ng/mL{FEU}`; <0.5; empty where no number says it."""
    if quantity is None or quantity.value is None:
        return ""
    comparator = quantity.comparator if quantity.comparator in ("<", "<=", ">=", ">") else ""
    number = f"{comparator}{quantity.value:,.10g}"
    if concept == Concept.PAIN_SEVERITY:
        return f"{number} {_OF_TEN}"
    unit = quantity.unit
    return f"{number} {unit if unit in _UNITS else quoted(unit)}" if unit else number


def place_words(fact: Fact, kind: str = "") -> str:
    """left calf; both feet; left; empty where nothing is stated. Where the kind of thing names a place itself, only the
    side: cold leg or foot left.
    """
    one, both = ("", "") if _NAMES_A_PLACE.search(kind) else _SITES.get(fact.site, ("", ""))
    if fact.side is Side.BOTH:
        return f"both {both or 'legs'}"
    side = "" if fact.side is Side.NOT_STATED else str(fact.side)
    return f"{side} {one}".strip()


def told(
    facts: Iterable[Fact], names: Mapping[str, str], as_of: datetime, most: int, apart: Collection[Fact] = ()
) -> tuple[list[str], list[Fact]]:
    """The first so many entries in words, and that there are more; and the facts that these tell. Of one thing on one
    side the first is told, but each draft and medicine, and each of those `apart`. Entries that differ only in what
    they are stand together: pain and swelling left calf.
    """
    groups: dict[tuple[str, str], list[Fact]] = {}
    place_of: dict[tuple[object, ...], tuple[str, str]] = {}
    again: dict[tuple[str, str], list[Fact]] = {}
    for fact in dict.fromkeys(facts):
        thing = (fact.concept, fact.side, fact.source if fact in apart or _is_draft(fact) else _medicine(fact))
        if thing in place_of:
            again.setdefault(place_of[thing], []).append(fact)
            continue
        key = place_of[thing] = (place_words(fact, kind_words(fact, names)), _tail(fact, as_of))
        groups.setdefault(key, []).append(fact)
    shown = list(groups)[:most]
    words = []
    for place, tail in shown:
        kinds = Counter([_kind(fact, names) for fact in groups[place, tail]])
        plain = [kind for kind in kinds if not any(each.startswith(f"{kind} ") for each in kinds)]
        each_told = all(_is_draft(fact) or _medicine(fact) for fact in groups[place, tail])
        said = [f"{kinds[kind]} x {kind}" if each_told and kinds[kind] > 1 else kind for kind in plain]
        words.append(", ".join(filter(None, [f"{listing(said)} {place}".strip(), tail])))
    return bounded(words, len(groups)), [fact for key in shown for fact in (*groups[key], *again.get(key, ()))]


def _is_draft(fact: Fact) -> bool:
    return DRAFT in fact.remarks


def _medicine(fact: Fact) -> object:
    """Which medicine it is, as the chart names it."""
    return (fact.display or fact.codes) if fact.concept in MEDICINES else ""


def _kind(fact: Fact, names: Mapping[str, str]) -> str:
    """What it is, with its value, and of a medicine what the chart calls it."""
    kind = kind_words(fact, names)
    if fact.concept in MEDICINES and fact.display:
        return f"{kind} {quoted(fact.display)}"
    grades = [word for word, holds in (("severe", fact.severe), ("sudden", fact.sudden)) if holds and word not in kind]
    value = value_words(fact.quantity, fact.concept)
    limit = fact.quantity.high if fact.quantity and fact.concept in _LIMITED else None
    bounded = f"{value} (limit {limit:,.10g})" if value and limit is not None else value
    return " ".join(filter(None, [*grades, kind, bounded]))


def _tail(fact: Fact, as_of: datetime) -> str:
    """The date, and whatever makes the entry less than a current and confirmed one."""
    parts: list[str] = []
    if fact.site_matters and fact.side is Side.NOT_STATED:
        parts.append("site not recorded" if fact.site is Site.NOT_STATED else "side not recorded")
    parts.append(_dates(fact, as_of))
    if fact.state is State.ABSENT:
        parts.append("denied")
    if fact.certainty is Certainty.SUSPECTED:
        parts.append("suspected")
    if fact.course is not Course.CURRENT:
        parts.append(str(fact.course))
    return ", ".join(parts)


def _dates(fact: Fact, as_of: datetime) -> str:
    """When it was; where it began more than a month before it was recorded, both. A draft has no time yet."""
    if _is_draft(fact):
        return "draft"
    if fact.when is None:
        return "undated"
    words = day_words(fact.when, as_of)
    if fact.began is None or fact.recorded is None:
        return words
    days_between = (fact.recorded.first - fact.began.last).days
    if days_between < 1:
        return words
    recorded = day_words(fact.recorded, as_of).partition(" (")[0]
    return f"since {words}, recorded {recorded}" if days_between >= _MONTH else f"since {words}"


def names_of(facts: Sequence[Fact], names: Mapping[str, str]) -> list[str]:
    """The kinds of thing that these are, each once."""
    return list(dict.fromkeys([kind_words(fact, names) for fact in facts]))
