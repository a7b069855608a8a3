"""`cds-service serve` and `demo`: the service on a socket."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer

from cds_service.app import create_app
from cds_service.cli.db import prepare_store
from cds_service.cli.reporting import errors_in_one_line, tell_unknown_variables
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.patient_view import PatientView
from cds_service.hooks.prefetch import chart_needs
from cds_service.sample_patients import load_samples, moved_to, utc_today
from cds_service.serving import listen, run_server
from cds_service.settings import load_settings
from cds_service.shipped import shipped
from cds_service.web.samples import sample_routes

_SANDBOX = "https://sandbox.cds-hooks.org/"


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default CDS_HOST or 127.0.0.1.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; default CDS_PORT or 8000.")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer requests.")] = 1,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Without a registry, answer everybody also on other addresses than loopback."),
    ] = False,
) -> None:
    """Answer CDS Hooks calls. Settings are environment variables that begin with CDS_ (docs/settings.md)."""
    with errors_in_one_line():
        settings = load_settings(**_given(host=host, port=port, insecure=insecure or None))
        tell_unknown_variables()
        service = create_app(settings)  # also before workers are started: what is wrong shows once, and at once
        prepare_store(settings)
        socket = listen(settings.host, settings.port)
        run_server(service, socket, workers, settings)


def demo(
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1; default CDS_PORT or 8000.")] = None,
) -> None:
    """Serve on this machine only, with the sample patients, and say how to try it."""
    with errors_in_one_line():
        settings = load_settings(**_given(host="127.0.0.1", port=port, fhir_servers=("*",)))
        samples = {sample.name: sample for sample in load_samples(shipped("fhir_fixtures"))}
        needs = chart_needs(Terminology().measurement_codes())

        def request_of(name: str) -> dict[str, Any]:
            return chart_request(moved_to(utc_today(), samples[name].bundle), needs)

        titles = {name: sample.title for name, sample in samples.items()}
        service = create_app(settings, sample_routes(titles, request_of))
        prepare_store(settings)
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


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
