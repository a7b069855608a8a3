"""The summary of a card: the worst fact with its value, side and time, then the next step; at most 100 characters."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from cds_service.assessment.concepts import Concept
from cds_service.assessment.rule import Finding, Kind, Rule
from cds_service.assessment.rules.clot import SUSPECTED_DVT, WELLS
from cds_service.assessment.rules.guidance import ONGOING
from cds_service.facts import DRAFT, Certainty, Fact, Side, Site, State
from cds_service.rendering.case import Case, Say
from cds_service.rendering.content import SharedWords
from cds_service.rendering.entries import names_of, value_words
from cds_service.rendering.holes import anticoagulant, listed, unread
from cds_service.rendering.occasions import appointment
from cds_service.rendering.words import (
    SIDES,
    day_words,
    lasting_words,
    mid_sentence,
    newest,
    sentence_start,
    side_of,
    since_words,
)

LONGEST = 100
_LEG = re.compile(r"\bleg\b")
_VALUE_ROOM = len("12,400 U/L")
_KINDS_ROOM = 40
_PAINS = (Concept.PAIN, Concept.SEVERE_PAIN, Concept.PAIN_SEVERITY)
_MEASURED = (Concept.PAIN_SEVERITY, Concept.CREATINE_KINASE, Concept.POTASSIUM)


def summary(case: Case) -> str:
    """The occasion's own headline, if it has one for this card, else the card's."""
    words = case.card.summary
    occasion = case.files.occasions.get(case.occasion.id)
    if occasion is not None:
        own = occasion.summary if case.lead else occasion.summary_no_red_flag
        words = own if own is not None and (case.lead or case.assessment.suits_home_care) else words
    values = {name: _PLAIN[name](case) for name in words.names if name in _PLAIN}
    for name in words.names:
        if name in _FITTED:
            room = LONGEST - len(words.fill({**dict.fromkeys(words.names, ""), **values}))
            values[name] = _fitting(_FITTED[name](case), room)
    return sentence_start(words.fill(values))


def longest(rules: Sequence[Rule], shared: SharedWords) -> Mapping[str, str]:
    """The longest text that each placeholder of a summary must have room for, where these rules speak."""
    names = [_short(rule.label) + (f" {'9' * _VALUE_ROOM}" if _is_measured(rule) else "") for rule in rules]
    return {
        "worst": max(names, key=len, default=""),
        "signs": "S" * _KINDS_ROOM,
        "complaint": max(shared.complaints.values(), key=len),
        "anticoagulant": "anticoagulant not known",
        "unasked": "no red flag recorded as present",
        "unread": "Conditions and Observations",
        "appointment": "by 30 Sep 2026",
        "reason": "R" * _KINDS_ROOM,
    }


def _worst(case: Case) -> list[str]:
    """The most urgent finding with its value; with its side and how long ago, as far as there is room."""
    finding = case.lead
    if finding is None:
        return [""]
    if finding.rule is WELLS and case.assessment.wells is not None:
        points = case.assessment.wells.points
        return _with_place_and_time(f"Wells {points} from the record", _side(finding, case), (), case)
    value = _value(finding)
    name = mid_sentence(_short(finding.name)) + (f" {value}" if value else "") + _suspected(finding)
    facts = newest(finding.evidence)
    if finding.rule is ONGOING:  # its time is that of the first record
        facts.reverse()
    return _with_place_and_time(name, _side(finding, case), facts, case)


def _signs(case: Case) -> list[str]:
    """The kinds of thing that the findings of this card rest on, likewise."""
    own = [each for each in case.assessment.raising if each.rule.card == case.card.id]
    facts = [fact for finding in own for fact in newest(finding.evidence)]
    kinds = names_of(facts, case.files.shared.findings)
    first = kinds[0] if kinds else mid_sentence(_short(own[0].name))
    if len(kinds) > 1 and len(", ".join(kinds[:2])) <= _KINDS_ROOM:
        first = ", ".join(kinds[:2])
    return _with_place_and_time(first + _suspected(own[0]), side_of(facts), facts, case)


def _complaint(case: Case) -> list[str]:
    facts = [fact for fact in case.assessment.complaint if _complaint_of(fact, case)]
    pains = [fact for fact in facts if fact.concept in _PAINS]
    entries = [fact for fact in pains if fact.concept != Concept.PAIN_SEVERITY]  # a score is of its day alone
    clots = [fact for fact in facts if fact.concept == Concept.DVT and fact.certainty is Certainty.CONFIRMED]
    first = newest(clots or entries or pains or facts)[:1]
    if not first:
        return [case.files.shared.complaints["other"]]
    name, side = _complaint_of(first[0], case), side_of(clots or pains or first)
    lasting = (
        [] if clots else [fact for each in case.assessment.listed if each.rule is ONGOING for fact in each.evidence]
    )
    if lasting and (span := lasting_words(lasting[0].when, case.as_of)):
        plain = _with_place_and_time(f"{_complaint_of(lasting[0], case)} for {span}", side_of(lasting), (), case)
    else:
        plain = _with_place_and_time(name, side, first, case)
    if refuted := _refuted(case):
        plain = [f"{words}, {refuted}" for words in plain]
    uncounted = listed(case)
    return [*([f"{words}, with {uncounted}" for words in plain] if uncounted else []), *plain]


def _refuted(case: Case) -> str:
    """DVT refuted 1 Dec: where a sign counts for less since. The day is that of the scan, else of the entry."""
    beside = [fact for finding in case.assessment.of(Kind.RED_FLAG) for fact in finding.beside]
    refuted = [fact.recorded for fact in beside if fact.concept == Concept.DVT and fact.state is State.ABSENT]
    scans = [fact.when for fact in beside if fact.concept == Concept.LEG_VEIN_ULTRASOUND]
    days = [when for when in (*scans, *refuted) if when is not None]
    return f"DVT refuted {day_words(days[0], case.as_of).partition(' (')[0]}" if refuted and days else ""


def complaint_words(case: Case) -> str:
    """What the patient complains of, without side and time."""
    return _complaint(case)[-1]


def _complaint_of(fact: Fact, case: Case) -> str:
    key = str(fact.concept)
    if fact.concept in _PAINS:
        key = "calf-pain" if fact.site is Site.LOWER_LEG else "leg-pain"
    return case.files.shared.complaints.get(key, "")


def _with_place_and_time(name: str, side: Side, facts: Sequence[Fact], case: Case) -> list[str]:
    """The name with side and time, with the side, and alone: the longest first."""
    dated = [fact.when for fact in facts if fact.when is not None]
    is_draft = any(DRAFT in fact.remarks for fact in facts)  # the time of what stands beside would seem its own
    time = since_words(dated[0], case.as_of) if dated and not is_draft else ""
    place = "" if side is Side.NOT_STATED else SIDES[side]
    if _LEG.search(name):
        place = place.removesuffix(" leg").removesuffix(" legs")
    with_place = f"{name}, {place}" if place else name
    return [*([f"{with_place}, {time}"] if time else []), with_place, name]


def _fitting(candidates: Sequence[str], room: int) -> str:
    for each in candidates:
        if len(each) <= room:
            return each
    return candidates[-1][: max(room - 1, 0)].rstrip() + "…"


def _side(finding: Finding, case: Case) -> Side:
    """Of the Wells score that of its leg, for a previous DVT may be of the other; else of the entries."""
    wells = case.assessment.wells
    if finding.rule is WELLS and wells is not None:
        return Side.NOT_STATED if wells.side is Side.BOTH else wells.side
    return side_of(finding.evidence)


def _value(finding: Finding) -> str:
    """The worst of what was measured; empty where no number says it."""
    if finding.rule is ONGOING:  # how bad it was, at either time, is no matter
        return ""
    measured = [fact for fact in finding.evidence if fact.concept in _MEASURED and fact.concept in finding.rule.needs]
    numbers = [fact for fact in measured if fact.quantity is not None and fact.quantity.value is not None]
    if not numbers:
        return ""
    choose = min if numbers[0].concept == Concept.POTASSIUM else max
    worst = choose(numbers, key=lambda fact: fact.quantity.value if fact.quantity and fact.quantity.value else 0.0)
    words = value_words(worst.quantity, worst.concept)
    return words if len(words) <= _VALUE_ROOM else ""


def _is_measured(rule: Rule) -> bool:
    return rule.kind is not Kind.ORDER and not set(_MEASURED).isdisjoint(rule.needs)


def _suspected(finding: Finding) -> str:
    suspected = [fact for fact in finding.evidence if fact.certainty is Certainty.SUSPECTED]
    all_of_it = suspected and len(suspected) == len(finding.evidence)
    return " (suspected)" if all_of_it and finding.rule.id != SUSPECTED_DVT.id else ""


def _short(label: str) -> str:
    return label.removesuffix(" on record")


def _unasked(case: Case) -> str:
    """6 of 7 red flags unknown"""
    flags = case.assessment.of(Kind.RED_FLAG)
    unknown = [flag for flag in flags if flag.state is State.UNKNOWN]
    if not unknown:
        return "no red flag recorded as present"
    return f"{len(unknown)} of {len(flags)} red flags unknown"


def _reason(case: Case) -> str:
    """The first of what the note of the most urgent finding says."""
    first = case.lead.note.partition("; ")[0].partition(": ")[0] if case.lead else ""
    return first if 0 < len(first) <= _KINDS_ROOM else "a reason on record"


_FITTED: Mapping[str, Callable[[Case], list[str]]] = {"worst": _worst, "signs": _signs, "complaint": _complaint}
_PLAIN: Mapping[str, Say] = {
    "anticoagulant": anticoagulant,
    "unasked": _unasked,
    "unread": unread,
    "appointment": appointment,
    "reason": _reason,
}
