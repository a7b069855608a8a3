"""What a call must look like, and what is said when it does not: the field, the problem, the remedy, no
value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient
from structlog.testing import capture_logs

from cds_service.errors import (
    BodiesFillMemory,
    CdsError,
    ClientLeft,
    ContentTooLarge,
    HeaderTooLarge,
    InvalidRequest,
    MissingPrecondition,
    NotAcceptable,
    Overloaded,
    RequestTimeout,
    StoreUnavailable,
    TimeBudgetSpent,
    TooManyCalls,
    Unauthenticated,
    UnknownResource,
    UnknownService,
    UnknownTransferCoding,
    UnsupportedContentType,
)
from tests.calls import SERVICE, assert_outcome, authorization, call, context, detail, prefetch, without
from tests.conftest import client_with

ANYTHING = "Zebrafish-4711"  # stands for whatever a request may hold; must never come back


def post(client: TestClient, body: Any, **headers: str) -> Any:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(SERVICE, content=content, headers={"content-type": "application/json", **headers})


def test_a_valid_call_gets_cards(client: TestClient) -> None:
    response = post(client, call())
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    (card,) = response.json()["cards"]
    assert len(card["summary"]) < 140
    assert card["indicator"] == "info"
    assert card["source"]["label"]


WRONG: list[tuple[str, Any, str, str]] = [
    ("hook missing", without(call(), "hook"), "hook", "missing"),
    ("hook of another kind", call(hook="order-sign"), "hook", "is not patient-view"),
    ("hook empty", call(hook=""), "hook", "is not patient-view"),
    ("hook a number", call(hook=1), "hook", "expected string, got integer"),
    ("hook null", call(hook=None), "hook", "expected string, got null"),
    ("hookInstance missing", without(call(), "hookInstance"), "hookInstance", "missing"),
    ("hookInstance free text", call(hookInstance=ANYTHING), "hookInstance", "not a UUID"),
    ("hookInstance empty", call(hookInstance=""), "hookInstance", "not a UUID"),
    (
        "hookInstance with a line break",
        call(hookInstance="d1577c69-dfbe-44ad-ba6d-3e05e953b2ea\n"),
        "hookInstance",
        "not a UUID",
    ),
    ("context missing", without(call(), "context"), "context", "missing"),
    ("context null", call(context=None), "context", "got null"),
    ("context a list", call(context=[]), "context", "got array"),
    ("userId missing", call(context=without(context(), "userId")), "context.userId", "missing"),
    ("userId null", call(context=context(userId=None)), "context.userId", "missing"),
    ("userId a number", call(context=context(userId=7)), "context.userId", "not a reference"),
    ("userId without type", call(context=context(userId=ANYTHING)), "context.userId", "not a reference"),
    ("userId without id", call(context=context(userId="Practitioner/")), "context.userId", "not a reference"),
    (
        "userId of a type that is no user",
        call(context=context(userId=f"Device/{ANYTHING}")),
        "context.userId",
        "Practitioner, PractitionerRole, RelatedPerson",
    ),
    (
        "userId in an address",
        call(context=context(userId="https://x/Practitioner/1")),
        "context.userId",
        "not a reference",
    ),
    ("patientId missing", call(context=without(context(), "patientId")), "context.patientId", "missing"),
    ("patientId empty", call(context=context(patientId="")), "context.patientId", "not a FHIR id"),
    ("patientId a number", call(context=context(patientId=12)), "context.patientId", "not a FHIR id"),
    ("patientId a reference", call(context=context(patientId="Patient/p1")), "context.patientId", "bare id"),
    (
        "patientId with a query",
        call(context=context(patientId="p1&x=1")),
        "context.patientId",
        "not a FHIR id",
    ),
    (
        "patientId leading elsewhere",
        call(context=context(patientId="..")),
        "context.patientId",
        "not a FHIR id",
    ),
    (
        "patientId with a line break",
        call(context=context(patientId="p1\n")),
        "context.patientId",
        "not a FHIR id",
    ),
    ("patientId with a NUL", call(context=context(patientId="p\0")), "context.patientId", "not a FHIR id"),
    (
        "patientId in other digits",
        call(context=context(patientId="p\u0661")),
        "context.patientId",
        "not a FHIR id",
    ),
    ("patientId too long", call(context=context(patientId="a" * 65)), "context.patientId", "1 to 64"),
    ("prefetch a list", call(prefetch=[]), "prefetch", "got array"),
    ("prefetch text", call(prefetch=ANYTHING), "prefetch", "got string"),
    ("body a list", [], "", "wrong shape"),
    ("body null", None, "", "wrong shape"),
    ("body text", ANYTHING, "", "wrong shape"),
    ("body a number", 3, "", "wrong shape"),
    ("body empty", b"", "", "it is empty"),
    ("body cut off", b'{"hook": "patient-vi', "", "byte 20"),
    ("body not JSON", b'{"hook": patient}', "", "byte 9"),
    ("body followed by more", json.dumps(call()).encode() + b" x", "", "malformed at byte"),
    ("body in UTF-16", "{}".encode("utf-16"), "", "byte 0"),
    ("body of NUL", b"\0\0", "", "byte 0"),
    ("body with invalid UTF-8", b'{"hook": "\xff"}', "", "invalid UTF-8 at byte 10"),
    ("a lone surrogate", b'{"hook": "\\ud800"}', "hookInstance", "required"),
    ("NaN", b'{"hook": NaN}', "", "byte 9"),
    ("nested too deeply", b'{"context":{"a":' + b"[" * 200_000, "", "nested too deeply"),
    (
        "nested too deeply, unknown member",
        b'{"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        "",
        "nested too deeply",
    ),
    (
        "a huge number",
        json.dumps(call()).replace('"p1"', "1e999", 1).encode(),
        "context.patientId",
        "number out of range",
    ),
    (
        "a longer number",
        json.dumps(call()).replace('"p1"', "9" * 5000, 1).encode(),
        "context.patientId",
        "out of range",
    ),
]


@pytest.mark.parametrize(("body", "field", "says"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_malformed_call_is_told_field_problem_and_remedy(
    client: TestClient, body: Any, field: str, says: str
) -> None:
    diagnostics = assert_outcome(post(client, body), 400, field, says)
    assert diagnostics.startswith(f"{field}: ") or not field
    assert ANYTHING not in diagnostics


LISTED = "https://ehr.example.org/fhir"
NO_ADDRESSES: list[Any] = [
    *("", 1, {}, "/fhir", "file:///etc/passwd", f"https://{ANYTHING}@x/fhir", "https://x/fhir?a=b"),
    *("https://x:99999/fhir", "https://[x/fhir", "https://x/" + "a" * 2000),
]
NO_OBJECTS: list[Any] = ["", [], 7]
UNNEEDED: list[tuple[dict[str, Any], str, str]] = [
    *(({"fhirServer": wrong}, "fhirServer", "is not the address of a FHIR server") for wrong in NO_ADDRESSES),
    ({"fhirAuthorization": authorization()}, "fhirServer", "is required when fhirAuthorization is sent"),
    ({"fhirServer": "", "fhirAuthorization": authorization()}, "fhirServer", "is not the address"),
    *(
        ({"fhirServer": LISTED, "fhirAuthorization": wrong}, "fhirAuthorization", "expected object, got")
        for wrong in NO_OBJECTS
    ),
    ({"fhirServer": LISTED, "fhirAuthorization": {}}, "fhirAuthorization.access_token", "is required and missing"),
    *(
        (
            {"fhirServer": LISTED, "fhirAuthorization": without(authorization(), name)},
            f"fhirAuthorization.{name}",
            "is required and missing",
        )
        for name in ("access_token", "token_type", "expires_in", "scope", "subject")
    ),
    *(
        (
            {"fhirServer": LISTED, "fhirAuthorization": authorization(**{name: wrong})},
            f"fhirAuthorization.{name}",
            says,
        )
        for name, wrong, says in (
            ("token_type", "Basic", "is not Bearer"),
            ("access_token", "a b", "cannot be sent in an Authorization header"),
            ("access_token", "a\r\nX-Injected: 1", "cannot be sent in an Authorization header"),
            ("access_token", "ключ", "cannot be sent in an Authorization header"),
            ("access_token", "", "cannot be sent in an Authorization header"),
            ("access_token", 5, "expected string, got integer"),
            ("expires_in", "300", "expected integer, got string"),
            ("expires_in", 300.0, "expected integer, got number"),
            ("expires_in", 300.5, "expected integer, got number"),
            ("expires_in", None, "expected integer, got null"),
            ("scope", "a " * 10_001, "is longer than 20,000 characters"),
            ("patient", 7, "expected string or null, got integer"),
        )
    ),
]


@pytest.mark.parametrize(("members", "member", "says"), UNNEEDED)
def test_what_only_a_read_needs_is_an_error_only_where_something_has_to_be_read(
    listing_client: TestClient, members: dict[str, Any], member: str, says: str
) -> None:
    with capture_logs() as lines:
        whole = post(listing_client, call(**members))
    assert len(whole.json()["cards"]) == 1, whole.text
    (line,) = lines
    (told,) = line["passed_over"]
    assert told.startswith(f"{member} {says}")
    assert ANYTHING not in told
    partly = call(prefetch=without(prefetch(), "procedures"), **members)
    assert_outcome(post(listing_client, partly), 400, member, says)


def test_a_token_for_a_server_that_may_not_be_read_is_not_needed(listing_client: TestClient) -> None:
    partly = call(
        prefetch=without(prefetch(), "procedures"), fhirServer="https://unlisted.example.org/fhir", fhirAuthorization={}
    )
    assert "not on the list" in detail(post(listing_client, partly))


@pytest.mark.parametrize("wrong", ["", "a b", 7, {}])
def test_an_encounter_that_the_hook_does_not_need_is_passed_over(client: TestClient, wrong: Any) -> None:
    with capture_logs() as lines:
        assert len(post(client, call(context=context(encounterId=wrong))).json()["cards"]) == 1
    assert lines[0]["passed_over"] == ("context.encounterId is not a FHIR id",)


@pytest.fixture(scope="module")
def listing_client() -> Iterator[TestClient]:
    with client_with(fhir_servers=(LISTED,)) as client:
        yield client


@pytest.mark.parametrize(
    "members",
    [
        {
            "extension": {"com.example.timestamp": "2017-11-27T22:13:25Z"},
            "user": "Practitioner/1",
            "unheardOf": [{}],
        },
        {"context": context(encounterId="e1", extension={"com.example": 1}, draftOrders={"resourceType": "Bundle"})},
        {"context": context(userId="PractitionerRole/r1", encounterId=None)},
        {"hookInstance": "D1577C69-DFBE-44AD-BA6D-3E05E953B2EA"},
        {
            "fhirServer": "https://ehr.example.org/fhir/",
            "fhirAuthorization": {**authorization(patient="p1"), "x": 1},
        },
        {"fhirServer": None, "fhirAuthorization": None},
        {"fhirServer": "http://10.0.0.1:8080/fhir", "fhirAuthorization": {**authorization(), "token_type": "bearer"}},
        {"prefetch": prefetch(unheardOf={"resourceType": "Basic"}, another=ANYTHING)},
    ],
)
def test_unknown_members_extensions_and_optional_members_are_tolerated(
    client: TestClient, members: dict[str, Any]
) -> None:
    response = post(client, call(**members))
    assert response.status_code == 200, response.text
    assert len(response.json()["cards"]) == 1


def test_a_member_given_twice_is_read_once(client: TestClient) -> None:
    body = json.dumps(call()).replace('"hook":', '"hook": "order-sign", "hook":', 1)
    assert post(client, body.encode()).status_code == 200


@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/7"])
def test_cards_are_for_clinicians_so_nothing_is_even_read_for_others(client: TestClient, user: str) -> None:
    response = post(client, call(context=context(userId=user), prefetch={}))
    assert (response.status_code, response.json()) == (200, {"cards": []})


def test_an_unknown_service_is_404(client: TestClient) -> None:
    for path in ("/cds-services/other", "/cds-services/calf-pain-patient-view-2"):
        assert_outcome(client.post(path, json=call()), 404, "", "GET /cds-services")


def test_a_chart_of_another_patient_is_refused(client: TestClient) -> None:
    """An EHR that mixes up two charts must not get the card of the wrong one."""
    wrong = {"resourceType": "Patient", "id": "p2", "birthDate": "1980-05-04"}
    assert_outcome(post(client, call(prefetch=prefetch(patient=wrong))), 400, "prefetch.patient")


def test_every_error_has_the_status_that_is_documented_for_it() -> None:
    statuses = {kind.__name__: kind.status for kind in CdsError.__subclasses__()}
    assert statuses == {
        InvalidRequest.__name__: 400,
        Unauthenticated.__name__: 401,
        UnknownService.__name__: 404,
        UnknownResource.__name__: 404,
        NotAcceptable.__name__: 406,
        RequestTimeout.__name__: 408,
        MissingPrecondition.__name__: 412,
        ContentTooLarge.__name__: 413,
        UnsupportedContentType.__name__: 415,
        TooManyCalls.__name__: 429,
        ClientLeft.__name__: 499,
        HeaderTooLarge.__name__: 431,
        UnknownTransferCoding.__name__: 501,
        BodiesFillMemory.__name__: 503,
        StoreUnavailable.__name__: 503,
        Overloaded.__name__: 503,
        TimeBudgetSpent.__name__: 503,
    }


def test_every_503_and_429_says_when_to_come_again() -> None:
    later = [kind for kind in CdsError.__subclasses__() if kind.status in (429, 503)]
    assert len(later) == 5
    assert all(int(kind.headers["Retry-After"]) >= 1 for kind in later)
