"""What the record says about calf pain, and how urgent that is: what every view of it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from cds_service.assessment.ankle_brachial import Band
from cds_service.assessment.d_dimer import Reading
from cds_service.assessment.record import Record
from cds_service.assessment.rule import Effect, Finding, Kind, Level, effects_of
from cds_service.assessment.rules.care import HomeCareStep, home_care
from cds_service.assessment.rules.precautions import STEPS
from cds_service.assessment.rules.seen import UNDATED_CAUSE
from cds_service.assessment.rules.steps import NextStep
from cds_service.assessment.unread import NOT_READ, standing_entries
from cds_service.assessment.wells import WellsScore
from cds_service.facts import DECIDING, Fact, Side


@dataclass(frozen=True, kw_only=True)
class Assessment:
    """`complaint`: the facts that make it a leg complaint, and `side` where they are. `findings`: all that rules found,
    of every kind: what raised the level first, the most urgent of it first. `wells`: None where the score does not
    apply. `d_dimers`: the newest first. `indices`: the ankle-brachial indices of a leg with the complaint, with their
    bands. `next_steps`: what may be offered. `record`: the whole record of the patient.
    """

    level: Level
    record: Record
    side: Side = Side.NOT_STATED
    complaint: tuple[Fact, ...] = ()
    findings: tuple[Finding, ...] = ()
    wells: WellsScore | None = None
    d_dimers: tuple[Reading, ...] = ()
    indices: Mapping[Fact, Band] = field(default_factory=dict)
    next_steps: tuple[NextStep, ...] = ()

    @property
    def raising(self) -> Sequence[Finding]:
        """What raised the level, the most urgent first."""
        return [finding for finding in self.findings if finding.level]

    @property
    def listed(self) -> Sequence[Finding]:
        """What is recorded and counts for nothing here, with the reason."""
        return [finding for finding in self.findings if finding.why_not_counted]

    def of(self, kind: Kind) -> Sequence[Finding]:
        """The findings of this kind, whatever their state."""
        return [finding for finding in self.findings if finding.rule.kind is kind]

    def has(self, effect: Effect) -> bool:
        """Does anything that raised the level mean this?"""
        return effect in effects_of(self.raising)

    @property
    def fully_read(self) -> bool:
        """Were Conditions and Observations?"""
        return not any(gap.topic in DECIDING for gap in self.record.chart.gaps)

    @property
    def home_care(self) -> tuple[HomeCareStep, ...]:
        """The five steps of the guidance, each with the reasons against it; none without a complaint."""
        if not self.complaint:
            return ()
        if standing_entries(self.record):
            return tuple([HomeCareStep(step, (NOT_READ,)) for step in STEPS])
        return home_care(self.of(Kind.PRECAUTION))

    @property
    def suits_home_care(self) -> bool:
        """May home care be spoken of? Beside a finding it would make light of it, and beside a sign that does not
        count or whose value is not interpreted; of a record, or an entry, that was not read it may not suit.
        """
        doubtful = any(
            finding.level or (finding.why_not_counted and not _leaves_no_doubt(finding)) for finding in self.findings
        )
        return bool(self.complaint) and not doubtful and self.fully_read and not standing_entries(self.record)


def _leaves_no_doubt(listed: Finding) -> bool:
    """Is it a red flag that is explained or old, or a cause that may be long over?"""
    return listed.rule.kind is Kind.RED_FLAG or listed.rule is UNDATED_CAUSE
