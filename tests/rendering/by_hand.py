"""The cards that come with the service, and a card of a compact chart."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from cds_service.assessment.assessment import Assessment
from cds_service.circumstances import Circumstances
from cds_service.facts import Fact, Interval, Side, Site, State
from cds_service.rendering.card_files import load_cards
from cds_service.rendering.render import Renderer
from cds_service.wire import Card
from tests.charts import AS_OF, Entry, triage

CARDS = Path(__file__).parents[2] / "cards"
GUIDANCE_URL = "https://my.clevelandclinic.org/health/symptoms/22274-calf-muscle-pain"
HOOK_INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
CIRCUMSTANCES = Circumstances(HOOK_INSTANCE, "patient-1", "Practitioner/doctor-1", AS_OF, "visit-1")
FILES = load_cards(CARDS)
RENDERER = Renderer(FILES, GUIDANCE_URL)

CALF_PAIN: Entry = {"condition": "sct|300954003", "onset": -3, "side": "left"}
APIXABAN: Entry = {"medication": "rx|1364430"}


def days_ago(days: int) -> Interval:
    """A date without a time."""
    day = (AS_OF - timedelta(days=days)).date()
    return Interval(datetime.combine(day, time.min, UTC), datetime.combine(day, time.max, UTC), day.isoformat())


def fact(concept: str, source: str, days: int | None = 1, **members: Any) -> Fact:
    """A present finding of the left calf, unless told otherwise; days=None is undated."""
    when = None if days is None else days_ago(days)
    members = {"side": Side.LEFT, "site": Site.LOWER_LEG, "site_matters": True, "began": when, **members}
    state = members.pop("state", State.PRESENT)
    return Fact(concept, state, source, (("http://snomed.info/sct", "1"),), when=when, **members)


def card(of: Assessment, renderer: Renderer = RENDERER) -> Card:
    """The one card of this assessment."""
    [only] = renderer.render(of, CIRCUMSTANCES)
    return only


def card_of(*entries: Entry, who: dict[str, Any] | None = None) -> Card:
    """The one card of a compact chart."""
    return card(triage(list(entries), who))


def detail(*entries: Entry, who: dict[str, Any] | None = None) -> str:
    """What it says below its summary."""
    return card_of(*entries, who=who).detail or ""


def line(text: str, label: str) -> str:
    """What stands behind this label; empty where no line has it."""
    return next((each.partition(":** ")[2] for each in text.split("\n\n") if each.startswith(f"**{label}:**")), "")
