"""What a value says: present, absent or unknown, and the number with its unit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.facts import Fact, Quantity, State, Topic
from tests.charts import bundle, concept, fact_of, read_pages, resource

SWELLING = {"observation": "sct|449614009", "at": -1}
PAIN_SCORE = {"observation": "loinc|72514-3", "at": "-2h", "site": "sct|53840002"}
CREATINE_KINASE = {"observation": "loinc|2157-6", "at": -1}
D_DIMER = {"observation": "loinc|48065-7", "at": -1}
UCUM = "http://unitsofmeasure.org"


def answer(*codes: str, text: str = "") -> dict[str, Any]:
    return {"valueCodeableConcept": concept(*codes, text=text)}


UNKNOWN = {"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}


def ordinal(value: float, name: str = "ordinalValue") -> dict[str, Any]:
    return {"url": f"http://hl7.org/fhir/StructureDefinition/{name}", "valueDecimal": value}


def quantity_of(fact: Fact) -> Quantity:
    assert fact.quantity is not None
    return fact.quantity


@pytest.mark.parametrize(
    ("members", "state"),
    [
        ({}, State.PRESENT),  # a finding code alone is an assertion
        ({"valueBoolean": True}, State.PRESENT),
        ({"valueBoolean": False}, State.ABSENT),
        (answer("sct|373066001"), State.PRESENT),
        (answer("sct|373067005"), State.ABSENT),
        (answer("sct|52101004"), State.PRESENT),
        (answer("sct|2667000"), State.ABSENT),
        (answer("sct|10828004"), State.PRESENT),
        (answer("sct|260385009"), State.ABSENT),
        (answer("sct|17621005"), State.ABSENT),  # normal
        (answer("loinc|LA9634-2"), State.ABSENT),
        (answer("loinc|LA33-6"), State.PRESENT),
        (answer("loinc|LA32-8"), State.ABSENT),
        (answer("sct|24484000"), State.PRESENT),  # severe
        (answer("sct|255604002"), State.PRESENT),  # mild
        (answer("loinc|LA6751-7"), State.PRESENT),  # moderate
        (answer("sct|260413007"), State.ABSENT),  # none
        (answer("loinc|LA137-2"), State.ABSENT),
        (answer("loinc|LA6626-1"), State.ABSENT),  # normal
        (answer("sct|7771000"), State.PRESENT),  # left
        (answer("sct|449614009"), State.PRESENT),  # the finding itself
        (answer("sct|8517006"), State.UNKNOWN),  # ex-smoker: no answer to this question
        (answer(text="Yes"), State.UNKNOWN),
        ({"valueString": "none"}, State.UNKNOWN),
        ({"valueString": "marked, pitting"}, State.UNKNOWN),
        ({"valueInteger": 0}, State.ABSENT),
        ({"valueInteger": 2}, State.PRESENT),
        ({"valueQuantity": {"value": 0}}, State.ABSENT),
        ({"valueQuantity": {"value": 2}}, State.PRESENT),
        ({"valueQuantity": {"unit": "cm"}}, State.UNKNOWN),
        ({"valueRange": {"low": {"value": 1}, "high": {"value": 3}}}, State.PRESENT),
        ({"valueRange": {}}, State.UNKNOWN),
        ({"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 2}}}, State.UNKNOWN),
        ({"valueTime": "10:00:00"}, State.UNKNOWN),
        ({"valueDateTime": "2026-11-22"}, State.UNKNOWN),
        ({"valuePeriod": {"start": "2026-11-22"}}, State.UNKNOWN),
        (
            {"valueSampledData": {"origin": {"value": 0}, "period": 1, "dimensions": 1, "data": "1 2"}},
            State.UNKNOWN,
        ),
        ({"dataAbsentReason": concept(text="patient asleep")}, State.UNKNOWN),
        ({"dataAbsentReason": {"coding": [{"code": "asked-declined"}]}}, State.UNKNOWN),
    ],
)
def test_a_value_decides_the_state_of_a_finding(members: dict[str, Any], state: State) -> None:
    assert fact_of({**SWELLING, "members": members}).state is state


@pytest.mark.parametrize("members", [{"valueString": "marked"}, answer(text="marked")])
def test_text_is_not_interpreted_and_the_fact_says_that_it_was_there(members: dict[str, Any]) -> None:
    assert any("text" in remark for remark in fact_of({**SWELLING, "members": members}).remarks)


@pytest.mark.parametrize("code", ["sct|24484000", "sct|442452003", "loinc|LA6750-9", "loinc|LA13958-6"])
def test_a_severe_answer_is_kept(code: str) -> None:
    fact = fact_of({**SWELLING, "members": answer(code)})
    assert (fact.state, fact.severe) == (State.PRESENT, True)


@pytest.mark.parametrize(
    "code", ["sct|255604002", "sct|371923003", "sct|6736007", "sct|1255665007", "loinc|LA6752-5", "loinc|LA6751-7"]
)
def test_a_grade_below_severe_is_present_not_severe_and_told(code: str) -> None:
    fact = fact_of({**SWELLING, "members": answer(f"{code} As shown")})
    assert (fact.state, fact.severe, fact.remarks) == (State.PRESENT, False, ("graded As shown",))


def test_of_moderate_to_severe_the_higher_end_is_judged() -> None:
    fact = fact_of({**SWELLING, "members": answer("sct|371924009 Moderate to severe")})
    assert (fact.severe, fact.remarks) == (True, ("graded Moderate to severe",))


def test_a_grade_without_words_is_told_by_its_code() -> None:
    assert fact_of({**SWELLING, "members": answer("sct|255604002")}).remarks == ("graded 255604002",)


@pytest.mark.parametrize("code", ["sct|255604002", "loinc|LA6751-7", "loinc|LA15770-3"])
def test_a_grade_or_an_answer_that_no_value_set_knows_is_no_pain_score(code: str) -> None:
    fact = fact_of({**PAIN_SCORE, "members": answer(code)})
    assert (fact.state, fact.quantity, fact.remarks) == (State.UNKNOWN, None, ("value not interpreted",))


@pytest.mark.parametrize("code", ["sct|2667000", "sct|260413007", "loinc|LA9634-2", "loinc|LA137-2"])
def test_absent_or_none_beside_an_absent_pulse_could_be_either(code: str) -> None:
    pulse = {"observation": "sct|301161008", "at": -1, "site": "sct|53840002"}
    assert fact_of({**pulse, "members": answer(code)}).state is State.UNKNOWN


def test_every_coding_of_an_answer_is_looked_at() -> None:
    """EHRs put their own code before the standard one."""
    value = {"coding": [{"system": "urn:oid:1.2.840.114350.1", "code": "2"}, *concept("sct|373067005")["coding"]]}
    assert fact_of({**SWELLING, "members": {"valueCodeableConcept": value}}).state is State.ABSENT


@pytest.mark.parametrize(
    ("members", "value"),
    [
        ({"valueQuantity": {"value": 8, "unit": "{score}", "system": UCUM, "code": "{score}"}}, 8),
        ({"valueQuantity": {"value": 8}}, 8),
        ({"valueQuantity": {"value": 8, "unit": "/10"}}, 8),
        ({"valueInteger": 8}, 8),
        ({"valueInteger": 0}, 0),
        ({"valueQuantity": {"value": 6.5, "unit": "score"}}, 6.5),
        ({"valueQuantity": {"value": 8, "unit": "NRS", "system": UCUM, "code": "{NRS}"}}, 8),
        ({"valueInteger": "8"}, 8),
        *[({"valueString": text}, 8) for text in ("8", "8/10", "8 /10", " 8 / 10 ", "8.0", "8 out of 10", "8,0/10")],
        (answer(text="8"), 8),
        (answer(text="8/10"), 8),
        (answer("loinc|LA10140-4"), 8),
        (answer("loinc|LA6113-0 2 or more"), 2),
        ({"valueCodeableConcept": {"coding": [{"system": "urn:oid:1.2.3", "code": "p8", "display": "8"}]}}, 8),
        ({"valueCodeableConcept": {"coding": [{"display": "Very strong", "extension": [ordinal(8)]}]}}, 8),
        ({"valueCodeableConcept": {"coding": [{"code": "x", "extension": [ordinal(3, "itemWeight")]}]}}, 3),
    ],
)
def test_a_pain_score_is_a_number_of_ten(members: dict[str, Any], value: float) -> None:
    fact = fact_of({**PAIN_SCORE, "members": members})
    assert (fact.state, quantity_of(fact).value, quantity_of(fact).unit) == (State.PRESENT, value, "of 10")
    assert quantity_of(fact).text == f"{value:g} of 10"


@pytest.mark.parametrize(
    "members",
    [
        {"valueQuantity": {"value": 65, "unit": "{score}", "system": UCUM, "code": "{score}"}},
        {"valueQuantity": {"value": 65, "unit": "mm", "system": UCUM, "code": "mm"}},
        {"valueQuantity": {"value": 7, "unit": "mm", "system": UCUM, "code": "mm"}},
        {"valueQuantity": {"value": 70, "unit": "%", "system": UCUM, "code": "%"}},
        {"valueInteger": 65},
        {"valueInteger": -1},
        {"valueString": "severe"},
        {"valueString": "8 at rest"},
        {"valueString": "0-10"},
        {"valueString": "8/100"},
        {"valueString": "80/10"},
        {"valueString": "2026-11-22"},
        answer(text="about 8"),
        {"valueCodeableConcept": {"coding": [{"display": "Moderate", "extension": [ordinal(2)]}]}},
        {"valueCodeableConcept": {"extension": [{"url": "http://example.org/odd", "valueCode": "unknown"}]}},
        {"_valueInteger": {"extension": [UNKNOWN]}},
        {"dataAbsentReason": {"coding": [{"code": "unknown"}]}},
        {},
    ],
)
def test_another_scale_text_or_nothing_is_no_pain_score(members: dict[str, Any]) -> None:
    fact = fact_of({**PAIN_SCORE, "members": members})
    assert (fact.state, fact.quantity) == (State.UNKNOWN, None)


def test_a_range_is_judged_by_its_end_and_shown_as_recorded() -> None:
    quantity = quantity_of(
        fact_of({**PAIN_SCORE, "members": {"valueRange": {"low": {"value": 4}, "high": {"value": 8}}}})
    )
    assert quantity.value is not None
    assert 4 <= quantity.value <= 8
    assert "4" in quantity.text
    assert "8" in quantity.text
    written = quantity_of(fact_of({**PAIN_SCORE, "members": {"valueString": "4-8/10"}}))
    assert (written.value, written.text) == (8, "4 to 8 of 10")


@pytest.mark.parametrize("entry", [{**PAIN_SCORE, "value": 7}, {**CREATINE_KINASE, "value": 900, "unit": "U/L"}])
@pytest.mark.parametrize("comparator", ["<", "<=", ">=", ">"])
def test_a_comparator_is_kept_and_shown(entry: dict[str, Any], comparator: str) -> None:
    quantity = quantity_of(fact_of({**entry, "comparator": comparator}))
    assert quantity.comparator == comparator
    assert quantity.text.startswith(comparator)


@pytest.mark.parametrize(
    ("quantity", "value"),
    [
        (
            {"value": 100, "unit": "U/L", "system": UCUM, "code": "ukat/L"},
            6000,
        ),  # the code decides, not the text
        ({"value": 6000, "unit": "units per litre", "system": UCUM, "code": "U/L"}, 6000),
        ({"value": 6000, "unit": "U/L"}, 6000),
        ({"value": 6000, "unit": "U/L", "system": "urn:oid:1.2.840.114350.1", "code": "7"}, 6000),
        ({"value": 6000, "unit": "furlongs", "system": UCUM, "code": "[fur_us]"}, None),
        ({"value": 6000, "unit": "U/L", "system": UCUM, "code": "no unit"}, 6000),
        ({"value": 6000, "system": "urn:oid:2.16.840.1.113883.6.8", "code": "U/l"}, 6000),
        ({"value": 6000}, None),
    ],
)
def test_the_ucum_code_is_the_unit(quantity: dict[str, Any], value: float | None) -> None:
    fact = fact_of({**CREATINE_KINASE, "members": {"valueQuantity": quantity}})
    assert (fact.quantity and fact.quantity.value) == value
    assert fact.state is (State.UNKNOWN if value is None else State.PRESENT)


@pytest.mark.parametrize(
    ("entry", "high", "limit"),
    [
        ({**CREATINE_KINASE, "value": 900, "unit": "U/L"}, {"value": 200, "unit": "U/L"}, 200),
        ({**CREATINE_KINASE, "value": 900, "unit": "U/L"}, {"value": 200}, 200),
        (
            {**CREATINE_KINASE, "value": 900, "unit": "U/L"},
            {"value": 3, "system": UCUM, "code": "ukat/L"},
            180,
        ),
        ({**CREATINE_KINASE, "value": 900, "unit": "U/L"}, {"value": 3, "unit": "mg/dL"}, None),
        ({**D_DIMER, "value": 0.9, "unit": "mg/L{FEU}"}, {"value": 0.5, "unit": "mg/L{FEU}"}, 0.5),
        ({**D_DIMER, "value": 0.9, "unit": "mg/L{FEU}"}, {"value": 250, "unit": "ng/mL{DDU}"}, None),
        ({**D_DIMER, "value": 0.9, "unit": "mg/L{FEU}"}, {"value": 500, "unit": "ng/mL"}, 0.5),
        ({**D_DIMER, "value": 900, "unit": "ng/mL"}, {"value": 0.5, "unit": "ug/mL{FEU}"}, 500),
        ({**D_DIMER, "value": 900, "unit": ""}, {"value": 500, "unit": "ng/mL"}, 500),
        (
            {**D_DIMER, "value": 0.9, "unit": ""},
            {"value": 500, "unit": "ng/mL"},
            None,
        ),  # 0.9 mg/L, for all that is known
    ],
)
def test_an_upper_limit_counts_only_in_a_unit_of_the_value(
    entry: dict[str, Any], high: dict[str, Any], limit: float | None
) -> None:
    assert (
        quantity_of(fact_of({**entry, "members": {"referenceRange": [{"low": {"value": 0}}, {"high": high}]}})).high
        == limit
    )


def test_the_limit_that_a_value_has_passed_is_told() -> None:
    entry = {"observation": "loinc|2823-3", "at": -1, "unit": "mmol/L"}
    ranges = {"referenceRange": [{"low": {"value": 3.5}, "high": {"value": 5.1}}]}
    assert quantity_of(fact_of({**entry, "value": 3.4, "members": ranges})).text == "3.4 mmol/L (lower limit 3.5)"
    assert quantity_of(fact_of({**entry, "value": 3.5, "members": ranges})).text == "3.5 mmol/L (upper limit 5.1)"


def test_of_several_reference_ranges_the_strictest_counts() -> None:
    """Those of men and of women, whichever is listed first."""
    entry = {"observation": "loinc|2157-6", "at": -1, "value": 1200, "unit": "U/L"}
    ranges = [{"high": {"value": 308}}, {"high": {"value": 192}}]
    for order in (ranges, ranges[::-1]):
        quantity = quantity_of(fact_of({**entry, "members": {"referenceRange": order}}))
        assert (quantity.high, quantity.text) == (192, "1200 U/L (upper limit 192, the strictest of several)")
    same = quantity_of(fact_of({**entry, "members": {"referenceRange": [ranges[0], ranges[0]]}}))
    assert same.text == "1200 U/L (upper limit 308)"


@pytest.mark.parametrize(
    ("value", "limit", "times"),
    [
        ({"value": 6200}, {"value": 200}, 31),
        ({"value": 6200, "unit": "arbitrary units"}, {"value": 200, "unit": "Arbitrary  units"}, 31),
        ({"value": 6200, "unit": "U/l"}, {"value": 200, "unit": "IU/L"}, 31),
        ({"value": 6200, "unit": "arbitrary units"}, {"value": 200, "unit": "U/L"}, None),
        ({"value": 6200}, {"value": 200, "unit": "U/L"}, 31),
        ({"value": 3}, {"value": 200, "unit": "U/L"}, None),  # 3 ukat/L, for all that is known
    ],
)
def test_a_result_is_compared_with_its_own_limit_in_the_same_unit_whatever_that_is(
    value: dict[str, Any], limit: dict[str, Any], times: float | None
) -> None:
    fact = fact_of({**CREATINE_KINASE, "members": {"valueQuantity": value, "referenceRange": [{"high": limit}]}})
    held = fact.quantity
    assert (held and held.value and held.high and held.value / held.high) == times


@pytest.mark.parametrize(
    ("ranges", "limit"),
    [
        ([("normal", 0.5), ("therapeutic", 5)], 0.5),
        ([("therapeutic", 5), (None, 0.5)], 0.5),
        ([("therapeutic", 5)], None),
        ([("critical", 5), ("Reference range", 0.5)], 0.5),
        ([("local words", 0.5)], 0.5),
        ([("local words", 0.5), ("normal", 0.6)], 0.6),
    ],
)
def test_of_typed_reference_ranges_the_normal_one_is_the_limit(
    ranges: list[tuple[str | None, float]], limit: float | None
) -> None:
    given = [
        {
            "high": {"value": high},
            **({"type": {"coding": [{"code": kind}]} if kind.islower() else {"text": kind}} if kind else {}),
        }
        for kind, high in ranges
    ]
    fact = fact_of({**D_DIMER, "value": 0.9, "unit": "mg/L{FEU}", "members": {"referenceRange": given}})
    assert quantity_of(fact).high == limit


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("0.0-0.5", 0, 0.5),
        ("<0.5 mg/L FEU", None, 0.5),
        ("0 to 500 ng/mL", 0, 0.5),
        (">0.1", 0.1, None),
        ("see below", None, None),
        ("0.5", None, None),
        ("<250 ng/mL DDU", None, None),
    ],
)
def test_a_reference_range_in_text_is_read_where_it_is_numbers(
    text: str, low: float | None, high: float | None
) -> None:
    members = {"referenceRange": [{"text": text}]}
    quantity = quantity_of(fact_of({**D_DIMER, "value": 0.9, "unit": "mg/L{FEU}", "members": members}))
    assert (quantity.low, quantity.high) == (low, high)


def flagged(code: str, *, text: bool = False, system: str | None = None) -> list[Any]:
    if text:
        return [{"text": code}]
    return [{"coding": [{"code": code, **({"system": system} if system else {})}]}]


@pytest.mark.parametrize(
    "shape",
    [
        {"valueString": ">4.00"},
        {"valueString": "off scale"},
        answer(text=">4.00"),
        answer(text="see report"),
        {"valueQuantity": {"value": 4.2, "unit": "mg/L"}},
        {"valueQuantity": {"value": 4.2, "unit": "odd"}},
        {"valueQuantity": {"unit": "mg/L"}},
        {"valueRatio": {"numerator": {"value": 1}, "denominator": {"value": 4}}},
        {"dataAbsentReason": {"coding": [{"code": "as-text"}]}},
        {"_valueString": {"extension": [UNKNOWN]}},
        {},
    ],
)
def test_the_flag_of_the_laboratory_counts_whatever_the_shape_of_the_value(shape: dict[str, Any]) -> None:
    for flag in (flagged("H"), flagged("High", text=True), flagged("A"), flagged(">"), flagged("H>")):
        fact = fact_of({**D_DIMER, "members": {**shape, "interpretation": flag}})
        assert (fact.state, quantity_of(fact).raised) == (State.PRESENT, True)
    fact = fact_of({**D_DIMER, "members": {**shape, "interpretation": flagged("N")}})
    assert fact.quantity is None or not fact.quantity.raised


@pytest.mark.parametrize("code", ["H", "HH", "HX", "H>", ">", "h", "POS", "DET"])
def test_high_is_high_with_and_without_a_system(code: str) -> None:
    for system in (None, "http://terminology.hl7.org/CodeSystem/v2-0078", "urn:oid:2.16.840.1.113883.5.83"):
        fact = fact_of({**D_DIMER, "value": 0.9, "members": {"interpretation": flagged(code, system=system)}})
        assert quantity_of(fact).raised is True


@pytest.mark.parametrize(
    ("words", "raised"),
    [
        *[
            (text, True)
            for text in ("High", "HIGH", "Critical high", "Elevated", "Abnormal", "Positive", "Off scale high")
        ],
        *[(text, False) for text in ("Normal", "Low", "Negative", "Within normal limits", "<")],
        *[(text, None) for text in ("higher than last week", "not high", "")],
    ],
)
def test_a_flag_may_be_a_word_but_not_a_sentence(words: str, raised: bool | None) -> None:
    fact = fact_of({**D_DIMER, "value": 0.9, "members": {"interpretation": flagged(words, text=True)}})
    assert quantity_of(fact).raised is raised
    shown = [{"coding": [{"code": "x1", "system": "urn:oid:1.2.3", "display": words}]}]
    assert quantity_of(fact_of({**D_DIMER, "value": 0.9, "members": {"interpretation": shown}})).raised is raised


def test_abnormal_does_not_say_which_way_where_both_are_bad() -> None:
    potassium = {"observation": "loinc|2823-3", "at": -1, "value": 2.1, "unit": "mmol/L"}
    assert quantity_of(fact_of({**potassium, "members": {"interpretation": flagged("A")}})).raised is None
    both = [*flagged("A"), *flagged("L")]
    assert quantity_of(fact_of({**D_DIMER, "value": 0.9, "members": {"interpretation": both}})).raised is False


@pytest.mark.parametrize("name", ["Boolean", "String", "Integer", "Time", "DateTime"])
def test_a_value_of_which_only_an_extension_came_is_unknown(name: str) -> None:
    fact = fact_of({**SWELLING, "members": {f"_value{name}": {"extension": [UNKNOWN]}}})
    assert (fact.state, fact.remarks) == (State.UNKNOWN, ())
    held = fact_of({**SWELLING, "members": {"valueBoolean": True, "_valueBoolean": {"id": "a"}}})
    assert held.state is State.PRESENT


@pytest.mark.parametrize(
    ("low", "limit"),
    [
        ({"value": 1.5, "unit": "mg/dL"}, pytest.approx(0.617, abs=0.001)),
        ({"value": 1.5}, pytest.approx(0.617, abs=0.001)),
        ({"value": 0.7, "unit": "mmol/L"}, 0.7),
        ({"value": 1.5, "unit": "U/L"}, None),
        (None, None),
    ],
)
def test_a_lower_limit_is_read_in_the_unit_that_is_judged(low: dict[str, Any] | None, limit: float | None) -> None:
    entry = {"observation": "loinc|19123-9", "at": -1, "value": 1.6, "unit": "mg/dL"}
    ranges = [{"low": low}] if low else [{"high": {"value": 2.6, "unit": "mg/dL"}}]
    quantity = quantity_of(fact_of({**entry, "members": {"referenceRange": ranges}}))
    assert quantity.value == pytest.approx(0.658, abs=0.001)
    assert quantity.low == limit
    assert low or quantity.text == "1.6 mg/dL (upper limit 1.07 mmol/L)"


@pytest.mark.parametrize(
    ("code", "raised"), [("H", True), ("HH", True), ("POS", True), ("N", False), ("L", False), ("NEG", False)]
)
def test_a_laboratory_may_interpret_its_own_value(code: str, raised: bool) -> None:
    assert quantity_of(fact_of({**D_DIMER, "value": 0.9, "unit": "mg/L{FEU}", "interpretation": code})).raised is raised
    assert quantity_of(fact_of({**D_DIMER, "interpretation": code})).raised is raised


def test_without_an_interpretation_a_value_is_neither_raised_nor_normal() -> None:
    assert quantity_of(fact_of({**D_DIMER, "value": 0.9, "unit": "mg/L{FEU}"})).raised is None


@pytest.mark.parametrize("code", ["loinc|2157-6", "loinc|72514-3"])
@pytest.mark.parametrize("number", ["1" + "0" * 400, "1e308", "-1e308", "1e-300", "0." + "3" * 400])
def test_an_absurd_number_is_no_crash_and_fits_on_a_card(code: str, number: str) -> None:
    made = resource({"observation": code, "at": "-1h", "site": "sct|53840002", "value": 1, "unit": "U/L"}, 0)
    raw = bundle(made).replace(b'"value":1', b'"value":' + number.encode())
    assert number.encode() in raw
    for fact in read_pages([(Topic.OBSERVATIONS, raw)]).facts:
        assert fact.quantity is None or len(fact.quantity.text) < 40


@settings(max_examples=200, deadline=None)
@given(
    value=st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6),
    unit=st.sampled_from(["{score}", "1", "mm", "%", "/10"]),
)
def test_a_pain_score_outside_its_scale_is_never_present(value: float, unit: str) -> None:
    fact = fact_of({**PAIN_SCORE, "members": {"valueQuantity": {"value": value, "unit": unit}}})
    if fact.state is State.PRESENT:
        assert quantity_of(fact).value == pytest.approx(value)
        assert 0 <= value <= 10
        assert unit not in ("mm", "%")
    else:
        assert fact.state is State.UNKNOWN
