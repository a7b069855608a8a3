"""Resources of other versions of FHIR, and of types that are not read."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from cds_service.assessment.triage import assess
from cds_service.facts import Chart, Topic
from cds_service.fhir.reading import NOT_READABLE
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, bundle, concept, patient, read_beside, read_pages, resource

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
        {"resourceType": "MedicationOrder", "id": "m", "patient": {"reference": "Patient/p1"}},  # DSTU2
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


DSTU2_CONDITION = {
    "resourceType": "Condition",
    "id": "old",
    "patient": {"reference": "Patient/p1"},
    "code": concept(CALF_PAIN),
    "category": {"text": "Problem"},
    "clinicalStatus": "active",
    "verificationStatus": "confirmed",
    "onsetDateTime": "2026-11-20",
    "dateRecorded": "2026-11-21",
}
STU3_CONDITION = {
    "resourceType": "Condition",
    "id": "old",
    "subject": {"reference": "Patient/p1"},
    "code": concept(CALF_PAIN),
    "category": [{"text": "Problem"}],
    "clinicalStatus": "active",
    "verificationStatus": "unknown",
    "assertedDate": "2026-11-21",
}
R5_MEDICATION = {
    "resourceType": "MedicationRequest",
    "id": "new",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medication": {"concept": concept("rx|11289")},
}
STU3_MEDICATION = {
    "resourceType": "MedicationRequest",
    "id": "old",
    "status": "active",
    "intent": "order",
    "subject": {"reference": "Patient/p1"},
    "medicationCodeableConcept": concept("rx|11289"),
    "requester": {"agent": {"reference": "Practitioner/d"}},
    "dosageInstruction": [{"text": "5 mg", "asNeededBoolean": "no", "doseQuantity": 5}],
}


@pytest.mark.parametrize("old", [DSTU2_CONDITION, STU3_CONDITION], ids=["DSTU2", "STU3"])
def test_a_condition_of_an_older_version_is_read_or_told(old: dict[str, Any]) -> None:
    chart = read_with(Topic.CONDITIONS, old)
    assert {OPENER, "Observation/sound"} <= sources(chart)
    assert "Condition/old" in sources(chart) or chart.left_out[NOT_READABLE] == 1


@pytest.mark.parametrize(
    "members",
    [
        {"comments": "DSTU2", "identifier": [{"value": 5}], "category": {"coding": [{"code": "exam"}]}},
        {"comment": "STU3", "context": {"reference": "Encounter/1"}, "category": [{"text": "exam"}]},
        {
            "bodyStructure": {"reference": "BodyStructure/b"},
            "triggeredBy": [{"type": "reflex"}],
            "instantiatesCanonical": "x",
        },
    ],
    ids=["DSTU2", "STU3", "R5"],
)
def test_an_observation_of_another_version_is_read(members: dict[str, Any]) -> None:
    other = resource({"observation": SWELLING, "at": -1, "id": "other", "members": members}, 0)
    assert "Observation/other" in sources(read_with(Topic.OBSERVATIONS, other))


@pytest.mark.parametrize("order", [R5_MEDICATION, STU3_MEDICATION], ids=["R5", "STU3"])
def test_a_medication_request_of_another_version_hides_nothing_else(order: dict[str, Any]) -> None:
    assert {OPENER, "Observation/sound"} <= sources(read_with(Topic.MEDICATIONS, order))


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
