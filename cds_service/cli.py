"""The command `cds-service`: serve, demo, assess, check, load."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import msgspec
import typer

from cds_service import __version__
from cds_service.app import cards_folder, create_app, patient_view
from cds_service.errors import CdsError, ConfigurationError
from cds_service.fhir.client import Answer, FhirServer
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.context import read_call
from cds_service.hooks.patient_view import PatientView
from cds_service.hooks.prefetch import chart_needs
from cds_service.rendering.card_files import load_cards
from cds_service.sample_patients import load_samples, moved_to
from cds_service.serving import listen, run_server
from cds_service.settings import Settings, load_settings, unknown_variables
from cds_service.shipped import shipped
from cds_service.upload import upload
from cds_service.web.samples import sample_routes
from cds_service.wire import Card

app = typer.Typer(
    help="A CDS Hooks service that looks at a patient's FHIR R4 record for calf pain.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)

_SANDBOX = "https://sandbox.cds-hooks.org/"


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except (CdsError, ConfigurationError) as error:
        typer.echo(f"cds-service: {error}", err=True)
        raise typer.Exit(1) from None


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default CDS_HOST or 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default CDS_PORT or 8000.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer requests.")] = 1,
) -> None:
    """Answer CDS Hooks calls. Settings are environment variables that begin with CDS_ (docs/settings.md)."""
    with _errors_in_one_line():
        settings = load_settings(**_given(host=host, port=port))
        _tell_unknown_variables()
        service = create_app(settings)  # also before workers are started: what is wrong shows once, and at once
        socket = listen(settings.host, settings.port)
        run_server(service, socket, workers, settings)


@app.command()
def demo(
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1; default CDS_PORT or 8000.")] = None,
) -> None:
    """Serve on this machine only, with the sample patients, and say how to try it."""
    with _errors_in_one_line():
        settings = load_settings(**_given(host="127.0.0.1", port=port, fhir_servers=("*",)))
        samples = {sample.name: sample for sample in load_samples(shipped("fhir_fixtures"))}
        needs = chart_needs(Terminology().measurement_codes())

        def request_of(name: str) -> dict[str, Any]:
            return chart_request(moved_to(_utc_today(), samples[name].bundle), needs)

        titles = {name: sample.title for name, sample in samples.items()}
        service = create_app(settings, sample_routes(titles, request_of))
        socket = listen(settings.host, settings.port)
        typer.echo(_invitation(f"http://127.0.0.1:{socket.getsockname()[1]}", list(titles)))
        run_server(service, socket, 1, settings)


def _invitation(base: str, names: list[str]) -> str:
    discovery = f"{base}/cds-services"
    call = f"{discovery}/{PatientView.id}"
    preset = f"{_SANDBOX}?hook=patient-view&screen=patient-view&serviceDiscoveryURL={quote(discovery, safe='')}"
    return f"""Discovery address:  {discovery}
Sample patients:    {base}/samples ({len(names)} of them, dates moved to today)

Try one:
  curl -s {base}/samples/{names[0]} | curl -s -H 'Content-Type: application/json' -d @- {call}

In the public CDS Hooks sandbox, open
  {preset}
or paste the discovery address under settings, Add CDS Services. Chrome asks whether the page may reach this
machine (local network access): press Allow. The sandbox's own patient has a DSTU2 record without calf pain,
so no card is right there; another FHIR server and patient can be chosen under settings.

Stop with Ctrl+C."""


@app.command()
def assess(
    file: Annotated[str, typer.Argument(help="A FHIR Bundle or a hook request, as JSON; - for standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer of the hook as JSON.")] = False,
    as_of: Annotated[str | None, typer.Option(help="Assess as of this moment (ISO 8601); default now.")] = None,
    patient: Annotated[str | None, typer.Option(help="Patient id, where a Bundle holds several.")] = None,
) -> None:
    """Show the cards for a chart, without a server and without reading any."""
    with _errors_in_one_line():
        settings = load_settings()
        call = read_call(_as_request(_read_input(file), patient), PatientView.hook)
        service = patient_view(settings, _read_nothing, lambda _: False)
        cards = asyncio.run(service.handle(call, _moment(as_of, settings)))
    if as_json:
        typer.echo(msgspec.json.encode({"cards": cards}).decode())
    else:
        typer.echo("\n\n".join(map(_readable, cards)) or "No card: the record holds nothing to say about calf pain.")


async def _read_nothing(server: FhirServer, address: str, deadline: float) -> Answer:
    raise AssertionError("nothing may be read, so nothing is")


def _read_input(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}. Give a file that can be read, or -.") from None


def _as_request(text: bytes, patient_id: str | None) -> bytes:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigurationError("the input is not JSON. Give a FHIR Bundle or a hook request.") from None
    if isinstance(content, dict) and content.get("resourceType") == "Bundle":
        needs = chart_needs(Terminology().measurement_codes())
        return msgspec.json.encode(chart_request(content, needs, patient_id))
    if isinstance(content, dict) and "hook" in content:
        return text
    raise ConfigurationError("the input is neither a FHIR Bundle nor a hook request. Give one of them.")


def _moment(text: str | None, settings: Settings) -> datetime:
    if text is None:
        return datetime.now(settings.timezone)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError("--as-of is not a date and time. Give it as 2026-11-02T12:00:00Z.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=settings.timezone)


def _readable(card: Card) -> str:
    links = "".join(f"\n{link.label}: {link.url}" for link in card.links or ())
    return f"[{card.indicator}] {card.summary}\n\n{card.detail or ''}\n\nSource: {card.source.label}{links}"


@app.command()
def check() -> None:
    """Check settings, value sets and cards, and say what was checked."""
    with _errors_in_one_line():
        settings = load_settings()
        typer.echo("settings: usable")
        _tell_unknown_variables()
        terminology = Terminology()
        codes = len(terminology.measurement_codes())
        typer.echo(f"value sets: {len(terminology.concepts)} usable, {codes} LOINC codes asked for in prefetch")
        folder = cards_folder(settings)
        load_cards(folder)
        patient_view(settings, _read_nothing, lambda _: False)
        typer.echo(f"cards: usable, from {folder}")
    if unknown_variables(os.environ):
        raise typer.Exit(1)


def _tell_unknown_variables() -> None:
    for name in unknown_variables(os.environ):
        typer.echo(f"cds-service: {name} is not a setting of this service. Correct its name or remove it.", err=True)


@app.command()
def load(
    url: Annotated[str, typer.Argument(help="Base address of a FHIR R4 server, such as http://localhost:8080/fhir.")],
    wait: Annotated[int, typer.Option(help="Seconds to wait for the server to be ready.")] = 0,
) -> None:
    """Put the sample patients, dates moved to today, on a FHIR server."""
    with _errors_in_one_line():
        samples = load_samples(shipped("fhir_fixtures"))
        for name, count in upload(url, [(each.name, moved_to(_utc_today(), each.bundle)) for each in samples], wait):
            typer.echo(f"{name}: {count} resources")


def _utc_today() -> date:
    """The day to move samples to: UTC, as their times are, so that in no time zone one lies ahead."""
    return datetime.now(UTC).date()


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
