"""A DVT under treatment, and what came with it: pain and swelling that are recorded again are no new complaint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import date

from cds_service.assessment.concepts import Concept
from cds_service.assessment.record import Leg, Record, score
from cds_service.facts import OTHER_SIDE, Fact, Side

CAME_WITH_IT = "came with a DVT that is under treatment: listed, does not raise the level"
_KINDS = ((Concept.PAIN, Concept.SEVERE_PAIN, Concept.PAIN_SEVERITY), (Concept.SWELLING, Concept.PITTING_OEDEMA))


def treated_thromboses(record: Record) -> Sequence[Fact]:
    """The confirmed DVTs in this view, while an anticoagulant is current."""
    return record.confirmed(Concept.DVT) if record.anticoagulants() else ()


def newer_than_a_treated_dvt(facts: Iterable[Fact], leg: Leg) -> Sequence[Fact]:
    """Those of the other leg, and those that began, or may have begun, over 14 days after the DVT; all where no DVT of
    the patient is under treatment.

    What is recorded without an onset of its own has begun when the first record of its kind did.
    """
    known = treated_thromboses(leg.patient)
    if not known:
        return [*facts]
    begun, sides = _begun(known, leg), {dvt.side for dvt in known}
    late = [fact for fact in facts if _is_of_the_other_leg(fact, sides) or _may_have_begun_after(fact, begun, leg)]
    if not late:
        return late
    early = [kind for kind in _KINDS if not all(_may_have_begun_after(each, begun, leg) for each in _pains(leg, kind))]
    again = {concept for kind in early for concept in kind}
    return [
        fact
        for fact in late
        if fact.concept not in again
        or (fact.is_condition and fact.began is not None)
        or _is_of_the_other_leg(fact, sides)
    ]


def _is_of_the_other_leg(fact: Fact, sides: AbstractSet[Side]) -> bool:
    other = OTHER_SIDE.get(fact.side)
    return other is not None and sides == {other}


def _begun(known: Sequence[Fact], leg: Leg) -> date | None:
    """The day on which the last of them began; None where one has no date."""
    begun = [dvt.when.first for dvt in known if dvt.when is not None]
    return max(begun).astimezone(leg.as_of.tzinfo).date() if len(begun) == len(known) else None


def _may_have_begun_after(fact: Fact, begun: date | None, leg: Leg) -> bool:
    """By the days of the calendar; what has no date may have."""
    if fact.when is None or begun is None:
        return True
    days = (fact.when.last.astimezone(leg.as_of.tzinfo).date() - begun).days
    return days > leg.thresholds.treated_complaint_days


def _pains(leg: Leg, kind: Sequence[Concept]) -> Sequence[Fact]:
    """What is recorded of this kind now; a score of 0 is no pain."""
    return [each for each in leg.any_of(*kind) if each.concept != Concept.PAIN_SEVERITY or score(each) > 0]
