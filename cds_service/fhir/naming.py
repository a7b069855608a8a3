"""What a CodeableConcept says by the value sets, worked out once: charts repeat their codes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from cds_service.facts import Course, Side, Site
from cds_service.fhir.german import qualified
from cds_service.fhir.kept import Kept
from cds_service.fhir.resources import Concept as CodeableConcept
from cds_service.fhir.value_sets import Concept, Meaning, Terminology, combined_side

_MOST_SPECIFIC_FIRST = (Site.LOWER_LEG, Site.ANKLE, Site.FOOT, Site.LEG)
MOST_KEPT, LONGEST_KEPT = 4096, 1000
"""How many CodeableConcepts are kept, and how many characters of one: four codings with their words."""


class NamedConcept(NamedTuple):
    """A concept that codes name: those codes as (system, code), sorted, and the words that the chart shows for it.

    These are the text of the CodeableConcept, else those of the first code, else of any coding. `suspected`, `denied`
    and `phases`: what one of the codes says of it, whatever another leaves out.
    """

    concept: Concept
    codes: tuple[tuple[str, str], ...]
    words: str
    suspected: bool = False
    denied: bool = False
    phases: frozenset[Course] = frozenset()


class Named(NamedTuple):
    """`codings`: every complete one as (system, code), written as in the value sets where they can know it; `is_read`:
    they can know one. `meanings`: of those that a value set holds.

    `concepts`: what they name, each once. `site` is the most specific one of the leg, `side` that of all meanings
    together. `asks`: the code only asks for a finding that the value names ("Tobacco smoking status").
    """

    codings: tuple[tuple[str, str], ...] = ()
    is_read: bool = False
    meanings: tuple[Meaning, ...] = ()
    concepts: tuple[NamedConcept, ...] = ()
    words: str = ""
    site: Site | None = None
    side: Side | None = None
    sudden: bool = False
    severe: bool = False
    graded: bool = False
    asks: bool = False


_NOTHING = Named()


def named(concept: CodeableConcept | None, terminology: Terminology) -> Named:
    """What the codings and words of a CodeableConcept say; nothing where there is none."""
    if concept is None:
        return _NOTHING
    try:
        return _kept[concept, terminology]
    except TypeError:  # words or a display of an odd shape, that cannot be looked up
        return _named((concept, terminology))


def most_specific(sites: Iterable[Site | None]) -> Site | None:
    """Calf before ankle, foot and leg."""
    given = set(sites)
    for site in _MOST_SPECIFIC_FIRST:
        if site in given:
            return site
    return None


def _named(asked: tuple[CodeableConcept, Terminology]) -> Named:
    concept, terminology = asked
    codings: list[tuple[str, str]] = []
    meanings: list[Meaning] = []
    said_of: dict[Concept, list[tuple[tuple[str, str], Meaning]]] = {}
    shown: dict[tuple[str, str], str] = {}
    displays: list[str] = []
    is_read = False
    for coding in concept.coding or ():
        display = _words(coding.display)
        displays += [display] if display else []
        if not coding.system or not coding.code:
            continue
        code = terminology.coded(coding.system, coding.code)
        codings.append(code or (coding.system, coding.code))
        is_read = is_read or code is not None
        meaning = terminology.meaning(*code) if code else None
        if code is None or meaning is None:
            continue
        if coding.extension:
            meaning = qualified(meaning, coding.extension)
        meanings.append(meaning)
        if display:
            shown.setdefault(code, display)
        for each in meaning.concepts:
            said_of.setdefault(each, []).append((code, meaning))
    text = _words(concept.text)
    words = text or next(iter(displays), "")
    return Named(
        tuple(codings),
        is_read,
        tuple(meanings),
        tuple([_named_concept(each, said, text, shown, words) for each, said in said_of.items()]),
        words,
        most_specific([meaning.site for meaning in meanings]),
        combined_side([meaning.side for meaning in meanings]),
        any(meaning.sudden for meaning in meanings),
        any(meaning.severe for meaning in meanings),
        any(meaning.graded for meaning in meanings),
        any(meaning.question or any(each.kind == "measurement" for each in meaning.concepts) for meaning in meanings),
    )


def _named_concept(
    concept: Concept,
    said: Sequence[tuple[tuple[str, str], Meaning]],
    text: str,
    shown: Mapping[tuple[str, str], str],
    words: str,
) -> NamedConcept:
    codes = sorted({code for code, _meaning in said})
    return NamedConcept(
        concept,
        tuple(codes),
        text or shown.get(codes[0], words),
        any(meaning.suspected for _code, meaning in said),
        any(meaning.denied for _code, meaning in said),
        frozenset([meaning.phase for _code, meaning in said if meaning.phase]),
    )


def _words(given: Any) -> str:
    """Words of an odd shape are none."""
    return given if isinstance(given, str) else ""


_kept = Kept(_named, most=MOST_KEPT, longest=LONGEST_KEPT)
