"""A token that is not the EHR's own, or not for this call, is refused for the reason that the log gets."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from cds_service.errors import Unauthenticated
from cds_service.security.client_jwt import ClientJwt
from cds_service.security.clients import Client
from cds_service.security.first_use import UsedTokens
from cds_service.security.key_sets import PinnedKeys
from tests.gate import DEFAULT, ENDPOINT, NOW, Gate, valid
from tests.tokens import (
    ABSENT,
    EC_KEY,
    ISSUER,
    NAME,
    OTHER_EC_KEY,
    RSA_KEY,
    encoded,
    jwks,
    signed,
)

JWKS_URL = "https://ehr.example.org/jwks.json"


class TestForged:
    def test_by_another_key(self, gate: Gate) -> None:
        assert gate.refuse(signed(valid(), key=OTHER_EC_KEY)) == "signature"

    def test_by_the_key_of_another_client(self, pinned: Path, tmp_path: Path) -> None:
        """Each issuer's tokens are verified with its own keys only, even where a kid is the same."""
        theirs = tmp_path / "theirs.json"
        theirs.write_text(json.dumps(jwks(ec=OTHER_EC_KEY)), encoding="utf-8")
        clients = [
            (Client("A", ISSUER, jwks_file=str(pinned)), PinnedKeys(pinned, DEFAULT)),
            (Client("B", "https://b.example", jwks_file=str(theirs)), PinnedKeys(theirs, DEFAULT)),
        ]

        def now() -> datetime:
            return datetime.fromtimestamp(NOW, UTC)

        verifier = ClientJwt(clients, DEFAULT, 300, UsedTokens(now).first_use, now)
        ours = signed(valid(iss="https://b.example"), key=OTHER_EC_KEY)
        assert asyncio.run(verifier.caller([f"Bearer {ours}"], ENDPOINT)).name == "B"
        with pytest.raises(Unauthenticated) as refused:
            asyncio.run(verifier.caller([f"Bearer {signed(valid(), key=OTHER_EC_KEY)}"], ENDPOINT))
        assert (refused.value.reason, refused.value.client) == ("signature", "A")

    @pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", ""])
    def test_without_a_signature(self, gate: Gate, algorithm: str) -> None:
        """With an empty third part, with none, and with that of a valid token."""
        head = encoded(json.dumps({"alg": algorithm, "typ": "JWT", "kid": "ec"}).encode())
        body = encoded(json.dumps(valid()).encode())
        assert gate.refuse(f"{head}.{body}.") == "malformed"
        assert gate.refuse(f"{head}.{body}") == "malformed"
        assert gate.refuse(f"{head}.{body}.{signed(valid()).rsplit('.', 1)[1]}") == "algorithm"

    def test_with_the_signature_left_out(self, gate: Gate) -> None:
        assert gate.refuse(signed(valid()).rsplit(".", 1)[0] + ".") == "malformed"

    @pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
    def test_with_the_public_key_as_a_shared_secret(self, pinned: Path, algorithm: str) -> None:
        secrets = [
            RSA_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            EC_KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
            json.dumps(jwks()["keys"][0]).encode(),
            pinned.read_bytes(),
        ]
        digest = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}[algorithm]
        for secret in secrets:
            head = encoded(json.dumps({"alg": algorithm, "typ": "JWT", "kid": "rsa"}).encode())
            signing_input = f"{head}.{encoded(json.dumps(valid()).encode())}"
            signature = encoded(hmac.new(secret, signing_input.encode(), digest).digest())
            assert Gate(pinned).refuse(f"{signing_input}.{signature}") == "algorithm"

    @pytest.mark.parametrize(
        ("algorithm", "header", "reason"),
        [
            ("ES384", {"kid": "rsa"}, "unknown_key"),
            ("RS384", {"kid": "ec"}, "unknown_key"),
            ("ES384", {"kid": "p256"}, "unknown_key"),
            ("ES384", {"kid": "nobody"}, "unknown_key"),
            ("ES384", {"kid": "EC"}, "unknown_key"),
            ("ES384", {"alg": "RS384"}, "unknown_key"),
            ("ES384", {"alg": "RS384", "kid": "rsa"}, "signature"),
            ("RS384", {"alg": "ES384", "kid": "ec"}, "signature"),
            ("ES256", {"alg": "ES384"}, "signature"),
            ("RS256", {}, "algorithm"),
            ("ES384", {"alg": "PS384"}, "algorithm"),
            ("ES384", {"alg": "ES512"}, "algorithm"),
            ("ES384", {"alg": "EdDSA"}, "algorithm"),
        ],
    )
    def test_with_a_swapped_kid_or_algorithm(
        self, gate: Gate, algorithm: str, header: dict[str, Any], reason: str
    ) -> None:
        assert gate.refuse(signed(valid(), algorithm, **header)) == reason

    def test_on_another_curve(self, gate: Gate) -> None:
        """A signature of 96 bytes whose numbers belong to a P-256 key."""
        small = signed(valid(), "ES256", alg="ES384")
        head, body, _ = small.split(".")
        for signature in (bytes(96), b"\xff" * 96, bytes(95), bytes(64)):
            assert gate.refuse(f"{head}.{body}.{encoded(signature)}") == "signature"

    def test_with_the_header_of_one_and_the_claims_of_another(self, gate: Gate) -> None:
        one, two = signed(valid()).split("."), signed(valid(tenant="x")).split(".")
        assert gate.refuse(f"{one[0]}.{two[1]}.{one[2]}") == "signature"

    def test_with_a_key_that_it_brings_along(self, gate: Gate) -> None:
        own = jwks(mine=OTHER_EC_KEY)["keys"][0]
        assert gate.refuse(signed(valid(), key=OTHER_EC_KEY, jwk=own)) == "signature"
        assert gate.refuse(signed(valid(), key=OTHER_EC_KEY, jwk=own, kid="mine")) == "unknown_key"

    def test_by_an_issuer_that_nobody_registered(self, gate: Gate) -> None:
        for issuer in ("https://evil.example", ISSUER + "/", ISSUER.upper(), "", f"{ISSUER}\0"):
            assert gate.refuse(signed(valid(iss=issuer))) == "unknown_issuer"

    @pytest.mark.parametrize(
        "jku", ["https://evil.example/jwks.json", JWKS_URL + "#x", JWKS_URL + "/", "", None, 5, [JWKS_URL]]
    )
    def test_with_another_jku_than_the_registered(self, pinned: Path, jku: Any) -> None:
        gate = Gate(pinned, jwks_file=None, jwks_url=JWKS_URL)
        assert gate.refuse(signed(valid(), jku=jku)) == "foreign_jku"
        assert gate.admit(signed(valid(), jku=JWKS_URL)).name == NAME
        assert gate.admit(signed(valid())).name == NAME


class TestClaims:
    @pytest.mark.parametrize(
        ("members", "reason"),
        [
            ({"iat": NOW - 200, "exp": NOW - 60}, "expired"),
            ({"iat": 0, "exp": 300}, "expired"),
            ({"iat": NOW + 61, "exp": NOW + 300}, "not_yet_valid"),
            ({"iat": NOW * 1000, "exp": NOW * 1000 + 300}, "not_yet_valid"),
            ({"nbf": NOW + 61}, "not_yet_valid"),
            ({"exp": NOW + 301}, "lifetime"),
            ({"exp": 1e300}, "lifetime"),
            ({"exp": 10**40}, "lifetime"),
            ({"iat": -1e300}, "lifetime"),
            ({"iat": NOW, "exp": NOW}, "lifetime"),
            ({"iat": NOW + 50, "exp": NOW + 40}, "lifetime"),
            ({"aud": "https://other.example/cds-services/calf-pain-patient-view"}, "audience"),
            ({"aud": "https://cds.example.org"}, "audience"),
            ({"aud": "https://cds.example.org/cds-services"}, "audience"),
            ({"aud": ENDPOINT + "/feedback"}, "audience"),
            ({"aud": ENDPOINT + "?x=1"}, "audience"),
            ({"aud": ENDPOINT + "#x"}, "audience"),
            ({"aud": ENDPOINT.replace("https", "http")}, "audience"),
            ({"aud": ENDPOINT.replace("calf", "CALF")}, "audience"),
            ({"aud": ENDPOINT.replace("https://", "https://user@")}, "audience"),
            ({"aud": []}, "audience"),
            ({"aud": ""}, "audience"),
            ({"aud": [ENDPOINT[:-1], ENDPOINT + "x"]}, "audience"),
        ],
    )
    def test_out_of_time_or_for_someone_else(self, gate: Gate, members: dict[str, Any], reason: str) -> None:
        assert gate.refuse(signed(valid(**members))) == reason

    def test_addresses_that_are_none_are_not_the_same_address(self, gate: Gate) -> None:
        """A call whose own address cannot be told is for nobody."""
        assert gate.refuse(signed(valid(aud="")), endpoint="") == "audience"
        assert gate.refuse(signed(valid(aud=["nonsense"])), endpoint="/cds-services/x") == "audience"

    @pytest.mark.parametrize("name", ["iss", "aud", "exp", "iat", "jti"])
    @pytest.mark.parametrize("value", [ABSENT, None, True, {}, [1], [None]])
    def test_required_ones_of_the_wrong_type_or_missing(self, gate: Gate, name: str, value: Any) -> None:
        assert gate.refuse(signed(valid(**{name: value}))) == "malformed"

    @pytest.mark.parametrize(
        "members",
        [
            {"exp": str(NOW + 300)},
            {"exp": float("nan")},
            {"exp": float("inf")},
            {"iat": float("-inf")},
            {"iat": str(NOW)},
            {"nbf": "soon"},
            {"jti": 5},
            {"jti": ""},
            {"jti": "x" * 257},
            {"jti": "a\0b"},
            {"jti": "\ud800"},
            {"tenant": 5},
            {"tenant": ""},
            {"tenant": "x" * 257},
            {"tenant": "a\nb"},
            {"aud": [ENDPOINT, 5]},
            {"aud": {"url": ENDPOINT}},
        ],
    )
    def test_of_the_wrong_form(self, gate: Gate, members: dict[str, Any]) -> None:
        assert gate.refuse(signed(valid(**members))) == "malformed"

    @pytest.mark.parametrize(
        "payload",
        [
            b"",
            b"null",
            b"[]",
            b"5",
            b'"x"',
            b"\xff",
            b"{",
            b'{"exp": 1e999}',
            b"[" * 4000,
            b'{"a":' * 1000,
            b"\xef\xbb\xbf{}",
        ],
    )
    def test_that_are_no_claims(self, gate: Gate, payload: bytes) -> None:
        assert gate.refuse(signed(payload)) == "malformed"
