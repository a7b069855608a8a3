"""One leg's view of the chart: what could be on this leg, and the questions that rules ask of it.

A rule that needs several facts needs them on one leg. Looking at each leg in turn binds them pairwise: a fact of the
other side is out of view, a fact of both sides or of no recorded side is in both views.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

import msgspec

from cds_service.assessment.moments import Spans
from cds_service.code_systems import SNOMED
from cds_service.facts import Certainty, Chart, Course, Fact, Interval, Side, Site, State, latest
from cds_service.thresholds import Thresholds

CAUSES = (
    *("cramp", "strain", "achilles-strain", "contusion", "tendinopathy"),
    *("claudication", "dvt", "compartment-syndrome"),
)
"""Causes of calf pain that the guidance names (S9 to S15)."""

_ANCHORING = frozenset({*CAUSES, "achilles-rupture", "rest-pain"})
_TREATMENTS = frozenset({"cast"})
_NEVER_WITHOUT_SITE = frozenset({"calf-circumference", *_TREATMENTS})
_MUSCLE_WEAKNESS = ((SNOMED, "26544005"),)  # in value sets limb-weakness and muscle-weakness
_EXPLAINING = frozenset({"nerve-disease", "oedema-cause", "strain", "achilles-strain", "achilles-rupture"})
_OF_BOTH_LEGS = ("swelling", "skin-colour")
_NOW = (Course.CURRENT, Course.UNDER_CARE)
_OTHER = {Side.LEFT: Side.RIGHT, Side.RIGHT: Side.LEFT}
_ONE_DAY = timedelta(days=1)
_ALWAYS, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Windows(dict[int, datetime]):
    """The first moment of the window of so many days that ends now, each worked out when it is first asked for."""

    def __init__(self, as_of: datetime) -> None:
        super().__init__()
        self.now = as_of.astimezone(UTC)

    def __missing__(self, days: int) -> datetime:
        start = self[days] = self.now - timedelta(days=days)
        return start


@dataclass(frozen=True, eq=False)
class Leg:
    """The facts that are, or could be, on one leg.

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

    def recorded_lately(self, facts: Sequence[Fact]) -> Sequence[Fact]:
        """Facts that were put on record in the last 30 days, whenever they began."""
        return [fact for fact in facts if fact.recorded is not None and self.is_new(fact.recorded)]

    def is_new(self, when: Interval) -> bool:
        """Possibly in the last 30 days."""
        return when.last >= self.windows[self.thresholds.finding_days]

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
        for fact in self.new("pain-severity"):
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
        return self.present("anticoagulant")


def score(fact: Fact) -> float:
    """The pain score, of 10; 0 where none can be read."""
    return fact.quantity.value if fact.quantity and fact.quantity.value is not None else 0.0


def is_current(fact: Fact) -> bool:
    """Recorded as present, and neither history nor of unknown course."""
    return fact.state is State.PRESENT and fact.course in _NOW


def whole_patient(chart: Chart, thresholds: Thresholds, as_of: datetime) -> Leg:
    """The view for what has no side: every fact."""
    recorded = frozenset([fact.concept for fact in chart.facts])
    facts = on_the_leg(chart.facts)
    if not recorded.isdisjoint(_OF_BOTH_LEGS):
        facts = with_both_legs(facts)
    return Leg(Side.NOT_STATED, facts, chart, thresholds, as_of, Windows(as_of), recorded)


def legs(patient: Leg) -> list[Leg]:
    """The view of each leg that the record names; the view of the whole patient where it tells none apart.

    The other leg's view holds less. It matters only where a one-sided cause explains away a sign without a side.
    """
    if not patient.facts:
        return []
    named = {fact.side for fact in patient.facts}
    if named.isdisjoint((Side.LEFT, Side.RIGHT)):
        return [patient]
    explained = {fact.side for fact in patient.facts if fact.concept in _EXPLAINING}
    return [
        replace(patient, side=side, facts=tuple([fact for fact in patient.facts if fact.side is not other]))
        for side, other in ((Side.LEFT, Side.RIGHT), (Side.RIGHT, Side.LEFT))
        if side in named or Side.BOTH in named or other in explained
    ]


def on_the_leg(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Drop findings without a site, unless a leg complaint was current on their day."""
    unsited = [fact for fact in facts if _needs_anchor(fact)]
    if not unsited:
        return facts
    anchors = _Anchors([fact for fact in facts if _is_anchor(fact)])
    adrift = {id(fact) for fact in unsited if not anchors.hold(fact)}
    return tuple([fact for fact in facts if id(fact) not in adrift]) if adrift else facts


def admitted_by(counting: Collection[Fact], facts: Iterable[Fact]) -> list[Fact]:
    """The newest of the leg findings for which what has no site counts; none where one of them counts itself.

    `counting`: what the card rests on. `facts`: all on the leg.
    """
    unsited = [fact for fact in counting if _needs_anchor(fact)]
    if not unsited:
        return []

    def admit(some: Sequence[Fact]) -> bool:
        anchors = _Anchors(some)
        return any(anchors.hold(each) for each in unsited)

    anchors = [fact for fact in facts if _is_anchor(fact)]
    counted = set(counting)
    if admit([fact for fact in anchors if fact in counted]) or not admit(anchors):
        return []
    anchors.sort(key=lambda fact: (latest(fact.when), fact.source), reverse=True)
    newest = bisect_left(range(len(anchors)), True, key=lambda place: admit(anchors[: place + 1]))
    return [anchors[newest]]


def with_both_legs(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Swelling or colour of left and of right, recorded together, is that of both legs."""
    by_side: dict[tuple[str, Side], list[Fact]] = {}
    for fact in facts:
        if fact.concept in _OF_BOTH_LEGS and fact.side in _OTHER and is_current(fact):
            by_side.setdefault((fact.concept, fact.side), []).append(fact)
    of_side = {key: _Recorded(each) for key, each in by_side.items() if (key[0], _OTHER[key[1]]) in by_side}
    if not of_side:
        return facts

    def is_of_both(fact: Fact) -> bool:
        other = of_side.get((fact.concept, _OTHER.get(fact.side, fact.side)))
        return other is not None and is_current(fact) and other.together_with(fact)

    return tuple([msgspec.structs.replace(fact, side=Side.BOTH) if is_of_both(fact) else fact for fact in facts])


class _Recorded:
    """When, and in which encounters, facts were recorded."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        self._encounters = {fact.encounter for fact in facts if fact.encounter}
        self._has_undated_condition = any(fact.when is None and fact.is_condition for fact in facts)
        self._spans = _spans(facts)

    def together_with(self, fact: Fact) -> bool:
        """Was one recorded within a day or in its encounter, or is it, like one of them, a Condition without a date?

        Of any other date missing nothing is known.
        """
        if fact.encounter in self._encounters:
            return True
        if fact.when is None:
            return self._has_undated_condition and fact.is_condition
        return _within_a_day(self._spans, fact.when)


class _Anchors:
    """The findings that are on the leg by their own record."""

    def __init__(self, facts: Sequence[Fact]) -> None:
        others = [fact for fact in facts if not fact.is_condition]
        begun = [fact.when.first if fact.when else _ALWAYS for fact in facts if fact.is_condition]
        self._are_any = bool(facts)
        self._encounters = {fact.encounter for fact in facts if fact.encounter}
        self._conditions_since = min(begun) if begun else _NEVER
        self._others = _spans(others)

    def hold(self, finding: Fact) -> bool:
        """Was one of them current on the finding's day?

        An active Condition lasts from its beginning until now; so does the finding, if it is one itself.
        """
        if finding.concept in _NEVER_WITHOUT_SITE or _is_general(finding):
            return False
        if finding.encounter in self._encounters:
            return True
        if (when := finding.when) is None:
            return self._are_any
        if finding.is_condition:
            return self._conditions_since < _NEVER or self._others.hold(_NEVER, when.first)
        return self._conditions_since <= when.last or _within_a_day(self._others, when)


def _spans(facts: Sequence[Fact]) -> Spans:
    return Spans([(when.first, when.last) for fact in facts if (when := fact.when)])


def _within_a_day(spans: Spans, when: Interval) -> bool:
    return spans.hold(when.last + _ONE_DAY, when.first - _ONE_DAY)


def _needs_anchor(fact: Fact) -> bool:
    return fact.site_matters and fact.site is Site.NOT_STATED and fact.course is not Course.HISTORY


def _is_anchor(fact: Fact) -> bool:
    """A finding that is on the leg by its own record. A plaster is none: it is how something was treated."""
    if fact.concept in _TREATMENTS:
        return False
    if (fact.site is Site.NOT_STATED) if fact.site_matters else (fact.concept not in _ANCHORING):
        return False
    return is_current(fact) and not (fact.quantity is not None and fact.quantity.value == 0)


def _is_general(finding: Fact) -> bool:
    """Muscle weakness that no body site puts on the leg is of the whole body."""
    return finding.concept == "limb-weakness" and finding.codes == _MUSCLE_WEAKNESS
