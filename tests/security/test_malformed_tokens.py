"""What is no token in form is refused, whatever it is, and never a fault of ours."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.errors import Unauthenticated
from tests.gate import ENDPOINT, Gate, valid
from tests.tokens import (
    ABSENT,
    KEYS,
    NAME,
    RSA_KEY,
    signed,
)


class TestForm:
    @pytest.mark.parametrize(
        "header",
        [
            {"typ": ABSENT},
            {"typ": "at+jwt"},
            {"typ": "jwt"},
            {"typ": None},
            {"kid": ABSENT},
            {"kid": None},
            {"kid": 5},
            {"kid": ["ec"]},
            {"alg": ABSENT},
            {"alg": None},
            {"alg": ["ES384"]},
            {"crit": ["b64"], "b64": False},
            {"crit": ["b64"], "b64": True},
            {"crit": ["exp"]},
            {"crit": []},
            {"b64": False},
        ],
    )
    def test_a_header_without_what_is_required(self, gate: Gate, header: dict[str, Any]) -> None:
        assert gate.refuse(signed(valid(), **header)) == "malformed"

    def test_what_is_no_bearer_token(self, gate: Gate) -> None:
        token = signed(valid())
        for header in (
            [],
            [""],
            ["Bearer"],
            ["Bearer "],
            [token],
            [f"Basic {token}"],
            [f"Bearer {token} x"],
            [f"Bearer {token}", f"Bearer {token}"],
        ):
            assert gate.refuse_header(header) == "no_token"
        assert asyncio.run(gate.verifier.caller([f"bEARER {token}"], ENDPOINT)).name == NAME

    @pytest.mark.parametrize(
        "junk",
        ["x", ".", "..", "...", "a.b.c", "a.b.c.d", "\x00.\x00.\x00", "é.é.é", "{}.{}.{}", "e30.e30.e30", "=.=.="],
    )
    def test_junk(self, gate: Gate, junk: str) -> None:
        assert gate.refuse_header([f"Bearer {junk}"]) in ("malformed", "no_token")

    def test_an_oversized_token(self, gate: Gate) -> None:
        long = signed(valid(padding="x" * 10_000))
        assert gate.refuse(long) == "malformed"
        assert gate.refuse("a" * 50_000_000) == "malformed"
        assert gate.refuse(".".join(["a"] * 2_000_000)) == "malformed"

    def test_a_fifth_part_or_padding(self, gate: Gate) -> None:
        token = signed(valid())
        for changed in (token + ".x", token + "=", token + "==", token.replace(".", ".\n", 1), token + "\n"):
            assert gate.refuse(changed) in ("malformed", "no_token")
        assert gate.admit(token).name == NAME


_MUTATED = signed(valid())


@settings(max_examples=400, deadline=None)
@given(place=st.integers(0, len(_MUTATED) - 1), byte=st.integers(0, 255))
def test_a_token_with_any_byte_changed_is_refused(pinned: Path, place: int, byte: int) -> None:
    changed = f"{_MUTATED[:place]}{chr(byte)}{_MUTATED[place + 1 :]}"
    if changed != _MUTATED:
        assert Gate(pinned).refuse(changed) != "replayed"
    else:
        assert Gate(pinned).admit(changed).name == NAME


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300) | st.binary(max_size=300).map(lambda each: each.decode("latin-1")))
def test_any_header_is_refused_for_a_reason(pinned: Path, header: str) -> None:
    assert Gate(pinned).refuse_header([header]) in ("no_token", "malformed")
    assert Gate(pinned).refuse_header([f"Bearer {header}"]) in ("no_token", "malformed", "algorithm")


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["iss", "aud", "exp", "iat", "jti", "nbf", "tenant"]),
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.text(), max_size=2),
    )
)
def test_signed_claims_of_any_shape_are_refused_or_taken_but_never_a_fault(pinned: Path, members: Any) -> None:
    gate = Gate(pinned)
    with suppress(Unauthenticated):
        assert gate.admit(signed(valid(**members), "RS384")).name == NAME


def test_every_refusal_reads_the_same() -> None:
    assert str(Unauthenticated("expired", NAME)) == str(Unauthenticated("no_token"))
    assert NAME not in str(Unauthenticated("expired", NAME))


def test_the_keys_of_these_tests_are_of_the_named_types() -> None:
    assert isinstance(KEYS["ES384"], ec.EllipticCurvePrivateKey)
    assert RSA_KEY.key_size == 2048
