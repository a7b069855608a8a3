"""Where the pain is, and since when it has been on record."""

from __future__ import annotations

from cds_service.assessment.concepts import Concept
from cds_service.assessment.record import Record, score
from cds_service.facts import Course, Fact, Site, State


def calf_pain_records(leg: Record) -> list[Fact]:
    """Every record of calf pain, past ones too."""
    return [
        fact
        for fact in leg.facts
        if (fact.concept == Concept.PAIN or (fact.concept == Concept.PAIN_SEVERITY and score(fact) > 0))
        and fact.site is Site.LOWER_LEG
        and fact.state is State.PRESENT
        and fact.course is not Course.NOT_STATED
    ]


def new_pains(leg: Record, *sites: Site) -> list[Fact]:
    """Pain, or a pain score above 0, at these sites in the last 30 days or undated."""
    pains = [fact for fact in leg.new(Concept.PAIN) if fact.site in sites]
    return pains + [fact for fact in leg.pain_scores if fact.site in sites and score(fact) > 0]


def old_pains(leg: Record, *sites: Site) -> list[Fact]:
    """An active pain Condition that began more than 30 days ago."""
    old = leg.older_than(leg.present(Concept.PAIN), leg.thresholds.finding_days)
    return [fact for fact in old if fact.is_condition and fact.site in sites]
