"""Two units: can they be compared, and how many of one are one of the other?"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fhir.ucum import converted, unit_of


@pytest.mark.parametrize(
    ("value", "unit", "into", "expected"),
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
        (0.5, "mg FEU/L", "ug{FEU}/mL", 0.5),
        (0.5, "FEU mg/l", "mcg/mL-FEU", 0.5),
        (230, "ng/mL D-DU", "ug/mL (DDU)", 0.23),
        (50, "ug/dL", "ng/mL", 500),
        (250, "ng/mL{DDU}", "mg/L{FEU}", None),
        (0.5, "mg/L{FEU}", "ng/mL{DDU}", None),
        (500, "ng/mL{feu}", "ng/mL{DDU}", None),
        (500, "ng/mL{FEU}", "", None),
        (500, "", "ng/mL{FEU}", None),
        (50, "mg/dL", "ng/mL", 500_000),
        (500, "U/L", "ng/mL", None),
        (500, "odd", "odd", 500),
        (500, "Odd  unit", "odd unit", 500),
        (500, "odd", "other", None),
        (500, "odd", "ng/mL", None),
        (500, "9e99.9e99.9e99.9e99.g/L", "ng/mL", None),
        (500, "ng/mL", "g/9e99.9e99.9e99.9e99.L", None),
    ],
)
def test_units_of_one_dimension_are_converted_and_of_one_assay(
    value: float, unit: str, into: str, expected: float | None
) -> None:
    assert converted(value, unit, into) == expected


@given(st.text(alphabet="mUuLlgkat/.10*^{}[]() FEUDiU-2", max_size=70) | st.text())
def test_no_text_is_an_error(text: str) -> None:
    read = unit_of(text)
    assert read is None or read.factor > 0
    assert converted(2.0, text, text) == 2.0
