"""What the commands tell, safe for a terminal: faults, one line with the remedy on stderr, and what a site is to know
of its content.
"""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import typer
from rich.console import Console
from rich.markdown import Markdown

from cds_service.app import cards_in_use, missing_cards
from cds_service.errors import CdsError, ConfigurationError
from cds_service.governance import decisions, local_policy, overdue
from cds_service.settings import Settings, unknown_variables
from cds_service.visible import escaped


@contextmanager
def errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except (CdsError, ConfigurationError) as error:
        tell(f"cds-service: {error}", err=True)
        raise typer.Exit(1) from None
    except BrokenPipeError:  # whoever read it has seen enough
        raise
    except Exception:  # a fault of ours, whose text can quote what was read
        tell(*traceback.format_exc().rstrip("\n").split("\n"), err=True)
        raise typer.Exit(1) from None


def tell(*lines: str, err: bool = False) -> None:
    """Print lines, a line each, whatever a client, a chart or a file has put into them (docs/security.md)."""
    for line in lines:
        typer.echo(escaped(line), err=err)


def tell_markdown(text: str) -> None:
    """Print Markdown: rendered and wrapped where a person is looking, as it is where a program reads."""
    safe = [escaped(line) for line in text.split("\n")]
    if sys.stdout.isatty():
        Console().print(Markdown("\n".join(safe), hyperlinks=False))
    else:
        tell(*safe)


def tell_unknown_variables() -> bool:
    """Whether there are any."""
    unknown = unknown_variables(os.environ)
    for name in unknown:
        tell(f"cds-service: {name} is not a setting of this service. Correct its name or remove it.", err=True)
    return bool(unknown)


def content_notices(settings: Settings) -> list[str]:
    """What the site has decided, and the content whose review is overdue, a line each."""
    today = datetime.now(settings.timezone).date()
    files = cards_in_use(settings)
    missing = [
        f"{name} is not in {settings.cards_dir}: as it comes with the service" for name in missing_cards(settings)
    ]
    return [*decisions(settings, local_policy(settings)), *missing, *map(str, overdue(files, today))]
