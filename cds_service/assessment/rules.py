"""What a rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

import msgspec

from cds_service.assessment.citation import Citation
from cds_service.facts import Fact, State


class Level(IntEnum):
    """How urgent: the `indicator` of the card, or no card."""

    NONE = 0
    INFO = 1
    WARNING = 2
    CRITICAL = 3


@dataclass(frozen=True, slots=True, eq=False)
class Rule:
    """One statement of a source. `card` names the card that speaks for it where it decides the level."""

    id: str
    label: str
    source: Citation
    card: str = ""


class Finding(msgspec.Struct, frozen=True):
    """What a rule found on the record.

    `level` is the level that it raises the card to; NONE for one that is only listed. `note` is what a reader must
    know of this finding, in our words. `label`: what to call it where the rule's own would say more than the record.
    """

    rule: Rule
    state: State
    evidence: tuple[Fact, ...] = ()
    level: Level = Level.NONE
    note: str = ""
    label: str = ""

    @property
    def raising(self) -> tuple[Fact, ...]:
        """The evidence, where it raises the level."""
        return self.evidence if self.level else ()


def found(rule: Rule, level: Level, evidence: Sequence[Fact], note: str = "", label: str = "") -> list[Finding]:
    """The rule's finding if there is evidence, else nothing."""
    return [stated(rule, evidence, (), level, note, label)] if evidence else []


def stated(
    rule: Rule,
    present: Sequence[Fact],
    absent: Sequence[Fact] = (),
    level: Level = Level.NONE,
    note: str = "",
    label: str = "",
) -> Finding:
    """Present where the record says so, else absent where it says that, else unknown."""
    if present:
        return Finding(rule, State.PRESENT, once(present), level, note, label)
    return Finding(rule, State.ABSENT if absent else State.UNKNOWN, tuple(absent))


def once(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Each fact once, in the order of first mention."""
    return tuple(dict.fromkeys(facts) if len(facts) > 1 else facts)
