"""`cds-service serve` and `demo`: the service on a socket."""

from __future__ import annotations

from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from cds_service.addresses import ANY
from cds_service.app import create_app, terminology_in_use
from cds_service.cli.db import prepare_store
from cds_service.cli.overrides import override_notices
from cds_service.cli.reporting import content_notices, errors_in_one_line, tell, tell_unknown_variables
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.patient_view import PATIENT_VIEW
from cds_service.hooks.prefetch import chart_needs
from cds_service.sample_patients import charts_on, load_samples, moved_to, utc_today
from cds_service.serving import listen, run_server
from cds_service.settings import load_settings
from cds_service.shipped import shipped
from cds_service.web.sample_ehr.endpoints import SampleEhr
from cds_service.web.samples import sample_routes


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
        notices = [*content_notices(settings), *override_notices(settings)]
        socket = listen(settings.host, settings.port)
        run_server(service, socket, workers, settings, notices)


def demo(
    port: Annotated[int | None, typer.Option(help="Port on 127.0.0.1; default CDS_PORT or 8000.")] = None,
) -> None:
    """Serve on this machine only, with the sample patients, and say how to try it."""
    with errors_in_one_line(), TemporaryDirectory() as folder:
        settings = load_settings(**_given(host="127.0.0.1", port=port, fhir_servers=(ANY,)))
        if "database_url" not in settings.model_fields_set:  # what is tried out is no feedback of the site
            store = SecretStr(f"sqlite+aiosqlite:///{folder}/cds-service.db")
            settings = settings.model_copy(update={"database_url": store})
        samples = {sample.name: sample for sample in load_samples(shipped("fhir_fixtures"))}
        needs = chart_needs(terminology_in_use(settings).measurement_codes())

        def request_of(name: str) -> dict[str, Any]:
            return chart_request(moved_to(utc_today(), samples[name].bundle), needs)

        ehr = SampleEhr(lambda day: charts_on(day, samples.values()), utc_today, settings.max_body)
        service = create_app(settings, [*sample_routes(samples, request_of), *ehr.routes()])
        prepare_store(settings)
        socket = listen(settings.host, settings.port)
        tell(*_invitation(f"http://127.0.0.1:{socket.getsockname()[1]}", list(samples)).split("\n"))
        run_server(service, socket, 1, settings, content_notices(settings))


def _invitation(base: str, names: list[str]) -> str:
    discovery = f"{base}/cds-services"
    patients = "\n".join(f"  {base}/sandbox/{name}" for name in names)
    return f"""Each of these opens a sample patient in the public CDS Hooks sandbox (sandbox.cds-hooks.org), all preset:
{patients}

Chrome asks whether the sandbox may reach this machine (local network access): press Allow.
A card that you dismiss there stays away for a day, or until the demo is started again.
The same as a page:  {base}/
Discovery address:   {discovery}
FHIR R4 server:      {base}/fhir (the sample patients, dates moved to today, to be read only)

Without a browser:
  curl -s {base}/samples/{names[0]} | curl -s -H 'Content-Type: application/json' -d @- {discovery}/{PATIENT_VIEW.id}

Stop with Ctrl+C."""


def _given(**options: Any) -> dict[str, Any]:
    return {name: value for name, value in options.items() if value is not None}
