"""What a service answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from cds_service.assessment.assessment import Assessment
from cds_service.facts import Chart, Topic
from cds_service.fhir.page import Material
from cds_service.hooks.statement import Statement
from cds_service.wire import Action, Card

_NONE: Mapping[str, Sequence[str]] = {}


class Told(NamedTuple):
    """A card, and what it says apart from its words."""

    card: Card
    statement: Statement


@dataclass(frozen=True, slots=True)
class Reply:
    """The cards, and what the journal keeps of how they came about, without anything of the patient.

    `rules` are the ids of those that fired, the most urgent first. `resources` were seen, `facts` read from them,
    `left_out` passed over; `gaps` are parts of the chart that could not be read. `fhir_ms`: waiting for the EHR.
    `system_actions` are what the EHR does without asking the user.
    `withheld`: why those that are not among the cards were kept back, by uuid. `assessments`: what was decided, told
    or not; `why_nothing`: why none of it is told, where there is more to say than that nothing was found. `took`:
    milliseconds of each step. `unread_systems`: entries passed over, by code system; `unread_parts`: of each system the
    parts of the chart in which nothing was read.
    """

    told: Sequence[Told] = ()
    rules: tuple[str, ...] = ()
    resources: int = 0
    facts: int = 0
    gaps: int = 0
    left_out: int = 0
    fhir_ms: float = 0.0
    system_actions: Sequence[Action] = ()
    withheld: Mapping[str, str] = field(default_factory=dict)
    assessments: Sequence[Assessment] = ()
    why_nothing: str = ""
    took: Mapping[str, float] = field(default_factory=dict)
    unread_systems: Mapping[str, int] = field(default_factory=dict)
    unread_parts: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def cards(self) -> list[Card]:
        return [each.card for each in self.told]

    @classmethod
    def about(
        cls, chart: Chart, material: Material, assessments: Sequence[Assessment], told: Sequence[Told] = ()
    ) -> Self:
        """What is told of this chart, which was read from this material, and what was decided."""
        findings = [finding for assessment in assessments for finding in assessment.raising] if told else ()
        return cls(
            told,
            rules=tuple([finding.rule.id for finding in findings]),
            resources=material.resource_count,
            facts=len(chart.facts),
            gaps=len(chart.gaps),
            left_out=sum(chart.left_out.values()),
            fhir_ms=material.read_ms,
            assessments=assessments,
            unread_systems=chart.unread_systems,
            unread_parts=_by_system(chart.unread_parts) if chart.unread_parts else _NONE,
        )


def _by_system(parts: Mapping[Topic, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    topics: dict[str, list[Topic]] = {}
    for topic, its in parts.items():
        for system in its:
            topics.setdefault(system, []).append(topic)
    return topics
