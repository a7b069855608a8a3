"""From facts to the level of the card: the triage policy (docs/triage.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from cds_service.assessment.complaint import Presentation, complaint
from cds_service.assessment.critical import CRITICAL_RULES
from cds_service.assessment.home_care import HomeCareStep, home_care
from cds_service.assessment.leg import Leg, legs, whole_patient
from cds_service.assessment.limb_threat import recent_signs
from cds_service.assessment.red_flags import RED_FLAGS
from cds_service.assessment.risk_factors import age_years, risk_factors
from cds_service.assessment.rules import Finding, Level
from cds_service.assessment.warning import WARNING_RULES
from cds_service.assessment.wells import WellsScore, wells_score
from cds_service.facts import Chart, Fact, Gap, Side, State, Topic
from cds_service.thresholds import Thresholds

_DECIDING_TOPICS = (Topic.CONDITIONS, Topic.OBSERVATIONS)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the record says about calf pain, and how urgent that is.

    `complaint`: the facts that make it a leg complaint, and `side` where they are. `findings`: what raised the level,
    the most urgent first. `red_flags`: all of the guidance, whatever their state. `wells`: None where the score does
    not apply. `age`: least and greatest age in completed years. `fully_read`: Conditions and Observations were.
    """

    level: Level
    side: Side = Side.NOT_STATED
    complaint: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()
    red_flags: tuple[Finding, ...] = ()
    risk_factors: tuple[Finding, ...] = ()
    home_care: tuple[HomeCareStep, ...] = ()
    wells: WellsScore | None = None
    age: tuple[int, int] | None = None
    is_child: bool = False
    gaps: tuple[Gap, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()

    @property
    def fully_read(self) -> bool:
        return not any(gap.topic in _DECIDING_TOPICS for gap in self.gaps)


@dataclass(frozen=True, slots=True)
class _LegAssessment:
    leg: Leg
    complaint: tuple[Fact, ...]
    findings: tuple[Finding, ...]
    red_flags: tuple[Finding, ...]
    wells: WellsScore | None


def assess(chart: Chart, as_of: datetime, thresholds: Thresholds) -> Assessment:
    """Assess the chart as of an aware moment whose zone judges ages. A deceased patient gets no card."""
    if chart.patient.deceased:
        return Assessment(Level.NONE)
    views = legs(chart, thresholds, as_of) if chart.facts else []
    concerned = [each for leg in views if (each := _assess_leg(leg)).complaint]
    age = age_years(chart.patient.born, as_of.date())
    unread = Assessment(
        Level.INFO if any(not chart.was_read(topic) for topic in _DECIDING_TOPICS) else Level.NONE,
        age=age,
        is_child=age is not None and age[1] < thresholds.adult_years,
        gaps=chart.gaps,
        left_out=tuple(sorted(chart.left_out.items())),
    )
    if not concerned:
        return unread
    findings = _merged(finding for each in concerned for finding in each.findings)
    facts = tuple(dict.fromkeys(fact for each in concerned for fact in each.complaint))
    scores = [each.wells for each in concerned if each.wells is not None]
    return replace(
        unread,
        level=max((finding.level for finding in findings), default=Level.INFO),
        side=_side(facts),
        complaint=facts,
        findings=findings,
        red_flags=_flags(concerned, facts),
        risk_factors=tuple(risk_factors(whole_patient(chart, thresholds, as_of))),
        home_care=_careful(home_care(each.leg, each.findings) for each in concerned),
        wells=max(scores, key=lambda score: score.points, default=None),
    )


def _assess_leg(leg: Leg) -> _LegAssessment:
    flags = [flag(leg) for flag in RED_FLAGS]
    by_rule = {flag.rule.id: flag for flag in flags}
    signs = recent_signs(leg)
    facts = complaint(leg, by_rule, signs)
    if not facts:
        return _LegAssessment(leg, (), (), (), None)
    presentation = Presentation(facts, by_rule, signs, wells_score(leg))
    findings = [finding for rule in (*CRITICAL_RULES, *WARNING_RULES) for finding in rule(leg, presentation)]
    findings += [flag for flag in flags if flag.level > Level.NONE]
    return _LegAssessment(leg, facts, tuple(findings), tuple(flags), presentation.wells)


def _merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding per rule, with the evidence of both legs; the most urgent first, and red flags after the rest."""
    by_rule: dict[str, Finding] = {}
    for finding in findings:
        held = by_rule.get(finding.rule.id)
        by_rule[finding.rule.id] = finding if held is None else _joined(held, finding)
    return tuple(sorted(by_rule.values(), key=lambda finding: -finding.level))


# Absent only where it is absent of each leg with a complaint.
_STRENGTH = {State.PRESENT: 2, State.UNKNOWN: 1, State.ABSENT: 0}


def _joined(one: Finding, other: Finding) -> Finding:
    stronger = max(one, other, key=lambda finding: (_STRENGTH[finding.state], finding.level))
    evidence = one.evidence + other.evidence if one.state is other.state else stronger.evidence
    return replace(stronger, evidence=tuple(dict.fromkeys(evidence)))


def _flags(concerned: list[_LegAssessment], complaint: Sequence[Fact]) -> tuple[Finding, ...]:
    """The red flags of all legs with a complaint. Denied of one side, a flag is unknown where pain may be elsewhere."""
    by_rule: dict[str, Finding] = {}
    for flag in (flag for each in concerned for flag in each.red_flags):
        held = by_rule.get(flag.rule.id)
        by_rule[flag.rule.id] = flag if held is None else _joined(held, flag)
    return tuple(
        replace(flag, state=State.UNKNOWN, evidence=())
        if flag.state is State.ABSENT and not _covers(flag.evidence, complaint)
        else flag
        for flag in by_rule.values()
    )


def _covers(absences: Sequence[Fact], complaint: Sequence[Fact]) -> bool:
    """Do the denials speak of every side that the complaint is, or may be, on?"""
    denied = {fact.side for fact in absences}
    if denied & {Side.BOTH, Side.NOT_STATED} or denied >= {Side.LEFT, Side.RIGHT}:
        return True
    return {fact.side for fact in complaint} <= denied


def _side(facts: tuple[Fact, ...]) -> Side:
    sides = {fact.side for fact in facts} - {Side.NOT_STATED}
    if sides >= {Side.LEFT, Side.RIGHT}:
        return Side.BOTH
    return sides.pop() if len(sides) == 1 else (Side.BOTH if Side.BOTH in sides else Side.NOT_STATED)


def _careful(each_leg: Iterable[tuple[HomeCareStep, ...]]) -> tuple[HomeCareStep, ...]:
    """What is withheld for one leg is withheld for the patient."""
    reasons: dict[str, dict[str, None]] = {}
    for steps in each_leg:
        for step in steps:
            reasons.setdefault(step.name, {}).update(dict.fromkeys(step.withheld))
    return tuple(HomeCareStep(name, tuple(withheld)) for name, withheld in reasons.items())
