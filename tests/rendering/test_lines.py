"""What the lines of a card say of certain charts: each a chart in few words, and what must stand where."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from cds_service.assessment.appointments import LateAppointments
from cds_service.assessment.engine import assess
from cds_service.assessment.rule import Level
from cds_service.facts import UNREAD_MEDICINES, Gap, Interval, Topic
from cds_service.fhir.passed_over import UNCODED
from cds_service.fhir.reading import NOT_READABLE, ChartReader
from cds_service.rendering.case import Occasion, card_id
from cds_service.rendering.headline import longest
from cds_service.rendering.render import Renderer
from cds_service.thresholds import Thresholds
from tests.charts import (
    AS_OF,
    PATIENT_ID,
    READER,
    Entry,
    born_years_ago,
    material,
    patient,
    read,
    resource,
    triage,
)
from tests.rendering.by_hand import (
    APIXABAN,
    CALF_PAIN,
    CIRCUMSTANCES,
    FILES,
    GUIDANCE_URL,
    RENDERER,
    card,
    card_of,
    detail,
    line,
)

CRAMP: Entry = {"condition": "sct|449918009", "onset": -3, "side": "left"}
BREATHLESS: Entry = {"condition": "sct|267036007", "onset": -3}
DVT: Entry = {"condition": "sct|404223003", "onset": -4, "side": "left"}
SUSPECTED: Entry = {**DVT, "verification": "provisional"}
SWELLING: Entry = {"observation": "sct|449615005", "at": -1, "side": "left"}
SUPERFICIAL: Entry = {"condition": "icd|I80.02", "onset": -2, "side": "left"}
PREGNANT: Entry = {"condition": "sct|77386006", "onset": -100}
DELIVERED: Entry = {"condition": "sct|133906008", "onset": -20}
COLD: Entry = {"observation": "sct|309256001", "at": -1, "side": "left"}
NUMB: Entry = {"observation": "sct|309537005", "at": -2, "side": "left"}
SCORE: Entry = {"observation": "loinc|72514-3", "at": -1, "value": 8, "site": "sct|53840002", "side": "left"}
BLEEDING: Entry = {"condition": "icd|K92.2", "onset": -20}
FEW_PLATELETS: Entry = {"observation": "loinc|777-3", "at": -2, "value": 38, "unit": "10*3/uL"}
WOMAN = patient(gender="female")
BOY = patient(birthDate=born_years_ago(14))

HEADLINES: list[tuple[list[Entry], str]] = [
    ([CALF_PAIN], "Calf pain, left leg, 3 days: 7 of 7 red flags unknown"),
    ([CALF_PAIN, {**SCORE, "value": 3}], "Calf pain, left leg, 3 days: 6 of 7 red flags unknown"),
    ([CALF_PAIN, SCORE], "Severe pain 8 of 10, left leg, 1 day: "),
    ([CALF_PAIN, DVT], "DVT, left leg, 4 days, no anticoagulant found: "),
    ([{**DVT, "condition": "icd|I82.442"}], "DVT of the calf, left leg, 4 days, no anticoagulant found: "),
    ([CALF_PAIN, SUSPECTED], "Suspected DVT, left leg, 4 days: "),
    ([CALF_PAIN, BREATHLESS], "Breathlessness, 3 days, with a leg complaint: "),
    ([{**DVT, "onset": -30}, APIXABAN, {**BREATHLESS, "onset": -1}], "Breathlessness, 1 day, with a leg complaint: "),
    ([{**DVT, "onset": -4}, CALF_PAIN, APIXABAN], "Known DVT, left leg, 4 days: "),
    ([CRAMP, BREATHLESS], "Calf cramp, left leg, 3 days, with breathlessness: "),
    ([CALF_PAIN, {**COLD, "side": "right"}], "Calf pain, left leg, 3 days, with cold leg or foot"),
    ([{"condition": "icd|I70.222", "onset": -5}], "Features of chronic limb-threatening ischaemia, left leg, 5 days: "),
    ([{**CALF_PAIN, "side": "right"}, CALF_PAIN], "Calf pain, both legs, 3 days: "),
    ([{**CALF_PAIN, "onset": "2026-01-05", "recorded": -1}], "Calf pain for 10 months, left leg: "),
    ([{"condition": "icd|M76.62", "onset": -2}], "Tendinopathy, left leg, 2 days: "),
]


@pytest.mark.parametrize(("entries", "begins"), HEADLINES)
def test_the_summary_begins_with_the_worst_its_value_side_and_time(entries: list[Entry], begins: str) -> None:
    assert card_of(*entries).summary[: len(begins)] == begins


STEPS = FILES.shared.dvt_steps


@pytest.mark.parametrize("complaint", [SUSPECTED, SWELLING, SUPERFICIAL])
@pytest.mark.parametrize(
    ("beside", "who", "steps"),
    [
        ([], None, "score"),
        ([APIXABAN], None, "anticoagulant"),
        ([PREGNANT], WOMAN, "pregnancy"),
        ([DELIVERED], WOMAN, "pregnancy"),
        ([PREGNANT, APIXABAN], WOMAN, "pregnancy"),
        ([], BOY, "child"),
        ([APIXABAN], BOY, "child"),
    ],
)
def test_how_to_tell_a_dvt_depends_on_the_patient(
    complaint: Entry, beside: list[Entry], who: dict[str, Any] | None, steps: str
) -> None:
    """NICE NG158 is named only to whom it is for."""
    made = line(detail(CRAMP, complaint, *beside, who=who), "Options")
    assert [name for name, words in STEPS.items() if words in made] == [steps]
    if steps != "score":
        assert "NG158" not in made


SAID: list[tuple[list[Entry], str, str]] = [
    # what is recorded and counts for nothing is told, once
    ([CALF_PAIN, {**COLD, "side": "right"}], "Also assess", "cold leg or foot right, 22 Nov (1 day)."),
    ([CRAMP, BREATHLESS], "Also assess", "breathlessness, 20 Nov (3 days)."),
    ([CALF_PAIN, {**BREATHLESS, "onset": -10}], "Also assess", "breathlessness, 13 Nov (10 days)."),
    # risks of the guidance and of thrombosis
    ([CALF_PAIN, {"condition": "icd|C50.919", "onset": -100}], "Recorded", "Risk: cancer."),
    ([CALF_PAIN, {"procedure": "sct|387713003", "at": -10}], "Recorded", "surgery in the last 12 weeks."),
    # a DVT: what is known of an anticoagulant
    ([CALF_PAIN, DVT], "Not found", "anticoagulant order (outside prescriptions not seen)"),
    # what speaks against an anticoagulant, on a card about a clot
    ([DVT, BLEEDING, FEW_PLATELETS], "Against an anticoagulant", "gastrointestinal bleeding, 3 Nov (20 days)"),
    ([DVT, BLEEDING, FEW_PLATELETS], "Against an anticoagulant", "platelets 38 x 10*9/L, 21 Nov (2 days)."),
    ([SUSPECTED, BLEEDING], "Against an anticoagulant", "gastrointestinal bleeding, 3 Nov (20 days)."),
    # pain of one side and a sign of the other
    ([CALF_PAIN, {**COLD, "side": "right"}], "Recorded", "pain left, cold leg or foot right; "),
    # sudden calf pain and trouble walking without a cause on record may be the Achilles tendon
    (
        [
            {"observation": "sct|300954003", "at": -1, "side": "left", "value": "sct|385315009"},
            {"observation": "sct|719232003", "at": -1},
        ],
        "Check",
        "test the Achilles tendon",
    ),
    # a nerve sign may come from the spine
    ([CALF_PAIN, {**NUMB, "side": "both"}], "Check", "Bladder, bowel, saddle sensation"),
    (
        [CALF_PAIN, NUMB, {"condition": "sct|18347007", "onset": -900}],
        "Check",
        "With a spinal cause on record: ask about",
    ),
    (
        [CRAMP, COLD, {"condition": "icd|I70.222", "onset": -5}],
        "Recorded",
        "rest pain and arterial disease left, 18 Nov (5 days)",
    ),
    # an anticoagulant beside a mere complaint
    ([CALF_PAIN, APIXABAN], "Check", "Patient on an anticoagulant: consider bleeding; DVT stays possible."),
    (
        [{**DVT, "onset": -4}, CALF_PAIN, APIXABAN],
        "Check",
        "DVT on record (left): consider extension, recurrence or bleeding.",
    ),
]


@pytest.mark.parametrize(("entries", "label", "says"), SAID)
def test_a_line_says_what_the_record_holds(entries: list[Entry], label: str, says: str) -> None:
    text = detail(*entries)
    found = [part for part in text.split("\n\n") if part.startswith(f"**{label}")]
    assert any(says in part for part in found), text


NO_CLOT: list[tuple[Entry, str]] = [
    ({"observation": "loinc|48065-7", "at": -1, "value": 300, "unit": "ng/mL{FEU}", "high": 500}, "D-dimer 300"),
    ({**DVT, "side": "right", "verification": "refuted"}, "DVT right, 19 Nov (4 days), denied"),
]


@pytest.mark.parametrize(("against", "says"), NO_CLOT)
@pytest.mark.parametrize("beside", [[], [SWELLING], [DVT], [SUSPECTED], [BREATHLESS]])
def test_what_speaks_against_a_clot_lowers_and_hides_nothing(against: Entry, says: str, beside: list[Entry]) -> None:
    """Beside it the card has the level, the headline and the lines that it has without."""
    alone, made = card_of(CALF_PAIN, *beside), card_of(CALF_PAIN, *beside, against)
    said = line(made.detail or "", "Against a clot")
    assert said.startswith(says)
    assert (made.indicator, made.summary) == (alone.indicator, alone.summary)
    left = (made.detail or "").replace(f"**Against a clot:** {said}\n\n", "")
    assert left == alone.detail


def test_a_normal_d_dimer_under_an_anticoagulant_speaks_against_nothing() -> None:
    [(normal, _says), _refuted] = NO_CLOT
    assert line(detail(CALF_PAIN, normal, APIXABAN), "Against a clot") == ""


UNSAID: list[tuple[list[Entry], str]] = [
    ([CALF_PAIN], "on an anticoagulant"),
    ([CALF_PAIN, BREATHLESS], "Also assess"),
    ([CALF_PAIN, NUMB], "bladder"),
    ([CALF_PAIN, DVT, PREGNANT], "NG158"),
    ([CALF_PAIN, {**COLD, "side": "right"}], "If none"),
    ([CALF_PAIN, {"condition": "icd|C50.919", "onset": -900, "clinical": "remission"}], "cancer"),
]


@pytest.mark.parametrize(("entries", "words"), UNSAID)
def test_a_line_does_not_say_what_it_does_not(entries: list[Entry], words: str) -> None:
    assert words not in detail(*entries)


def test_home_care_names_what_suits_then_what_does_not() -> None:
    assert line(detail(CALF_PAIN), "If none") == "rest, ice, bandage, elevation, stretching (Cleveland Clinic 2025)."
    numb = {"condition": "icd|E11.42", "onset": -400}
    said = line(detail(CALF_PAIN, numb), "If none")
    assert said == "rest, elevation, stretching; leave out ice, bandage (Cleveland Clinic 2025)."


def test_a_denied_red_flag_is_not_asked_for() -> None:
    assert "swelling" in line(detail(CALF_PAIN), "Ask")
    assert "swelling" not in line(detail(CALF_PAIN, {**SWELLING, "value": False}), "Ask")


def unread(*topics: Topic) -> tuple[Gap, ...]:
    return tuple(Gap(topic, "the EHR reported an error") for topic in topics)


@pytest.mark.parametrize(
    ("entries", "gaps", "expected"),
    [
        ([CALF_PAIN], (), "no-red-flag"),
        ([CALF_PAIN], unread(Topic.OBSERVATIONS), "not-assessed"),
        ([], unread(Topic.CONDITIONS), "not-assessed"),
        ([CALF_PAIN], unread(Topic.MEDICATIONS), "no-red-flag"),
        ([CALF_PAIN, SWELLING], unread(Topic.OBSERVATIONS), "red-flags"),
    ],
)
def test_which_card_speaks(entries: list[Entry], gaps: tuple[Gap, ...], expected: str) -> None:
    """Where what decides could not be read, the absence of red flags would be false comfort."""
    made = assess(replace(read(entries), gaps=gaps), AS_OF, Thresholds())
    assert card_id(made) == expected


def test_unknown_medicines_are_not_called_absent() -> None:
    chart = read([CALF_PAIN, DVT])
    for changed in (replace(chart, gaps=unread(Topic.MEDICATIONS)), replace(chart, left_out={UNREAD_MEDICINES: 1})):
        made = card(assess(changed, AS_OF, Thresholds()))
        assert "anticoagulant not known" in made.summary
        assert line(made.detail or "", "Not found") == "whether an anticoagulant is taken."


def test_what_could_not_be_read_is_told_in_the_small_print() -> None:
    chart = read([CALF_PAIN, {**SWELLING, "value": "moderate"}])
    left_out = {UNCODED: 1, NOT_READABLE: 2, UNREAD_MEDICINES: 2}
    named = (("blood thinner", "MedicationRequest/1"), ("", "MedicationRequest/2"))
    gaps = (*unread(Topic.PROCEDURES), Gap(Topic.PROCEDURES, "Procedure/x could not be read"))
    made = replace(chart, gaps=gaps, left_out=left_out, unread_medicines=named)
    files = replace(FILES, switched_off=["swelling"])
    small_print = (card(assess(made, AS_OF, Thresholds()), Renderer(files, GUIDANCE_URL)).detail or "").split("\n\n")[
        -1
    ]
    for words in (
        "Not read: Procedures (the EHR reported an error; `Procedure/x could not be read`).",
        "Medicines without a code that is read, not judged (2: `blood thinner`).",
        "swelling",
        "Switched off at this site: swelling.",
        "Entries passed over: 1 not coded (text is not interpreted); 2 could not be read.",
    ):
        assert words in small_print
    assert "Under 18" not in small_print
    assert "Under 18" in detail(CALF_PAIN, who=BOY)


def test_what_is_quoted_is_not_told_again() -> None:
    """A text entry stands as a quotation or in a count, a medicine under *Not found* or in the small print."""
    texts = ["Clot left calf", "Clot left calf", "Swollen foot", "Cold foot", "Hay fever"]
    local = {"code": {"coding": [{"system": "urn:oid:1.2.3", "code": "9", "display": "Leg ulcer"}]}}
    conditions: list[Entry] = [
        *({"condition": [], "id": f"c{number}", "text": text, "onset": -number} for number, text in enumerate(texts)),
        {"condition": [], "id": "local", "members": local, "onset": 0},
    ]
    words = ["Apixaban 5 mg", "Apixaban 5 mg", "vitamin", "vitamin", ""]
    medicines: list[Entry] = [{"medication": "", "id": f"m{number}", "text": text} for number, text in enumerate(words)]

    def told(*entries: Entry) -> str:
        made = material([resource(entry, number) for number, entry in enumerate(entries)])
        chart = ChartReader(READER.timezone, READER.terminology, FILES.watched).read(made, PATIENT_ID, AS_OF)
        return card(assess(chart, AS_OF, Thresholds())).detail or ""

    whole = told(CALF_PAIN, DVT, *conditions, *medicines)
    assert line(whole, "Not found") == "whether an anticoagulant is taken: `Apixaban 5 mg` has no code that is read."
    for sentence in (
        "Medicines without a code that is read, not judged (3: `vitamin`).",
        "Not read by rules: `Clot left calf`, 23 Nov (today); `Leg ulcer`, 23 Nov (today); "
        "`Swollen foot`, 21 Nov (2 days).",
        "Entries passed over: 2 not coded (text is not interpreted).",
    ):
        assert sentence in whole
    assert [whole.count(each) for each in ("Apixaban", "vitamin", "Clot")] == [1, 1, 1]
    assert "Medicines" not in told(CALF_PAIN, DVT, medicines[0])
    assert "not judged (1: `Apixaban 5 mg`)" in told(CALF_PAIN, medicines[0]), "a card that does not ask about it"


def test_the_order_and_doubling_of_the_chart_change_nothing() -> None:
    entries = [CALF_PAIN, SWELLING, COLD, SCORE, APIXABAN]
    told = {detail(*({**each, "id": str(n)} for n, each in order)) for order in (
        list(enumerate(entries)), list(enumerate(entries))[::-1]
    )}  # fmt: skip
    assert len(told) == 1
    assert detail(*entries, *({**each, "id": f"again-{n}"} for n, each in enumerate(entries))) in told


def test_a_sure_and_an_unsure_age_stand_beside_over_65() -> None:
    def risk(birth_date: str) -> str:
        return line(detail(CALF_PAIN, who=patient(birthDate=birth_date)), "Recorded").partition("Risk: ")[2]

    assert risk("1950-05-04") == "over 65 (76)."
    assert risk("1950") == "over 65 (75 to 76)."
    assert risk("1980") == ""


def test_a_late_appointment_is_the_headline() -> None:
    day = datetime(2026, 12, 9, 10, tzinfo=UTC)
    late = LateAppointments((Interval(day, day, "", timed=True), None), AS_OF.date())
    [made] = RENDERER.render(triage([CALF_PAIN, SCORE]), CIRCUMSTANCES, Occasion("appointment", appointments=late))
    assert made.summary == "Appointment on 9 Dec 2026; severe pain 8 of 10, left leg, 1 day"
    said = line(made.detail or "", "Appointment")
    assert said.startswith("9 Dec 2026; without a date that can be read, after 23 Nov;")


def test_a_discharge_says_when_to_come_back_whatever_the_card() -> None:
    for entries in ([CALF_PAIN], [CALF_PAIN, SCORE], [CALF_PAIN, DVT]):
        [made] = RENDERER.render(triage(entries), CIRCUMSTANCES, Occasion("discharge", offers=()))
        labels = [part.partition(":**")[0] for part in (made.detail or "").split("\n\n")]
        assert labels.count("**Back if") == 1
        if "**Options" in labels:
            assert labels.index("**Options") < labels.index("**Back if") < labels.index("**Recorded")
        assert made.suggestions is None


def test_the_cap_changes_the_indicator_only() -> None:
    capped = Renderer(FILES, GUIDANCE_URL, "warning")
    made = triage([CALF_PAIN, DVT])
    assert msgspec.structs.replace(card(made), indicator="warning") == card(made, capped)
    assert card(triage([CALF_PAIN]), capped).indicator == "info"
    assert triage([]).level is Level.NONE
    assert RENDERER.render(triage([]), CIRCUMSTANCES) == []


def test_the_explanation_stands_below_the_card_where_a_site_wants_it() -> None:
    made = card(triage([CALF_PAIN]), Renderer(FILES, GUIDANCE_URL, explain=lambda *_: "## Why"))
    assert made.detail == f"{detail(CALF_PAIN)}\n\n---\n\n## Why"


def test_the_source_has_label_url_and_topic() -> None:
    source = card_of(CALF_PAIN, SUSPECTED).source
    assert (source.label, source.url) == ("NICE", "https://www.nice.org.uk/guidance/ng158/chapter/Recommendations")
    assert source.topic is not None
    assert (source.topic.code, source.topic.display) == ("possible-dvt", "possible dvt")


def test_the_longest_values_of_a_summary_are_known_for_each_placeholder() -> None:
    rules = [finding.rule for finding in triage([CALF_PAIN, SCORE]).raising]
    named = {name for each in FILES.cards.values() for name in each.summary.names}
    assert named <= longest(rules, FILES.shared).keys()
