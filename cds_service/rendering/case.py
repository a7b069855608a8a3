"""What one card speaks of: the assessment, the card's words, and what several sections need, worked out once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cds_service.assessment.appointments import LateAppointments
from cds_service.assessment.critical import CELLULITIS_SEPSIS, THROMBOSIS
from cds_service.assessment.patterns.pattern import Recognised
from cds_service.assessment.red_flags import REST, SEVERE
from cds_service.assessment.rules import Finding, Level
from cds_service.assessment.triage import Assessment
from cds_service.assessment.warning import BLEEDING, CELLULITIS, REST_PAIN, WELLS
from cds_service.facts import Fact, Side, State
from cds_service.rendering.content import CardFile, CardFiles
from cds_service.rendering.template import Paragraphs, Template
from cds_service.rendering.words import newest, side_of, when_words

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_PRESENT, _NO_LEVEL = State.PRESENT, Level.NONE

_TOLD_BY = {SEVERE: BLEEDING, REST: REST_PAIN, CELLULITIS: CELLULITIS_SEPSIS}  # what another finding holds wholly

NO_RED_FLAG = "no-red-flag"
NOT_ASSESSED = "not-assessed"
FIXED_CARDS = (NO_RED_FLAG, NOT_ASSESSED)
"""The cards that stand for no finding."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What, beside the chart, calls for a card. `id` names its words in cards/; empty: nothing but the chart.

    `entries` are newly recorded, `new_findings` would not be there without them. `appointments` are late. `offers` are
    the suggestions to make, where the record allows, in place of the card's own; None leaves those.
    """

    id: str = ""
    entries: Sequence[Fact] = ()
    new_findings: Sequence[Finding] = ()
    appointments: LateAppointments | None = None
    offers: Sequence[str] | None = None


CHART_ALONE = Occasion()


@dataclass(frozen=True, slots=True)
class Case:
    """One assessment, the card that speaks for it, and the moment.

    `spoken_for`: the findings of the same card and the same source as the most urgent one; `others`: the rest, less
    what those have said already.
    `listed_only`: red flags that do not raise the level. `patterns`: those that the card does not speak of already.
    `entries`: the facts of all findings, the most urgent finding first and in each the newest, with the words for their
    dates. `evidence`: likewise all that the card rests on, after `entries` the complaint, what is only listed, what
    must be seen, and patterns.
    """

    assessment: Assessment
    card: CardFile
    files: CardFiles
    as_of: datetime
    spoken_for: list[Finding]
    others: list[Finding]
    listed_only: list[Finding]
    patterns: list[Recognised]
    entries: dict[Fact, str]
    evidence: dict[Fact, str]
    occasion: Occasion = CHART_ALONE

    @property
    def offers(self) -> Sequence[str]:
        """The names of the suggestions that this card makes, where the record allows."""
        return self.card.suggestions if self.occasion.offers is None else self.occasion.offers


Say = Callable[[Case], str]
"""What a placeholder says of a case."""


def open_case(assessment: Assessment, files: CardFiles, as_of: datetime, occasion: Occasion = CHART_ALONE) -> Case:
    """The assessment made ready to be told."""
    card = files.cards[card_id(assessment)]
    findings = assessment.findings
    first = (findings[0].rule.card, findings[0].rule.source) if findings else None
    spoken_for: list[Finding] = []
    others: list[Finding] = []
    for finding in findings:
        own = (finding.rule.card, finding.rule.source) == first
        (spoken_for if own else others).append(finding)
    others = [finding for finding in others if not _is_said(finding, spoken_for, assessment, files)]
    flags = assessment.red_flags
    listed_only = [flag for flag in flags if flag.state is _PRESENT and flag.level is _NO_LEVEL]
    entries = dated({}, [fact for finding in findings for fact in newest(finding.evidence)], as_of)
    patterns = [each for each in assessment.patterns if not _is_told(each, card, files, assessment, entries)]
    evidence = dated(entries, _beside_findings(assessment, listed_only, patterns), as_of)
    return Case(assessment, card, files, as_of, spoken_for, others, listed_only, patterns, entries, evidence, occasion)


def _is_said(finding: Finding, spoken_for: Sequence[Finding], assessment: Assessment, files: CardFiles) -> bool:
    """Of a finding of another card or source: does this card say it, and name the same causes, already?

    Severe pain is told by that under an anticoagulant, pain at rest by the rest pain of arterial disease, cellulitis by
    that with sepsis. A score for suspected DVT says nothing of a leg with an untreated one.
    """
    findings, score = assessment.findings, assessment.wells
    if any(each.rule is _TOLD_BY.get(finding.rule) for each in findings):
        return True
    known = [each for each in findings if each.rule is THROMBOSIS and finding.rule is WELLS]
    if known and score is not None and score.side in (side_of(known[0].evidence), Side.BOTH, Side.NOT_STATED):
        return True
    own, other = files.cards[spoken_for[0].rule.card], files.cards[finding.rule.card]
    if other is own or other.consider != own.consider:
        return False
    return {fact for each in spoken_for for fact in each.evidence}.issuperset(finding.evidence)


def _is_told(
    each: Recognised, card: CardFile, files: CardFiles, assessment: Assessment, entries: Mapping[Fact, str]
) -> bool:
    """Is it the pattern of this very card, and everything of it told, a fact against and a measurement included?"""
    if card.id not in files.patterns.words[each.pattern.id].told_by:
        return False
    told = {*entries, *assessment.complaint, *(fact for flag in assessment.red_flags for fact in flag.evidence)}
    measured = [fact for fact in each.fit.supporting if fact.quantity is not None]
    return told.issuperset([*each.fit.against, *measured])


def _beside_findings(
    assessment: Assessment, listed_only: Iterable[Finding], patterns: Iterable[Recognised]
) -> list[Fact]:
    flagged = [fact for flag in (*listed_only, *assessment.listed) for fact in newest(flag.evidence)]
    fitting = [fact for each in patterns for fact in each.fit.facts]
    return [*newest(assessment.complaint), *flagged, *newest(assessment.beside), *fitting]


def dated(known: Mapping[Fact, str], facts: Iterable[Fact], as_of: datetime) -> dict[Fact, str]:
    """What is known and these facts, each once, with the words for its date."""
    entries = dict(known)
    for fact in facts:
        if fact not in entries:
            entries[fact] = when_words(fact, as_of)
    return entries


def card_id(assessment: Assessment) -> str:
    """The card that speaks: that of the most urgent finding, else one of the two fixed ones."""
    if assessment.findings:
        return assessment.findings[0].rule.card
    return NO_RED_FLAG if assessment.fully_read else NOT_ASSESSED


def say(words: Template | Paragraphs, says: Mapping[str, Say], case: Case) -> str:
    """The words, with what each of their placeholders says of the case."""
    return words.fill({name: says[name](case) for name in words.names})
