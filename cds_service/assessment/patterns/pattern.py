"""What a pattern is: a cause that the record's facts may fit, with what speaks for it and against it.

A pattern explains. It never raises or lowers the level, which is the triage policy's alone, and it is no diagnosis.
Its words (what the source says, options to weigh) stand in cards/_patterns.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import msgspec

from cds_service.assessment.citation import Citation
from cds_service.assessment.criteria import Presentation
from cds_service.assessment.leg import Leg
from cds_service.assessment.rules import Rule, once
from cds_service.facts import Fact


class Fit(msgspec.Struct, frozen=True):
    """How the facts of a leg fit a pattern.

    `supporting`: the facts for it, the weightiest first. `against`: the facts that speak for something else. `note`:
    what a reader must know of this fit, in our words. `missing`: what would tell and is not on record. `beside`: facts
    that a reader must see although they speak neither for it nor against it.
    """

    supporting: tuple[Fact, ...]
    against: tuple[Fact, ...] = ()
    note: str = ""
    missing: tuple[str, ...] = ()
    beside: tuple[Fact, ...] = ()

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All that it names."""
        return self.supporting + self.against + self.beside


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A cause. `label` stands on the card; `id` names its words in cards/_patterns.md.

    `needs`: the concepts that can show it. It is judged only where one of them is on record, so that a chart that
    mentions none pays nothing. `judge`: how one leg with a complaint fits it, None where it does not. `rule`: what it
    is called in the catalogue, where its id would be that of a finding too.
    """

    id: str
    label: str
    source: Citation
    needs: tuple[str, ...]
    judge: Callable[[Leg, Presentation], Fit | None]
    rule: Rule = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rule", Rule(f"pattern-{self.id}", self.label, self.source))


class Recognised(msgspec.Struct, frozen=True):
    """A pattern that the facts of a leg, or of both legs, fit."""

    pattern: Pattern
    fit: Fit


def fitting(patterns: Iterable[Pattern], leg: Leg, presentation: Presentation) -> list[Recognised]:
    """Those of the patterns that this leg fits, in their order."""
    return [
        Recognised(pattern, fit)
        for pattern in patterns
        if leg.mentions(pattern.needs) and (fit := pattern.judge(leg, presentation)) is not None
    ]


def merged(one: Fit, other: Fit) -> Fit:
    """The fit of both legs. What speaks for the pattern in one leg does not speak against it in the other."""
    supporting = dict.fromkeys(one.supporting + other.supporting)
    return Fit(
        tuple(supporting),
        tuple([fact for fact in once(one.against + other.against) if fact not in supporting]),
        "; ".join(dict.fromkeys([note for note in (one.note, other.note) if note])),
        tuple(dict.fromkeys(one.missing + other.missing)),
        once(one.beside + other.beside),
    )
