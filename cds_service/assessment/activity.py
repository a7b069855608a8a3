"""How active the patient is: the Exercise Vital Sign, days a week times minutes a day (Coleman 2012)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from cds_service.assessment.leg import Leg
from cds_service.facts import Fact

ANSWERS = ("activity-days", "activity-minutes", "activity-minutes-per-week")
"""The concepts of its questions: days a week, minutes on such a day, and minutes a week."""


class Activity(NamedTuple):
    """`minutes` a week; None where the record says only that there is some activity."""

    minutes: float | None
    evidence: tuple[Fact, ...]


def weekly_activity(leg: Leg) -> Activity | None:
    """What the newest answers say; None where no number of them can be read.

    Days and minutes are multiplied where they were recorded in one encounter or on one day. No day a week, or no
    minute a day, is no activity, whatever the other answer is. A number that is only bounded (">30") is not used.
    """
    days, minutes, per_week = [_numbers(leg, concept) for concept in ANSWERS]
    answers = [
        *(Activity(value, (fact,)) for fact, value in per_week),
        *(_of_a_pair(fact, value, minutes, leg) for fact, value in days),
        *(_of_a_pair(fact, value, days, leg) for fact, value in minutes),
    ]
    return max(answers, key=_newest_and_fullest, default=None)


def _numbers(leg: Leg, concept: str) -> Sequence[tuple[Fact, float]]:
    return [
        (fact, fact.quantity.value)
        for fact in leg.present(concept)
        if fact.quantity is not None and fact.quantity.value is not None and not fact.quantity.comparator
    ]


def _of_a_pair(fact: Fact, value: float, others: Sequence[tuple[Fact, float]], leg: Leg) -> Activity:
    partners = [(other, its) for other, its in others if _same_occasion(fact, other, leg)]
    if partners:
        other, its = max(partners, key=lambda each: (_moment(each[0]), each[0].source))
        return Activity(value * its, (fact, other))
    return Activity(None if value else 0.0, (fact,))


def _same_occasion(one: Fact, other: Fact, leg: Leg) -> bool:
    if one.encounter and one.encounter == other.encounter:
        return True
    day = _day(one, leg)
    return day is not None and day == _day(other, leg)


def _day(fact: Fact, leg: Leg) -> date | None:
    return fact.when.last.astimezone(leg.as_of.tzinfo).date() if fact.when else None


def _newest_and_fullest(answer: Activity) -> tuple[float, bool, str]:
    newest = max(answer.evidence, key=_moment)
    return _moment(newest), answer.minutes is not None, newest.source


def _moment(fact: Fact) -> float:
    return fact.when.last.timestamp() if fact.when else float("-inf")
