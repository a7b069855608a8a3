"""All that is published of what the service knows: one record, made from the content that it runs with."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cds_service.assessment.rule_sets import RULE_SETS, RuleSet
from cds_service.rendering.content import CardFiles
from cds_service.thresholds import Thresholds


@dataclass(frozen=True, slots=True)
class Publication:
    """`version`: of the knowledge. `value_sets`: the FHIR resources by id. `thresholds`: the numbers in force.

    `developer` and `funding` are what the operator states of itself, empty where it states nothing.
    """

    version: str
    thresholds: Thresholds
    cards: CardFiles
    value_sets: Mapping[str, Mapping[str, Any]]
    developer: str = ""
    funding: str = ""
    rule_sets: Sequence[RuleSet] = RULE_SETS


def load_value_sets(folder: Path) -> dict[str, Mapping[str, Any]]:
    """The value sets as they are shipped, by id, in the order of their names."""
    files = sorted(folder.glob("*.json"))
    return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
