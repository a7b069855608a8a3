"""What a card's summary can say of this patient: our own words only, each with a known greatest length."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.assessment import risk_factors
from cds_service.assessment.critical import CREATINE_KINASE, EMBOLISM_SYMPTOMS, RHABDOMYOLYSIS
from cds_service.assessment.limb_threat import SIGNS
from cds_service.assessment.rule_sets import RULE_SETS
from cds_service.assessment.rules import Finding, Rule
from cds_service.assessment.triage import Assessment
from cds_service.facts import DECIDING, NAMELESS_MEDICINES, Certainty, Fact, Side, Site, State, Topic
from cds_service.rendering.case import FIXED_CARDS, Case, Say
from cds_service.rendering.finding_words import (
    as_many_as_fit,
    in_part,
    kinds,
    longest_name,
    named,
    number_words,
    side_of_finding,
    sided_kinds,
    value_words,
)
from cds_service.rendering.words import age_words, mid_sentence, sentence_start, side_of, suspected_words

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_PRESENT, _UNKNOWN = State.PRESENT, State.UNKNOWN
_CONFIRMED = Certainty.CONFIRMED

_SIGNS_ROOM = 44
_RISK_ROOM = 41
_KNOWN_DVT = "known DVT"
_KNOWN, _OTHER = OTHER_COMPLAINTS = ("known-dvt", "other")
_UNCOUNTED_ROOM = _RISK_ROOM - len(" and 9 more")
_REASON_ROOM = 48
LOW_INDEX = "Abnormal ankle-brachial index"
_SIDES = {Side.LEFT: "left leg", Side.RIGHT: "right leg", Side.BOTH: "both legs"}
_NO_SIDE = "side not recorded"
_PAINS = ("pain", "severe-pain", "pain-severity")


def all_rules() -> list[Rule]:
    """Every rule that names a card."""
    return sorted((rule for each in RULE_SETS for rule in each.rules if rule.card), key=lambda rule: rule.id)


def longest_values(card_id: str, concepts: Mapping[str, str], complaints: Mapping[str, str]) -> dict[str, str]:
    """The longest text that each placeholder of this card's summary can become."""
    age = "age not recorded"
    complaint = max(complaints.values(), key=len)
    if card_id in FIXED_CARDS:
        risk, unread = "R" * _RISK_ROOM + "; ", "Conditions and Observations"
        values = {"complaint": complaint, "side": _NO_SIDE, "age": age, "first_risk": risk, "unread": unread}
        return {**values, "unknown_flags": "7 of 7 not recorded"}
    finding = max((longest_name(rule) for rule in all_rules() if rule.card == card_id), key=len, default="")
    sign = max(_SIGNS_ROOM, *(len(f"{words} (both sides)") for words in concepts.values()))
    return {
        "finding": finding,
        "findings": finding + " and 99 more",
        "more": ", and 99 more",
        "signs": "S" * sign + " and 99 more (part suspected)",
        "side": "complaint in right leg",
        "age": age,
        "complaint": complaint,
        "anticoagulant": "no anticoagulant found",
        "reason": "R" * _REASON_ROOM,
    }


def _findings(case: Case) -> str:
    """The most urgent finding, and how many more there are."""
    more = _how_many_more(case)
    return _finding(case) + (f" and {more} more" if more else "")


def _more(case: Case) -> str:
    """How many more there are, where the side stands before: they may be of another."""
    more = _how_many_more(case)
    return f", and {more} more" if more else ""


def _how_many_more(case: Case) -> int:
    return len(case.spoken_for) + len(case.others) - 1


def _finding(case: Case) -> str:
    return named(case.assessment.findings[0], case)


def _signs(case: Case) -> str:
    """The kinds of thing that the findings of this card rest on, as many as fit, and how many more there are."""
    told = sided_kinds(case.spoken_for, case) or [mid_sentence(case.assessment.findings[0].rule.label)]
    return as_many_as_fit(told, _SIGNS_ROOM, len(case.others)) + suspected_words(case.assessment.findings[0])


def _side(case: Case) -> str:
    """The side of the most urgent finding; where it has none, that of the complaint, and said so.

    "Where stated" if not all that the headline names has one: beside {signs} that is every finding of the card.
    """
    own, complaint = side_of_finding(case.assessment.findings[0], case.assessment), case.assessment.side
    if own is not Side.NOT_STATED:
        return in_part(_SIDES[own], case.spoken_for if "signs" in case.card.summary.names else case.spoken_for[:1])
    return f"complaint in {_SIDES[complaint]}" if complaint in _SIDES else _NO_SIDE


def _complaint_side(case: Case) -> str:
    """The side of what `complaint_words` names, which may not be that of all that makes the complaint."""
    named = complaint_words(case)
    facts = [fact for fact in case.assessment.complaint if _complaint_of(fact, case) == named]
    return _SIDES.get(side_of(facts) if facts else case.assessment.side, _NO_SIDE)


def _age(case: Case) -> str:
    return age_words(case.assessment.age)


def complaint_words(case: Case) -> str:
    """What the patient complains of: calf pain before anything else."""
    for fact in sorted(case.assessment.complaint, key=lambda each: each.concept not in _PAINS):
        if named := _complaint_of(fact, case):
            return named
    return case.files.shared.complaints[_KNOWN if knows_dvt(case.assessment) else _OTHER]


def _complaint_of(fact: Fact, case: Case) -> str:
    """What the fact is called where it is the complaint; nothing where no words are for it."""
    key = fact.concept
    if key in _PAINS:
        key = "calf-pain" if fact.site is Site.LOWER_LEG else "leg-pain"
    return case.files.shared.complaints.get(key, "")


def thrombosis_risks(assessment: Assessment) -> list[str]:
    """A DVT that is known, the Wells items on record, then the other risks of venous thrombosis."""
    items = assessment.wells.present if assessment.wells is not None else ()
    counted = {fact for item in items for fact in item.evidence}
    risks = [
        mid_sentence(finding.label or finding.rule.label)
        for finding in assessment.risk_factors
        if finding.state is _PRESENT
        and finding.rule.id in risk_factors.THROMBOSIS_RISKS
        and not counted.issuperset(finding.evidence)
    ]
    known = [_KNOWN_DVT] if knows_dvt(assessment) else []
    return known + [item.label for item in items] + risks


def knows_dvt(assessment: Assessment) -> bool:
    """Is a DVT of the leg on record? The score and the D-dimer, which are for a suspected one, do not apply to it."""
    return any(fact.concept == "dvt" and fact.certainty is _CONFIRMED for fact in assessment.complaint)


def _first_risk(case: Case) -> str:
    """What a reader must not miss: what is listed without raising the level, else the first risk of thrombosis."""
    if uncounted := _kinds_listed(case):
        told = [", ".join(uncounted)] if len(", ".join(uncounted)) <= _RISK_ROOM else uncounted
        return sentence_start(as_many_as_fit(told, _UNCOUNTED_ROOM)) + "; "
    if low_index := _low_index(case):
        return f"{low_index}; "
    risks = thrombosis_risks(case.assessment)
    if not risks or risks[0] == complaint_words(case):
        return ""
    first = risks[0] if len(risks[0]) <= _RISK_ROOM else "a risk of thrombosis"
    return f"{sentence_start(first)}; "


def _known_dvt(case: Case) -> str:
    """DVT of the leg, left, begun after an anticoagulant was ordered"""
    if not knows_dvt(case.assessment):
        return ""
    known = [fact for fact in case.assessment.complaint if fact.concept == "dvt"]
    side = side_of(known)
    told = "DVT of the leg" + ("" if side is Side.NOT_STATED else f", {side}")
    ordered = [fact.when.last for fact in case.assessment.anticoagulants if fact.when]
    begun = [fact.when.first for fact in known if fact.when]
    under_treatment = bool(ordered and begun) and min(ordered) < max(begun)
    return told + (", begun after an anticoagulant was ordered" if under_treatment else "")


def _low_index(case: Case) -> str:
    """Abnormal ankle-brachial index 0.4"""
    measured = [fact.quantity for fact in case.assessment.low_index if fact.quantity is not None]
    return f"{LOW_INDEX} {number_words(measured[0])}" if measured else ""


def _on_anticoagulant(case: Case) -> str:
    """Whether one is on record; nothing beside a known DVT, where bleeding is named already."""
    taken, known = case.assessment.anticoagulants, knows_dvt(case.assessment)
    return "on an anticoagulant" if taken and not known else ""


def _thrombosis_risks(case: Case) -> str:
    """What leaves DVT open; nothing where it is no question any more."""
    if knows_dvt(case.assessment):
        return ""
    return ", ".join(thrombosis_risks(case.assessment))


def _unread(case: Case) -> str:
    """Which of the two parts that decide could not be read."""
    unread = {gap.topic for gap in case.assessment.gaps}
    return " and ".join([topic for topic in DECIDING if topic in unread])


def is_not_recorded(flag: Finding) -> bool:
    """Nothing on the record is about it, not even what is not read."""
    return flag.state is _UNKNOWN and not flag.evidence


def _unknown_flags(case: Case) -> str:
    """How many of the red flags are neither present nor absent: not recorded, or not so that it is read."""
    flags = case.assessment.red_flags
    unknown = [flag for flag in flags if flag.state is _UNKNOWN]
    words = "not recorded" if all(is_not_recorded(flag) for flag in unknown) else "unknown"
    return f"{len(unknown)} of {len(flags)} {words}"


def _anticoagulant(case: Case) -> str:
    if any(fact.concept == "anticoagulant" for fact in case.entries):
        return "on an anticoagulant"
    if any(gap.topic is Topic.MEDICATIONS for gap in case.assessment.gaps):
        return "medicines not read"
    is_nameless = any(reason == NAMELESS_MEDICINES for reason, _count in case.assessment.left_out)
    return "medicine code not sent" if is_nameless else "no anticoagulant found"


def _reason(case: Case) -> str:
    """The first of what the note of the most urgent finding says, without its source."""
    first = case.assessment.findings[0].note.partition("; ")[0].partition(": ")[0]
    return first if 0 < len(first) <= _REASON_ROOM else "a reason on record"


OF_A_FINDING: dict[str, Say] = {
    "finding": _finding,
    "findings": _findings,
    "more": _more,
    "signs": _signs,
    "side": _side,
    "age": _age,
    "complaint": complaint_words,
    "anticoagulant": _anticoagulant,
    "reason": _reason,
}
"""The placeholders of the summary of a card that stands for a finding, the first of the assessment."""


def _kinds_listed(case: Case, *rules: Rule) -> list[str]:
    """The kinds of thing that are recorded and that the level does not count; those that these rules found, or all.

    What a finding measured is told with its value; what is of the other leg than the complaint, with its side.
    """
    told: dict[str, None] = {}
    for finding in case.assessment.listed:
        if not rules or finding.rule in rules:
            first, *others = [mid_sentence(finding.label)] if finding.label else kinds(finding, case)
            side = {side_of_finding(finding, case.assessment), case.assessment.side}
            elsewhere = f" ({side_of(finding.evidence)})" if side == {Side.LEFT, Side.RIGHT} else ""
            kinds_told = [f"{first} {value_words(finding, case.assessment)}".rstrip(), *others]
            told |= dict.fromkeys([kind + elsewhere for kind in kinds_told])
    return list(told)


def _uncounted(case: Case) -> str:
    return ", ".join(_kinds_listed(case))


def _embolism_symptoms(case: Case) -> str:
    return ", ".join(_kinds_listed(case, EMBOLISM_SYMPTOMS))


def _creatine_kinase(case: Case) -> str:
    return ", ".join(_kinds_listed(case, CREATINE_KINASE, RHABDOMYOLYSIS))


def _limb_signs(case: Case) -> str:
    return ", ".join(_kinds_listed(case, *SIGNS))


OF_NO_FINDING: dict[str, Say] = {
    "complaint": complaint_words,
    "side": _complaint_side,
    "age": _age,
    "first_risk": _first_risk,
    "uncounted": _uncounted,
    "embolism_symptoms": _embolism_symptoms,
    "limb_signs": _limb_signs,
    "creatine_kinase": _creatine_kinase,
    "known_dvt": _known_dvt,
    "low_index": _low_index,
    "on_anticoagulant": _on_anticoagulant,
    "thrombosis_risks": _thrombosis_risks,
    "unknown_flags": _unknown_flags,
    "unread": _unread,
}
"""The placeholders of a card that stands for no finding, in its summary and its sections."""
