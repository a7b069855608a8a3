"""Only the patient's own resources count."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cds_service.errors import InvalidRequest
from cds_service.facts import Topic
from cds_service.fhir.page import Material, open_page
from cds_service.fhir.reading import OTHER_PATIENT
from cds_service.fhir.subject import Subject, encounter_of
from tests.charts import (
    AS_OF,
    PATIENT_ID,
    READER,
    bundle,
    material,
    patient,
    read_beside,
    read_pages,
    received,
    resource,
)

SWELLING = "sct|449615005"
OWN = [
    "Patient/p1",
    "Patient/p1/_history/3",
    "https://ehr.example/fhir/Patient/p1",
    "https://ehr.example/fhir/Patient/p1/_history/3",
    "urn:uuid:p1",
]
FOREIGN = [
    "Patient/p2",
    "Patient/P1",
    "Patient/p1x",
    "Patient/xp1",
    "https://ehr.example/fhir/Patient/p2",
    "Group/p1",
    "RelatedPerson/p1",
    "https://ehr.example/fhir/RelatedPerson/p1",
    "urn:uuid:p2",
    "Patient/p2/_history/p1",
    "#p1",
]


@pytest.mark.parametrize("reference", OWN)
def test_the_patients_own(reference: str) -> None:
    assert Subject(PATIENT_ID).owns(received("Condition", subject={"reference": reference}))
    assert any(
        fact.source == "Observation/r0"
        for fact in read_beside({"observation": SWELLING, "at": -1, "subject": reference}).facts
    )


@pytest.mark.parametrize("reference", FOREIGN)
@pytest.mark.parametrize("kind", ["observation", "condition", "medication", "procedure"])
def test_a_foreign_resource_is_left_out_and_told(kind: str, reference: str) -> None:
    code = {"medication": "rx|11289", "procedure": "sct|387713003"}.get(kind, SWELLING)
    chart = read_beside({kind: code, "at": -1, "subject": reference})
    assert [fact.source for fact in chart.facts] == ["Condition/opener"]
    assert dict(chart.left_out) == {OTHER_PATIENT: 1}


@pytest.mark.parametrize("uuid", ["7D9F0B1E-0000-4000-8000-000000000001", "7d9f0b1e-0000-4000-8000-000000000001"])
def test_a_uuid_is_the_same_in_either_case(uuid: str) -> None:
    assert Subject("7d9f0b1e-0000-4000-8000-000000000001").owns(
        received("Condition", subject={"reference": f"urn:uuid:{uuid}"})
    )


@pytest.mark.parametrize("subject", [None, {}, {"reference": None}, {"reference": ""}, {"display": "John"}])
def test_without_a_subject_it_counts(subject: Any) -> None:
    assert Subject(PATIENT_ID).owns(received("Observation", subject=subject))
    assert Subject(PATIENT_ID).owns(received("Observation"))


@pytest.mark.parametrize(("reference", "own"), [("Patient/p1", True), ("Patient/p2", False)])
def test_older_versions_call_the_subject_patient(reference: str, own: bool) -> None:
    assert Subject(PATIENT_ID).owns(received("Condition", patient={"reference": reference})) is own


@pytest.mark.parametrize(
    ("focus", "own"),
    [
        ([{"reference": "Patient/p1"}], True),
        ([{"reference": "Patient/p2"}], False),
        ([{"reference": "RelatedPerson/mother"}], False),
        ([{"reference": "Device/d1"}], False),
        ([{"reference": "Patient/p1"}, {"reference": "Patient/p2"}], False),
        ([], True),
    ],
)
def test_an_observation_with_its_focus_on_another_does_not_count(focus: Any, own: bool) -> None:
    chart = read_beside({"observation": SWELLING, "at": -1, "members": {"focus": focus}})
    assert any(fact.source == "Observation/r0" for fact in chart.facts) is own
    assert chart.left_out.get(OTHER_PATIENT, 0) == (0 if own else 1)


@pytest.mark.parametrize(
    "members",
    [
        {"focus": {"reference": "Patient/p2"}},
        {"focus": "Patient/p2"},
        {"focus": ["Patient/p2"]},
        {"focus": True},
        {"subject": [{"reference": "Patient/p2"}]},
        {"subject": "Patient/p2"},
    ],
)
def test_a_reference_of_an_odd_shape_does_not_make_it_the_patients_own(members: dict[str, Any]) -> None:
    chart = read_beside({"observation": SWELLING, "at": -1, "members": members})
    assert [fact.source for fact in chart.facts] == ["Condition/opener"]
    assert sum(chart.left_out.values()) == 1


def test_family_history_is_ignored() -> None:
    relative = {
        "resourceType": "FamilyMemberHistory",
        "id": "f1",
        "status": "completed",
        "patient": {"reference": "Patient/p1"},
        "relationship": {"text": "mother"},
        "condition": [{"code": resource({"condition": "sct|404223003"}, 0)["code"]}],
    }
    chart = read_pages([(Topic.CONDITIONS, bundle(relative))])
    assert [fact.source for fact in chart.facts] == ["Condition/opener"]
    assert (chart.gaps, dict(chart.left_out)) == ((), {})


@pytest.mark.parametrize("who", [patient(id="p2"), patient(id="P1"), patient(id="")])
def test_another_patient_than_the_one_in_context_is_refused(who: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        READER.read(material([], who), PATIENT_ID, AS_OF)
    assert "patient" in refused.value.field
    assert refused.value.remedy
    assert "p2" not in str(refused.value)


@pytest.mark.parametrize(
    ("members", "encounter"),
    [
        ({"encounter": {"reference": "Encounter/e1"}}, "e1"),
        ({"encounter": {"reference": "https://ehr.example/fhir/Encounter/e1"}}, "e1"),
        ({"encounter": {"reference": "urn:uuid:e1"}}, "e1"),
        ({"encounter": {"reference": "Encounter/e1/_history/2"}}, "e1"),
        ({"encounter": {"display": "visit"}}, ""),
        ({"encounter": [{"reference": "Encounter/e1"}]}, ""),
        ({}, ""),
    ],
)
def test_the_encounter_is_known_by_its_id(members: dict[str, Any], encounter: str) -> None:
    assert encounter_of(received("Observation", **members)) == encounter


@pytest.mark.parametrize(
    ("url", "own", "foreign"),
    [
        ("urn:uuid:0F6B-a", ["urn:uuid:0f6b-A", "Patient/p1"], ["urn:uuid:0f6b-b", "Patient/0f6b-a"]),
        ("https://ehr.example/fhir/Patient/p1", ["https://ehr.example/fhir/Patient/p1"], ["urn:uuid:p2"]),
        ("", ["Patient/p1"], [""]),
    ],
)
def test_a_reference_may_be_the_address_of_the_patients_entry(url: str, own: list[str], foreign: list[str]) -> None:
    subject = Subject("p1", full_url=url)
    assert all(subject.is_meant_by(each) for each in own)
    assert not any(subject.is_meant_by(each) for each in foreign)


def test_a_patient_without_an_id_is_taken_by_the_address_of_its_entry() -> None:
    who = {"resourceType": "Patient", "birthDate": "1980-05-04"}
    swelling = bundle(resource({"observation": SWELLING, "at": -1, "subject": "urn:uuid:P1"}, 0))
    for url, is_ours in (("urn:uuid:P1", True), ("https://a.example/Patient/p1", True), ("urn:uuid:p2", False)):
        sent = {"resourceType": "Bundle", "entry": [{"fullUrl": url, "resource": who}]}
        page = open_page(msgspec.json.encode(sent))
        material = Material(page, ((Topic.OBSERVATIONS, open_page(swelling)),))
        if is_ours:
            assert [fact.concept for fact in READER.read(material, PATIENT_ID, AS_OF).facts] == ["swelling"]
        else:
            with pytest.raises(InvalidRequest, match="another id"):
                READER.read(material, PATIENT_ID, AS_OF)
