"""Resources of other versions of FHIR, and of types that are not read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest

from cds_service.assessment.engine import assess
from cds_service.facts import UNREAD_MEDICINES, Certainty, Chart, Course, Fact, State, Topic
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, Entry, bundle, concept, patient, read_beside, read_pages, resource
from tests.older_fhir import to_dstu2, to_stu3

Convert = Callable[[dict[str, Any]], dict[str, Any]]

CALF_PAIN, SWELLING = "sct|300954003", "sct|449615005"
SOUND = resource({"observation": "sct|449614009", "at": -1, "id": "sound"}, 0)
OPENER = "Condition/opener"


def sources(chart: Chart) -> set[str]:
    return {fact.source for fact in chart.facts}


def read_with(topic: Topic, other: Any) -> Chart:
    """The chart of this resource and a sound one, after every rule has seen it."""
    chart = read_pages([(topic, bundle(other, SOUND))])
    assess(chart, AS_OF, Thresholds())
    return chart


@pytest.mark.parametrize(
    "other",
    [
        {"resourceType": "SubscriptionStatus", "id": "s", "code": 5},  # R4B only
        {"resourceType": "NutritionProduct", "id": "n", "status": "active", "code": [{"text": "x"}]},
        {"resourceType": "ActorDefinition", "id": "a", "status": "draft"},  # R5 only
        {"resourceType": "Transport", "id": "t", "code": {"concept": {"text": "x"}}},
        {"resourceType": "EffectEvidenceSynthesis", "id": "e"},  # R4 only
        {"resourceType": "MedicationStatement", "id": "m", "patient": {"reference": "Patient/p1"}, "status": "active"},
        {"resourceType": "DiagnosticOrder", "id": "d", "item": [{"code": {"text": "x"}}]},
        {"resourceType": "Foo", "id": 5, "code": "bar"},
        {"resourceType": "FamilyMemberHistory", "id": "f", "condition": 5},
        {"resourceType": "Encounter", "id": "e", "class": {"code": "AMB"}},
    ],
    ids=lambda each: str(each["resourceType"]),
)
@pytest.mark.parametrize("topic", list(Topic))
def test_a_type_that_is_not_read_is_passed_over(other: dict[str, Any], topic: Topic) -> None:
    chart = read_with(topic, other)
    assert sources(chart) == {OPENER, "Observation/sound"}
    assert (chart.gaps, dict(chart.left_out)) == ((), {})


def older(convert: Convert, entry: Entry, **members: Any) -> dict[str, Any]:
    return {**convert(resource({**entry, "id": "one"}, 0)), **members}


TOPICS = {
    "Condition": Topic.CONDITIONS,
    "Observation": Topic.OBSERVATIONS,
    "MedicationRequest": Topic.MEDICATIONS,
    "MedicationOrder": Topic.MEDICATIONS,
    "Procedure": Topic.PROCEDURES,
}


def facts_of(made: dict[str, Any]) -> list[Fact]:
    """What is read of it, with a MedicationOrder under the name that it has in R4."""
    chart = read_pages([(TOPICS[made["resourceType"]], bundle(made))])
    assert dict(chart.left_out) == {}
    return [
        msgspec.structs.replace(fact, source=fact.source.replace("MedicationOrder/", "MedicationRequest/"))
        for fact in chart.facts
        if fact.source != OPENER
    ]


@pytest.mark.parametrize("convert", [to_dstu2, to_stu3])
@pytest.mark.parametrize(
    "entry",
    [
        {"condition": CALF_PAIN, "onset": -5, "site": "sct|53840002", "side": "left", "severity": "sct|24484000"},
        {"condition": CALF_PAIN, "clinical": "", "recorded": "-5d"},
        {"condition": CALF_PAIN, "clinical": "resolved", "onset": -5},
        {"condition": CALF_PAIN, "clinical": "remission", "onset": -5},
        {"condition": CALF_PAIN, "verification": "", "recorded": "-5d"},
        {"condition": CALF_PAIN, "verification": "refuted", "onset": -5},
        {"condition": CALF_PAIN, "verification": "provisional", "onset": -5},
        {"condition": CALF_PAIN, "verification": "differential", "onset": -5},
        {"condition": CALF_PAIN, "members": {"onsetPeriod": {"start": "2026-11"}}},
        {"condition": CALF_PAIN, "members": {"onsetAge": {"value": 46, "code": "a"}}},
        {"condition": CALF_PAIN, "clinical": "", "members": {"abatementAge": {"value": 46, "code": "a"}}},
        {"condition": CALF_PAIN, "onset": -5, "abated": -2},
        {"observation": SWELLING, "at": -1, "value": True},
        {"observation": SWELLING, "at": -1, "value": False, "status": "preliminary"},
        {"observation": SWELLING, "at": -1, "absent_reason": "unknown"},
        {"observation": SWELLING, "issued": -1, "interpretation": "NEG"},
        {"observation": "loinc|72514-3", "at": -1, "members": {"valueInteger": 7}},
        {"observation": "loinc|2157-6", "at": -1, "value": 900, "unit": "U/L", "high": 200, "interpretation": "H"},
        {"observation": "loinc|2157-6", "at": -1, "interpretation": "H"},
        {"observation": "", "text": "exam", "at": -1, "components": [{"code": SWELLING, "value": True}]},
        {"medication": "rx|11289", "dose": "5 mg"},
        {"medication": "rx|11289", "members": {"authoredOn": "2026-11-01"}},
        {"procedure": "sct|387713003", "at": -3},
        {"procedure": "sct|387713003", "at": -3, "status": "in-progress"},
    ],
    ids=lambda each: "-".join(str(part) for part in each.values())[:60],
)
def test_an_older_resource_says_what_it_says_in_r4(entry: Entry, convert: Convert) -> None:
    facts = facts_of(resource({**entry, "id": "one"}, 0))
    assert facts
    assert facts_of(older(convert, entry)) == facts


@pytest.mark.parametrize("status", ["not-done", "stopped", "on-hold", "entered-in-error"])
def test_a_procedure_that_was_not_done_says_nothing_in_any_version(status: str) -> None:
    entry = {"procedure": "sct|387713003", "at": -3, "status": status}
    assert facts_of(resource({**entry, "id": "one"}, 0)) == []
    assert facts_of(older(to_stu3, entry)) == []
    if status != "on-hold":  # DSTU2 has no such status
        assert facts_of(older(to_dstu2, entry)) == []


@pytest.mark.parametrize("said", [{"notPerformed": True}, {"notDone": True}], ids=["DSTU2", "STU3"])
def test_not_done_outweighs_completed(said: dict[str, Any]) -> None:
    done = resource({"procedure": "sct|387713003", "at": -3}, 0)
    assert facts_of({**done, "status": "completed", **said}) == []
    assert len(facts_of({**done, "status": "completed", **dict.fromkeys(said, False)})) == 1


def test_an_older_condition_entered_in_error_says_nothing() -> None:
    wrong = {"condition": CALF_PAIN, "onset": -5, "verification": "entered-in-error"}
    assert facts_of(older(to_dstu2, wrong)) == facts_of(older(to_stu3, wrong)) == []


def test_a_verification_unknown_to_the_sender_counts_as_not_stated() -> None:
    (fact,) = facts_of(older(to_stu3, {"condition": CALF_PAIN, "onset": -5}, verificationStatus="unknown"))
    assert fact.certainty is Certainty.CONFIRMED
    assert fact.remarks == ("verification status not stated",)


@pytest.mark.parametrize(
    ("abated", "course"), [(True, Course.HISTORY), (False, Course.CURRENT)], ids=["abated", "not abated"]
)
def test_an_abatement_as_yes_or_no_is_read(abated: bool, course: Course) -> None:
    made = older(to_dstu2, {"condition": CALF_PAIN, "onset": -5, "clinical": ""}, abatementBoolean=abated)
    assert [fact.course for fact in facts_of(made)] == [course]


@pytest.mark.parametrize(
    ("reference", "encounter"),
    [
        ("Encounter/e1", "e1"),
        ("https://ehr.example/STU3/Encounter/e1", "e1"),
        ("EpisodeOfCare/e1", ""),
        ("https://ehr.example/STU3/EpisodeOfCare/e1", ""),
        (None, ""),
    ],
)
@pytest.mark.parametrize("entry", [{"condition": CALF_PAIN, "onset": -5}, {"observation": SWELLING, "at": -1}])
def test_a_context_is_an_encounter_unless_it_is_an_episode(entry: Entry, reference: Any, encounter: str) -> None:
    """Findings of one encounter belong together; those of an episode, which can last for years, need not."""
    made = older(to_stu3, entry, context={"reference": reference})
    assert [fact.encounter for fact in facts_of(made)] == [encounter]


@pytest.mark.parametrize("convert", [to_dstu2, to_stu3])
def test_an_attachment_is_a_value_that_is_not_read(convert: Convert) -> None:
    """R4 has none: without a word about it, the finding would count as present."""
    photo = {"valueAttachment": {"contentType": "image/png", "data": "iVBORw0KGgo="}}
    (fact,) = facts_of(older(convert, {"observation": SWELLING, "at": -1}, **photo))
    assert fact.state is State.UNKNOWN
    exam = {"observation": "", "text": "exam", "at": -1, "components": [{"code": SWELLING}, {"code": CALF_PAIN}]}
    made = older(convert, exam)
    made["component"][0] |= photo
    assert {fact.codes[0][1]: fact.state for fact in facts_of(made)} == {
        "449615005": State.UNKNOWN,
        "300954003": State.PRESENT,
    }


def test_the_older_of_two_members_gives_way_to_that_of_r4() -> None:
    """As a server that sends both, to be understood by all."""
    both = older(
        to_stu3,
        {"condition": CALF_PAIN, "clinical": "", "recorded": "2026-11-20", "encounter": "new"},
        recordedDate="2026-11-21",
        encounter={"reference": "Encounter/r4"},
    )
    (fact,) = facts_of(both)
    assert (fact.recorded and fact.recorded.text, fact.encounter) == ("2026-11-21", "r4")


@pytest.mark.parametrize(
    "odd",
    [
        {"dateRecorded": {"year": 2026}},
        {"assertedDate": 5},
        {"onsetQuantity": [46]},
        {"context": "Encounter/e1"},
        {"context": {"reference": ["Encounter/e1"]}},
        {"clinicalStatus": "", "verificationStatus": "perhaps"},
    ],
    ids=str,
)
def test_an_odd_older_member_costs_only_itself(odd: dict[str, Any]) -> None:
    (fact,) = facts_of(older(to_dstu2, {"condition": CALF_PAIN, "onset": -5}, **odd))
    assert (fact.state, fact.encounter) == (State.PRESENT, "")


@pytest.mark.parametrize("status", ["stopped", "completed", "draft", "on-hold", "entered-in-error"])
def test_a_medication_order_that_is_not_active_is_not_current(status: str) -> None:
    assert facts_of(older(to_dstu2, {"medication": "rx|11289", "status": status})) == []


def test_a_medication_order_is_named_as_the_ehr_knows_it() -> None:
    chart = read_with(Topic.MEDICATIONS, older(to_dstu2, {"medication": "rx|11289"}))
    assert "MedicationOrder/one" in sources(chart)


def test_the_medication_that_an_order_points_to_is_read() -> None:
    order = older(to_dstu2, {"medication": "rx|11289"}, medicationReference={"reference": "Medication/m"})
    del order["medicationCodeableConcept"]
    drug = {"resourceType": "Medication", "id": "m", "code": concept("rx|11289"), "isBrand": False}
    chart = read_pages([(Topic.MEDICATIONS, bundle(order, drug))])
    assert "MedicationOrder/one" in sources(chart)


def test_a_medication_order_without_a_code_could_be_an_anticoagulant() -> None:
    order = older(to_dstu2, {"medication": "", "text": "Apixaban 5 mg"})
    assert dict(read_pages([(Topic.MEDICATIONS, bundle(order))]).left_out) == {UNREAD_MEDICINES: 1}


def test_a_medication_order_that_cannot_be_opened_is_named() -> None:
    chart = read_with(Topic.MEDICATIONS, older(to_dstu2, {"medication": "rx|11289"}, contained="none"))
    assert [gap.reason for gap in chart.gaps] == ["MedicationOrder/one could not be read"]


R5_MEDICATION = {
    "resourceType": "MedicationRequest",
    "id": "new",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medication": {"concept": concept("rx|11289")},
}
R5_OBSERVATION = {
    "bodyStructure": {"reference": "BodyStructure/b"},
    "triggeredBy": [{"type": "reflex"}],
    "instantiatesCanonical": "x",
}


def test_an_observation_of_r5_is_read() -> None:
    other = resource({"observation": SWELLING, "at": -1, "id": "other", "members": R5_OBSERVATION}, 0)
    assert "Observation/other" in sources(read_with(Topic.OBSERVATIONS, other))


def test_a_medication_request_of_r5_hides_nothing_else_and_is_told() -> None:
    chart = read_with(Topic.MEDICATIONS, R5_MEDICATION)
    assert {OPENER, "Observation/sound"} <= sources(chart)
    assert dict(chart.left_out) == {UNREAD_MEDICINES: 1}


@pytest.mark.parametrize(
    "members",
    [
        {"careProvider": [{"reference": "Practitioner/d"}], "animal": {"species": {"text": "dog"}}},
        {"name": [{"family": ["Doe"], "given": "John"}], "gender": 5, "telecom": [{"rank": "1"}]},
        {"maritalStatus": "M", "contact": {"name": "x"}, "photo": "x", "link": {}},
    ],
    ids=["DSTU2", "odd names", "odd others"],
)
def test_a_patient_of_another_version_or_shape_is_read(members: dict[str, Any]) -> None:
    assert read_beside(who=patient(**members)).patient.born == (date(1980, 5, 4), date(1980, 5, 4))
