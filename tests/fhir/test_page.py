"""Opening what an EHR sends: an answer, or words for why it is none."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import InvalidRequest
from cds_service.facts import Topic
from cds_service.fhir.page import Material, open_page
from tests.charts import AS_OF, PATIENT_ID, READER, bundle, patient, resource

CALF_PAIN = {"condition": "sct|300954003", "onset": -1}


@given(cut=st.integers(0, 2000), junk=st.binary(max_size=20))
def test_a_broken_answer_is_a_failure_and_no_crash(cut: int, junk: bytes) -> None:
    whole = bundle(*(resource({**CALF_PAIN, "id": f"n{number}"}, number) for number in range(9)))
    page = open_page(whole[: cut % len(whole)] + junk)
    assert page.failure
    assert page.resources == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"5",
        b'"x"',
        b"[]",
        b"{}",
        b'{"error": "timeout"}',
        b"<html>",
        b"\xff\xfe",
        b'{"resourceType": 5}',
        b'{"resourceType": "Bundle", "entry": {}}',
    ],
)
def test_what_is_no_fhir_is_a_failure(raw: bytes) -> None:
    assert open_page(raw).failure


@pytest.mark.parametrize(
    "opening",
    [
        b"[",
        b'{"a":',
        b'{"resourceType": "Bundle", "entry": [{"resource": {"a":',
        b'{"resourceType":"Condition","x":[',
    ],
)
def test_deep_nesting_is_a_failure_and_no_crash(opening: bytes) -> None:
    assert open_page(opening * 50_000).failure


@pytest.mark.parametrize("depth", [100, 2_000, 100_000])
def test_a_deeply_nested_resource_is_passed_over_or_told(depth: int) -> None:
    deep = b'{"resourceType": "Observation", "id": "deep", "extension": ' + b"[" * depth + b"]" * depth + b"}"
    page = open_page(
        b'{"resourceType": "Bundle", "entry": [{"resource": ' + deep + b'}, {"resource": ' + bundle() + b"}]}"
    )
    assert page.failure or page.unreadable or [head.id for head in page.resources] == ["deep"]


@pytest.mark.parametrize(
    ("severity", "failed"),
    [("information", False), ("warning", False), ("error", True), ("fatal", True), (None, True)],
)
def test_an_operation_outcome_is_an_answer_unless_it_is_an_error(severity: Any, failed: bool) -> None:
    """Epic sends one with every empty search, as an entry of the Bundle."""
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": severity, "code": "processing"}]}
    assert bool(open_page(json.dumps(outcome).encode()).failure) is failed
    entry = {"resource": outcome, "search": {"mode": "outcome"}}
    assert (
        bool(open_page(json.dumps({"resourceType": "Bundle", "total": 0, "entry": [entry]}).encode()).failure) is failed
    )


@pytest.mark.parametrize(
    ("link", "following"),
    [
        ([{"relation": "self", "url": "a"}, {"relation": "next", "url": "b"}], "b"),
        ([{"relation": "self", "url": "a"}], None),
        ([{"relation": "next"}], None),
        ([{"relation": "next", "url": 5}, None, "next"], None),
        ({"relation": "next", "url": "b"}, None),
        (None, None),
    ],
)
def test_only_a_next_link_leads_on(link: Any, following: str | None) -> None:
    page = open_page(json.dumps({"resourceType": "Bundle", "link": link, "entry": []}).encode())
    assert (page.next, page.failure) == (following, "")


def test_a_patient_in_a_bundle_is_refused_or_read() -> None:
    """A search answer where a read was asked for: a death must not be lost on the way."""
    who = open_page(bundle(patient(deceasedBoolean=True)))
    pages = ((Topic.CONDITIONS, open_page(bundle(resource(CALF_PAIN, 0)))),)
    try:
        chart = READER.read(Material(who, pages), PATIENT_ID, AS_OF)
    except InvalidRequest:
        return
    assert chart.patient.deceased
