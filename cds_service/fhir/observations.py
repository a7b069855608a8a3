"""Observation -> facts: its own code and value, and its components one by one."""

from __future__ import annotations

from typing import Any

from cds_service.facts import Fact, Interval, Side, State
from cds_service.fhir import resources as fhir
from cds_service.fhir.placing import BodySites, body_sites, most_specific, site_of
from cds_service.fhir.subject import encounter_of
from cds_service.fhir.value_sets import Meaning, Terminology, combined_side
from cds_service.fhir.values import Value, coded_meanings, codes_of, concepts_of, meanings_of, read_value, words_of

_NOT_STATED = Side.NOT_STATED
_STATED = Value(State.PRESENT)
_CORRECTED = ("amended", "corrected")


def observation_facts(
    observation: fhir.Observation, model: Any, when: Interval | None, terminology: Terminology
) -> list[Fact]:
    """One fact per concept of the Observation's code, and of each component's code."""
    components = model.component or ()
    values = [
        meaning
        for holder in components
        if holder.dataAbsentReason is None
        for meaning in meanings_of(holder.valueCodeableConcept, terminology)
    ]
    body = body_sites(() if model.bodySite is None else (model.bodySite,), values, terminology)
    effective = observation.is_effective
    shared = {
        "source": f"Observation/{observation.id}",
        "when": when,
        "began": when if effective else None,
        "recorded": None if effective else when,
        "corrected": model.status in _CORRECTED,
        "encounter": encounter_of(observation),
    }
    remarks = _remarks(model, body, when)
    sudden = any(meaning.sudden for meaning in values)
    facts = _of_holder(model, shared, body, remarks, sudden, terminology)
    for component in components:
        facts += _of_holder(component, shared, body, remarks, sudden, terminology)
    return facts


def _of_holder(
    holder: Any,
    shared: dict[str, Any],
    body: BodySites,
    remarks: tuple[str, ...],
    sudden: bool,
    terminology: Terminology,
) -> list[Fact]:
    """What an Observation or one component says. `shared`: the members of a Fact that all of them have."""
    coded = coded_meanings(holder.code, terminology)
    answered = coded_meanings(holder.valueCodeableConcept, terminology)
    around = [meaning for _code, meaning in (*coded, *answered)]
    sudden = sudden or any(meaning.sudden for meaning in around)
    site = most_specific([meaning.site for meaning in around])
    side = combined_side([*[meaning.side for meaning in around], body.side]) or _NOT_STATED
    named = [(concept, coded, holder.code, read_value(concept, holder, terminology)) for concept in concepts_of(coded)]
    if answered and holder.dataAbsentReason is None and any(_only_asks(meaning) for _code, meaning in coded):
        named += [(concept, answered, holder.valueCodeableConcept, _STATED) for concept in concepts_of(answered)]
    facts = []
    for concept, named_by, words, value in named:
        place = site_of(concept, site, body)
        if place is None:
            continue
        codes = codes_of(concept, named_by)
        facts.append(
            Fact(
                concept=concept.name,
                state=value.state,
                codes=codes,
                display=words_of(words, codes[0]),
                site=place,
                side=side,
                site_matters=concept.site_matters,
                quantity=value.quantity,
                severe=value.severe,
                sudden=sudden,
                remarks=(*remarks, value.remark) if value.remark else remarks,
                **shared,
            )
        )
    return facts


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
