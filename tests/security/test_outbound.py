"""Which servers may be read, and how addresses are compared."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from cds_service.addresses import is_loopback, parse_address, resolved
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
    assert (resolved(url, "https://h/fhir/") is not None) is inside


BASE = "https://ehr.example.org/fhir/R4"


@pytest.mark.parametrize(
    "link",
    [
        # in the shapes of servers in use: HAPI, Epic, Oracle, Medplum, Firely, Azure, Blaze
        f"{BASE}?_getpages=5f3c8d7e-4e1a-4a53-b8ad-cb3a40d2c6f1&_getpagesoffset=20&_count=20&_bundletype=searchset",
        f"{BASE}/Observation?sessionID=19-1A2B3C.3&category=laboratory",
        f"{BASE}/Condition?patient=12724066&-pageContext=47a1%3B..%2F..%2F&-pageDirection=NEXT",
        f"{BASE}/Observation?patient=Patient%2Fp1&_cursor=2026-11-02T12:00:00.000Z-x&_count=100",
        f"{BASE}/?q-p=W3siTmFtZSI6/+==&_skip=10",
        f"{BASE}/Condition?ct=Ww0KICB7DQogIC%2bAx%3d%3d&code=http://loinc.org|48065-7,http://loinc.org%7C48066-5",
        f"{BASE}/Observation/__page/DAAAAAEAAAAA_-x=/AAAAA%3D",
        f"{BASE}/Patient/a.b-c/$everything?page=..;/..;/&x=%2e%2e%252f",
        f"{BASE}/Patient/p1/%24everything",
        f"{BASE}/Condition/_history/...1",
        "HTTPS://EHR.example.org:443/fhir/R4/Condition",
    ],
)
def test_a_next_link_of_servers_in_use_is_within_its_base(link: str) -> None:
    assert resolved(link, BASE) == link.replace("HTTPS", "https")


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("Condition?page=2", f"{BASE}/Condition?page=2"),
        ("?page=2", f"{BASE}/?page=2"),
        ("/fhir/R4/Condition?page=2", f"{BASE}/Condition?page=2"),
        ("Condition/../Observation", f"{BASE}/Observation"),
        ("//ehr.example.org/fhir/R4/x", f"{BASE}/x"),
    ],
)
def test_a_relative_reference_starts_at_the_base(reference: str, url: str) -> None:
    assert resolved(reference, BASE) == resolved(reference, BASE + "/") == url


STEPS_OUT = (
    *("..", "..;", "..;x=y", ".;", ";", "x;jsessionid=1", "..%3b", "..%3B;", "..%253b"),
    *("%2e%2e", "%2E.", ".%2e", "%2e", "%252e%252e", "%25252e.", "%252E%252e%252f", "...", "%2e..."),
    *("..%2f", "..%2Fadmin", "x%2fy", "..%5c", "..\\", "x\\..\\..", "%255c", "%c0%ae%c0%ae", "%c0%af", "%u002e%u002e"),
    *("%ef%bc%8e%ef%bc%8e", "%e2%80%a5", "\uff0e\uff0e", "\u2025", "..%00", "..%20", "..%09", "..%0d%0a", "..%3f"),
    *("/", "//x", "x//y", ". .", "..\t", ".\t.", "\n..", "..\x7f", "..\x9b", "..\u202e", "\ud800", "%", "%zz", "x#y"),
)


@pytest.mark.parametrize("step", STEPS_OUT, ids=ascii)
def test_what_some_server_could_take_for_a_way_out_is_refused(step: str) -> None:
    for way in (f"{step}/admin", f"x/{step}/{step}/{step}/admin?page=2"):
        assert resolved(f"{BASE}/{way}", BASE) is None
        assert resolved(f"https://h/{way}", "https://h") is None


@pytest.mark.parametrize("way", ["..;/admin", "%2e%2e/admin", "x/..%2f..%2fadmin", "../../admin", "//h/", "..\\admin"])
def test_nor_is_a_relative_way_out_followed(way: str) -> None:
    assert resolved(way, BASE) is None


@pytest.mark.parametrize(
    "link",
    [
        BASE.replace("https", "http"),
        BASE.replace(".org", ".org:8443"),
        BASE.replace("ehr.", "user@ehr."),
        BASE.replace("ehr.", "user:secret@ehr."),
        BASE.replace("ehr.", "@ehr."),
        BASE.replace("ehr.", "%65hr."),
        BASE.replace("ehr.", "ehr\uff0e"),
        BASE.replace("ehr.", "\u0435hr."),
        BASE.replace(".org", ".org."),
        BASE.replace(".org", ".org\\@evil.example"),
        BASE.replace("fhir", "FHIR"),
        BASE.replace("fhir", "%66hir"),
        BASE.replace("/fhir", "//fhir"),
        BASE.replace("/fhir", "/x/../fhir"),
        BASE + ";/Condition",
        BASE + "/..",
        BASE + "/%2e%2e",
        BASE + "%2fCondition",
        BASE + "/Condition#x",
        BASE + "/Condition ",
        BASE + "/Condition?page=2\r\nHost: evil.example",
        "\t" + BASE,
        " " + BASE,
    ],
    ids=ascii,
)
def test_another_spelling_of_the_base_is_no_next_link(link: str) -> None:
    assert resolved(link, BASE) is None


def test_a_base_without_path_holds_the_whole_host() -> None:
    assert resolved("https://h/anything", "https://h") == "https://h/anything"
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
