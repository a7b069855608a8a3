"""What matters and raised nothing is told all the same, and nothing is told twice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cds_service.assessment.limb_threat import WEAKNESS as LIMB_WEAKNESS
from cds_service.assessment.risk_factors import WEAKNESS
from cds_service.assessment.rules import Finding
from cds_service.facts import State
from tests.charts import Entry, triage
from tests.rendering.by_hand import assessment, card, detail, fact, finding
from tests.rendering.test_sections import section

BREATHLESS: Entry = {"condition": "sct|267036007", "onset": -3}
CALF_PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
LOW_INDEX: Entry = {"observation": "loinc|77194-9", "at": -9, "side": "left", "value": 0.55, "unit": "1"}
APIXABAN: Entry = {"medication": "rx|1364430"}


@pytest.mark.parametrize(
    ("entries", "reason"),
    [
        ([{"condition": "sct|449918009", "onset": -2}, BREATHLESS], "complaint is cramp, claudication or of both legs"),
        ([{**CALF_PAIN, "side": "both"}, BREATHLESS], "complaint is cramp, claudication or of both legs"),
        ([CALF_PAIN, {**BREATHLESS, "onset": -10}], "begun over 7 days ago"),
    ],
)
def test_breathlessness_that_is_not_counted_is_told_with_the_reason(entries: list[Entry], reason: str) -> None:
    made = card(triage(entries))
    assert made.indicator == "info"
    assert made.summary.startswith("Breathlessness; ")
    told = section(made.detail or "", "Also recorded:**").strip()
    assert told.startswith("- Breathlessness, onset 2026-11-")
    assert told.endswith(f" days ago) ({reason}: not counted for embolism, to be assessed for itself)")
    assert "Breathlessness" in section(made.detail or "", "Evidence**")
    assert not made.suggestions


def test_an_explained_nerve_sign_is_told_with_the_reason() -> None:
    """A new numb and weak foot may be more than the neuropathy of years; neither is told as a risk factor only."""
    numb: Entry = {"observation": "sct|309538000", "at": -1, "side": "left"}
    weak: Entry = {"observation": "sct|713514005", "at": -1, "side": "left", "site": "sct|61685007"}
    made = card(triage([CALF_PAIN, {"condition": "icd|E11.42", "onset": -1000}, numb, weak]))
    assert made.indicator == "info"
    assert made.summary.startswith("Numbness or tingling, leg weakness; calf pain, left leg")
    reason = "(a nerve disease of over 14 days explains it: listed, does not raise the level)"
    assert section(made.detail or "", "Also recorded:**").strip().splitlines() == [
        f"- Numbness or tingling, left, 2026-11-22 (1 day ago) {reason}",
        f"- Weakness of the leg, left, 2026-11-22 (1 day ago) {reason}",
    ]
    assert "For numbness or tingling, leg weakness: strength, sensation and pulses" in (made.detail or "")
    assert "over 65)" not in (made.detail or "")
    assert not made.suggestions


def test_a_sign_of_the_other_leg_is_named_first_with_its_side() -> None:
    made = card(triage([CALF_PAIN, {"observation": "sct|309256001", "at": -1, "side": "right"}]))
    assert made.summary.startswith("Cold leg or foot (right); calf pain, left leg")
    assert section(made.detail or "", "Also recorded:**").strip() == (
        "- Cold leg or foot, right, 2026-11-22 (1 day ago) "
        "(of the other leg by the record: listed, does not raise the level)"
    )
    assert "For cold leg or foot (right): strength, sensation and pulses of both legs" in (made.detail or "")
    assert not made.suggestions


def test_a_raised_d_dimer_past_its_window_is_named_first_as_raised() -> None:
    measured: Entry = {"observation": "loinc|48065-7", "at": -8, "value": 700, "unit": "ng/mL{FEU}", "high": 500}
    assert card(triage([CALF_PAIN, measured])).summary.startswith("Raised D-dimer; calf pain, left leg")


def test_a_raised_creatine_kinase_beside_weakness_is_named_first_and_the_weakness_is_no_risk_of_old_age() -> None:
    measured: Entry = {"observation": "loinc|2157-6", "at": -1, "value": 900, "unit": "U/L", "high": 200}
    made = card(triage([CALF_PAIN, measured, {"condition": "icd|M62.81", "onset": -1}]))
    assert made.indicator == "info"
    assert made.summary.startswith("Creatine kinase 900 U/L, muscle weakness; calf pain")
    text = made.detail or ""
    assert "High creatine kinase, 900 U/L, newest entry: onset 2026-11-22 (1 day ago) (raised, but below" in text
    assert "For creatine kinase 900 U/L, muscle weakness: creatine kinase repeated" in text
    assert "over 65" not in text
    assert "Home care of the guidance that suits" not in text
    alone = card(triage([CALF_PAIN, {**measured, "value": 300}]))
    assert alone.summary.startswith("Calf pain, left leg")


def test_breathlessness_that_raised_the_card_is_not_listed_as_well() -> None:
    assert "not counted" not in detail(triage([CALF_PAIN, BREATHLESS]))


@pytest.mark.parametrize(
    ("entries", "summary"),
    [
        ([CALF_PAIN, BREATHLESS], "Breathlessness, beside calf pain, age 46; consider assessment for PE"),
        ([{"condition": "sct|404223003", "onset": -30, "side": "left"}, APIXABAN, BREATHLESS], "known DVT"),
    ],
)
def test_the_symptom_itself_is_the_headline(entries: list[Entry], summary: str) -> None:
    """Also beside a DVT that is known and treated, which is then the complaint."""
    made = card(triage(entries))
    assert made.indicator == "critical"
    assert summary in made.summary
    assert (made.detail or "").startswith("**Why this card:** Recorded: breathlessness, ")


def test_a_known_dvt_that_is_the_whole_complaint_is_named_once() -> None:
    made = card(triage([{"condition": "sct|404223003", "onset": -30, "side": "left"}, APIXABAN]))
    assert made.summary.startswith("Known DVT, left leg, age 46: no red flag recorded")


def test_an_abnormal_index_is_named_first_on_a_card_without_a_red_flag() -> None:
    made = card(triage([CALF_PAIN, LOW_INDEX]))
    assert made.indicator == "info"
    assert made.summary.startswith("Abnormal ankle-brachial index 0.55; calf pain")
    assert made.detail and made.detail.startswith("**Why this card:** Abnormal ankle-brachial index 0.55 on record")
    assert "Ankle-brachial index: `0.55" in section(made.detail, "Evidence**")
    other_leg = card(triage([CALF_PAIN, {**LOW_INDEX, "side": "right"}]))
    assert "bnormal" not in f"{other_leg.summary} {other_leg.detail}"


def test_an_index_of_vessels_that_cannot_be_compressed_is_among_the_evidence() -> None:
    text = detail(triage([CALF_PAIN, {**LOW_INDEX, "value": 1.5}]))
    assert "Ankle-brachial index: `1.5" in section(text, "Evidence**")
    assert "Abnormal" not in text


def test_an_anticoagulant_is_named_on_a_card_without_a_red_flag() -> None:
    words = "on an anticoagulant: DVT is not excluded; consider bleeding into the calf"
    assert words in detail(triage([CALF_PAIN, APIXABAN]))
    assert words not in detail(triage([CALF_PAIN]))


def test_a_colour_of_six_weeks_is_told_by_when_it_began() -> None:
    red: Entry = {"condition": "sct|247441003", "onset": -42, "site": "sct|53840002", "side": "left"}
    told = section(detail(triage([CALF_PAIN, red])), "Also recorded:**")
    assert "begun over 30 days ago: listed, does not raise the level" in told


def test_a_fracture_is_among_the_evidence_of_a_card_without_a_red_flag() -> None:
    text = detail(triage([CALF_PAIN, {"condition": "sct|6990005", "onset": -20}]))
    assert "Injury between knee and ankle" in section(text, "Evidence**")


def test_one_entry_that_says_two_things_is_one_line_of_the_evidence() -> None:
    painful_and_cold: Entry = {"condition": "sct|771545003", "onset": -3, "side": "left"}
    lines = section(detail(triage([painful_and_cold])), "Evidence**").strip().splitlines()[2:]
    assert len(lines) == 1
    assert lines[0].startswith("- Cold leg or foot, pain: ")


def test_what_stands_under_evidence_is_not_told_again() -> None:
    previous: Entry = {"condition": "sct|161508001"}
    made = triage([CALF_PAIN, previous, {"condition": "icd|C50.919", "onset": -100}])
    source = next(fact.source for fact in made.findings[0].evidence if fact.concept == "previous-dvt")
    assert detail(made).count(f"`{source}`") == 1


def test_an_entry_that_explains_a_sign_is_not_told_again_as_a_risk() -> None:
    """A nerve disease by diabetes."""
    numb: Entry = {"observation": "sct|309538000", "at": -1, "side": "left", "site": "sct|56459004"}
    text = detail(triage([CALF_PAIN, numb, {"condition": "icd|E11.42", "onset": -400}]))
    assert "- Nerve disease, neuropathy: " in text
    assert "- Diabetes (a risk of arterial disease): `Condition/r2` (not" in text


def test_cellulitis_with_sepsis_is_not_told_again_as_cellulitis() -> None:
    text = detail(triage([{"condition": "icd|L03.116", "onset": -9}, {"condition": "icd|A41.9", "onset": -2}]))
    assert "Recorded: cellulitis of the leg with sepsis" in text
    assert section(text, "Also recorded") == ""


@pytest.mark.parametrize(("side", "told"), [("left", False), ("right", True)])
def test_the_score_of_a_leg_with_an_untreated_dvt_is_not_told(side: str, told: bool) -> None:
    """It is for a suspected one; that of the other leg is told."""
    dvt: Entry = {"condition": "sct|404223003", "onset": -4, "side": "left"}
    swollen: Entry = {"observation": "sct|449615005", "at": -2, "side": side}
    pitting: Entry = {"observation": "sct|284521000", "at": -2, "side": side}
    text = detail(triage([dvt, {**CALF_PAIN, "side": side}, swollen, pitting, {"condition": "sct|363346000"}]))
    assert ("Two-level Wells" in section(text, "Also recorded:**")) is told


def test_ongoing_pain_is_dated_by_both_its_days_alone() -> None:
    before: Entry = {**CALF_PAIN, "onset": -60, "clinical": "resolved"}
    assert "ongoing pain, left (pain on record for 2026-09-24 and for 2026-11-20)." in detail(
        triage([CALF_PAIN, before])
    )


def test_surgery_is_told_once_and_says_that_it_may_mean_inactivity() -> None:
    text = section(detail(triage([CALF_PAIN, {"procedure": "sct|387713003", "at": -10}])), "Risk factors**")
    assert "inactivity possible: own reading" in text
    assert "- Inactive" not in text
    bed = section(detail(triage([CALF_PAIN, {"condition": "icd|Z99.3"}])), "Risk factors**")
    assert "- Inactive" in bed


def test_weakness_that_is_the_alarm_sign_is_no_risk_factor_beside_it() -> None:
    raised = assessment(finding(LIMB_WEAKNESS, fact("limb-weakness", "Condition/weak")))
    same = Finding(WEAKNESS, State.PRESENT, (fact("muscle-weakness", "Condition/weak"),))
    other = Finding(WEAKNESS, State.PRESENT, (fact("muscle-weakness", "Condition/other"),))
    assert "Muscle weakness" not in detail(replace(raised, risk_factors=(same,)))
    assert "Muscle weakness" in detail(replace(raised, risk_factors=(other,)))


CYANOSIS: Entry = {"observation": "sct|3415004", "at": -1}


def test_cyanosis_without_a_site_is_not_called_one_of_the_leg() -> None:
    made = card(triage([CALF_PAIN, CYANOSIS]))
    assert made.summary.startswith("Pallor or cyanosis, site not recorded, complaint in left leg")
    assert "(it may be of the whole body, oxygen saturation to be looked at)" in (made.detail or "")
    colour: Entry = {"observation": "sct|3253007", "at": -1, "side": "left", "site": "sct|53840002"}
    assert card(triage([CALF_PAIN, CYANOSIS, colour])).summary.startswith("Skin discolouration")
    other_leg: list[Entry] = [{**CALF_PAIN, "side": "right"}, {**colour, "side": "right"}]
    assert card(triage([CALF_PAIN, CYANOSIS, *other_leg])).summary.startswith("Skin discolouration")


@pytest.mark.parametrize(("ordered", "told"), [(-10, True), (-2, False)])
def test_a_dvt_that_began_under_an_anticoagulant_is_not_told_as_settled(ordered: int, told: bool) -> None:
    """A prophylactic dose that came first may not treat it; the level is the policy's, the words say so."""
    text = detail(triage([{"condition": "sct|404223003", "onset": -2, "side": "left"}, {**APIXABAN, "at": ordered}]))
    assert "Whether the dose of an anticoagulant on record treats it is not read" in text
    assert told == ("DVT of the leg, left, begun after an anticoagulant was ordered." in text)


def test_rest_pain_of_arterial_disease_is_not_counted_again_as_pain_at_rest() -> None:
    made = card(triage([{"condition": "icd|I70.222", "onset": -5}]))
    assert made.summary.startswith("Rest pain of arterial disease, left leg")
    assert "Pain at rest" not in section(made.detail or "", "Also recorded:**")
