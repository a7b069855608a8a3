"""`cds-service client`: what is registered, and whether its keys can be had."""

from __future__ import annotations

import json
import stat
import time
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import Response

from cds_service.security.clients import load_clients
from tests.command import assert_one_line, run
from tests.ehr import Ehr
from tests.tokens import ABSENT, EC_KEY, OTHER_EC_KEY, P256_KEY, RSA_KEY, claims, jwk, jwks, registry, signed

ADDRESS = "https://ehr.example.org/jwks.json"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where CDS_CLIENTS points to; nothing is there yet."""
    path = tmp_path / "clients.toml"
    monkeypatch.setenv("CDS_CLIENTS", str(path))
    return path


def add(name: str, *options: str, issuer: str | None = None) -> Any:
    return run("client", "add", name, "--issuer", issuer or f"https://{name}.example", *options)


class TestAdd:
    def test_a_new_registry_is_its_owners_alone(self, file: Path) -> None:
        result = add("North", "--jwks-url", ADDRESS)
        assert (result.exit_code, result.stderr) == (0, "")
        assert "client check" in result.stdout
        (client,) = load_clients(file)
        assert (client.name, client.issuer, client.jwks_url) == ("North", "https://North.example", ADDRESS)
        assert (client.shadow, client.fhir_servers) == (False, ())
        assert stat.S_IMODE(file.stat().st_mode) == 0o600

    def test_all_that_can_be_said(self, file: Path, tmp_path: Path) -> None:
        keys = tmp_path / "keys.json"
        keys.write_text('{"keys": []}')
        name = 'Nörd "1" \\ 🦵'
        servers = ("--fhir-server", "http://10.0.0.1/fhir", "--fhir-server", "https://b/fhir")
        options = ("--jwks-file", str(keys), *servers, "--audience", "urn:x", "--shadow", "--max-lifetime", "900")
        assert add(name, *options, issuer="urn:north").exit_code == 0
        (client,) = load_clients(file)
        assert (client.name, client.issuer, client.jwks_file) == (name, "urn:north", str(keys))
        assert client.fhir_servers == ("http://10.0.0.1/fhir", "https://b/fhir")
        assert (client.shadow, client.audiences, client.max_lifetime) == (True, ("urn:x",), 900)

    @pytest.mark.parametrize(
        "before", ["", "# kept", '# kept\n[[client]] # North\nname="N"\nissuer="n"\njwks_url="https://n"']
    )
    def test_what_is_there_stays(self, file: Path, before: str) -> None:
        file.write_text(before)
        file.chmod(0o644)
        assert add("South", "--jwks-url", ADDRESS).exit_code == 0
        assert file.read_text().startswith(before)
        assert [client.name for client in load_clients(file)][-1] == "South"
        assert stat.S_IMODE(file.stat().st_mode) == 0o644

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ((), "are both missing"),
            (("--jwks-url", ADDRESS, "--jwks-file", "x.json"), "are both there"),
            (("--jwks-file", "no-such.json"), "jwks_file cannot be read"),
            (("--jwks-url", "http://ehr.example.org/jwks"), "use https"),
            (("--jwks-url", ADDRESS, "--fhir-server", "ehr"), "fhir_servers"),
        ],
    )
    def test_what_could_not_be_served_is_not_written(self, file: Path, options: tuple[str, ...], says: str) -> None:
        assert_one_line(add("North", *options), says)
        assert not file.exists()

    @pytest.mark.parametrize("content", ["zebrafish", "{}"])
    def test_a_file_that_is_no_jwk_set_is_refused_at_once(self, file: Path, tmp_path: Path, content: str) -> None:
        keys = tmp_path / "keys.json"
        keys.write_text(content)
        assert_one_line(add("North", "--jwks-file", str(keys)), str(keys), "Give the EHR's JWK Set as a file")
        assert not file.exists()

    def test_duplicates_are_refused(self, file: Path) -> None:
        add("North", "--jwks-url", ADDRESS)
        before = file.read_bytes()
        assert_one_line(add("North", "--jwks-url", ADDRESS, issuer="https://other"), "[[client]] 2", "name")
        assert_one_line(add("Other", "--jwks-url", ADDRESS, issuer="https://North.example"), "issuer")
        assert file.read_bytes() == before

    def test_a_registry_that_is_broken_stays_as_it_is(self, file: Path) -> None:
        file.write_text("[[client]")
        assert_one_line(add("North", "--jwks-url", ADDRESS), "not TOML")
        assert file.read_text() == "[[client]"

    def test_a_place_that_cannot_be_written(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("CDS_CLIENTS", str(tmp_path / "none" / "clients.toml"))
        assert_one_line(add("North", "--jwks-url", ADDRESS), "No such file")

    def test_no_registry_is_named(self) -> None:
        result = add("North", "--jwks-url", ADDRESS)
        assert result.exit_code == 2
        assert "--file" in result.stderr


class TestList:
    def test_each_client_is_shown(self, file: Path) -> None:
        servers = ("--fhir-server", "https://b/fhir")
        add("North", "--jwks-url", ADDRESS, *servers, "--audience", "urn:x", "--max-lifetime", "900")
        add("South", "--jwks-url", ADDRESS, "--shadow")
        shown = run("client", "list").stdout
        for words in (
            "North\n",
            "South (shadow",
            "https://North.example",
            ADDRESS,
            "https://b/fhir",
            "urn:x",
            "none",
            "900 s",
        ):
            assert words in shown

    def test_no_file(self, file: Path) -> None:
        assert_one_line(run("client", "list"), str(file), "No such file")


class TestCheck:
    def test_keys_by_address(self, ehr: Ehr, tmp_path: Path) -> None:
        ehr.answers = {
            "/jwks.json": {"keys": [jwk(EC_KEY, "a"), jwk(RSA_KEY, "b"), jwk(P256_KEY, "c"), jwk(EC_KEY, "")]}
        }
        result = run("client", "check", "--file", str(registry(tmp_path, keys=f"{ehr.base}/jwks.json")))
        assert (result.exit_code, result.stderr) == (0, "")
        assert result.stdout.splitlines()[1:] == [
            "  kid a, EC P-384: usable with ES384",
            "  kid b, RSA 2048 bits: usable with RS384",
            "  kid c, EC P-256: not usable, its type, curve or alg fits none of ES384, RS384",
            "  kid (none), EC P-384: not usable, it has no kid, by which a token could name it",
        ]

    def test_keys_in_a_file_and_further_algorithms(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = registry(tmp_path)
        (tmp_path / "jwks.json").write_text(json.dumps(jwks(c=P256_KEY)))
        result = run("client", "check", "--file", str(file))
        assert (result.exit_code, "no usable key" in result.stdout) == (1, True)
        monkeypatch.setenv("CDS_JWT_ALGORITHMS", "ES384,ES256")
        result = run("client", "check", "--file", str(file))
        assert (result.exit_code, "kid c, EC P-256: usable with ES256" in result.stdout) == (0, True)

    def test_one_without_keys_fails_the_whole_and_hides_no_other(self, file: Path, ehr: Ehr, tmp_path: Path) -> None:
        ehr.answers = {"/good.json": jwks(), "/bad.json": Response(status_code=404), "/html.json": Response(b"<p>")}
        for name in ("good", "bad", "html"):
            add(name, "--jwks-url", f"{ehr.base}/{name}.json")
        (tmp_path / "keys.json").write_text('{"keys": []}')
        add("file", "--jwks-file", str(tmp_path / "keys.json"))
        (tmp_path / "keys.json").write_text("<p>")  # broken later
        result = run("client", "check")
        assert result.exit_code == 1
        for words in ("usable with ES384", "answered 404", "what it sent is not JSON", "keys.json: it is not JSON"):
            assert words in result.stdout
        assert run("client", "check", "good").exit_code == 0
        assert run("client", "check", "bad").exit_code == 1
        assert_one_line(run("client", "check", "nobody"), "no client of that name", "client list")


ENDPOINT = "https://cds.example.org/cds-services/calf-pain-order-sign"


class TestToken:
    """What an integrator is told of a token, whose file may hold the whole header, and which has mostly expired."""

    def told(self, file: Path, token: str, public_url: str | None = "https://cds.example.org") -> tuple[int, str]:
        saved = file.parent / "token.txt"
        saved.write_text(f"Authorization: Bearer {token}\n")
        result = run("client", "check", "--file", str(file), "--token", str(saved), CDS_PUBLIC_URL=public_url)
        assert result.stderr == ""
        return result.exit_code, result.stdout

    def test_a_good_one_would_be_taken(self, tmp_path: Path) -> None:
        file = registry(tmp_path)
        for endpoint in (ENDPOINT, f"{ENDPOINT}/feedback", "https://cds.example.org/cds-services"):
            code, told = self.told(file, signed(claims(endpoint, time.time())))
            assert (code, told.splitlines()[-1]) == (0, "it would be taken")
            assert "made for 300 seconds, valid now" in told
        code, told = self.told(file, signed(claims(ENDPOINT, time.time() - 86_400, nbf=time.time() - 86_700)))
        assert (code, "seconds ago, as each call needs a new one" in told) == (0, True)
        code, told = self.told(file, signed(claims(ENDPOINT, time.time() + 600)))
        assert "in the future on by this clock: compare the clocks" in told
        code, told = self.told(file, signed(claims("https://else.example/x", time.time())), public_url=None)
        assert (code, "CDS_PUBLIC_URL is not set, so that is not known here" in told) == (0, True)

    @pytest.mark.parametrize(
        ("token", "says"),
        [
            (signed(claims(ENDPOINT, 1e9, exp=1e9 + 900)), ("lifetime", "max_lifetime = 900", "made for 900 seconds")),
            (signed(claims(ENDPOINT, 1e9, exp=1e9 + 9000)), ("lifetime", "longer than it may.\n")),
            (signed(claims(ENDPOINT, 1e9, exp=9e8)), ("expired",)),
            (signed(claims(ENDPOINT, 1e300, exp=1e300)), ("not_yet_valid",)),
            (signed(claims("https://else.example/x", 1e9)), ("audience", 'audiences = ["https://else.example/x"]')),
            (signed(claims(ENDPOINT, 1e9, aud=[])), ("audience", "https://cds.example.org/cds-services")),
            (signed(claims(ENDPOINT, 1e9), key=OTHER_EC_KEY), ("signature",)),
            (signed(claims(ENDPOINT, 1e9), kid="none"), ("unknown_key", "kid ec, EC P-384: usable")),
            (signed(claims(ENDPOINT, 1e9), "ES256", kid="x"), ("algorithm", "ES256", "ES384, RS384")),
            (
                signed(claims(ENDPOINT, 1e9, iss="https://new.example"), jku="https://new.example/jwks"),
                ("unknown_issuer", "--issuer https://new.example --jwks-url https://new.example/jwks\n"),
            ),
            (
                signed(claims(ENDPOINT, 1e9, iss="x'; ls")),
                ("unknown_issuer", "--issuer 'x'\"'\"'; ls' --jwks-file FILE"),
            ),
            (signed(claims(ENDPOINT, 1e9, jti=ABSENT)), ("malformed", "jti")),
            (signed(claims(ENDPOINT, 1e9), typ=ABSENT), ("malformed", "typ")),
            ("not.a-token", ("malformed", "three parts")),
        ],
    )
    def test_a_bad_one_with_the_remedy(self, tmp_path: Path, token: str, says: tuple[str, ...]) -> None:
        code, told = self.told(registry(tmp_path), token)
        assert (code, "refused: " in told) == (1, True)
        for words in says:
            assert words in told

    def test_a_foreign_jku(self, tmp_path: Path, ehr: Ehr) -> None:
        ehr.answers = {"/jwks.json": jwks()}
        file = registry(tmp_path, keys=f"{ehr.base}/jwks.json")
        code, told = self.told(file, signed(claims(ENDPOINT, 1e9), jku="https://else.example/jwks"))
        assert (code, "refused: foreign_jku" in told, "https://else.example/jwks" in told) == (1, True, True)

    def test_a_file_without_one(self, file: Path, tmp_path: Path) -> None:
        add("North", "--jwks-url", ADDRESS)
        empty = tmp_path / "token.txt"
        empty.write_text("\n")
        assert_one_line(run("client", "check", "--token", str(empty)), str(empty), "holds no token")
        assert_one_line(run("client", "check", "--token", str(tmp_path / "none")), "No such file")
