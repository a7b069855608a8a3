"""Each way in which data can come, or fail to come, has one defined effect."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.facts import Topic
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.prefetch import chart_needs
from tests.calls import (
    CALF_PAIN,
    KEYS,
    SERVICE,
    TOLD,
    assert_outcome,
    call,
    cards,
    detail,
    outcome,
    post,
    prefetch,
    searchset,
    without,
)
from tests.charts import patient
from tests.ehr import Ehr

CALF_SWELLING = {"observation": "sct|449615005", "id": "swelling", "at": -1}
NOT_FHIR = [
    "<html>Sign in</html>",
    7,
    True,
    [],
    [searchset()],
    {},
    {"resourceType": 3},
    {"resourceType": "Bundle", "entry": 5},
]


class TestSent:
    """CDS Hooks 2.0.1, "Prefetch Template": a key that is null means that there are no data; a missing key
    that the client did not or could not supply them; an OperationOutcome that it met an error, and need not
    be asked again.
    """

    @pytest.mark.parametrize("key", KEYS[1:])
    @pytest.mark.parametrize(
        "nothing",
        [
            None,
            {"resourceType": "Bundle"},
            searchset(),
            searchset(outcome("information")),
            outcome("warning"),
        ],
        ids=["null", "bare Bundle", "empty searchset", "Epic's note that nothing was found", "a warning"],
    )
    def test_null_and_empty_are_known_to_be_nothing(
        self, reading_client: TestClient, ehr: Ehr, key: str, nothing: Any
    ) -> None:
        response = post(reading_client, prefetch=prefetch(**{key: nothing}), fhirServer=ehr.base)
        found = cards(response)
        assert len(found) == (0 if key == "conditions" else 1)
        assert "could not" not in response.text
        assert "were not sent" not in response.text
        assert ehr.seen == [], "what is known to be nothing is not asked for"

    @pytest.mark.parametrize("key", KEYS[1:])
    @pytest.mark.parametrize("failed", [outcome(), outcome("fatal"), searchset(outcome()), *NOT_FHIR], ids=repr)
    def test_what_the_ehr_failed_to_get_is_told_and_not_asked_again(
        self, reading_client: TestClient, ehr: Ehr, key: str, failed: Any
    ) -> None:
        """An error in Conditions must not look like "no Conditions"."""
        response = post(reading_client, prefetch=prefetch(**{key: failed}), fhirServer=ehr.base)
        assert "could not be supplied" in detail(response)
        assert ehr.seen == []

    def test_what_came_beside_an_error_is_still_read(self, client: TestClient) -> None:
        partly = searchset(CALF_PAIN, outcome())
        text = detail(post(client, prefetch=prefetch(conditions=partly)))
        assert TOLD in text
        assert "could not be supplied" in text

    @pytest.mark.parametrize(
        ("bundle", "short"),
        [
            (searchset(CALF_PAIN, total=57), True),
            (searchset(CALF_PAIN, total="57"), True),
            (searchset(CALF_PAIN, total=57.0), True),
            (searchset(CALF_PAIN, outcome("information"), total=3), True),
            (searchset(CALF_PAIN, {"resourceType": "Encounter"}, total=3), True),
            (searchset(total=1), True),
            (searchset(CALF_PAIN, total=0), False),
            (searchset(CALF_PAIN, total=None), False),
            (searchset(CALF_PAIN, total="many"), False),
            (searchset(CALF_PAIN, outcome("information"), total=2), False),  # the size of the page
            (searchset(CALF_PAIN, {"resourceType": "Condition", "id": 5}, total=2), False),
        ],
    )
    def test_a_bundle_that_counts_more_than_came_is_not_whole(
        self, client: TestClient, bundle: dict[str, Any], short: bool
    ) -> None:
        told = detail(post(client, prefetch=prefetch(conditions=bundle, findings=searchset(CALF_SWELLING))))
        assert ("problems and diagnoses were sent only in part" in told) is short

    def test_a_lone_resource_is_as_good_as_a_bundle_of_one(self, client: TestClient) -> None:
        (entry,) = searchset(CALF_PAIN)["entry"]
        assert TOLD in detail(post(client, prefetch=prefetch(conditions=entry["resource"])))

    def test_a_patient_in_a_searchset_is_the_patient(self, client: TestClient) -> None:
        deceased = patient(deceasedBoolean=True)
        assert cards(post(client, prefetch=prefetch(patient=searchset(patient())))) != []
        assert cards(post(client, prefetch=prefetch(patient=searchset(deceased)))) == []

    @pytest.mark.parametrize(
        "who",
        [
            None,
            outcome(),
            searchset(),
            searchset(patient(), patient(id="p2")),
            searchset(CALF_PAIN)["entry"][0],
            *NOT_FHIR,
        ],
        ids=["null", "an error", "nobody", "two", "another type", *map(repr, NOT_FHIR)],
    )
    def test_without_one_patient_nothing_can_be_said(self, client: TestClient, who: Any) -> None:
        """Not even that the chart is that of the patient in context."""
        assert_outcome(post(client, prefetch=prefetch(patient=who)), 412, "prefetch.patient", "the Patient's own data")

    @pytest.mark.parametrize("failed", [outcome(), "<html>"])
    def test_with_neither_conditions_nor_observations_nothing_can_be_said(
        self, client: TestClient, failed: Any
    ) -> None:
        none = {"conditions": failed, "findings": failed, "measurements": failed}
        assert_outcome(post(client, prefetch=prefetch(**none)), 412, "prefetch.conditions", "neither")
        for key in none:
            some = {**none, key: searchset()}
            assert "could not be supplied" in detail(post(client, prefetch=prefetch(**some)))

    def test_nothing_recorded_is_not_the_same_as_nothing_to_be_had(self, client: TestClient) -> None:
        empty = {"conditions": None, "findings": None, "measurements": None}
        assert cards(post(client, prefetch=prefetch(**empty))) == []


class TestNotSent:
    def test_without_a_server_the_gap_is_told(self, client: TestClient) -> None:
        text = detail(post(client, prefetch=without(prefetch(), "medications")))
        assert "active medicines were not sent, and the request names no FHIR server to read from" in text

    def test_an_unlisted_server_beside_a_complete_prefetch_is_no_error(self, client: TestClient) -> None:
        """The public sandbox always names one."""
        assert "not on the list" not in detail(post(client, fhirServer="https://unlisted.example.org/fhir"))

    def test_an_unlisted_server_is_not_asked(self, client: TestClient, ehr: Ehr) -> None:
        text = detail(post(client, prefetch=without(prefetch(), "findings"), fhirServer=ehr.base))
        assert "were not sent, and the FHIR server of the request is not on the list" in text
        assert_outcome(
            post(client, prefetch=without(prefetch(), "patient"), fhirServer=ehr.base),
            412,
            "prefetch.patient",
            "is not on the list of servers that this service may read",
            "CDS_FHIR_SERVERS",
        )
        assert_outcome(
            post(client, prefetch={"patient": patient()}, fhirServer=ehr.base),
            412,
            "prefetch.conditions",
            "not on the list",
        )
        assert ehr.seen == []

    @pytest.mark.parametrize("members", [{"prefetch": {}}, {"prefetch": None}, {}])
    def test_a_call_without_any_prefetch_and_server_is_412(self, client: TestClient, members: Any) -> None:
        """The public sandbox leaves `prefetch` out altogether when it has got nothing."""
        body = {**without(call(), "prefetch"), **members}
        assert_outcome(client.post(SERVICE, json=body), 412, "prefetch.patient", "not sent")


def test_each_key_answers_one_part_of_the_chart() -> None:
    needs = chart_needs(["72514-3"])
    assert tuple(need.key for need in needs) == KEYS
    assert {need.topic for need in needs} == set(Topic)
    assert needs[3].address("p1") == "Observation?patient=p1&code=http://loinc.org|72514-3&_count=200"
    assert needs[0].address("p1") == "Patient/p1"


def test_all_measurements_that_are_understood_are_asked_for_in_an_address_that_servers_take() -> None:
    """Many servers and proxies refuse addresses of 2,000 characters and more."""
    codes = Terminology().measurement_codes()
    assert {"2823-3", "19123-9", "2601-3", "17861-6", "2000-8", "2951-2", "2157-6"} <= set(codes)
    template = next(need.template for need in chart_needs(codes) if need.key == "measurements")
    assert template.count("http://loinc.org|") == len(codes)
    assert {"30881-7", "39420-5"} <= set(codes)  # scans of leg veins, which are filed under imaging
    assert len(template) < 1200


def test_every_template_is_explained() -> None:
    text = (Path(__file__).parents[2] / "docs" / "prefetch.md").read_text(encoding="utf-8")
    for need in chart_needs([]):
        template = need.template.replace("&code=", "&code=…")
        assert f"### `{need.key}`: `{template}`" in text
