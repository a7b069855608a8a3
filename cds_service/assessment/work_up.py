"""How far a DVT is worked up on one leg, by what the record holds, and what its source does next (docs/wells.md).

Told on the page behind a card; no level rests on it. Imaging reports are not read: of a scan only its day is known.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from cds_service.assessment.concepts import Concept
from cds_service.assessment.d_dimer import Reading, Units, readings
from cds_service.assessment.diagnoses import acute_thrombosis
from cds_service.assessment.record import Leg, Record
from cds_service.assessment.siting import is_current
from cds_service.assessment.wells import WellsScore
from cds_service.facts import Fact, Side, latest

TREATED = "DVT on record, under an anticoagulant"
CONFIRMED = "DVT on record, no anticoagulant found"
REFUTED = "DVT refuted"
SCANNED = "scan done, its result is not read"
MEASURED = "D-dimer measured"
BEGUN = "Wells score in part"
NOT_BEGUN = "not begun"
REPEAT = (
    "after a negative scan NICE NG158 (2023) repeats it 6 to 8 days later where the Wells score is 2 or more and the "
    "D-dimer raised"
)
NEXT_SCAN = "NICE NG158 (2023) goes to an ultrasound at 2 points or more, or with a raised D-dimer"
_AGE_FACTOR = 10  # ng/mL FEU for each year: ADJUST-DVT 2026, NICE NG158
_FROM_AGE = 50


class WorkUp(msgspec.Struct, frozen=True):
    """The state on the leg of this side, what shows it, and, where there are any, age-adjusted limit and next step."""

    side: Side
    state: str
    evidence: Sequence[Fact] = ()
    limit: str = ""
    then: str = ""


def work_up(leg: Leg) -> WorkUp:
    """The furthest state that the record shows on a leg with a complaint."""
    found = [each for each in readings(leg.patient) if each.current]
    raised = [each for each in found if each.is_raised]
    limit = age_adjusted(leg, leg.wells, raised)
    likely = leg.wells is not None and leg.wells.points >= leg.thresholds.wells_likely_points
    scans = _newest_of([fact for fact in leg.facts if fact.concept == Concept.LEG_VEIN_ULTRASOUND and _was_done(fact)])
    refuted = _newest_of(leg.within(leg.absent(Concept.DVT), leg.thresholds.finding_days))
    if known := acute_thrombosis(leg):
        treatment = leg.anticoagulants()
        return WorkUp(leg.side, TREATED if treatment else CONFIRMED, [*known, *treatment])
    if refuted or scans:
        state, then = REFUTED if refuted else SCANNED, REPEAT if likely and raised else ""
        return WorkUp(leg.side, state, [*refuted, *scans], limit, then)
    then = NEXT_SCAN if leg.wells is not None and (likely or raised) else ""
    if found:
        return WorkUp(leg.side, MEASURED, [each.fact for each in found], limit, then)
    told = [*leg.wells.present, *leg.wells.absent] if leg.wells is not None else []
    return WorkUp(leg.side, BEGUN if told else NOT_BEGUN, [fact for item in told for fact in item.evidence], "", then)


def age_adjusted(record: Record, score: WellsScore | None, raised: Sequence[Reading]) -> str:
    """The age-adjusted limit of a raised D-dimer, where it could apply: over 50, in FEU, with a score from the record
    that leaves DVT unlikely, and no anticoagulant. It is printed, and judges nothing.
    """
    age = record.age
    if age is None or score is None or score.points >= score.likely_points or record.anticoagulants():
        return ""
    if age[0] <= _FROM_AGE or not any(each.units is Units.FEU for each in raised):
        return ""
    return f"age x {_AGE_FACTOR} = {age[0] * _AGE_FACTOR} ng/mL FEU, if Wells 1 or less"


def _was_done(scan: Fact) -> bool:
    """Also one whose result stands there as text."""
    return is_current(scan) or bool(scan.illegible)


def _newest_of(facts: Sequence[Fact]) -> list[Fact]:
    return sorted(facts, key=lambda fact: (latest(fact.when), fact.source))[-1:]
