"""The EHR's token: a valid one is taken, once; every other is refused for the reason that the log gets."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.errors import Unauthenticated
from cds_service.security.caller import Caller
from cds_service.security.client_jwt import ClientJwt
from cds_service.security.clients import Client
from cds_service.security.first_use import UsedTokens
from cds_service.security.key_sets import KeySource, PinnedKeys
from tests.tokens import (
    ABSENT,
    EC_KEY,
    ISSUER,
    KEYS,
    NAME,
    OTHER_EC_KEY,
    P256_KEY,
    RSA_KEY,
    claims,
    encoded,
    jwks,
    signed,
)

ENDPOINT = "https://cds.example.org/cds-services/calf-pain-patient-view"
NOW = 1_800_000_000.0
DEFAULT = ("ES384", "RS384")
JWKS_URL = "https://ehr.example.org/jwks.json"


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "jwks.json"
    file.write_text(json.dumps(jwks(ec=EC_KEY, rsa=RSA_KEY, p256=P256_KEY)), encoding="utf-8")
    return file


class Gate:
    """The verifier at a settable time."""

    def __init__(self, pinned: Path, algorithms: Sequence[str] = DEFAULT, **client: Any) -> None:
        self.now = NOW
        keys: KeySource = PinnedKeys(pinned, algorithms)
        registered = Client(**{"name": NAME, "issuer": ISSUER, "jwks_file": str(pinned), **client})
        self.verifier = ClientJwt([(registered, keys)], algorithms, 300, UsedTokens(self.clock).first_use, self.clock)

    def clock(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def admit(self, token: str, endpoint: str = ENDPOINT) -> Caller:
        return asyncio.run(self.verifier.caller([f"Bearer {token}"], endpoint))

    def refuse(self, token: str, endpoint: str = ENDPOINT) -> str:
        """The word for the log."""
        return self.refuse_header([f"Bearer {token}"], endpoint)

    def refuse_header(self, authorization: Sequence[str], endpoint: str = ENDPOINT) -> str:
        with pytest.raises(Unauthenticated) as refused:
            asyncio.run(self.verifier.caller(authorization, endpoint))
        return refused.value.reason


@pytest.fixture
def gate(pinned: Path) -> Gate:
    return Gate(pinned)


def valid(**members: Any) -> dict[str, Any]:
    return claims(ENDPOINT, NOW, **members)


class TestTaken:
    @pytest.mark.parametrize("algorithm", DEFAULT)
    def test_a_valid_token(self, gate: Gate, algorithm: str) -> None:
        caller = gate.admit(signed(valid(tenant="north"), algorithm))
        assert (caller.name, caller.tenant, caller.shadow) == (NAME, "north", False)

    @pytest.mark.parametrize(
        "header", [{"jku": "https://elsewhere.example/jwks.json"}, {"jku": 5}, {"x5u": "https://x.example"}]
    )
    def test_of_a_pinned_client_whatever_jku_it_names(self, gate: Gate, header: dict[str, Any]) -> None:
        """The file is the set agreed out of band, and nothing else is asked."""
        assert gate.admit(signed(valid(), **header)).name == NAME

    @pytest.mark.parametrize(
        "audience",
        [
            [ENDPOINT],
            ["https://other.example/x", ENDPOINT],
            ENDPOINT + "/",
            ENDPOINT.replace("cds.example", "CDS.Example"),
            ENDPOINT.replace(".org", ".org:443"),
            ENDPOINT.replace("services/", "services//"),
        ],
    )
    def test_with_the_address_called_in_any_spelling(self, gate: Gate, audience: Any) -> None:
        assert gate.admit(signed(valid(aud=audience))).name == NAME

    @pytest.mark.parametrize(
        "members",
        [
            {"iat": NOW + 60, "exp": NOW + 360},
            {"iat": NOW - 300, "exp": NOW - 59},
            {"iat": NOW - 0.5, "exp": NOW + 0.5},
            {"nbf": NOW + 60},
            {"exp": NOW + 300.0},
            {"tenant": None},
            {"sub": {"anything": ["else", 1e300]}},
        ],
    )
    def test_within_the_bounds_of_time_and_form(self, gate: Gate, members: dict[str, Any]) -> None:
        assert gate.admit(signed(valid(**members))).tenant == ""

    @pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
    def test_with_a_further_algorithm_where_it_is_enabled(self, pinned: Path, algorithm: str) -> None:
        token = signed(valid(), algorithm, kid="rsa" if algorithm == "RS256" else "p256")
        assert Gate(pinned).refuse(token) == "algorithm"
        assert Gate(pinned, (*DEFAULT, algorithm)).admit(token).name == NAME

    def test_with_a_wrong_audience_only_where_the_registry_says_so(self, pinned: Path, gate: Gate) -> None:
        token = signed(valid(aud="urn:their:product"))
        assert gate.refuse(token) == "audience"
        assert Gate(pinned, audiences=("urn:their:product",)).admit(token).name == NAME

    def test_what_may_be_read_is_the_clients_own(self, pinned: Path) -> None:
        caller = Gate(pinned, fhir_servers=("http://10.0.0.1/fhir",), shadow=True).admit(signed(valid()))
        assert caller.may_read("http://10.0.0.1:80/fhir/")
        assert not caller.may_read("http://10.0.0.2/fhir")
        assert caller.shadow


class TestReplay:
    def test_a_token_is_taken_once(self, gate: Gate) -> None:
        token = signed(valid())
        gate.admit(token)
        assert gate.refuse(token) == "replayed"
        gate.now += 359
        assert gate.refuse(token) == "replayed", "until it has expired, leeway included"
        gate.now += 1
        assert gate.refuse(token) == "expired"

    def test_another_token_of_the_same_jti_is_a_replay(self, gate: Gate) -> None:
        gate.admit(signed(valid(jti="one")))
        assert gate.refuse(signed(valid(jti="one"), "RS384")) == "replayed"

    def test_the_same_jti_of_another_issuer_is_none(self, pinned: Path) -> None:
        used = UsedTokens(lambda: datetime.fromtimestamp(NOW, UTC))
        keys = PinnedKeys(pinned, DEFAULT)
        clients = [(Client(name, name, jwks_file=str(pinned)), keys) for name in ("https://a", "https://b")]
        verifier = ClientJwt(clients, DEFAULT, 300, used.first_use, lambda: datetime.fromtimestamp(NOW, UTC))
        for issuer in ("https://a", "https://b"):
            token = signed(valid(iss=issuer, jti="one"))
            assert asyncio.run(verifier.caller([f"Bearer {token}"], ENDPOINT)).name == issuer

    def test_of_many_at_once_one_is_taken(self, gate: Gate) -> None:
        header = [f"Bearer {signed(valid())}"]

        async def all_at_once() -> list[Caller | BaseException]:
            calls = (gate.verifier.caller(header, ENDPOINT) for _ in range(20))
            return await asyncio.gather(*calls, return_exceptions=True)

        answers = asyncio.run(all_at_once())
        assert sum(isinstance(each, Caller) for each in answers) == 1
        assert [each.reason for each in answers if isinstance(each, Unauthenticated)] == ["replayed"] * 19

    def test_only_a_token_right_in_all_else_uses_its_jti_up(self, gate: Gate) -> None:
        """Else a stranger could spend the tokens of an EHR by sending forged ones before it."""
        spent = valid(jti="one")
        assert gate.refuse(signed(spent, key=OTHER_EC_KEY)) == "signature"
        assert gate.refuse(signed({**spent, "aud": "https://other.example/"})) == "audience"
        assert gate.refuse(signed({**spent, "exp": NOW - 60, "iat": NOW - 200})) == "expired"
        gate.admit(signed(spent))


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
