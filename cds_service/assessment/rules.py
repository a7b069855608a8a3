"""What a rule is, and what it finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from cds_service.assessment.sources import Citation
from cds_service.facts import Fact, State


class Level(IntEnum):
    """How urgent: the `indicator` of the card, or no card."""

    NONE = 0
    INFO = 1
    WARNING = 2
    CRITICAL = 3


@dataclass(frozen=True, slots=True)
class Rule:
    """One statement of a source. `card` names the card that speaks for it where it decides the level."""

    id: str
    label: str
    source: Citation
    card: str = ""

    def __hash__(self) -> int:
        return hash(self.id)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule found on the record.

    `level` is the level that it raises the card to; NONE for one that is only listed. `note` is what a reader must
    know of this finding, in our words.
    """

    rule: Rule
    state: State
    evidence: tuple[Fact, ...] = ()
    level: Level = Level.NONE
    note: str = ""


def found(rule: Rule, level: Level, evidence: list[Fact], note: str = "") -> list[Finding]:
    """The rule's finding if there is evidence, else nothing."""
    if not evidence:
        return []
    return [Finding(rule, State.PRESENT, tuple(dict.fromkeys(evidence)), level, note)]
