"""The file cards/_rules.md: who answers for the rules, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from cds_service.assessment.catalogue import RULE_SETS
from cds_service.errors import ConfigurationError
from cds_service.rendering.content import Written
from cds_service.rendering.content_file import open_content

RULES = "_rules.md"


class _RulesMatter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    rule_sets: dict[str, Written]
    rules: dict[str, Written] = {}


def load_rule_dates(directory: Path) -> Mapping[str, Written]:
    """By id of the rule set, and by `set/rule` where a rule has its own.

    Raises ConfigurationError that names file, line, fault and remedy.
    """
    path = directory / RULES
    if not path.is_file():
        raise ConfigurationError(f"{path}: file is missing. Restore it: it says who answers for the rules.")
    file = open_content(path)
    matter = file.front_matter(_RulesMatter)
    known = {each.id: {f"{each.id}/{rule.id}" for rule in each.rules} for each in RULE_SETS}
    for name in known:
        if name not in matter.rule_sets:
            file.fail(f"rule_sets does not name {name}", "Add it, with owner, version and dates", key="rule_sets")
    for name in matter.rule_sets:
        if name not in known:
            file.fail(f"there is no rule set {name}", f"Use one of: {', '.join(known)}", text=f"  {name}:")
    for name in matter.rules:
        if name not in known.get(name.partition("/")[0], ()):
            file.fail(f"there is no rule {name}", "Name it as set/rule, such as critical/dvt", text=f"  {name}:")
    return {**matter.rule_sets, **matter.rules}
