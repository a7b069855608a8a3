"""The summary: patient-specific, our own words only, never more than 139 characters."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.assessment.risk_factors import PREGNANT
from cds_service.assessment.rules import Finding, Rule
from cds_service.assessment.wells import WellsScore
from cds_service.assessment.wells_items import ITEMS
from cds_service.facts import NAMELESS_MEDICINES, Certainty, Fact, Gap, Quantity, Side, Site, State, Topic
from cds_service.rendering.summary import (
    OF_A_FINDING,
    OF_NO_FINDING,
    all_rules,
    longest_values,
    thrombosis_risks,
)
from tests.charts import Entry, triage
from tests.rendering.by_hand import FILES, assessment, card, case, elsewhere, fact, finding, present, wells

CHART_TEXT = "CHART"
MEASURED = (
    "pain-severity",
    "creatine-kinase",
    "potassium",
    "cold-limb",
    "leg-vein-thrombosis",
    "limb-weakness",
)
NUMBERS = (8.0, 12345.678, 1.7976931348623157e308, 5e-324)
SCORE = wells(*(present(row.label, to_confirm="all of it") for row in ITEMS if row.weight > 0))


def evidence(side: Side, certainty: Certainty, number: float) -> tuple[Fact, ...]:
    quantity = Quantity(number, CHART_TEXT, CHART_TEXT, ">=")
    return tuple(
        fact(
            concept,
            f"Observation/{CHART_TEXT}{place}",
            display=CHART_TEXT,
            side=side,
            quantity=quantity,
            certainty=certainty if place else Certainty.CONFIRMED,
            remarks=(CHART_TEXT,),
        )
        for place, concept in enumerate(MEASURED)
    )


@pytest.mark.parametrize("rule", all_rules(), ids=lambda rule: rule.id)
def test_every_summary_fits_and_quotes_no_chart_text(rule: Rule) -> None:
    others = [finding(each) for each in all_rules() if each is not rule]
    longest = longest_values(rule.card, FILES.shared.findings, FILES.shared.complaints)
    for own, certainty, number in product(Side, Certainty, NUMBERS):
        top = finding(rule, *evidence(own, certainty, number))
        for complaint, age, more in product(Side, (None, (65, 66), (998, 999)), ([], others)):
            made = assessment(top, *more, side=complaint, age=age, wells=SCORE)
            told = case(made)
            assert longest.keys() == OF_A_FINDING.keys()
            assert all(len(OF_A_FINDING[name](told)) <= len(longest[name]) for name in longest)
            if number == NUMBERS[0]:
                summary = card(made).summary
                assert 20 < len(summary) < 140
                assert CHART_TEXT not in summary
                assert "{" not in summary


@given(
    side=st.sampled_from(Side),
    age=st.none() | st.tuples(st.integers(0, 120), st.integers(0, 120)),
    complaint=st.sampled_from(sorted(FILES.shared.findings)),
    items=st.lists(st.sampled_from(["active cancer", "paralysis, paresis or plaster of the leg", "x" * 99])),
    unread=st.sets(st.sampled_from(Topic)),
)
def test_summaries_without_a_finding_fit(
    side: Side, age: tuple[int, int] | None, complaint: str, items: list[str], unread: set[Topic]
) -> None:
    made = assessment(
        side=side,
        age=age,
        complaint=(fact(complaint, "Condition/1", display=CHART_TEXT),),
        wells=WellsScore(tuple(present(label) for label in items)),
        gaps=tuple(Gap(topic, "reason") for topic in sorted(unread)),
    )
    assert 20 < len(card(made).summary) < 140
    longest = longest_values("no-red-flag", FILES.shared.findings, FILES.shared.complaints)
    assert all(len(OF_NO_FINDING[name](case(made))) <= len(longest[name]) for name in longest)


def rule(name: str) -> Rule:
    return next(each for each in all_rules() if each.id == name)


def score(value: float) -> Fact:
    return fact("pain-severity", "Observation/1", quantity=Quantity(value, "of 10", f"{value:g} of 10"))


@pytest.mark.parametrize(
    ("findings", "expected"),
    [
        (
            [finding(rule("severe-pain"), score(8.0), score(7.0))],
            "Severe pain, 8 of 10, left leg, age 46: red flag of the guidance",
        ),
        (
            [
                finding(rule("severe-pain"), score(8.0)),
                finding(rule("swelling"), fact("swelling", "Condition/2")),
            ],
            "Severe pain, 8 of 10 and 1 more, left leg, age 46: red flag of the guidance",
        ),
        (
            [finding(rule("walking-problem"), elsewhere("walking-problem", "Condition/1"))],
            "Problems walking or moving, complaint in left leg, age 46: red flag of the guidance",
        ),
        (
            [
                finding(
                    rule("limb-ischaemia-signs"),
                    fact("cold-limb", "Observation/1"),
                    fact("numbness-tingling", "Condition/1", side=Side.NOT_STATED, site=Site.NOT_STATED),
                )
            ],
            "Recorded: cold leg or foot, numbness or tingling, left leg where stated; consider vascular assessment",
        ),
        (
            [
                finding(rule("pulse-absent"), fact("pulse-absent", "Observation/1")),
                finding(rule("cold-limb"), fact("cold-limb", "Observation/2", side=Side.NOT_STATED)),
            ],
            "Absent pulse, cold leg or foot, left leg where stated; consider pulses and sensation",
        ),
        (
            [finding(rule("swelling"), fact("swelling", "Condition/1", side=Side.BOTH))],
            "Swelling of leg, ankle or foot, both legs, age 46: red flag of the guidance",
        ),
        (
            [
                finding(
                    rule("acute-limb-ischaemia"),
                    fact("acute-limb-ischaemia", "Condition/1", certainty=Certainty.SUSPECTED),
                )
            ],
            "Recorded: acute limb ischaemia (suspected), left leg; consider vascular assessment",
        ),
        (
            [
                finding(rule("cold-limb"), fact("cold-limb", "Observation/1")),
                finding(rule("pulse-absent"), fact("pulse-absent", "Observation/2")),
                finding(rule("swelling"), fact("swelling", "Observation/3")),
            ],
            "Cold leg or foot, absent pulse and 1 more, left leg; consider pulses and sensation",
        ),
        (
            [
                finding(rule("numbness-tingling"), fact("numbness-tingling", "Observation/1", side=Side.BOTH)),
                finding(rule("limb-weakness"), fact("limb-weakness", "Observation/2")),
            ],
            "Numbness or tingling, leg weakness (left), both legs; consider pulses and sensation",
        ),
        (
            [
                finding(
                    rule("limb-ischaemia-signs"),
                    fact("cold-limb", "Observation/1"),
                    fact("pulse-absent", "Observation/2", side=Side.BOTH),
                    fact("numbness-tingling", "Observation/3", side=Side.RIGHT),
                )
            ],
            "Recorded: cold leg or foot (left), absent pulse and 1 more, both legs; consider vascular assessment",
        ),
        (
            [
                finding(
                    rule("potassium"),
                    elsewhere("potassium", "Observation/1", quantity=Quantity(2.3, "mmol/L", "2.3 mmol/L")),
                )
            ],
            "Low potassium, 2.3 mmol/L, age 46; consider magnesium, ECG and medicines",
        ),
    ],
)
def test_the_summary_says_what_where_and_whose(findings: list[Finding], expected: str) -> None:
    assert expected == card(assessment(*findings)).summary


def test_the_wells_score_is_told_as_a_range() -> None:
    score = wells(present("active cancer", to_confirm="treatment"), present("previous DVT"), side=Side.LEFT)
    made = assessment(finding(rule("wells"), fact("previous-dvt", "Condition/1")), wells=score)
    assert (
        card(made).summary
        == "Two-level Wells from the record, 2 (possible -1 to 9), left leg; consider assessment for DVT"
    )


def test_an_anticoagulant_among_the_evidence_is_named() -> None:
    treated = finding(rule("treated-thrombosis"), fact("dvt", "Condition/1"), elsewhere("anticoagulant", "M/1"))
    assert OF_A_FINDING["anticoagulant"](case(assessment(treated))) == "on an anticoagulant"


@pytest.mark.parametrize(
    ("unknown", "expected"),
    [
        ({}, "no anticoagulant found"),
        ({"gaps": (Gap(Topic.MEDICATIONS, "no answer"),)}, "medicines not read"),
        ({"left_out": ((NAMELESS_MEDICINES, 1),)}, "medicine code not sent"),
    ],
)
def test_unknown_medicines_are_not_called_absent(unknown: dict[str, Any], expected: str) -> None:
    made = assessment(finding(rule("dvt"), fact("dvt", "Condition/1")), **unknown)
    assert f"DVT on record, left leg, age 46: {expected}; consider review of treatment" == card(made).summary


def test_a_grave_finding_of_the_other_leg_is_counted_beside_an_untreated_dvt() -> None:
    cellulitis = fact("cellulitis", "Condition/2", side=Side.RIGHT)
    sepsis = finding(rule("cellulitis-sepsis"), cellulitis, elsewhere("sepsis", "Condition/3"))
    made = assessment(finding(rule("dvt"), fact("dvt", "Condition/1")), sepsis)
    assert card(made).summary.startswith("DVT on record, left leg, and 1 more, age 46: no anticoagulant found;")


def test_a_risk_of_thrombosis_is_named_first() -> None:
    pregnancy = elsewhere("pregnancy", "Condition/9")
    made = assessment(
        risk_factors=(Finding(PREGNANT, State.PRESENT, (pregnancy,)),),
        complaint=(fact("cramp", "Condition/1"),),
    )
    assert card(made).summary == (
        "Pregnant, or in the weeks after birth; calf cramp, left leg, age 46: no red flag recorded, 0 of 0 not recorded"
    )


def test_a_risk_that_the_wells_score_counts_is_not_named_twice() -> None:
    cancer = elsewhere("malignancy", "Condition/9")
    malignancy = Finding(Rule("malignancy", "Cancer", PREGNANT.source), State.PRESENT, (cancer,))
    score = wells(present("active cancer", cancer))
    assert thrombosis_risks(assessment(risk_factors=(malignancy,), wells=score)) == ["active cancer"]


def test_calf_pain_is_named_before_its_cause() -> None:
    causes = (fact("strain", "Condition/1"), fact("pain", "Condition/2"))
    assert card(assessment(complaint=causes)).summary.startswith("Calf pain, left leg")


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        (
            [
                {"condition": "sct|300954003", "onset": -2, "side": "right"},
                {"condition": "sct|404223003", "onset": -40, "side": "left"},
                {"medication": "rx|1364430", "at": -40},
            ],
            "calf pain, right leg",
        ),
        (
            [
                {"condition": "sct|449918009", "onset": -2, "side": "right"},
                {"condition": "icd|M76.62", "onset": -2},
            ],
            "Tendinopathy, left leg",
        ),
        (
            [
                {"condition": "sct|300954003", "onset": -2, "side": "right"},
                {"condition": "sct|300954003", "onset": -2, "side": "left"},
            ],
            "Calf pain, both legs",
        ),
        (
            [{"condition": "sct|300954003", "onset": -2}, {"condition": "sct|449918009", "onset": -2, "side": "right"}],
            "Calf pain, side not recorded",
        ),
    ],
)
def test_the_side_is_that_of_the_complaint_that_is_named(entries: list[Entry], expected: str) -> None:
    made = triage(entries)
    assert made.findings == ()
    assert f"{expected}, age" in card(made).summary
    assert f"{expected[:1].lower()}{expected[1:]}. No red flag" in (card(made).detail or "")
