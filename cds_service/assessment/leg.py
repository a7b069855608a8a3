"""One leg's view of the chart: what could be on this leg, and the questions that rules ask of it.

A rule that needs several facts needs them on one leg. Looking at each leg in turn binds them pairwise: a fact of the
other side is out of view, a fact of both sides or of no recorded side is in both views.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property

import msgspec

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
_ONE_DAY = timedelta(days=1)


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
    anchors = [fact for fact in facts if _is_anchor(fact)]
    return tuple([fact for fact in facts if not _needs_anchor(fact) or any(_anchors(a, fact) for a in anchors)])


def admitted_by(counting: Collection[Fact], facts: Iterable[Fact]) -> list[Fact]:
    """The newest of the leg findings for which what has no site counts; none where one of them counts itself.

    `counting`: what the card rests on. `facts`: all on the leg.
    """
    unsited = [fact for fact in counting if _needs_anchor(fact)]
    if not unsited:
        return []
    anchors = [fact for fact in facts if _is_anchor(fact) and any(_anchors(fact, each) for each in unsited)]
    if not anchors or any(fact in counting for fact in anchors):
        return []
    return [max(anchors, key=lambda fact: (latest(fact.when), fact.source))]


def with_both_legs(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Swelling or colour of left and of right, recorded together, is that of both legs."""
    by_side: dict[tuple[str, Side], list[Fact]] = {}
    for fact in facts:
        if fact.concept in _OF_BOTH_LEGS and is_current(fact):
            by_side.setdefault((fact.concept, fact.side), []).append(fact)
    both: set[Fact] = set()
    for concept in _OF_BOTH_LEGS:
        left, right = by_side.get((concept, Side.LEFT), ()), by_side.get((concept, Side.RIGHT), ())
        both.update([each for one in left for other in right if _together(one, other) for each in (one, other)])
    if not both:
        return facts
    return tuple([msgspec.structs.replace(fact, side=Side.BOTH) if fact in both else fact for fact in facts])


def _together(one: Fact, other: Fact) -> bool:
    """Within a day or one encounter, or both Conditions without a date. Of any other date missing nothing is known."""
    if one.encounter and one.encounter == other.encounter:
        return True
    if one.when is None or other.when is None:
        return one.when is other.when and one.is_condition and other.is_condition
    return _within_a_day(one.when, other.when)


def _within_a_day(one: Interval, other: Interval) -> bool:
    return one.first <= other.last + _ONE_DAY and other.first <= one.last + _ONE_DAY


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


def _anchors(anchor: Fact, finding: Fact) -> bool:
    """Was the anchor current on the finding's day?

    An active Condition lasts from its beginning until now; so does the finding, if it is one itself.
    """
    if finding.concept in _NEVER_WITHOUT_SITE or _is_general(finding):
        return False
    if anchor.encounter and anchor.encounter == finding.encounter:
        return True
    if finding.when is None or (finding.is_condition and anchor.is_condition):
        return True
    if anchor.is_condition:
        return anchor.when is None or anchor.when.first <= finding.when.last
    if anchor.when is None:
        return False
    if finding.is_condition:
        return anchor.when.last >= finding.when.first
    return _within_a_day(anchor.when, finding.when)
