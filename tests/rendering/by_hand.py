"""Facts, findings and assessments made by hand, and the real cards to render them with."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from cds_service.assessment.rules import Finding, Level, Rule
from cds_service.assessment.triage import Assessment
from cds_service.assessment.wells import WellsItem, WellsScore
from cds_service.assessment.wells_items import ITEMS
from cds_service.circumstances import Circumstances
from cds_service.facts import Fact, Interval, Side, Site, State
from cds_service.rendering.card_files import load_cards
from cds_service.rendering.case import Case, open_case
from cds_service.rendering.render import Renderer
from cds_service.wire import Card

AS_OF = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
CARDS = Path(__file__).parents[2] / "cards"
GUIDANCE_URL = "https://my.clevelandclinic.org/health/symptoms/22274-calf-muscle-pain"
HOOK_INSTANCE = "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"
CIRCUMSTANCES = Circumstances(HOOK_INSTANCE, "patient-1", "Practitioner/doctor-1", AS_OF, "visit-1")
FILES = load_cards(CARDS)
RENDERER = Renderer(FILES, GUIDANCE_URL)


def days_ago(days: int) -> Interval:
    """A date without a time."""
    day = (AS_OF - timedelta(days=days)).date()
    first = datetime.combine(day, time.min, UTC)
    return Interval(first, datetime.combine(day, time.max, UTC), day.isoformat())


def fact(concept: str, source: str, days: int | None = 1, **members: Any) -> Fact:
    """A present finding of the left calf, unless told otherwise; days=None is undated."""
    when = None if days is None else days_ago(days)
    members = {"side": Side.LEFT, "site": Site.LOWER_LEG, "site_matters": True, "began": when, **members}
    state = members.pop("state", State.PRESENT)
    return Fact(concept, state, source, (("http://snomed.info/sct", "1"),), when=when, **members)


def elsewhere(concept: str, source: str, days: int | None = 1, **members: Any) -> Fact:
    """A fact that has no place on the leg: a medicine, a laboratory value."""
    return fact(concept, source, days, side=Side.NOT_STATED, site=Site.NOT_STATED, site_matters=False, **members)


def finding(rule: Rule, *facts: Fact, level: Level = Level.WARNING, note: str = "") -> Finding:
    """What a rule found present."""
    return Finding(rule, State.PRESENT, facts, level, note)


def assessment(*findings: Finding, **members: Any) -> Assessment:
    """A leg complaint of a patient of 46 with pain in the left calf, and these findings."""
    level = max((each.level for each in findings), default=Level.INFO)
    pain = fact("pain", "Condition/pain", 3, display="Pain in calf")
    members = {"side": Side.LEFT, "complaint": (pain,), "age": (46, 46), "level": level, **members}
    return Assessment(findings=findings, **members)


def wells(*known: WellsItem, **members: Any) -> WellsScore:
    """The score of these items; the others of the table are not recorded."""
    of_label = {item.label: item for item in known}
    return WellsScore(
        tuple(of_label.get(row.label, WellsItem(row.label, weight=row.weight)) for row in ITEMS), **members
    )


def present(label: str, *evidence: Fact, to_confirm: str = "") -> WellsItem:
    """An item that the record shows."""
    return WellsItem(label, State.PRESENT, evidence, to_confirm)


def case(of: Assessment) -> Case:
    """This assessment, ready to be told."""
    return open_case(of, FILES, AS_OF)


def card(of: Assessment, renderer: Renderer = RENDERER) -> Card:
    """The one card of this assessment."""
    [only] = renderer.render(of, CIRCUMSTANCES)
    return only


def detail(of: Assessment) -> str:
    """Its detail."""
    text = card(of).detail
    assert text is not None
    return text
