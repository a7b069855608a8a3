"""All that is published of what the service knows: one record, made from the content that it runs with."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.assessment.catalogue import RULE_SETS
from cds_service.assessment.rule import Rule, RuleSet
from cds_service.knowledge import BASE
from cds_service.rendering.content import CardFiles, Written
from cds_service.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Publication:
    """`version`: of the knowledge. `thresholds`: the numbers in force. `value_sets`: the FHIR resources by id, as
    shipped. `base`: what is before the addresses of all that is published, with a slash at its end.

    `developer` and `funding` are what the operator states of itself, empty where it states nothing. `off`: the rules
    that the site has switched off; `decisions`: all that it has decided, those included, a sentence each.
    """

    version: str
    thresholds: Thresholds
    cards: CardFiles
    value_sets: Mapping[str, Mapping[str, Any]]
    base: str = BASE
    developer: str = ""
    funding: str = ""
    off: Collection[Rule] = ()
    decisions: Sequence[str] = ()
    rule_sets: Sequence[RuleSet] = RULE_SETS

    def written(self, rules: RuleSet) -> Written:
        """Who answers for a rule set, and until when."""
        return self.cards.rules[rules.id]

    def written_alone(self, rules: RuleSet, rule: Rule) -> Written | None:
        """The same of a rule that has its own."""
        return self.cards.rules.get(f"{rules.id}/{rule.id}")


def load_value_sets(folder: Path) -> dict[str, Mapping[str, Any]]:
    """The value sets as they are shipped, by id, in the order of their names."""
    files = sorted(folder.glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
