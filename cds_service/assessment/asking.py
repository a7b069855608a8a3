"""How a rule is asked: every rule alike, whatever it is about."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cds_service.assessment.concepts import Concept
from cds_service.assessment.record import Record
from cds_service.assessment.rule import Finding, Kind, Level, Rule, Seen, once, short_windows, within_windows
from cds_service.facts import Fact, State

NOT_SURE = "its date does not surely lie in the window: listed, does not raise the level"
_SHORT_DAYS = 14
_ALWAYS_TOLD = (Kind.RED_FLAG, Kind.RISK, Kind.WELLS)


def asked(rules: Iterable[Rule], record: Record) -> list[Finding]:
    """What these rules find, in their order. Red flags, risk factors and Wells items are told whatever their state."""
    findings = []
    for rule in rules:
        seen = None
        if not rule.needs or record.mentions(rule.needs):
            seen = rule.when(within_windows(rule, record), record)
        if seen is not None:
            findings.append(_found(rule, seen, record))
        elif rule.kind in _ALWAYS_TOLD:
            findings.append(Finding(rule, State.UNKNOWN))
    return findings


def _found(rule: Rule, seen: Seen, record: Record) -> Finding:
    """The finding. Of one level less where nothing that a short window is for lies surely inside it: a warning is then
    listed.
    """
    level = rule.level if seen.level is None else seen.level
    why = seen.why_not_counted
    if seen.state is not State.PRESENT or why:
        level = Level.NONE
    evidence = seen.evidence
    if level and rule.windows:
        evidence, is_sure = _surely(rule, evidence, record)
        level = level if is_sure else Level(level - 1)
        if level is Level.INFO:  # one less than a warning
            level, why = Level.NONE, NOT_SURE
    return Finding(
        rule,
        seen.state,
        level,
        once(evidence),
        once(seen.against),
        once(seen.beside),
        seen.missing,
        seen.note,
        seen.label,
        why,
    )


def _surely(rule: Rule, evidence: Sequence[Fact], record: Record) -> tuple[Sequence[Fact], bool]:
    """The evidence without what only may lie in its short window, where something else surely does."""
    short = short_windows(rule, record.thresholds, _SHORT_DAYS)
    dated = [fact for fact in evidence if fact.concept in short]
    sure = {fact for fact in dated if record.surely_within((fact,), short[Concept(fact.concept)])}
    if not dated or not sure:
        return evidence, not dated
    return [fact for fact in evidence if fact in sure or fact.concept not in short], True
