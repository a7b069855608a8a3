"""Which facts are on a leg, or could be: findings without a site, and of both legs what was recorded of each."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec

from cds_service.assessment.concepts import CAUSES, PASSING_CAUSES, Concept
from cds_service.assessment.moments import Spans
from cds_service.code_systems import SNOMED
from cds_service.facts import OTHER_SIDE, Course, Fact, Interval, Side, Site, State, latest

OF_BOTH_LEGS = (Concept.SWELLING, Concept.SKIN_COLOUR, Concept.NUMBNESS_TINGLING)
"""What is of both legs when it was recorded of left and right together."""

_ANCHORING = frozenset({*CAUSES, Concept.ACHILLES_RUPTURE, Concept.REST_PAIN})
_TREATMENTS = frozenset({Concept.CAST})
_NO_ANCHORS = frozenset({*_TREATMENTS, Concept.LEG_OEDEMA_DISEASE, Concept.LEG_HAEMATOMA})
_NEVER_WITHOUT_SITE = frozenset({Concept.CALF_CIRCUMFERENCE, *_TREATMENTS})
_MUSCLE_WEAKNESS = ((SNOMED, "26544005"),)  # in value sets limb-weakness and muscle-weakness
_NOW = (Course.CURRENT, Course.UNDER_CARE)
_ONE_DAY = timedelta(days=1)
_ALWAYS, _NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


def is_current(fact: Fact) -> bool:
    """Recorded as present, and neither history nor of unknown course."""
    return fact.state is State.PRESENT and fact.course in _NOW


def is_of_one_leg(fact: Fact) -> bool:
    """One side is recorded; or none, and the calf or lower leg."""
    return fact.side in OTHER_SIDE or (fact.side is Side.NOT_STATED and fact.site is Site.LOWER_LEG)


def on_the_leg(facts: tuple[Fact, ...]) -> tuple[Fact, ...]:
    """Drop findings without a site, unless a leg complaint was current on their day.

    A deep vein thrombosis of pregnancy or after birth is one of the leg: no code of it states a site.
    """
    of_the_leg = {fact.source for fact in facts if fact.concept == Concept.OBSTETRIC_DVT}
    unsited = [fact for fact in facts if _needs_anchor(fact) and fact.source not in of_the_leg]
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
        if fact.concept in OF_BOTH_LEGS and fact.side in OTHER_SIDE and is_current(fact):
            by_side.setdefault((fact.concept, fact.side), []).append(fact)
    of_side = {key: _Recorded(each) for key, each in by_side.items() if (key[0], OTHER_SIDE[key[1]]) in by_side}
    if not of_side:
        return facts

    def is_of_both(fact: Fact) -> bool:
        other = of_side.get((fact.concept, OTHER_SIDE.get(fact.side, fact.side)))
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
    """A finding that is on the leg by its own record. A plaster is none: it is how something was treated. Nor is what
    is read only because it can explain a sign, or what may be long over.
    """
    if fact.concept in _NO_ANCHORS or (fact.when is None and fact.concept in PASSING_CAUSES):
        return False
    if (fact.site is Site.NOT_STATED) if fact.site_matters else (fact.concept not in _ANCHORING):
        return False
    return is_current(fact) and not (fact.quantity is not None and fact.quantity.value == 0)


def _is_general(finding: Fact) -> bool:
    """Muscle weakness that no body site puts on the leg is of the whole body."""
    return finding.concept == Concept.LIMB_WEAKNESS and finding.codes == _MUSCLE_WEAKNESS
