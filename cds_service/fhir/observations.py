"""Observation -> facts: its own code and value, and its components one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from cds_service.facts import Fact, Interval, Side, State
from cds_service.fhir.page import ObservationHead
from cds_service.fhir.placing import BodySites, body_sites, most_specific, site_of
from cds_service.fhir.sift import SILENT_STATUSES, Hit, observation_time
from cds_service.fhir.subject import Subject, encounter_of
from cds_service.fhir.value_sets import Meaning, Terminology, combined_side
from cds_service.fhir.values import codings, meanings_of, read_value, words_of


def observation_facts(
    model: Any, members: dict[str, Any], hit: Hit, terminology: Terminology, subject: Subject, as_of: datetime
) -> list[Fact]:
    """One fact per concept of the Observation's code, and of each component's code."""
    if str(model.status) in SILENT_STATUSES:
        return []
    when = observation_time(cast(ObservationHead, hit.head), as_of)
    components = model.component or []
    values = [
        meaning
        for holder in components
        if holder.dataAbsentReason is None
        for meaning in meanings_of(holder.valueCodeableConcept, terminology)
    ]
    body = body_sites([model.bodySite] if model.bodySite is not None else [], values, terminology)
    frame = Fact(
        concept="",
        state=State.UNKNOWN,
        source=f"Observation/{hit.head.id}",
        code=("", ""),
        when=when,
        began=when if not _only_issued(members) else None,
        recorded=when if _only_issued(members) else None,
        sudden=any(meaning.sudden for meaning in values),
        corrected=model.status in ("amended", "corrected"),
        encounter=encounter_of(members),
        remarks=_remarks(model, body, when),
    )
    facts: list[Fact] = []
    for holder in (model, *components):
        facts += _of_holder(holder, frame, body, terminology)
    return facts


def _of_holder(holder: Any, frame: Fact, body: BodySites, terminology: Terminology) -> list[Fact]:
    coded = [(code, meaning) for code in codings(holder.code) if (meaning := terminology.meaning(*code))]
    answers = meanings_of(holder.valueCodeableConcept, terminology)
    asks = any(
        meaning.question or any(concept.kind == "measurement" for concept in meaning.concepts)
        for _code, meaning in coded
    )
    facts = []
    for concept in dict.fromkeys(concept for _code, meaning in coded for concept in meaning.concepts):
        value = read_value(concept, holder, terminology)
        naming = [code for code, meaning in coded if concept in meaning.concepts]
        facts.append(
            _placed(
                replace(
                    frame,
                    concept=concept.name,
                    state=value.state,
                    code=naming[0],
                    display=words_of(holder.code, naming[0]),
                    quantity=value.quantity,
                    severe=value.severe,
                    sudden=frame.sudden or any(meaning.sudden for meaning in answers),
                    site_matters=concept.site_matters,
                    symptom=concept.kind == "symptom",
                    remarks=(*frame.remarks, value.remark) if value.remark else frame.remarks,
                ),
                [meaning for _code, meaning in coded] + answers,
                body,
                terminology,
            )
        )
    if asks and holder.dataAbsentReason is None:
        facts += _answered(holder, answers, frame, body, terminology)
    return [fact for fact in facts if fact is not None]


def _answered(
    holder: Any, answers: list[Meaning], frame: Fact, body: BodySites, terminology: Terminology
) -> list[Fact | None]:
    """The finding that the value names, where the code only asks: "tobacco smoking status: smokes daily"."""
    facts = []
    for code in codings(holder.valueCodeableConcept):
        meaning = terminology.meaning(*code)
        for concept in meaning.concepts if meaning else ():
            facts.append(
                _placed(
                    replace(
                        frame,
                        concept=concept.name,
                        state=State.PRESENT,
                        code=code,
                        display=words_of(holder.valueCodeableConcept, code),
                        site_matters=concept.site_matters,
                        symptom=concept.kind == "symptom",
                    ),
                    answers,
                    body,
                    terminology,
                )
            )
    return facts


def _placed(fact: Fact, meanings: list[Meaning], body: BodySites, terminology: Terminology) -> Fact | None:
    concept = terminology.concepts[fact.concept]
    site = site_of(concept, most_specific(meaning.site for meaning in meanings), body)
    if site is None:
        return None
    side = combined_side([*(meaning.side for meaning in meanings), body.side])
    return replace(fact, site=site, side=side or Side.NOT_STATED)


def _only_issued(members: dict[str, Any]) -> bool:
    return not any(members.get(name) for name in ("effectiveDateTime", "effectivePeriod", "effectiveInstant"))


def _remarks(model: Any, body: BodySites, when: Interval | None) -> tuple[str, ...]:
    remarks = []
    if str(model.status) == "preliminary":
        remarks.append("preliminary")
    if when is None:
        remarks.append("date not recorded")
    if body.text_only:
        remarks.append("body site given as text, not interpreted")
    return tuple(remarks)

