"""The figures of docs/validation.md: computed rightly, and those of the charts and the program of today."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from cds_service.assessment.rule import Level
from cds_service.settings import load_settings
from tests.validation.agreement import Proportion, confusion, exactly, rule_accuracy
from tests.validation.answers import Answer, answers
from tests.validation.plot import plot
from tests.validation.report import disagreements, report
from tests.validation.vignettes import ROOT, Origin, all_vignettes

REPORT = (ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
REMEDY = "docs/validation is not of today's charts and program: run make validate, and read what changed"


@pytest.fixture(scope="module")
def given() -> list[Answer]:
    return answers(all_vignettes(), load_settings())


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    [
        (0, 1, 0.0, 0.7934567),
        (1, 1, 0.2065433, 1.0),
        (1, 2, 0.0945287, 0.9054713),
        (10, 11, 0.6226354, 0.9837682),
        (10, 100, 0.0552285, 0.1743673),
        (100, 100, 0.9630052, 1.0),
    ],
)
def test_interval_is_that_of_wilson(hits: int, total: int, low: float, high: float) -> None:
    """Values with z = 1.96: https://codegolf.stackexchange.com/questions/105389 (read 2026-11-25)."""
    assert Proportion(hits, total).interval == pytest.approx((low, high), abs=2e-5)


def test_report_is_of_today(given: list[Answer]) -> None:
    """All but the line that tells when it was made and of which version: a word of a card changes no figure."""
    found = re.search(
        r"^Run on \d{4}-\d\d-\d\d with the knowledge of version `\S+`, settings as shipped\.$", REPORT, re.M
    )
    assert found
    assert report(given, found[0]) == REPORT, REMEDY


def test_plot_is_of_today(given: list[Answer]) -> None:
    assert plot(given) == (ROOT / "docs" / "validation.svg").read_text(encoding="utf-8"), REMEDY


def test_a_difference_is_counted_and_listed(given: list[Answer]) -> None:
    """The report is no fair-weather one: an answer that is turned round shows in each of its figures."""
    first = given[0]
    assert first.level is Level.CRITICAL and not first.differs
    turned = replace(first, level=Level.INFO, raised_by=frozenset({"swelling"}))
    changed = [turned, *given[1:]]
    before, after = exactly(given, Level.CRITICAL), exactly(changed, Level.CRITICAL)
    assert after.sensitivity.hits == before.sensitivity.hits - 1
    assert exactly(changed, Level.INFO).specificity.hits == exactly(given, Level.INFO).specificity.hits - 1
    assert confusion(changed)[Level.CRITICAL, Level.INFO] == 1
    assert rule_accuracy(changed, "swelling").specificity.hits == rule_accuracy(given, "swelling").specificity.hits - 1
    row = f"| `{first.vignette.id}` | critical | info | acute-limb-ischaemia | swelling |"
    assert row in disagreements(changed) and row not in disagreements(given)
    lower = sum(each.level < each.vignette.level for each in given)
    assert f"Answered lower: {lower + 1}." in report(changed, "")


def test_everyday_charts_stay_quiet(given: list[Answer]) -> None:
    """At most 15 cards on 100 charts of people who come for something else, and no critical one."""
    everyday = [each for each in given if each.vignette.origin is Origin.EVERYDAY]
    assert len(everyday) >= 60
    assert sum(each.vignette.level is Level.NONE for each in everyday) >= 51
    assert sum(each.level is not Level.NONE for each in everyday) <= 0.15 * len(everyday)
    assert not any(each.level is Level.CRITICAL for each in everyday)


def test_no_chart_that_must_be_critical_is_missed(given: list[Answer]) -> None:
    assert [each.vignette.id for each in given if each.level < each.vignette.level is Level.CRITICAL] == []


def test_a_corrected_expectation_is_told(given: list[Answer]) -> None:
    told = replace(given[0], vignette=replace(given[0].vignette, corrected="the row says 30 days"))
    assert f"- `{told.vignette.id}`: the row says 30 days" in disagreements([told])


def test_plot_is_well_formed_and_shows_every_count(given: list[Answer]) -> None:
    drawn = ET.fromstring(plot(given))  # noqa: S314  # made here
    words = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    counts = confusion(given)
    assert {str(count) for count in counts.values()} <= set(words)
    assert f"{sum(each.agrees for each in given)} of {len(given)}" in words
