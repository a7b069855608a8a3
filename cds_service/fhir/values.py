"""What the value of an Observation, or of one component, says about its concept."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec.structs import replace

from cds_service.code_systems import LOINC, SNOMED
from cds_service.facts import VALUE_AS_TEXT, VALUE_NOT_INTERPRETED, Quantity, State
from cds_service.fhir import members, units
from cds_service.fhir.flags import HIGH_IS_BAD, is_negative, is_raised
from cds_service.fhir.limits import limits_of, unit_of_limits
from cds_service.fhir.naming import Named
from cds_service.fhir.resources import Concept as CodeableConcept
from cds_service.fhir.resources import Holder
from cds_service.fhir.value_sets import Concept
from cds_service.fhir.written import Written, written

_ABSENT_OR_NONE = frozenset({(SNOMED, "2667000"), (SNOMED, "260413007"), (LOINC, "LA9634-2"), (LOINC, "LA137-2")})
# The extensions of R4, of R5 and of the versions before them, by which a coding has a number.
_ORDINALS = ("ordinalValue", "itemWeight", "iso21090-CO-value", "questionnaire-ordinalValue")
_ORDINAL_URLS = frozenset(f"http://hl7.org/fhir/StructureDefinition/{name}" for name in _ORDINALS)
_END_OF_SHORTER_SCALES = 5
_COMPARATORS = ("", "<", "<=", ">=", ">")  # https://hl7.org/fhir/R4/valueset-quantity-comparator.html
_OTHER_VALUES = ("valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod")
_ONLY_EXTENDED = ("boolean_extension", "integer_extension", "string_extension", "time_extension", "date_time_extension")


class Value(NamedTuple):
    """The state of the concept, its quantity if it has one, and what a reader must know of it."""

    state: State
    quantity: Quantity | None = None
    severe: bool = False
    remark: str = ""


_UNKNOWN = Value(State.UNKNOWN)
_AS_TEXT = Value(State.UNKNOWN, remark=VALUE_AS_TEXT)
_NOT_INTERPRETED = Value(State.UNKNOWN, remark=VALUE_NOT_INTERPRETED)


def is_void(holder: Holder) -> bool:
    """Does it say why it has no value?"""
    return members.as_concept(holder.dataAbsentReason) is not None


def read_value(concept: Concept, holder: Holder, answer: Named) -> Value:
    """Read value[x] of an Observation or component (`holder`; `answer`, its coded value).

    A finding without any value and without dataAbsentReason is an assertion: present. dataAbsentReason is unknown,
    never absent, as is a value of which nothing came but an extension. A measurement is present when its number can be
    read; one of which only a high result is bad also when its laboratory says so.
    """
    value = _value(concept, holder, answer)
    if value.state is State.UNKNOWN and concept.name in HIGH_IS_BAD and _flag(concept, holder):
        return Value(State.PRESENT, Quantity(None, "", "raised", raised=True), remark=value.remark)
    return value


def _value(concept: Concept, holder: Holder, answer: Named) -> Value:
    if is_void(holder):
        return _UNKNOWN
    numeric = _numeric(concept, holder)
    if numeric is not None:
        return numeric
    if (text := members.as_text(holder.valueString)) is not None:
        return _written(concept, holder, text) or _AS_TEXT
    said = members.as_boolean(holder.valueBoolean)
    if said is not None:
        return Value(State.PRESENT if said else State.ABSENT)
    if holder.valueCodeableConcept is not None:
        return _coded(concept, holder, holder.valueCodeableConcept, answer)
    if any(members.is_given(getattr(holder, name)) for name in _OTHER_VALUES):
        return _NOT_INTERPRETED
    if any(members.is_given(getattr(holder, name)) for name in _ONLY_EXTENDED):
        return _UNKNOWN
    if concept.kind == "measurement":
        raised = _flag(concept, holder)
        if raised is None:
            return _UNKNOWN
        return Value(State.PRESENT, Quantity(None, "", "raised" if raised else "not raised", raised=raised))
    return Value(State.ABSENT if is_negative(holder.interpretation) else State.PRESENT)


def _flag(concept: Concept, holder: Holder) -> bool | None:
    return is_raised(holder.interpretation, high_is_bad=concept.name in HIGH_IS_BAD)


def _numeric(concept: Concept, holder: Holder) -> Value | None:
    """Quantity, integer or range. Of a range the higher end is judged, so that a high value is not missed."""
    comparator, low = "", None
    if (given := members.as_quantity(holder.valueQuantity)) is not None:
        value, unit = given.number, _unit(concept, given)
        comparator = given.comparator or ""
    elif (value := members.as_number(holder.valueInteger)) is not None:
        unit = ""
    elif (spread := members.as_range(holder.valueRange)) is not None:
        end = spread.high if spread.high is not None and spread.high.number is not None else spread.low
        value, unit = (end.number, _unit(concept, end)) if end is not None else (None, "")
        low = spread.low.number if end is spread.high and spread.low is not None else None
    else:
        return None
    if value is None or comparator not in _COMPARATORS:
        return _NOT_INTERPRETED
    if concept.kind != "measurement":
        return Value(State.PRESENT if value > 0 else State.ABSENT)
    return _measured(concept, holder, Written(comparator, low, value, unit)) or Value(
        State.UNKNOWN, remark=f"{VALUE_NOT_INTERPRETED}: its unit or range is not one of this measurement"
    )


def _unit(concept: Concept, quantity: members.Quantity) -> str:
    unit = units.unit_in(quantity)
    return units.with_assay(unit, quantity.unit or "") if concept.name == units.D_DIMER else unit


def _written(concept: Concept, holder: Holder, text: str) -> Value | None:
    """A number written as text, where the concept is answered with one; None of anything else."""
    if not units.expects_number(concept.name) or (number := written(text)) is None:
        return None
    if concept.name == units.D_DIMER and not units.is_of_d_dimer(number.unit):
        return None
    if concept.name == "pain-severity" and (number.low, number.value) == (0, 10):  # names the scale
        return None
    return _measured(concept, holder, number)


def _measured(concept: Concept, holder: Holder, number: Written) -> Value | None:
    """A number in the unit that its concept is judged in; None where it cannot be one of it.

    A creatine kinase is judged by its own limit: where both came in the same unit, it need not be one that can be read.
    A number without a unit that lies outside its own limits is in theirs.
    """
    known = units.judged(concept.name, number.value, number.unit)
    limits = limits_of(concept.name, holder.referenceRange, number.unit, judged=known is not None)
    is_open = known is None or concept.name == units.D_DIMER
    if is_open and not number.unit and (unit := unit_of_limits(holder.referenceRange)):
        assumed = _measured(concept, holder, number._replace(unit=unit))
        if assumed and _is_outside(assumed.quantity):
            return assumed
    if known is None:
        if concept.name != "creatine-kinase" or not limits.high or number.value < 0:
            return None
        known = number.value, number.unit
    shown = "of 10" if concept.name == "pain-severity" else number.unit if number.unit != "1" else ""
    low = "" if number.low is None else f"{units.number(number.low)} to "
    text = low + units.display(number.value, shown, number.comparator)
    raised = _flag(concept, holder)
    quantity = Quantity(known[0], known[1], text, number.comparator, limits.high, raised, limits.low)
    words = _limit_words(quantity, number.unit, of_several=limits.of_several)
    return Value(State.PRESENT, replace(quantity, text=text + words))


def _is_outside(quantity: Quantity | None) -> bool:
    if quantity is None or quantity.value is None:
        return False
    is_over = quantity.high is not None and quantity.value > quantity.high
    return is_over or (quantity.low is not None and quantity.value < quantity.low)


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


def _coded(concept: Concept, holder: Holder, given: CodeableConcept, answer: Named) -> Value:
    states = {meaning.answer for meaning in answer.meanings if meaning.answer is not None}
    if concept.kind == "measurement":
        return _coded_measurement(concept, holder, given, answer, states)
    if State.ABSENT in states and State.PRESENT not in states:
        if concept.name == "pulse-absent" and not _ABSENT_OR_NONE.isdisjoint(answer.codings):
            # "Peripheral pulse absent: Absent" can mean that the pulse is, or that the finding is.
            return _NOT_INTERPRETED
        return Value(State.ABSENT)
    is_named = any(concept in meaning.concepts for meaning in answer.meanings)
    placed = any(meaning.site or meaning.side or meaning.sudden for meaning in answer.meanings)
    if states or answer.severe or answer.graded or is_named or placed:
        grade = f"graded {answer.words or answer.codings[0][1]}" if answer.graded else ""
        return Value(State.PRESENT, severe=answer.severe, remark=grade)
    return _without_meaning(given, answer)


def _without_meaning(given: CodeableConcept, answer: Named) -> Value:
    if answer.codings:
        return _NOT_INTERPRETED
    return _AS_TEXT if given.coding or given.text else _UNKNOWN


def _coded_measurement(
    concept: Concept, holder: Holder, given: CodeableConcept, answer: Named, states: set[State]
) -> Value:
    """Positive, negative, severe, a number, or an answer whose finding `observations` reads from the value itself."""
    if len(states) == 1:
        raised = State.PRESENT in states
        return Value(State.PRESENT, Quantity(None, "", "positive" if raised else "negative", raised=raised))
    if answer.severe or answer.concepts:
        return Value(State.PRESENT, severe=answer.severe)
    if not states:
        for text in _numbers(given, answer):
            if (value := _written(concept, holder, text)) is not None:
                return value
    return _without_meaning(given, answer)


def _numbers(given: CodeableConcept, answer: Named) -> list[str]:
    """What may be the number of a coded answer: what its code means, its words, and the ordinals of its codings.

    An ordinal that shorter scales have too (moderate may be 2 of 3) counts only where no words stand beside it, or
    where they name it.
    """
    codings = given.coding or ()
    meant = [meaning.number for meaning in answer.meanings if meaning.number]
    words = [each for each in (given.text, *(coding.display for coding in codings)) if each and isinstance(each, str)]
    ordinals = [ordinal for coding in codings if (ordinal := _ordinal(coding.extension)) is not None]
    sure = [each for each in ordinals if each > _END_OF_SHORTER_SCALES or not words]
    return [*meant, *words, *map(units.number, sure)]


def _ordinal(extensions: Any) -> float | None:
    for each in extensions if isinstance(extensions, list) else ():
        if isinstance(each, dict) and each.get("url") in _ORDINAL_URLS:
            value = each.get("valueDecimal", each.get("valueInteger"))
            return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
    return None
