"""What a rule is, and what it finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

import msgspec

from cds_service.assessment.citation import Citation
from cds_service.assessment.concepts import Concept
from cds_service.facts import Fact, State
from cds_service.thresholds import Thresholds

if TYPE_CHECKING:
    from cds_service.assessment.record import Record

_NUMBER = re.compile(r"\{(\w+)\}")


class Level(IntEnum):
    """How urgent: the `indicator` of the card, or no card."""

    NONE = 0
    INFO = 1
    WARNING = 2
    CRITICAL = 3


class Kind(StrEnum):
    """What sort of thing a rule finds."""

    RED_FLAG = "red flag of the guidance"
    SIGN = "sign of a threatened limb"
    FINDING = "finding"
    RISK = "risk factor"
    CAUSE = "possible cause"
    PRECAUTION = "precaution in home care"
    SEEN = "to be seen, raises nothing"
    EXPLANATION = "what explains a sign"
    WELLS = "Wells item"
    STEP = "suggestion"
    ORDER = "draft order"


class Effect(StrEnum):
    """What a finding means for home care, suggestions, draft orders and other rules."""

    THREAT = "no test and no home care stand between the patient and who can treat this"
    CLOT_IN_QUESTION = "a thrombosis is looked for"
    CLOT_NOT_EXCLUDED = "home care minds a thrombosis"
    TO_ULTRASOUND = "its source goes straight to ultrasound"
    NO_D_DIMER = "a D-dimer does not help beside it"
    EMBOLISM = "the symptoms of embolism are told by it"
    SUPPLY_IN_QUESTION = "arterial disease is looked for"
    LIMB_SIGN = "no cuff on this leg before it was seen"
    COMPARTMENT_IN_QUESTION = "no compression, ice, elevation or stretching"
    MUSCLE_IN_QUESTION = "a breakdown of muscle is looked for"
    WEAKNESS_MATTERS = "beside weakness a breakdown of muscle is looked for"
    UNTREATED_CLOT = "no compression on an untreated clot"
    THROMBOSIS_RISK = "a risk of venous thrombosis"


class Window(msgspec.Struct, frozen=True):
    """How recent a fact must be: within the threshold of this name, in days. `concepts`: whose; empty for all."""

    days: str
    concepts: tuple[Concept, ...] = ()


class Seen(msgspec.Struct, frozen=True):
    """What the condition of a rule saw on one leg.

    `evidence` shows it, or denies it where `state` is absent. `level`: what it raises to, where that is not the rule's
    own. `against` speaks for something else; `beside` must be seen with it; `missing` would tell and is not on record.
    `note`: what a reader must know of it. `label`: what to call it where the rule's own would say more than the record.
    `why_not_counted`: why it is listed without raising the level.
    """

    evidence: Sequence[Fact] = ()
    state: State = State.PRESENT
    level: Level | None = None
    against: Sequence[Fact] = ()
    beside: Sequence[Fact] = ()
    missing: tuple[str, ...] = ()
    note: str = ""
    label: str = ""
    why_not_counted: str = ""


Condition = Callable[[Sequence[Fact], Any], Seen | None]
"""Whether a rule holds on a leg, or of a patient's Record. It is handed the facts that the rule needs, each within its
window.
"""


def recorded(facts: Sequence[Fact], _: Record) -> Seen | None:
    """The record holds it."""
    return Seen(facts) if facts else None


class Rule(msgspec.Struct, frozen=True, eq=False, kw_only=True):
    """One statement of a source, with its words and what follows from it.

    `says`: when it holds, with `{threshold}` holes; the only copy, published and printed in the docs. `needs`: the
    concepts that can meet it; without any of them on record it is not asked. `windows`: how recent they must be; what
    does not lie surely inside a window of 14 days or less counts one level less. `level`: what it raises the card to.
    `card`: whose words speak for it. `when`: its condition.
    """

    id: str
    kind: Kind
    label: str
    source: Citation
    says: str
    needs: tuple[Concept, ...] = ()
    windows: tuple[Window, ...] = ()
    level: Level = Level.NONE
    card: str = ""
    effects: frozenset[Effect] = frozenset()
    when: Condition = recorded

    def condition(self, thresholds: Thresholds) -> str:
        """When it holds, with the numbers in force."""
        return numbered(self.says, thresholds)

    @property
    def numbers(self) -> list[str]:
        """The names of the thresholds that its condition speaks of."""
        return _NUMBER.findall(self.says)


def numbered(text: str, thresholds: Thresholds) -> str:
    """The text with the numbers in force in its `{threshold}` holes."""
    numbers = asdict(thresholds)
    return _NUMBER.sub(lambda name: f"{numbers[name[1]]:g}", text)


class Finding(msgspec.Struct, frozen=True):
    """What a rule found on the record: a red flag, a sign, a risk factor, a possible cause, a precaution alike.

    `level` is the level that it raises the card to; NONE where it raises nothing. The rest is as in `Seen`.
    """

    rule: Rule
    state: State
    level: Level = Level.NONE
    evidence: tuple[Fact, ...] = ()
    against: tuple[Fact, ...] = ()
    beside: tuple[Fact, ...] = ()
    missing: tuple[str, ...] = ()
    note: str = ""
    label: str = ""
    why_not_counted: str = ""

    @property
    def name(self) -> str:
        """What to call it."""
        return self.label or self.rule.label

    @property
    def is_present(self) -> bool:
        return self.state is State.PRESENT

    @property
    def facts(self) -> tuple[Fact, ...]:
        """All that it names."""
        return self.evidence + self.against + self.beside


class RuleSet(msgspec.Struct, frozen=True, eq=False):
    """Rules with one purpose, that somebody answers for (cards/_rules.md). A rule's id is its own within its set."""

    id: str
    title: str
    purpose: str
    rules: tuple[Rule, ...]

    @property
    def concepts(self) -> tuple[Concept, ...]:
        """The value sets that can meet its rules."""
        return tuple(dict.fromkeys(concept for rule in self.rules for concept in rule.needs))


def once(facts: Sequence[Fact]) -> tuple[Fact, ...]:
    """Each fact once, in the order of first mention."""
    return tuple(dict.fromkeys(facts) if len(facts) > 1 else facts)


def effects_of(findings: Collection[Finding]) -> frozenset[Effect]:
    """What these findings mean for the rest."""
    return frozenset[Effect]().union(*[finding.rule.effects for finding in findings])


def within_windows(rule: Rule, record: Record) -> Sequence[Fact]:
    """The facts that hold now of what the rule needs, concept by concept, each possibly within its window."""
    return [
        fact
        for concept in rule.needs
        if concept in record.current
        for fact in _within(record.current[concept], _days(rule, concept, record.thresholds), record)
    ]


def _within(facts: Sequence[Fact], days: int | None, record: Record) -> Sequence[Fact]:
    return facts if days is None else record.within(facts, days)


def _days(rule: Rule, concept: Concept, thresholds: Thresholds) -> int | None:
    for window in rule.windows:
        if not window.concepts or concept in window.concepts:
            return int(getattr(thresholds, window.days))
    return None


def short_windows(rule: Rule, thresholds: Thresholds, most: int) -> Mapping[Concept, int]:
    """The concepts of the rule with a window of at most so many days, and its days."""
    days = {concept: _days(rule, concept, thresholds) for concept in rule.needs}
    return {concept: length for concept, length in days.items() if length is not None and length <= most}
