"""Units: UCUM in, one unit per concept out, and refusal of everything else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir import units

CONVERTED = [
    ("pain-severity", 7, "{score}", 7, "of 10"),
    ("pain-severity", 7, "", 7, "of 10"),
    ("pain-severity", 0, "1", 0, "of 10"),
    ("pain-severity", 10, "/10", 10, "of 10"),
    ("creatine-kinase", 5000, "U/L", 5000, "U/L"),
    ("creatine-kinase", 5000, "[IU]/L", 5000, "U/L"),
    ("creatine-kinase", 100, "ukat/L", 6000, "U/L"),  # 1 ukat/L is 60 U/L
    ("potassium", 2.4, "mmol/L", 2.4, "mmol/L"),
    ("potassium", 2.4, "meq/L", 2.4, "mmol/L"),
    ("sodium", 128, "meq/L", 128, "mmol/L"),
    ("magnesium", 2.4305, "mg/dL", 1, "mmol/L"),  # molar mass 24.305 g/mol
    ("magnesium", 1.4, "meq/L", 0.7, "mmol/L"),  # two charges
    ("magnesium", 0.6, "mmol/L", 0.6, "mmol/L"),
    ("calcium", 8.0156, "mg/dL", 2, "mmol/L"),  # molar mass 40.078 g/mol
    ("calcium", 4.2, "meq/L", 2.1, "mmol/L"),
    ("calf-circumference", 380, "mm", 38, "cm"),
    ("calf-circumference", 0.38, "m", 38, "cm"),
    ("calf-circumference", 15, "[in_i]", 38.1, "cm"),
    ("bmi", 31, "kg/m2", 31, "kg/m2"),
    ("ankle-brachial-index", 0.62, "1", 0.62, ""),
    ("ankle-brachial-index", 0.62, "{ratio}", 0.62, ""),
    ("ankle-brachial-index", 62, "%", 0.62, ""),
    ("activity-days", 0, "d/wk", 0, "d/wk"),
    ("activity-minutes", 2, "h", 120, "min/d"),
    ("activity-minutes-per-week", 150, "min/wk", 150, "min/wk"),
]


@pytest.mark.parametrize(("concept", "value", "unit", "converted", "canonical"), CONVERTED)
def test_a_known_unit_is_converted(concept: str, value: float, unit: str, converted: float, canonical: str) -> None:
    found = units.judged(concept, value, unit)
    assert found is not None
    assert found[0] == pytest.approx(converted)
    assert found[1] == canonical


@pytest.mark.parametrize(
    ("concept", "value", "unit"),
    [
        ("pain-severity", 65, "{score}"),  # 0 to 100
        ("pain-severity", 65, "mm"),
        ("pain-severity", 7, "mm"),  # a mark at 7 of 100 mm is not 7 of 10
        ("pain-severity", 7, "%"),
        ("pain-severity", -1, "{score}"),
        ("pain-severity", 10.5, ""),
        ("creatine-kinase", 5000, ""),
        ("creatine-kinase", 5, "mg/dL"),
        ("creatine-kinase", -5, "U/L"),
        ("potassium", 9.4, "mg/dL"),
        ("potassium", 2.4, ""),
        ("magnesium", 1.6, ""),
        ("calcium", 45, "U/mL"),  # public code labels 17861-6 CA 19-9, and CRP
        ("calcium", 45, "mg/L"),
        ("sodium", 128, "mg/dL"),
        ("calf-circumference", 38, ""),
        ("bmi", 31, "kg"),
        ("ankle-brachial-index", 62, ""),
        ("ankle-brachial-index", 80, "mm[Hg]"),
        ("ankle-brachial-index", -0.1, "1"),
        ("activity-minutes", 30, "s"),
    ],
)
def test_another_unit_or_range_is_refused_and_never_keeps_its_number(concept: str, value: float, unit: str) -> None:
    assert units.judged(concept, value, unit) is None


def test_assays_that_must_not_be_converted_keep_their_unit() -> None:
    """D-dimer: 0.5 mg/L FEU and 250 ng/mL DDU may be the same sample."""
    assert units.judged("d-dimer", 0.9, "mg/L{FEU}") == (0.9, "mg/L{FEU}")


@pytest.mark.parametrize(
    ("limit", "limit_unit", "unit", "expected"),
    [
        (500, "ng/mL{FEU}", "ng/mL{FEU}", 500),
        (500, "ng/mL", "ng/mL{FEU}", 500),
        (500, "ng/mL{FEU}", "ug/L", 500),
        (500, "ug/L FEU", "ng/mL{FEU}", 500),
        (500, "ng/mL{FEU}", "mg/L{FEU}", 0.5),
        (0.5, "mg/L FEU", "ng/mL{FEU}", 500),
        (0.5, "ug/mL{FEU}", "mg/L FEU", 0.5),
        (0.5, "µg/mL (FEU)", "μg/mL", 0.5),
        (0.23, "ug/mL{DDU}", "ng/mL DDU", 230),
        (250, "ng/mL{DDU}", "mg/L{FEU}", None),
        (0.5, "mg/L{FEU}", "ng/mL{DDU}", None),
        (500, "ng/mL{FEU}", "", None),
        (500, "", "ng/mL{FEU}", None),
        (500, "mg/dL", "ng/mL", None),
        (500, "U/L", "ng/mL", None),
        (500, "odd", "odd", 500),
        (500, "ng/mL{feu}", "ng/mL{DDU}", None),
    ],
)
def test_the_limit_of_a_d_dimer_is_compared_across_masses_never_across_assays(
    limit: float, limit_unit: str, unit: str, expected: float | None
) -> None:
    assert units.limit_of_assay(limit, limit_unit, unit) == expected


@given(value=st.floats(), unit=st.sampled_from(["", "1", "{score}", "/10", "mm", "%", "cm", "of 100"]))
def test_no_pain_score_lies_outside_its_scale(value: float, unit: str) -> None:
    found = units.judged("pain-severity", value, unit)
    assert found is None or 0 <= found[0] <= 10


@given(row=st.sampled_from(CONVERTED), unit=st.text() | st.sampled_from([row[2] for row in CONVERTED]))
def test_whatever_is_accepted_comes_out_in_the_one_unit_of_its_concept(
    row: tuple[str, float, str, float, str], unit: str
) -> None:
    found = units.judged(row[0], 1.0, unit)
    assert found is None or found[1] == row[4]


@pytest.mark.parametrize(
    ("value", "unit", "comparator", "text"),
    [
        (5000.0, "U/L", "", "5000 U/L"),
        (2.4, "mmol/L", "", "2.4 mmol/L"),
        (0.5, "mg/L", "<", "<0.5 mg/L"),
        (7.0, "", "", "7"),
    ],
)
def test_a_number_is_shown_without_needless_decimals(value: float, unit: str, comparator: str, text: str) -> None:
    assert units.display(value, unit, comparator) == text


@pytest.mark.parametrize("value", [1_234_567.0, 12_345.6, 45_678.25])
def test_a_large_number_is_shown_in_plain_digits(value: float) -> None:
    """A creatine kinase of over a million must not be shown as 1.23457e+06."""
    shown = units.display(value, "U/L").removesuffix(" U/L")
    assert "e" not in shown
    assert float(shown) == pytest.approx(value, abs=1)
