"""Settings: a wrong one stops the start, by name and with the remedy."""

from __future__ import annotations

import re
from dataclasses import asdict, fields
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from cds_service.errors import ConfigurationError
from cds_service.settings import Settings, load_settings, unknown_variables, variable
from cds_service.thresholds import FIXED, Thresholds


def test_without_variables_the_defaults_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDS_DATABASE_URL")
    settings = load_settings()
    assert settings.fhir_servers == ()
    assert settings.cors_origins == ("*",)
    assert settings.max_body == 32 * 1024 * 1024
    assert settings.max_buffered == 256 * 1024 * 1024
    assert settings.fhir_timeout == 3
    assert settings.timezone.key == "UTC"
    assert settings.max_indicator == "critical"
    assert settings.guidance_url == "https://my.clevelandclinic.org/health/symptoms/22274-calf-muscle-pain"
    assert settings.thresholds == Thresholds()
    assert settings.cards_dir is None
    assert (settings.clients, settings.public_url, settings.insecure) == (None, None, False)
    assert (settings.jwt_algorithms, settings.jwt_lifetime) == (("ES384", "RS384"), 300)
    assert settings.database_url.get_secret_value() == "sqlite+aiosqlite:///cds-service.db"
    assert settings.hash_key is None


def test_variables_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    given = {
        "CDS_CARDS_DIR": str(tmp_path),
        "CDS_FHIR_SERVERS": "https://a.example/fhir, http://10.0.0.1:8080/fhir ,",
        "CDS_MAX_BODY": "2MiB",
        "CDS_CORS_ORIGINS": "https://ehr.example.org",
        "CDS_TIMEZONE": "Pacific/Auckland",
        "CDS_MAX_INDICATOR": "warning",
        "CDS_GUIDANCE_URL": "https://intranet.example/calf?lang=en",
        "CDS_FHIR_TIMEOUT": "1.5",
        "CDS_DATABASE_URL": "postgresql+asyncpg://user:secret@db.example/cds?ssl=require",
        "CDS_HASH_KEY": "0123456789abcdef0123456789abcdef",
        "CDS_HOST": "::",
        "CDS_INSECURE": "true",
        "CDS_CLIENTS": str(tmp_path / "clients.toml"),
        "CDS_PUBLIC_URL": "https://cds.example.org/hospital/",
        "CDS_CANONICAL_URL": "https://fhir.example.org/cds-services/",
        "CDS_JWT_ALGORITHMS": "ES384, RS256",
        "CDS_JWT_LIFETIME": "600",
        "CDS_PORT": "9000",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = load_settings()
    assert settings.cards_dir == tmp_path
    assert settings.fhir_servers == ("https://a.example/fhir", "http://10.0.0.1:8080/fhir")
    assert settings.max_body == 2 * 1024 * 1024
    assert settings.cors_origins == ("https://ehr.example.org",)
    assert settings.timezone.key == "Pacific/Auckland"
    assert settings.max_indicator == "warning"
    assert settings.guidance_url == "https://intranet.example/calf?lang=en"
    assert settings.database_url.get_secret_value() == given["CDS_DATABASE_URL"]
    assert settings.hash_key is not None
    assert settings.hash_key.get_secret_value() == given["CDS_HASH_KEY"]
    assert not any(secret in repr(settings) for secret in ("secret", "0123456789abcdef"))
    assert (settings.fhir_timeout, settings.host, settings.port) == (1.5, "::", 9000)
    assert (settings.clients, settings.insecure) == (tmp_path / "clients.toml", True)
    assert settings.public_url == "https://cds.example.org/hospital"
    assert settings.canonical_url == "https://fhir.example.org/cds-services"
    assert (settings.jwt_algorithms, settings.jwt_lifetime) == (("ES384", "RS256"), 600)


@pytest.mark.parametrize("field", [field.name for field in fields(Thresholds) if field.name not in FIXED])
def test_every_threshold_has_its_variable(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    monkeypatch.setenv(variable(field), "3")
    assert asdict(load_settings().thresholds) == {**asdict(Thresholds()), field: 3}


@pytest.mark.parametrize("field", FIXED)
def test_what_cards_name_as_their_source_does_cannot_be_set(monkeypatch: pytest.MonkeyPatch, field: str) -> None:
    monkeypatch.setenv(variable(field), "17")
    with pytest.raises(ConfigurationError, match=f"{variable(field)} cannot be set"):
        load_settings()
    monkeypatch.setenv(variable(field), str(getattr(Thresholds(), field)))
    assert load_settings().thresholds == Thresholds()


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("CDS_CARDS_DIR", "/no/such/folder", "a folder with the card files"),
        ("CDS_CODES_DIR", "/no/such/folder", "a folder with value sets"),
        ("CDS_FHIR_SERVERS", "ehr.example.org", "http:// or https://"),
        ("CDS_FHIR_SERVERS", "https://a/fhir,file:///x", "http:// or https://"),
        ("CDS_FHIR_SERVERS", "https://a/fhir?x=1", "http:// or https://"),
        ("CDS_FHIR_SERVERS", "https://user:pw@a/fhir", "http:// or https://"),
        ("CDS_MAX_BODY", "many", "in bytes or with a unit"),
        ("CDS_MAX_BODY", "0", "at least 1024"),
        ("CDS_MAX_BODY", "", "in bytes or with a unit"),
        ("CDS_MAX_BODY", "257MiB", "at most 256MiB"),
        ("CDS_MAX_BUFFERED", "31MiB", "less room than one body of CDS_MAX_BODY"),
        ("CDS_MAX_BUFFERED", "some", "at least CDS_MAX_BODY"),
        ("CDS_CORS_ORIGINS", "https://a/path", "no path"),
        ("CDS_CORS_ORIGINS", "https://a/", "no path"),
        ("CDS_CORS_ORIGINS", "null", "no path"),
        ("CDS_TIMEZONE", "Mars/Olympus", "IANA time zone"),
        ("CDS_TIMEZONE", "../../etc/passwd", "IANA time zone"),
        ("CDS_MAX_INDICATOR", "info", "critical or warning"),
        ("CDS_GUIDANCE_URL", "javascript:alert(1)", "https:// or http://"),
        ("CDS_GUIDANCE_URL", "", "https:// or http://"),
        ("CDS_FHIR_TIMEOUT", "0", "above 0"),
        ("CDS_FHIR_TIMEOUT", "nan", "above 0"),
        ("CDS_FHIR_TIMEOUT", "3600", "at most 60"),
        ("CDS_PORT", "65536", "0 to 65535"),
        ("CDS_PUBLIC_URL", "cds.example.org", "https:// or http://"),
        ("CDS_PUBLIC_URL", "", "https:// or http://"),
        ("CDS_PUBLIC_URL", "https://cds.example.org/?x=1", "https:// or http://"),
        ("CDS_PUBLIC_URL", "https://cds.example.org/cds-services", "before /cds-services"),
        ("CDS_PUBLIC_URL", "https://cds.example.org/cds-services/", "before /cds-services"),
        ("CDS_CANONICAL_URL", "fhir.example.org", "FHIR resources and codes"),
        ("CDS_CANONICAL_URL", "urn:oid:1.2.3", "FHIR resources and codes"),
        ("CDS_JWT_ALGORITHMS", "none", "ES384, RS384, ES256 and RS256"),
        ("CDS_JWT_ALGORITHMS", "ES384,HS256", "ES384, RS384, ES256 and RS256"),
        ("CDS_JWT_ALGORITHMS", "es384", "ES384, RS384, ES256 and RS256"),
        ("CDS_JWT_ALGORITHMS", "", "ES384, RS384, ES256 and RS256"),
        ("CDS_JWT_LIFETIME", "0", "1 to 3600"),
        ("CDS_JWT_LIFETIME", "3601", "1 to 3600"),
        ("CDS_INSECURE", "perhaps", "true or false"),
        ("CDS_DATABASE_URL", "", "sqlite+aiosqlite:///path"),
        ("CDS_DATABASE_URL", "zebrafish", "sqlite+aiosqlite:///path"),
        ("CDS_DATABASE_URL", "sqlite:///zebrafish.db", "sqlite+aiosqlite:///path"),
        ("CDS_DATABASE_URL", "sqlite+aiosqlite://", "names no file"),
        ("CDS_DATABASE_URL", "sqlite+aiosqlite:///:memory:", "names no file"),
        ("CDS_DATABASE_URL", "sqlite+aiosqlite:///zebrafish.db?timeout=x", "a file takes none"),
        ("CDS_DATABASE_URL", "sqlite+aiosqlite:///file:zebrafish?mode=memory&uri=true", "a file takes none"),
        ("CDS_DATABASE_URL", "postgresql://zebrafish:zebrafish@x/y", "postgresql+asyncpg://user"),
        ("CDS_DATABASE_URL", "postgresql+asyncpg://u:zebrafish@x:zebrafish/y", "postgresql+asyncpg://user"),
        ("CDS_DATABASE_URL", "postgresql+asyncpg://u:zebrafish@x/y?sslmode=require", "it has ssl"),
        ("CDS_HASH_KEY", "zebrafish", "at least 32 characters"),
        ("CDS_HASH_KEY", "", "at least 32 characters"),
        ("CDS_SEVERE_PAIN_SCORE", "seven", "must be a whole number above 0"),
        ("CDS_CK_UNITS_PER_LITRE", "many", "must be a number above 0"),
        ("CDS_SEVERE_PAIN_SCORE", "6.5", "must be a whole number above 0"),
        ("CDS_SEVERE_PAIN_SCORE", "0", "must be above 0"),
        ("CDS_FINDING_DAYS", "-1", "must be above 0"),
        ("CDS_CK_TIMES_UPPER_LIMIT", "inf", "must be above 0"),
        ("CDS_CK_TIMES_UPPER_LIMIT", "nan", "must be above 0"),
        ("CDS_FINDING_DAYS", "36501", "at most 36,500"),
    ],
)
def test_a_wrong_value_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str, remedy: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError) as stopped:
        load_settings()
    text = str(stopped.value)
    assert name in text
    assert remedy in text
    assert "\n" not in text
    assert "zebrafish" not in text
    assert text.endswith(".")


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_MAX_BODY", "x")
    monkeypatch.setenv("CDS_INJURY_DAYS", "x")
    with pytest.raises(ConfigurationError, match=r"CDS_MAX_BODY.*CDS_INJURY_DAYS|CDS_INJURY_DAYS.*CDS_MAX_BODY"):
        load_settings()


@pytest.mark.parametrize("host", [str(IPv4Address(0)), "::", "10.0.0.5", "service.example.org"])
def test_any_server_may_be_read_only_while_listening_on_loopback(host: str) -> None:
    for servers in (("*",), ("https://a/fhir", "*")):
        with pytest.raises(ConfigurationError, match=r"CDS_FHIR_SERVERS=\*"):
            load_settings(host=host, fhir_servers=servers, insecure=True)
    assert load_settings(host="127.0.0.1", fhir_servers=("*",)).fhir_servers == ("*",)


@pytest.mark.parametrize("host", [str(IPv4Address(0)), "::", "10.0.0.5", "service.example.org"])
def test_on_other_addresses_than_loopback_callers_must_be_known(host: str) -> None:
    with pytest.raises(ConfigurationError, match=r"CDS_HOST .*CDS_CLIENTS.*--insecure"):
        load_settings(host=host)
    assert load_settings(host=host, insecure=True).clients is None
    with pytest.raises(ConfigurationError, match=r"CDS_PUBLIC_URL is missing"):
        load_settings(host=host, clients=Path("clients.toml"), insecure=True)
    assert load_settings(host=host, clients=Path("clients.toml"), public_url="https://a").public_url == "https://a"
    assert load_settings(host="127.0.0.1", clients=Path("clients.toml")).public_url is None


def test_the_numbers_of_the_policy_have_no_further_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_THRESHOLDS", '{"severe_pain_score": 9}')
    monkeypatch.setenv("CDS_LABORATORY_DAYS", "5")
    assert load_settings().thresholds == Thresholds(laboratory_days=5)


def test_misspelt_variables_are_found() -> None:
    known = {variable(name): "" for name in Settings.model_fields if name != "thresholds"}
    environment = {**known, "CDS_INJURY_DAYS": "", "CDS_MAX_BDOY": "", "PATH": ""}
    assert unknown_variables(environment) == ["CDS_MAX_BDOY"]


def test_every_setting_says_what_it_must_be() -> None:
    assert all(field.description for field in Settings.model_fields.values())


def test_the_documentation_has_every_variable_and_its_default() -> None:
    text = (Path(__file__).parent.parent / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(CDS_\w+)` \| (.+?) \|", text, re.MULTILINE))
    numbers = {variable(name): str(value) for name, value in asdict(Thresholds()).items() if name not in FIXED}
    assert rows.keys() == {variable(name) for name in Settings.model_fields if name != "thresholds"} | numbers.keys()
    assert {name: rows[name] for name in numbers} == numbers
