"""Pain scores and the records of calf pain over time."""

from __future__ import annotations

from datetime import timedelta

from cds_service.assessment.leg import Leg, is_current
from cds_service.facts import Course, Fact, Side, Site, State


def score(fact: Fact) -> float:
    """The pain score, of 10; 0 where none can be read."""
    return fact.quantity.value if fact.quantity and fact.quantity.value is not None else 0.0


def current_scores(leg: Leg) -> list[Fact]:
    """The pain scores that count now, one per site and side.

    The highest of the last 24 hours, unless a later one is amended or corrected; else the newest of the last 30 days.
    """
    readable = [fact for fact in leg.new("pain-severity") if fact.quantity and fact.quantity.value is not None]
    groups: dict[tuple[Site, Side], list[Fact]] = {}
    for fact in readable:
        groups.setdefault((fact.site, fact.side), []).append(fact)
    return [_counting(group, leg) for group in groups.values()]


def _counting(group: list[Fact], leg: Leg) -> Fact:
    if len(group) == 1:
        return group[0]
    newest_first = sorted(group, key=lambda fact: (_moment(fact), score(fact), fact.source), reverse=True)
    day = timedelta(hours=leg.thresholds.pain_score_hours)
    recent = [fact for fact in newest_first if fact.when and fact.when.may_lie_within(day, leg.as_of)]
    if not recent:
        return newest_first[0]
    for place, fact in enumerate(recent):
        if fact.corrected:
            recent = recent[: place + 1]
            break
    return max(recent, key=score)


def _moment(fact: Fact) -> float:
    return fact.when.last.timestamp() if fact.when else float("-inf")


def calf_pain_records(leg: Leg) -> list[Fact]:
    """Every record of calf pain, past ones too."""
    return [
        fact
        for fact in leg.facts
        if (fact.concept == "pain" or (fact.concept == "pain-severity" and score(fact) > 0))
        and fact.site is Site.LOWER_LEG
        and fact.state is State.PRESENT
        and fact.course is not Course.NOT_STATED
    ]


def new_pains(leg: Leg, *sites: Site) -> list[Fact]:
    """Pain, or a pain score above 0, at these sites in the last 30 days or undated."""
    pains = [fact for fact in leg.new("pain") if fact.site in sites]
    return pains + [fact for fact in current_scores(leg) if fact.site in sites and score(fact) > 0]


def old_pains(leg: Leg, *sites: Site) -> list[Fact]:
    """An active pain Condition that began more than 30 days ago."""
    new = set(leg.new("pain"))
    return [
        fact
        for fact in leg.present("pain")
        if fact.is_condition and fact.site in sites and fact not in new and is_current(fact)
    ]
