"""Which next steps may be offered, by what the record says. An option is left out where the record speaks against it.

D-dimer and ultrasound follow NICE NG158 and, in pregnancy and after it, RCOG 37b. Where no source is named, the
restraint is this service's own. Imaging reports are not read: of an earlier ultrasound only its Procedure is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

import msgspec

from cds_service.assessment.ankle_brachial import known_of_both_legs
from cds_service.assessment.leg import Leg
from cds_service.assessment.red_flags import SWELLING
from cds_service.assessment.rules import Finding, Rule
from cds_service.assessment.warning import D_DIMER, PREGNANCY, SUPERFICIAL, WELLS
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

_NO_TEST_BESIDE = frozenset(
    (
        *("limb-ischaemia", "compartment-syndrome", "pulmonary-embolism"),
        *("tissue", "necrotising-infection", "infection-sepsis"),
    )
)
_POSSIBLE_THROMBOSIS = frozenset({"possible-dvt", "superficial-thrombosis", "pregnancy", "known-dvt"})
_EXPLAINING = ("contusion", "leg-injury")
"""Injuries that swelling comes with. A strain or an Achilles tendon is what a DVT is mistaken for."""
_ARTERIAL = frozenset({"arterial", "arterial-rest-pain"})
_TO_ULTRASOUND = frozenset({WELLS, D_DIMER, PREGNANCY})
"""At 2 points or a raised D-dimer NICE NG158, in pregnancy and after it RCOG 37b go to the ultrasound."""


class NextStep(msgspec.Struct, frozen=True):
    """An option. `preferred`: a cited source itself puts it first for what is recorded."""

    name: str
    preferred: bool = False


class _Situation(msgspec.Struct, frozen=True):
    """`rules` and `cards`: those of the findings that raised the level. `wells`: None where it does not apply.

    `uncounted`: symptoms are on record that the level does not count.
    """

    patient: Leg
    rules: set[Rule]
    cards: set[str]
    wells: WellsScore | None
    thrombosis_in_question: bool
    to_ultrasound: bool
    uncounted: bool

    def has_result(self, concept: str) -> bool:
        """Is a result of the last 7 days on record, or of an unknown day?"""
        results = [*self.patient.present(concept), *self.patient.absent(concept)]
        return bool(self.patient.within(results, self.patient.thresholds.laboratory_days))

    def was_read(self, topic: Topic) -> bool:
        chart = self.patient.chart
        return not chart.gaps or chart.was_read(topic)


def next_steps(
    patient: Leg, findings: Collection[Finding], wells: WellsScore | None, uncounted: bool = False
) -> tuple[NextStep, ...]:
    """The options that nothing on the record of a patient with a leg complaint speaks against.

    None for a child, as their sources are for adults. None where a threat to limb or life is found: a test must not
    stand between the patient and who can treat that.
    `uncounted`: something is on record that the policy does not count, or that is not interpreted.
    """
    rules = {finding.rule for finding in findings}
    cards = {rule.card for rule in rules}
    if patient.is_child or not _NO_TEST_BESIDE.isdisjoint(cards):
        return ()
    # by a finding of its own, or by swelling of one leg that no bruise, sprain or fracture explains
    swollen = {fact.side for finding in findings if finding.rule is SWELLING for fact in finding.evidence} - {_BOTH}
    of_one_leg = bool(swollen) and not swollen >= _EACH
    thrombosis = not _POSSIBLE_THROMBOSIS.isdisjoint(cards) or (of_one_leg and not patient.new(*_EXPLAINING))
    to_ultrasound = not _TO_ULTRASOUND.isdisjoint(rules)
    situation = _Situation(patient, rules, cards, wells, thrombosis, to_ultrasound, uncounted)
    return tuple([NextStep(name, to_ultrasound and name == ULTRASOUND) for name, may in _STEPS if may(situation)])


def _ultrasound(situation: _Situation) -> bool:
    """Where DVT is in question, and no ultrasound of the leg veins was done in the last days."""
    patient = situation.patient
    done = patient.surely_within(patient.present("leg-vein-ultrasound"), patient.thresholds.ultrasound_days)
    return situation.thrombosis_in_question and not done


def _d_dimer(situation: _Situation) -> bool:
    """Where DVT is in question, the two-level score applies, and from the record it is not "likely" (NICE NG158).

    Not under an anticoagulant, which changes the result (NICE NG158, 1.1.4); not beside a superficial thrombosis.
    """
    wells, patient = situation.wells, situation.patient
    return (
        situation.thrombosis_in_question
        and wells is not None
        and wells.points < patient.thresholds.wells_likely_points
        and SUPERFICIAL not in situation.rules
        and not patient.anticoagulants()
        and situation.was_read(_OBSERVATIONS)
        and not situation.has_result("d-dimer")
    )


def _ankle_brachial_index(situation: _Situation) -> bool:
    """Where arterial disease is in question (AHA/ACC 2024), and no index of both legs is on record of the last 90 days.

    Not beside a sign of a threatened limb, and no cuff on a leg with a thrombosis known or suspected.
    """
    return not (
        _ARTERIAL.isdisjoint(situation.cards)
        or "limb-sign" in situation.cards
        or situation.patient.present("dvt")
        or situation.thrombosis_in_question
        or known_of_both_legs(situation.patient)
    )


def _creatine_kinase(situation: _Situation) -> bool:
    """Where muscle breakdown is in question, or low potassium meets weakness."""
    weak = "potassium" in situation.cards and situation.patient.any_of("muscle-weakness", "limb-weakness")
    return (
        bool("muscle" in situation.cards or weak)
        and situation.was_read(_OBSERVATIONS)
        and not situation.has_result("creatine-kinase")
    )


def _suspected_thrombosis(situation: _Situation) -> bool:
    """DVT for the problem list, where a source looks for it by ultrasound.

    Not if it is there already: confirmed, suspected, under care, or lately refuted.
    """
    patient = situation.patient
    return (
        situation.to_ultrasound
        and situation.was_read(_CONDITIONS)
        and not any(_is_on_the_list(fact) for fact in patient.chart.facts)
        and not patient.within(patient.absent("dvt"), patient.thresholds.finding_days)
    )


def _instructions(situation: _Situation) -> bool:
    """Where the chart was read: what of the home care to leave out depends on it.

    Not beside what is only listed, as a possible symptom of embolism, or not interpreted: that is asked about before
    home care is sent.
    """
    return not situation.uncounted and all(situation.was_read(part) for part in DECIDING)


_STEPS: tuple[tuple[str, Callable[[_Situation], bool]], ...] = (
    (ULTRASOUND, _ultrasound),
    (D_DIMER_TEST, _d_dimer),
    (ANKLE_BRACHIAL_INDEX, _ankle_brachial_index),
    (CREATINE_KINASE, _creatine_kinase),
    (SUSPECTED_DIAGNOSIS, _suspected_thrombosis),
    (INSTRUCTIONS, _instructions),
)
NAMES = tuple([name for name, _may in _STEPS])
"""Every option that can be offered."""


def _is_on_the_list(fact: Fact) -> bool:
    """Also an entry whose course nobody stated: it may be a current one."""
    return fact.concept == "dvt" and fact.state is not _ABSENT and fact.course is not _HISTORY
