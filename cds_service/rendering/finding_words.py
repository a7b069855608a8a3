"""What a finding is called on a card: our own words for it, with its value, its side and the kinds of thing found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from cds_service.assessment.critical import EMBOLISM_SYMPTOMS
from cds_service.assessment.rules import Finding, Rule
from cds_service.assessment.triage import Assessment
from cds_service.assessment.warning import WELLS
from cds_service.assessment.wells import WellsScore
from cds_service.facts import Fact, Quantity, Side
from cds_service.rendering.case import Case
from cds_service.rendering.words import mid_sentence, sentence_start, side_of, suspected_words

_MEASURED = {
    "severe-pain": ("pain-severity", "of 10"),
    "creatine-kinase": ("creatine-kinase", "U/L"),
    "potassium": ("potassium", "mmol/L"),
}
_VALUE_ROOM = 12
_RANGE_ROOM = len("9 (possible -2 to 9)")
_KINDS_ROOM = 40


def named(finding: Finding, case: Case) -> str:
    """What was found, with its value where one number says it, and whether it is only suspected."""
    return sentence_start(named_inside(finding, case))


def named_inside(finding: Finding, case: Case) -> str:
    """The same as it stands inside a sentence."""
    if finding.rule is EMBOLISM_SYMPTOMS and finding.evidence:
        return as_many_as_fit(kinds(finding, case), _KINDS_ROOM) + suspected_words(finding)
    return mid_sentence(finding.label or finding.rule.label) + _more(finding, case.assessment)


def _more(finding: Finding, assessment: Assessment) -> str:
    value = value_words(finding, assessment)
    return (f", {value}" if value else "") + suspected_words(finding)


def longest_name(rule: Rule) -> str:
    """A text as long as the longest that `named` can give for this rule."""
    if rule is EMBOLISM_SYMPTOMS:
        return "K" * _KINDS_ROOM + " and 99 more (part suspected)"
    room = _RANGE_ROOM if rule is WELLS else _VALUE_ROOM if rule.id in _MEASURED else 0
    value = f", {'9' * room}" if room else ""
    return f"{rule.label}{value} (part suspected)"


def value_words(finding: Finding, assessment: Assessment) -> str:
    """8 of 10; the worst of what was measured, or the range of the score; empty where no number says it."""
    if finding.rule is WELLS and assessment.wells is not None:
        return range_words(assessment.wells)
    if finding.rule.id not in _MEASURED:
        return ""
    concept, unit = _MEASURED[finding.rule.id]
    measured = [each.quantity for each in finding.evidence if each.concept == concept and each.quantity is not None]
    numbers = [each for each in measured if each.value is not None]
    if not numbers:
        return ""
    choose = min if concept == "potassium" else max
    worst = choose(numbers, key=lambda each: each.value or 0.0)
    text = f"{number_words(worst)} {unit}"
    return text if len(text) <= _VALUE_ROOM else ""


def number_words(measured: Quantity) -> str:
    """<0.5"""
    comparator = measured.comparator if measured.comparator in ("<", "<=", ">=", ">") else ""
    return f"{comparator}{measured.value:g}"


def range_words(score: WellsScore) -> str:
    """2 (possible -2 to 9)"""
    return f"{score.points} (possible {score.least} to {score.most})"


def kind_words(fact: Fact, words: Mapping[str, str]) -> str:
    """What kind of thing the fact is, in our words."""
    return words[fact.concept] if fact.concept in words else fact.concept.replace("-", " ")


def as_many_as_fit(words: Sequence[str], room: int, others: int = 0) -> str:
    """The first of them and what else there is room for, then how many more there are, with so many others."""
    text, left = words[0], len(words) - 1
    for word in words[1:]:
        if len(text) + len(word) + 2 > room:
            break
        text, left = f"{text}, {word}", left - 1
    left += others
    return text + (f" and {left} more" if left else "")


def kinds(finding: Finding, case: Case) -> list[str]:
    """The kinds of thing that the finding rests on."""
    words = case.files.shared.findings
    return list(dict.fromkeys([kind_words(fact, words) for fact in finding.evidence]))


def sided_kinds(findings: Sequence[Finding], case: Case) -> list[str]:
    """The kinds of thing that these findings rest on, each with its side where that is not the side of the first."""
    words = case.files.shared.findings
    by_kind: dict[str, list[Fact]] = {}
    for finding in findings:
        for fact in finding.evidence:
            by_kind.setdefault(kind_words(fact, words), []).append(fact)
    known = (Side.NOT_STATED, side_of_finding(findings[0], case.assessment))
    sides = {kind: side_of(facts) for kind, facts in by_kind.items()}
    return [kind if side in known else f"{kind} ({side})" for kind, side in sides.items()]


def in_part(side: str, findings: Iterable[Finding]) -> str:
    """The side, as one of a part only where something of the findings that has a side is recorded without one."""
    unsided = any(
        fact.site_matters and fact.side is Side.NOT_STATED
        for finding in findings
        if finding.rule is not WELLS
        for fact in finding.evidence
    )
    return f"{side} where stated" if unsided else side


def side_of_finding(finding: Finding, assessment: Assessment) -> Side:
    """Of the Wells score that of its leg, for a previous DVT may be of the other; else of the entries."""
    if finding.rule is WELLS and assessment.wells is not None:
        return Side.NOT_STATED if assessment.wells.side is Side.BOTH else assessment.wells.side
    return side_of(finding.evidence)
