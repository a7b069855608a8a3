"""What a reader must know of a risk factor beside its state, and that the docs name each of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.assessment import risk_factors
from cds_service.assessment.rules import Rule
from cds_service.assessment.sources import GUIDANCE, OURS
from cds_service.fhir.value_sets import Terminology
from tests.charts import Entry, triage

PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
CANCER: Entry = {"condition": "sct|363346000", "onset": -400}
TREATMENT: Entry = {"condition": "icd|Z51.11", "id": "treatment", "onset": -183}
MINUTES: Entry = {"observation": "loinc|82290-8", "at": -20, "value": 60, "unit": "min/wk"}
RULES = {rule.id: rule for rule in vars(risk_factors).values() if isinstance(rule, Rule)}
DOCS = (Path(__file__).parents[2] / "docs" / "risk-factors.md").read_text(encoding="utf-8")


def note(rule: str, *entries: Entry) -> str:
    findings = {finding.rule.id: finding for finding in triage([PAIN, *entries]).risk_factors}
    return findings[rule].note


def evidence(rule: str, *entries: Entry) -> list[str]:
    findings = {finding.rule.id: finding for finding in triage([PAIN, *entries]).risk_factors}
    return [fact.concept for fact in findings[rule].evidence]


def test_a_cancer_without_its_treatment_says_what_is_not_recorded() -> None:
    assert note("malignancy", CANCER) == risk_factors.TREATMENT_UNKNOWN


def test_treatment_of_the_last_six_months_is_shown_with_the_cancer() -> None:
    assert (note("malignancy", CANCER, TREATMENT), evidence("malignancy", CANCER, TREATMENT)) == (
        "",
        ["malignancy", "cancer-treatment"],
    )


def test_older_treatment_is_not() -> None:
    assert note("malignancy", CANCER, {**TREATMENT, "onset": -184}) == risk_factors.TREATMENT_UNKNOWN


def test_inactivity_by_immobility_or_surgery_is_marked_as_our_own_reading() -> None:
    assert note("inactive", {"condition": "icd|Z99.3"}) == risk_factors.BY_IMMOBILITY
    assert note("inactive", {"procedure": "sct|387713003", "at": -10}) == risk_factors.BY_IMMOBILITY


def test_recorded_inactivity_needs_no_mark() -> None:
    assert note("inactive", {"condition": "icd|Z72.3"}, {"condition": "icd|Z99.3", "id": "chair"}) == ""


def test_minutes_are_told_and_that_insufficient_is_not_inactive() -> None:
    assert note("insufficient-activity", MINUTES) == "60 minutes; not inactive: own reading"


def test_the_limit_of_much_activity_is_marked_as_our_own() -> None:
    assert note("much-activity", {**MINUTES, "value": 600}) == "600 minutes a week; own limit: 420"


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_docs_name_it_under_where_it_comes_from(rule: Rule) -> None:
    of_the_guidance, _, of_others = DOCS.partition("## Not of the guidance")
    assert f"| `{rule.id}` |" in (of_the_guidance if rule.source is GUIDANCE else of_others)


def test_every_factor_has_a_source_that_was_read() -> None:
    assert not [rule.id for rule in RULES.values() if rule.source is OURS]


def test_the_docs_name_every_value_set_that_a_factor_needs() -> None:
    needed = {concept for _unknown, concepts, _state in risk_factors.RECORDED for concept in concepts}
    assert {concept for concept in needed if f"`{concept}`" not in DOCS} == set()
    assert needed <= Terminology().concepts.keys()
