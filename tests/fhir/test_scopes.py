"""What a token does not cover is not asked for: SMART scopes of both versions, granular ones, expiry."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.fhir.scopes import UNKNOWN_GRANT, Grant, Permission, parse_grant

READ = "Patient/p1"
SEARCH = "Observation?patient=p1&category=exam,survey"
BY_CODE = "Observation?patient=p1&code=http://loinc.org|72514-3"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
NOT_COVERED = "the access token does not cover it"
PARTLY = "the access token covers only a part of it"


def grant(scope: str, expires_in: int = 300, *, is_for_patient: bool = True) -> Grant:
    return parse_grant(scope, expires_in, is_for_patient=is_for_patient)


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Observation.read",
        "user/Observation.read",
        "system/Observation.read",
        "patient/*.read",
        "user/*.*",
        "patient/Observation.*",
        "patient/Observation.rs",
        "patient/Observation.s",
        "user/Observation.cruds",
        "patient/*.rs",
        "launch openid fhirUser patient/Patient.r  patient/Observation.rs offline_access",
        "patient/Observation.write user/Observation.read",
        f"patient/Observation.rs?category={CATEGORY}|exam user/Observation.rs",
    ],
)
def test_a_search_that_the_scopes_cover_is_asked_as_it_is(scope: str) -> None:
    assert grant(scope).permission(SEARCH) == Permission(SEARCH)


@pytest.mark.parametrize(
    "scope",
    [
        "patient/Patient.read",
        "patient/Condition.rs user/Procedure.cruds",
        "patient/Observation.write",
        "patient/Observation.cud",
        "patient/Observation.r",
        "patient/Observation.unheard patient/Patient.read",
        "patient/observation.read user/Patient.read",
        "patient/Observations.read",
    ],
)
def test_a_search_that_the_scopes_do_not_cover_is_not_asked(scope: str) -> None:
    assert grant(scope).permission(SEARCH) == Permission(None, NOT_COVERED)


def test_a_read_by_id_is_another_permission_than_a_search() -> None:
    assert grant("patient/Patient.r").permission(READ) == Permission(READ)
    assert grant("patient/Patient.s").permission(READ) == Permission(None, NOT_COVERED)
    assert grant("patient/Patient.rs?gender=male").permission(READ) == Permission(None, PARTLY)


@pytest.mark.parametrize(
    "scope", ["", "  ", "openid launch", "https://www.googleapis.com/auth/x", "Patient.read", "ü/*"]
)
def test_where_no_scope_is_a_smart_one_the_server_decides(scope: str) -> None:
    assert grant(scope).permission(SEARCH) == Permission(SEARCH)
    assert UNKNOWN_GRANT.permission(READ) == Permission(READ)


@pytest.mark.parametrize("expires_in", [0, -1, -(10**30)])
@pytest.mark.parametrize("scope", ["user/*.read", ""])
def test_an_expired_token_reads_nothing(scope: str, expires_in: int) -> None:
    assert grant(scope, expires_in).permission(READ) == Permission(None, "the access token had expired")


def test_patient_scopes_of_another_patient_do_not_count() -> None:
    other = grant("patient/*.read", is_for_patient=False)
    assert other.permission(SEARCH) == Permission(None, "the access token is for another patient")
    both = grant("patient/*.read user/Observation.read", is_for_patient=False)
    assert both.permission(SEARCH) == Permission(SEARCH)
    assert grant("user/Patient.read", is_for_patient=False).permission(SEARCH) == Permission(None, NOT_COVERED)


class TestGranular:
    """SMART App Launch 2: a scope with search parameters covers what a search with them would find."""

    def test_only_the_granted_values_are_asked(self) -> None:
        some = grant(
            f"patient/Observation.rs?category={CATEGORY}|exam patient/Observation.rs?category={CATEGORY}|vital-signs"
        )
        assert some.permission(SEARCH) == Permission(f"Observation?patient=p1&category={CATEGORY}|exam", PARTLY)

    def test_what_has_no_such_parameter_gets_it(self) -> None:
        some = grant(f"patient/Observation.rs?category={CATEGORY}|laboratory patient/Observation.rs?category=exam")
        assert some.permission(BY_CODE) == Permission(f"{BY_CODE}&category={CATEGORY}|laboratory,exam", PARTLY)

    def test_scopes_that_together_cover_a_search_leave_it_as_it_is(self) -> None:
        all_of_it = grant(f"user/Observation.rs?category={CATEGORY}|exam,{CATEGORY}|survey")
        assert all_of_it.permission(SEARCH) == Permission(SEARCH)

    def test_no_value_in_common_is_not_asked(self) -> None:
        assert grant(f"user/Observation.rs?category={CATEGORY}|laboratory").permission(SEARCH) == Permission(
            None, NOT_COVERED
        )
        assert grant("user/Observation.rs?patient=p2").permission(SEARCH) == Permission(None, NOT_COVERED)

    @pytest.mark.parametrize(
        "scope",
        [
            "user/Observation.rs?category=exam&status=final",
            "user/Observation.rs?category=exam user/Observation.rs?status=final",
            "user/Observation.rs?category=exam&category=survey",
        ],
    )
    def test_scopes_that_do_not_fit_one_search_are_not_asked(self, scope: str) -> None:
        assert grant(scope).permission(SEARCH) == Permission(None, PARTLY)

    def test_what_a_scope_holds_stays_one_parameter(self) -> None:
        odd = grant("user/Observation.rs?category=a%26patient%3Dp2%23")
        assert odd.permission(BY_CODE).query == f"{BY_CODE}&category=a%26patient%3Dp2%23"
        odd = grant("user/Observation.rs?a%26patient%3Dp2=b")
        assert odd.permission(BY_CODE).query == f"{BY_CODE}&a%26patient%3Dp2=b"


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.from_regex(r"(patient|user)/[A-Z*]?[a-z]*\.[a-z*]+(\?.*)?( .*)?")), st.booleans())
def test_no_scope_breaks_it_or_widens_a_search(scope: str, is_for_patient: bool) -> None:
    for query in (READ, SEARCH, BY_CODE):
        allowed = grant(scope, is_for_patient=is_for_patient).permission(query)
        assert allowed.query or allowed.problem
        if allowed.query and "?" in query:
            assert allowed.query.startswith("Observation?patient=p1&")
            assert allowed.query.count("patient=p1") == 1
