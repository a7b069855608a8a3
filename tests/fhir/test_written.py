"""Numbers in text: all of it, or none."""

from __future__ import annotations

import pytest

from cds_service.fhir.written import written


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8", ("", None, 8, "")),
        (" 8 / 10. ", ("", None, 8, "/ 10")),
        (">20000 U/L", (">", None, 20000, "U/L")),
        ("≥ 8", (">=", None, 8, "")),
        ("7–8/10", ("", 7, 8, "/10")),
        ("7 to 8", ("", 7, 8, "")),
        ("0,45 mg/L", ("", None, 0.45, "mg/L")),
        ("0,450", ("", None, 0.45, "")),
        ("1.234,5", ("", None, 1234.5, "")),
        ("12,345.6 U/L", ("", None, 12345.6, "U/L")),
        ("1,234,567", ("", None, 1234567, "")),
        ("1,234", None),  # thousands or decimals
        ("8-7", None),
        (">7-8", None),
        ("6 200 U/L", None),
        ("2026-11-22", None),
        ("severe", None),
        ("Pain 8", None),
        ("", None),
        ("1" * 13, None),
        ("8" + " " * 100, None),
    ],
)
def test_what_is_a_number(text: str, expected: tuple[str, float | None, float, str] | None) -> None:
    assert written(text) == expected
