"""What a CodeableConcept says by the value sets, worked out once: charts repeat their codes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from cds_service.facts import Side, Site
from cds_service.fhir.resources import Concept as CodeableConcept
from cds_service.fhir.value_sets import Concept, Meaning, Terminology, combined_side

_MOST_SPECIFIC_FIRST = (Site.LOWER_LEG, Site.ANKLE, Site.FOOT, Site.LEG)
_MOST_KEPT = 4096


class NamedConcept(NamedTuple):
    """A concept that codes name: those codes as (system, code), sorted, and the words that the chart shows for it."""

    concept: Concept
    codes: tuple[tuple[str, str], ...]
    words: str


class Named(NamedTuple):
    """`codings`: every complete one as (system, code). `meanings`: of those that a value set knows.

    `concepts`: what they name, each once. `site` is the most specific one of the leg, `side` that of all meanings
    together. `asks`: the code only asks for a finding that the value names ("Tobacco smoking status").
    """

    codings: tuple[tuple[str, str], ...] = ()
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
        return _kept(concept, terminology)
    except TypeError:  # words or a display of an odd shape, that no cache can look up
        return _named(concept, terminology)


def most_specific(sites: Iterable[Site | None]) -> Site | None:
    """Calf before ankle, foot and leg."""
    given = set(sites)
    for site in _MOST_SPECIFIC_FIRST:
        if site in given:
            return site
    return None


def _named(concept: CodeableConcept, terminology: Terminology) -> Named:
    codings = concept.coding or ()
    known = [
        ((str(coding.system), str(coding.code)), meaning)
        for coding in codings
        if (meaning := terminology.meaning(coding.system, coding.code)) is not None
    ]
    meanings = tuple([meaning for _code, meaning in known])
    concepts = []
    for each in dict.fromkeys(each for meaning in meanings for each in meaning.concepts):
        codes = tuple(sorted({code for code, meaning in known if each in meaning.concepts}))
        concepts.append(NamedConcept(each, codes, _words(concept, codes[0])))
    return Named(
        tuple([(coding.system, coding.code) for coding in codings if coding.system and coding.code]),
        meanings,
        tuple(concepts),
        _words(concept),
        most_specific([meaning.site for meaning in meanings]),
        combined_side([meaning.side for meaning in meanings]),
        any(meaning.sudden for meaning in meanings),
        any(meaning.severe for meaning in meanings),
        any(meaning.graded for meaning in meanings),
        any(meaning.question or any(each.kind == "measurement" for each in meaning.concepts) for meaning in meanings),
    )


_kept = lru_cache(maxsize=_MOST_KEPT)(_named)


def _words(concept: CodeableConcept, code: tuple[str, str] | None = None) -> str:
    """The words that the chart shows: its text, else of the coding that matched, else of any coding."""
    if concept.text:
        return str(concept.text)
    shown = [(coding.code, str(coding.display)) for coding in concept.coding or () if coding.display]
    matched = next((display for its, display in shown if code is not None and its == code[1]), "")
    return matched or next((display for _its, display in shown), "")
