"""The red flags of the guidance.

Source of all: Cleveland Clinic, "Calf Muscle Pain" (2025); the S-numbers are this service's own count of its
statements (docs/guidance.md). A flag is present, absent (recorded as absent) or unknown (not recorded). One that is
present but old, or explained by a long-standing Condition, is listed without raising the level.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from msgspec.structs import replace

from cds_service.assessment.asking import asked
from cds_service.assessment.concepts import POOR_SUPPLY, Concept
from cds_service.assessment.explained import (
    OF_COLOUR,
    OF_SEVERE_PAIN,
    OF_SUDDEN_PAIN,
    OF_SWELLING,
    OF_WALKING,
    Because,
    Explanation,
    explained,
    explaining,
    reasons,
)
from cds_service.assessment.moments import Spans
from cds_service.assessment.pain import calf_pain_records, calf_pains
from cds_service.assessment.record import Leg, score
from cds_service.assessment.rule import Kind, Level, Rule, Seen
from cds_service.assessment.rules.risks import DIABETES, INACTIVE, OVER_65
from cds_service.assessment.siting import is_current
from cds_service.assessment.sources import GUIDANCE
from cds_service.assessment.treated import CAME_WITH_IT, newer_than_a_treated_dvt
from cds_service.assessment.wells import wells_score
from cds_service.facts import Fact, Site, State

LONG_STANDING = "begun over {days} days ago: listed, does not raise the level"
UNSITED_COLOUR = "Cyanosis, site not recorded"
UNSITED = "it may be of the whole body, oxygen saturation to be looked at"
ONE_ENTRY = "one entry, and none of the risks beside which it counts: listed, does not raise the level"
NOT_SITED = "site not recorded: listed, does not raise the level"
NOT_AGAIN = "pain is on record for over {0} days, but not again {0} to {1} days after an onset"


_OF_RISK = {OVER_65: "over 65", INACTIVE: "inactive", DIABETES: str(Concept.DIABETES)}


def _severe_pain(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """S2, S8, S29. The guidance gives no number; see Thresholds.severe_pain_score."""
    limit = leg.thresholds.severe_pain_score
    scores = leg.pain_scores
    high = [fact for fact in scores if _is_severe(fact, limit)]
    graded = leg.new(Concept.PAIN, Concept.CRAMP, Concept.PAIN_SEVERITY)
    named = [*leg.new(Concept.SEVERE_PAIN), *(fact for fact in graded if fact.severe)]
    known = explained([*high, *named], OF_SEVERE_PAIN, leg)
    if high or named:
        note = f"{limit:g} of 10 or more counts as severe; the guidance gives no number"
        return _unexplained([*high, *named], known, note if high else "")
    if scores:
        return Seen(scores, state=State.ABSENT, note=_severe_before(leg))
    return _denied(leg.absent(Concept.SEVERE_PAIN))


def _is_severe(fact: Fact, limit: float) -> bool:
    """Of a score recorded as "<8", all that is known is that it may be severe; "<7" is not."""
    below = fact.quantity is not None and fact.quantity.comparator == "<"
    return score(fact) > limit if below else score(fact) >= limit


def _severe_before(leg: Leg) -> str:
    """A score of the last 30 days that was severe and has been overtaken, in our words; empty if there was none.

    One of the hours whose highest counts did not, because a correction took it back: it is not told either.
    """
    limits = leg.thresholds
    hours = timedelta(hours=limits.pain_score_hours)
    earlier = [
        fact
        for fact in leg.new(Concept.PAIN_SEVERITY)
        if not (fact.when and fact.when.may_lie_within(hours, leg.windows.now))
    ]
    highest = max(earlier, key=score, default=None)
    if highest is None or not _is_severe(highest, limits.severe_pain_score) or highest.quantity is None:
        return ""
    day = f", {highest.when.text}" if highest.when else ""
    return f"before, within {limits.finding_days} days: {highest.quantity.text}{day}"


def _sudden_pain(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """S3, S6, S8, S29."""
    pains = leg.new(Concept.PAIN, Concept.SEVERE_PAIN, Concept.CRAMP)
    scores = [fact for fact in leg.pain_scores if score(fact) > 0]
    sudden = [fact for fact in (*pains, *scores) if fact.sudden]
    return _unexplained(sudden, explained(sudden, OF_SUDDEN_PAIN, leg)) if sudden else None


def _swelling(current: Sequence[Fact], leg: Leg) -> Seen | None:
    """S3, S8, S31."""
    seen = _symptom(current, leg.absent(Concept.SWELLING), leg, OF_SWELLING)
    if seen is None or seen.state is not State.PRESENT or seen.why_not_counted:
        return seen
    newer = newer_than_a_treated_dvt(seen.evidence, leg)
    return replace(seen, evidence=newer) if newer else replace(seen, why_not_counted=CAME_WITH_IT)


def _discolouration(current: Sequence[Fact], leg: Leg) -> Seen | None:
    """S8, S30."""
    of_any_site = {fact.source for fact in leg.any_of(Concept.CYANOSIS, Concept.BRUISE)}
    counted = [fact for fact in current if fact.site is not Site.NOT_STATED or fact.source in of_any_site]
    unsited = leg.new(Concept.SKIN_COLOUR) if not leg.within(counted, leg.thresholds.finding_days) else ()
    if unsited:
        return Seen(unsited, why_not_counted=NOT_SITED)
    seen = _symptom(counted, leg.absent(Concept.SKIN_COLOUR), leg, OF_COLOUR)
    if seen is None or seen.state is not State.PRESENT or seen.why_not_counted:
        return seen
    blue = {fact.source for fact in leg.present(Concept.CYANOSIS)}
    if all(fact.site is Site.NOT_STATED and fact.source in blue for fact in seen.evidence):
        return replace(seen, note=UNSITED, label=UNSITED_COLOUR)
    return seen


def _walking_problem(current: Sequence[Fact], leg: Leg) -> Seen | None:
    """S28."""
    return _symptom(current, leg.absent(Concept.WALKING_PROBLEM), leg, OF_WALKING)


def _rest_pain(current: Sequence[Fact], leg: Leg) -> Seen | None:
    """S33, S34. That no activity was recorded is no evidence of onset at rest."""
    return _symptom(current, leg.absent(Concept.REST_PAIN), leg)


def _symptom(
    current: Sequence[Fact], denied: Sequence[Fact], leg: Leg, rows: Sequence[Explanation] = ()
) -> Seen | None:
    days = leg.thresholds.finding_days
    if new := leg.within(current, days):
        return _unexplained(new, explained(new, rows, leg))
    if old := [fact for fact in current if fact.is_condition]:
        return Seen(old, why_not_counted=LONG_STANDING.format(days=days))
    return _denied(denied)


def _unexplained(facts: Sequence[Fact], known: Mapping[Fact, Because], note: str = "") -> Seen:
    """What of these facts nothing explains; where something explains each of them, all of them, with the reason."""
    because = known.values()
    if raising := [fact for fact in facts if fact not in known]:
        also = f"beside it {reasons(because)}" if known else ""
        return Seen(raising, beside=[*known, *explaining(because)], note="; ".join(filter(None, (note, also))))
    return Seen(facts, beside=explaining(because), note=note, why_not_counted=reasons(because))


def _denied(facts: Sequence[Fact]) -> Seen | None:
    return Seen(facts, state=State.ABSENT) if facts else None


def _ongoing_pain(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """S2. Two records of it, or one entry that says that it began long ago."""
    records = calf_pain_records(leg)
    if found := _recorded_again(records, leg):
        return found
    least = leg.thresholds.ongoing_pain_first_days
    lately = [fact for fact in calf_pains(leg) if any(when and leg.is_new(when) for when in (fact.when, fact.recorded))]
    if lasting := leg.older_than(lately, least):
        if not newer_than_a_treated_dvt(lasting, leg):
            return Seen(lasting, why_not_counted=CAME_WITH_IT)
        if risks := _risks(leg):
            beside = [fact for facts in risks.values() for fact in facts]
            return Seen(lasting, beside=beside, note=f"one entry, beside {', '.join(risks)}")
        return Seen(lasting, why_not_counted=ONE_ENTRY)
    if leg.older_than([fact for fact in records if is_current(fact)], least):
        return Seen(state=State.UNKNOWN, note=NOT_AGAIN.format(least, leg.thresholds.ongoing_pain_last_days))
    return None


def _recorded_again(records: Sequence[Fact], leg: Leg) -> Seen | None:
    """A record of the last 30 days, 14 to 90 days after another; what came with a treated DVT is listed."""
    least = timedelta(days=leg.thresholds.ongoing_pain_first_days)
    most = timedelta(days=leg.thresholds.ongoing_pain_last_days)
    dated = [(when, fact) for fact in records if (when := fact.recorded or fact.when) is not None]
    # Tells whether there is such a pair, so that not each is compared with each. What has not ended is none.
    known = Spans([(when.last + least, when.first) for when, _fact in dated if when.last < leg.windows.now])
    again = [(when, fact) for when, fact in dated if leg.is_new(when) and known.hold(when.first, when.last - most)]
    newer = set(newer_than_a_treated_dvt([fact for _when, fact in again], leg))
    for when, later in sorted(again, key=lambda each: each[1] not in newer):
        for first, earlier in dated:
            if when.first - first.last >= least and when.last - first.first <= most:
                why = "" if later in newer else CAME_WITH_IT
                note = f"pain on record for {first.text} and for {when.text}"
                return Seen([earlier, later], note=note, why_not_counted=why)
    return None


def _risks(leg: Leg) -> Mapping[str, Sequence[Fact]]:
    """Beside what lasting pain of one entry counts, with what shows each."""
    of_patient = {finding.rule: finding.evidence for finding in asked(_OF_RISK, leg.patient) if finding.is_present}
    risks = {words: of_patient[rule] for rule, words in _OF_RISK.items() if rule in of_patient}
    if arterial := leg.any_of(*POOR_SUPPLY, Concept.CLAUDICATION):
        risks["arterial disease"] = tuple(arterial)
    score = wells_score(leg)
    return {**risks, **{item.label: item.evidence for item in (score.present if score else ())}}


SEVERE = Rule(
    id="severe-pain",
    kind=Kind.RED_FLAG,
    label="Severe pain",
    source=GUIDANCE,
    says="A pain score of {severe_pain_score} of 10 or more: the highest of the last {pain_score_hours} hours, else "
    "the newest of the last {finding_days} days; or new pain or cramp coded or graded as severe. Without a site not "
    "where other pain explains it.",
    needs=(Concept.PAIN_SEVERITY, Concept.SEVERE_PAIN, Concept.PAIN, Concept.CRAMP),
    level=Level.WARNING,
    card="red-flags",
    when=_severe_pain,
)
SUDDEN = Rule(
    id="sudden-pain",
    kind=Kind.RED_FLAG,
    label="Sudden onset of pain",
    source=GUIDANCE,
    says="New pain, severe pain or cramp, or a pain score above 0, coded as of sudden onset, unless a clot was "
    "excluded since. Acute pain means short and is not read as sudden.",
    needs=(Concept.PAIN, Concept.SEVERE_PAIN, Concept.CRAMP, Concept.PAIN_SEVERITY),
    level=Level.WARNING,
    card="red-flags",
    when=_sudden_pain,
)
SWELLING = Rule(
    id="swelling",
    kind=Kind.RED_FLAG,
    label="Swelling of leg, ankle or foot",
    source=GUIDANCE,
    says="New swelling of calf, lower leg, ankle, foot or leg that nothing on record explains; not what came with a "
    "DVT under treatment.",
    needs=(Concept.SWELLING,),
    level=Level.WARNING,
    card="red-flags",
    when=_swelling,
)
DISCOLOURATION = Rule(
    id="discolouration",
    kind=Kind.RED_FLAG,
    label="Skin discolouration of leg, foot or toes",
    source=GUIDANCE,
    says="New change of skin colour of leg, foot or toes that nothing on record explains. Without a site only cyanosis "
    "and a bruise count.",
    needs=(Concept.SKIN_COLOUR,),
    level=Level.WARNING,
    card="red-flags",
    when=_discolouration,
)
WALKING = Rule(
    id="walking-problem",
    kind=Kind.RED_FLAG,
    label="Problems walking or moving",
    source=GUIDANCE,
    says="A new problem walking or moving that nothing on record explains.",
    needs=(Concept.WALKING_PROBLEM,),
    level=Level.WARNING,
    card="red-flags",
    when=_walking_problem,
)
REST = Rule(
    id="rest-pain",
    kind=Kind.RED_FLAG,
    label="Pain at rest",
    source=GUIDANCE,
    says="New pain recorded as at rest or as begun without activity. A night cramp is not.",
    needs=(Concept.REST_PAIN,),
    level=Level.WARNING,
    card="red-flags",
    when=_rest_pain,
)
ONGOING = Rule(
    id="ongoing-pain",
    kind=Kind.RED_FLAG,
    label="Ongoing pain",
    source=GUIDANCE,
    says="Calf pain recorded in the last {finding_days} days, {ongoing_pain_first_days} to {ongoing_pain_last_days} "
    "days after another record of it. One entry that began {ongoing_pain_first_days} days ago or more is listed; it "
    "counts over {over_age_years}, and beside inactivity or immobility, an item of the Wells score, arterial disease "
    "or diabetes.",
    needs=(Concept.PAIN, Concept.PAIN_SEVERITY),
    level=Level.WARNING,
    card="red-flags",
    when=_ongoing_pain,
)

RED_FLAGS = (SEVERE, SUDDEN, SWELLING, DISCOLOURATION, WALKING, REST, ONGOING)
