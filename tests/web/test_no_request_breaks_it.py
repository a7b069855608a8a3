"""Whatever a client sends, the answer is cards or an OperationOutcome with a 4xx status, never a 5xx."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.calls import SERVICE, assert_outcome, authorization, call, context

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=20),
    st.sampled_from(["Bundle", "Patient", "p1", "2026-11-02", "\ud800", "\0", "http://loinc.org", "Patient/p1"]),
)
NAMES = st.one_of(
    st.text(max_size=8),
    st.sampled_from(
        [
            "resourceType",
            "entry",
            "resource",
            "link",
            "code",
            "coding",
            "system",
            "id",
            "subject",
            "issue",
            "hook",
        ]
    ),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
VALID = call(
    fhirServer="https://ehr.example.org/fhir",
    fhirAuthorization=authorization(),
    context=context(encounterId="e1"),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every member and element of a JSON value, as a path."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for name, each in items for place in places(each, (*path, name)))]


def changed(value: Any, path: tuple[Any, ...], change: Callable[[Any], Any]) -> Any:
    """The same JSON value with one place changed; None from `change` at a member leaves a null."""
    if not path:
        return change(value)
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], change)
    return copy


def assert_answered(client: TestClient, body: bytes) -> None:
    response = client.post(SERVICE, content=body, headers={"content-type": "application/json"})
    if response.status_code == 200:
        assert isinstance(response.json()["cards"], list)
    else:
        assert response.status_code in (400, 412)
        assert_outcome(response, response.status_code, *response.json()["issue"][0].get("expression", []))


quick = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(body=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_arbitrary_bytes(client: TestClient, body: bytes) -> None:
    assert_answered(client, body)


@quick
@given(body=JSON)
def test_arbitrary_json(client: TestClient, body: Any) -> None:
    assert_answered(client, json.dumps(body).encode())


@quick
@given(path=st.sampled_from(places(VALID)), value=JSON)
def test_a_valid_call_with_one_place_replaced(client: TestClient, path: tuple[Any, ...], value: Any) -> None:
    assert_answered(client, json.dumps(changed(VALID, path, lambda _: value)).encode())


@quick
@given(members=st.dictionaries(st.sampled_from([*VALID, "extension"]), JSON, max_size=3))
def test_a_valid_call_with_whole_members_replaced(client: TestClient, members: dict[str, Any]) -> None:
    assert_answered(client, json.dumps({**VALID, **members}).encode())


@quick
@given(data=st.data())
def test_a_valid_call_with_bytes_damaged(client: TestClient, data: st.DataObject) -> None:
    body = bytearray(json.dumps(VALID).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    assert_answered(client, bytes(body[: data.draw(st.integers(0, len(body)))] if data.draw(st.booleans()) else body))


def test_each_byte_damaged_in_turn(client: TestClient) -> None:
    """Whatever member it is in; 0x80 is no UTF-8 by itself."""
    sound = json.dumps(VALID).encode()
    for place in range(len(sound)):
        assert_answered(client, sound[:place] + b"\x80" + sound[place + 1 :])
