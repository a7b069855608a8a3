"""A Bundle becomes the call that an EHR would make for it."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.errors import InvalidRequest
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.prefetch import chart_needs
from tests.calls import CALF_PAIN, KEYS, searchset
from tests.charts import patient, resource
from tests.older_fhir import to_dstu2

NEEDS = chart_needs(["72514-3", "48065-7"])
SCORE = {"observation": "loinc|72514-3", "id": "score", "value": 4}
SIGN = {"observation": "sct|271813007", "id": "sign"}
BOTH = {"observation": ["sct|22253000", "loinc|72514-3"], "id": "both", "value": 4}
ORDER = {"medication": "rx|11289", "id": "order"}
STOPPED = {"medication": "rx|11289", "id": "stopped", "status": "stopped"}
OPERATION = {"procedure": "sct|387713003", "id": "operation"}
MEDICATION = {"resourceType": "Medication", "id": "drug"}
VISIT = {"resourceType": "Encounter", "id": "visit"}


def ids(request: dict[str, Any]) -> dict[str, list[str]]:
    return {
        key: [entry["resource"]["id"] for entry in value.get("entry", [])]
        for key, value in request["prefetch"].items()
        if key != "patient"
    }


def test_each_resource_goes_to_the_key_whose_query_finds_it() -> None:
    chart = searchset(patient(), CALF_PAIN, SCORE, SIGN, BOTH, ORDER, STOPPED, MEDICATION, OPERATION, VISIT)
    request = chart_request(chart, NEEDS)
    assert request["hook"] == "patient-view"
    assert request["context"]["patientId"] == "p1"
    assert request["prefetch"]["patient"] == patient()
    assert set(request["prefetch"]) == set(KEYS)
    assert ids(request) == {
        "measurements": ["score", "both"],
        "conditions": ["pain"],
        "findings": ["sign"],
        "medications": ["order", "drug"],
        "procedures": ["operation"],
    }


def test_a_medication_order_of_dstu2_goes_to_the_medications() -> None:
    orders = [to_dstu2(resource(each, 0)) for each in (ORDER, STOPPED)]
    assert ids(chart_request(searchset(patient(), *orders), NEEDS))["medications"] == ["order"]


def test_codings_that_are_no_list_are_no_codes() -> None:
    odd = [{"resourceType": "Observation", "id": "odd", "code": code} for code in (5, {"coding": 5}, {"coding": [5]})]
    assert ids(chart_request(searchset(patient(), *odd), NEEDS))["findings"] == ["odd"] * 3


def test_each_request_is_a_new_instance() -> None:
    chart = searchset(patient())
    assert chart_request(chart, NEEDS)["hookInstance"] != chart_request(chart, NEEDS)["hookInstance"]


def test_of_several_patients_one_is_chosen_with_what_is_about_them() -> None:
    other = {"condition": "sct|300954003", "id": "other", "subject": "Patient/p2"}
    by_urn = {**CALF_PAIN, "id": "urn", "subject": "urn:uuid:p1"}
    version = {**CALF_PAIN, "id": "version", "subject": "Patient/p1/_history/3"}
    bare = {**CALF_PAIN, "id": "bare", "subject": "p1"}
    chart = searchset(patient(), patient(id="p2"), CALF_PAIN, other, by_urn, version, bare)
    assert ids(chart_request(chart, NEEDS, "p1"))["conditions"] == ["pain", "urn", "version", "bare"]
    assert ids(chart_request(chart, NEEDS, "p2"))["conditions"] == ["other"]
    with pytest.raises(InvalidRequest, match="2 Patients"):
        chart_request(chart, NEEDS)
    with pytest.raises(InvalidRequest, match="no Patient of that id"):
        chart_request(chart, NEEDS, "p3")


@pytest.mark.parametrize(
    "bundle",
    [
        {},
        {"entry": None},
        {"entry": 5},
        {"entry": [None, {}, {"resource": None}, {"resource": {}}]},
        searchset(CALF_PAIN),
    ],
)
def test_without_a_patient_there_is_no_request(bundle: Any) -> None:
    with pytest.raises(InvalidRequest, match="no Patient"):
        chart_request(bundle, NEEDS)


def test_odd_resources_do_not_stop_the_others() -> None:
    odd: list[dict[str, Any]] = [
        {"resourceType": "Observation", "id": "o1", "code": "text"},
        {"resourceType": "Observation", "id": "o2", "code": {"coding": "text"}},
        {"resourceType": "Observation", "id": "o3", "code": {"coding": [None, 3, {}]}},
        {"resourceType": "Condition", "id": "o4", "subject": "text"},
    ]
    request = chart_request(searchset(patient(), *odd), NEEDS)
    assert ids(request)["findings"] == ["o1", "o2", "o3"]
    assert ids(request)["conditions"] == ["o4"]


PERSON = {key: value for key, value in patient().items() if key != "id"}


def entry(url: str, each: dict[str, Any]) -> dict[str, Any]:
    return {"fullUrl": url, "resource": each}


@pytest.mark.parametrize(
    ("url", "chosen"),
    [
        ("urn:uuid:0f6b2c1e-6a3d-4c1b-9a70-3f2f5b7d1c11", "0f6b2c1e-6a3d-4c1b-9a70-3f2f5b7d1c11"),
        ("urn:oid:1.2.3", "1.2.3"),
        ("https://ehr.example/fhir/Patient/77", "77"),
        ("https://ehr.example/fhir/Patient/77/_history/2", "77"),
    ],
)
def test_a_patient_without_an_id_has_that_of_its_entry(url: str, chosen: str) -> None:
    request = chart_request({"entry": [entry(url, PERSON)]}, NEEDS)
    assert request["context"]["patientId"] == chosen
    assert request["prefetch"]["patient"]["entry"] == [entry(url, PERSON)]


def test_a_patient_that_has_neither_is_an_error() -> None:
    with pytest.raises(InvalidRequest, match="neither an id nor a fullUrl"):
        chart_request(searchset(PERSON), NEEDS)


def test_of_several_patients_a_reference_names_the_one_whose_entry_it_is() -> None:
    """Even where its id is also that of the other."""
    chart = {
        "entry": [
            entry("urn:uuid:a", patient(id="b")),
            entry("urn:uuid:b", patient(id="a")),
            *(
                entry(f"urn:uuid:of-{each}", resource({**SIGN, "id": each, "subject": f"urn:uuid:{each}"}, 0))
                for each in ("a", "b")
            ),
        ]
    }
    assert ids(chart_request(chart, NEEDS, "b"))["findings"] == ["a"]
    assert ids(chart_request(chart, NEEDS, "a"))["findings"] == ["b"]
