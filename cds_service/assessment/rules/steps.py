"""Which next steps may be offered, by what the record says. An option is left out where the record speaks against it.

D-dimer and ultrasound follow NICE NG158 and, in pregnancy and after it, RCOG 37b. Where no source is named, the
restraint is this service's own. Imaging reports are not read: of an earlier ultrasound only its Procedure is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from cds_service.assessment.ankle_brachial import known_of_both_legs
from cds_service.assessment.concepts import WEAKNESS, Concept
from cds_service.assessment.record import Record
from cds_service.assessment.rule import Effect, Finding, Kind, Rule, effects_of
from cds_service.assessment.sources import AHA_PAD, GUIDANCE, NICE_DVT, OURS
from cds_service.assessment.unread import standing_entries
from cds_service.assessment.wells import WellsScore
from cds_service.facts import DECIDING, Course, Fact, Side, State, Topic

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_ABSENT, _HISTORY = State.ABSENT, Course.HISTORY
_BOTH, _EACH = Side.BOTH, frozenset({Side.LEFT, Side.RIGHT})
_CONDITIONS, _OBSERVATIONS = Topic.CONDITIONS, Topic.OBSERVATIONS

ULTRASOUND = "proximal-leg-vein-ultrasound"
D_DIMER_TEST = "d-dimer"
ANKLE_BRACHIAL_INDEX = "ankle-brachial-index"
CREATINE_KINASE = "creatine-kinase"
SUSPECTED_DIAGNOSIS = "suspected-diagnosis"
INSTRUCTIONS = "patient-instructions"

_EXPLAINING = (Concept.CONTUSION, Concept.LEG_INJURY)
"""Injuries that swelling comes with. A strain or an Achilles tendon is what a DVT is mistaken for."""


class NextStep(msgspec.Struct, frozen=True):
    """An option. `preferred`: a cited source itself puts it first for what is recorded."""

    name: str
    preferred: bool = False


class _Situation(msgspec.Struct, frozen=True):
    """`effects`: what the findings that raised the level mean. `wells`: None where it does not apply.

    `clot_in_question`: by a finding of its own, or by swelling of one leg that no injury explains. `uncounted`:
    something is on record that the policy does not count, or that is not interpreted.
    """

    patient: Record
    effects: frozenset[Effect]
    wells: WellsScore | None
    clot_in_question: bool
    uncounted: bool

    def has_result(self, concept: Concept) -> bool:
        """Is a result of the last 7 days on record, or of an unknown day?"""
        results = [*self.patient.present(concept), *self.patient.absent(concept)]
        return bool(self.patient.within(results, self.patient.thresholds.laboratory_days))

    def was_read(self, topic: Topic) -> bool:
        chart = self.patient.chart
        return not chart.gaps or chart.was_read(topic)


class Step(Rule, frozen=True, eq=False, kw_only=True):
    """A suggestion; its id names its words and its draft. `may`: its condition, by the findings beside the record."""

    may: Callable[[_Situation], bool]
    kind: Kind = Kind.STEP


def _ultrasound(situation: _Situation) -> bool:
    patient = situation.patient
    done = patient.surely_within(patient.present(Concept.LEG_VEIN_ULTRASOUND), patient.thresholds.ultrasound_days)
    return situation.clot_in_question and not done


def _d_dimer(situation: _Situation) -> bool:
    """NICE NG158 has it where DVT is not "likely" by the score; not under an anticoagulant, which changes the result
    (1.1.4).
    """
    wells, patient = situation.wells, situation.patient
    return (
        situation.clot_in_question
        and wells is not None
        and wells.points < patient.thresholds.wells_likely_points
        and Effect.NO_D_DIMER not in situation.effects
        and not patient.anticoagulants()
        and situation.was_read(_OBSERVATIONS)
        and not situation.has_result(Concept.D_DIMER)
    )


def _ankle_brachial_index(situation: _Situation) -> bool:
    """No cuff on a leg that a thrombosis or a lack of blood threatens."""
    return not (
        Effect.SUPPLY_IN_QUESTION not in situation.effects
        or Effect.LIMB_SIGN in situation.effects
        or situation.patient.present(Concept.DVT)
        or situation.clot_in_question
        or known_of_both_legs(situation.patient)
    )


def _creatine_kinase(situation: _Situation) -> bool:
    weak = Effect.WEAKNESS_MATTERS in situation.effects and situation.patient.any_of(*WEAKNESS)
    return (
        bool(Effect.MUSCLE_IN_QUESTION in situation.effects or weak)
        and situation.was_read(_OBSERVATIONS)
        and not situation.has_result(Concept.CREATINE_KINASE)
    )


def _suspected_thrombosis(situation: _Situation) -> bool:
    patient = situation.patient
    return (
        Effect.TO_ULTRASOUND in situation.effects
        and situation.was_read(_CONDITIONS)
        and not any(_is_on_the_list(fact) for fact in patient.chart.facts)
        and not patient.within(patient.absent(Concept.DVT), patient.thresholds.finding_days)
    )


def _is_on_the_list(fact: Fact) -> bool:
    """Also an entry whose course nobody stated: it may be a current one."""
    return fact.concept == Concept.DVT and fact.state is not _ABSENT and fact.course is not _HISTORY


def _instructions(situation: _Situation) -> bool:
    """What of the home care to leave out depends on the chart; what does not count is asked about before it is sent."""
    if situation.uncounted or standing_entries(situation.patient):
        return False
    return all(situation.was_read(part) for part in DECIDING)


STEPS = (
    Step(
        id=ULTRASOUND,
        label="Suggest an ultrasound of the proximal leg veins",
        source=NICE_DVT,
        says="DVT is in question, by a finding of its own or by swelling of one leg that no recorded bruise, sprain or "
        "fracture explains, and no ultrasound of the leg veins was done within {ultrasound_days} days.",
        may=_ultrasound,
    ),
    Step(
        id=D_DIMER_TEST,
        label="Suggest a quantitative D-dimer",
        source=NICE_DVT,
        says="DVT is in question and the Wells score from the record is below {wells_likely_points}; no anticoagulant, "
        "no superficial vein thrombosis, and no D-dimer of the last {laboratory_days} days.",
        may=_d_dimer,
    ),
    Step(
        id=ANKLE_BRACHIAL_INDEX,
        label="Suggest a resting ankle-brachial index",
        source=AHA_PAD,
        says="Arterial disease is in question; no sign of a threatened limb, no DVT known or in question, and no index "
        "of the last {ankle_brachial_days} days of both legs.",
        may=_ankle_brachial_index,
    ),
    Step(
        id=CREATINE_KINASE,
        label="Suggest creatine kinase",
        source=OURS,
        says="Muscle breakdown is in question, or low potassium beside weakness, and no creatine kinase of the last "
        "{laboratory_days} days.",
        may=_creatine_kinase,
    ),
    Step(
        id=SUSPECTED_DIAGNOSIS,
        label="Suggest DVT, unconfirmed, for the problem list",
        source=OURS,
        says="DVT is in question and looked for by ultrasound; it is not on the problem list, and was not refuted "
        "within {finding_days} days.",
        may=_suspected_thrombosis,
    ),
    Step(
        id=INSTRUCTIONS,
        label="Suggest instructions for the patient",
        source=GUIDANCE,
        says="Conditions and Observations were read, and no possible symptom of embolism, limb-threat sign or blood "
        "value is listed that the level does not count, nor an entry that is not interpreted; none that no rule could "
        "read is quoted that is current and of the last {unread_entry_days} days or undated; at discharge nothing was "
        "found either.",
        may=_instructions,
    ),
)
NAMES = tuple([step.id for step in STEPS])
"""Every option that can be offered."""


def next_steps(patient: Record, findings: Collection[Finding], wells: WellsScore | None) -> tuple[NextStep, ...]:
    """The options that nothing on the record of a patient with a leg complaint speaks against.

    None for a child, as their sources are for adults. None where a threat to limb or life is found: a test must not
    stand between the patient and who can treat that. `findings`: all of them, whether or not they raise the level.
    """
    raising = [finding for finding in findings if finding.level]
    effects = effects_of(raising)
    if patient.is_child or Effect.THREAT in effects:
        return ()
    uncounted = any(finding.why_not_counted and finding.rule.kind is not Kind.RED_FLAG for finding in findings)
    in_question = Effect.CLOT_IN_QUESTION in effects or _is_swollen(patient, raising)
    situation = _Situation(patient, effects, wells, in_question, uncounted)
    # At 2 points or a raised D-dimer NICE NG158, in pregnancy and after it RCOG 37b go to the ultrasound.
    first = ULTRASOUND if Effect.TO_ULTRASOUND in effects else ""
    return tuple([NextStep(step.id, step.id == first) for step in STEPS if step.may(situation)])


def _is_swollen(patient: Record, raising: Collection[Finding]) -> bool:
    """Does swelling of one leg, that no bruise, sprain or fracture explains, raise the level?"""
    flags = [finding for finding in raising if finding.rule.kind is Kind.RED_FLAG]
    swollen = {fact.side for flag in flags for fact in flag.evidence if fact.concept == Concept.SWELLING} - {_BOTH}
    return bool(swollen) and not swollen >= _EACH and not patient.new(*_EXPLAINING)
