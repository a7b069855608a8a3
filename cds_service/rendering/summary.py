"""What a card's summary can say of this patient: our own words only, each with a known greatest length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cds_service.assessment import critical, limb_threat, red_flags, risk_factors, warning
from cds_service.assessment.rules import Finding, Rule
from cds_service.assessment.triage import Assessment
from cds_service.assessment.wells import WellsScore
from cds_service.facts import Fact, Side, Site, State, Topic
from cds_service.rendering.words import age_words, mid_sentence, sentence_start, side_of, suspected_words

MOST_CHARACTERS = 139  # CDS Hooks 2.0.1: fewer than 140
NO_RED_FLAG = "no-red-flag"
NOT_ASSESSED = "not-assessed"
FIXED_CARDS = (NO_RED_FLAG, NOT_ASSESSED)

_MEASURED = {
    "severe-pain": ("pain-severity", "of 10"),
    "creatine-kinase": ("creatine-kinase", "U/L"),
    "potassium": ("potassium", "mmol/L"),
}
_VALUE_ROOM = 12
_SIGNS_ROOM = 44
_RISK_ROOM = 40
_SIDES = {Side.LEFT: "left leg", Side.RIGHT: "right leg", Side.BOTH: "both legs"}
_NO_SIDE = "side not recorded"
_PAINS = ("pain", "severe-pain", "pain-severity")


def all_rules() -> list[Rule]:
    """Every rule that names a card."""
    modules = (critical, limb_threat, red_flags, warning)
    found = {value for module in modules for value in vars(module).values() if isinstance(value, Rule) and value.card}
    return sorted(found, key=lambda rule: rule.id)


def finding_values(
    assessment: Assessment, concepts: Mapping[str, str], complaints: Mapping[str, str]
) -> dict[str, str]:
    """The placeholders of the summary of a card that stands for a finding, the first of the assessment."""
    top = assessment.findings[0]
    more = len(assessment.findings) - 1
    return {
        "finding": named(top, assessment),
        "findings": named(top, assessment) + (f" and {more} more" if more else ""),
        "signs": _signs(top, concepts),
        "side": _side(top.evidence, assessment.side),
        "age": age_words(assessment.age),
        "complaint": complaint_words(assessment, complaints),
        "anticoagulant": _anticoagulant(assessment),
    }


def fixed_values(assessment: Assessment, complaints: Mapping[str, str]) -> dict[str, str]:
    """The placeholders of the summary of a card that stands for no finding."""
    return {
        "complaint": complaint_words(assessment, complaints),
        "side": _SIDES.get(assessment.side, _NO_SIDE),
        "age": age_words(assessment.age),
        "first_risk": _first_risk(assessment),
        "unknown_flags": unknown_flags(assessment),
        "unread": unread_topics(assessment),
    }


def longest_values(card_id: str, concepts: Mapping[str, str], complaints: Mapping[str, str]) -> dict[str, str]:
    """The longest text that each placeholder of this card's summary can become."""
    age = "age not recorded"
    complaint = max(complaints.values(), key=len)
    if card_id in FIXED_CARDS:
        risk, unread = "R" * _RISK_ROOM + "; ", "Conditions and Observations"
        values = {"complaint": complaint, "side": _NO_SIDE, "age": age, "first_risk": risk, "unread": unread}
        return {**values, "unknown_flags": "7 of 7 not recorded"}
    finding = max((_longest_name(rule) for rule in all_rules() if rule.card == card_id), key=len, default="")
    sign = max(_SIGNS_ROOM, *(len(words) for words in concepts.values()))
    return {
        "finding": finding,
        "findings": finding + " and 99 more",
        "signs": "S" * sign + " and 99 more (part suspected)",
        "side": "complaint in right leg",
        "age": age,
        "complaint": complaint,
        "anticoagulant": "no anticoagulant found",
    }


def named(finding: Finding, assessment: Assessment) -> str:
    """The finding's label, with its value where one number says it, and whether it is only suspected."""
    value = _value(finding, assessment)
    return finding.rule.label + (f", {value}" if value else "") + suspected_words(finding)


def _longest_name(rule: Rule) -> str:
    value = f", {'9' * _VALUE_ROOM}" if rule.id in (*_MEASURED, "wells") else ""
    return f"{rule.label}{value} (part suspected)"


def _value(finding: Finding, assessment: Assessment) -> str:
    if finding.rule.id == "wells" and assessment.wells is not None:
        return points_words(assessment.wells)
    concept, unit = _MEASURED.get(finding.rule.id, ("", ""))
    measured = [each.quantity for each in finding.evidence if each.concept == concept and each.quantity is not None]
    numbers = [each for each in measured if each.value is not None]
    if not numbers:
        return ""
    choose = min if concept == "potassium" else max
    worst = choose(numbers, key=lambda each: each.value or 0.0)
    comparator = worst.comparator if worst.comparator in ("<", "<=", ">=", ">") else ""
    text = f"{comparator}{worst.value:g} {unit}"
    return text if len(text) <= _VALUE_ROOM else ""


def points_words(score: WellsScore) -> str:
    return f"{score.points} point{'s' if score.points != 1 else ''}"


def kinds(finding: Finding, concepts: Mapping[str, str]) -> list[str]:
    """The kinds of thing that the finding rests on, in our words."""
    words = (concepts.get(fact.concept, fact.concept.replace("-", " ")) for fact in finding.evidence)
    return list(dict.fromkeys(words))


def _signs(finding: Finding, concepts: Mapping[str, str]) -> str:
    """The kinds of thing that the finding rests on, as many as fit."""
    first, *others = kinds(finding, concepts) or [mid_sentence(finding.rule.label)]
    text, left = first, len(others)
    for kind in others:
        if len(text) + len(kind) + 2 > _SIGNS_ROOM:
            break
        text, left = f"{text}, {kind}", left - 1
    return text + (f" and {left} more" if left else "") + suspected_words(finding)


def _side(evidence: Sequence[Fact], complaint: Side) -> str:
    """The side of the evidence; where it has none, that of the complaint, and said so."""
    if (own := side_of(evidence)) is not Side.NOT_STATED:
        return _SIDES[own]
    return f"complaint in {_SIDES[complaint]}" if complaint in _SIDES else _NO_SIDE


def complaint_words(assessment: Assessment, complaints: Mapping[str, str]) -> str:
    """What the patient complains of: calf pain before anything else."""
    for fact in sorted(assessment.complaint, key=lambda each: each.concept not in _PAINS):
        key = fact.concept
        if key in _PAINS:
            key = "calf-pain" if fact.site is Site.LOWER_LEG else "leg-pain"
        if key in complaints:
            return complaints[key]
    return complaints["other"]


def thrombosis_risks(assessment: Assessment) -> list[str]:
    """A DVT that is known, the Wells items on record, then the other risks of venous thrombosis."""
    items = assessment.wells.items if assessment.wells is not None else ()
    counted = {fact for item in items for fact in item.evidence}
    risks = [
        mid_sentence(finding.rule.label)
        for finding in assessment.risk_factors
        if finding.state is State.PRESENT
        and finding.rule.id in risk_factors.THROMBOSIS_RISKS
        and not counted.issuperset(finding.evidence)
    ]
    known = ["known DVT of the leg"] if any(fact.concept == "dvt" for fact in assessment.complaint) else []
    return known + [item.label for item in items] + risks


def _first_risk(assessment: Assessment) -> str:
    risks = thrombosis_risks(assessment)
    if not risks:
        return ""
    first = risks[0] if len(risks[0]) <= _RISK_ROOM else "a risk of thrombosis"
    return f"{sentence_start(first)}; "


def unread_topics(assessment: Assessment) -> str:
    """Which of the two parts that decide could not be read."""
    unread = {gap.topic for gap in assessment.gaps}
    return " and ".join(topic.value for topic in (Topic.CONDITIONS, Topic.OBSERVATIONS) if topic in unread)


def unknown_flags(assessment: Assessment) -> str:
    """How many of the red flags nobody put on record, neither present nor absent."""
    unknown = sum(flag.state is State.UNKNOWN for flag in assessment.red_flags)
    return f"{unknown} of {len(assessment.red_flags)} not recorded"


def _anticoagulant(assessment: Assessment) -> str:
    evidence = (fact for finding in assessment.findings for fact in finding.evidence)
    if any(fact.concept == "anticoagulant" for fact in evidence):
        return "on an anticoagulant"
    unread = any(gap.topic is Topic.MEDICATIONS for gap in assessment.gaps)
    return "medicines not read" if unread else "no anticoagulant found"
