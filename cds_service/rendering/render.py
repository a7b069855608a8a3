"""Assessment + words of cards/ -> the cards of the answer."""

from __future__ import annotations

from typing import Literal

from cds_service.assessment.rules import Level
from cds_service.assessment.triage import Assessment
from cds_service.circumstances import Circumstances
from cds_service.rendering import summary
from cds_service.rendering.case import CHART_ALONE, Case, Occasion, open_case, say
from cds_service.rendering.content import CardFile, CardFiles
from cds_service.rendering.occasions import OCCASIONS
from cds_service.rendering.sections import SECTIONS
from cds_service.rendering.suggestions import Suggestions, stable_uuid
from cds_service.rendering.words import sentence_start
from cds_service.wire import Card, Indicator, Link


class Renderer:
    """Turns assessments into cards.

    `guidance_url` is the patient guidance that every card links to. `max_indicator` "warning" shows what is
    critical as a warning, for a site whose regulator wants that; nothing else changes.
    """

    def __init__(
        self,
        card_files: CardFiles,
        guidance_url: str,
        max_indicator: Literal["critical", "warning"] = "critical",
    ) -> None:
        self._files = card_files
        self._suggestions = Suggestions(card_files.shared, guidance_url)
        self._links = {card.id: _links(card, card_files, guidance_url) for card in card_files.cards.values()}
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
        case = open_case(assessment, self._files, circumstances.as_of, occasion)
        card = case.card
        suggestions = self._suggestions.offered(case, circumstances)
        return [
            Card(
                uuid=card_uuid(circumstances.hook_instance, card.id),
                summary=_summary(case),
                indicator=self._indicators[assessment.level],
                source=card.source,
                detail=_detail(case),
                suggestions=suggestions or None,
                selectionBehavior="any" if suggestions else None,
                links=[*self._links[card.id], *self._basis(circumstances)],
                overrideReasons=list(card.override_reasons),
            )
        ]

    def _basis(self, circumstances: Circumstances) -> list[Link]:
        """What the card rests on, where the service that says so can be reached."""
        if not circumstances.service_url:
            return []
        label = self._files.shared.attributes_link
        return [Link(label=label, url=f"{circumstances.service_url}/knowledge/source-attributes", type="absolute")]


def card_uuid(hook_instance: str, card_id: str) -> str:
    """The uuid of this card in the answer to that call."""
    return stable_uuid(f"{hook_instance} {card_id}")


def _summary(case: Case) -> str:
    """The occasion's own, if it has one for this card, else the card's."""
    says = summary.OF_A_FINDING if case.assessment.findings else summary.OF_NO_FINDING
    words = case.card.summary
    if (occasion := case.files.occasions.get(case.occasion.id)) is not None:
        says = {**says, **OCCASIONS[occasion.id]}
        if case.assessment.findings:
            words = occasion.summary or words
        elif case.assessment.suits_home_care:
            words = occasion.summary_no_red_flag or words
    return sentence_start(say(words, says, case))


def _detail(case: Case) -> str:
    """The frame, after what the occasion says; what that has told already is not repeated."""
    occasion = case.files.occasions.get(case.occasion.id)
    if occasion is None:
        return say(case.files.frame, SECTIONS, case)
    untold = {name: _told_already if name in occasion.lead.names else told for name, told in SECTIONS.items()}
    return f"{say(occasion.lead, OCCASIONS[occasion.id], case)}\n\n{say(case.files.frame, untold, case)}"


def _told_already(_: Case) -> str:
    return ""


def _links(card: CardFile, files: CardFiles, guidance_url: str) -> tuple[Link, ...]:
    """The patient guidance, then the card's own."""
    guidance = Link(label=files.shared.guidance_link, url=guidance_url, type="absolute")
    return (guidance, *(link for link in card.links if link.url != guidance_url))
