"""Assessment + words of cards/ -> the cards of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Literal

from cds_service.assessment.ankle_brachial import Band, in_bands
from cds_service.assessment.assessment import Assessment
from cds_service.assessment.concepts import Concept
from cds_service.assessment.rule import Effect, Kind, Level
from cds_service.assessment.rules.guidance import ONGOING
from cds_service.assessment.rules.risks import OVER_65
from cds_service.assessment.rules.seen import (
    AGAINST_ANTICOAGULANT,
    ANTICOAGULANT,
    DISEASE,
    INJURY,
    PLASTER,
    REFUTED_DVT,
)
from cds_service.assessment.signs import SIGNS
from cds_service.assessment.siting import OF_BOTH_LEGS
from cds_service.circumstances import Circumstances
from cds_service.facts import OTHER_SIDE, Fact
from cds_service.rendering.case import CHART_ALONE, Case, Occasion, card_id
from cds_service.rendering.content import CardFile, CardFiles
from cds_service.rendering.entries import names_of, told
from cds_service.rendering.headline import summary
from cds_service.rendering.holes import HOLES
from cds_service.rendering.limits import limits
from cds_service.rendering.not_found import NOT_FOUND
from cds_service.rendering.occasions import DISCHARGE, OCCASIONS
from cds_service.rendering.suggestions import Suggestions, stable_uuid
from cds_service.rendering.words import bounded, newest
from cds_service.wire import Card, Indicator, Link

_MOST_RECORDED = 5
_MOST_WORDS = 110
_MOST_LISTED = 3
_MOST_SEEN = 2
_ABOUT_A_CLOT = (Effect.CLOT_IN_QUESTION, Effect.CLOT_NOT_EXCLUDED, Effect.UNTREATED_CLOT)
_TOLD = (ANTICOAGULANT, INJURY, PLASTER, DISEASE)
_MOST_RISKS = 5
_PAINS = (Concept.PAIN, Concept.SEVERE_PAIN, Concept.PAIN_SEVERITY)
_ONE_SIDED = (*OF_BOTH_LEGS, *SIGNS)
_QUOTATION = re.compile(r"`[^`]*`")  # counts as one word: text of the chart must not crowd out its facts

Explain = Callable[[Assessment, Circumstances], str]
"""The explanation of an assessment as Markdown, for a site whose EHR opens no links."""


class Renderer:
    """Turns assessments into cards.

    `guidance_url` is the patient guidance that every card links to. `max_indicator` "warning" shows what is
    critical as a warning, for a site whose regulator wants that; nothing else changes. `explain`: what is put below the
    card, if anything.
    """

    def __init__(
        self,
        card_files: CardFiles,
        guidance_url: str,
        max_indicator: Literal["critical", "warning"] = "critical",
        explain: Explain | None = None,
    ) -> None:
        self._files = card_files
        self._suggestions = Suggestions(card_files.shared, guidance_url)
        self._links = {card.id: _links(card, card_files, guidance_url) for card in card_files.cards.values()}
        self._explain = explain
        self._indicators: dict[Level, Indicator] = {
            Level.INFO: "info",
            Level.WARNING: "warning",
            Level.CRITICAL: max_indicator,
        }

    def render(
        self, assessment: Assessment, circumstances: Circumstances, occasion: Occasion = CHART_ALONE
    ) -> list[Card]:
        """One card, or none at Level.NONE. The same call gives the same uuid again."""
        if assessment.level is Level.NONE:
            return []
        card = self._files.cards[card_id(assessment)]
        case = Case(assessment, card, self._files, circumstances.as_of, occasion)
        detail = f"{_detail(case)}\n\n{limits(case)}"
        if self._explain is not None:
            detail = f"{detail}\n\n---\n\n{self._explain(assessment, circumstances)}"
        suggestions = self._suggestions.offered(case, circumstances)
        return [
            Card(
                uuid=card_uuid(circumstances.hook_instance, card.id),
                summary=summary(case),
                indicator=self._indicators[assessment.level],
                source=card.source,
                detail=detail,
                suggestions=suggestions or None,
                selectionBehavior="any" if suggestions else None,
                links=[*self._rules(circumstances, card), *self._links[card.id]],
                overrideReasons=list(card.override_reasons),
            )
        ]

    def _rules(self, circumstances: Circumstances, card: CardFile) -> list[Link]:
        """The rules behind this card, where the service that shows them can be reached."""
        if not circumstances.service_url:
            return []
        url = f"{circumstances.service_url}/knowledge#card-{card.id}"
        return [Link(label=self._files.shared.rules_link, url=url, type="absolute")]


def card_uuid(hook_instance: str, card_id: str) -> str:
    """The uuid of this card in the answer to that call."""
    return stable_uuid(f"{hook_instance} {card_id}")


def _detail(case: Case) -> str:
    """What the occasion says, what the card's file says, then as much of the record as there is room for."""
    written = _written(case)
    most = _MOST_RECORDED
    detail = "\n\n".join([*written, *_record(case, most)])
    while len(_QUOTATION.sub("x", detail).split()) > _MOST_WORDS and most > 1:
        most -= 1
        detail = "\n\n".join([*written, *_record(case, most)])
    return detail


def _written(case: Case) -> list[str]:
    """The lines whose words stand in cards/. When to come back is said after what to do now, and once."""
    lines: dict[str, str] = {}
    for label, section in case.card.sections.items():
        if text := " ".join(section.fill({name: HOLES[name](case) for name in section.names}).split()):
            lines[f"**{label}:**"] = f"**{label}:** {text}"
    occasion = case.files.occasions.get(case.occasion.id)
    if occasion is None:
        return [*lines.values()]
    says = OCCASIONS[occasion.id]
    filled = occasion.lead.fill({name: says[name](case) for name in occasion.lead.names})
    said = filled.replace("\n\n", " ")  # one line, however many the file has: a card has six
    if occasion.id == DISCHARGE:
        is_new = said and not any(said.startswith(label) for label in lines)
        return [*lines.values(), said] if is_new else [*lines.values()]
    return [said, *lines.values()] if said else [*lines.values()]


def _record(case: Case, most: int) -> list[str]:
    """What is on record, with so many entries, and what is not; each fact is told once."""
    lines: list[str] = []
    recorded, shown = _recorded(case, most)
    listed, also = _listed(case, shown)
    risks = _risks(case, shown | also)
    if recorded:
        recorded = "; ".join(filter(None, [_sides_differ(case), recorded]))
        lines.append(f"**Recorded:** {recorded}.{f' Risk: {risks}.' if risks else ''}")
    elif risks:
        lines.append(f"**Risk:** {risks}.")
    if against := _against_a_clot(case):
        lines.append(f"**Against a clot:** {against}.")
    if bleeding := _against_an_anticoagulant(case):
        lines.append(f"**Against an anticoagulant:** {bleeding}.")
    if listed:
        lines.append(f"**Also assess** (not counted): {listed}.")
    missing = [words for name in case.card.not_found if (words := NOT_FOUND[name](case))]
    if missing:
        lines.append(f"**Not found:** {'; '.join(missing)}.")
    return lines


def _recorded(case: Case, most: int) -> tuple[str, set[Fact]]:
    """What the card rests on, the most urgent finding first, then the complaint and what must be seen beside it; and
    the facts that this tells.
    """
    facts = [fact for finding in case.assessment.raising for fact in newest(finding.evidence)]
    complaint = newest(case.assessment.complaint)
    seen = [fact for finding in case.assessment.of(Kind.SEEN) if finding.rule in _TOLD for fact in finding.evidence]
    facts += [*complaint[:1], *seen[:_MOST_SEEN], *complaint[1:], *seen[_MOST_SEEN:]]
    new = set(case.occasion.entries)  # told above
    old = [fact for fact in facts if fact not in new]
    apart = {fact for each in case.assessment.raising if each.rule is ONGOING for fact in each.evidence}
    words, shown = told(old, case.files.shared.findings, case.as_of, most, apart)
    return "; ".join(words), {*shown, *new}


def _sides_differ(case: Case) -> str:
    """pain left, swelling right: where the pain is on one side and a sign on the other alone; else empty."""
    pains = {fact.side for fact in case.assessment.complaint if fact.concept in _PAINS}
    if len(pains) != 1 or (other := OTHER_SIDE.get(next(iter(pains)))) is None:
        return ""
    told_of = [*case.assessment.raising, *case.assessment.listed]
    signs = [fact for each in told_of for fact in each.evidence if fact.concept in _ONE_SIDED and each.is_present]
    if not signs or {fact.side for fact in signs} != {other}:
        return ""
    kinds = names_of(signs, case.files.shared.findings)
    return f"pain {OTHER_SIDE[other]}, {kinds[0]} {other}"


def _against_a_clot(case: Case) -> str:
    """A DVT that was refuted, and a D-dimer that is not raised; under an anticoagulant that says nothing."""
    refuted = [fact for each in case.assessment.of(Kind.SEEN) if each.rule is REFUTED_DVT for fact in each.evidence]
    normal = [
        reading.fact
        for reading in case.assessment.d_dimers
        if reading.current and reading.is_normal and not reading.treated
    ]
    words, _facts = told([*refuted, *normal], case.files.shared.findings, case.as_of, _MOST_SEEN)
    return "; ".join(words)


def _against_an_anticoagulant(case: Case) -> str:
    """Where the card speaks of a clot: what is on record against treating it so."""
    if case.lead is None or case.lead.rule.effects.isdisjoint(_ABOUT_A_CLOT):
        return ""
    facts = [
        fact for each in case.assessment.of(Kind.SEEN) if each.rule is AGAINST_ANTICOAGULANT for fact in each.evidence
    ]
    words, _facts = told(facts, case.files.shared.findings, case.as_of, _MOST_LISTED)
    return "; ".join(words)


def _listed(case: Case, shown: set[Fact]) -> tuple[str, set[Fact]]:
    """What is on record without raising the level, an ankle-brachial index out of range too; and the facts that this
    tells.
    """
    listed = [finding for finding in case.assessment.listed if finding.is_present]  # the rest is not interpreted
    facts = [fact for finding in listed for fact in newest(finding.evidence)]
    facts += in_bands(case.assessment.indices, Band.ABNORMAL, Band.NONCOMPRESSIBLE)
    facts = [fact for fact in facts if fact not in shown]
    words, also = told(facts, case.files.shared.findings, case.as_of, _MOST_LISTED)
    return "; ".join(words), set(also)


def _risks(case: Case, shown: set[Fact]) -> str:
    """over 65 (73), inactive"""
    risks: list[str] = []
    names = case.files.shared.risks
    for finding in case.assessment.of(Kind.RISK):
        if finding.is_present and (not finding.evidence or not shown.issuperset(finding.evidence)):
            risks.append(names[finding.rule.id] + (_age(case) if finding.rule.id == OVER_65.id else ""))
    return ", ".join(bounded(risks[:_MOST_RISKS], len(risks)))


def _age(case: Case) -> str:
    age = case.assessment.record.age
    if age is None:
        return ""
    return f" ({age[0]})" if age[0] == age[1] else f" ({age[0]} to {age[1]})"


def _links(card: CardFile, files: CardFiles, guidance_url: str) -> Sequence[Link]:
    """The guidelines that the options rest on, then the patient guidance."""
    guidance = Link(label=files.shared.guidance_link, url=guidance_url, type="absolute")
    return (*(link for link in card.links if link.url != guidance_url), guidance)
