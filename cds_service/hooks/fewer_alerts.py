"""Keeps back the cards of an answer that say nothing new to who asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import msgspec

from cds_service.hooks.context import HookCall
from cds_service.hooks.reply import Reply, Told
from cds_service.hooks.silence import Silence, Withheld, may_be_withheld, reason_to_withhold
from cds_service.hooks.statement import Statement
from cds_service.security.caller import Caller
from cds_service.storage.earlier_cards import Answer, EarlierCards
from cds_service.wire import Card


class FewerAlerts:
    """What stands between every hook and its answer."""

    def __init__(self, earlier_cards: EarlierCards, silence: Silence) -> None:
        self._cards = earlier_cards
        self._silence = silence

    async def __call__(self, reply: Reply, call: HookCall, hook: str, caller: Caller, as_of: datetime) -> Reply:
        """The reply less what is kept back, at an aware moment. Where the store fails, all goes out.

        Without a card nothing is looked up, nor for a client that is only observed.
        """
        if not (reply.told and self._silence.window) or caller.shadow:
            return reply
        told: list[Told] = []
        withheld: dict[str, Withheld] = {}
        for card, statement in reply.told:
            named, reason = await self._judged(card, statement, call, hook, caller, as_of)
            if reason is None:
                told.append(Told(named, statement))
            else:
                withheld[named.uuid] = reason
        return replace(reply, told=told, withheld=withheld, system_actions=reply.system_actions if told else ())

    async def _judged(
        self, card: Card, statement: Statement, call: HookCall, hook: str, caller: Caller, as_of: datetime
    ) -> tuple[Card, Withheld | None]:
        """The card, its uuid now beginning with what it has in common with the same card of another call."""
        if not may_be_withheld(statement):
            return card, None
        key = await self._cards.key(
            caller.name, caller.tenant, call.patient_id, call.user, call.encounter_id or "", statement.content
        )
        if key is None:
            return card, None
        earlier = await self._cards.earlier(key, as_of - self._silence.window)
        # no pause from here on: of two hooks at the same time the second sees what the first noted
        reason = reason_to_withhold(statement, hook, earlier, self._silence, as_of)
        self._cards.note(key, Answer(hook, as_of, shown=reason is None))
        return msgspec.structs.replace(card, uuid=key.start + card.uuid[len(key.start) :]), reason
