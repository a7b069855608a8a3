"""encounter-discharge: home care that suits this patient, what to leave out, and when to come back."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from cds_service.assessment.rules.steps import INSTRUCTIONS
from cds_service.hooks.reply import Reply, Told
from cds_service.hooks.service import HookService, Steps
from cds_service.rendering.case import Occasion
from cds_service.rendering.occasions import DISCHARGE


def _answer(steps: Steps) -> Reply:
    """The card for the way home."""
    chart = steps.read()
    assessment = steps.assess(chart)
    if not assessment.complaint:
        return steps.nothing(chart, assessment, "")
    offers = (INSTRUCTIONS,) if assessment.suits_home_care else ()
    return steps.tell(chart, assessment, Occasion(DISCHARGE, offers=offers))


def _answer_without_asking(steps: Steps) -> Reply:
    """The suggestions' actions as system actions: the EHR drafts them at once; sending them is still a clinician's."""
    reply = _answer(steps)
    actions = [action for card in reply.cards for each in card.suggestions or () for action in each.actions or ()]
    told = [
        Told(msgspec.structs.replace(card, suggestions=None, selectionBehavior=None), statement)
        for card, statement in reply.told
    ]
    return replace(reply, told=told, system_actions=actions)


ENCOUNTER_DISCHARGE = HookService(
    hook="encounter-discharge",
    title="Calf pain: home care and when to come back",
    description="Looks through the chart when a patient goes home. Where the record holds a leg complaint, a card "
    "with the home care of the guidance that suits what is recorded, what of it to leave out, when to come back, and "
    "any red flag; the instructions for the patient are offered as a CommunicationRequest. Otherwise none.",
    answer=_answer,
)

WITHOUT_ASKING = replace(ENCOUNTER_DISCHARGE, answer=_answer_without_asking)
"""The same, for an operator who wants the instructions drafted at once."""
