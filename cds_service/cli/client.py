"""`cds-service client`: the EHRs that may call, and whether their keys can be had."""

from __future__ import annotations

import asyncio
import json
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx2
import typer

from cds_service.cli.client_token import explain
from cds_service.cli.reporting import errors_in_one_line, tell
from cds_service.cli.token_file import read_token
from cds_service.errors import ConfigurationError
from cds_service.security.clients import Client, load_clients, parse_clients, read_registry
from cds_service.security.key_sets import KeysUnavailable, fetch_key_set, read_pinned
from cds_service.security.keys import Key, KeySet
from cds_service.settings import load_settings, variable

client = typer.Typer(help="Register EHRs, and check their keys (docs/security.md).", no_args_is_help=True)

Registry = Annotated[Path, typer.Option("--file", envvar=variable("clients"), help="The registry, a TOML file.")]


@client.command()
def add(
    name: Annotated[str, typer.Argument(help="What the log is to call this EHR.")],
    issuer: Annotated[str, typer.Option(help="The iss of its tokens.")],
    file: Registry,
    jwks_url: Annotated[
        str | None, typer.Option(help="Address of its JWK Set, which is the jku of its tokens.")
    ] = None,
    jwks_file: Annotated[Path | None, typer.Option(help="Its JWK Set as a file, instead of an address.")] = None,
    fhir_server: Annotated[
        list[str] | None, typer.Option(help="Base address that may be read; repeat as needed.")
    ] = None,
    audience: Annotated[
        list[str] | None, typer.Option(help="A wrong aud to be taken from it; repeat as needed.")
    ] = None,
    shadow: Annotated[bool, typer.Option("--shadow", help="Answer it without cards.")] = False,
    max_lifetime: Annotated[
        int | None, typer.Option(help="Seconds that its tokens may live, instead of CDS_JWT_LIFETIME.")
    ] = None,
) -> None:
    """Add an EHR to the registry, which is created if it is not there."""
    new = Client(
        name,
        issuer,
        jwks_url,
        str(jwks_file.resolve()) if jwks_file else None,
        tuple(fhir_server or ()),
        shadow,
        tuple(audience or ()),
        max_lifetime,
    )
    with errors_in_one_line():
        text = read_registry(file) if file.exists() else ""
        added = ("" if not text or text.endswith("\n") else "\n") + ("\n" if text else "") + _table(new)
        parse_clients(text + added, file)
        if new.jwks_file:
            read_pinned(Path(new.jwks_file), ())  # is it a JWK Set at all?
        _append(file, added)
        tell(f"{name} is registered in {file}. Check its keys: cds-service client check --file {file}")


@client.command("list")
def list_clients(file: Registry) -> None:
    """Show the registered EHRs."""
    with errors_in_one_line():
        for each in load_clients(file):
            tell(f"{each.name}{' (shadow: gets no cards)' if each.shadow else ''}")
            tell(f"  issuer        {each.issuer}")
            tell(f"  keys from     {each.jwks_url or each.jwks_file}")
            tell(f"  FHIR servers  {', '.join(each.fhir_servers) or 'none'}")
            if each.audiences:
                tell(f"  audiences     {', '.join(each.audiences)}")
            if each.max_lifetime:
                tell(f"  max_lifetime  {each.max_lifetime} seconds")


@client.command()
def check(
    file: Registry,
    name: Annotated[str | None, typer.Argument(help="One EHR; all of them if left out.")] = None,
    token: Annotated[
        Path | None, typer.Option(help="A file with a token of an EHR: what it says, and why it is refused.")
    ] = None,
) -> None:
    """Get the keys of each EHR as the service would, and say which of them it can use; or look at one token."""
    with errors_in_one_line():
        settings = load_settings(clients=file)
        chosen = [each for each in load_clients(file) if name in (None, each.name)]
        if not chosen:
            raise ConfigurationError(f"{file}: it has no client of that name. cds-service client list shows the names.")
        keys_of = partial(_tell_keys, algorithms=settings.jwt_algorithms)
        is_well = explain(read_token(token), chosen, settings, keys_of) if token else all([*map(keys_of, chosen)])
    if not is_well:
        raise typer.Exit(1)


def _tell_keys(each: Client, algorithms: tuple[str, ...]) -> KeySet | None:
    """The keys by which tokens of this client are verified, told one by one; None where there is no usable one."""
    tell(f"{each.name}: keys from {each.jwks_url or each.jwks_file}")
    try:
        keys = asyncio.run(_keys(each, algorithms))
    except (ConfigurationError, KeysUnavailable) as error:
        tell(f"  not to be had: {error}")
        return None
    for key in keys.keys:
        tell(f"  {_described(key)}")
    if keys.is_usable:
        return keys
    tell(f"  no usable key: its tokens will be refused. The algorithms taken are {', '.join(algorithms)}.")
    return None


async def _keys(each: Client, algorithms: tuple[str, ...]) -> KeySet:
    if each.jwks_url is None:
        return read_pinned(Path(str(each.jwks_file)), algorithms)
    async with httpx2.AsyncClient(trust_env=False) as http:
        return await fetch_key_set(http, each.jwks_url, algorithms)


def _described(key: Key) -> str:
    verdict = f"not usable, {key.problem}" if key.problem else f"usable with {', '.join(key.algorithms)}"
    return f"kid {key.kid or '(none)'}, {key.kind or 'no type'}: {verdict}"


def _table(new: Client) -> str:
    values = {
        "name": new.name,
        "issuer": new.issuer,
        "jwks_url": new.jwks_url,
        "jwks_file": new.jwks_file,
        "fhir_servers": new.fhir_servers,
        "shadow": new.shadow,
        "audiences": new.audiences or None,
        "max_lifetime": new.max_lifetime,
    }
    # printable strings, numbers, lists and booleans of JSON are those of TOML
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in values.items() if value is not None]
    return "\n".join(["[[client]]", *lines, ""])


def _append(file: Path, text: str) -> None:
    """What is there stays as it is, with owner and mode; a new file is its owner's alone."""
    try:
        file.touch(mode=0o600)
        with file.open("a", encoding="utf-8") as registry:
            registry.write(text)
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}. Give a file that can be written.") from None
