"""The sections of the detail: what stands in each, and when it is left out."""

from __future__ import annotations

from itertools import permutations

import msgspec
import pytest

from cds_service.assessment.home_care import HomeCareStep
from cds_service.assessment.risk_factors import INACTIVE, OVER_65, SURGERY
from cds_service.assessment.rules import Finding, Level
from cds_service.assessment.triage import Assessment
from cds_service.facts import Certainty, Course, Fact, Gap, Quantity, Side, State, Topic
from cds_service.rendering.summary import all_rules
from tests.charts import Entry, triage
from tests.rendering.by_hand import (
    assessment,
    card,
    days_ago,
    detail,
    elsewhere,
    fact,
    finding,
    present,
    wells,
)

RULES = {rule.id: rule for rule in all_rules()}
COLD = fact("cold-limb", "Observation/cold", 1, display="Cold foot")
PULSE = fact("pulse-absent", "Observation/pulse", 2, display="Dorsalis pedis pulse absent")
SCORE = fact(
    "pain-severity",
    "Observation/score",
    0,
    display="Pain severity 0-10",
    quantity=Quantity(8.0, "of 10", "8 of 10"),
)
UNREAD = Gap(Topic.OBSERVATIONS, "the EHR reported an error")


def section(text: str, label: str) -> str:
    """The paragraphs from this label to the next one; empty when it is not there."""
    _before, found, rest = text.partition(f"**{label}")
    return rest.split("\n\n**")[0] if found else ""


def test_other_causes_are_named_with_their_source() -> None:
    made = assessment(
        finding(RULES["limb-ischaemia-signs"], COLD, PULSE, level=Level.CRITICAL),
        finding(RULES["severe-pain"], SCORE),
        finding(RULES["cold-limb"], COLD),
        finding(RULES["suspected-dvt"], fact("dvt", "Condition/1")),
        finding(RULES["severe-pain-anticoagulant"], SCORE, note="consider haematoma"),
    )
    assert section(detail(made), "Also recorded:**").strip().splitlines() == [
        "- Suspected DVT on record (NICE NG158, 2023): consider DVT",
        "- Severe pain under an anticoagulant (own rule of this service; consider haematoma): "
        "consider bleeding into the calf and compartment syndrome",
    ]


def test_a_risk_of_thrombosis_that_the_score_tells_is_not_told_again() -> None:
    pain = {"condition": "sct|300954003", "onset": -3, "side": "left"}
    cancer = {"condition": "icd|C50.919", "onset": -100}
    text = detail(triage([pain, cancer, {"procedure": "sct|387713003", "at": -20}]))
    assert "active cancer (to confirm: " in section(text, "Two-level Wells")
    told = section(text, "Risk factors**")
    assert "Surgery in the last 12 weeks; inactivity possible: own reading" in told
    assert "Cancer" not in told
    cramp = {"condition": "sct|449918009", "onset": -3}
    pregnant = {"condition": "sct|77386006", "onset": -100}
    assert "Cancer" in section(detail(triage([cramp, cancer, pregnant])), "Risk factors**")


def test_what_is_denied_says_so_among_the_evidence() -> None:
    old = {"condition": "sct|161508001", "onset": -900}
    denied = {"observation": "sct|449615005 Swelling of lower leg", "at": -1, "side": "left", "value": False}
    text = detail(triage([{"condition": "sct|300954003", "onset": -3, "side": "left"}, old, denied]))
    assert "Swelling: `Swelling of lower leg`, **denied**, left" in section(text, "Evidence**")


def test_own_signs_of_a_compartment_syndrome_are_named_beside_the_signs_alone() -> None:
    own = "counts beside an injury is an own rule"
    pain = {"condition": "sct|300954003", "onset": -3, "side": "left"}
    recorded = {"condition": "sct|111245009", "onset": -1, "side": "left"}
    assert own not in detail(triage([pain, recorded]))
    injury = {"condition": "icd|S80.12XA", "onset": -1}
    score = {"observation": "loinc|72514-3", "at": -1, "value": 9, "site": "sct|53840002", "side": "left"}
    numb = {"observation": "sct|309537005", "at": "-3h", "side": "left"}
    assert own in section(detail(triage([injury, score, numb])), "Why this card")


def test_severe_pain_under_an_anticoagulant_is_told_once_and_not_by_the_date_of_the_drug() -> None:
    drug = elsewhere("anticoagulant", "MedicationRequest/drug", 0, display="apixaban")
    pain = msgspec.structs.replace(SCORE, when=days_ago(5))
    bleeding = finding(RULES["severe-pain-anticoagulant"], pain, drug)
    text = detail(assessment(bleeding, finding(RULES["severe-pain"], pain), finding(RULES["swelling"], COLD)))
    assert "Recorded: severe pain under an anticoagulant, left, newest entry: 2026-11-23 (today). Own rule" in text
    assert section(text, "Also recorded:**").strip().splitlines() == [
        "- Swelling of leg, ankle or foot (Cleveland Clinic, 2025)"
    ]


def test_a_finding_of_the_other_leg_says_so() -> None:
    swelling = fact("swelling", "Observation/swelling", side=Side.RIGHT)
    text = detail(assessment(finding(RULES["suspected-dvt"], COLD), finding(RULES["swelling"], swelling)))
    assert "- Swelling of leg, ankle or foot, right (Cleveland Clinic, 2025)" in section(text, "Also recorded:**")


def test_the_side_of_a_wells_score_is_that_of_its_leg() -> None:
    """A previous DVT counts on either leg; the score of both legs is of neither in particular."""
    other = fact("previous-dvt", "Condition/old", 2500, side=Side.RIGHT)
    for side, recorded, summary in (
        (Side.LEFT, "possible -2 to 9), left. Also", "left leg;"),
        (Side.BOTH, "possible -2 to 9). Also", "complaint in left leg;"),
    ):
        made = assessment(
            finding(RULES["wells"], other), wells=wells(present("active cancer", to_confirm="x"), side=side)
        )
        assert recorded in detail(made)
        assert summary in card(made).summary


def test_a_source_is_named_only_for_what_it_says() -> None:
    """Severe pain under an anticoagulant is not of the guidance."""
    bleeding = finding(RULES["severe-pain-anticoagulant"], SCORE, note="consider haematoma")
    text = detail(assessment(finding(RULES["severe-pain"], SCORE), bleeding))
    assert "Recorded: severe pain, 8 of 10, left, 2026-11-23 (today). Cleveland Clinic (2025) names" in text
    assert "- Severe pain under an anticoagulant (own rule of this service; consider haematoma)" in text


def test_flags_that_do_not_raise_the_level_are_listed_with_the_reason() -> None:
    old = fact("swelling", "Condition/old", 400, side=Side.BOTH, display="Edema")
    flag = Finding(RULES["swelling"], State.PRESENT, (old,), Level.NONE, "long-standing entry")
    text = detail(assessment(red_flags=(flag,)))
    assert "- Swelling of leg, ankle or foot (long-standing entry)" in section(text, "Also recorded:**")
    assert "`Edema`, both sides, calf or lower leg, onset 2025-10-19 (400 days ago)" in section(text, "Evidence**")


def test_the_evidence_begins_with_the_deciding_finding_and_is_short() -> None:
    many = [fact("swelling", f"Observation/{number}", number, display=f"Entry {number}") for number in range(12)]
    lines = (
        section(
            detail(assessment(finding(RULES["severe-pain"], SCORE), finding(RULES["swelling"], *many))),
            "Evidence**",
        )
        .strip()
        .splitlines()[2:]
    )
    assert lines[0].startswith(
        "- Pain score: `8 of 10`, `Pain severity 0-10`, left, calf or lower leg, 2026-11-23 (today)"
    )
    assert (len(lines), lines[-1]) == (9, "- and 6 more")


def test_the_same_entry_in_two_resources_is_one_line_with_both() -> None:
    twins = [fact("swelling", f"Condition/{name}", 2, display="Edema") for name in ("a", "b")]
    text = section(detail(assessment(finding(RULES["swelling"], *twins))), "Evidence**")
    assert "onset 2026-11-21 (2 days ago), `Condition/a`, `Condition/b`" in text
    assert text.count("Edema") == 1


def test_the_order_and_doubling_of_the_chart_change_nothing() -> None:
    facts = [COLD, PULSE, fact("swelling", "Observation/other", 5)]
    shown = {detail(assessment(finding(RULES["swelling"], *order))) for order in permutations(facts)}
    shown.add(detail(assessment(finding(RULES["swelling"], *facts, *facts))))
    assert len(shown) == 1


def test_an_entry_says_all_that_a_reader_must_know_of_it() -> None:
    entry = fact(
        "pain",
        "Condition/1",
        None,
        certainty=Certainty.SUSPECTED,
        course=Course.UNDER_CARE,
        severe=True,
        sudden=True,
        remarks=("verification status not stated", "date not recorded", "a", "b", "c"),
    )
    lines = section(detail(assessment(finding(RULES["sudden-pain"], entry))), "Evidence**").splitlines()
    assert (
        "- Pain: code `1`, severe, sudden onset, **suspected**, under care, left, calf or lower leg, "
        "date not recorded, `verification status not stated`, `a`, `b`, `Condition/1`"
    ) in lines


@pytest.mark.parametrize(
    ("onset", "recorded", "told"),
    [
        (-1000, -10, "onset 2024-02-27 (2 years ago), recorded 2026-11-13 (10 days ago)"),  # counts by its record
        (-29, -10, "onset 2026-10-25 (29 days ago)"),
        (-30, -30, "onset 2026-10-24 (30 days ago)"),
    ],
)
def test_the_date_that_makes_an_old_complaint_count_is_told(onset: int, recorded: int, told: str) -> None:
    text = detail(triage([{"condition": "icd|I70.212", "onset": onset, "recorded": recorded}]))
    assert f", {told}, `Condition/r0`" in section(text, "Evidence**")


def test_a_record_date_is_not_called_an_onset() -> None:
    entry = fact("dvt", "Condition/1", 4, began=None)
    assert "recorded 2026-11-19 (4 days ago)" in detail(assessment(finding(RULES["dvt"], entry)))


def test_risk_factors_name_the_guidance_first_and_where_others_come_from() -> None:
    operation = elsewhere("surgery", "Procedure/1", 20, display="Knee replacement")
    idle = [elsewhere("inactivity", f"Condition/{n}", n, display="Inactive") for n in (50, 60)]
    text = section(
        detail(
            assessment(
                age=(71, 71),
                risk_factors=(
                    Finding(SURGERY, State.PRESENT, (operation,)),
                    Finding(OVER_65, State.PRESENT),
                    Finding(INACTIVE, State.PRESENT, tuple(idle)),
                ),
            )
        ),
        "Risk factors**",
    )
    assert text.strip().splitlines()[2:] == [
        "- Over 65: age 71",
        "- Inactive (the guidance states it for people over 65): `Inactive`, onset 2026-10-04 (50 days ago), "
        "`Condition/50`, and 1 more",
        "- Surgery in the last 12 weeks: `Knee replacement`, 2026-11-03 (20 days ago), `Procedure/1` "
        "(not from the guidance: NICE NG158, 2023)",
    ]


def test_unknown_and_absent_stand_apart() -> None:
    low = msgspec.structs.replace(SCORE, quantity=Quantity(3.0, "of 10", "3 of 10"))
    made = assessment(
        red_flags=(
            Finding(RULES["severe-pain"], State.ABSENT, (low,)),
            Finding(RULES["sudden-pain"], State.UNKNOWN),
        ),
        risk_factors=(Finding(OVER_65, State.UNKNOWN),),
        age=None,
    )
    missing = section(detail(made), "Not recorded**")
    assert "sudden onset of pain; whether over 65 (birth date missing or partial)" in missing
    assert "severe pain" not in missing
    absent = section(detail(made), "Recorded as absent:**")
    assert absent == " severe pain: newest score `3 of 10`, calf or lower leg, 2026-11-23 (today), `Observation/score`"


def test_a_dvt_that_the_record_denies_is_told_where_dvt_is_in_question() -> None:
    pain: Entry = {"condition": "sct|300954003", "onset": -3}
    refuted: Entry = {"condition": "sct|404223003", "onset": -5, "side": "left", "verification": "refuted"}
    said = ":** DVT, left: onset 2026-11-18 (5 days ago), `Condition/r1`"
    assert section(detail(triage([pain, refuted])), "Recorded as absent").endswith(said)
    assert section(detail(triage([pain, {**refuted, "onset": -31}])), "Recorded as absent") == ""
    assert section(detail(triage([pain, refuted, {"condition": "icd|L03.116"}])), "Recorded as absent") == ""
    known: Entry = {"condition": "sct|404223003", "onset": -5, "side": "right"}
    treated = triage([refuted, known, {"medication": "rx|1364430"}])
    assert section(detail(treated), "Recorded as absent") == ""


def test_what_was_not_looked_for_in_full_is_not_just_called_not_recorded() -> None:
    flags = (Finding(RULES["severe-pain"], State.UNKNOWN),)
    assert section(detail(assessment(red_flags=flags)), "Not recorded**").endswith(" absent): severe pain")
    assert section(detail(assessment(red_flags=flags, gaps=(UNREAD,))), "Not recorded**").endswith(
        " absent): not looked for in full, as Observations could not be read in full: severe pain"
    )


def test_pain_of_long_that_is_not_counted_as_ongoing_is_not_just_called_not_recorded() -> None:
    """Begun 200 days ago, recorded 10 days ago; the rule takes two days of pain 14 to 90 days apart."""
    old = detail(triage([{"condition": "sct|300954003", "onset": -200, "recorded": -10}]))
    said = "ongoing pain (pain is on record for over 14 days, but not again 14 to 90 days after an onset)"
    assert section(old, "Not recorded**").endswith(said)
    new = detail(triage([{"condition": "sct|300954003", "onset": -3}]))
    assert section(new, "Not recorded**").endswith("ongoing pain")


def test_signs_of_supply_are_missing_where_ischaemia_is_in_question() -> None:
    text = section(detail(assessment(finding(RULES["cold-limb"], COLD))), "Not recorded**")
    assert text.endswith(
        "no entry that counts for: absent pulse, pallor or cyanosis of the leg, numbness or tingling, "
        "weakness of the leg"
    )


@pytest.mark.parametrize(
    ("pain", "later"),
    [
        ([{"condition": "sct|300954003", "onset": -60, "recorded": -2}], 2),
        ([{"observation": "sct|300954003", "at": -60}, {"observation": "sct|300954003", "at": -2}], 2),
        ([{"condition": "sct|300954003", "onset": -60}, {"condition": "sct|300954003", "onset": -3}], 3),
    ],
)
def test_ongoing_pain_names_two_days_of_pain_whatever_kind_of_date_they_are(pain: list[Entry], later: int) -> None:
    days = f"(pain on record for {days_ago(60).text} and for {days_ago(later).text})"
    assert days in section(detail(triage(pain)), "Why this card")


def test_what_could_not_be_read_is_told_with_counts() -> None:
    gaps = (
        UNREAD,
        *(Gap(Topic.MEDICATIONS, f"reason {letter}") for letter in "abcda"),
    )
    made = assessment(gaps=gaps, left_out=(("are not coded (text is not interpreted)", 3),))
    assert section(detail(made), "Could not be read:**").strip().splitlines() == [
        "- Observations could not be read in full (the EHR reported an error)",
        "- Medicines could not be read in full: anticoagulant unknown unless listed above "
        "(reason a; reason b; reason c; and 1 more)",
        "- Entries that are not coded (text is not interpreted): 3",
    ]
    assert section(detail(assessment()), "Could not be read:**") == ""


def not_read(concept: str, source: str, days: int | None = 1, text: str = "value not interpreted") -> Fact:
    return fact(concept, source, days, state=State.UNKNOWN, remarks=(text,))


def test_a_sign_that_is_listed_is_not_called_not_recorded() -> None:
    pain = {"condition": "sct|300954003", "onset": -3, "side": "left"}
    cold = {"observation": "sct|309256001", "at": -1, "side": "left"}
    numb = {"observation": "sct|309537005", "at": -1, "side": "left"}
    text = detail(triage([pain, cold, numb, {"condition": "icd|M54.16", "onset": -100}]))
    assert "- Numbness or tingling, left, " in section(text, "Also recorded:**")
    assert "counts for: absent pulse, pallor or cyanosis of the leg, weakness" in section(text, "Not recorded**")


def test_what_is_recorded_but_not_interpreted_is_told_and_not_called_not_recorded() -> None:
    swollen = not_read("swelling", "Observation/1", 1, "value recorded as text, not interpreted")
    made = assessment(
        red_flags=(
            Finding(RULES["severe-pain"], State.UNKNOWN),
            Finding(RULES["swelling"], State.UNKNOWN, (swollen,)),
        ),
        illegible=(not_read("swelling", "Observation/2", 5), swollen),
    )
    text = detail(made)
    assert section(text, "Could not be read:**").strip() == (
        "- Swelling: value recorded as text, not interpreted, left, 2026-11-22 (1 day ago), `Observation/1`, and 1 more"
    )
    assert section(text, "Not recorded**").endswith(": severe pain")
    assert "2 of 2 unknown" in section(text, "Why this card:**")
    assert card(made).summary.endswith("no red flag recorded, 2 of 2 unknown")


def test_a_d_dimer_that_is_not_interpreted_stands_among_the_d_dimers_alone() -> None:
    text = detail(
        triage([{"condition": "sct|300954003", "onset": -3}, {"observation": "loinc|48065-7", "value": "positive"}])
    )
    assert "no result that can be read" in section(text, "D-dimer**")
    assert (section(text, "Could not be read"), section(text, "Home care")) == ("", "")


def test_of_much_that_is_not_interpreted_three_kinds_are_told() -> None:
    concepts = ("swelling", "pain-severity", "cold-limb", "pain", "skin-colour")
    entries = tuple(not_read(concept, f"Observation/{day}", day) for day, concept in enumerate(concepts, 1))
    lines = section(detail(assessment(illegible=entries)), "Could not be read:**").strip().splitlines()
    kinds = [line.partition(":")[0] for line in lines]
    assert kinds == ["- Swelling", "- Pain score", "- Cold leg or foot", "- and 2 more"]


def test_one_code_that_says_two_things_is_told_once() -> None:
    both = tuple(not_read(concept, "Observation/1") for concept in ("pain", "severe-pain"))
    lines = section(detail(assessment(illegible=both)), "Could not be read:**").strip().splitlines()
    assert lines == ["- Pain, severe pain: value not interpreted, left, 2026-11-22 (1 day ago), `Observation/1`"]


def test_a_date_that_cannot_be_read_is_told_once_where_the_date_stands() -> None:
    swollen = fact("swelling", "Observation/1", None, display="Swelling", remarks=("date could not be read",))
    line = section(detail(assessment(finding(RULES["swelling"], swollen))), "Evidence**").strip().splitlines()[2]
    assert line == "- Swelling: `Swelling`, left, calf or lower leg, date could not be read, `Observation/1`"


CARE = (HomeCareStep("rest"), HomeCareStep("compression", ("cellulitis", "reduced sensation")))


def test_home_care_is_offered_only_without_a_red_flag() -> None:
    suits, withheld = "Home care of the guidance that suits", "Home care to leave out here:**"
    assert "- Rest: no walking or running" in section(detail(assessment(home_care=CARE)), suits)
    assert section(detail(assessment(home_care=CARE)), withheld) == " compression (cellulitis; reduced sensation)"
    for other in (
        assessment(finding(RULES["swelling"], COLD), home_care=CARE),
        assessment(gaps=(UNREAD,), home_care=CARE),
        assessment(
            listed=(finding(RULES["numbness-tingling"], COLD, level=Level.NONE, note="explained"),), home_care=CARE
        ),
    ):
        assert section(detail(other), suits) == ""
        assert section(detail(other), withheld) == " compression (cellulitis; reduced sensation)"


@pytest.mark.parametrize(
    ("made", "words", "expected"),
    [
        (assessment(), "dark skin", False),
        (assessment(finding(RULES["discolouration"], fact("skin-colour", "Condition/1"))), "dark skin", True),
        (
            assessment(
                red_flags=(Finding(RULES["discolouration"], State.ABSENT, (fact("skin-colour", "Condition/1"),)),)
            ),
            "dark skin",
            True,
        ),
        (assessment(), "under 18", False),
        (assessment(is_child=True, age=(14, 14)), "under 18", True),
        (
            assessment(),
            "A lower card, or none, does not mean low risk. Data as of 2026-11-23 12:00 UTC.",
            True,
        ),
    ],
)
def test_the_small_print(made: Assessment, words: str, expected: bool) -> None:
    assert expected == (words in section(detail(made), "Limits:**"))


def test_no_paragraph_is_a_label_without_text() -> None:
    for made in (
        assessment(),
        Assessment(Level.INFO, gaps=(UNREAD,)),
        assessment(finding(RULES["swelling"], COLD)),
    ):
        for paragraph in detail(made).replace("\n\n- ", "\n- ").split("\n\n"):
            assert not paragraph.endswith(":**")
            assert "{" not in paragraph
