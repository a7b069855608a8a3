"""Observation -> facts: its own code and value, and its components one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cds_service.facts import Fact, Interval, Side, State
from cds_service.fhir import resources as fhir
from cds_service.fhir.placing import BodySites, body_sites, most_specific, site_of
from cds_service.fhir.subject import encounter_of
from cds_service.fhir.value_sets import Concept, Meaning, Terminology, combined_side
from cds_service.fhir.values import Value, coded_meanings, meanings_of, read_value, words_of

Coded = tuple[tuple[str, str], Meaning]


def observation_facts(
    observation: fhir.Observation, model: Any, when: Interval | None, terminology: Terminology
) -> list[Fact]:
    """One fact per concept of the Observation's code, and of each component's code."""
    components = model.component or []
    values = [
        meaning
        for holder in components
        if holder.dataAbsentReason is None
        for meaning in meanings_of(holder.valueCodeableConcept, terminology)
    ]
    body = body_sites([model.bodySite] if model.bodySite is not None else [], values, terminology)
    effective = observation.is_effective
    fact = partial(
        Fact,
        source=f"Observation/{observation.id}",
        when=when,
        began=when if effective else None,
        recorded=None if effective else when,
        corrected=model.status in ("amended", "corrected"),
        encounter=encounter_of(observation),
    )
    remarks = _remarks(model, body, when)
    sudden = any(meaning.sudden for meaning in values)
    return [
        each for holder in (model, *components) for each in _of_holder(holder, fact, body, remarks, sudden, terminology)
    ]


def _of_holder(
    holder: Any,
    fact: Callable[..., Fact],
    body: BodySites,
    remarks: tuple[str, ...],
    sudden: bool,
    terminology: Terminology,
) -> Iterator[Fact]:
    coded = coded_meanings(holder.code, terminology)
    answered = coded_meanings(holder.valueCodeableConcept, terminology)
    around = [meaning for _code, meaning in (*coded, *answered)]
    sudden = sudden or any(meaning.sudden for meaning in around)

    def made(concept: Concept, named_by: list[Coded], words: Any, value: Value) -> Iterator[Fact]:
        site = site_of(concept, most_specific([meaning.site for meaning in around]), body)
        if site is not None:
            codes = tuple(sorted({code for code, meaning in named_by if concept in meaning.concepts}))
            yield fact(
                concept=concept.name,
                state=value.state,
                codes=codes,
                display=words_of(words, codes[0]),
                site=site,
                side=combined_side([*(meaning.side for meaning in around), body.side]) or Side.NOT_STATED,
                site_matters=concept.site_matters,
                quantity=value.quantity,
                severe=value.severe,
                sudden=sudden,
                remarks=(*remarks, value.remark) if value.remark else remarks,
            )

    for concept in _concepts(coded):
        yield from made(concept, coded, holder.code, read_value(concept, holder, terminology))
    if any(_only_asks(meaning) for _code, meaning in coded) and holder.dataAbsentReason is None:
        for concept in _concepts(answered):
            yield from made(concept, answered, holder.valueCodeableConcept, Value(State.PRESENT))


def _concepts(coded: list[Coded]) -> list[Concept]:
    return list(dict.fromkeys(concept for _code, meaning in coded for concept in meaning.concepts))


def _only_asks(meaning: Meaning) -> bool:
    """Does the code ask for a finding that its value names? "Tobacco smoking status: smokes daily"."""
    return meaning.question or any(concept.kind == "measurement" for concept in meaning.concepts)


def _remarks(model: Any, body: BodySites, when: Interval | None) -> tuple[str, ...]:
    remarks = []
    if str(model.status) == "preliminary":
        remarks.append("preliminary")
    if when is None:
        remarks.append("date not recorded")
    if body.text_only:
        remarks.append("body site given as text, not interpreted")
    return tuple(remarks)
