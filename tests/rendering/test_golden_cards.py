"""Whole cards, as a clinician reads them: golden/*.md, one card each, its indicator and summary on top.

After a wanted change of words, write the new text there by hand: reading it is the review.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.assessment.home_care import HomeCareStep
from cds_service.assessment.red_flags import REST, SEVERE, SUDDEN, SWELLING, WALKING
from cds_service.assessment.risk_factors import OVER_65
from cds_service.assessment.rules import Finding, Level, Rule
from cds_service.assessment.sources import NICE_DVT
from cds_service.assessment.triage import Assessment
from cds_service.facts import Certainty, Gap, Quantity, Side, Site, State, Topic
from cds_service.rendering.summary import all_rules
from tests.rendering.by_hand import assessment, card, elsewhere, fact, finding, present, wells

GOLDEN = Path(__file__).parent / "golden"
RULES = {rule.id: rule for rule in all_rules()}
COLD = fact("cold-limb", "Observation/cold", 1, display="Cold foot", site=Site.FOOT)
PULSE = fact("pulse-absent", "Observation/pulse", 2, display="Dorsalis pulse absent", site=Site.FOOT)
SCORE = fact(
    "pain-severity",
    "Observation/score",
    0,
    display="Pain severity - 0-10 verbal numeric rating",
    quantity=Quantity(8.0, "of 10", "8 of 10"),
)
OEDEMA = fact("swelling", "Condition/oedema", 2, display="Edema of lower leg")
DVT = fact("dvt", "Condition/dvt", 2, display="Acute DVT, left leg", certainty=Certainty.SUSPECTED, site=Site.LEG)
OLD_DVT = fact("previous-dvt", "Condition/old-dvt", 2500, display="History of DVT", side=Side.NOT_STATED)
PREVIOUS = Finding(Rule("previous-dvt", "Previous DVT", NICE_DVT), State.PRESENT, (OLD_DVT,))
WELLS = wells(present("previous DVT", OLD_DVT))
APIXABAN = elsewhere(
    "anticoagulant",
    "MedicationRequest/apixaban",
    40,
    display="apixaban 5 MG Oral Tablet",
    remarks=("5 mg twice daily",),
)
UNKNOWN = tuple(Finding(rule, State.UNKNOWN) for rule in (SUDDEN, WALKING, REST))

CARDS = {
    "limb-ischaemia": assessment(
        finding(RULES["limb-ischaemia-signs"], COLD, PULSE, level=Level.CRITICAL),
        finding(RULES["cold-limb"], COLD),
        finding(RULES["pulse-absent"], PULSE),
        age=(71, 71),
        red_flags=(Finding(SEVERE, State.UNKNOWN), Finding(SWELLING, State.ABSENT, (OEDEMA,)), *UNKNOWN),
        risk_factors=(Finding(OVER_65, State.PRESENT),),
        home_care=(
            HomeCareStep("compression", ("arterial disease, or signs of it",)),
            HomeCareStep("elevation", ("blood supply of the leg may be critical",)),
        ),
    ),
    "red-flags": assessment(
        finding(SEVERE, SCORE),
        finding(SWELLING, OEDEMA),
        finding(RULES["severe-pain-anticoagulant"], SCORE, APIXABAN, note="consider haematoma"),
        red_flags=(finding(SEVERE, SCORE), finding(SWELLING, OEDEMA), *UNKNOWN),
        home_care=(HomeCareStep("rest"), HomeCareStep("compression", ("swelling: DVT not excluded",))),
        gaps=(Gap(Topic.MEDICATIONS, "the EHR reported an error"),),
        left_out=(("are not coded (text is not interpreted)", 2),),
    ),
    "possible-dvt": assessment(
        finding(RULES["suspected-dvt"], DVT),
        finding(SWELLING, OEDEMA),
        wells=WELLS,
        red_flags=(finding(SWELLING, OEDEMA), *UNKNOWN),
        risk_factors=(Finding(OVER_65, State.ABSENT), PREVIOUS),
    ),
    "no-red-flag": assessment(
        wells=WELLS,
        red_flags=UNKNOWN,
        risk_factors=(Finding(OVER_65, State.UNKNOWN), PREVIOUS),
        age=(65, 66),
        home_care=(HomeCareStep("rest"), HomeCareStep("ice"), HomeCareStep("compression", ("cellulitis",))),
    ),
    "not-assessed": Assessment(
        Level.INFO,
        age=(14, 14),
        is_child=True,
        gaps=(
            Gap(Topic.CONDITIONS, "the EHR reported an error"),
            Gap(Topic.OBSERVATIONS, "Observation/o.1 could not be read"),
        ),
    ),
}


@pytest.mark.parametrize("name", CARDS)
def test_golden_cards(name: str) -> None:
    made = card(CARDS[name])
    shown = f"{made.indicator}: {made.summary}\n\n{made.detail}\n"
    assert shown == (GOLDEN / f"{name}.md").read_text()


def test_each_golden_card_is_tested() -> None:
    assert {path.stem for path in GOLDEN.glob("*.md")} == CARDS.keys()
