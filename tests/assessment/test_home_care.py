"""The table of (chart, step, shown or withheld, reason): home_care.yaml, and docs/home-care.md which is made of it.

After an intended change, `python tests/assessment/test_home_care.py` writes the table of the docs anew.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cds_service.assessment.catalogue import CARE_SET
from cds_service.assessment.rules import precautions
from cds_service.assessment.rules.precautions import STEPS, Precaution
from cds_service.fhir.value_sets import Terminology
from cds_service.thresholds import Thresholds
from tests.assessment.test_rules import assessed, texts
from tests.charts import SYSTEMS
from tests.yaml_files import load_yaml

Row = dict[str, Any]

ROWS: list[Row] = load_yaml(Path(__file__).parent / "home_care.yaml")
PRECAUTIONS = {each.id: each for each in precautions.PRECAUTIONS}
DOCS = Path(__file__).parents[2] / "docs" / "home-care.md"
HEAD = f"| chart | {' | '.join(STEPS)} |"


def said(row: Row) -> dict[str, dict[str, str]]:
    """What the assessment of the chart withholds and minds, in the form of the table."""
    steps = assessed(row).home_care
    assert tuple(step.name for step in steps) == STEPS
    return {
        "withheld": {step.name: "; ".join(step.withheld) for step in steps if step.withheld},
        "mind": {step.name: "; ".join(step.mind) for step in steps if step.mind},
    }


def table() -> str:
    """The rows as Markdown, for a clinician."""
    lines = [HEAD, "|" + " --- |" * (len(STEPS) + 1)]
    return "\n".join(
        [*lines, *[f"| {row['about']} | {' | '.join([_cell(row, step) for step in STEPS])} |" for row in ROWS]]
    )


def _cell(row: Row, step: str) -> str:
    if step in row.get("withheld", {}):
        return f"**withheld**: {row['withheld'][step]}"
    minded = row.get("mind", {}).get(step)
    return f"shown: {minded}" if minded else "shown"


@pytest.mark.parametrize("row", [pytest.param(row, id=row["about"]) for row in ROWS])
def test_row(row: Row) -> None:
    assert said(row) == {"withheld": row.get("withheld", {}), "mind": row.get("mind", {})}


def test_every_precaution_is_among_all() -> None:
    assert {each.id for each in vars(precautions).values() if isinstance(each, Precaution)} == PRECAUTIONS.keys()


def test_what_a_precaution_rests_on_is_published_as_the_docs_have_it() -> None:
    docs = DOCS.read_text(encoding="utf-8").partition("## Precautions")[2].partition("\n\nNot read")[0]
    held = {line.split("|")[2].strip() for line in docs.splitlines() if line.startswith("| ")} - {"---"}
    published = {rule.condition(Thresholds()) for rule in CARE_SET.rules}
    assert published == {f"On record: {words}." for words in held if not words.startswith("holds when")}


def test_no_two_rows_are_about_the_same() -> None:
    assert len({row["about"] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("precaution", PRECAUTIONS.values(), ids=PRECAUTIONS.keys())
def test_every_precaution_has_a_row_on_which_it_holds_and_one_on_which_its_steps_are_shown(
    precaution: Precaution,
) -> None:
    about = [row for row in ROWS if row["precaution"] == precaution.id]
    steps = {*precaution.withheld, *precaution.mind}
    assert any(_holds(precaution, row) for row in about)
    assert any(not _holds(precaution, row) and steps - row.get("withheld", {}).keys() for row in about)


def _holds(precaution: Precaution, row: Row) -> bool:
    """Does each of its steps say so?"""
    withheld, mind = row.get("withheld", {}), row.get("mind", {})
    return all(words in withheld.get(step, "").split("; ") for step, words in precaution.withheld.items()) and all(
        words in mind.get(step, "").split("; ") for step, words in precaution.mind.items()
    )


def test_every_row_is_about_a_precaution_that_there_is() -> None:
    assert {row["precaution"] for row in ROWS} == PRECAUTIONS.keys()


def test_every_code_of_the_table_is_one_that_the_service_knows() -> None:
    terminology = Terminology()
    codes = {text for row in ROWS for text in texts(row["chart"]) if "|" in text}
    assert {text for text in codes if not terminology.meaning(SYSTEMS[text.split("|")[0]], text.split("|")[1])} == set()


def test_the_docs_hold_the_same_table() -> None:
    assert table() in DOCS.read_text(encoding="utf-8")


if __name__ == "__main__":
    text = DOCS.read_text(encoding="utf-8")
    before, _, old = text.partition(HEAD)
    after = old.partition("\n\n")[2]
    DOCS.write_text(before + table() + "\n" + (f"\n{after}" if after else ""), encoding="utf-8")
