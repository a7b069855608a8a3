"""The record of a patient, and of one leg: the facts, and the questions that rules ask of them.

A rule that needs several facts needs them on one leg. Looking at each leg in turn binds them pairwise: a fact of the
other side is out of view, a fact of both sides or of no recorded side is in both views.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from cds_service.assessment.concepts import ACHILLES, Concept
from cds_service.assessment.rule import Finding, Rule
from cds_service.assessment.signs import NO_SIGNS, Signs
from cds_service.assessment.siting import OF_BOTH_LEGS, is_current, on_the_leg, with_both_legs
from cds_service.facts import OTHER_SIDE, Certainty, Chart, Course, Fact, Interval, Side, Site, State, latest
from cds_service.thresholds import Thresholds

if TYPE_CHECKING:
    from cds_service.assessment.wells import WellsScore

_OF_THE_MUSCLE = frozenset({Concept.STRAIN, *ACHILLES})


class Windows(dict[int, datetime]):
    """The first moment of the window of so many days that ends now, each worked out when it is first asked for."""

    def __init__(self, as_of: datetime) -> None:
        super().__init__()
        self.now = as_of.astimezone(UTC)

    def __missing__(self, days: int) -> datetime:
        start = self[days] = self.now - timedelta(days=days)
        return start


@dataclass(frozen=True, eq=False)
class Record:
    """The facts of a patient, or those that are, or could be, on one leg.

    `windows`: when each window of days begins, for all views of one patient.
    `recorded`: every concept that the chart says anything of, of either leg, present or absent, now or in the past.
    `current` and `denied`: by concept, what holds now, and what the record says is absent.
    """

    side: Side
    facts: tuple[Fact, ...]
    chart: Chart
    thresholds: Thresholds
    as_of: datetime
    windows: Windows
    recorded: frozenset[str]
    current: Mapping[str, Sequence[Fact]] = field(init=False, repr=False)
    denied: Mapping[str, Sequence[Fact]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        current: dict[str, list[Fact]] = {}
        denied: dict[str, list[Fact]] = {}
        for fact in self.facts:
            if is_current(fact):
                current.setdefault(fact.concept, []).append(fact)
            elif fact.state is State.ABSENT:
                denied.setdefault(fact.concept, []).append(fact)
        object.__setattr__(self, "current", current)
        object.__setattr__(self, "denied", denied)

    def mentions(self, concepts: Iterable[str]) -> bool:
        """Is any of these concepts on record? If not, what asks for them alone need not be asked."""
        return not self.recorded.isdisjoint(concepts)

    def present(self, concept: str) -> Sequence[Fact]:
        """What holds now: confirmed or suspected, current or under care."""
        return self.current.get(concept, ())

    def any_of(self, *concepts: str) -> Sequence[Fact]:
        """What of these concepts holds now, concept by concept."""
        current = self.current
        return [fact for concept in concepts if concept in current for fact in current[concept]]

    def confirmed(self, concept: str) -> Sequence[Fact]:
        return [fact for fact in self.present(concept) if fact.certainty is Certainty.CONFIRMED]

    def suspected(self, concept: str) -> Sequence[Fact]:
        return [fact for fact in self.present(concept) if fact.certainty is Certainty.SUSPECTED]

    def absent(self, concept: str) -> Sequence[Fact]:
        """What the record denies."""
        return self.denied.get(concept, ())

    def unless_told(self, words: str, *concepts: str) -> tuple[str, ...]:
        """These words for what is missing; nothing where the record says anything of one of the concepts, now: then a
        reader sees that, and "not found" beside it would be wrong. A value that could not be read is said too.
        """
        if not self.mentions(concepts):
            return (words,)
        told = any(fact.concept in concepts and fact.course is not Course.HISTORY for fact in self.facts)
        return () if told else (words,)

    def past(self, *concepts: str) -> Sequence[Fact]:
        """What held once: history codes and closed entries."""
        return [
            fact
            for fact in self.facts
            if fact.concept in concepts and fact.state is State.PRESENT and fact.course is Course.HISTORY
        ]

    def new(self, *concepts: str) -> Sequence[Fact]:
        """What holds now and began, or was recorded, in the last 30 days or at an unknown time."""
        return self.within(self.any_of(*concepts), self.thresholds.finding_days)

    def within(self, facts: Sequence[Fact], days: int) -> Sequence[Fact]:
        """Facts that may lie in the last so many days; an undated one may."""
        if not facts:
            return ()
        start = self.windows[days]
        return [fact for fact in facts if fact.when is None or fact.when.last >= start]

    def surely_within(self, facts: Sequence[Fact], days: int) -> Sequence[Fact]:
        """Facts that lie wholly in the last so many days; an undated one does not."""
        if not facts:
            return ()
        start = self.windows[days]
        return [fact for fact in facts if fact.when is not None and fact.when.first >= start]

    def older_than(self, facts: Sequence[Fact], days: int) -> Sequence[Fact]:
        """Facts that surely lie before the last so many days; an undated one does not."""
        if not facts:
            return ()
        start = self.windows[days]
        return [fact for fact in facts if fact.when is not None and fact.when.last < start]

    def begun_or_recorded(self, facts: Sequence[Fact], days: int) -> Sequence[Fact]:
        """Facts that may have begun, or were recorded, in the last so many days; an undated one may."""
        start = self.windows[days]
        return [
            fact
            for fact in facts
            if fact.when is None or any(when is not None and when.last >= start for when in (fact.when, fact.recorded))
        ]

    def surely_begun_or_recorded(self, facts: Sequence[Fact], days: int) -> Sequence[Fact]:
        """Facts whose onset, or date of record, lies wholly in the last so many days."""
        start = self.windows[days]
        return [
            fact
            for fact in facts
            if any(when is not None and when.first >= start for when in (fact.when, fact.recorded))
        ]

    def recorded_lately(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Facts that were put on record in the last 30 days, whenever they began."""
        return [fact for fact in facts if fact.recorded is not None and self.is_new(fact.recorded)]

    def is_new(self, when: Interval) -> bool:
        """Possibly in the last 30 days."""
        return when.last >= self.windows[self.thresholds.finding_days]

    @property
    def whole(self) -> Record:
        """That of the patient."""
        return self

    @cached_property
    def age(self) -> tuple[int, int] | None:
        """Of the patient: least and greatest age in completed years, None if no birth date is recorded."""
        return self.chart.patient.age(self.as_of.date())

    @property
    def is_child(self) -> bool:
        """Of a patient who is surely under 18."""
        return self.age is not None and self.age[1] < self.thresholds.adult_years

    @cached_property
    def pain_scores(self) -> Sequence[Fact]:
        """The pain scores that count now, one per site and side.

        The highest of the last 24 hours, unless a later one is amended or corrected; else the newest of the last 30
        days.
        """
        groups: dict[tuple[Site, Side], list[Fact]] = {}
        for fact in self.new(Concept.PAIN_SEVERITY):
            if fact.quantity is not None and fact.quantity.value is not None:
                groups.setdefault((fact.site, fact.side), []).append(fact)
        return [self._counting(group) for group in groups.values()]

    def _counting(self, group: list[Fact]) -> Fact:
        if len(group) == 1:
            return group[0]
        newest_first = sorted(group, key=lambda fact: (latest(fact.when), score(fact), fact.source), reverse=True)
        day = timedelta(hours=self.thresholds.pain_score_hours)
        recent = [fact for fact in newest_first if fact.when and fact.when.may_lie_within(day, self.windows.now)]
        if not recent:
            return newest_first[0]
        for place, fact in enumerate(recent):
            if fact.corrected:
                recent = recent[: place + 1]
                break
        return max(recent, key=score)

    def anticoagulants(self) -> Sequence[Fact]:
        return self.present(Concept.ANTICOAGULANT)


@dataclass(frozen=True, eq=False, kw_only=True)
class Leg(Record):
    """One leg, and how it presents.

    `patient`: the whole record. `flags`: the red flags of the guidance, by rule. `signs`: those of a threatened limb.
    `complaint`: the facts that make a leg complaint. `wells`: None for whom the score is not meant. The engine sets
    each as it becomes known, in this order.
    """

    patient: Record
    flags: Mapping[Rule, Finding] = field(default_factory=dict)
    signs: Signs = NO_SIGNS
    complaint: tuple[Fact, ...] = ()
    wells: WellsScore | None = None

    @property
    def whole(self) -> Record:
        """That of the patient."""
        return self.patient

    def raised_by(self, flag: Rule) -> tuple[Fact, ...]:
        """The evidence of a red flag that raises the level; nothing where it is absent, unknown or only listed."""
        finding = self.flags.get(flag)
        return finding.evidence if finding is not None and finding.level else ()


def score(fact: Fact) -> float:
    """The pain score, of 10; 0 where none can be read."""
    return fact.quantity.value if fact.quantity and fact.quantity.value is not None else 0.0


def whole_patient(chart: Chart, thresholds: Thresholds, as_of: datetime) -> Record:
    """The view for what has no side: every fact."""
    recorded = frozenset([fact.concept for fact in chart.facts])
    facts = on_the_leg(chart.facts)
    if not recorded.isdisjoint(OF_BOTH_LEGS):
        facts = with_both_legs(facts)
    return Record(Side.NOT_STATED, facts, chart, thresholds, as_of, Windows(as_of), recorded)


def legs(patient: Record) -> list[Leg]:
    """Each leg that the record names; one of no stated side where it tells none apart.

    The other leg holds less. It matters only where weakness without a side is put down to an injured muscle of one leg.
    """
    if not patient.facts:
        return []
    named = {fact.side for fact in patient.facts}
    if named.isdisjoint((Side.LEFT, Side.RIGHT)):
        return [leg_of(Side.NOT_STATED, patient)]
    injured = {fact.side for fact in patient.facts if fact.concept in _OF_THE_MUSCLE}
    return [
        leg_of(side, patient)
        for side, other in OTHER_SIDE.items()
        if side in named or Side.BOTH in named or other in injured
    ]


def leg_of(side: Side, patient: Record) -> Leg:
    """The leg of this side; with every fact where that is not one leg."""
    other = OTHER_SIDE.get(side)
    facts = patient.facts if other is None else tuple([fact for fact in patient.facts if fact.side is not other])
    return Leg(
        side if other is not None else Side.NOT_STATED,
        facts,
        patient.chart,
        patient.thresholds,
        patient.as_of,
        patient.windows,
        patient.recorded,
        patient=patient,
    )
