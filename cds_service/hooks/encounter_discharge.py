"""encounter-discharge: home care that suits this patient, what to leave out and why, and when to come back."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec

from cds_service.assessment.next_steps import INSTRUCTIONS
from cds_service.hooks.context import HookCall
from cds_service.hooks.reply import Reply
from cds_service.hooks.statement import Statement
from cds_service.hooks.triage import ChartTriage
from cds_service.rendering.case import Occasion
from cds_service.rendering.occasions import DISCHARGE
from cds_service.rendering.render import Renderer
from cds_service.security.caller import Caller
from cds_service.wire import ServiceDescription


class EncounterDischarge:
    """The service `calf-pain-encounter-discharge` (hook encounter-discharge 1.0)."""

    id = "calf-pain-encounter-discharge"
    hook = "encounter-discharge"

    def __init__(self, triage: ChartTriage, renderer: Renderer, system_actions: bool) -> None:
        self._triage = triage
        self._renderer = renderer
        self._system_actions = system_actions

    @property
    def description(self) -> ServiceDescription:
        return self._triage.described(
            self.hook,
            "Calf pain: home care and when to come back",
            "Looks through the chart when a patient goes home. Where the record holds a leg complaint, a card "
            "with the home care of the guidance that suits what is recorded, what of it to leave out and why, "
            "when to come back, and any red flag; the instructions for the patient are offered as a "
            "CommunicationRequest. Otherwise none.",
        )

    async def handle(self, call: HookCall, caller: Caller, as_of: datetime) -> Reply:
        """The card for the way home as of an aware moment. Raises InvalidRequest and MissingPrecondition."""
        if not call.is_for_clinician:
            return Reply([])
        material = await self._triage.complete(call, caller)
        chart = self._triage.read(material, call, as_of)
        assessment = self._triage.assess(chart, as_of)
        if not assessment.complaint:
            return Reply.about(chart, material, (), [])
        occasion = Occasion(DISCHARGE, offers=(INSTRUCTIONS,) if assessment.suits_home_care else ())
        cards = self._renderer.render(assessment, call.circumstances(as_of), occasion)
        reply = Reply.about(chart, material, assessment.findings, cards, Statement(assessment, occasion))
        return _without_asking(reply) if self._system_actions else reply


def _without_asking(reply: Reply) -> Reply:
    """The suggestions' actions as system actions: the EHR drafts them at once; sending them is still a clinician's."""
    actions = [action for card in reply.cards for each in card.suggestions or () for action in each.actions or ()]
    cards = [msgspec.structs.replace(card, suggestions=None, selectionBehavior=None) for card in reply.cards]
    return replace(reply, cards=cards, system_actions=actions)
