"""The sections of a card's detail. Each function gives Markdown, or nothing when there is nothing to say.

Text of the chart appears only inside code spans (`words.quoted`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cds_service.assessment.critical import COMPARTMENT_SIGNS, LIMB_SIGNS
from cds_service.assessment.limb_threat import NERVE, PERFUSION
from cds_service.assessment.risk_factors import OVER_65
from cds_service.assessment.rules import Finding, Level
from cds_service.assessment.sources import GUIDANCE
from cds_service.assessment.triage import Assessment
from cds_service.assessment.wells import NOT_CODED, WellsScore
from cds_service.facts import Certainty, Course, Fact, Side, Site, State, Topic
from cds_service.rendering.card_files import CardFile
from cds_service.rendering.summary import kinds, named, points_words
from cds_service.rendering.words import (
    age_words,
    and_more,
    date_words,
    mid_sentence,
    newest,
    own_words,
    quoted,
    sentence_start,
    side_of,
    source_words,
)

_MOST_BULLETS = 8
_MOST_REMARKS = 3
_UNDATED_REMARK = "date not recorded"
_COLOURS = frozenset({"skin-colour", "pallor-cyanosis", "cellulitis", "gangrene", "necrotising-infection"})
_COMPOSITE = (LIMB_SIGNS, COMPARTMENT_SIGNS)  # rules that rest on several kinds of thing at once
_UNREAD = {
    Topic.PATIENT: "patient data could not be read in full: age unknown",
    Topic.CONDITIONS: "Conditions could not be read in full",
    Topic.OBSERVATIONS: "Observations could not be read in full",
    Topic.MEDICATIONS: "medicines could not be read in full: anticoagulant unknown unless listed above",
    Topic.PROCEDURES: "procedures could not be read in full: recent surgery unknown",
}


def recorded(assessment: Assessment, words: Mapping[str, str], as_of: datetime) -> str:
    """The findings that the card's own source speaks of, with side and newest date."""
    return "; ".join(_in_words(each, assessment, words, as_of) for each in _spoken_for(assessment))


def also(assessment: Assessment, card: CardFile, cards: Mapping[str, CardFile]) -> str:
    """Findings of other sources and cards, with what those would consider, and flags that are listed only."""
    spoken_for = _spoken_for(assessment)
    own = {fact for finding in spoken_for for fact in finding.evidence}
    groups: dict[str, list[str]] = {}
    for finding in assessment.findings:
        consider = cards[finding.rule.card].consider
        other = finding.rule.card != card.id
        repeats = other and consider == card.consider and own.issuperset(finding.evidence)
        if finding in spoken_for or repeats:
            continue
        ending = f": consider {consider}" if other and consider and consider != card.consider else ""
        notes = "; ".join([source_words(finding.rule.source), *_notes(finding, assessment)])
        label = mid_sentence(named(finding, assessment))
        groups.setdefault(f" ({notes}){ending}", []).append(label)
    lines = [sentence_start("; ".join(labels)) + ending for ending, labels in groups.items()]
    lines += [f"{flag.rule.label} ({own_words(flag.note)})" for flag in _listed_only(assessment)]
    return _bullets(lines)


def evidence(assessment: Assessment, words: Mapping[str, str], as_of: datetime) -> str:
    """The entries that the card rests on: those of the deciding finding first, then the complaint's own."""
    facts = [fact for finding in assessment.findings for fact in newest(finding.evidence)]
    facts += newest(assessment.complaint)
    facts += [fact for flag in _listed_only(assessment) for fact in newest(flag.evidence)]
    sources: dict[str, dict[str, None]] = {}
    for fact in dict.fromkeys(facts):
        sources.setdefault(_fact_line(fact, words, as_of), {})[quoted(fact.source)] = None
    return _bullets([f"{line}, {', '.join(and_more(list(names), 3))}" for line, names in sources.items()])


def wells_line(assessment: Assessment, card: CardFile) -> str:
    """The score, on cards where DVT is in question and no finding of its own says it already."""
    score = assessment.wells
    said = any(finding.rule.id == "wells" for finding in assessment.findings)
    if score is None or not score.points or said or "wells" not in card.not_recorded:
        return ""
    return f"{points_words(score)} from recorded items: {_wells_items(score)}"


def risks(assessment: Assessment, as_of: datetime) -> str:
    """Risk factors on the record, those of the guidance first. An entry already shown is not repeated."""
    shown = {fact for finding in assessment.findings for fact in finding.evidence}
    present = [finding for finding in assessment.risk_factors if finding.state is State.PRESENT]
    lines = []
    for finding in sorted(present, key=lambda each: each.rule.source is not GUIDANCE):
        entries = [fact for fact in newest(finding.evidence) if fact not in shown]
        parts = [age_words(assessment.age)] if finding.rule is OVER_65 else []
        parts += [f"{_entry(fact, as_of)}, {quoted(fact.source)}" for fact in entries[:1]]
        if len(entries) > 1:
            parts.append(f"and {len(entries) - 1} more")
        source = finding.rule.source
        origin = "" if source is GUIDANCE else f" (not from the guidance: {source_words(source)})"
        lines.append(finding.rule.label + (f": {', '.join(parts)}" if parts else "") + origin)
    return _bullets(lines)


def not_recorded(assessment: Assessment, card: CardFile) -> str:
    """What nobody put on record: red flags, and what this card would want to know beside them."""
    missing = [mid_sentence(flag.rule.label) for flag in assessment.red_flags if flag.state is State.UNKNOWN]
    if any(each.rule is OVER_65 and each.state is State.UNKNOWN for each in assessment.risk_factors):
        missing.append("whether over 65 (birth date missing or partial)")
    if "pulses" in card.not_recorded:
        counted = {finding.rule for finding in assessment.findings}
        signs = [mid_sentence(rule.label) for rule in (*PERFUSION, *NERVE) if rule not in counted]
        if signs:
            missing.append(f"no entry that counts for: {', '.join(signs)}")
    if "wells" in card.not_recorded and assessment.wells is not None:
        in_question = card.id == "possible-dvt" or assessment.wells.points
        items = (*assessment.wells.missing, *NOT_CODED) if in_question else NOT_CODED
        missing.append(f"for the Wells score: {', '.join(items)}")
    return "; ".join(missing)


def recorded_absent(assessment: Assessment, as_of: datetime) -> str:
    """Red flags that the record denies, with the entry that does."""
    lines = []
    for flag in assessment.red_flags:
        if flag.state is State.ABSENT and flag.evidence:
            fact = newest(flag.evidence)[0]
            value = [f"newest score {quoted(fact.quantity.text)}, {fact.site.value}"] if fact.quantity else []
            shown = ", ".join([*value, _when(fact, as_of), quoted(fact.source)])
            lines.append(f"{mid_sentence(flag.rule.label)}: {shown}")
    return "; ".join(lines)


def unread(assessment: Assessment) -> str:
    """What of the chart did not arrive or was passed over."""
    reasons: dict[Topic, list[str]] = {}
    for gap in assessment.gaps:
        reasons.setdefault(gap.topic, []).append(own_words(gap.reason))
    lines = [
        f"{sentence_start(_UNREAD[topic])} ({'; '.join(and_more(list(dict.fromkeys(each)), 3))})"
        for topic, each in reasons.items()
    ]
    lines += [f"Entries that {own_words(reason)}: {count}" for reason, count in assessment.left_out]
    return _bullets(lines)


def home_care(assessment: Assessment, words: Mapping[str, str]) -> str:
    """The steps of the guidance that nothing on the record speaks against."""
    return _bullets([words[step.name] for step in assessment.home_care if not step.withheld])


def leave_out(assessment: Assessment) -> str:
    """The steps that this patient should not be advised, with the reasons."""
    withheld = [step for step in assessment.home_care if step.withheld]
    return ", ".join(f"{step.name} ({'; '.join(step.withheld)})" for step in withheld)


def colour_matters(assessment: Assessment) -> bool:
    """Does the card speak of a colour of the skin, seen or denied?"""
    findings = (*assessment.findings, *assessment.red_flags)
    return any(fact.concept in _COLOURS for finding in findings for fact in finding.evidence)


def _spoken_for(assessment: Assessment) -> list[Finding]:
    """The findings of the same card and the same source as the most urgent one."""
    return [
        finding
        for finding in assessment.findings
        if (finding.rule.card, finding.rule.source)
        == (assessment.findings[0].rule.card, assessment.findings[0].rule.source)
    ]


def _listed_only(assessment: Assessment) -> list[Finding]:
    return [flag for flag in assessment.red_flags if flag.state is State.PRESENT and flag.level is Level.NONE]


def _in_words(finding: Finding, assessment: Assessment, words: Mapping[str, str], as_of: datetime) -> str:
    parts = [mid_sentence(named(finding, assessment))]
    if finding.rule in _COMPOSITE:
        parts[0] += f" ({', '.join(kinds(finding, words))})"
    if (side := side_of(finding.evidence)) is not Side.NOT_STATED:
        parts.append(side.value)
    parts += [_when(fact, as_of) for fact in newest(finding.evidence)[:1]]
    notes = "; ".join(_notes(finding, assessment))
    return ", ".join(parts) + (f" ({notes})" if notes else "")


def _notes(finding: Finding, assessment: Assessment) -> list[str]:
    if finding.rule.id == "wells" and assessment.wells is not None:
        return [_wells_items(assessment.wells)]
    return [own_words(finding.note)] if finding.note else []


def _wells_items(score: WellsScore) -> str:
    caveats = "; ".join(item.caveat for item in score.items if item.caveat)
    return ", ".join(item.label for item in score.items) + (f"; to confirm: {caveats}" if caveats else "")


def _fact_line(fact: Fact, words: Mapping[str, str], as_of: datetime) -> str:
    """One entry of the chart, without its source."""
    label = words.get(fact.concept, fact.concept.replace("-", " "))
    return f"{sentence_start(label)}: {_entry(fact, as_of)}"


def _entry(fact: Fact, as_of: datetime) -> str:
    """Value, words of the chart, how certain, where, when, remarks."""
    parts = [quoted(fact.quantity.text)] if fact.quantity is not None else []
    parts.append(quoted(fact.display) if fact.display else f"code {quoted(fact.codes[0][1])}")
    parts += [word for word, holds in (("severe", fact.severe), ("sudden onset", fact.sudden)) if holds]
    if fact.certainty is Certainty.SUSPECTED:
        parts.append("**suspected**")
    if fact.course is not Course.CURRENT:
        parts.append(fact.course.value)
    if fact.site_matters or fact.side is not Side.NOT_STATED:
        parts.append(fact.side.value)
    if fact.site_matters or fact.site is not Site.NOT_STATED:
        parts.append(fact.site.value)
    parts.append(_when(fact, as_of))
    remarks = [remark for remark in fact.remarks if remark != _UNDATED_REMARK]
    parts += [quoted(remark) for remark in remarks[:_MOST_REMARKS]]
    return ", ".join(parts)


def _when(fact: Fact, as_of: datetime) -> str:
    if fact.when is None:
        return "date not recorded"
    text = date_words(fact.when, as_of)
    if not fact.is_condition:
        return text
    return f"onset {text}" if fact.began is not None else f"recorded {text}"


def _bullets(lines: Sequence[str]) -> str:
    """A list, set off by an empty line because some readers of Markdown need one before it."""
    return "\n" + "\n".join(f"- {line}" for line in and_more(lines, _MOST_BULLETS)) if lines else ""
