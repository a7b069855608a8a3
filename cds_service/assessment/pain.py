"""Where the pain is, and since when it has been on record."""

from __future__ import annotations

from collections.abc import Collection

from cds_service.assessment.concepts import Concept
from cds_service.assessment.explained import OF_SEVERE_PAIN, explained
from cds_service.assessment.record import Record, score
from cds_service.facts import OTHER_SIDE, Course, Fact, Side, Site, State


def calf_pain_records(leg: Record) -> list[Fact]:
    """Every record of calf pain, past ones too: pain or a score above 0 sited there, or a score without a site beside a
    Condition of calf pain whose side is the same, or that of one of them not recorded; not a score that other pain of
    its day explains.
    """
    pains = [
        fact
        for fact in leg.facts
        if (fact.concept == Concept.PAIN or (fact.concept == Concept.PAIN_SEVERITY and score(fact) > 0))
        and fact.state is State.PRESENT
        and fact.course is not Course.NOT_STATED
    ]
    sides = {fact.side for fact in calf_pains(leg)}
    elsewhere = explained(pains, OF_SEVERE_PAIN, leg)
    return [
        fact
        for fact in pains
        if fact.site is Site.LOWER_LEG
        or (
            fact.concept == Concept.PAIN_SEVERITY
            and fact.site is Site.NOT_STATED
            and _agrees(fact.side, sides)
            and fact not in elsewhere
        )
    ]


def calf_pains(leg: Record) -> list[Fact]:
    """The Conditions of calf pain that are current."""
    return [fact for fact in leg.present(Concept.PAIN) if fact.is_condition and fact.site is Site.LOWER_LEG]


def _agrees(side: Side, sides: Collection[Side]) -> bool:
    """May it be one of these sides?"""
    if side not in OTHER_SIDE:
        return bool(sides)
    return any(each is not OTHER_SIDE[side] for each in sides)


def new_pains(leg: Record, *sites: Site) -> list[Fact]:
    """Pain, or a pain score above 0, at these sites in the last 30 days or undated."""
    pains = [fact for fact in leg.new(Concept.PAIN) if fact.site in sites]
    return pains + [fact for fact in leg.pain_scores if fact.site in sites and score(fact) > 0]


def old_pains(leg: Record, *sites: Site) -> list[Fact]:
    """An active pain Condition that began more than 30 days ago."""
    old = leg.older_than(leg.present(Concept.PAIN), leg.thresholds.finding_days)
    return [fact for fact in old if fact.is_condition and fact.site in sites]
