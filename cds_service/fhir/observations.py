"""Observation -> facts: its own code and value, and its components one by one."""

from __future__ import annotations

from typing import Any

from cds_service.facts import DATE_NOT_READ, DATE_NOT_RECORDED, Certainty, Course, Fact, Interval, Side, Site, State
from cds_service.fhir import resources as fhir
from cds_service.fhir.members import code
from cds_service.fhir.naming import Named, most_specific, named
from cds_service.fhir.placing import BodySites, body_sites, is_elsewhere, place_remarks, site_of
from cds_service.fhir.subject import encounter_of
from cds_service.fhir.value_sets import Terminology, combined_side
from cds_service.fhir.values import Value, is_void, read_value

_NOT_STATED = Side.NOT_STATED
_PRESENT = State.PRESENT
_STATED = Value(_PRESENT)
_CORRECTED = ("amended", "corrected")


def observation_facts(observation: fhir.Observation, when: Interval | None, terminology: Terminology) -> list[Fact]:
    """One fact per concept of the Observation's code, and of each component's code."""
    answer = named(observation.valueCodeableConcept, terminology)
    components = [
        (each, named(each.code, terminology), named(each.valueCodeableConcept, terminology))
        for each in observation.component or ()
    ]
    said = [answer for component, _code, answer in components if not is_void(component)]
    values = [meaning for each in said for meaning in each.meanings]
    body = body_sites((observation.bodySite,), values, terminology)
    status = code(observation.status)
    effective = observation.is_effective
    shared = {
        "source": observation.name,
        "when": when,
        "began": when if effective else None,
        "recorded": None if effective else when,
        "corrected": status in _CORRECTED,
        "encounter": encounter_of(observation),
    }
    undated = DATE_NOT_READ if effective or observation.issued is not None else DATE_NOT_RECORDED
    remarks: tuple[str, ...] = ("preliminary",) if status == "preliminary" else ()
    if not when:
        remarks += (undated,)
    sudden = any(each.sudden for each in said) or any(_is_said_to_be_sudden(each, terminology) for each in components)
    facts = _of_holder(observation, named(observation.code, terminology), answer, shared, body, remarks, sudden)
    for component, its_code, its_answer in components:
        facts += _of_holder(component, its_code, its_answer, shared, body, remarks, sudden)
    return facts


def _of_holder(
    holder: fhir.Holder,
    asked: Named,
    answer: Named,
    shared: dict[str, Any],
    body: BodySites,
    remarks: tuple[str, ...],
    sudden: bool,
) -> list[Fact]:
    """What an Observation or one component says. `shared`: the members of a Fact that all of them have."""
    sudden = sudden or asked.sudden or answer.sudden
    site = most_specific((asked.site, answer.site)) if answer.site else asked.site
    side = combined_side((asked.side, answer.side, body.side)) or _NOT_STATED
    remarks += place_remarks(combined_side((asked.side, answer.side)), body)
    said = [(each, read_value(each.concept, holder, answer)) for each in asked.concepts]
    if answer.concepts and asked.asks and not is_void(holder):
        said += [(each, _STATED) for each in answer.concepts]
    facts = []
    for (concept, codes, words, suspected, denied, phases), value in said:
        place = site_of(concept, site, body)
        elsewhere = concept.elsewhere if place is None and is_elsewhere(concept, body) else ""
        if place is None and not elsewhere:
            continue
        facts.append(
            Fact(
                concept=elsewhere or concept.name,
                state=_denied(value.state) if denied else value.state,
                codes=codes,
                display=words,
                site=place or Site.NOT_STATED,
                side=side,
                site_matters=concept.site_matters and not elsewhere,
                certainty=Certainty.SUSPECTED if suspected else Certainty.CONFIRMED,
                course=Course.HISTORY if Course.HISTORY in phases else Course.CURRENT,
                quantity=value.quantity,
                severe=value.severe,
                sudden=sudden,
                remarks=(*remarks, value.remark) if value.remark else remarks,
                **shared,
            )
        )
    return facts


def _denied(state: State) -> State:
    """Of a code that says itself that it is not there; answered no, that is a double negative, and not known."""
    return State.ABSENT if state is _PRESENT else State.UNKNOWN


def _is_said_to_be_sudden(component: tuple[fhir.Component, Named, Named], terminology: Terminology) -> bool:
    """A component that is itself called sudden onset, and affirmed."""
    holder, asked, answer = component
    return asked.sudden and read_value(terminology.concepts["sudden-onset"], holder, answer).state is _PRESENT
