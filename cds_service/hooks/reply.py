"""What a service answers."""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.wire import Card


@dataclass(frozen=True, slots=True)
class Reply:
    """The cards, and what the journal keeps of how they came about, without anything of the patient.

    `rules` are the ids of those that fired, the most urgent first. `resources` were seen, `facts` read from them,
    `left_out` passed over; `gaps` are parts of the chart that could not be read. `fhir_ms`: waiting for the EHR.
    """

    cards: list[Card]
    rules: tuple[str, ...] = ()
    resources: int = 0
    facts: int = 0
    gaps: int = 0
    left_out: int = 0
    fhir_ms: float = 0.0
