"""How active the patient is: the Exercise Vital Sign, days a week times minutes a day (Coleman 2012)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cds_service.assessment.concepts import Concept
from cds_service.assessment.record import Record
from cds_service.facts import Fact, latest

ANSWERS = (Concept.ACTIVITY_DAYS, Concept.ACTIVITY_MINUTES, Concept.ACTIVITY_MINUTES_PER_WEEK)
"""The concepts of its questions: days a week, minutes on such a day, and minutes a week."""


class Activity(NamedTuple):
    """`minutes` a week; None where the record says only that there is some activity."""

    minutes: float | None
    evidence: tuple[Fact, ...]


def weekly_activity(leg: Record) -> Activity | None:
    """What the newest answers say; None where no number of them can be read.

    Days and minutes are multiplied where they were recorded in one encounter or on one day. No day a week, or no
    minute a day, is no activity, whatever the other answer is. A number that is only bounded (">30") is not used.
    """
    days, minutes, per_week = [_numbers(leg, concept) for concept in ANSWERS]
    answers = [Activity(value, (fact,)) for fact, value in per_week]
    of_minutes, of_days = _Occasions(minutes, leg), _Occasions(days, leg)
    answers += [_of_a_pair(fact, value, of_minutes) for fact, value in days]
    paired = {fact for answer in answers for fact in answer.evidence}
    answers += [_of_a_pair(fact, value, of_days) for fact, value in minutes if fact not in paired]
    return max(answers, key=_newest_and_fullest, default=None)


def _numbers(leg: Record, concept: str) -> Sequence[tuple[Fact, float]]:
    return [
        (fact, fact.quantity.value)
        for fact in leg.present(concept)
        if fact.quantity is not None and fact.quantity.value is not None and not fact.quantity.comparator
    ]


def _of_a_pair(fact: Fact, value: float, others: _Occasions) -> Activity:
    if (partner := others.newest(fact)) is not None:
        other, its = partner
        return Activity(value * its, (fact, other))
    return Activity(None if value else 0.0, (fact,))


class _Occasions:
    """The newest answer of each encounter and of each day, as it was recorded and by the zone of the assessment."""

    def __init__(self, answers: Sequence[tuple[Fact, float]], leg: Record) -> None:
        self._zone = leg.as_of.tzinfo
        self._newest: dict[object, tuple[Fact, float]] = {}
        for answer in sorted(answers, key=lambda each: _order(each[0]), reverse=True):
            for occasion in self._of(answer[0]):
                self._newest.setdefault(occasion, answer)

    def newest(self, fact: Fact) -> tuple[Fact, float] | None:
        """Of those on an occasion of this fact."""
        partners = [self._newest[each] for each in self._of(fact) if each in self._newest]
        return max(partners, key=lambda each: _order(each[0]), default=None)

    def _of(self, fact: Fact) -> Sequence[object]:
        encounter = [("encounter", fact.encounter)] if fact.encounter else []
        when = [] if fact.when is None else [fact.when.text, fact.when.last.astimezone(self._zone).date()]
        return [*encounter, *when]


def _order(fact: Fact) -> tuple[float, str]:
    return latest(fact.when), fact.source


def _newest_and_fullest(answer: Activity) -> tuple[float, bool, str]:
    newest = max(answer.evidence, key=lambda fact: latest(fact.when))
    return latest(newest.when), answer.minutes is not None, newest.source
