"""The sections of a card's detail. Each function gives Markdown, or nothing when there is nothing to say.

Text of the chart appears only inside code spans (`words.quoted`).
"""

from __future__ import annotations

from collections.abc import Collection

from cds_service.assessment.critical import COMPARTMENT_SIGNS, CREATINE_KINASE, LIMB_SIGNS
from cds_service.assessment.limb_threat import NERVE, PERFUSION
from cds_service.assessment.red_flags import ONGOING
from cds_service.assessment.risk_factors import BEDRIDDEN, CANCER, INACTIVE, OVER_65, PARALYSIS, PREVIOUS_DVT, WEAKNESS
from cds_service.assessment.rule_sets import ORDERS
from cds_service.assessment.rules import Finding
from cds_service.assessment.sources import GUIDANCE
from cds_service.assessment.warning import BLEEDING, PREGNANCY, TREATED, WELLS
from cds_service.facts import Fact, Side, State
from cds_service.rendering.case import Case, Say, say
from cds_service.rendering.evidence import entry, evidence, under_evidence
from cds_service.rendering.finding_words import in_part, kind_words, named_inside, side_of_finding, sided_kinds
from cds_service.rendering.options import OPTIONS
from cds_service.rendering.patterns import patterns
from cds_service.rendering.summary import OF_NO_FINDING, is_not_recorded, knows_dvt
from cds_service.rendering.thrombosis import d_dimer, score_told, wells
from cds_service.rendering.unread import unread
from cds_service.rendering.words import (
    age_words,
    bullets,
    mid_sentence,
    moment_words,
    newest,
    own_words,
    quoted,
    sentence_start,
    source_words,
    when_words,
)

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_PRESENT, _ABSENT, _UNKNOWN = State.PRESENT, State.ABSENT, State.UNKNOWN
_NO_SIDE = Side.NOT_STATED

_COLOURS = frozenset({"skin-colour", "pallor-cyanosis", "cellulitis", "gangrene", "necrotising-infection"})
_COMPOSITE = (LIMB_SIGNS.id, COMPARTMENT_SIGNS.id)  # rules that rest on several kinds of thing at once
# Rules whose newest date may be of a part only.
_JOINED = frozenset({*_COMPOSITE, BLEEDING.id, PREGNANCY.id, TREATED.id, CREATINE_KINASE.id})
# A score and a draft have no date, what they rest on has; ongoing pain says two.
_UNDATED = frozenset({WELLS, ONGOING, *ORDERS.rules})
_ITEMS = (PREVIOUS_DVT, CANCER, BEDRIDDEN, PARALYSIS)  # of the Wells score; surgery may be inactivity too


def why(case: Case) -> str:
    """The card's own section of that name."""
    return say(case.card.why, _body(case), case)


def options(case: Case) -> str:
    """The card's own section of that name."""
    return say(case.card.options, _body(case), case)


def recorded(case: Case) -> str:
    """The findings that the card's own source speaks of, with side and newest date."""
    return "; ".join([_in_words(finding, case) for finding in case.spoken_for])


def source(case: Case) -> str:
    """Whose rule found the most urgent finding."""
    return source_words(case.assessment.findings[0].rule.source)


def also(case: Case) -> str:
    """Findings of other sources and cards, with what those would consider, and flags that are listed only."""
    groups: dict[str, list[str]] = {}
    for finding in case.others:
        note = _note(finding)
        notes = source_words(finding.rule.source) + (f"; {note}" if note else "")
        label = named_inside(finding, case) + _other_side(finding, case)
        groups.setdefault(f" ({notes}){_consider(finding, case)}", []).append(label)
    lines = [sentence_start("; ".join(labels)) + ending for ending, labels in groups.items()]
    lines += [f"{flag.rule.label} ({own_words(flag.note)})" for flag in case.listed_only]
    lines += [sentence_start(_in_words(finding, case)) for finding in case.assessment.listed]
    return bullets(lines)


def risk_factors(case: Case) -> str:
    """Risk factors on the record, those of the guidance first. An entry already shown is not repeated."""
    present = [finding for finding in case.assessment.risk_factors if finding.state is _PRESENT]
    if not present:
        return ""
    findings = (*case.assessment.findings, *case.assessment.listed)
    raising = {fact.source for finding in findings for fact in finding.evidence}
    score = score_told(case)
    items = {fact for item in score.present for fact in item.evidence} if score else set()
    told = [finding for finding in present if not _is_told_elsewhere(finding, raising, items)]
    told.sort(key=lambda finding: finding.rule.source is not GUIDANCE)
    shown = under_evidence(case)
    return bullets([_risk(finding, case, shown) for finding in told])


def not_recorded(case: Case) -> str:
    """What nobody put on record: red flags, and what this card would want to know beside them; whether all of the chart
    was looked through for it.
    """
    assessment, wanted = case.assessment, case.card.not_recorded
    missing = [
        mid_sentence(flag.rule.label) + (f" ({_note(flag)})" if flag.note else "")
        for flag in assessment.red_flags
        if is_not_recorded(flag)
    ]
    if [each for each in assessment.risk_factors if each.rule is OVER_65 and each.state is _UNKNOWN]:
        missing.append("whether over 65 (birth date missing or partial)")
    if "pulses" in wanted:
        told = {finding.rule for finding in (*assessment.findings, *assessment.listed)}
        signs = [mid_sentence(rule.label) for rule in (*PERFUSION, *NERVE) if rule not in told]
        if signs:
            missing.append(f"no entry that counts for: {', '.join(signs)}")
    unread = "" if assessment.fully_read else OF_NO_FINDING["unread"](case)
    looked = f"not looked for in full, as {unread} could not be read in full: " if missing and unread else ""
    return looked + "; ".join(missing)


def recorded_absent(case: Case) -> str:
    """Red flags that the record denies, and a DVT where one is in question, with the entry that does."""
    lines = []
    if "wells" in case.card.not_recorded and not knows_dvt(case.assessment):
        lines = [_denied(fact, case) for fact in newest(case.assessment.refuted)]
    for flag in case.assessment.red_flags:
        if flag.state is _ABSENT and flag.evidence:
            fact = newest(flag.evidence)[0]
            value = [f"newest score {quoted(fact.quantity.text)}, {fact.site}"] if fact.quantity else []
            shown = ", ".join([*value, when_words(fact, case.as_of), quoted(fact.source)])
            shown += f" ({own_words(flag.note)})" if flag.note else ""
            lines.append(f"{mid_sentence(flag.rule.label)}: {shown}")
    return "; ".join(lines)


def _denied(fact: Fact, case: Case) -> str:
    """DVT, left: onset 2026-11-21 (5 days ago), `Condition/1`"""
    side = "" if fact.side is _NO_SIDE else f", {fact.side}"
    kind = kind_words(fact, case.files.shared.findings)
    return f"{kind}{side}: {when_words(fact, case.as_of)}, {quoted(fact.source)}"


def home_care(case: Case) -> str:
    """The steps that nothing on the record speaks against, with what this patient has to mind."""
    if not case.assessment.suits_home_care:
        return ""
    words = case.files.shared.home_care
    lines = []
    for step in case.assessment.home_care:
        if not step.withheld:
            minded = f" ({'; '.join(step.mind)})" if step.mind else ""
            lines.append(words[step.name] + minded)
    return bullets(lines)


def leave_out(case: Case) -> str:
    """The steps that this patient should not be advised, with the reasons."""
    withheld = [step for step in case.assessment.home_care if step.withheld]
    return ", ".join([f"{step.name} ({'; '.join(step.withheld)})" for step in withheld])


def limits(case: Case) -> str:
    """The small print."""
    words = case.files.small_print
    said = [words.always]
    if _colour_matters(case):
        said.append(words.colour)
    if case.assessment.is_child:
        said.append(words.child)
    return " ".join([say(each, LIMITS, case) for each in said])


def _as_of(case: Case) -> str:
    return moment_words(case.as_of)


SECTIONS: dict[str, Say] = {
    "why": why,
    "also": also,
    "evidence": evidence,
    "patterns": patterns,
    "wells": wells,
    "d_dimer": d_dimer,
    "risk_factors": risk_factors,
    "not_recorded": not_recorded,
    "recorded_absent": recorded_absent,
    "unread": unread,
    "options": options,
    "home_care": home_care,
    "leave_out": leave_out,
    "limits": limits,
}
"""The placeholders of the frame."""

FINDING_BODY: dict[str, Say] = {"recorded": recorded, "source": source, **OPTIONS}
"""The placeholders of the two sections of a card that stands for a finding."""

FIXED_BODY: dict[str, Say] = {
    name: OF_NO_FINDING[name]
    for name in (
        *("complaint", "side", "uncounted", "embolism_symptoms", "creatine_kinase", "limb_signs"),
        *("known_dvt", "low_index", "on_anticoagulant"),
        *("thrombosis_risks", "unknown_flags", "unread"),
    )
}
"""The placeholders of the two sections of a card that stands for none."""

LIMITS: dict[str, Say] = {"as_of": _as_of}
"""The placeholders of the small print."""


def _body(case: Case) -> dict[str, Say]:
    return FINDING_BODY if case.assessment.findings else FIXED_BODY


def _consider(finding: Finding, case: Case) -> str:
    """What the finding's own card would consider, if that is another."""
    consider = case.files.cards[finding.rule.card].consider
    return f": consider {consider}" if consider and consider != case.card.consider else ""


def _other_side(finding: Finding, case: Case) -> str:
    """The side of the finding, where it is not that of the card."""
    assessment = case.assessment
    side = side_of_finding(finding, assessment)
    is_that_of_the_card = side is _NO_SIDE or side is side_of_finding(assessment.findings[0], assessment)
    return "" if is_that_of_the_card else f", {side}"


def _colour_matters(case: Case) -> bool:
    """Does the card speak of a colour of the skin, seen or denied?"""
    flagged = [fact.concept for flag in case.assessment.red_flags for fact in flag.evidence]
    return not _COLOURS.isdisjoint([*flagged, *[fact.concept for fact in case.entries]])


def _is_told_elsewhere(finding: Finding, raising: Collection[str], items: Collection[Fact]) -> bool:
    """Weakness that is the alarm sign itself; inactivity by surgery alone, which the line of the surgery tells; an item
    of the score that the card shows.
    """
    if finding.rule in _ITEMS:
        return all(fact in items for fact in finding.evidence)
    if finding.rule is WEAKNESS:
        return all(fact.source in raising for fact in finding.evidence)
    return finding.rule is INACTIVE and all(fact.concept == "surgery" for fact in finding.evidence)


def _risk(finding: Finding, case: Case, shown: Collection[Fact]) -> str:
    """One risk factor with its newest entry, and where it is from; what is `shown` is not told again, an entry that is
    shown for something else by its name alone.
    """
    rule = finding.rule
    entries = [fact for fact in newest(finding.evidence) if fact not in shown]
    parts = [age_words(case.assessment.age)] if rule is OVER_65 else []
    for fact in entries[:1]:
        is_told = any(_of_entry(each) == _of_entry(fact) for each in shown)
        parts += [] if is_told else [entry(fact, when_words(fact, case.as_of))]
        parts.append(quoted(fact.source))
    if len(entries) > 1:
        parts.append(f"and {len(entries) - 1} more")
    origin = "" if rule.source is GUIDANCE else f" (not from the guidance: {source_words(rule.source)})"
    note = f"; {own_words(finding.note)}" if finding.note else ""
    return (finding.label or rule.label) + (f": {', '.join(parts)}" if parts else "") + note + origin


def _of_entry(fact: Fact) -> tuple[object, ...]:
    """What is the same of two facts that one entry of the chart says."""
    return fact.source, fact.display, fact.when


def _in_words(finding: Finding, case: Case) -> str:
    """One finding in a sentence, with side, newest date and note."""
    parts = [named_inside(finding, case)]
    if finding.rule.id in _COMPOSITE:
        parts[0] += f" ({', '.join(sided_kinds([finding], case))})"
    if (side := side_of_finding(finding, case.assessment)) is not _NO_SIDE:
        parts.append(in_part(side, [finding]))
    if finding.evidence and finding.rule not in _UNDATED:
        latest = newest(finding.evidence)[0]
        when = case.entries.get(latest) or when_words(latest, case.as_of)
        parts.append(f"newest entry: {when}" if finding.rule.id in _JOINED else when)
    note = _note(finding)
    return ", ".join(parts) + (f" ({note})" if note else "")


def _note(finding: Finding) -> str:
    return own_words(finding.note) if finding.note else ""
