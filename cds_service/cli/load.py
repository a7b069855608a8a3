"""`cds-service load`: the sample patients onto a FHIR server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cds_service.cli.reporting import errors_in_one_line, tell
from cds_service.cli.token_file import read_token
from cds_service.sample_patients import filed, load_samples, moved_to, utc_today
from cds_service.shipped import shipped
from cds_service.upload import upload


def load(
    url: Annotated[str, typer.Argument(help="Base address of a FHIR R4 server, such as http://localhost:8080/fhir.")],
    wait: Annotated[int, typer.Option(help="Seconds to wait for the server to be ready.")] = 0,
    token: Annotated[Path | None, typer.Option(help="A file with an access token that the server wants.")] = None,
) -> None:
    """Put the sample patients, dates moved to today, on a FHIR server; ends with 1 if it does not take all of it."""
    with errors_in_one_line():
        samples = load_samples(shipped("fhir_fixtures"))
        charts = [(each.name, filed(moved_to(utc_today(), each.bundle))) for each in samples]
        is_whole = True
        for each in upload(url, charts, wait, read_token(token) if token else None):
            tell(f"{each.name}: {each.stored} resources")
            tell(*(f"{each.name}: {problem}" for problem in each.refused), err=True)
            is_whole = is_whole and not each.refused
    if not is_whole:
        raise typer.Exit(1)
