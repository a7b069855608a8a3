"""The sample FHIR server: what it serves is valid R4, hangs together, and can be read, searched and paged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

import fhirkit
import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.routing import Route
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.sample_patients import WRITTEN_ON, charts_on, load_samples
from cds_service.settings import load_settings
from cds_service.shipped import shipped
from cds_service.web.sample_ehr.endpoints import SampleEhr
from cds_service.web.sample_ehr.search import PAGE_SIZE
from tests.calls import assert_outcome

SAMPLES = load_samples(shipped("fhir_fixtures"))
LARGE = next(sample.patient_id for sample in SAMPLES if sample.name == "healthy-adult")
BASE = "http://testserver/fhir"
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Clock:
    """A day that tests can let pass."""

    day = WRITTEN_ON


def routes(clock: Clock) -> list[Route]:
    return SampleEhr(lambda day: charts_on(day, SAMPLES), lambda: clock.day, max_body=4096).routes()


@pytest.fixture(scope="module")
def fhir() -> Iterator[TestClient]:
    with TestClient(create_app(load_settings(), routes(Clock()))) as client:
        yield client


def pages(fhir: TestClient, address: str) -> list[dict[str, Any]]:
    """The first page and all that follow."""
    found: list[dict[str, Any]] = []
    following: str | None = address
    while following is not None:
        assert len(found) < 1000
        response = fhir.get(following)
        assert response.status_code == 200, response.text
        found.append(response.json())
        following = link(found[-1], "next")
    return found


def link(bundle: dict[str, Any], relation: str) -> str | None:
    return next((str(each["url"]) for each in bundle["link"] if each["relation"] == relation), None)


def entries(bundles: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [entry for bundle in bundles for entry in bundle.get("entry", [])]


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, each in value.items():
            if name == "reference" and isinstance(each, str):
                yield each
            yield from references(each)
    elif isinstance(value, list):
        for each in value:
            yield from references(each)


def assert_valid(resource: dict[str, Any]) -> None:
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    assert [str(issue) for issue in fhirkit.validate(resource)] == []


@pytest.fixture(scope="module")
def everything(fhir: TestClient) -> dict[str, dict[str, Any]]:
    """All resources that searches without a filter yield, by `Type/id`."""
    found: dict[str, dict[str, Any]] = {}
    for each in fhir.get("/fhir/metadata").json()["rest"][0]["resource"]:
        bundles = pages(fhir, f"/fhir/{each['type']}")
        for bundle in bundles:
            assert_valid(bundle)
        matches = entries(bundles)
        assert {bundle["total"] for bundle in bundles} == {len(matches)}
        for entry in matches:
            place = f"{each['type']}/{entry['resource']['id']}"
            assert place not in found, "no page repeats what another had"
            assert (entry["fullUrl"], entry["search"]) == (f"{BASE}/{place}", {"mode": "match"})
            found[place] = entry["resource"]
    return found


class TestWhatIsServed:
    def test_the_capability_statement_is_valid_and_says_what_clients_look_for(self, fhir: TestClient) -> None:
        response = fhir.get("/fhir/metadata")
        assert response.headers["content-type"] == "application/fhir+json"
        statement = response.json()
        assert_valid(statement)
        assert (statement["fhirVersion"], statement["kind"], statement["format"][0]) == (
            "4.0.1",
            "instance",
            "json",
        )
        assert statement["implementation"]["url"] == BASE
        (rest,) = statement["rest"]
        assert rest["security"]["cors"] is True
        searched = {each["type"]: {one["name"] for one in each["searchParam"]} for each in rest["resource"]}
        assert searched["Condition"] >= {"_id", "patient", "subject", "category", "code", "clinical-status"}
        assert searched["Patient"] == {"_id"}
        assert "OperationOutcome" not in searched

    def test_every_resource_of_the_samples_is_there_once_and_valid(
        self, fhir: TestClient, everything: dict[str, Any]
    ) -> None:
        in_files = [entry["resource"] for sample in SAMPLES for entry in sample.bundle["entry"]]
        expected = {f"{each['resourceType']}/{each['id']}" for each in in_files if "id" in each}
        assert everything.keys() == expected
        for place, resource in everything.items():
            assert_valid(resource)
            assert fhir.get(f"/fhir/{place}").json() == resource

    def test_references_lead_to_what_is_served(self, everything: dict[str, Any]) -> None:
        """But for the misfiled DVT of a sister, whose chart is not among the samples: that is its point."""
        named = set(references(list(everything.values())))
        assert named - everything.keys() == {"Patient/fixture-sister-not-in-this-bundle"}

    def test_a_patient_has_all_of_the_own_chart_also_what_names_no_subject_or_was_misfiled(
        self, fhir: TestClient
    ) -> None:
        for sample in SAMPLES:
            for kind in ("Condition", "Observation", "MedicationRequest"):
                in_file = [e["resource"] for e in sample.bundle["entry"] if e["resource"]["resourceType"] == kind]
                found = entries(pages(fhir, f"/fhir/{kind}?patient={sample.patient_id}"))
                assert [e["resource"]["id"] for e in found] == [each["id"] for each in in_file]


class TestSearch:
    def test_the_large_chart_comes_in_pages(self, fhir: TestClient) -> None:
        bundles = pages(fhir, f"/fhir/Observation?patient={LARGE}")
        assert len(bundles) > 3
        assert {len(bundle["entry"]) for bundle in bundles[:-1]} == {PAGE_SIZE}
        assert all(str(link(bundle, "next")).startswith(f"{BASE}/Observation?") for bundle in bundles[:-1])

    @pytest.mark.parametrize("count", [1, 7, 119, 200])
    def test_pages_of_any_size_hold_the_same(self, fhir: TestClient, count: int) -> None:
        query = f"/fhir/Observation?patient={LARGE}&category=laboratory,vital-signs"
        bundles = pages(fhir, f"{query}&_count={count}")
        assert max(len(bundle["entry"]) for bundle in bundles) <= count
        assert entries(bundles) == entries(pages(fhir, query))

    def test_a_self_link_gives_the_page_again(self, fhir: TestClient) -> None:
        codes = "code=http://loinc.org|8867-4,http://loinc.org|8480-6"
        for bundle in pages(fhir, f"/fhir/Observation?patient={LARGE}&{codes}&_count=3"):
            assert fhir.get(str(link(bundle, "self"))).json() == bundle

    def test_a_count_of_zero_asks_for_the_total_only(self, fhir: TestClient) -> None:
        bundle = fhir.get("/fhir/Patient?_count=0").json()
        assert_valid(bundle)
        assert (bundle["total"], "entry" in bundle, link(bundle, "next")) == (len(SAMPLES), False, None)

    @pytest.mark.parametrize("query", ["patient=nobody", "_offset=999999", "_id="])
    def test_nothing_found_is_a_bundle_without_entries(self, fhir: TestClient, query: str) -> None:
        bundle = fhir.get(f"/fhir/Goal?{query}").json()
        assert_valid(bundle)
        assert bundle.get("entry") != []

    @pytest.mark.parametrize(
        "query",
        [
            f"patient={LARGE}",
            f"category=exam%2Csocial-history&patient=Patient%2F{LARGE}&_count=5",
            f"code=http%3A%2F%2Floinc.org%7C8867-4&patient={LARGE}&unknown=x",
        ],
    )
    def test_a_form_finds_the_same_as_an_address(self, fhir: TestClient, query: str) -> None:
        by_address = fhir.get(f"/fhir/Observation?{query}").json()
        assert by_address["total"] > 0
        form = fhir.post("/fhir/Observation/_search", content=query, headers=FORM)
        assert form.json() == by_address
        first, _, rest = query.partition("&")
        both = fhir.post(f"/fhir/Observation/_search?{first}", content=rest, headers=FORM)
        assert both.json() == by_address

    def test_links_name_the_host_that_the_client_named(self, fhir: TestClient) -> None:
        """Or a client that came by `localhost` would be led to another place than its base address."""
        bundle = fhir.get("/fhir/Patient", headers={"host": "localhost:8000"}).json()
        assert str(link(bundle, "next")).startswith("http://localhost:8000/fhir/Patient?")
        for wrong in ("[", "a b", "evil.example/x", 'x"><b>', ""):
            bundle = fhir.get("/fhir/Patient", headers={"host": wrong}).json()
            assert str(link(bundle, "next")).startswith("http://testserver:80/fhir/Patient?")

    def test_past_midnight_dates_move_on(self) -> None:
        clock = Clock()
        client = TestClient(create_app(load_settings(), routes(clock)))
        condition = "/fhir/Condition/arm-dvt-and-relatives-leg-dvt-misfiled-dvt"
        before = client.get(condition).json()
        clock.day += timedelta(days=1)
        after = client.get(condition).json()
        assert before["recordedDate"] < after["recordedDate"]
        assert client.get("/fhir/metadata").json()["date"] == "2026-11-03"


class TestErrors:
    @pytest.mark.parametrize(
        ("address", "status", "field", "says"),
        [
            ("/fhir", 404, "", "GET /fhir/metadata"),
            ("/fhir/", 404, "", "GET /fhir/metadata"),
            ("/fhir/Device", 404, "", "GET /fhir/metadata"),
            ("/fhir/patient", 404, "", "GET /fhir/metadata"),
            ("/fhir/Device/1", 404, "", "not served"),
            ("/fhir/Patient/nobody", 404, "", "no resource of this id"),
            (f"/fhir/Observation/{LARGE}", 404, "", "no resource of this id"),
            (f"/fhir/Patient/{LARGE}/_history/1", 404, "", "GET /fhir/metadata"),
            ("/fhir/Patient?_count=many", 400, "_count", "whole number"),
            ("/fhir/Observation?code:in=x", 400, "code", "modifier"),
            ("/fhir/Patient?_format=xml", 406, "", "JSON"),
            ("/fhir/metadata?_format=application/fhir%2Bxml", 406, "", "JSON"),
            (f"/fhir/Patient/{LARGE}?_format=ttl", 406, "", "JSON"),
        ],
    )
    def test_each_is_an_outcome(self, fhir: TestClient, address: str, status: int, field: str, says: str) -> None:
        assert_outcome(fhir.get(address), status, field, says)

    def test_unknown_parameters_are_refused_if_the_client_wants_that(self, fhir: TestClient) -> None:
        assert fhir.get("/fhir/Patient?shoe-size=42").status_code == 200
        for prefer in ("handling=strict", "return=minimal; Handling = strict"):
            response = fhir.get("/fhir/Patient?shoe-size=42", headers={"prefer": prefer})
            assert "shoe" not in assert_outcome(response, 400, "", "not supported")
        assert fhir.get("/fhir/Patient?shoe-size=42", headers={"prefer": "handling=lenient"}).status_code == 200

    def test_it_is_to_be_read_only(self, fhir: TestClient) -> None:
        for method, address in (
            ("POST", "/fhir/Patient"),
            ("PUT", f"/fhir/Patient/{LARGE}"),
            ("PATCH", f"/fhir/Patient/{LARGE}"),
            ("DELETE", f"/fhir/Patient/{LARGE}"),
            ("POST", "/fhir"),
            ("POST", "/fhir/metadata"),
            ("OPTIONS", "/fhir/Patient"),
        ):
            response = fhir.request(method, address, json={})
            assert_outcome(response, 405)
            assert "GET" in response.headers["allow"]

    def test_a_form_must_be_one_and_of_reasonable_size(self, fhir: TestClient) -> None:
        search = "/fhir/Patient/_search"
        assert_outcome(fhir.post(search, json={}), 415, "", "x-www-form-urlencoded")
        assert_outcome(fhir.post(search), 415)
        assert_outcome(fhir.post(search, content=b"x" * 5000, headers=FORM), 413)
        assert fhir.post(search, content=b"\xff&=&%ff=%00&;", headers=FORM).status_code == 200
        assert fhir.post(search, content=b"", headers=FORM).json()["total"] == len(SAMPLES)

    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        path=st.lists(st.sampled_from(["Patient", "Observation", "_search", "..", "%00"]) | st.text(), max_size=3),
        parameters=st.lists(st.tuples(st.sampled_from(["_count", "code", "_format", "_id:x"]) | st.text(), st.text())),
        by_form=st.booleans(),
    )
    def test_whatever_is_asked_is_answered(
        self, fhir: TestClient, path: list[str], parameters: list[tuple[str, str]], by_form: bool
    ) -> None:
        query = urlencode(parameters, errors="surrogatepass")
        address = "/fhir/" + "/".join(quote(part, safe="%", errors="surrogatepass") for part in path)
        response = fhir.post(address, content=query, headers=FORM) if by_form else fhir.get(f"{address}?{query}")
        if response.status_code == 200:
            assert response.json()["resourceType"] in ("Bundle", "CapabilityStatement", "Patient", "Observation")
        else:
            assert response.status_code in (400, 404, 405, 406, 413)
            assert_outcome(response, response.status_code, *response.json()["issue"][0].get("expression", []))


class TestHttp:
    @pytest.mark.parametrize(
        ("accept", "status"),
        [
            ("application/fhir+json", 200),
            ("application/json;q=0.9", 200),
            ("application/json+fhir", 200),
            ("Application/FHIR+JSON; fhirVersion=4.0", 200),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", 200),
            ("", 200),
            ("application/fhir+xml", 406),
            ("text/html", 406),
        ],
    )
    def test_only_json_is_to_be_had(self, fhir: TestClient, accept: str, status: int) -> None:
        for address in ("/fhir/metadata", "/fhir/Patient", f"/fhir/Patient/{LARGE}"):
            response = fhir.get(address, headers={"accept": accept})
            assert response.status_code == status
            assert response.headers["content-type"] == "application/fhir+json"

    @pytest.mark.parametrize("kind", ["json", "application/json", "application/fhir%2Bjson", "application/fhir+json"])
    def test_the_format_parameter_goes_before_the_header(self, fhir: TestClient, kind: str) -> None:
        response = fhir.get(f"/fhir/Patient?_format={kind}", headers={"accept": "text/html"})
        assert response.status_code == 200

    def test_head_is_get_without_a_body(self, fhir: TestClient) -> None:
        for address in ("/fhir/metadata", "/fhir/Patient", f"/fhir/Patient/{LARGE}"):
            head, get = fhir.head(address), fhir.get(address)
            assert (head.status_code, head.content) == (200, b"")
            assert head.headers["content-length"] == str(len(get.content))

    def test_browsers_may_read_it_from_any_page(self, fhir: TestClient) -> None:
        origin = {"origin": "https://sandbox.cds-hooks.org"}
        for address in ("/fhir/metadata", "/fhir/Patient", "/fhir/Patient/nobody"):
            assert fhir.get(address, headers=origin).headers["access-control-allow-origin"] == "*"
        for method in ("GET", "POST"):
            asked = {
                "access-control-request-method": method,
                "access-control-request-headers": "accept,authorization,content-type,prefer",
            }
            response = fhir.options("/fhir/Condition/_search", headers={**origin, **asked})
            assert response.status_code == 200
            assert response.headers["access-control-allow-origin"] == "*"
