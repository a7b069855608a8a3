"""How active the patient is: the Exercise Vital Sign, days a week times minutes a day (Coleman 2012)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from cds_service.assessment.leg import Leg
from cds_service.facts import Fact, Interval, latest

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
    answers = [Activity(value, (fact,)) for fact, value in per_week]
    answers += [_of_a_pair(fact, value, minutes, leg) for fact, value in days]
    paired = {fact for answer in answers for fact in answer.evidence}
    answers += [_of_a_pair(fact, value, days, leg) for fact, value in minutes if fact not in paired]
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
        other, its = max(partners, key=lambda each: (latest(each[0].when), each[0].source))
        return Activity(value * its, (fact, other))
    return Activity(None if value else 0.0, (fact,))


def _same_occasion(one: Fact, other: Fact, leg: Leg) -> bool:
    if one.encounter and one.encounter == other.encounter:
        return True
    if one.when is None or other.when is None:
        return False
    return one.when.text == other.when.text or _day(one.when, leg) == _day(other.when, leg)


def _day(when: Interval, leg: Leg) -> date:
    return when.last.astimezone(leg.as_of.tzinfo).date()


def _newest_and_fullest(answer: Activity) -> tuple[float, bool, str]:
    newest = max(answer.evidence, key=lambda fact: latest(fact.when))
    return latest(newest.when), answer.minutes is not None, newest.source
