"""What an operator can set: environment variables that begin with CDS_, each described where it is defined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import ByteSize, Field, SecretStr, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from cds_service.addresses import ANY, is_loopback, parse_address, parse_base
from cds_service.errors import ConfigurationError
from cds_service.thresholds import FIXED, Thresholds

PREFIX = "CDS_"
LONGEST_LIFETIME = 3600
"""Seconds that an EHR's token may live at most, whatever settings or registry say."""
_LARGEST_BODY = 256 * 1024 * 1024
_MOST = 36_500  # days are a hundred years then, and no number of another unit comes near


class Settings(BaseSettings):
    """Each field is the variable CDS_<FIELD>; `description` says what it must be, and is the remedy in errors."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(8000, ge=0, le=65535, description="the port to listen on, 0 to 65535 (0: any free one)")
    cards_dir: Path | None = Field(
        None,
        description="a folder with the card files, to be used instead of those that come with the service",
    )
    codes_dir: Path | None = Field(
        None,
        description="a folder with value sets whose codes are added to those that come with the service",
    )
    insecure: bool = Field(
        False,
        description="true or false: whether to answer everybody without a registry on other addresses than loopback",
    )
    clients: Path | None = Field(
        None, description="the registry of EHRs that may call, a TOML file (cds-service client add writes it)"
    )
    public_url: str | None = Field(
        None,
        description="the address before /cds-services under which EHRs call this service, starting with https:// or "
        "http://",
    )
    canonical_url: str | None = Field(
        None,
        description="the address, starting with https:// or http://, before those of the FHIR resources and codes of "
        "this service's own",
    )
    jwt_algorithms: Annotated[tuple[Literal["ES384", "RS384", "ES256", "RS256"], ...], NoDecode] = Field(
        ("ES384", "RS384"),
        min_length=1,
        description="those of ES384, RS384, ES256 and RS256 that EHRs may sign with, with commas between them",
    )
    jwt_lifetime: int = Field(
        300,
        ge=1,
        le=LONGEST_LIFETIME,
        description=f"seconds, 1 to {LONGEST_LIFETIME}, that may lie between iat and exp of an EHR's token",
    )
    fhir_servers: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="base addresses of the FHIR servers that may be read, with commas between them, each "
        "starting with http:// or https://; or * for any, which is accepted only while listening on loopback",
    )
    fhir_timeout: float = Field(
        3.0,
        gt=0,
        le=60,
        description="seconds for all FHIR reads of one hook together, above 0 and at most 60",
    )
    max_body: ByteSize = Field(
        ByteSize(32 * 1024 * 1024),
        ge=1024,
        le=_LARGEST_BODY,
        description="the largest request body, unpacked, in bytes or with a unit (32MiB), at least 1024 and at most "
        "256MiB",
    )
    max_buffered: ByteSize = Field(
        ByteSize(_LARGEST_BODY),
        description="how much one worker holds of request bodies, all calls together, in bytes or with a unit (1GiB), "
        "at least CDS_MAX_BODY",
    )
    time_budget: float = Field(
        5.0,
        gt=0,
        le=60,
        description="seconds that one call may compute, reads of the EHR not counted, above 0 and at most 60",
    )
    client_rate: float | None = Field(
        None,
        gt=0,
        le=100_000,
        description="calls a second that a worker answers for one client, above 0 and at most 100,000",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (ANY,),
        description="origins that browsers may call from, with commas between them (https://ehr.example.org, "
        "no path); or * for any",
    )
    timezone: ZoneInfo = Field(
        ZoneInfo("UTC"),
        description="an IANA time zone such as Europe/London, in which ages and dates are judged",
    )
    system_actions: bool = Field(
        False,
        description="true or false: true lets the EHR draft the instructions for the patient at discharge without "
        "asking the user",
    )
    override_hours: float = Field(
        24,
        ge=0,
        le=720,
        description="hours, 0 to 720, for which a card stays silent for the clinician who overrode it (0: it does not; "
        "beside a red flag at most 24)",
    )
    once_per_encounter: bool = Field(
        True,
        description="true or false: whether a second hook leaves out the card that the same clinician has seen in the "
        "encounter",
    )
    max_indicator: Literal["critical", "warning"] = Field(
        "critical", description="critical or warning: the highest indicator that a card may carry"
    )
    card_detail: Literal["short", "full"] = Field(
        "short",
        description="short or full: full appends to each card how it was decided, for an EHR that opens no links",
    )
    guidance_url: str = Field(
        "https://my.clevelandclinic.org/health/symptoms/22274-calf-muscle-pain",
        description="the address, starting with https:// or http://, of the guidance that cards link to",
    )
    developer: str = Field(
        "", max_length=500, description="at most 500 characters: who answers for this service where it runs"
    )
    funding: str = Field(
        "", max_length=500, description="at most 500 characters: who paid for the development of this service"
    )
    database_url: SecretStr = Field(
        SecretStr("sqlite+aiosqlite:///cds-service.db"),
        description="sqlite+aiosqlite:///path/to/file.db (four slashes: from the root), or "
        "postgresql+asyncpg://user:password@host/database",
    )
    hash_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="a secret of at least 32 characters, such as openssl rand -hex 32 prints",
    )
    disabled_rules: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="ids of rules, or card: and the id of a card for all its rules, with commas between them",
    )
    disabled_rules_signed_by: str = Field(
        "", description="who decided to switch off a red flag or a rule of the critical row, and when, in words"
    )
    exclusions: Annotated[tuple[Literal["children", "hospice"], ...], NoDecode] = Field(
        (), description="whom no card is shown for: children, hospice or both, with a comma between them"
    )
    override_rate_limit: float = Field(
        0.5,
        gt=0,
        le=1,
        description="the share of overridden cards above which a card is flagged, above 0 and at most 1",
    )
    override_rate_least: int = Field(
        20, ge=1, description="cards with feedback, at least 1, below which no rate is judged"
    )
    override_rate_days: int = Field(90, ge=1, le=3650, description="days, 1 to 3650, of feedback that the rate is of")
    thresholds: Thresholds = Field(Thresholds(), description="numbers above 0, each with a variable of its own")

    @field_validator("fhir_servers", "cors_origins", "jwt_algorithms", "disabled_rules", "exclusions", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("fhir_servers", "cors_origins")
    @classmethod
    def _addresses(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        for each in value:
            place = parse_base(each)
            if each != ANY and (place is None or (info.field_name == "cors_origins" and each.count("/") != 2)):
                raise ValueError(f"{each!r} cannot be used")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        """No message quotes it: it may hold a password."""
        try:
            url = make_url(value.get_secret_value())
        except (ArgumentError, ValueError):
            raise ValueError("it is not the address of a database") from None
        if url.drivername not in ("sqlite+aiosqlite", "postgresql+asyncpg"):
            raise ValueError("it must begin with sqlite+aiosqlite:// or postgresql+asyncpg://")
        if url.drivername == "sqlite+aiosqlite" and (url.database or ":memory:").endswith(":memory:"):
            raise ValueError("it names no file, and what is kept in memory is lost")
        if url.drivername == "sqlite+aiosqlite" and url.query:
            raise ValueError("it has options after a question mark, and a file takes none")
        if "sslmode" in url.query:
            raise ValueError("asyncpg does not know sslmode; it has ssl, with the same values")
        return value

    @field_validator("guidance_url")
    @classmethod
    def _web_address(cls, value: str) -> str:
        if parse_address(value) is None:
            raise ValueError("it is not a web address")
        return value

    @field_validator("public_url", "canonical_url")
    @classmethod
    def _base(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return None
        place = parse_base(value)
        if place is None or (info.field_name == "public_url" and place.path.endswith("/cds-services")):
            raise ValueError("it is not such an address")
        return value.rstrip("/")

    @field_validator("cards_dir", "codes_dir")
    @classmethod
    def _folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError("there is no such folder")
        return value

    @field_validator("thresholds")
    @classmethod
    def _positive(cls, value: Thresholds) -> Thresholds:
        wrong = [name for name, number in asdict(value).items() if not 0 < number <= _MOST]
        if wrong:
            raise ValueError(f"{', '.join(map(variable, wrong))} must be above 0 and at most {_MOST:,}")
        changed = [name for name in FIXED if getattr(value, name) != getattr(Thresholds(), name)]
        if changed:
            raise ValueError(f"{', '.join(map(variable, changed))} cannot be set: cards name it as its source does")
        return value

    @model_validator(mode="after")
    def _one_body_has_room(self) -> Settings:
        if self.max_buffered < self.max_body:
            raise ValueError(
                f"{variable('max_buffered')} has less room than one body of {variable('max_body')}. Raise it, or lower "
                f"{variable('max_body')}"
            )
        return self

    @model_validator(mode="after")
    def _any_server_only_on_loopback(self) -> Settings:
        if ANY in self.fhir_servers and not is_loopback(self.host):
            raise ValueError(
                f"{variable('fhir_servers')}=* would let anyone who reaches {variable('host')} send this "
                "service to any address. List the FHIR servers, or listen on 127.0.0.1"
            )
        return self

    @model_validator(mode="after")
    def _only_loopback_is_open_to_everybody(self) -> Settings:
        if is_loopback(self.host):
            return self
        if self.clients is None and not self.insecure:
            raise ValueError(
                f"{variable('host')} is reached from other machines, and without {variable('clients')} whoever reaches "
                "it is answered. Register the EHRs (docs/security.md), listen on 127.0.0.1, or say serve --insecure"
            )
        if self.clients is not None and self.public_url is None:
            raise ValueError(
                f"{variable('public_url')} is missing, so that no token can be for this service. Set it to the address "
                "under which EHRs call it, such as https://cds.example.org"
            )
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, _Variables(settings_cls)


class _Variables(EnvSettingsSource):
    """Each setting from the variable of its name, and each field of Thresholds likewise: there is no CDS_THRESHOLDS."""

    def __init__(self, settings_cls: type[BaseSettings]) -> None:
        super().__init__(settings_cls)
        self.env_vars = {key: value for key, value in self.env_vars.items() if key != variable("thresholds").lower()}

    def __call__(self) -> dict[str, Any]:
        names = {field.name: variable(field.name).lower() for field in fields(Thresholds)}
        given = {name: self.env_vars[key] for name, key in names.items() if key in self.env_vars}
        return {**super().__call__(), **({"thresholds": given} if given else {})}


def variable(field: str) -> str:
    """The environment variable of a setting or threshold."""
    return PREFIX + field.upper()


def load_settings(**overrides: Any) -> Settings:
    """The settings of the environment, `overrides` (by field name) before it.

    Raises ConfigurationError that names the variable, what is wrong with it, and what it must be.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise ConfigurationError(" ".join(_explained(each) for each in error.errors(include_url=False))) from None


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables that begin with CDS_ and set nothing: most likely misspelt."""
    known = {variable(name) for name in Settings.model_fields if name != "thresholds"}
    known |= {variable(field.name) for field in fields(Thresholds)}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)


def _explained(error: Any) -> str:
    message = error["msg"].removeprefix("Value error, ")
    match [str(part) for part in error["loc"]]:
        case [] | ["thresholds"]:
            return f"{message}."
        case ["thresholds", name, *_]:
            kind = "whole number" if isinstance(getattr(Thresholds(), name), int) else "number"
            return f"{variable(name)} is wrong: {message}. It must be a {kind} above 0."
        case [name, *_]:
            remedy = Settings.model_fields[name].description
            return f"{variable(name)} is wrong: {message}. It must be {remedy}."
    raise AssertionError("errors have a place")
