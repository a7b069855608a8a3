"""Every code of the public lists is in a value set, or left out for a reason; and the report says so."""

from __future__ import annotations

import pytest

from cds_service.code_systems import SNOMED, verhoeff
from tests.charts import READER
from tests.code_lists.report import CodeList, code_lists, missing, report


@pytest.mark.parametrize("codes", code_lists(), ids=lambda each: each.name)
def test_what_is_left_out_has_a_reason(codes: CodeList) -> None:
    assert codes.system != SNOMED or all(verhoeff(code) for code in codes.codes)
    assert codes.codes == list(dict.fromkeys(codes.codes))
    assert set(missing(codes, READER.terminology)) == codes.left_out.keys()
    assert set(codes.compared) <= READER.terminology.concepts.keys()


def test_the_report_tells_by_value_set() -> None:
    lines = list(report(READER.terminology))
    assert "dvt" in lines
    assert "walking-problem: no public list read" in lines
    told = [line.split(":")[0] for line in lines if not line.startswith(" ")]
    assert told == sorted(READER.terminology.concepts)
    assert any("a pelvic vein" in line and "95448006" in line for line in lines)
    assert not any("NOT LOOKED AT" in line for line in lines)
