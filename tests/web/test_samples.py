"""The demo's start page and its links into the public sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.sample_patients import SamplePatient
from cds_service.settings import load_settings
from cds_service.web.samples import sample_routes
from tests.calls import assert_outcome
from tests.html_page import Page

HOSTILE = 'a"><script>alert(1)</script>&amp;'
SAMPLES = {
    name: SamplePatient(title, {"entry": [{"fullUrl": "urn:x", "resource": {"resourceType": "Patient", "id": number}}]})
    for name, title, number in (("one", "calf-pain", "p1"), ("two", HOSTILE, "p2&x=1"))
}


@pytest.fixture(scope="module")
def demo() -> Iterator[TestClient]:
    routes = sample_routes(SAMPLES, lambda name: {"hook": name})
    with TestClient(create_app(load_settings(), routes), follow_redirects=False) as client:
        yield client


def test_the_page_lists_every_sample_with_its_links(demo: TestClient) -> None:
    response = demo.get("/")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in response.headers["content-security-policy"]
    page = Page(response.text)
    for each in demo.get("/samples").json()["samples"]:
        assert {each["sandbox"], each["patient"], each["request"]} <= set(page.links)
        assert each["title"] in page.texts
        assert f"Sandbox: {each['title']}" in page.names
    assert "http://testserver/cds-services/calf-pain-patient-view" in response.text


def test_the_page_is_plain_and_what_it_shows_is_text(demo: TestClient) -> None:
    page = Page(demo.get("/").text)
    assert "script" not in page.tags
    assert 'a"><script>alert(1)</script>&amp;' in page.texts
    assert page.tags.count("h1") == page.tags.count("main") == page.tags.count("title") == 1


def test_a_link_presets_the_sandbox(demo: TestClient) -> None:
    listed = {each["name"]: each["sandbox"] for each in demo.get("/samples").json()["samples"]}
    for name, patient_id in (("one", "p1"), ("two", "p2&x=1")):
        response = demo.get(f"/sandbox/{name}")
        assert (response.status_code, response.headers["location"]) == (307, listed[name])
        address = urlsplit(listed[name])
        assert (address.scheme, address.netloc, address.path) == ("https", "sandbox.cds-hooks.org", "/")
        assert parse_qs(address.query) == {
            "hook": ["patient-view"],
            "screen": ["patient-view"],
            "patientId": [patient_id],
            "fhirServiceUrl": ["http://testserver/fhir"],
            "serviceDiscoveryURL": ["http://testserver/cds-services"],
        }


def test_links_name_the_host_that_the_client_named(demo: TestClient) -> None:
    (first, _) = demo.get("/samples", headers={"host": "localhost:8000"}).json()["samples"]
    assert first["request"] == "http://localhost:8000/samples/one"
    assert "fhirServiceUrl=http%3A%2F%2Flocalhost%3A8000%2Ffhir" in first["sandbox"]
    assert "evil" not in demo.get("/", headers={"host": 'evil"><b>'}).text


def test_a_sample_that_is_not_there_is_told(demo: TestClient) -> None:
    for address in ("/samples/none", "/sandbox/none"):
        assert_outcome(demo.get(address), 404)
