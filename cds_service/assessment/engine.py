"""Every rule is asked of each leg alike; what is found is one list of findings, and the level that it raises to."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from msgspec.structs import replace

from cds_service.assessment.ankle_brachial import indices
from cds_service.assessment.asking import asked
from cds_service.assessment.assessment import Assessment
from cds_service.assessment.catalogue import CAUSES
from cds_service.assessment.complaint import complaint
from cds_service.assessment.d_dimer import readings
from cds_service.assessment.listed import listed_of_the_leg, listed_of_the_other_leg, listed_of_the_patient
from cds_service.assessment.raising import RAISING
from cds_service.assessment.record import Leg, legs, whole_patient
from cds_service.assessment.rule import (
    Finding,
    Kind,
    Level,
    Rule,
    once,
)
from cds_service.assessment.rules.care import precautions_of, precautions_of_the_other_leg, precautions_of_the_patient
from cds_service.assessment.rules.clot import WELLS
from cds_service.assessment.rules.guidance import RED_FLAGS
from cds_service.assessment.rules.risks import RISKS
from cds_service.assessment.rules.seen import to_be_seen, with_illegible
from cds_service.assessment.rules.steps import next_steps
from cds_service.assessment.signs import recent_signs
from cds_service.assessment.wells import WellsScore, wells_score
from cds_service.facts import Chart, Fact, Side, State
from cds_service.thresholds import Thresholds

_GRAVITY = {rule: place for place, rule in enumerate((*RAISING, *RED_FLAGS))}
# Absent only where it is absent of each leg with a complaint.
_STRENGTH = {State.PRESENT: 2, State.UNKNOWN: 1, State.ABSENT: 0}


def assess(chart: Chart, as_of: datetime, thresholds: Thresholds) -> Assessment:
    """Assess the chart as of an aware moment whose zone judges ages. A deceased patient gets no card."""
    patient = whole_patient(chart, thresholds, as_of)
    if chart.patient.deceased or not (chart.facts or chart.gaps):
        return Assessment(level=Level.NONE, record=patient)
    presented = [presenting(leg) for leg in legs(patient)]
    concerned = [leg for leg in presented if leg.complaint]
    if not concerned:
        silent = Assessment(level=Level.NONE, record=patient)
        return silent if silent.fully_read else dataclasses.replace(silent, level=Level.INFO)
    facts = once([fact for leg in concerned for fact in leg.complaint])
    per_leg = [asked(RAISING, leg) for leg in concerned]
    flags = _flags([flag for leg in concerned for flag in leg.flags.values()], facts)
    held = [finding for found in per_leg for finding in found if finding.why_not_counted]
    raised = [finding for found in per_leg for finding in found if not finding.why_not_counted]
    raised += [flag for leg in concerned for flag in leg.flags.values() if flag.level]
    raising = _gravest_first(raised)
    risks = asked(RISKS, patient)
    elsewhere = [sign for leg in presented if not leg.complaint for sign in listed_of_the_other_leg(leg)]
    listed = [
        *_merged([finding for finding in held if finding.rule not in {each.rule for each in raising}]),
        *listed_of_the_patient(patient, [*raising, *held]),
        *_merged(listed_of_the_leg(concerned, raising)),
        *elsewhere,
    ]
    seen = to_be_seen(patient, concerned, raising)
    flags = with_illegible(flags, seen)
    precautions = [
        *[each for leg, found in zip(concerned, per_leg, strict=True) for each in precautions_of(leg, found)],
        *precautions_of_the_other_leg(elsewhere),
        *precautions_of_the_patient(patient, risks),
    ]
    scores = [leg.wells for leg in concerned if leg.wells is not None]
    wells = _telling(scores, raising) if len(scores) > 1 else next(iter(scores), None)
    raised_by = {finding.rule for finding in raising}
    only_listed = [flag for leg in concerned for flag in leg.flags.values() if flag.why_not_counted]
    findings = (
        *raising,
        *[flag for flag in flags if flag.rule not in raised_by],
        *_merged([flag for flag in only_listed if flag.rule in raised_by]),  # of the other leg
        *listed,
        *seen,
        *risks,
        *_merged([cause for leg in concerned for cause in asked(CAUSES, leg)], CAUSES),
        *_merged(precautions),
    )
    return Assessment(
        level=max([finding.level for finding in raising], default=Level.INFO),
        record=patient,
        side=_side(facts),
        complaint=facts,
        findings=findings,
        wells=wells,
        d_dimers=readings(patient),
        indices={fact: band for leg in concerned for fact, band in indices(leg).items()},
        next_steps=next_steps(patient, findings, wells),
    )


def presenting(leg: Leg) -> Leg:
    """How this leg presents; without a complaint of it, its `complaint` is empty."""
    flags = {flag.rule: flag for flag in asked(RED_FLAGS, leg)}
    leg = dataclasses.replace(leg, flags=flags, signs=recent_signs(leg))
    leg = dataclasses.replace(leg, complaint=complaint(leg))
    return dataclasses.replace(leg, wells=wells_score(leg)) if leg.complaint else leg


def _telling(scores: Sequence[WellsScore], findings: Collection[Finding]) -> WellsScore:
    """Of the scores of both legs that with most points; of equal ones that of the leg of the most urgent finding.

    Where no other finding tells the legs apart and their items are the same, it is that of either: `side` is both. The
    score's own entries do not tell, for a previous DVT counts on either leg.
    """
    others = [each for each in findings if each.rule is not WELLS]
    sides = [fact.side for finding in others for fact in finding.evidence if fact.side in (Side.LEFT, Side.RIGHT)]
    if not sides and all(score.items == scores[0].items for score in scores):
        return replace(scores[0], side=Side.BOTH)
    return max(scores, key=lambda score: (score.points, score.most, score.side in sides[:1]))


def _gravest_first(findings: Iterable[Finding]) -> list[Finding]:
    """One finding per rule, whichever leg is looked at first."""
    return sorted(_merged(findings), key=lambda finding: (-finding.level, _GRAVITY[finding.rule]))


def _merged(findings: Iterable[Finding], order: Sequence[Rule] = ()) -> list[Finding]:
    """One finding per rule, with the evidence of both legs, in this order of rules or that of first mention."""
    by_rule: dict[Rule, Finding] = {}
    for finding in findings:
        held = by_rule.get(finding.rule)
        by_rule[finding.rule] = finding if held is None else _joined(held, finding)
    return [by_rule[rule] for rule in order if rule in by_rule] if order else [*by_rule.values()]


def _joined(one: Finding, other: Finding) -> Finding:
    """The finding of both legs. What speaks for it on one leg does not speak against it on the other."""
    stronger = max(one, other, key=lambda finding: (_STRENGTH[finding.state], finding.level))
    evidence = once(one.evidence + other.evidence) if one.state is other.state else stronger.evidence
    shown = set(evidence)
    note = stronger.note
    if one.rule.kind is Kind.CAUSE:
        note = "; ".join(dict.fromkeys([each.note for each in (one, other) if each.note]))
    return replace(
        stronger,
        evidence=evidence,
        against=tuple([fact for fact in once(one.against + other.against) if fact not in shown]),
        beside=once(one.beside + other.beside),
        missing=tuple(dict.fromkeys(one.missing + other.missing)),
        note=note,
        label=one.label if one.label == other.label else "",
    )


def _flags(each_leg: Iterable[Finding], complaint: Sequence[Fact]) -> list[Finding]:
    """The red flags of all legs with a complaint. Denied of one side, a flag is unknown where pain may be elsewhere."""
    return [
        replace(flag, state=State.UNKNOWN, evidence=())
        if flag.state is State.ABSENT and not _covers(flag.evidence, complaint)
        else flag
        for flag in _merged(each_leg)
    ]


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
