"""Each sample patient gets the card that lies beside it, through the whole path of the installed command.

After an intended change, `python tests/test_expected_cards.py` writes the cards anew: read the difference as a
clinician would before it is committed.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cds_service.cli import app

FIXTURES = Path(__file__).parent.parent / "fhir_fixtures"
EXPECTED = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
AS_OF = "2026-11-02T12:00:00Z"


@cache
def card_text(name: str) -> str:
    """What `cds-service assess` prints of a sample patient on the day that the samples take as today."""
    result = CliRunner().invoke(app, ["assess", str(FIXTURES / f"{name}.json"), "--as-of", AS_OF])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", EXPECTED)
def test_a_sample_patient_gets_the_card_beside_it(name: str) -> None:
    assert card_text(name) == (FIXTURES / "expected_cards" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", EXPECTED)
def test_the_card_has_the_level_that_the_policy_gives(name: str) -> None:
    """The levels in expected.json were derived from the policy by hand, before there was code to ask."""
    level = EXPECTED[name]["level"]
    assert card_text(name).startswith("No card" if level == "none" else f"**[{level}]")


def test_no_expected_card_is_left_over() -> None:
    assert {file.stem for file in (FIXTURES / "expected_cards").glob("*.md")} == EXPECTED.keys()


if __name__ == "__main__":
    (FIXTURES / "expected_cards").mkdir(exist_ok=True)
    for each in EXPECTED:
        (FIXTURES / "expected_cards" / f"{each}.md").write_text(card_text(each), encoding="utf-8")
