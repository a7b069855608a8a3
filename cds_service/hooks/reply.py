"""What a service answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from cds_service.assessment.rules import Finding
from cds_service.facts import Chart
from cds_service.fhir.page import Material
from cds_service.wire import Action, Card


@dataclass(frozen=True, slots=True)
class Reply:
    """The cards, and what the journal keeps of how they came about, without anything of the patient.

    `rules` are the ids of those that fired, the most urgent first. `resources` were seen, `facts` read from them,
    `left_out` passed over; `gaps` are parts of the chart that could not be read. `fhir_ms`: waiting for the EHR.
    `system_actions` are what the EHR does without asking the user.
    """

    cards: list[Card]
    rules: tuple[str, ...] = ()
    resources: int = 0
    facts: int = 0
    gaps: int = 0
    left_out: int = 0
    fhir_ms: float = 0.0
    system_actions: Sequence[Action] = ()

    @classmethod
    def about(cls, chart: Chart, material: Material, findings: Sequence[Finding], cards: list[Card]) -> Self:
        """The cards for this chart, which was read from this material, and the findings that decided on them."""
        return cls(
            cards,
            rules=tuple([finding.rule.id for finding in findings]),
            resources=material.resource_count,
            facts=len(chart.facts),
            gaps=len(chart.gaps),
            left_out=sum(chart.left_out.values()),
            fhir_ms=material.read_ms,
        )
