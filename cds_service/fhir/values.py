"""What the value of an Observation, or of one component, says about its concept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import NamedTuple

from msgspec.structs import replace

from cds_service.code_systems import LOINC, SNOMED, UCUM
from cds_service.facts import VALUE_AS_TEXT, VALUE_NOT_INTERPRETED, Quantity, State
from cds_service.fhir import members, units
from cds_service.fhir.naming import Named
from cds_service.fhir.resources import Holder
from cds_service.fhir.value_sets import Concept
from cds_service.fhir.versions import interpretations

# http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation
_RAISED = frozenset({"H", "HH", "HU", "POS", "DET"})
_NOT_RAISED = frozenset({"N", "L", "LL", "LU", "NEG", "ND"})
_NOT_FOUND = frozenset({"NEG", "ND"})
_ABSENT_OR_NONE = frozenset({(SNOMED, "2667000"), (SNOMED, "260413007"), (LOINC, "LA9634-2"), (LOINC, "LA137-2")})


class Value(NamedTuple):
    """The state of the concept, its quantity if it has one, and what a reader must know of it."""

    state: State
    quantity: Quantity | None = None
    severe: bool = False
    remark: str = ""


def is_void(holder: Holder) -> bool:
    """Does it say why it has no value?"""
    return members.as_concept(holder.dataAbsentReason) is not None


def read_value(concept: Concept, holder: Holder, answer: Named) -> Value:
    """Read value[x] of an Observation or component (`holder`; `answer`, its coded value).

    A finding without any value and without dataAbsentReason is an assertion: present. dataAbsentReason is unknown,
    never absent. A measurement is present when its number can be read.
    """
    if is_void(holder):
        return Value(State.UNKNOWN)
    flags = _flags(holder)
    numeric = _numeric(concept, holder, flags)
    if numeric is not None:
        return numeric
    if members.as_text(holder.valueString) is not None:
        if concept.name == "d-dimer" and _raised(flags):  # the laboratory's flag is enough to judge it by
            return Value(State.PRESENT, Quantity(None, "", "raised", raised=True), remark=VALUE_AS_TEXT)
        return Value(State.UNKNOWN, remark=VALUE_AS_TEXT)
    said = members.as_boolean(holder.valueBoolean)
    if said is not None:
        return Value(State.PRESENT if said else State.ABSENT)
    if holder.valueCodeableConcept is not None:
        return _coded(concept, answer)
    if any(members.is_given(getattr(holder, name)) for name in _OTHER_VALUES):
        return Value(State.UNKNOWN, remark=VALUE_NOT_INTERPRETED)
    if concept.kind == "measurement":
        raised = _raised(flags)
        if raised is None:
            return Value(State.UNKNOWN)
        return Value(State.PRESENT, Quantity(None, "", "raised" if raised else "not raised", raised=raised))
    return Value(State.ABSENT if flags & _NOT_FOUND else State.PRESENT)


_COMPARATORS = ("", "<", "<=", ">=", ">")  # https://hl7.org/fhir/R4/valueset-quantity-comparator.html
_OTHER_VALUES = ("valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod")


def _numeric(concept: Concept, holder: Holder, flags: Set[str]) -> Value | None:
    """Quantity, integer or range. Of a range the higher end is judged, so that a high value is not missed."""
    comparator = low = ""
    if (given := members.as_quantity(holder.valueQuantity)) is not None:
        value, unit = given.number, _unit(given)
        comparator = given.comparator or ""
    elif (value := members.as_number(holder.valueInteger)) is not None:
        unit = ""
    elif (spread := members.as_range(holder.valueRange)) is not None:
        end = spread.high if spread.high is not None and spread.high.number is not None else spread.low
        value, unit = (end.number, _unit(end)) if end is not None else (None, "")
        if end is spread.high and spread.low is not None and spread.low.number is not None:
            low = f"{units.number(spread.low.number)} to "
    else:
        return None
    if value is None or comparator not in _COMPARATORS:
        return Value(State.UNKNOWN, remark=VALUE_NOT_INTERPRETED)
    if concept.kind != "measurement":
        return Value(State.PRESENT if value > 0 else State.ABSENT)
    known = units.judged(concept.name, value, unit)
    raised = _raised(flags)
    shown = "of 10" if concept.name == "pain-severity" else unit if unit != "1" else ""
    text = low + units.display(value, shown, comparator)
    if known is None:
        return Value(State.UNKNOWN, remark=f"{VALUE_NOT_INTERPRETED}: its unit or range is not one of this measurement")
    limits = _limits(concept, holder, unit)
    quantity = Quantity(known[0], known[1], text, comparator, limits.high, raised, limits.low)
    words = _limit_words(quantity, unit, of_several=limits.of_several)
    return Value(State.PRESENT, replace(quantity, text=text + words))


def _limit_words(quantity: Quantity, recorded_in: str, *, of_several: bool) -> str:
    """The limit that the value has passed, else the upper one; a bare number if in the unit of the recorded value."""
    is_under = quantity.value is not None and quantity.low is not None and quantity.value < quantity.low
    limit = quantity.low if is_under else quantity.high
    if limit is None:
        return ""
    as_recorded = quantity.unit == recorded_in
    words = units.number(limit) if as_recorded else units.display(round(limit, 2), quantity.unit)
    strictest = ", the strictest of several" if of_several else ""
    return f" ({'lower' if is_under else 'upper'} limit {words}{strictest})"


class _Limits(NamedTuple):
    """The strictest upper and lower limit of a value's own reference ranges, and whether there are several of one."""

    high: float | None = None
    low: float | None = None
    of_several: bool = False


def _limits(concept: Concept, holder: Holder, unit: str) -> _Limits:
    """Of several ranges, for men and for women say, the strictest: whom each is for is seldom coded."""
    ranges = members.as_ranges(holder.referenceRange)
    if not ranges:
        return _NO_LIMITS
    highs = set(_ends([each.high for each in ranges], concept, unit))
    lows = set(_ends([each.low for each in ranges], concept, unit))
    return _Limits(min(highs, default=None), max(lows, default=None), len(highs) > 1 or len(lows) > 1)


_NO_LIMITS = _Limits()


def _ends(ends: Sequence[members.Quantity | None], concept: Concept, unit: str) -> Iterator[float]:
    """Those ends of reference ranges that are given in a unit we can compare."""
    for end in ends:
        if end is None or (value := end.number) is None:
            continue
        limit_unit = _unit(end) or unit
        if concept.name == "d-dimer":
            limit = units.limit_of_assay(value, limit_unit, unit)
            if limit is not None:
                yield limit
            continue
        known = units.judged(concept.name, value, limit_unit)
        if known is not None:
            yield known[0]


def _unit(quantity: members.Quantity) -> str:
    if quantity.code and quantity.system in (UCUM, "", None):
        return quantity.code
    return (quantity.unit or "").strip()


def _raised(flags: Set[str]) -> bool | None:
    if flags & _RAISED:
        return True
    return False if flags & _NOT_RAISED else None


def _flags(holder: Holder) -> frozenset[str]:
    """How the laboratory interprets it: the codes of complete codings."""
    given = [coding for each in interpretations(holder.interpretation) for coding in each.coding or ()]
    return frozenset([coding.code.strip() for coding in given if coding.system and coding.code])


def _coded_measurement(answer: Named, states: set[State]) -> Value:
    """Positive, negative, severe, or an answer whose finding is read from the value itself (`observations`)."""
    if not answer.codings:
        return Value(State.UNKNOWN, remark=VALUE_AS_TEXT)
    if len(states) != 1:
        if answer.severe or answer.concepts:
            return Value(State.PRESENT, severe=answer.severe)
        return Value(State.UNKNOWN, remark=VALUE_NOT_INTERPRETED)
    raised = State.PRESENT in states
    return Value(State.PRESENT, Quantity(None, "", "positive" if raised else "negative", raised=raised))


def _coded(concept: Concept, answer: Named) -> Value:
    states = {meaning.answer for meaning in answer.meanings if meaning.answer is not None}
    if concept.kind == "measurement":
        return _coded_measurement(answer, states)
    if State.ABSENT in states and State.PRESENT not in states:
        if concept.name == "pulse-absent" and not _ABSENT_OR_NONE.isdisjoint(answer.codings):
            # "Peripheral pulse absent: Absent" can mean that the pulse is, or that the finding is.
            return Value(State.UNKNOWN, remark=VALUE_NOT_INTERPRETED)
        return Value(State.ABSENT)
    is_named = any(concept in meaning.concepts for meaning in answer.meanings)
    placed = any(meaning.site or meaning.side or meaning.sudden for meaning in answer.meanings)
    if states or answer.severe or answer.graded or is_named or placed:
        grade = f"graded {answer.words or answer.codings[0][1]}" if answer.graded else ""
        return Value(State.PRESENT, severe=answer.severe, remark=grade)
    return Value(State.UNKNOWN, remark=VALUE_NOT_INTERPRETED if answer.codings else VALUE_AS_TEXT)
