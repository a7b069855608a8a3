"""Assessment + words of cards/ -> the cards of the answer."""

from __future__ import annotations

from typing import Literal

from cds_service.assessment.rules import Level
from cds_service.assessment.triage import Assessment
from cds_service.circumstances import Circumstances
from cds_service.rendering import summary
from cds_service.rendering.case import Case, open_case, say
from cds_service.rendering.content import CardFile, CardFiles
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

    def render(self, assessment: Assessment, circumstances: Circumstances) -> list[Card]:
        """One card, or none at Level.NONE. The same call gives the same uuid again."""
        if assessment.level is Level.NONE:
            return []
        case = open_case(assessment, self._files, circumstances.as_of)
        card = case.card
        suggestions = self._suggestions.offered(case, circumstances)
        return [
            Card(
                uuid=stable_uuid(f"{circumstances.hook_instance} {card.id}"),
                summary=_summary(case),
                indicator=self._indicators[assessment.level],
                source=card.source,
                detail=say(self._files.frame, SECTIONS, case),
                suggestions=suggestions or None,
                selectionBehavior="any" if suggestions else None,
                links=list(self._links[card.id]),
                overrideReasons=list(card.override_reasons),
            )
        ]


def _summary(case: Case) -> str:
    says = summary.OF_A_FINDING if case.assessment.findings else summary.OF_NO_FINDING
    return sentence_start(say(case.card.summary, says, case))


def _links(card: CardFile, files: CardFiles, guidance_url: str) -> tuple[Link, ...]:
    """The patient guidance, then the card's own."""
    guidance = Link(label=files.shared.guidance_link, url=guidance_url, type="absolute")
    return (guidance, *(link for link in card.links if link.url != guidance_url))
