"""The guidance's home care (S22 to S26), minus what this patient should not do, and why; or with what to mind.

The guidance's remark that compression reduces blood flow is repeated to nobody. docs/home-care.md holds the same as a
table.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from cds_service.assessment.ankle_brachial import Band, in_bands, indices, severe
from cds_service.assessment.asking import asked
from cds_service.assessment.concepts import INJURIES, NERVE, PERFUSION, Concept
from cds_service.assessment.d_dimer import raised_in_a_month
from cds_service.assessment.diagnoses import acute_limb_ischaemia, superficial_thrombosis
from cds_service.assessment.injuries import recent_injuries
from cds_service.assessment.record import Leg, Record
from cds_service.assessment.rule import Effect, Finding, once
from cds_service.assessment.rules.guidance import SEVERE
from cds_service.assessment.rules.precautions import (
    CHILD,
    CLOT,
    COMPARTMENT,
    COMPARTMENT_HEIGHT,
    CRITICAL_SUPPLY,
    DIABETES,
    KNOWN_CLOT,
    LOW_INDEX,
    MUSCLE,
    OF_A_LEG,
    POOR_SUPPLY,
    POSSIBLE_CLOT,
    POSSIBLE_CLOT_IN_CRAMP,
    PREGNANCY,
    SENSATION,
    STEPS,
    SWELLING,
    THROMBOSIS_RISK,
    Precaution,
    only_cramp,
)
from cds_service.facts import Fact, State

_ARTERIAL = (Concept.ARTERIAL_DISEASE, Concept.VASCULAR_DISEASE, Concept.CLAUDICATION, Concept.ACUTE_LIMB_ISCHAEMIA)


@dataclass(frozen=True, slots=True)
class HomeCareStep:
    """One step; `withheld` gives the reasons not to advise it, empty when it suits what is recorded.

    `mind`: what this patient has to mind where the step is advised.
    """

    name: str
    withheld: tuple[str, ...] = ()
    mind: tuple[str, ...] = ()


_ALL_SUIT = tuple([HomeCareStep(step) for step in STEPS])


def home_care(findings: Iterable[Finding]) -> tuple[HomeCareStep, ...]:
    """All five steps, each with the reasons against it: what is withheld for one leg is withheld for the patient."""
    held = dict.fromkeys([finding.rule for finding in findings if isinstance(finding.rule, Precaution)])
    if not held:
        return _ALL_SUIT
    return tuple(
        [
            HomeCareStep(
                step,
                tuple([each.withheld[step] for each in held if step in each.against]),
                tuple([each.mind[step] for each in held if step in each.minding]),
            )
            for step in STEPS
        ]
    )


def precautions_of(leg: Leg, findings: Collection[Finding]) -> list[Finding]:
    """Those for this leg, by its record, how it presents and its findings that raise the level."""
    raising = [finding for finding in findings if finding.level]
    shared = {**_by_supply(leg), **_by_pressure(leg, raising), **_by_a_clot(leg, raising)}
    found = {finding.rule: finding for finding in asked(OF_A_LEG, leg)}
    found |= {each: Finding(each, State.PRESENT, evidence=once(facts)) for each, facts in shared.items() if facts}
    return [found[each] for each in OF_A_LEG if each in found]


def _by_supply(leg: Leg) -> Mapping[Precaution, Sequence[Fact]]:
    critical = [
        *leg.any_of(Concept.REST_PAIN, Concept.GANGRENE),
        *leg.signs.facts(*PERFUSION),
        *acute_limb_ischaemia(leg),
    ]
    disease = leg.present(Concept.ARTERIAL_DISEASE)
    if disease and (ulcer := leg.present(Concept.LEG_ULCER)):
        critical += [*disease, *ulcer]
    measured = indices(leg)
    low = in_bands(measured, Band.ABNORMAL)
    explained = critical or leg.present(Concept.CLAUDICATION) or leg.new(*INJURIES)
    return {
        POOR_SUPPLY: [*critical, *leg.any_of(*_ARTERIAL), *low, *in_bands(measured, Band.NONCOMPRESSIBLE)],
        CRITICAL_SUPPLY: [*critical, *severe(measured, leg.thresholds)],
        LOW_INDEX: () if explained else low,
    }


def _by_pressure(leg: Leg, raising: Iterable[Finding]) -> Mapping[Precaution, Sequence[Fact]]:
    """An injury of the last days with severe pain or a nerve sign is the pattern of a compartment syndrome."""
    compartment = _evidence(Effect.COMPARTMENT_IN_QUESTION, raising)
    injuries = recent_injuries(leg)
    if injuries and (signs := [*leg.raised_by(SEVERE), *leg.signs.facts(*NERVE)]):
        compartment += [*injuries, *signs]
    return {
        COMPARTMENT_HEIGHT: compartment,
        COMPARTMENT: compartment,
        MUSCLE: _evidence(Effect.MUSCLE_IN_QUESTION, raising),
    }


def _by_a_clot(leg: Leg, raising: Iterable[Finding]) -> Mapping[Precaution, Sequence[Fact]]:
    """The first that holds: a known one, a possible one, one beside a cramp."""
    if clot := [*leg.present(Concept.DVT), *superficial_thrombosis(leg)]:
        return {CLOT: clot}
    doubtful = [
        *(leg.past(Concept.PREVIOUS_DVT, Concept.DVT) if leg.wells is None else leg.wells.evidence),
        *leg.present(Concept.BAKER_CYST),
        *raised_in_a_month(leg),
    ]
    if possible := [*_evidence(Effect.CLOT_NOT_EXCLUDED, raising), *(() if only_cramp(leg) else doubtful)]:
        return {POSSIBLE_CLOT: possible}
    return {POSSIBLE_CLOT_IN_CRAMP: doubtful, SWELLING: leg.new(Concept.SWELLING)}


def _evidence(effect: Effect, findings: Iterable[Finding]) -> list[Fact]:
    """Of the findings that mean this."""
    return [fact for finding in findings if effect in finding.rule.effects for fact in finding.evidence]


def precautions_of_the_other_leg(signs: Iterable[Finding]) -> list[Finding]:
    """Those for signs of a leg without a complaint: the wrong side may have been entered."""
    facts = [fact for sign in signs for fact in sign.evidence]
    poor = [fact for fact in facts if fact.concept in PERFUSION]
    numb = [fact for fact in facts if fact.concept == Concept.NUMBNESS_TINGLING]
    held = ((POOR_SUPPLY, poor), (CRITICAL_SUPPLY, poor), (SENSATION, numb))
    return [Finding(each, State.PRESENT, evidence=once(evidence)) for each, evidence in held if evidence]


def precautions_of_the_patient(patient: Record, risks: Iterable[Finding]) -> list[Finding]:
    """Those that do not depend on the leg; `risks` are the patient's risk factors, whatever their state."""
    found = asked((KNOWN_CLOT, DIABETES, CHILD, PREGNANCY), patient)
    at_risk = _evidence(Effect.THROMBOSIS_RISK, [risk for risk in risks if risk.is_present])
    if not at_risk or patient.confirmed(Concept.DVT):
        return found
    return [Finding(THROMBOSIS_RISK, State.PRESENT, evidence=once(at_risk)), *found]
