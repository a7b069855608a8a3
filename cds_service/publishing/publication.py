"""All that is published of what the service knows: one record, made from the content that it runs with."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.assessment.catalogue import RULE_SETS
from cds_service.assessment.rule import Rule, RuleSet
from cds_service.fhir.value_sets import own_value_sets
from cds_service.knowledge import BASE, EXTENSION
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


OF_THIS_SITE = "of this site"


def load_value_sets(folder: Path, own: Path | None = None) -> dict[str, Mapping[str, Any]]:
    """The value sets as they are shipped, by id, in the order of their names; with the codes of the site's own folder,
    marked as the site's.
    """
    value_sets: dict[str, Any] = {file.stem: _resource(file) for file in sorted(folder.glob("*.json"))}
    for file in own_value_sets(own) if own is not None else ():
        value_set = value_sets[file.stem]
        value_set["version"] += "+site"
        value_set["compose"]["include"] += [_as_the_sites(each) for each in _resource(file)["compose"]["include"]]
    return value_sets


def is_of_this_site(include: Mapping[str, Any]) -> bool:
    """Did the site add this element of compose?"""
    return any(str(each.get("valueString", "")).startswith(OF_THIS_SITE) for each in include.get("extension", ()))


def _resource(file: Path) -> dict[str, Any]:
    resource: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return resource


def _as_the_sites(include: dict[str, Any]) -> dict[str, Any]:
    """The element of compose, its provenance begun with whose it is."""
    url = f"{EXTENSION}provenance"
    given = include.get("extension", [])
    said = [each["valueString"] for each in given if each.get("url") == url]
    others = [each for each in given if each.get("url") != url]
    return {**include, "extension": [*others, {"url": url, "valueString": ": ".join([OF_THIS_SITE, *said])}]}
