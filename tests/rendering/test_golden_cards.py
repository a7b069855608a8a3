"""Whole cards, as a clinician reads them: golden/*.md, one card each, its indicator and summary on top.

After a wanted change of words, `python -m tests.rendering.test_golden_cards` writes them anew: reading them is the
review.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cds_service.assessment.engine import assess
from cds_service.facts import Gap, Topic
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, Entry, born_years_ago, patient, read
from tests.rendering.by_hand import card

GOLDEN = Path(__file__).parent / "golden"
PAIN: Entry = {"condition": "sct|300954003", "onset": -4, "side": "left"}
OEDEMA: Entry = {"observation": "sct|449615005", "at": -2, "side": "left"}
FOOT = {"side": "left", "site": "sct|56459004"}
CHARTS: dict[str, tuple[list[Entry], int, tuple[Gap, ...]]] = {
    "limb-ischaemia": (
        [
            PAIN,
            {"observation": "sct|309256001", "at": -1, "side": "left"},
            {"observation": "sct|301170006", "at": -2, **FOOT},
            {"condition": "icd|E11.42", "onset": -4000},
        ],
        71,
        (),
    ),
    "dvt": (
        [
            PAIN,
            {"condition": "sct|404223003", "onset": -5, "side": "left"},
            {"condition": "sct|161508001", "onset": "2023"},
        ],
        73,
        (),
    ),
    "possible-dvt": (
        [
            PAIN,
            OEDEMA,
            {"condition": "sct|404223003", "onset": -2, "side": "left", "verification": "provisional"},
            {"observation": "loinc|48065-7", "at": -1, "value": 1840, "unit": "ng/mL{FEU}", "high": 500},
        ],
        46,
        (),
    ),
    "no-red-flag": (
        [
            PAIN,
            {"observation": "loinc|72514-3", "at": -1, "value": 4, "site": "sct|53840002", "side": "left"},
            {"condition": "icd|S86.112A", "onset": -4},
            {"observation": "sct|309774006", "at": -1, "side": "left", "site": "sct|53840002"},
        ],
        66,
        (),
    ),
    "not-assessed": (
        [PAIN],
        14,
        (
            Gap(Topic.CONDITIONS, "the EHR reported an error"),
            Gap(Topic.OBSERVATIONS, "Observation/o.1 could not be read"),
        ),
    ),
}


def shown(name: str) -> str:
    """The card of this chart."""
    entries, age, gaps = CHARTS[name]
    chart = replace(read(entries, patient(birthDate=born_years_ago(age))), gaps=gaps)
    made = card(assess(chart, AS_OF, Thresholds()))
    return f"{made.indicator}: {made.summary}\n\n{made.detail}\n"


@pytest.mark.parametrize("name", CHARTS)
def test_golden_cards(name: str) -> None:
    assert shown(name) == (GOLDEN / f"{name}.md").read_text(encoding="utf-8")


def test_each_golden_card_is_tested() -> None:
    assert {path.stem for path in GOLDEN.glob("*.md")} == CHARTS.keys()


if __name__ == "__main__":
    for each in CHARTS:
        (GOLDEN / f"{each}.md").write_text(shown(each), encoding="utf-8")
