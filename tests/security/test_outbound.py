"""Which servers may be read, and how addresses are compared."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from cds_service.addresses import is_loopback, lies_within, parse_address
from cds_service.security.outbound import AllowedServers

LISTED = "https://ehr.example.org/fhir/R4"


@pytest.mark.parametrize(
    "same",
    [
        LISTED,
        LISTED + "/",
        "HTTPS://EHR.example.ORG/fhir/R4",
        "https://ehr.example.org:443/fhir/R4",
    ],
)
def test_another_spelling_of_a_listed_server_is_allowed(same: str) -> None:
    assert AllowedServers([LISTED]).allows(same)
    assert AllowedServers([same]).allows(LISTED)


@pytest.mark.parametrize(
    "other",
    [
        "http://ehr.example.org/fhir/R4",
        "https://ehr.example.org:8443/fhir/R4",
        "https://ehr.example.org/fhir",
        "https://ehr.example.org/fhir/R4/x",
        "https://ehr.example.org/fhir/r4",
        "https://ehr.example.org/fhir/R4?x=1",
        "https://ehr.example.org/fhir/R4#x",
        "https://ehr.example.org/fhir/x/../R4",
        "https://ehr.example.org/fhir/%2e/R4",
        "https://ehr.example.org.evil.example/fhir/R4",
        "https://ehr.example.org@evil.example/fhir/R4",
        "https://evil.example/ehr.example.org/fhir/R4",
        "https://evil.example\\@ehr.example.org/fhir/R4",
        "https://ehr.example.org\t/fhir/R4",
        " https://ehr.example.org/fhir/R4",
        "https://169.254.169.254/fhir/R4",
        "https://\u0435hr.example.org/fhir/R4",
        "ftp://ehr.example.org/fhir/R4",
        "file:///fhir/R4",
        "//ehr.example.org/fhir/R4",
        "https://[::1",
        "https://",
        "*",
        "",
    ],
)
def test_every_other_address_is_refused(other: str) -> None:
    assert not AllowedServers([LISTED]).allows(other)


def test_private_and_plain_http_addresses_are_allowed_as_written() -> None:
    for base in (
        "http://10.1.2.3:8080/fhir",
        "http://localhost/fhir",
        "http://[fd00::1]/fhir",
        "http://ehr/fhir",
    ):
        assert AllowedServers([base]).allows(base)


def test_an_empty_list_allows_nothing_and_a_star_every_web_address() -> None:
    assert not AllowedServers([]).allows(LISTED)
    anything = AllowedServers(["*"])
    assert anything.allows(LISTED)
    assert anything.allows("http://127.0.0.1:1/x")
    assert not anything.allows("file:///etc/passwd")
    assert not anything.allows("https://user@x/fhir")


@pytest.mark.parametrize(
    ("url", "inside"),
    [
        ("https://h/fhir", True),
        ("https://h/fhir/", True),
        ("https://h/fhir?page=2", True),
        ("https://h/fhir/Condition?a=b", True),
        ("https://H:443/fhir/x", True),
        ("https://h/fhirx", False),
        ("https://h/", False),
        ("http://h/fhir/x", False),
        ("https://h:444/fhir/x", False),
        ("https://h/fhir/../x", False),
        ("https://h/fhir/%2E%2e%2Fx", False),
        ("https://h/fhir/x#y", False),
    ],
)
def test_within_a_base_is_the_same_place_and_below(url: str, inside: bool) -> None:
    assert lies_within(url, "https://h/fhir/") is inside


def test_a_base_without_path_holds_the_whole_host() -> None:
    assert lies_within("https://h/anything", "https://h")
    assert parse_address("https://h") == ("https", "h", 443, "")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        (str(IPv4Address(0)), False),
        ("::", False),
        ("10.0.0.1", False),
        ("localhost.example.org", False),
        ("", False),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
