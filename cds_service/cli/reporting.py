"""How the commands tell what is wrong: one line with the remedy, on stderr."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from cds_service.errors import CdsError, ConfigurationError
from cds_service.settings import unknown_variables


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except (CdsError, ConfigurationError) as error:
        typer.echo(f"cds-service: {error}", err=True)
        raise typer.Exit(1) from None


def tell_unknown_variables() -> None:
    for name in unknown_variables(os.environ):
        typer.echo(f"cds-service: {name} is not a setting of this service. Correct its name or remove it.", err=True)
