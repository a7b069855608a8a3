"""What the service answers to a vignette, on the whole path of a hook call: request, read, assess, render."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from cds_service.app import cards_folder, hook_services
from cds_service.assessment.rule import Level
from cds_service.cli.assess import read_nothing
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.context import read_call
from cds_service.hooks.patient_view import PATIENT_VIEW
from cds_service.hooks.prefetch import chart_needs
from cds_service.rendering.card_files import load_cards
from cds_service.security.caller import NOBODY
from cds_service.settings import Settings
from cds_service.wire import Card
from tests.validation.vignettes import Vignette


@dataclass(frozen=True)
class Answer:
    """A vignette, and the cards and raising rules that the service answered with."""

    vignette: Vignette
    level: Level
    raised_by: frozenset[str]
    cards: Sequence[Card]

    @property
    def agrees(self) -> bool:
        """In the level, which is what the card's urgency is."""
        return self.level is self.vignette.level

    @property
    def missed(self) -> frozenset[str]:
        """Rules that were expected to raise the level and did not."""
        return self.vignette.raised_by - self.raised_by

    @property
    def unexpected(self) -> frozenset[str]:
        return self.raised_by - self.vignette.raised_by

    @property
    def differs(self) -> bool:
        """In the level or in any rule."""
        return not self.agrees or bool(self.missed or self.unexpected)


def answers(vignettes: Iterable[Vignette], settings: Settings) -> list[Answer]:
    """The answers of the patient-view service, each as of the moment of its vignette."""
    service = {each.hook: each for each in hook_services(settings, read_nothing, load_cards(cards_folder(settings)))}[
        PATIENT_VIEW.hook
    ]
    needs = chart_needs(Terminology().measurement_codes())

    async def answer(vignette: Vignette) -> Answer:
        request = msgspec.json.encode(chart_request(vignette.bundle, needs))
        reply = await service.handle(read_call(request, service.hook), NOBODY, vignette.as_of)
        level = Level[reply.cards[0].indicator.upper()] if reply.cards else Level.NONE
        return Answer(vignette, level, frozenset(reply.rules), reply.cards)

    async def every() -> list[Answer]:
        return [await answer(each) for each in vignettes]

    return asyncio.run(every())
