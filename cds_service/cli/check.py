"""`cds-service check`: is what the service starts with sound?"""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from cds_service.app import cards_folder, cards_in_use, create_app, terminology_in_use
from cds_service.cli.db import open_store
from cds_service.cli.reporting import content_notices, errors_in_one_line, tell, tell_unknown_variables
from cds_service.fhir.value_sets import Terminology, own_value_sets
from cds_service.security.clients import load_clients
from cds_service.settings import Settings, load_settings
from cds_service.storage import schema
from cds_service.storage.seen_systems import SeenSystem, seen_systems


def check(
    seen: Annotated[
        bool, typer.Option("--seen", help="List the code systems that clients sent and that are not read.")
    ] = False,
) -> None:
    """Check settings, value sets and cards, and say what was checked. A notice is no fault."""
    with errors_in_one_line():
        settings = load_settings()
        tell("settings: usable")
        has_unknown = tell_unknown_variables()
        terminology = terminology_in_use(settings)
        codes = len(terminology.measurement_codes())
        tell(f"value sets: {len(terminology.concepts)} usable, {codes} LOINC codes asked for in prefetch")
        if settings.codes_dir is not None:
            added = ", ".join(file.stem for file in own_value_sets(settings.codes_dir))
            tell(f"codes of this site: usable, from {settings.codes_dir}, added to {added}")
        tell(f"code systems read: {', '.join(terminology.systems())}")
        cards_in_use(settings)
        tell(f"cards: usable, from {cards_folder(settings)}")
        if settings.clients is not None:
            tell(f"clients: {len(load_clients(settings.clients))} registered, from {settings.clients}")
        create_app(settings)
        for notice in content_notices(settings):
            tell(f"notice: {notice}")
        if seen:
            tell(*[_told(each, terminology) for each in asyncio.run(_seen(settings))] or ["seen: all codes were read"])
    if has_unknown:
        raise typer.Exit(1)


async def _seen(settings: Settings) -> list[SeenSystem]:
    async with open_store(settings) as store:
        await schema.require_current(store)
        return [*await seen_systems(store)]


def _told(each: SeenSystem, terminology: Terminology) -> str:
    """Of one system that a client sent."""
    client = " ".join(filter(None, (each.client, each.tenant))) or "any client"
    system = each.system or "codes without a system that is a URI"
    why = "not read"
    if terminology.system(each.system) is not None:
        why = "read, but not these codes"
    whole = f", in {_count(each.charts, 'chart', 'charts')} all that a part held" if each.charts else ""
    count = _count(each.entries, "entry", "entries")
    return f"seen: {client}: {system}: {why}, {count} passed over{whole}, last {each.last_at:%Y-%m-%d}"


def _count(number: int, one: str, more: str) -> str:
    return f"1 {one}" if number == 1 else f"{number:,} {more}"
