"""Assessment + words of cards/ -> the cards of the answer."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from cds_service.assessment.rules import Level
from cds_service.assessment.triage import Assessment
from cds_service.rendering import sections, summary
from cds_service.rendering.card_files import CardFile, CardFiles
from cds_service.rendering.template import fill, fill_paragraphs
from cds_service.rendering.words import sentence_start, source_words
from cds_service.wire import Card, Indicator, Link

_CARD_INSTANCES = UUID("6f3b1d52-3a0e-5c62-9b57-0d2f8f6f7c11")
_INDICATORS: dict[Level, Indicator] = {
    Level.INFO: "info",
    Level.WARNING: "warning",
    Level.CRITICAL: "critical",
}


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
        self._cards = card_files.cards
        self._shared = card_files.shared
        self._frame = card_files.frame
        self._guidance = Link(label=card_files.shared.guidance_link, url=guidance_url, type="absolute")
        self._max_indicator = max_indicator

    def render(self, assessment: Assessment, as_of: datetime, hook_instance: str) -> list[Card]:
        """One card, or none at Level.NONE. The same call gives the same uuid again."""
        if assessment.level is Level.NONE:
            return []
        card = self._cards[card_id(assessment)]
        return [
            Card(
                uuid=str(uuid5(_CARD_INSTANCES, f"{hook_instance} {card.id}")),
                summary=sentence_start(fill(card.summary, self._summary_values(assessment))),
                indicator=self._indicator(assessment.level),
                source=card.source,
                detail=self._detail(assessment, card, as_of),
                links=[self._guidance, *(link for link in card.links if link.url != self._guidance.url)],
                overrideReasons=list(card.override_reasons),
            )
        ]

    def _indicator(self, level: Level) -> Indicator:
        return "warning" if level is Level.CRITICAL and self._max_indicator == "warning" else _INDICATORS[level]

    def _summary_values(self, assessment: Assessment) -> dict[str, str]:
        if assessment.findings:
            return summary.finding_values(assessment, self._shared.findings, self._shared.complaints)
        return summary.fixed_values(assessment, self._shared.complaints)

    def _detail(self, assessment: Assessment, card: CardFile, as_of: datetime) -> str:
        own = self._own_values(assessment, card, as_of)
        suits = card.id == summary.NO_RED_FLAG
        return fill_paragraphs(
            self._frame,
            {
                "why": fill_paragraphs(card.why, own),
                "also": sections.also(assessment, card, self._cards),
                "evidence": sections.evidence(assessment, self._shared.findings, as_of),
                "wells": sections.wells_line(assessment, card),
                "risk_factors": sections.risks(assessment, as_of),
                "not_recorded": sections.not_recorded(assessment, card),
                "recorded_absent": sections.recorded_absent(assessment, as_of),
                "unread": sections.unread(assessment),
                "options": fill_paragraphs(card.options, own),
                "home_care": sections.home_care(assessment, self._shared.home_care) if suits else "",
                "leave_out": sections.leave_out(assessment),
                "limits": self._limits(assessment, as_of),
            },
        )

    def _own_values(self, assessment: Assessment, card: CardFile, as_of: datetime) -> dict[str, str]:
        """What the card's own two sections can say."""
        if not assessment.findings:
            values = summary.fixed_values(assessment, self._shared.complaints)
            return {**values, "thrombosis_risks": ", ".join(summary.thrombosis_risks(assessment))}
        return {
            "recorded": sections.recorded(assessment, self._shared.findings, as_of),
            "source": source_words(assessment.findings[0].rule.source),
        }

    def _limits(self, assessment: Assessment, as_of: datetime) -> str:
        """The small print."""
        limits = self._shared.limits
        said = [limits.always]
        if sections.colour_matters(assessment):
            said.append(limits.colour)
        if assessment.is_child:
            said.append(limits.child)
        return fill(" ".join(said), {"as_of": as_of.strftime("%Y-%m-%d %H:%M %Z")})


def card_id(assessment: Assessment) -> str:
    """The card that speaks: that of the most urgent finding, else one of the two fixed ones."""
    if assessment.findings:
        return assessment.findings[0].rule.card
    return summary.NO_RED_FLAG if assessment.fully_read else summary.NOT_ASSESSED
