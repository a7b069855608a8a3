"""The EHR's token: a valid one is taken, once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import Unauthenticated
from cds_service.security.caller import Caller
from cds_service.security.client_jwt import ClientJwt
from cds_service.security.clients import Client
from cds_service.security.key_sets import PinnedKeys
from tests.gate import DEFAULT, ENDPOINT, NOW, Gate, UsedTokens, valid
from tests.tokens import (
    NAME,
    OTHER_EC_KEY,
    signed,
)


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

    def test_for_longer_only_where_the_registry_says_so(self, pinned: Path, gate: Gate) -> None:
        token = signed(valid(exp=NOW + 900, nbf=NOW - 300))
        assert gate.refuse(token) == "lifetime"
        assert Gate(pinned, max_lifetime=900).admit(token).name == NAME
        assert Gate(pinned, max_lifetime=899).refuse(token) == "lifetime"
        assert Gate(pinned, max_lifetime=60).refuse(signed(valid())) == "lifetime", "shorter too"

    @pytest.mark.parametrize(
        ("claims", "line"),
        [
            ({"exp": NOW + 900}, "max_lifetime = 900"),
            ({"exp": NOW + 300.5}, "max_lifetime = 301"),
            ({"exp": NOW + 3600}, "max_lifetime = 3600"),
            ({"exp": NOW + 3601}, ""),
            ({"exp": 1e300}, ""),
            ({"iat": NOW + 50, "exp": NOW + 40}, ""),
            ({"aud": "urn:x"}, ""),
        ],
    )
    def test_a_refusal_says_which_line_would_let_it_in(self, gate: Gate, claims: dict[str, Any], line: str) -> None:
        with pytest.raises(Unauthenticated) as refused:
            gate.admit(signed(valid(**claims)))
        assert refused.value.add_to_registry == line

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
        used = UsedTokens()
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
