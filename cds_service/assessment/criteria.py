"""What the rules of the critical and the warning row are given, and what they need."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cds_service.assessment.leg import Leg
from cds_service.assessment.limb_threat import Signs
from cds_service.assessment.red_flags import SEVERE
from cds_service.assessment.rules import Finding, Rule
from cds_service.assessment.wells import WellsScore
from cds_service.facts import Fact


@dataclass(frozen=True, slots=True)
class Presentation:
    """How the patient presents: the leg complaint, the red flags by rule id, the limb-threat signs, the Wells score."""

    complaint: tuple[Fact, ...]
    flags: Mapping[str, Finding]
    signs: Signs
    wells: WellsScore | None

    @property
    def severe_pain(self) -> tuple[Fact, ...]:
        """The evidence of the red flag severe pain; nothing where it does not raise the level."""
        return self.flags[SEVERE.id].raising


@dataclass(frozen=True, slots=True)
class Criterion:
    """One part of a row of the policy.

    `rules`: what it can find, the gravest first. `needs`: the concepts that can meet it. What else it weighs (an
    anticoagulant, the complaint) counts only beside one of these, so that it is not judged at all where none of them
    is on record.
    """

    judge: Callable[[Leg, Presentation], list[Finding]]
    rules: tuple[Rule, ...]
    needs: tuple[str, ...]


def met(criteria: tuple[Criterion, ...], leg: Leg, presentation: Presentation) -> list[Finding]:
    """What these criteria find on this leg."""
    return [
        finding
        for criterion in criteria
        if leg.mentions(criterion.needs)
        for finding in criterion.judge(leg, presentation)
    ]
