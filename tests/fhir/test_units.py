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
    *[
        ("pain-severity", 8, unit, 8, "of 10")
        for unit in (
            *("/10", "/ 10", "out of 10", "of 10", "{NRS}", "{0-10}", "{NRS 0-10}", "1{score}", "points", "Pts", "NRS"),
            *(
                "{pain_score}",
                "{VAS}",
                "score",
                "score (0-10)",
                "NRS 0-10",
                "Numeric rating scale 0 to 10",
                "pain score",
            ),
        )
    ],
    ("creatine-kinase", 5000, "U/L", 5000, "U/L"),
    *[
        ("creatine-kinase", 5000, unit, 5000, "U/L")
        for unit in (
            *("U/l", "u/l", "[iU]/L", "[IU]/l", "IU/L", "iu/l", "I.U./L", "UI/L", "IE/l", "E/l", "mU/mL", "units/L"),
            *("Units per litre", "international units/L", "U/L{37 Cel}", "U/L (37 C)", "umol/min/L", "U.L-1", "U·L⁻¹"),
        )
    ],
    ("creatine-kinase", 5, "kU/L", 5000, "U/L"),
    ("creatine-kinase", 5, "10*3.U/L", 5000, "U/L"),
    ("creatine-kinase", 100, "µkat/l", 6000, "U/L"),
    ("creatine-kinase", 100, "nkat/mL", 6000, "U/L"),
    ("creatine-kinase", 100_000, "nmol/(s.L)", 6000, "U/L"),
    ("creatine-kinase", 100, "ukat/L", 6000, "U/L"),  # 1 ukat/L is 60 U/L
    ("potassium", 2.4, "mmol/L", 2.4, "mmol/L"),
    *[
        ("potassium", 2.4, unit, 2.4, "mmol/L")
        for unit in (
            "mmol/l",
            "MMOL/L",
            "meq/L",
            "mEq/l",
            "mval/l",
            "mM",
            "mmol / L",
            "mmol/litre",
            "mmol.L-1",
            "umol/mL",
        )
    ],
    ("sodium", 128, "meq/L", 128, "mmol/L"),
    ("magnesium", 2.4305, "mg/dL", 1, "mmol/L"),  # molar mass 24.305 g/mol
    ("magnesium", 1.4, "meq/L", 0.7, "mmol/L"),  # two charges
    ("magnesium", 0.6, "mmol/L", 0.6, "mmol/L"),
    ("calcium", 8.0156, "mg/dL", 2, "mmol/L"),  # molar mass 40.078 g/mol
    ("calcium", 4.2, "meq/L", 2.1, "mmol/L"),
    ("calf-circumference", 380, "mm", 38, "cm"),
    ("calf-circumference", 0.38, "m", 38, "cm"),
    ("calf-circumference", 15, "[in_i]", 38.1, "cm"),
    *[("bmi", 31, unit, 31, "kg/m2") for unit in ("kg/m2", "kg/m^2", "kg/m²", "kg/(m2)", "kg.m-2", "Kg/m2")],
    ("calcium", 8.0156, "mg/100mL", 2, "mmol/L"),
    ("ankle-brachial-index", 0.62, "1", 0.62, ""),
    ("ankle-brachial-index", 0.62, "{ratio}", 0.62, ""),
    ("ankle-brachial-index", 62, "%", 0.62, ""),
    *[("activity-days", 3, unit, 3, "d/wk") for unit in ("d/wk", "days/week", "days per week", "{days}/wk", "d", "")],
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
        ("pain-severity", 8, "{0-100}"),
        ("pain-severity", 8, "/100"),
        ("pain-severity", 4, "{0-5}"),
        ("creatine-kinase", 5, "MU/L"),  # a million units, or a thousandth in capitals
        ("creatine-kinase", 5, "U//L"),
        ("creatine-kinase", 5, "U"),
        ("creatine-kinase", 5, "ng/mL"),
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
