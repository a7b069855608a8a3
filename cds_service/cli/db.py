"""`cds-service db`: the store's schema, and how long it keeps what."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from cds_service.cli.reporting import errors_in_one_line, tell
from cds_service.errors import ConfigurationError
from cds_service.settings import Settings, load_settings
from cds_service.storage import retention, schema
from cds_service.storage.store import Store

_UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_AGE = re.compile(r"([1-9]\d{0,4})([hdw])", re.ASCII)


def upgrade() -> None:
    """Bring the schema of CDS_DATABASE_URL up to date. Run again, it changes nothing."""

    async def run() -> str:
        async with open_store(load_settings()) as store:
            return await schema.upgrade(store)

    with errors_in_one_line():
        tell(f"store: up to date, schema {asyncio.run(run())}")


def prune(
    older_than: Annotated[str, typer.Option(help="Age as a number with h, d or w: 36h, 90d, 52w.")],
) -> None:
    """Remove journal and feedback that came in longer ago than that, for good."""

    async def run() -> retention.Removed:
        before = _moment(older_than, datetime.now(UTC))
        async with open_store(load_settings()) as store:
            await schema.require_current(store)
            return await retention.prune(store, before)

    with errors_in_one_line():
        removed = asyncio.run(run())
        tell(f"journal: {removed.journal} calls removed")
        tell(f"feedback: {removed.feedback} entries removed")


def prepare_store(settings: Settings) -> None:
    """What `serve` and `demo` do before they start. Raises ConfigurationError."""

    async def run() -> None:
        async with open_store(settings) as store:
            await schema.prepare(store)

    asyncio.run(run())


def open_store(settings: Settings) -> Store:
    """The store of these settings, which connects when it is first used."""
    return Store(settings.database_url.get_secret_value())


def _moment(age: str, now: datetime) -> datetime:
    match = _AGE.fullmatch(age)
    try:
        if match is None:
            raise ValueError
        return now - int(match[1]) * _UNITS[match[2]]
    except (ValueError, OverflowError):
        raise ConfigurationError(
            "--older-than is not an age. Give a number above 0 with h (hours), d (days) or w (weeks): 90d."
        ) from None


db = typer.Typer(help="The store: its schema, and how long it keeps what.", no_args_is_help=True)
for command in (upgrade, prune):
    db.command()(command)
