"""A finding is called what is on record, where the name of its rule would say more, or less."""

from __future__ import annotations

import pytest

from cds_service.assessment.rule import Kind
from tests.charts import Entry, patient, triage

PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
DVT: Entry = {"condition": "sct|404223003", "side": "left"}
EMBOLISM: Entry = {"condition": "sct|59282003"}
APIXABAN: Entry = {"medication": "rx|1364430"}
WOMAN = patient(gender="female", birthDate="1995-01-01")


@pytest.mark.parametrize(
    ("chart", "label"),
    [
        ([{**DVT, "onset": -95}], "DVT active on record, over 90 days old"),
        ([{**EMBOLISM, "onset": -100}], "PE active on record, over 90 days old"),
        ([EMBOLISM], "PE active on record, not known to be recent"),
        ([{**DVT, "onset": -95}, EMBOLISM], "DVT or PE active on record, not known to be recent"),
        ([{"condition": "icd|I82.502", "onset": -10}], "DVT active on record, not known to be recent"),
        ([{**EMBOLISM, "onset": -40}, APIXABAN], "Complaint newer than a known PE on an anticoagulant"),
        ([{**DVT, "onset": -40}, APIXABAN], "Complaint newer than a known DVT on an anticoagulant"),
        (
            [{**DVT, "onset": -40}, {**EMBOLISM, "onset": -40}, APIXABAN],
            "Complaint newer than a known DVT or PE on an anticoagulant",
        ),
        ([{"condition": "icd|I74.3", "onset": -36}], "Earlier acute limb ischaemia with calf pain"),
        ([{"condition": "icd|I72.4", "onset": -800}], "Aneurysm of a leg artery with calf pain"),
        ([{"condition": "icd|I72.4"}, {"condition": "icd|I70.213"}], ""),
        ([{"condition": "icd|I96"}], "Gangrene"),
        ([{"condition": "icd|I96", "onset": -3}], ""),
        ([{"condition": "sct|77386006", "onset": -60}], "Calf pain in pregnancy"),
        ([{"condition": "sct|133906008", "onset": -20}], "Calf pain in the weeks after birth"),
    ],
)
def test_what_the_first_finding_is_called(chart: list[Entry], label: str) -> None:
    assert triage([PAIN, *chart], WOMAN).raising[0].label == label


@pytest.mark.parametrize(
    ("entry", "label"),
    [
        ({"condition": "sct|77386006", "onset": -60}, "Pregnant"),
        ({"condition": "sct|133906008", "onset": -20}, "In the weeks after birth"),
    ],
)
def test_what_a_pregnancy_is_called_as_a_risk(entry: Entry, label: str) -> None:
    risks = triage([{"condition": "sct|449918009", "onset": -3}, entry], WOMAN).of(Kind.RISK)
    assert [risk.label for risk in risks if risk.rule.id == "pregnancy"] == [label]
