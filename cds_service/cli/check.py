"""`cds-service check`: is what the service starts with sound?"""

from __future__ import annotations

import typer

from cds_service.app import cards_folder, cards_in_use, create_app
from cds_service.cli.reporting import content_notices, errors_in_one_line, tell, tell_unknown_variables
from cds_service.fhir.value_sets import Terminology
from cds_service.security.clients import load_clients
from cds_service.settings import load_settings


def check() -> None:
    """Check settings, value sets and cards, and say what was checked. A notice is no fault."""
    with errors_in_one_line():
        settings = load_settings()
        tell("settings: usable")
        has_unknown = tell_unknown_variables()
        terminology = Terminology()
        codes = len(terminology.measurement_codes())
        tell(f"value sets: {len(terminology.concepts)} usable, {codes} LOINC codes asked for in prefetch")
        cards_in_use(settings)
        tell(f"cards: usable, from {cards_folder(settings)}")
        if settings.clients is not None:
            tell(f"clients: {len(load_clients(settings.clients))} registered, from {settings.clients}")
        create_app(settings)
        for notice in content_notices(settings):
            tell(f"notice: {notice}")
    if has_unknown:
        raise typer.Exit(1)
