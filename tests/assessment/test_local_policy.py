"""What a site switches off or excludes: the finding goes, and nothing that protects the patient goes with it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.engine import assess
from cds_service.assessment.local_policy import EXCLUSIONS, LocalPolicy
from cds_service.assessment.rule import Kind, Level, Rule
from cds_service.assessment.rules import clot, limb_ischaemia, muscle, risks
from cds_service.assessment.rules.guidance import SEVERE as SEVERE_PAIN
from cds_service.facts import Gap, Topic
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, Entry, patient, read

PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
SEVERE: Entry = {"observation": "loinc|72514-3", "at": "-2h", "value": 9, "side": "left", "site": "sct|53840002"}
SWELLING: Entry = {"observation": "sct|449615005", "at": -2, "side": "left"}
DVT: Entry = {"condition": "sct|404223003", "onset": -3, "side": "left"}
HOSPICE: Entry = {"condition": "sct|170935008", "id": "hospice", "onset": -20}


def assessed(policy: LocalPolicy, *entries: Entry, who: dict[str, Any] | None = None) -> Assessment:
    chart = read(list(entries), who)
    return policy.applied(assess(chart, AS_OF, Thresholds()))


def off(*rules: Rule) -> LocalPolicy:
    return LocalPolicy(frozenset(rules))


def found(assessment: Assessment) -> list[str]:
    return [finding.rule.id for finding in assessment.raising]


def test_without_a_decision_everything_stays() -> None:
    assert not LocalPolicy()
    for policy in (off(SEVERE_PAIN), LocalPolicy(exclusions=("hospice",)), LocalPolicy(quiet=True)):
        assert policy


def test_a_rule_that_is_off_finds_nothing_and_the_level_is_that_of_the_rest() -> None:
    assert found(assessed(LocalPolicy(), PAIN, SEVERE, SWELLING)) == ["severe-pain", "swelling"]
    left = assessed(off(SEVERE_PAIN), PAIN, SEVERE, SWELLING)
    assert (found(left), left.level) == (["swelling"], Level.WARNING)
    assert "severe-pain" not in [flag.rule.id for flag in left.of(Kind.RED_FLAG)]
    assert assessed(off(SEVERE_PAIN), PAIN, SEVERE).level is Level.INFO


def test_what_is_critical_can_go_and_what_it_holds_back_stays() -> None:
    before, after = assessed(LocalPolicy(), PAIN, DVT), assessed(off(clot.DVT), PAIN, DVT)
    assert (before.level, after.level) == (Level.CRITICAL, Level.INFO)
    assert after.home_care == before.home_care
    assert "compression" in [step.name for step in after.home_care if step.withheld]
    assert after.next_steps == before.next_steps


def test_other_rules_go_on_weighing_the_same_entries() -> None:
    signs: tuple[Entry, ...] = ({"observation": "sct|309256001", "at": -1}, {"observation": "sct|301170006", "at": -1})
    assert "limb-ischaemia-signs" in found(assessed(off(*limb_ischaemia.SIGNS), PAIN, *signs))
    assert found(assessed(off(limb_ischaemia.LIMB_SIGNS), PAIN, *signs)) != []


def test_a_risk_factor_can_go() -> None:
    who = patient(birthDate="1950-05-04")
    kept = [each.rule.id for each in assessed(off(risks.OVER_65), PAIN, who=who).of(Kind.RISK)]
    assert "over-65" not in kept
    assert "smoking" in kept


def test_a_pattern_can_go_and_changes_nothing_else() -> None:
    cramp: Entry = {"condition": "sct|449918009", "onset": -3}
    salt: Entry = {"observation": "loinc|2823-3", "at": -2, "value": 2.9, "unit": "mmol/L"}
    whole, left = assessed(off(), cramp, salt), assessed(off(muscle.ELECTROLYTE_CRAMP), cramp, salt)
    assert [each.rule for each in whole.of(Kind.CAUSE)] == [muscle.ELECTROLYTE_CRAMP]
    others = tuple([each for each in whole.findings if each.rule is not muscle.ELECTROLYTE_CRAMP])
    assert replace(left, record=whole.record) == replace(whole, findings=others)


def test_a_chart_that_was_not_read_is_still_told() -> None:
    chart = read([])
    unread = assess(type(chart)(gaps=(Gap(Topic.CONDITIONS, "x"),)), AS_OF, Thresholds())
    for policy in (off(SEVERE_PAIN), LocalPolicy(quiet=True)):
        assert policy.applied(unread).level is Level.INFO


def test_a_quiet_site_gets_no_card_without_a_finding() -> None:
    quiet = LocalPolicy(quiet=True)
    assert assessed(quiet, PAIN).level is Level.NONE
    assert assessed(quiet, PAIN, SEVERE).level is Level.WARNING


@pytest.mark.parametrize(
    ("born", "level"),
    [
        ("2008-11-24", Level.NONE),
        ("2008-11-23", Level.CRITICAL),  # 18 today
        ("2008", Level.CRITICAL),  # 17 or 18
        (None, Level.CRITICAL),
    ],
)
def test_children_are_excluded_where_their_age_is_sure(born: str | None, level: Level) -> None:
    who = patient(birthDate=born)
    assert assessed(LocalPolicy(exclusions=("children",)), PAIN, DVT, who=who).level is level
    assert assessed(LocalPolicy(exclusions=("hospice",)), PAIN, DVT, who=who).level is Level.CRITICAL


@pytest.mark.parametrize(
    ("entry", "level"),
    [
        (HOSPICE, Level.NONE),
        ({**HOSPICE, "condition": "sct|170936009"}, Level.NONE),
        ({**HOSPICE, "onset": -900}, Level.NONE),
        ({**HOSPICE, "clinical": "resolved"}, Level.CRITICAL),
        ({**HOSPICE, "verification": "refuted"}, Level.CRITICAL),
        ({**HOSPICE, "verification": "provisional"}, Level.CRITICAL),
        ({"procedure": "sct|385763009", "at": -2}, Level.NONE),
        ({"procedure": "sct|385763009", "at": -100}, Level.CRITICAL),
        ({"procedure": "sct|385763009", "at": -2, "status": "not-done"}, Level.CRITICAL),
        ({"observation": "sct|170935008", "at": -2}, Level.NONE),
        ({"condition": "icd|Z51.5", "onset": -20}, Level.CRITICAL),  # palliative care is no hospice
        ({"condition": "sct|103735009", "onset": -20}, Level.CRITICAL),
    ],
)
def test_hospice_is_what_the_record_says_now(entry: Entry, level: Level) -> None:
    assert assessed(LocalPolicy(exclusions=("hospice",)), PAIN, DVT, entry).level is level
    assert assessed(LocalPolicy(exclusions=("children",)), PAIN, DVT, entry).level is Level.CRITICAL


def test_every_exclusion_that_can_be_set_is_known() -> None:
    assert set(EXCLUSIONS) == {"children", "hospice"}
