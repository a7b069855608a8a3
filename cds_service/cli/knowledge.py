"""`cds-service knowledge`: what the service decides with, for others to read, and its value sets kept true."""

from __future__ import annotations

import typer

from cds_service.cli.expand import expand

knowledge = typer.Typer(help="What the service decides with.", no_args_is_help=True)
knowledge.command()(expand)
