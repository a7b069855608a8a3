"""`cds-service overrides`: which cards clinicians override, how often and why, and which they accept."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from cds_service.cli.db import open_store
from cds_service.cli.reporting import errors_in_one_line, tell
from cds_service.rendering.card_files import card_ids
from cds_service.rendering.render import card_uuid
from cds_service.settings import Settings, load_settings, variable
from cds_service.storage import schema
from cds_service.storage.overrides import CardFeedback, card_feedback


def overrides() -> None:
    """Show of each card how often it was overridden or accepted, and flag those above CDS_OVERRIDE_RATE_LIMIT."""
    with errors_in_one_line():
        settings = load_settings()
        told = asyncio.run(_read(settings))
    if not told:
        tell(f"No feedback on any card in the last {settings.override_rate_days} days.")
    for each in told:
        reasons = ", ".join(f"{reason} {count}" for reason, count in each.reasons.items())
        flag = " (above the limit)" if _is_flagged(each, settings) else ""
        tell(
            f"{each.card}: {each.overridden} of {each.answered} overridden, {each.rate:.0%}{flag}, "
            f"{each.accepted} accepted" + (f": {reasons}" if reasons else "")
        )


def override_notices(settings: Settings) -> list[str]:
    """A line for each card that is overridden more often than the site allows. The store must be up to date."""
    return [
        f"card {each.card}: overridden in {each.overridden} of {each.answered} answers in the last "
        f"{settings.override_rate_days} days, above {variable('override_rate_limit')}; see cds-service overrides"
        for each in asyncio.run(_read(settings))
        if _is_flagged(each, settings)
    ]


def _is_flagged(each: CardFeedback, settings: Settings) -> bool:
    return each.answered >= settings.override_rate_least and each.rate > settings.override_rate_limit


async def _read(settings: Settings) -> list[CardFeedback]:
    since = datetime.now(UTC) - timedelta(days=settings.override_rate_days)
    async with open_store(settings) as store:
        await schema.require_current(store)
        return await card_feedback(store, since, card_of)


def card_of(hook_instance: str, uuid: str) -> str | None:
    """Which card a uuid stands for.

    It is made of the call's hookInstance and the card's id and cannot be undone, so each id is tried. The last group
    of digits decides: the others may be made of something else.
    """
    group = uuid.rpartition("-")[2]
    return next((each for each in card_ids() if card_uuid(hook_instance, each).endswith(f"-{group}")), None)
