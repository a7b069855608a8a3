"""What the value of an Observation, or of one component, says about its concept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from math import isfinite
from typing import Any, NamedTuple

from cds_service.facts import Quantity, State
from cds_service.fhir import units
from cds_service.fhir.value_sets import SNOMED, Concept, Meaning, Terminology

UCUM = "http://unitsofmeasure.org"
# http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation
_RAISED = frozenset({"H", "HH", "HU", "POS", "DET"})
_NOT_RAISED = frozenset({"N", "L", "LL", "LU", "NEG", "ND"})
_NOT_FOUND = frozenset({"NEG", "ND"})
TEXT_REMARK = "value recorded as text, not interpreted"
ODD_REMARK = "value not interpreted"


class Value(NamedTuple):
    """The state of the concept, and its quantity if it has one."""

    state: State
    quantity: Quantity | None = None
    severe: bool = False
    remark: str = ""


def codings(concept: Any) -> Iterator[tuple[str, str]]:
    """(system, code) of each complete coding of a parsed CodeableConcept."""
    for coding in (concept.coding if concept is not None else None) or ():
        if coding.system and coding.code:
            yield str(coding.system), str(coding.code)


Coded = tuple[tuple[str, str], Meaning]
"""A code that a value set knows, as (system, code), and its meaning."""


def coded_meanings(concept: Any, terminology: Terminology) -> Sequence[Coded]:
    """The codings of a parsed CodeableConcept that a value set knows."""
    if concept is None:
        return ()
    known = []
    for coding in concept.coding or ():
        meaning = terminology.meaning(coding.system, coding.code)
        if meaning is not None:
            known.append(((str(coding.system), str(coding.code)), meaning))
    return known


def concepts_of(coded: Sequence[Coded]) -> Iterable[Concept]:
    """The concepts that these codes name, each once."""
    if len(coded) == 1:
        return coded[0][1].concepts
    return dict.fromkeys(concept for _code, meaning in coded for concept in meaning.concepts)


def codes_of(concept: Concept, coded: Sequence[Coded]) -> tuple[tuple[str, str], ...]:
    """Those of the codes that name the concept, sorted."""
    if len(coded) == 1:
        return (coded[0][0],)
    return tuple(sorted({code for code, meaning in coded if concept in meaning.concepts}))


def meanings_of(concept: Any, terminology: Terminology) -> list[Meaning]:
    """The meanings of a parsed CodeableConcept's codings."""
    return [meaning for _code, meaning in coded_meanings(concept, terminology)]


def words_of(concept: Any, code: tuple[str, str] | None = None) -> str:
    """The words that the chart shows: its text, else of the coding that matched, else of any coding."""
    if concept is None:
        return ""
    if concept.text:
        return str(concept.text)
    shown = [(str(coding.code), str(coding.display)) for coding in concept.coding or () if coding.display]
    matched = next((display for its, display in shown if code is not None and its == code[1]), "")
    return matched or next((display for _its, display in shown), "")


def read_value(concept: Concept, holder: Any, terminology: Terminology) -> Value:
    """Read value[x] of an Observation or component (`holder`, a parsed model).

    A finding without any value and without dataAbsentReason is an assertion: present. dataAbsentReason is unknown,
    never absent. A measurement is present when its number can be read.
    """
    if holder.dataAbsentReason is not None:
        return Value(State.UNKNOWN)
    interpretations = {code for each in holder.interpretation or () for _system, code in codings(each)}
    numeric = _numeric(concept, holder, interpretations)
    if numeric is not None:
        return numeric
    if holder.valueString is not None:
        return Value(State.UNKNOWN, remark=TEXT_REMARK)
    if holder.valueBoolean is not None:
        return Value(State.PRESENT if holder.valueBoolean else State.ABSENT)
    if holder.valueCodeableConcept is not None:
        return _coded(concept, holder.valueCodeableConcept, terminology)
    if any(getattr(holder, name) is not None for name in _OTHER_VALUES):
        return Value(State.UNKNOWN, remark=ODD_REMARK)
    if concept.kind == "measurement":
        raised = _raised(interpretations)
        if raised is None:
            return Value(State.UNKNOWN)
        return Value(State.PRESENT, Quantity(None, "", "raised" if raised else "not raised", raised=raised))
    return Value(State.ABSENT if interpretations & _NOT_FOUND else State.PRESENT)


_OTHER_VALUES = ("valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod")


def _numeric(concept: Concept, holder: Any, interpretations: set[str]) -> Value | None:
    """Quantity, integer or range. Of a range the higher end is judged, so that a high value is not missed."""
    comparator = low = ""
    if (quantity := holder.valueQuantity) is not None:
        number, unit = quantity.value, _unit(quantity)
        comparator = quantity.comparator or ""
    elif holder.valueInteger is not None:
        number, unit = holder.valueInteger, ""
    elif (spread := holder.valueRange) is not None:
        end = spread.high if spread.high is not None and spread.high.value is not None else spread.low
        number, unit = (end.value, _unit(end)) if end is not None else (None, "")
        if end is spread.high and spread.low is not None and spread.low.value is not None:
            low = f"{units.number(float(spread.low.value))} to "
    else:
        return None
    if number is None:
        return Value(State.UNKNOWN, remark=ODD_REMARK)
    value = float(number)
    if not isfinite(value):
        return Value(State.UNKNOWN, remark=ODD_REMARK)
    if concept.kind != "measurement":
        return Value(State.PRESENT if value > 0 else State.ABSENT)
    known = units.judged(concept.name, value, unit)
    raised = _raised(interpretations)
    shown = "of 10" if concept.name == "pain-severity" else unit if unit != "1" else ""
    text = low + units.display(value, shown, comparator)
    if known is None:
        return Value(State.UNKNOWN, remark=f"{ODD_REMARK}: its unit or range is not one of this measurement")
    high = _upper_limit(concept, holder, unit)
    if high is not None:
        text += f" (upper limit {units.number(high)})"
    return Value(State.PRESENT, Quantity(known[0], known[1], text, comparator, high, raised))


def _upper_limit(concept: Concept, holder: Any, unit: str) -> float | None:
    """The upper limit of the first reference range that has one in a unit we can compare."""
    for reference in holder.referenceRange or ():
        high = reference.high
        if high is None or high.value is None:
            continue
        limit_unit = _unit(high) or unit
        if concept.name == "d-dimer":
            limit = units.limit_of_assay(float(high.value), limit_unit, unit)
            if limit is not None:
                return limit
            continue
        known = units.judged(concept.name, float(high.value), limit_unit)
        if known is not None:
            return known[0]
    return None


def _unit(quantity: Any) -> str:
    if quantity.code and quantity.system in (UCUM, None):
        return str(quantity.code)
    return str(quantity.unit or "").strip()


def _raised(interpretations: set[str]) -> bool | None:
    if interpretations & _RAISED:
        return True
    return False if interpretations & _NOT_RAISED else None


def _coded_measurement(value: Any, answers: set[State], severe: bool) -> Value:
    """Positive, negative, or an answer whose finding is read from the value itself (`observations`)."""
    if not list(codings(value)):
        return Value(State.UNKNOWN, remark=TEXT_REMARK)
    if len(answers) != 1:
        return Value(State.PRESENT, severe=severe)
    raised = State.PRESENT in answers
    return Value(State.PRESENT, Quantity(None, "", "positive" if raised else "negative", raised=raised))


def _coded(concept: Concept, value: Any, terminology: Terminology) -> Value:
    found = meanings_of(value, terminology)
    severe = any(meaning.severe for meaning in found)
    answers = {meaning.answer for meaning in found if meaning.answer is not None}
    if concept.kind == "measurement":
        return _coded_measurement(value, answers, severe)
    if State.ABSENT in answers and State.PRESENT not in answers:
        if concept.name == "pulse-absent" and (SNOMED, "2667000") in codings(value):
            # "Peripheral pulse absent: Absent" can mean that the pulse is, or that the finding is.
            return Value(State.UNKNOWN, remark=ODD_REMARK)
        return Value(State.ABSENT)
    named = any(concept in meaning.concepts for meaning in found)
    placed = any(meaning.site or meaning.side or meaning.sudden for meaning in found)
    if answers or severe or named or placed:
        return Value(State.PRESENT, severe=severe)
    return Value(State.UNKNOWN, remark=TEXT_REMARK if not list(codings(value)) else ODD_REMARK)
