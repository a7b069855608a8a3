"""The Wells score and the D-dimer on a card: which words, and where nothing is said."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.assessment.d_dimer import Kind, Reading, Verdict
from cds_service.assessment.wells import Outside, WellsItem
from cds_service.assessment.wells_items import LARGER_CALF
from cds_service.facts import Fact, Gap, Quantity, Side, State, Topic
from cds_service.rendering.summary import all_rules
from cds_service.rendering.thrombosis import outlook
from tests.charts import triage
from tests.rendering.by_hand import assessment, card, detail, elsewhere, fact, finding, present, wells
from tests.rendering.test_sections import section

RULES = {rule.id: rule for rule in all_rules()}
DVT = finding(RULES["suspected-dvt"], fact("dvt", "Condition/dvt"))
OLD_DVT = elsewhere("previous-dvt", "Condition/old", 900)
TREATMENT = "cancer treatment within 6 months or palliative care"
MAJOR = "major surgery under general or regional anaesthesia"
TITLE = "Two-level Wells score for DVT"


def told(**members: Any) -> str:
    """What the card of a suspected DVT says of the score."""
    return section(detail(assessment(DVT, **members)), TITLE)


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        (
            (),
            "two more items are found, such as a calf at least 3 cm larger and tenderness along the deep veins, and no "
            "other diagnosis is judged as likely: measure both calves and feel along the deep veins",
        ),
        (
            (present("previous DVT"),),
            "one more item is found, such as a calf at least 3 cm larger, and no other diagnosis is judged as likely: "
            "measure both calves",
        ),
        (
            (present("previous DVT"), WellsItem(LARGER_CALF, State.ABSENT)),
            "one more item is found, such as tenderness along the deep veins, and no other diagnosis is judged as "
            "likely: feel along the deep veins",
        ),
        (
            (present("active cancer", to_confirm=TREATMENT),),
            f"{TREATMENT} is confirmed, one more item is found, such as a calf at least 3 cm larger, and no other "
            "diagnosis is judged as likely: measure both calves",
        ),
        (
            (present("previous DVT"), present("paralysis, paresis or plaster of the leg")),
            "no other diagnosis is judged ",
        ),
        (
            (present("previous DVT"), present("active cancer", to_confirm=TREATMENT)),
            f"{TREATMENT} is confirmed, and no other diagnosis is judged as likely",
        ),
        (
            (
                present("previous DVT"),
                present("active cancer", to_confirm=TREATMENT),
                present("bedridden or recent surgery", to_confirm=MAJOR),
            ),
            f"at least 1 of these is confirmed ({TREATMENT}; {MAJOR}), and no other diagnosis is judged as likely",
        ),
    ],
)
def test_what_would_make_it_likely(items: tuple[WellsItem, ...], expected: str) -> None:
    assert outlook(wells(*items)).startswith(f'"DVT likely" (2 or more) if {expected}')


def test_it_is_likely_whatever_else_is_found() -> None:
    sure = [present(label) for label in ("previous DVT", LARGER_CALF, "paralysis, paresis or plaster of the leg")]
    four = [*sure, present("pitting oedema of this leg only")]
    assert outlook(wells(*four)) == '"DVT likely" (2 or more) whatever else is found'
    assert outlook(wells(*sure)) == '"DVT likely" (2 or more) if no other diagnosis is judged as likely'


def test_both_a_likelier_diagnosis_and_what_is_open_can_be_what_it_takes() -> None:
    items = [present(label) for label in ("previous DVT", LARGER_CALF, "paralysis, paresis or plaster of the leg")]
    assert outlook(wells(*items, present("active cancer", to_confirm=TREATMENT)), ["strain"]) == (
        '"DVT likely" (2 or more) unless another diagnosis (strain on record) is judged as likely and this is not '
        f"confirmed: {TREATMENT}"
    )


def test_what_is_promised_of_the_range_is_so() -> None:
    """With 1 sure point: one item more, no likelier diagnosis, and it is 2."""
    one = wells(present("previous DVT"))
    assert (one.points, one.least, one.most, one.points + 1 >= one.likely_points) == (1, -1, 9, True)


def test_the_section_names_each_item_with_its_state_and_evidence() -> None:
    calves = [
        fact("calf-circumference", f"Observation/{side.name}", 1, side=side, quantity=Quantity(36.0, "cm", f"{cm} cm"))
        for side, cm in ((Side.LEFT, 36), (Side.RIGHT, 35))
    ]
    score = wells(present("previous DVT", OLD_DVT), WellsItem(LARGER_CALF, State.ABSENT, tuple(calves)))
    assert told(wells=score).splitlines() == [
        ' (NICE NG158, Table 1):** 1 from the record (possible -1 to 8). "DVT likely" (2 or more) if one more item is '
        "found, such as tenderness along the deep veins, and no other diagnosis is judged as likely: feel along the "
        "deep veins.",
        "",
        "- Recorded: previous DVT (onset 2024-06-06 (2 years ago), `Condition/old`)",
        "- Recorded as absent: calf at least 3 cm larger (`36 cm`, left, 2026-11-22 (1 day ago), `Observation/LEFT`; "
        "`35 cm`, right, 2026-11-22 (1 day ago), `Observation/RIGHT`)",
        "- Not recorded: active cancer, paralysis, paresis or plaster of the leg, bedridden or recent surgery, pitting "
        "oedema of this leg only; no code shows tenderness along the deep veins, swelling of the whole leg, collateral "
        "superficial veins or whether another diagnosis is at least as likely",
    ]


def test_where_nothing_is_recorded_one_line_tells_the_range_and_the_step() -> None:
    assert told(wells=wells()).endswith(
        ':** 0 from the record (possible -2 to 9), as none of the ten items is recorded. "DVT likely" from 2 on: '
        "measure both calves and feel along the deep veins."
    )


def test_a_diagnosis_on_record_is_named_where_it_could_be_the_likelier_one() -> None:
    strain = fact("strain", "Condition/strain")
    text = told(wells=wells(), complaint=(fact("pain", "Condition/pain"), strain))
    assert "2 less if muscle strain or tear (on record) is judged as likely: measure" in text


def test_where_both_legs_complain_the_leg_of_the_score_is_named() -> None:
    score = wells(present("previous DVT", OLD_DVT), side=Side.LEFT)
    assert "1 from the record, left (possible" in told(wells=score, side=Side.BOTH)
    assert "1 from the record (possible" in told(wells=score)
    score = wells(present("previous DVT", OLD_DVT), side=Side.BOTH)
    assert "1 from the record, either leg (possible" in told(wells=score, side=Side.BOTH)


@pytest.mark.parametrize(
    ("reasons", "expected"),
    [
        ((Outside.CHILD,), "not shown under 18. NICE NG158 is for adults who are not pregnant."),
        (
            (Outside.PREGNANCY,),
            "not shown in pregnancy and the weeks after birth, where RCOG 2015 (Green-top Guideline 37b) names "
            "compression duplex ultrasound instead. NICE NG158 is for adults who are not pregnant.",
        ),
    ],
)
def test_where_there_is_no_score_the_card_says_why(reasons: tuple[Outside, ...], expected: str) -> None:
    assert told(wells=None, outside_wells=reasons).endswith(f":** {expected}")


def test_the_card_for_pregnancy_names_the_ultrasound_in_the_place_of_the_score() -> None:
    pain = {"condition": "sct|300954003", "onset": -3, "side": "left"}
    text = detail(triage([pain, {"condition": "sct|77386006", "onset": -100}]))
    assert "compression duplex ultrasound instead" in section(text, TITLE)


def test_a_child_with_a_red_flag_has_no_score() -> None:
    pain = {"condition": "sct|300954003", "onset": -3, "side": "left"}
    swelling = {"observation": "sct|449615005", "at": -1, "side": "left"}
    who = {"resourceType": "Patient", "id": "p1", "birthDate": "2012-01-01"}
    assert "not shown under 18" in section(detail(triage([pain, swelling], who)), TITLE)


def test_without_a_red_flag_the_score_is_told_beside_a_point_or_a_d_dimer_only() -> None:
    assert section(detail(assessment(wells=wells())), TITLE) == ""
    assert "1 from the record" in section(detail(assessment(wells=wells(present("previous DVT", OLD_DVT)))), TITLE)
    assert "0 from the record" in section(detail(assessment(wells=wells(), d_dimers=(NORMAL,))), TITLE)
    assert "Wells" not in detail(assessment(finding(RULES["potassium"]), wells=wells()))


def result(**members: Any) -> Fact:
    quantity = Quantity(210.0, "ng/mL{FEU}", "210 ng/mL{FEU} (upper limit 500)", "", 500.0)
    return elsewhere("d-dimer", "Observation/d", members.pop("days", 1), **{"quantity": quantity, **members})


NORMAL = Reading(result(), Kind.FEU, Verdict.NORMAL, current=True)
RAISED = Reading(result(), Kind.FEU, Verdict.RAISED, current=True)


def of(*results: Reading, **members: Any) -> list[str]:
    text = section(detail(assessment(DVT, **{"wells": wells(), **members}, d_dimers=results)), "D-dimer**")
    return text.splitlines()[2:]


def test_a_normal_result_says_what_it_is_worth() -> None:
    start = "- `210 ng/mL{FEU} (upper limit 500)`, FEU, 2026-11-22 (1 day ago), `Observation/d`: "
    start += "not raised by its own limit"
    worth = (
        "; NICE NG158 rests on it only with a Wells score of 1 or less (here 0, possible -2 to 9) and a sample taken "
        "before any anticoagulant"
    )
    end = "; the level stays"
    assert of(NORMAL) == [f"{start}{worth}{end}"]
    treated = Reading(result(), Kind.FEU, Verdict.NORMAL, current=True, treated=True)
    assert of(treated) == [f"{start}{worth} (one is on record){end}"]
    unread = (Gap(Topic.MEDICATIONS, "no answer"),)
    assert of(NORMAL, gaps=unread) == [f"{start}{worth} (medicines not read in full){end}"]
    assert of(NORMAL, wells=None) == [f"{start}; outside NICE NG158, so nothing rests on it here"]


def test_a_raised_result_over_50_says_that_no_limit_by_age_is_applied() -> None:
    by_age = "; a limit by age is not applied: it is for a Wells score of 1 or less, and four items have no code"
    (line,) = of(RAISED, age=(71, 71))
    assert line.endswith(f"raised by its own limit{by_age}")
    assert of(RAISED, age=(50, 50))[0].endswith("raised by its own limit")
    assert of(Reading(result(), Kind.DDU, Verdict.RAISED, True), age=(71, 71))[0].endswith("raised by its own limit")


@pytest.mark.parametrize(
    ("reading", "end"),
    [
        (Reading(result(days=9), Kind.FEU, Verdict.RAISED, False), "raised by its own limit; too old to count"),
        (
            Reading(result(days=None), Kind.FEU, Verdict.NORMAL, False),
            "not raised by its own limit; undated, so not counted",
        ),
        (
            Reading(result(), Kind.NOT_STATED, Verdict.AMBIGUOUS_CODE, True),
            "FEU or DDU not stated, 2026-11-22 (1 day ago), `Observation/d`: not compared with its limit, as LOINC "
            "30240-6 does not tell FEU from DDU",
        ),
        (
            Reading(result(), Kind.FEU, Verdict.NO_LIMIT, True),
            "without a limit that can be compared and without a flag",
        ),
        (
            Reading(result(quantity=None, display="D-Dimer"), Kind.NOT_STATED, Verdict.NO_VALUE, True),
            "- `D-Dimer`, 2026-11-22 (1 day ago), `Observation/d`: no result that can be read",
        ),
        (
            Reading(result(remarks=("preliminary",)), Kind.FEU, Verdict.RAISED, True),
            "2026-11-22 (1 day ago), `preliminary`, `Observation/d`: raised by its own limit",
        ),
    ],
)
def test_every_result_is_named_with_what_it_is(reading: Reading, end: str) -> None:
    assert of(reading)[0].endswith(end)


def test_a_result_named_by_words_of_the_chart_opens_no_markdown() -> None:
    reading = Reading(result(quantity=None, display="[x](http://evil) `<b>`"), Kind.FEU, Verdict.NO_VALUE, True)
    assert of(reading)[0].startswith("- `[x](http://evil) <b>`, FEU, ")


def test_one_point_tells_what_would_make_it_two() -> None:
    """A card for 1 point, no red flag: the range, what would bring it to 2, and the step."""
    pain = {"condition": "sct|300954003", "onset": -3, "side": "left"}
    made = card(triage([pain, {"condition": "sct|161508001"}]))
    assert made.indicator == "info"
    assert made.detail is not None
    assert (
        '1 from the record (possible -1 to 9). "DVT likely" (2 or more) if one more item is found, such as a calf at '
        "least 3 cm larger, and no other diagnosis is judged as likely: measure both calves." in made.detail
    )
    assert len(made.summary) < 140


def test_no_finding_repeats_the_items() -> None:
    score = wells(present("active cancer", OLD_DVT), present("previous DVT", OLD_DVT))
    text = detail(assessment(finding(RULES["wells"], OLD_DVT), wells=score))
    assert text.count("active cancer") == 1


def test_an_injury_of_that_leg_is_named_as_the_other_diagnosis_and_its_veins_are_not_felt_along() -> None:
    pain = {"condition": "sct|300954003", "onset": -3, "side": "left"}
    swelling = {"observation": "sct|449615005", "at": -1, "side": "left"}
    fracture = {"condition": "icd|S82.202A", "onset": -3}
    text = section(detail(triage([pain, swelling, fracture])), TITLE)
    assert "2 less if injury between knee and ankle (on record) is judged as likely" in text
    assert "feel along the deep veins" not in text
    other_leg = section(detail(triage([pain, swelling, {**fracture, "condition": "icd|S82.201A"}])), TITLE)
    assert "from 2 on: measure both calves and feel along the deep veins" in other_leg


def test_a_known_dvt_gets_no_pathway_for_a_suspected_one() -> None:
    """A treated DVT whose pain is as old as it, and cancer: an info card, and DVT is no question any more."""
    dvt = {"condition": "sct|404223003", "onset": -8, "side": "left"}
    pain = {"condition": "icd|M79.662", "onset": -10}
    apixaban = {"medication": "rx|1364445", "at": -8}
    cancer = {"condition": "sct|363346000", "onset": -100}
    made = card(triage([dvt, pain, apixaban, cancer]))
    text = made.detail or ""
    assert made.indicator == "info"
    assert made.summary.startswith("Known DVT; ")
    assert (
        "On record: DVT of the leg, left. Whether the dose of an anticoagulant on record treats it is not read. If the"
        in text
    )
    assert TITLE not in text
    assert "DVT still stays open" not in text
    assert "Deep vein thrombosis of the leg**" not in text
    without = card(triage([pain, cancer])).detail or ""
    assert TITLE in without
    assert "DVT still stays open" in without
    assert "On record: DVT" not in without
