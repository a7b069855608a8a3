"""What the record explains is never a new danger: whatever else points to one keeps the level."""

from __future__ import annotations

import pytest

from cds_service.assessment.rule import Level
from tests.charts import Entry, triage

PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
SWOLLEN: Entry = {"observation": "sct|449615005", "at": -1, "side": "left"}
LYMPHOEDEMA: Entry = {"condition": "sct|234097001", "onset": -400, "side": "left"}
COPD: Entry = {"condition": "sct|13645005", "onset": -400}
BREATHLESS: Entry = {"observation": "sct|267036007", "at": -1}


def test_lymphoedema_of_that_leg_explains_its_swelling() -> None:
    assert triage([PAIN, LYMPHOEDEMA, SWOLLEN]).level is Level.INFO


@pytest.mark.parametrize(
    "disease",
    [
        {**LYMPHOEDEMA, "side": "right"},
        {"condition": "sct|234097001", "onset": -400},
        {**LYMPHOEDEMA, "onset": -30},
        {**LYMPHOEDEMA, "verification": "provisional"},
        {"condition": "icd|I87.002", "onset": -400},  # after a thrombosis the next one looks the same
        {"condition": "sct|84114007", "onset": -400},  # heart failure: of both legs
    ],
    ids=["other leg", "no side", "30 days", "suspected", "postthrombotic", "heart failure"],
)
def test_an_acute_swelling_is_not_taken_for_lymphoedema(disease: Entry) -> None:
    assert triage([PAIN, disease, SWOLLEN]).level is Level.WARNING


def test_a_lung_disease_explains_breathlessness_by_one_level() -> None:
    assert triage([PAIN, COPD, BREATHLESS]).level is Level.WARNING


@pytest.mark.parametrize(
    "sign",
    [
        SWOLLEN,
        {"observation": "loinc|48065-7", "value": 700, "unit": "ng/mL{FEU}", "high": 500, "at": -1},
        {"condition": "sct|404223003", "onset": -1, "verification": "provisional"},
        {"condition": "sct|72892002", "onset": -100},
        {"condition": "sct|29857009", "onset": -1},
    ],
    ids=["swelling of one leg", "raised D-dimer", "suspected DVT", "pregnancy", "chest pain"],
)
def test_an_embolism_is_not_taken_for_a_lung_disease(sign: Entry) -> None:
    assert triage([PAIN, COPD, BREATHLESS, sign]).level is Level.CRITICAL
