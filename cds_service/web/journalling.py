"""What the journal is told of one call, whatever became of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from types import TracebackType
from typing import Self

from cds_service.errors import CdsError
from cds_service.hooks.context import HookCall
from cds_service.hooks.reply import Reply
from cds_service.hooks.silence import Withheld
from cds_service.security.caller import Caller
from cds_service.storage.journal import Invocation

_NOTHING = Reply()


class Journalling:
    """Set `call` and `reply` as they become known; at the end of the block the entry goes to the journal."""

    __slots__ = ("_add", "_as_of", "_begun", "_caller", "_hook", "_service", "call", "reply")

    def __init__(
        self,
        add: Callable[[Invocation], None],
        service: str,
        hook: str,
        caller: Caller,
        as_of: datetime,
    ) -> None:
        self._add = add
        self._service = service
        self._hook = hook
        self._caller = caller
        self._as_of = as_of
        self._begun = perf_counter()
        self.call: HookCall | None = None
        self.reply = _NOTHING

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        call, reply, caller = self.call, self.reply, self._caller
        cards = [each.card.uuid for each in reply.told]
        self._add(
            Invocation(
                at=self._as_of,
                client=caller.name,
                tenant=caller.tenant,
                service=self._service,
                hook=self._hook,
                status=_status(error),
                ms=(perf_counter() - self._begun) * 1000,
                hook_instance=call.hook_instance if call else "",
                patient_id=call.patient_id if call else "",
                user=call.user if call else "",
                encounter_id=(call.encounter_id or "") if call else "",
                indicator=reply.told[0].card.indicator if reply.told else "",
                rules=reply.rules,
                cards=() if caller.shadow else cards,
                withheld=[(card, Withheld.SHADOW) for card in cards] if caller.shadow else [*reply.withheld.items()],
                resources=reply.resources,
                facts=reply.facts,
                gaps=reply.gaps,
                left_out=reply.left_out,
                fhir_ms=reply.fhir_ms,
                unread_systems=reply.unread_systems,
                unread_parts=reply.unread_parts,
            )
        )


def _status(error: BaseException | None) -> str:
    if error is None:
        return "ok"
    return error.issue_code if isinstance(error, CdsError) else "exception"
