"""Signs that a leg lacks blood or nerve supply, counted by kind: two absent pulses are one sign.

Source: AHA/ACC 2024, the "six Ps" of acute limb ischaemia. Pain is the complaint itself; paralysis counts as weakness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cds_service.assessment.leg import Leg
from cds_service.assessment.rules import Rule
from cds_service.assessment.sources import AHA_PAD
from cds_service.facts import Fact, Site

COLD = Rule("cold-limb", "Cold leg or foot", AHA_PAD, "limb-sign")
PULSE = Rule("pulse-absent", "Absent pulse", AHA_PAD, "limb-sign")
PALLOR = Rule("pallor-cyanosis", "Pallor or cyanosis of the leg", AHA_PAD, "limb-sign")
NUMBNESS = Rule("numbness-tingling", "Numbness or tingling", AHA_PAD, "limb-sign")
WEAKNESS = Rule("limb-weakness", "Weakness of the leg", AHA_PAD, "limb-sign")

PERFUSION = (COLD, PULSE, PALLOR)
NERVE = (NUMBNESS, WEAKNESS)
SIGNS = (*PERFUSION, *NERVE)
"""Every kind of sign; each has the id of the concept that shows it."""


@dataclass(frozen=True, slots=True)
class Signs:
    """The facts behind each kind of sign that is present."""

    by_kind: Mapping[Rule, Sequence[Fact]]

    def __bool__(self) -> bool:
        return bool(self.by_kind)

    def facts(self, *kinds: Rule) -> list[Fact]:
        return [fact for kind, facts in self.by_kind.items() if not kinds or kind in kinds for fact in facts]

    @property
    def threaten_the_limb(self) -> bool:
        """Two kinds of sign, at least one of perfusion."""
        return len(self.by_kind) >= 2 and any(kind in PERFUSION for kind in self.by_kind)


def recent_signs(leg: Leg) -> Signs:
    """Signs of the last 30 days, or undated."""
    return signs_within(leg, leg.thresholds.finding_days)


def signs_within(leg: Leg, days: int) -> Signs:
    """Signs that may lie in the last so many days."""
    return _signs(leg, {kind: leg.within(facts, days) for kind, facts in _current(leg)})


def signs_surely_within(leg: Leg, days: int) -> Signs:
    """Signs whose dates lie wholly in the last so many days."""
    return _signs(leg, {kind: leg.surely_within(facts, days) for kind, facts in _current(leg)})


def _current(leg: Leg) -> list[tuple[Rule, Sequence[Fact]]]:
    return [(kind, leg.current[kind.id]) for kind in SIGNS if kind.id in leg.current]


def _signs(leg: Leg, by_kind: dict[Rule, Sequence[Fact]]) -> Signs:
    if PALLOR in by_kind:
        # Pallor or cyanosis without a site may be of the whole body: a colour change only.
        by_kind[PALLOR] = [fact for fact in by_kind[PALLOR] if fact.site is not Site.NOT_STATED]
    for kind in NERVE:
        if kind in by_kind:
            by_kind[kind] = _unexplained(by_kind[kind], leg)
    if by_kind.get(WEAKNESS) and not by_kind.get(NUMBNESS):
        by_kind[WEAKNESS] = _not_of_an_injury(by_kind[WEAKNESS], leg)
    return Signs({kind: facts for kind, facts in by_kind.items() if facts})


def _not_of_an_injury(weakness: Sequence[Fact], leg: Leg) -> Sequence[Fact]:
    """Weakness of the injured muscle itself does not count alone; paralysis and foot drop are something else."""
    if not leg.any_of("strain", "achilles-rupture", "achilles-strain"):
        return weakness
    muscle = {fact.source for fact in leg.present("muscle-weakness")}
    return [fact for fact in weakness if fact.source not in muscle]


def _unexplained(signs: Sequence[Fact], leg: Leg) -> Sequence[Fact]:
    """Nerve signs, unless a Condition known for more than 14 days explains them."""
    known = {each.source for each in explaining(leg)}
    return [sign for sign in signs if known <= {sign.source}]


def explaining(leg: Leg) -> Sequence[Fact]:
    """The nerve diseases known for more than 14 days."""
    return leg.older_than(leg.confirmed("nerve-disease"), leg.thresholds.nerve_explaining_days)
