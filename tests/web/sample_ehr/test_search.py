"""What a search finds: the small part of FHIR R4 search that the sample FHIR server has."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.errors import InvalidRequest
from cds_service.web.sample_ehr.search import PAGE_SIZE, Filed, parameters_of, read_search

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
LOINC = "http://loinc.org"


def observation(number: str, category: str, *codings: dict[str, str], **members: Any) -> dict[str, Any]:
    """An Observation with one category."""
    return {
        "resourceType": "Observation",
        "id": number,
        "status": "final",
        "category": [{"coding": [{"system": CATEGORY, "code": category}]}],
        "code": {"coding": list(codings), "text": "72514-3"},
        **members,
    }


PAIN = {"system": LOINC, "code": "72514-3"}
LOCAL = {"code": "pain"}
FILED = [
    Filed(observation("o1", "survey", PAIN, LOCAL), "p1"),
    Filed(observation("o2", "exam", {"system": "http://snomed.info/sct", "code": "72514-3"}), "p1"),
    Filed(observation("o3", "exam", PAIN, status="cancelled"), "p1"),
    Filed(observation("o4", "exam", PAIN), "p2"),
    Filed({"resourceType": "Observation", "id": "o5", "status": "final", "code": {"text": "pain"}}, "p2"),
]


def found(*parameters: tuple[str, str], strict: bool = True) -> str:
    """The numbers of the Observations that are found."""
    search = read_search("Observation", parameters, strict)
    return " ".join(each["id"].removeprefix("o") for each in search.find(FILED))


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        ("_id", "o2", "2"),
        ("_id", "o4,o2,none", "2 4"),
        ("patient", "p1", "1 2 3"),
        ("subject", "p1", "1 2 3"),
        ("patient", "Patient/p2", "4 5"),
        ("patient:Patient", "p2", "4 5"),
        ("patient", "http://127.0.0.1:8000/fhir/Patient/p2", "4 5"),
        ("patient", "p1,p2", "1 2 3 4 5"),
        ("patient", "Group/p1", ""),
        ("patient", "p", ""),
        ("patient", ",", ""),
        ("category", "exam", "2 3 4"),
        ("category", "exam,survey", "1 2 3 4"),
        ("category", f"{CATEGORY}|survey", "1"),
        ("category", "http://other|survey", ""),
        ("code", "72514-3", "1 2 3 4"),
        ("code", f"{LOINC}|72514-3", "1 3 4"),
        ("code", f"{LOINC}|", "1 3 4"),
        ("code", f"{LOINC}|1,http://snomed.info/sct|72514-3", "2"),
        ("code", "|pain", "1"),
        ("code", "|72514-3", ""),
        ("status", "cancelled", "3"),
        ("status", "final,cancelled", "1 2 3 4 5"),
        ("code", "", "1 2 3 4 5"),
    ],
)
def test_one_parameter(parameter: str, value: str, expected: str) -> None:
    assert found((parameter, value)) == expected


def test_all_parameters_must_hold_also_the_same_one_twice() -> None:
    assert found(("patient", "p1"), ("category", "exam"), ("status", "final")) == "2"
    assert found(("code", f"{LOINC}|72514-3"), ("code", "pain")) == "1"


def test_every_parameter_that_is_announced_is_looked_at() -> None:
    for resource_type in ("Condition", "MedicationRequest", "Encounter", "Goal", "Immunization", "Patient"):
        patient = [Filed({"resourceType": resource_type, "id": "r1"}, "p1")]
        for name in parameters_of(resource_type):
            assert read_search(resource_type, [(name, "other")], strict=True).find(patient) == [], name


def test_a_code_a_coding_and_a_concept_are_all_tokens() -> None:
    encounter = Filed({"id": "e1", "status": "finished", "class": {"system": "s", "code": "AMB"}}, "p1")
    drug = Filed({"id": "m1", "intent": "order", "medicationCodeableConcept": {"coding": [LOCAL]}}, "p1")
    for resource_type, filed, parameters in (
        ("Encounter", encounter, [("status", "finished"), ("class", "AMB"), ("class", "s|AMB")]),
        ("MedicationRequest", drug, [("intent", "order"), ("code", "pain")]),
    ):
        assert read_search(resource_type, parameters, strict=True).find([filed]) == [filed.resource]


def test_what_is_unknown_is_ignored_and_not_repeated_unless_strictness_is_asked_for() -> None:
    unknown = [("patient", "p1"), ("_sort", "-date"), ("patient.name", "x"), ("date:missing", "true")]
    assert found(*unknown, strict=False) == "1 2 3"
    assert read_search("Observation", unknown, strict=False).query(0) == f"patient=p1&_count={PAGE_SIZE}"
    for each in unknown[1:]:
        with pytest.raises(InvalidRequest, match=r"not supported.*GET /fhir/metadata"):
            found(each)
    assert found(("_format", "json"), ("_pretty", "true")) == "1 2 3 4 5"


@pytest.mark.parametrize(
    "sent", ["_count=-1", "_count=", "_count=ten", "_count=٣", "_count=1e3", "_offset=" + "9" * 5000]
)
def test_a_number_that_is_none_is_told(sent: str) -> None:
    name, _, value = sent.partition("=")
    with pytest.raises(InvalidRequest, match=f"{name}: is not a whole number") as caught:
        found((name, value), strict=False)
    assert caught.value.field == name


def test_a_modifier_of_a_known_parameter_is_never_ignored() -> None:
    """R4: a server shall reject what it would otherwise answer wrongly."""
    for name in ("code:not", "patient:Group", "status:missing", "_id:exact"):
        with pytest.raises(InvalidRequest, match="modifiers are not supported"):
            found((name, "x"), strict=False)


def test_a_page_is_never_larger_than_the_server_wants() -> None:
    assert read_search("Patient", [("_count", "100000")], strict=True).count == 200
