"""`cds-service load`: the sample patients onto a FHIR server."""

from __future__ import annotations

from typing import Annotated

import typer

from cds_service.cli.reporting import errors_in_one_line, tell
from cds_service.sample_patients import filed, load_samples, moved_to, utc_today
from cds_service.shipped import shipped
from cds_service.upload import upload


def load(
    url: Annotated[str, typer.Argument(help="Base address of a FHIR R4 server, such as http://localhost:8080/fhir.")],
    wait: Annotated[int, typer.Option(help="Seconds to wait for the server to be ready.")] = 0,
) -> None:
    """Put the sample patients, dates moved to today, on a FHIR server."""
    with errors_in_one_line():
        samples = load_samples(shipped("fhir_fixtures"))
        charts = [(each.name, filed(moved_to(utc_today(), each.bundle))) for each in samples]
        for name, count in upload(url, charts, wait):
            tell(f"{name}: {count} resources")
