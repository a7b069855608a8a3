"""What a reader must know of a risk factor beside its state, and that the docs name each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.assessment.rule import Finding, Kind, Rule
from cds_service.assessment.rules import risks
from cds_service.assessment.rules.risks import RISKS
from cds_service.assessment.sources import GUIDANCE, OURS
from cds_service.facts import State
from cds_service.fhir.value_sets import Terminology
from cds_service.settings import load_settings
from cds_service.thresholds import Thresholds
from tests.charts import Entry, triage

PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
CANCER: Entry = {"condition": "sct|363346000", "onset": -400}
TREATMENT: Entry = {"condition": "icd|Z51.11", "id": "treatment", "onset": -183}
MINUTES: Entry = {"observation": "loinc|82290-8", "at": -20, "value": 60, "unit": "min/wk"}
DOCS = (Path(__file__).parents[2] / "docs" / "risk-factors.md").read_text(encoding="utf-8")


def found(rule: str, *entries: Entry, thresholds: Thresholds | None = None) -> Finding:
    (finding,) = [
        each for each in triage([PAIN, *entries], thresholds=thresholds).of(Kind.RISK) if each.rule.id == rule
    ]
    return finding


def note(rule: str, *entries: Entry) -> str:
    return found(rule, *entries).note


def evidence(rule: str, *entries: Entry) -> list[str]:
    return [fact.concept for fact in found(rule, *entries).evidence]


def test_a_cancer_without_its_treatment_says_what_is_not_recorded() -> None:
    assert note("malignancy", CANCER) == risks.TREATMENT_UNKNOWN


def test_treatment_of_the_last_six_months_is_shown_with_the_cancer() -> None:
    assert (note("malignancy", CANCER, TREATMENT), evidence("malignancy", CANCER, TREATMENT)) == (
        "",
        ["malignancy", "cancer-treatment"],
    )


def test_older_treatment_is_not() -> None:
    assert note("malignancy", CANCER, {**TREATMENT, "onset": -184}) == risks.TREATMENT_UNKNOWN


def test_inactivity_by_immobility_or_surgery_is_marked_as_our_own_reading() -> None:
    assert note("inactive", {"condition": "icd|Z99.3"}) == risks.BY_IMMOBILITY
    assert note("inactive", {"procedure": "sct|387713003", "at": -10}) == risks.BY_IMMOBILITY


def test_recorded_inactivity_needs_no_mark() -> None:
    assert note("inactive", {"condition": "icd|Z72.3"}, {"condition": "icd|Z99.3", "id": "chair"}) == ""


def test_minutes_are_told_and_that_insufficient_is_not_inactive() -> None:
    assert note("insufficient-activity", MINUTES) == "60 minutes; not inactive: own reading"


def test_the_limit_of_much_activity_is_marked_as_our_own() -> None:
    assert note("much-activity", {**MINUTES, "value": 600}) == "600 minutes a week; own limit: 420"


@pytest.mark.parametrize(("limit", "minutes"), [(150, 149), (200, 180)])
def test_insufficient_activity_is_called_by_the_number_in_force(
    limit: int, minutes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDS_SUFFICIENT_ACTIVITY_MINUTES", str(limit))
    thresholds = load_settings().thresholds
    finding = found("insufficient-activity", {**MINUTES, "value": minutes}, thresholds=thresholds)
    assert (finding.state, finding.name) == (State.PRESENT, f"Less than {limit} minutes of activity a week")


def test_each_is_told_whatever_its_state_in_one_order() -> None:
    assert [finding.rule for finding in triage([PAIN]).of(Kind.RISK)] == list(RISKS)
    assert [finding.rule for finding in triage([PAIN, CANCER]).of(Kind.RISK)] == list(RISKS)


@pytest.mark.parametrize("rule", RISKS, ids=lambda rule: rule.id)
def test_the_docs_name_it_under_where_it_comes_from(rule: Rule) -> None:
    of_the_guidance, _, of_others = DOCS.partition("## Not of the guidance")
    assert f"| `{rule.id}` |" in (of_the_guidance if rule.source is GUIDANCE else of_others)


def test_every_factor_has_a_source_that_was_read() -> None:
    assert not [rule.id for rule in RISKS if rule.source is OURS]


def test_the_docs_name_every_value_set_that_a_factor_needs() -> None:
    needed = {concept for rule in RISKS for concept in rule.needs}
    assert {concept for concept in needed if f"`{concept}`" not in DOCS} == set()
    assert needed <= Terminology().concepts.keys()
