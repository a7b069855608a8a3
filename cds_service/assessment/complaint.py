"""Is there a leg complaint? Without one there is no card: silence is a feature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from cds_service.assessment.concepts import CAUDA_EQUINA_SIGNS, CAUSES, Concept
from cds_service.assessment.diagnoses import (
    acute_thrombosis,
    coded_chronic,
    embolism_symptoms,
    long_past_thrombosis,
    opening_diagnoses,
    undated_causes,
)
from cds_service.assessment.explained import OF_SWELLING, explained
from cds_service.assessment.injuries import threatening_injuries
from cds_service.assessment.pain import new_pains, old_pains
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import once
from cds_service.assessment.rules.guidance import DISCOLOURATION, SEVERE
from cds_service.assessment.signs import signs_within
from cds_service.assessment.siting import is_of_one_leg
from cds_service.assessment.treated import treated_thromboses
from cds_service.facts import Fact, Side, Site

if TYPE_CHECKING:
    from cds_service.assessment.assessment import Assessment

_CALF = (Site.LOWER_LEG,)
_LEG_OR_ANKLE = (Site.LEG, Site.ANKLE)


def complaint(leg: Leg) -> tuple[Fact, ...]:
    """The facts that make a leg complaint, empty when there is none; by the red flags and signs of the leg.

    The four ways (docs/triage.md): (a) calf pain or a cause of it, (b) leg or ankle pain beside a sign, (c) a sign
    without pain, (d) a diagnosis of the leg, or an injury of it with the signs of a compartment syndrome.
    """
    undated = set(undated_causes(leg))
    sign = bool(leg.signs) or any(flag.level and not undated.issuperset(flag.evidence) for flag in leg.flags.values())
    old = old_pains(leg, *_CALF)
    causes = leg.any_of(*CAUSES)
    facts = [
        *new_pains(leg, *_CALF),
        *leg.recorded_lately(old),
        *_new_causes(causes, leg),
        *_without_pain(leg),
        *opening_diagnoses(leg),
        *threatening_injuries(leg, leg.raised_by(SEVERE)),
    ]
    if sign:
        facts += [*old, *(fact for fact in causes if fact.is_condition)]
    if facts or embolism_symptoms(leg):
        facts += acute_thrombosis(leg)  # one under treatment is no complaint alone
    if sign or embolism_symptoms(leg) or leg.within(leg.any_of(*CAUDA_EQUINA_SIGNS), leg.thresholds.spinal_days):
        facts += [*new_pains(leg, *_LEG_OR_ANKLE), *old_pains(leg, *_LEG_OR_ANKLE), *leg.present(Concept.REST_PAIN)]
    return once(facts)


def by_record(assessment: Assessment) -> tuple[Fact, ...]:
    """Those of the complaint that count as they were recorded lately, though they began, or may have begun, before."""
    record = assessment.record
    begun = record.recorded_lately([fact for fact in assessment.complaint if fact.began is not None])
    lately = set(record.surely_within(begun, record.thresholds.finding_days))
    return tuple([fact for fact in begun if fact not in lately and fact.recorded != fact.began])


def _new_causes(causes: Sequence[Fact], leg: Leg) -> list[Fact]:
    """Causes that began or were recorded in the last 30 days, but none of these: a chronic code, whatever its date; a
    strain of the Achilles tendon, which is a diagnosis with a window of its own; a DVT under treatment, or of over a
    year; one of the guidance without a date; claudication that was known before.
    """
    chronic = coded_chronic(leg)
    no_news = {*treated_thromboses(leg), *long_past_thrombosis(leg, Concept.DVT), *undated_causes(leg)}
    counting = [
        fact
        for fact in causes
        if fact.source not in chronic and fact not in no_news and fact.concept != Concept.ACHILLES_STRAIN
    ]
    new = [*leg.within(counting, leg.thresholds.finding_days), *leg.recorded_lately(counting)]
    first: dict[Side, datetime] = {}
    for each in leg.confirmed(Concept.CLAUDICATION):
        if each.when is not None:
            first[each.side] = min(each.when.last, first.get(each.side, each.when.last))
    return [fact for fact in new if not _is_known_claudication(fact, first, leg)]


def _is_known_claudication(fact: Fact, first: Mapping[Side, datetime], leg: Leg) -> bool:
    """Recorded again is not begun: did it begin, or was it on record of that side or of none, long before? `first` is
    when claudication of each side had begun at the latest.
    """
    if fact.concept != Concept.CLAUDICATION or fact.when is None:
        return False
    window = timedelta(days=leg.thresholds.known_before_days)
    if fact.recorded is not None and fact.when.last < fact.recorded.first - window:
        return True
    earlier = [first[side] for side in {fact.side, Side.NOT_STATED, Side.BOTH} if side in first]
    return bool(earlier) and min(earlier) < fact.when.first - window


def _without_pain(leg: Leg) -> list[Fact]:
    """New swelling or colour change of one leg that nothing explains, or two limb-threat signs that may be of the last
    14 days.
    """
    swellings = leg.new(Concept.SWELLING)  # of a treated DVT too
    known = explained(swellings, OF_SWELLING, leg)
    unexplained = [*(fact for fact in swellings if fact not in known), *leg.raised_by(DISCOLOURATION)]
    facts = [fact for fact in unexplained if is_of_one_leg(fact)]
    signs = signs_within(leg, leg.thresholds.limb_ischaemia_sign_days)
    return [*facts, *signs.facts()] if signs.threaten_the_limb else facts
