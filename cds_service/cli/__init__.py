"""The command `cds-service`."""

from __future__ import annotations

from typing import Annotated

import typer

from cds_service import __version__
from cds_service.cli.assess import assess
from cds_service.cli.check import check
from cds_service.cli.client import client
from cds_service.cli.db import db
from cds_service.cli.knowledge import knowledge
from cds_service.cli.load import load
from cds_service.cli.serve import demo, serve

app = typer.Typer(
    help="A CDS Hooks service that looks at a patient's FHIR R4 record for calf pain.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
for command in (serve, demo, assess, check, load):
    app.command()(command)
app.add_typer(client, name="client")
app.add_typer(db, name="db")
app.add_typer(knowledge, name="knowledge")


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Show the version and stop.")] = False,
) -> None:
    if version:
        typer.echo(__version__)
        raise typer.Exit
