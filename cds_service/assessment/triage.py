"""From facts to the level of the card: the triage policy (docs/triage.md)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from cds_service.assessment.ankle_brachial import Band, in_bands, indices, lowest_first
from cds_service.assessment.complaint import SYMPTOMS_OF_EMBOLISM, complaint
from cds_service.assessment.criteria import Presentation, met
from cds_service.assessment.critical import CRITICAL
from cds_service.assessment.d_dimer import Reading, readings
from cds_service.assessment.diagnoses import healing, recent_plaster
from cds_service.assessment.home_care import (
    ACHILLES,
    HomeCareStep,
    Precaution,
    home_care,
    precautions,
    precautions_of_the_other_leg,
    precautions_of_the_patient,
)
from cds_service.assessment.illegible import illegible, with_illegible
from cds_service.assessment.injuries import INJURIES
from cds_service.assessment.leg import Leg, legs, whole_patient
from cds_service.assessment.limb_threat import recent_signs
from cds_service.assessment.listed import (
    signs_of_the_other_leg,
    to_be_seen,
    uncounted_creatine_kinase,
    uncounted_nerve_signs,
    uncounted_past,
    uncounted_symptoms,
)
from cds_service.assessment.next_steps import NextStep, next_steps
from cds_service.assessment.patterns.catalogue import of_all_legs, recognised
from cds_service.assessment.patterns.pattern import Recognised
from cds_service.assessment.red_flags import RED_FLAGS, RULES
from cds_service.assessment.risk_factors import risk_factors
from cds_service.assessment.rules import Finding, Level, Rule, once
from cds_service.assessment.siting import admitted_by
from cds_service.assessment.warning import WARNING, WELLS
from cds_service.assessment.wells import Outside, WellsScore, outside, wells_score
from cds_service.facts import DECIDING, Chart, Fact, Gap, Side, State
from cds_service.thresholds import Thresholds

_RAISING = (*CRITICAL, *WARNING)
_GRAVITY = {rule: place for place, rule in enumerate((*[rule for each in _RAISING for rule in each.rules], *RULES))}


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the record says about calf pain, and how urgent that is.

    `complaint`: the facts that make it a leg complaint, and `side` where they are; `by_record`: those that count as
    they were recorded lately, though they began, or may have begun, long before. `findings`: what raised the level, the
    most urgent first. `red_flags`: all of the guidance, whatever their state. `wells`: None where the score does
    not apply, for the reasons in `outside_wells`. `d_dimers`: the newest first. `patterns`: causes that the facts fit,
    the most threatening first. `beside`: what a reader must see although it raised nothing: anticoagulants, new
    or healing injuries of the leg, plaster (also without a site), an ankle-brachial index out of range, a disease that
    may explain a sign or keeps from home care, possible symptoms of embolism, the old leg pain for which a diagnosis
    without a site counts. `listed`: findings that the policy does
    not count. `illegible`: entries that are neither present nor absent, as their value is not interpreted; an unknown
    red flag that they are about has them as evidence. `refuted`: what denied a DVT in the last 30 days. `low_index`:
    abnormal indices of a leg with the complaint, the lowest first. `next_steps`: what may be offered.
    `age`: least and greatest age in completed years. `fully_read`: Conditions and Observations were.
    """

    level: Level
    side: Side = Side.NOT_STATED
    complaint: tuple[Fact, ...] = ()
    by_record: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()
    red_flags: tuple[Finding, ...] = ()
    risk_factors: tuple[Finding, ...] = ()
    listed: tuple[Finding, ...] = ()
    illegible: tuple[Fact, ...] = ()
    refuted: tuple[Fact, ...] = ()
    low_index: tuple[Fact, ...] = ()
    home_care: tuple[HomeCareStep, ...] = ()
    wells: WellsScore | None = None
    patterns: tuple[Recognised, ...] = ()
    beside: tuple[Fact, ...] = ()
    outside_wells: tuple[Outside, ...] = ()
    d_dimers: tuple[Reading, ...] = ()
    next_steps: tuple[NextStep, ...] = ()
    age: tuple[int, int] | None = None
    is_child: bool = False
    gaps: tuple[Gap, ...] = ()
    left_out: tuple[tuple[str, int], ...] = ()
    nameless_medicines: Sequence[tuple[str, str]] = ()

    @property
    def fully_read(self) -> bool:
        return _fully_read(self.gaps)

    @property
    def anticoagulants(self) -> Sequence[Fact]:
        return [fact for fact in self.beside if fact.concept == "anticoagulant"]

    @property
    def suits_home_care(self) -> bool:
        """May home care be spoken of? Beside a finding it would make light of it, and beside a sign that does not
        count or whose value is not interpreted; of a record that was not read it may not suit.
        """
        return bool(self.complaint) and not (self.findings or self.listed or self.illegible) and self.fully_read


@dataclass(frozen=True, slots=True)
class _LegAssessment:
    """What is found on a leg with a complaint."""

    presentation: Presentation
    findings: Sequence[Finding]
    uncounted: Sequence[Finding]
    precautions: Sequence[Precaution]
    indices: Mapping[Fact, Band]
    patterns: Sequence[Recognised]


def assess(chart: Chart, as_of: datetime, thresholds: Thresholds) -> Assessment:
    """Assess the chart as of an aware moment whose zone judges ages. A deceased patient gets no card."""
    if chart.patient.deceased or not (chart.facts or chart.gaps):
        return Assessment(Level.NONE)
    patient = whole_patient(chart, thresholds, as_of)
    assessed = [(leg, _assess_leg(leg, patient)) for leg in legs(patient)]
    concerned = [each for _leg, each in assessed if each is not None]
    others = [leg for leg, each in assessed if each is None] if concerned else ()
    elsewhere = [sign for leg in others for sign in signs_of_the_other_leg(leg)]
    findings = _gravest_first([finding for each in concerned for finding in each.findings])
    facts = once([fact for each in concerned for fact in each.presentation.complaint])
    scores = [each.presentation.wells for each in concerned if each.presentation.wells is not None]
    wells = _telling(scores, findings) if len(scores) > 1 else next(iter(scores), None)
    risks = risk_factors(patient) if concerned else ()
    cautions = [
        *[each.precautions for each in concerned],
        precautions_of_the_other_leg(elsewhere),
        precautions_of_the_patient(patient, risks),
    ]
    listed = (*_listed(patient, concerned, findings), *elsewhere) if concerned else ()
    not_read = illegible(patient) if concerned else ()
    flags = _flags([flag for each in concerned for flag in each.presentation.flags.values()], facts)
    found = {fact: band for each in concerned for fact, band in each.indices.items()}
    low = lowest_first(in_bands(found, Band.ABNORMAL))
    uncompressed = in_bands(found, Band.NONCOMPRESSIBLE)
    injuries = [*patient.new(*INJURIES), *healing(patient, *ACHILLES, "leg-injury")]
    seen = [*patient.anticoagulants(), *injuries, *recent_plaster(patient), *low, *uncompressed]
    seen += admitted_by([*facts, *(fact for finding in findings for fact in finding.evidence)], patient.facts)
    seen += [fact for leg, each in assessed if each is not None for fact in to_be_seen(leg)]
    silent = Level.NONE if _fully_read(chart.gaps) else Level.INFO
    return Assessment(
        max([finding.level for finding in findings], default=Level.INFO if concerned else silent),
        side=_side(facts),
        complaint=facts,
        by_record=_by_record(facts, patient),
        findings=findings,
        red_flags=with_illegible(flags, not_read),
        risk_factors=risks,
        listed=listed,
        illegible=not_read,
        refuted=tuple(patient.within(patient.absent("dvt"), thresholds.finding_days)) if concerned else (),
        low_index=tuple(low),
        home_care=home_care(cautions) if concerned else (),
        wells=wells,
        patterns=of_all_legs([pattern for each in concerned for pattern in each.patterns]),
        beside=once([*seen, *patient.new(*SYMPTOMS_OF_EMBOLISM)]) if concerned else (),
        outside_wells=outside(patient) if concerned and wells is None else (),
        d_dimers=readings(patient) if concerned else (),
        next_steps=next_steps(patient, findings, wells, bool(listed or not_read)) if concerned else (),
        age=patient.age,
        is_child=patient.is_child,
        gaps=chart.gaps,
        left_out=tuple(sorted(chart.left_out.items())),
        nameless_medicines=chart.nameless_medicines,
    )


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


def _assess_leg(leg: Leg, patient: Leg) -> _LegAssessment | None:
    presentation = presentation_of(leg, patient)
    if presentation is None:
        return None
    findings = met(_RAISING, leg, presentation)
    findings += [flag for flag in presentation.flags.values() if flag.level]
    found = indices(leg)
    held_back = precautions(leg, presentation, findings, found)
    uncounted = uncounted_nerve_signs(leg, presentation.signs)
    return _LegAssessment(presentation, findings, uncounted, held_back, found, recognised(leg, presentation))


def presentation_of(leg: Leg, patient: Leg) -> Presentation | None:
    """How this leg presents; None where there is no complaint of it."""
    flags = {flag.rule.id: flag for flag in [flag(leg) for flag in RED_FLAGS]}
    signs = recent_signs(leg)
    facts = complaint(leg, flags, signs)
    return Presentation(facts, flags, signs, wells_score(leg, patient, facts)) if facts else None


def _listed(patient: Leg, concerned: Sequence[_LegAssessment], findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """What is recorded and counts on neither leg."""
    raising = {fact for finding in findings for fact in finding.evidence}
    signs = [each for leg in concerned for each in leg.uncounted if raising.isdisjoint(each.evidence)]
    muscle = uncounted_creatine_kinase(patient, findings)
    return (*uncounted_symptoms(patient, findings), *muscle, *uncounted_past(patient), *_merged(signs))


def _fully_read(gaps: Sequence[Gap]) -> bool:
    return not any(gap.topic in DECIDING for gap in gaps)


def _gravest_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """One finding per rule, whichever leg is looked at first."""
    return tuple(sorted(_merged(findings), key=lambda finding: (-finding.level, _GRAVITY[finding.rule])))


def _merged(findings: Iterable[Finding]) -> Collection[Finding]:
    """One finding per rule, with the evidence of both legs."""
    by_rule: dict[Rule, Finding] = {}
    for finding in findings:
        held = by_rule.get(finding.rule)
        by_rule[finding.rule] = finding if held is None else _joined(held, finding)
    return by_rule.values()


# Absent only where it is absent of each leg with a complaint.
_STRENGTH = {State.PRESENT: 2, State.UNKNOWN: 1, State.ABSENT: 0}


def _joined(one: Finding, other: Finding) -> Finding:
    stronger = max(one, other, key=lambda finding: (_STRENGTH[finding.state], finding.level))
    evidence = one.evidence + other.evidence if one.state is other.state else stronger.evidence
    return replace(stronger, evidence=once(evidence), label=one.label if one.label == other.label else "")


def _flags(each_leg: Iterable[Finding], complaint: Sequence[Fact]) -> tuple[Finding, ...]:
    """The red flags of all legs with a complaint. Denied of one side, a flag is unknown where pain may be elsewhere."""
    return tuple(
        [
            replace(flag, state=State.UNKNOWN, evidence=())
            if flag.state is State.ABSENT and not _covers(flag.evidence, complaint)
            else flag
            for flag in _merged(each_leg)
        ]
    )


def _covers(absences: Sequence[Fact], complaint: Sequence[Fact]) -> bool:
    """Do the denials speak of every side that the complaint is, or may be, on?"""
    denied = {fact.side for fact in absences}
    if denied & {Side.BOTH, Side.NOT_STATED} or denied >= {Side.LEFT, Side.RIGHT}:
        return True
    return {fact.side for fact in complaint} <= denied


def _by_record(facts: Sequence[Fact], patient: Leg) -> tuple[Fact, ...]:
    begun = patient.recorded_lately([fact for fact in facts if fact.began is not None])
    lately = set(patient.surely_within(begun, patient.thresholds.finding_days))
    return tuple([fact for fact in begun if fact not in lately and fact.recorded != fact.began])


def _side(facts: tuple[Fact, ...]) -> Side:
    sides = {fact.side for fact in facts} - {Side.NOT_STATED}
    if sides >= {Side.LEFT, Side.RIGHT}:
        return Side.BOTH
    return sides.pop() if len(sides) == 1 else (Side.BOTH if Side.BOTH in sides else Side.NOT_STATED)
