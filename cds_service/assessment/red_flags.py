"""The red flags of the guidance, each a function of one leg's view.

Source of all: Cleveland Clinic, "Calf Muscle Pain" (2025); the S-numbers are this service's own count of its
statements (docs/guidance.md). A flag is present, absent (recorded as absent) or unknown (not recorded). One that is
present but old, or explained by a long-standing Condition, is listed without raising the level.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from msgspec.structs import replace

from cds_service.assessment.leg import Leg, score
from cds_service.assessment.moments import Spans
from cds_service.assessment.pain import calf_pain_records
from cds_service.assessment.rules import Finding, Level, Rule, stated
from cds_service.assessment.siting import is_current
from cds_service.assessment.sources import GUIDANCE
from cds_service.facts import Fact, Side, Site, State

WALKING = Rule("walking-problem", "Problems walking or moving", GUIDANCE, "red-flags")
SEVERE = Rule("severe-pain", "Severe pain", GUIDANCE, "red-flags")
SUDDEN = Rule("sudden-pain", "Sudden onset of pain", GUIDANCE, "red-flags")
DISCOLOURATION = Rule("discolouration", "Skin discolouration of leg, foot or toes", GUIDANCE, "red-flags")
SWELLING = Rule("swelling", "Swelling of leg, ankle or foot", GUIDANCE, "red-flags")
REST = Rule("rest-pain", "Pain at rest", GUIDANCE, "red-flags")
ONGOING = Rule("ongoing-pain", "Ongoing pain", GUIDANCE, "red-flags")

LONG_STANDING = "begun over {days} days ago: listed, does not raise the level"
UNSITED_COLOUR = "Pallor or cyanosis, site not recorded"
UNSITED = "it may be of the whole body, oxygen saturation to be looked at"
EXPLAINED = "both sides or side not recorded, beside a long-standing cause of oedema: listed, does not raise the level"

NOT_AGAIN = "pain is on record for over {0} days, but not again {0} to {1} days after an onset"


def walking_problem(leg: Leg) -> Finding:
    """Problems moving or walking (S28)."""
    return _symptom(WALKING, leg, "walking-problem")


def severe_pain(leg: Leg) -> Finding:
    """Severe pain (S2, S8, S29): a score of at least 7 of 10, a code or a recorded severity that says severe.

    The guidance gives no number; see Thresholds.severe_pain_score.
    """
    scores = leg.pain_scores
    high = [fact for fact in scores if _is_severe(fact, leg.thresholds.severe_pain_score)]
    named = [*leg.new("severe-pain"), *(fact for fact in leg.new("pain", "cramp", "pain-severity") if fact.severe)]
    if high or named or not scores:
        note = f"{leg.thresholds.severe_pain_score:g} of 10 or more counts as severe; the guidance gives no number"
        return stated(SEVERE, [*high, *named], leg.absent("severe-pain"), Level.WARNING, note if high else "")
    return Finding(SEVERE, State.ABSENT, tuple(scores), note=_severe_before(leg))


def sudden_pain(leg: Leg) -> Finding:
    """Sudden pain (S3, S6, S8, S29). "Acute pain" means of short duration and is not read as sudden."""
    pains = [*leg.new("pain", "severe-pain", "cramp"), *(fact for fact in leg.pain_scores if score(fact) > 0)]
    return stated(SUDDEN, [fact for fact in pains if fact.sudden], level=Level.WARNING)


def discolouration(leg: Leg) -> Finding:
    """Skin discolouration in leg, foot or toes (S8, S30)."""
    flag = _symptom(DISCOLOURATION, leg, "skin-colour")
    of_blood = {fact.source for fact in leg.present("pallor-cyanosis")}
    if flag.level and all(fact.site is Site.NOT_STATED and fact.source in of_blood for fact in flag.evidence):
        return replace(flag, note=UNSITED, label=UNSITED_COLOUR)
    return flag


def swelling(leg: Leg) -> Finding:
    """Swelling of the calf or anywhere in the lower leg (S3, S8, S31)."""
    return _symptom(SWELLING, leg, "swelling")


def rest_pain(leg: Leg) -> Finding:
    """Pain that persists at rest or began without activity, where the record says so (S33, S34).

    That no activity was recorded is no evidence of onset at rest; a night cramp is not rest pain.
    """
    return _symptom(REST, leg, "rest-pain")


def ongoing_pain(leg: Leg) -> Finding:
    """Ongoing pain (S2): calf pain recorded again 14 to 90 days after an onset or effective time of it."""
    least = timedelta(days=leg.thresholds.ongoing_pain_first_days)
    most = timedelta(days=leg.thresholds.ongoing_pain_last_days)
    records = calf_pain_records(leg)
    begun = [(fact.began, fact) for fact in records if fact.began is not None]
    # Tells whether there is such a pair, so that not each is compared with each. What has not ended is none.
    known = Spans([(began.last + least, began.first) for began, _fact in begun if began.last < leg.windows.now])
    again = [(when, fact) for fact in records for when in (fact.began, fact.recorded) if when is not None]
    for when, later in again:
        if not leg.is_new(when):
            continue
        if not known.hold(when.first, when.last - most):
            continue
        for first, earlier in begun:
            if when.first - first.last >= least and when.last - first.first <= most:
                note = f"pain on record for {first.text} and for {when.text}"
                return stated(ONGOING, [earlier, later], (), Level.WARNING, note)
    lasting = leg.older_than([fact for fact in records if is_current(fact)], least.days)
    return Finding(ONGOING, State.UNKNOWN, note=NOT_AGAIN.format(least.days, most.days) if lasting else "")


RED_FLAGS: tuple[Callable[[Leg], Finding], ...] = (
    severe_pain,
    sudden_pain,
    swelling,
    discolouration,
    walking_problem,
    rest_pain,
    ongoing_pain,
)
RULES = (SEVERE, SUDDEN, SWELLING, DISCOLOURATION, WALKING, REST, ONGOING)
"""What they find, in this order."""


def _is_severe(fact: Fact, limit: float) -> bool:
    """Of a score recorded as "<8", all that is known is that it may be severe; "<7" is not."""
    below = fact.quantity is not None and fact.quantity.comparator == "<"
    return score(fact) > limit if below else score(fact) >= limit


def _severe_before(leg: Leg) -> str:
    """A score of the last 30 days that was severe and has been overtaken, in our words; empty if there was none.

    One of the hours whose highest counts did not, because a correction took it back: it is not told either.
    """
    limit = leg.thresholds.severe_pain_score
    hours = timedelta(hours=leg.thresholds.pain_score_hours)
    earlier = [
        fact
        for fact in leg.new("pain-severity")
        if not (fact.when and fact.when.may_lie_within(hours, leg.windows.now))
    ]
    highest = max(earlier, key=score, default=None)
    if highest is None or not _is_severe(highest, limit) or highest.quantity is None:
        return ""
    day = f", {highest.when.text}" if highest.when else ""
    return f"before, within 30 days: {highest.quantity.text}{day}"


def _symptom(rule: Rule, leg: Leg, concept: str) -> Finding:
    new = leg.new(concept)
    is_explaining = bool(new) and _is_cause_of_oedema_long_known(leg)
    if raising := [fact for fact in new if not (is_explaining and _may_be_explained(fact))]:
        return stated(rule, raising, (), Level.WARNING)
    if new:
        return stated(rule, new, note=EXPLAINED)
    old = [fact for fact in leg.present(concept) if fact.is_condition]
    return stated(rule, old, leg.absent(concept), note=LONG_STANDING.format(days=leg.thresholds.finding_days))


def _may_be_explained(fact: Fact) -> bool:
    """Ankle, foot or whole-leg swelling or colour, not one-sided: a Condition that causes it for long may explain it."""
    if fact.concept not in ("swelling", "skin-colour") or fact.site in (Site.LOWER_LEG, Site.NOT_STATED):
        return False
    return fact.side not in (Side.LEFT, Side.RIGHT)


def _is_cause_of_oedema_long_known(leg: Leg) -> bool:
    return bool(leg.older_than(leg.confirmed("oedema-cause"), leg.thresholds.explaining_days))
