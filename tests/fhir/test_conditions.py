"""Conditions: certainty, course and time."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.facts import Certainty, Course, Fact, Side, Site, State
from tests.charts import SYSTEMS, concept, fact_of, facts_of, patient

CALF_PAIN = "sct|300954003"
CALF_SWELLING = "sct|449615005"  # a symptom: its look-back is 30 days
LEG_DVT = "sct|404223003"  # a disease: 90 days
PREVIOUS_DVT = "icd|Z86.718"
LOCAL = {
    "system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.768076",
    "code": "C",
    "display": "Confirmed by provider",
}


SUSPECTED_DVT = "sct|432805000"
NO_OEDEMA = "sct|162780006"
STATED = (State.PRESENT, Certainty.CONFIRMED, Course.CURRENT, Side.NOT_STATED)


def german(name: str, code: str) -> list[dict[str, Any]]:
    return [{"url": f"http://fhir.de/StructureDefinition/{name}", "valueCoding": {"code": code}}]


def swelling(**entry: Any) -> Fact:
    return fact_of({"condition": CALF_SWELLING, **entry})


@pytest.mark.parametrize(
    ("verification", "state", "certainty"),
    [
        ("confirmed", State.PRESENT, Certainty.CONFIRMED),
        ("", State.PRESENT, Certainty.CONFIRMED),
        ("unconfirmed", State.PRESENT, Certainty.SUSPECTED),
        ("provisional", State.PRESENT, Certainty.SUSPECTED),
        ("differential", State.PRESENT, Certainty.SUSPECTED),
        ("refuted", State.ABSENT, Certainty.CONFIRMED),
    ],
)
def test_verification_status(verification: str, state: State, certainty: Certainty) -> None:
    fact = swelling(onset=-3, verification=verification)
    assert (fact.state, fact.certainty) == (state, certainty)
    assert ("verification status not stated" in fact.remarks) is (verification == "")


@pytest.mark.parametrize(
    ("verification", "state", "certainty"),
    [
        ("confirmed", State.PRESENT, Certainty.SUSPECTED),
        ("unconfirmed", State.PRESENT, Certainty.SUSPECTED),
        ("refuted", State.ABSENT, Certainty.SUSPECTED),
    ],
)
def test_a_situation_that_says_suspected(verification: str, state: State, certainty: Certainty) -> None:
    """Whatever the verificationStatus: what is confirmed is the suspicion."""
    fact = fact_of({"condition": SUSPECTED_DVT, "onset": -3, "verification": verification})
    assert (fact.concept, fact.state, fact.certainty) == ("dvt", state, certainty)


def test_a_situation_says_more_than_a_code_beside_it() -> None:
    code = {"coding": [*concept(LEG_DVT)["coding"], *concept(SUSPECTED_DVT)["coding"]]}
    assert fact_of({"condition": LEG_DVT, "onset": -3, "members": {"code": code}}).certainty is Certainty.SUSPECTED


def test_a_situation_that_says_history() -> None:
    fact = fact_of({"condition": "sct|266987004", "onset": -3})
    assert (fact.concept, fact.state, fact.course) == ("malignancy", State.PRESENT, Course.HISTORY)


@pytest.mark.parametrize(("verification", "state"), [("confirmed", State.ABSENT), ("refuted", State.UNKNOWN)])
def test_a_situation_that_says_absent(verification: str, state: State) -> None:
    """Refuted, it is a double negative."""
    assert fact_of({"condition": NO_OEDEMA, "onset": -3, "verification": verification}).state is state


@pytest.mark.parametrize(
    ("extension", "expected"),
    [
        (
            german("icd-10-gm-diagnosesicherheit", "G"),
            (State.PRESENT, Certainty.CONFIRMED, Course.CURRENT, Side.NOT_STATED),
        ),
        (
            german("icd-10-gm-diagnosesicherheit", "V"),
            (State.PRESENT, Certainty.SUSPECTED, Course.CURRENT, Side.NOT_STATED),
        ),
        (
            german("icd-10-gm-diagnosesicherheit", "A"),
            (State.ABSENT, Certainty.CONFIRMED, Course.CURRENT, Side.NOT_STATED),
        ),
        (
            german("icd-10-gm-diagnosesicherheit", "Z"),
            (State.PRESENT, Certainty.CONFIRMED, Course.HISTORY, Side.NOT_STATED),
        ),
        (german("seitenlokalisation", "L"), (State.PRESENT, Certainty.CONFIRMED, Course.CURRENT, Side.LEFT)),
        (german("seitenlokalisation", "B"), (State.PRESENT, Certainty.CONFIRMED, Course.CURRENT, Side.BOTH)),
        ([{"url": "https://example.org/other", "valueCoding": {"code": "V"}}, 7, {"url": 3}], STATED),
        ({"url": "no list"}, STATED),
    ],
)
def test_what_german_charts_say_beside_the_code(
    extension: object, expected: tuple[State, Certainty, Course, Side]
) -> None:
    (coding,) = concept(LEG_DVT)["coding"]
    fact = fact_of(
        {"condition": LEG_DVT, "onset": -3, "members": {"code": {"coding": [{**coding, "extension": extension}]}}}
    )
    assert (fact.state, fact.certainty, fact.course, fact.side) == expected


@pytest.mark.parametrize("clinical", ["", "active"])
def test_entered_in_error_says_nothing(clinical: str) -> None:
    """Most of a problem list may be entered in error, and then it has no clinicalStatus."""
    assert facts_of({"condition": CALF_SWELLING, "verification": "entered-in-error", "clinical": clinical}) == []


@pytest.mark.parametrize(("code", "states"), [("refuted", [State.ABSENT]), ("entered-in-error", [])])
def test_every_coding_of_the_verification_status_is_looked_at(code: str, states: list[State]) -> None:
    status = {"coding": [LOCAL, *concept(f"verification|{code}")["coding"]]}
    facts = facts_of({"condition": CALF_SWELLING, "onset": -3, "members": {"verificationStatus": status}})
    assert [fact.state for fact in facts] == states


def test_every_coding_of_the_clinical_status_is_looked_at() -> None:
    status = {"coding": [LOCAL, *concept("clinical|resolved")["coding"]]}
    assert swelling(onset=-3, members={"clinicalStatus": status}).course is Course.HISTORY


@pytest.mark.parametrize(
    ("clinical", "course"),
    [
        ("active", Course.CURRENT),
        ("recurrence", Course.CURRENT),
        ("relapse", Course.CURRENT),
        ("inactive", Course.HISTORY),
        ("remission", Course.HISTORY),
        ("resolved", Course.HISTORY),
    ],
)
@pytest.mark.parametrize("onset", [-3, -400])
def test_the_clinical_status_decides_whatever_the_onset(clinical: str, course: Course, onset: int) -> None:
    fact = fact_of({"condition": LEG_DVT, "clinical": clinical, "onset": onset})
    assert (fact.course, fact.state) == (course, State.PRESENT)


@pytest.mark.parametrize(
    ("dated", "course"),
    [
        ({"onset": -10}, Course.CURRENT),
        ({"onset": -40}, Course.NOT_STATED),
        ({"recorded": -10}, Course.CURRENT),
        ({"recorded": -40}, Course.NOT_STATED),
        ({"onset": -40, "recorded": -2}, Course.NOT_STATED),  # the onset comes first
        ({"onset": -2, "recorded": -40}, Course.CURRENT),
        ({"onset": "2026-11"}, Course.CURRENT),
        ({"onset": "2026"}, Course.CURRENT),  # its latest moment is recent
        ({"onset": "2026-09"}, Course.NOT_STATED),
        ({}, Course.NOT_STATED),
        ({"onset": -10, "abated": -2}, Course.HISTORY),
        ({"onset": -40, "abated": -2}, Course.HISTORY),
    ],
)
def test_without_a_clinical_status_the_date_decides(dated: dict[str, Any], course: Course) -> None:
    """Common in Oracle Health: current when dated within the look-back, else unknown."""
    fact = swelling(clinical="", **dated)
    assert fact.course is course
    assert fact.state is (State.UNKNOWN if course is Course.NOT_STATED else State.PRESENT)


def test_each_concept_has_its_own_look_back() -> None:
    assert fact_of({"condition": CALF_PAIN, "clinical": "", "onset": -100}).course is Course.CURRENT
    assert fact_of({"condition": CALF_PAIN, "clinical": "", "onset": -130}).course is Course.NOT_STATED


@pytest.mark.parametrize("code", [LEG_DVT, "icd|I82.402", "icd|S86.111", "sct|449711005"])
def test_an_old_disease_without_a_clinical_status_is_not_called_current(code: str) -> None:
    """It was never said to be active: it may long be over."""
    assert fact_of({"condition": code, "clinical": "", "onset": -4000}).course is Course.NOT_STATED


@pytest.mark.parametrize(
    ("members", "course"),
    [
        ({"abatementDateTime": "2026-11-20"}, Course.HISTORY),
        ({"abatementDateTime": "2026-11"}, Course.HISTORY),
        ({"abatementDateTime": "2026-12-20"}, Course.CURRENT),
        ({"abatementDateTime": None}, Course.CURRENT),
        ({"abatementPeriod": {"start": "2026-11-01", "end": "2026-11-20"}}, Course.HISTORY),
        ({"abatementPeriod": {"end": "2026-11-20"}}, Course.HISTORY),
        ({"abatementPeriod": {"start": "2026-12-20"}}, Course.CURRENT),
        ({"abatementAge": {"value": 46, "code": "a", "system": "http://unitsofmeasure.org"}}, Course.HISTORY),
        ({"abatementRange": {"low": {"value": 45}, "high": {"value": 46}}}, Course.HISTORY),
        ({"abatementString": "last month"}, Course.HISTORY),
        ({"abatementBoolean": True}, Course.HISTORY),
        ({"abatementBoolean": False}, Course.CURRENT),
    ],
)
@pytest.mark.parametrize("clinical", ["active", ""])
def test_an_abatement_in_the_past_is_history(members: dict[str, Any], clinical: str, course: Course) -> None:
    assert swelling(onset=-10, clinical=clinical, members=members).course is course


@pytest.mark.parametrize("clinical", ["active", "", "recurrence"])
def test_a_history_code_is_history_whatever_its_status(clinical: str) -> None:
    fact = fact_of({"condition": PREVIOUS_DVT, "clinical": clinical, "onset": -5})
    assert (fact.course, fact.concept) == (Course.HISTORY, "previous-dvt")


@pytest.mark.parametrize(
    ("code", "course"),
    [
        ("S86.111A", Course.CURRENT),
        ("S82.201B", Course.CURRENT),
        ("S82.201C", Course.CURRENT),
        ("S86.111D", Course.UNDER_CARE),
        ("S82.201G", Course.UNDER_CARE),
        ("S82.201R", Course.UNDER_CARE),
        ("S86.111S", Course.HISTORY),
        ("S82.201S", Course.HISTORY),
        ("S80.11XD", Course.UNDER_CARE),
        ("T79.A21A", Course.CURRENT),
        ("T79.A21D", Course.UNDER_CARE),
        ("S86111D", Course.UNDER_CARE),
        ("s86.111d", Course.UNDER_CARE),
        ("S86.111", Course.CURRENT),  # no seventh character: the clinical status decides
    ],
)
def test_the_seventh_character_of_an_injury_code(code: str, course: Course) -> None:
    fact = fact_of({"condition": f"icd|{code}", "onset": -5})
    assert (fact.course, fact.state) == (course, State.PRESENT)


@pytest.mark.parametrize("codes", [["sct|48532005", "icd|S86.111D"], ["icd|S86.111D", "sct|48532005"]])
def test_a_seventh_character_holds_beside_another_coding(codes: list[str]) -> None:
    fact = fact_of({"condition": codes, "onset": -5})
    assert (fact.concept, fact.course) == ("strain", Course.UNDER_CARE)


def test_a_resolved_injury_is_history_whatever_its_seventh_character() -> None:
    assert fact_of({"condition": "icd|S86.111A", "clinical": "resolved", "onset": -5}).course is Course.HISTORY


@pytest.mark.parametrize(
    ("members", "when", "began"),
    [
        ({"onsetDateTime": "2026-11-20", "recordedDate": "2026-11-22"}, "2026-11-20", True),
        ({"onsetPeriod": {"start": "2026-11-18", "end": "2026-11-20"}}, "2026-11-18 to 2026-11-20", True),
        (
            {"onsetAge": {"value": 46, "code": "a", "system": "http://unitsofmeasure.org"}},
            "at age 46 years",
            True,
        ),
        ({"onsetString": "after the race", "recordedDate": "2026-11-22"}, "2026-11-22", False),
        ({"onsetRange": {"low": {"value": 45}}, "recordedDate": "2026-11-22"}, "2026-11-22", False),
        ({"onsetDateTime": "soon", "recordedDate": "2026-11-22T10:00:00+00:00"}, "2026-11-22T10:00:00+00:00", False),
        ({"onsetString": "after the race"}, None, False),
    ],
)
def test_onset_comes_before_the_recorded_date(members: dict[str, Any], when: str | None, began: bool) -> None:
    fact = swelling(members=members)
    assert (fact.when and fact.when.text) == when
    assert (fact.began is not None) is began
    assert (fact.recorded and fact.recorded.text) == members.get("recordedDate")


def test_an_onset_age_needs_a_birth_date_and_else_the_recorded_date_counts() -> None:
    entry = {
        "condition": CALF_SWELLING,
        "members": {"onsetAge": {"value": 46, "code": "a"}, "recordedDate": "2026-11-22"},
    }
    fact = fact_of(entry, who={"resourceType": "Patient", "id": "p1"})
    assert fact.when is not None
    assert fact.when.text == "2026-11-22"


@pytest.mark.parametrize(("born", "course"), [("1979-05-04", Course.NOT_STATED), ("1979", Course.CURRENT)])
def test_an_onset_age_of_a_partial_birth_date_is_a_wider_span(born: str, course: Course) -> None:
    """At age 46: until 2026-05-03, or until the end of 2026."""
    entry = {"condition": CALF_SWELLING, "clinical": "", "members": {"onsetAge": {"value": 46, "code": "a"}}}
    assert fact_of(entry, who=patient(birthDate=born)).course is course


def test_one_condition_in_two_codings_is_one_fact() -> None:
    """The more specific coding decides the site, any of them the side."""
    fact = fact_of({"condition": ["sct|10601006", "icd|M79.662"], "onset": -1})
    assert (fact.concept, fact.site, fact.side) == ("pain", Site.LOWER_LEG, Side.LEFT)


def test_codings_of_other_systems_do_not_hide_the_one_that_is_known() -> None:
    code = {"coding": [LOCAL, {"system": SYSTEMS["icd"]}, *concept(CALF_PAIN)["coding"], {}]}
    fact = fact_of({"condition": CALF_PAIN, "members": {"code": code}})
    assert (fact.concept, fact.codes) == ("pain", ((SYSTEMS["sct"], "300954003"),))


@pytest.mark.parametrize("system", ["urn:oid:2.16.840.1.113883.6.96", SYSTEMS["sct"]])
def test_a_code_system_may_be_named_by_its_oid(system: str) -> None:
    code = {"coding": [{"system": system, "code": "300954003"}]}
    assert fact_of({"condition": CALF_PAIN, "members": {"code": code}}).concept == "pain"


def test_severity_encounter_and_display_are_kept() -> None:
    code = {"coding": [{**concept(CALF_PAIN)["coding"][0], "display": "Pain in calf"}], "text": "sore calf"}
    fact = fact_of(
        {
            "condition": CALF_PAIN,
            "severity": "sct|24484000",
            "encounter": "e1",
            "members": {"code": code},
            "onset": -1,
        }
    )
    assert (fact.severe, fact.encounter, fact.display, fact.source) == (
        True,
        "e1",
        "sore calf",
        "Condition/r0",
    )


@pytest.mark.parametrize("code", ["sct|275937001", "icd|Z80.9", "icd|Z82.49"])
def test_a_family_history_code_is_not_the_patients_own(code: str) -> None:
    assert facts_of({"condition": code}) == []


def test_text_without_a_code_is_not_interpreted() -> None:
    assert facts_of({"condition": "", "text": "DVT left calf"}) == []


@pytest.mark.parametrize(
    ("members", "remarks"),
    [
        ({}, ()),
        ({"onsetDateTime": "last week"}, ("date could not be read",)),
        ({"recordedDate": "last week"}, ("date could not be read",)),
        ({"onsetDateTime": "last week", "recordedDate": "2026-11-20"}, ()),
    ],
)
def test_a_date_that_cannot_be_read_is_told_where_there_is_no_other(
    members: dict[str, Any], remarks: tuple[str, ...]
) -> None:
    assert fact_of({"condition": "sct|300954003", "members": members}).remarks == remarks
