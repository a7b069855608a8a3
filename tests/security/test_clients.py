"""The registry file: what it may hold, and that an error names file, table and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import ConfigurationError
from cds_service.security.clients import is_safe_key_address, load_clients, parse_clients
from tests.tokens import ISSUER, NAME, registry

WHOLE = """
# our hospital
[[client]]
name = "North"
issuer = "https://north.example"
jwks_url = "https://north.example/jwks.json"
fhir_servers = ["https://north.example/fhir", "http://10.0.0.1:8080/fhir"]
shadow = true
audiences = ["urn:north"]
max_lifetime = 900

[[client]]
name = "South"
issuer = "https://south.example"
jwks_file = "south.json"
"""


def test_a_whole_registry(tmp_path: Path) -> None:
    (tmp_path / "south.json").write_text("{}")
    file = tmp_path / "clients.toml"
    file.write_text(WHOLE)
    north, south = load_clients(file)
    assert (north.name, north.issuer, north.jwks_url) == (
        "North",
        "https://north.example",
        "https://north.example/jwks.json",
    )
    assert north.fhir_servers == ("https://north.example/fhir", "http://10.0.0.1:8080/fhir")
    assert (north.shadow, north.audiences, north.jwks_file) == (True, ("urn:north",), None)
    assert (south.shadow, south.fhir_servers, south.audiences) == (False, (), ())
    assert (north.max_lifetime, south.max_lifetime) == (900, None)
    assert south.jwks_file == str(tmp_path / "south.json"), "relative to the registry, wherever the service starts"


TABLE: dict[str, Any] = {"name": '"A"', "issuer": '"https://a"', "jwks_url": '"https://a/jwks"'}


def table(**keys: str | None) -> str:
    lines = "".join(f"{key} = {value}\n" for key, value in {**TABLE, **keys}.items() if value is not None)
    return f"[[client]]\n{lines}"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[client]\n", ("not TOML", "line 1")),
        ("a = [" * 2000, ("not TOML",)),
        (table() + "[setting]\nx = 1\n", ("setting is not known", "[[client]]")),
        ("[client]\nname = 'A'\n", ("client is no list", "[[client]]")),
        ("client = 5\n", ("client is no list",)),
        ("client = [5]\n", ("client is no list",)),
        (table(name=None), ("[[client]] 1:", "name is missing", "Add it")),
        (table(issuer=None), ("[[client]] 1 (A):", "issuer is missing")),
        (table(tennants='["x"]'), ("tennants is not known", "Keep to name, issuer, jwks_url")),
        (table(name='""'), ("name is empty",)),
        (table(name='"a\\u0000b"'), ("name is empty or not printable",)),
        (table(name="5"), ("name has the wrong type", "expected str")),
        (table(issuer='"' + "x" * 201 + '"'), ("issuer", "1 to 200")),
        (table(shadow='"yes"'), ("shadow has the wrong type", "expected bool")),
        (table(fhir_servers='"https://a"'), ("fhir_servers has the wrong type",)),
        (table(fhir_servers="[5]"), ("fhir_servers has the wrong type",)),
        (table(fhir_servers='["https://a", "*"]'), ("fhir_servers", "number 2", "http:// or https://")),
        (table(fhir_servers='["https://user:pw@a"]'), ("fhir_servers", "number 1")),
        (table(audiences='[""]'), ("audiences", "number 1")),
        (table(max_lifetime="0"), ("max_lifetime is out of bounds", "1 to 3600")),
        (table(max_lifetime="3601"), ("max_lifetime is out of bounds",)),
        (table(max_lifetime='"900"'), ("max_lifetime has the wrong type", "expected int")),
        (table(jwks_url=None), ("jwks_url and jwks_file are both missing", "Give one")),
        (table(jwks_file='"x.json"'), ("jwks_url and jwks_file are both there", "Give one")),
        (table(jwks_url=None, jwks_file='"none.json"'), ("jwks_file cannot be read", "No such file")),
        (table(jwks_url='"http://keys.example.org/jwks"'), ("jwks_url", "use https")),
        (table(jwks_url='"file:///etc/passwd"'), ("jwks_url", "use https")),
        (table(jwks_url='"https://user@a/jwks"'), ("jwks_url",)),
        (table() + table(issuer='"https://b"'), ("[[client]] 2 (A):", "name is that of another", "its own")),
        (table() + table(name='"B"'), ("[[client]] 2 (B):", "issuer is that of another")),
    ],
)
def test_what_is_wrong_names_file_table_and_key(tmp_path: Path, text: str, says: tuple[str, ...]) -> None:
    file = tmp_path / "clients.toml"
    with pytest.raises(ConfigurationError) as stopped:
        parse_clients(text, file)
    for words in (str(file), *says):
        assert words in str(stopped.value)
    assert str(stopped.value).endswith(".")
    assert "\n" not in str(stopped.value)
    assert "pw" not in str(stopped.value).removeprefix(str(file))


def test_a_file_that_cannot_be_read_or_registers_nobody(tmp_path: Path) -> None:
    for file, says in ((tmp_path / "none.toml", "No such file"), (tmp_path, "directory")):
        with pytest.raises(ConfigurationError, match=says):
            load_clients(file)
    file = tmp_path / "clients.toml"
    for content, says in ((b"\xff", "UTF-8"), (b"# nobody yet\n", "client add")):
        file.write_bytes(content)
        with pytest.raises(ConfigurationError, match=says):
            load_clients(file)


def test_the_registry_of_other_tests_is_sound(tmp_path: Path) -> None:
    (client,) = load_clients(registry(tmp_path, fhir_servers=["http://127.0.0.1/fhir"]))
    assert (client.name, client.issuer, client.fhir_servers) == (NAME, ISSUER, ("http://127.0.0.1/fhir",))


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://keys.example.org/jwks", True),
        ("http://127.0.0.1:5000/jwks", True),
        ("http://localhost/jwks", True),
        ("http://10.1.2.3/jwks", True),
        ("http://[fd00::1]/jwks", True),
        ("http://ehr:8080/jwks", True),
        ("http://keys.example.org/jwks", False),
        ("http://8.8.8.8/jwks", False),
        ("http://localhost.example.org/jwks", False),
        ("ftp://127.0.0.1/jwks", False),
        ("", False),
    ],
)
def test_keys_come_by_https_or_from_nearby(url: str, safe: bool) -> None:
    assert is_safe_key_address(url) is safe
