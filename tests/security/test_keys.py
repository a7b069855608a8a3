"""Which keys of a JWK Set verify what."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm

from cds_service.security.keys import Key, NotAKeySet, read_key_set
from tests.tokens import EC_KEY, P256_KEY, RSA_KEY, encoded, jwk

DEFAULT = ("ES384", "RS384")
ALL = (*DEFAULT, "ES256", "RS256")


def only_key(key: Any, algorithms: tuple[str, ...] = DEFAULT) -> Key:
    (read,) = read_key_set(json.dumps({"keys": [key]}).encode(), algorithms).keys
    return read


@pytest.mark.parametrize(
    ("key", "kind", "verifies"),
    [
        (EC_KEY, "EC P-384", ("ES384",)),
        (RSA_KEY, "RSA 2048 bits", ("RS384", "RS256")),
        (P256_KEY, "EC P-256", ("ES256",)),
    ],
)
def test_a_key_verifies_what_its_type_and_curve_fit(key: Any, kind: str, verifies: tuple[str, ...]) -> None:
    read = only_key(jwk(key, "k"), ALL)
    assert (read.kid, read.kind, read.algorithms, read.problem) == ("k", kind, verifies, "")
    keys = read_key_set(json.dumps({"keys": [jwk(key, "k")]}).encode(), ALL)
    assert {each for each in (*ALL, "none", "HS256", "HS384", "PS384") if keys.find("k", each)} == set(verifies)
    assert keys.find("other", verifies[0]) is None


def test_its_own_alg_narrows_it() -> None:
    assert only_key(jwk(RSA_KEY, "k", alg="RS384"), ALL).algorithms == ("RS384",)
    assert only_key(jwk(RSA_KEY, "k", alg="PS384"), ALL).algorithms == ()
    assert only_key(jwk(EC_KEY, "k", key_ops=["verify"])).algorithms == ("ES384",)


SECRET = ECAlgorithm.to_jwk(EC_KEY, as_dict=True)


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        (5, "no JSON object"),
        (None, "no JSON object"),
        ({}, "no kid"),
        (jwk(EC_KEY, ""), "no kid"),
        ({**jwk(EC_KEY, "k"), "kid": 5}, "no kid"),
        ({**SECRET, "kid": "k"}, "secret part"),
        ({"kty": "oct", "k": "c2VjcmV0", "kid": "k"}, "secret part"),
        (jwk(EC_KEY, "k", use="enc"), "not meant for signatures"),
        (jwk(EC_KEY, "k", key_ops=["encrypt"]), "not meant for signatures"),
        (jwk(EC_KEY, "k", key_ops=5), "not meant for signatures"),
        (jwk(P256_KEY, "k"), "fits none of ES384, RS384"),
        (jwk(ec.generate_private_key(ec.SECP521R1()), "k"), "fits none of"),
        ({"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "k"}, "fits none of"),
        ({"kty": ["EC"], "kid": "k"}, "fits none of"),
        ({"kty": "RSA", "kid": "k", "n": encoded(b"\xff" * 128), "e": "AQAB"}, "2048 to 8192 bits"),
        ({**jwk(EC_KEY, "k"), "x": "AA"}, "make no key"),
        ({**jwk(EC_KEY, "k"), "x": 5}, "make no key"),
        ({**jwk(EC_KEY, "k"), "x": jwk(EC_KEY, "k")["y"]}, "make no key"),
        ({"kty": "EC", "crv": "P-384", "kid": "k"}, "make no key"),
        ({"kty": "RSA", "kid": "k"}, "make no key"),
        ({"kty": "RSA", "kid": "k", "n": "AA", "e": "AQAB"}, ""),
        ({**jwk(RSA_KEY, "k"), "e": "AA"}, "make no key"),
    ],
)
def test_a_key_that_cannot_be_used_says_why(key: Any, problem: str) -> None:
    read = only_key(key)
    assert read.algorithms == () and read.public is None
    assert read.problem
    assert problem in read.problem


def test_one_odd_key_costs_only_itself() -> None:
    text = json.dumps({"keys": [5, {"kid": "x"}, jwk(EC_KEY, "k")], "more": 1}).encode()
    assert read_key_set(text, DEFAULT).find("k", "ES384") is not None


def test_a_set_without_keys_is_one() -> None:
    assert not read_key_set(b'{"keys": []}', DEFAULT).is_usable


@pytest.mark.parametrize("text", [b"", b"\xff", b"<html>", b"[]", b"{}", b'{"keys": {}}', b"null", b"[" * 100_000])
def test_what_is_no_key_set(text: bytes) -> None:
    with pytest.raises(NotAKeySet):
        read_key_set(text, DEFAULT)


MEMBERS = st.sampled_from(["kty", "crv", "kid", "x", "y", "n", "e", "alg", "use", "key_ops", "d", "k"])
VALUES = (
    st.none() | st.integers() | st.text(max_size=6) | st.sampled_from(["EC", "RSA", "P-384", "AQAB", "sig", "RS384"])
)


@given(st.sampled_from([EC_KEY, RSA_KEY]), st.dictionaries(MEMBERS, VALUES | st.lists(VALUES, max_size=2)))
def test_any_key_is_read_or_told(key: Any, members: dict[str, Any]) -> None:
    read = only_key({**jwk(key, "k"), **members})
    assert bool(read.algorithms) != bool(read.problem)
