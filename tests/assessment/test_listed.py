"""Past their windows grave blood values, rhabdomyolysis, sepsis and a suspected embolism raise nothing but are told;
chronic codes too.
"""

from __future__ import annotations

import pytest

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.rule import Finding, Kind, Level
from cds_service.hooks.statement import Statement
from tests.charts import AS_OF, Entry, triage

PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
CELLULITIS: Entry = {"condition": "icd|L03.115", "onset": -10}
LOW: Entry = {"observation": "loinc|2823-3", "value": 2.4, "unit": "mmol/L"}
D_DIMER: Entry = {"observation": "loinc|48065-7", "value": 700, "unit": "ng/mL{FEU}", "high": 500}
HIGH: Entry = {"observation": "loinc|2157-6", "value": 9000, "unit": "U/L"}


def listed(assessment: Assessment) -> list[Finding]:
    """What the level does not count, but for red flags and what is not interpreted."""
    return [each for each in assessment.listed if each.rule.kind not in (Kind.RED_FLAG, Kind.SEEN)]


def seen_beside(assessment: Assessment) -> list[str]:
    """The concepts of what is to be seen although it raises nothing."""
    return [fact.concept for finding in assessment.of(Kind.SEEN) for fact in finding.evidence]


@pytest.mark.parametrize(
    ("entry", "rule", "note"),
    [
        ({**HIGH, "at": -8}, "creatine-kinase", "over 7 days old"),
        ({**LOW, "at": -8}, "potassium", "over 7 days old"),
        ({**D_DIMER, "at": -8}, "d-dimer", "over 7 days old"),
        ({"condition": "icd|M62.82", "onset": -15}, "rhabdomyolysis", "over 14 days old"),
        ({"condition": "icd|M62.82", "onset": -89}, "rhabdomyolysis", "over 14 days old"),
        (
            {"condition": "icd|I26.99", "onset": -120, "verification": "provisional"},
            "pulmonary-embolism",
            "over 90 days old",
        ),
    ],
)
def test_what_was_grave_is_told_for_a_while_and_home_care_is_not(entry: Entry, rule: str, note: str) -> None:
    found = triage([PAIN, entry])
    assert found.level is Level.INFO
    told = f"{note}: listed, does not raise the level"
    assert [(each.rule.id, each.why_not_counted) for each in listed(found)] == [(rule, told)]
    assert not found.suits_home_care
    assert "patient-instructions" not in [step.name for step in found.next_steps]


def test_sepsis_is_told_beside_cellulitis_and_its_date_is_not_given_to_the_cellulitis() -> None:
    found = triage([CELLULITIS, {"condition": "icd|A41.9", "onset": -8}])
    assert [each.name for each in listed(found)] == ["Sepsis"]
    assert (found.level, [each.rule.id for each in listed(found)]) == (Level.WARNING, ["cellulitis-sepsis"])


@pytest.mark.parametrize(
    "chart",
    [
        [{**HIGH, "at": -1}],  # raises the level itself
        [{**HIGH, "at": -8}, {**HIGH, "at": -2, "value": 90}],  # the newest counts
        [{**HIGH, "at": -8, "value": 400}],
        [{**HIGH, "at": -31}],
        [{**LOW, "at": -1}],
        [{**LOW, "at": -8}, {**LOW, "at": -2, "value": 3.9}],
        [{**LOW, "at": -8, "value": 2.6}],
        [{**LOW, "at": -31}],
        [{**D_DIMER, "at": -8}, {**D_DIMER, "at": -1}],
        [{**D_DIMER, "at": -8, "value": 400}],
        [{**D_DIMER, "at": -31}],
        [{**D_DIMER, "at": -8}, {"condition": "sct|404223003", "onset": -3}],  # a DVT is on record
        [{"condition": "icd|M62.82", "onset": -91}],  # nobody closed it
        [{"condition": "icd|M62.82", "onset": -15}, {"condition": "icd|M62.82", "onset": -2}],
        [{"condition": "icd|M62.82", "onset": -15, "clinical": "resolved"}],
        [{"condition": "icd|A41.9", "onset": -8}],  # no cellulitis
    ],
)
def test_what_is_no_news_is_not_told(chart: list[Entry]) -> None:
    assert listed(triage([PAIN, *chart])) == []


@pytest.mark.parametrize(("code", "said"), [("icd|I82.502", "coded as chronic; "), ("icd|I82.402", "")])
def test_of_an_old_thrombosis_a_chronic_code_is_said(code: str, said: str) -> None:
    onset = -10 if said else -100
    (finding,) = triage([PAIN, {"condition": code, "onset": onset}]).raising
    assert (finding.rule.id, finding.note) == ("old-thrombosis", f"{said}no anticoagulant found")


NUMB: Entry = {"observation": "sct|309538000", "at": -1, "side": "left", "site": "sct|56459004"}
SCIATICA: Entry = {"condition": "icd|M54.32"}
SWOLLEN: Entry = {"observation": "sct|449615005", "at": -1, "side": "both"}


@pytest.mark.parametrize(
    ("chart", "seen"),
    [
        ([NUMB, {**SCIATICA, "onset": -400}], ["nerve-disease"]),  # explains it
        ([NUMB, {**SCIATICA, "onset": -10}], ["nerve-disease"]),  # too new for that
        ([NUMB, SCIATICA], ["nerve-disease"]),
        ([{**SCIATICA, "onset": -400}], []),  # nothing to explain
        ([{"condition": "icd|G62.1", "onset": -400}], ["reduced-sensation"]),  # keeps from ice and compression
        ([SWOLLEN, {"condition": "icd|I87.2", "onset": -400}], ["oedema-cause"]),
        ([SWOLLEN, {"condition": "icd|I50.9", "verification": "provisional"}], ["oedema-cause", "heart-failure"]),
        ([{**SWOLLEN, "side": "left"}, {"condition": "icd|I87.2", "onset": -400}], ["leg-oedema-disease"]),
        ([{**SWOLLEN, "side": "left"}, {"condition": "icd|N18.3", "onset": -400}], []),
        ([{"condition": "icd|I50.9", "onset": -400}], ["heart-failure"]),  # keeps from compression
        ([{"condition": "icd|I73.00", "onset": -400}], ["raynaud"]),
    ],
)
def test_a_disease_that_other_words_rest_on_is_seen(chart: list[Entry], seen: list[str]) -> None:
    assert seen_beside(triage([PAIN, *chart])) == seen


@pytest.mark.parametrize(
    ("pain", "seen"),
    [
        ({"condition": "sct|10601006", "onset": -60}, ["pain"]),  # why the DVT counts as one of the leg
        ({"condition": "sct|10601006", "onset": -60, "clinical": "resolved"}, []),
        (PAIN, []),  # is the complaint itself
    ],
)
def test_what_makes_a_thrombosis_without_a_site_count_is_seen(pain: Entry, seen: list[str]) -> None:
    assert seen_beside(triage([pain, {"condition": "sct|128053003", "onset": -4}])) == seen


@pytest.mark.parametrize(("onset", "seen"), [(-89, ["leg-injury"]), (-91, [])])
def test_an_injury_that_may_still_heal_is_seen(onset: int, seen: list[str]) -> None:
    assert seen_beside(triage([PAIN, {"condition": "sct|44465007", "onset": onset, "side": "left"}])) == seen


def test_a_dvt_that_is_newly_refuted_makes_another_statement() -> None:
    """A card that was shown before is not kept back once the record denies what it speaks of."""
    refuted: Entry = {"condition": "sct|404223003", "onset": -2, "side": "left", "verification": "refuted"}
    before, after = triage([PAIN]), triage([PAIN, refuted])
    assert (before.level, after.level) == (Level.INFO, Level.INFO)
    assert Statement.of(before, AS_OF).content != Statement.of(after, AS_OF).content
    assert Statement.of(before, AS_OF).content == Statement.of(triage([PAIN]), AS_OF).content
