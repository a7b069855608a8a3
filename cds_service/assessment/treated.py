"""A DVT under treatment, and what came with it: pain and swelling that are recorded again are no new complaint."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cds_service.assessment.concepts import Concept
from cds_service.assessment.record import Leg, Record, score
from cds_service.facts import OTHER_SIDE, Fact

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
    late = [fact for fact in facts if _is_of_the_other_leg(fact, known) or _may_have_begun_after(fact, known, leg)]
    if not late:
        return late
    early = [kind for kind in _KINDS if not all(_may_have_begun_after(each, known, leg) for each in _pains(leg, kind))]
    again = {concept for kind in early for concept in kind}
    return [
        fact
        for fact in late
        if fact.concept not in again
        or (fact.is_condition and fact.began is not None)
        or _is_of_the_other_leg(fact, known)
    ]


def _is_of_the_other_leg(fact: Fact, known: Sequence[Fact]) -> bool:
    other = OTHER_SIDE.get(fact.side)
    return other is not None and all(dvt.side is other for dvt in known)


def _may_have_begun_after(fact: Fact, known: Sequence[Fact], leg: Leg) -> bool:
    """By the days of the calendar, after the last of them; what has no date may have."""
    begun = [dvt.when.first for dvt in known if dvt.when is not None]
    if fact.when is None or len(begun) < len(known):
        return True
    zone = leg.as_of.tzinfo
    days = (fact.when.last.astimezone(zone).date() - max(begun).astimezone(zone).date()).days
    return days > leg.thresholds.treated_complaint_days


def _pains(leg: Leg, kind: Sequence[Concept]) -> Sequence[Fact]:
    """What is recorded of this kind now; a score of 0 is no pain."""
    return [each for each in leg.any_of(*kind) if each.concept != Concept.PAIN_SEVERITY or score(each) > 0]
