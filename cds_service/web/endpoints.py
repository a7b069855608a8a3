"""Discovery, the call of a service, feedback on its cards, and the sign of life. No clinical word in here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cds_service import __version__
from cds_service.errors import UnknownService
from cds_service.fhir.page import LARGE
from cds_service.hooks.context import HookCall, read_call
from cds_service.hooks.feedback import read_feedback
from cds_service.hooks.reply import Reply
from cds_service.hooks.turns import Turn, Turns
from cds_service.security.caller import Caller
from cds_service.storage.journal import Invocation
from cds_service.web.body import read_json_body
from cds_service.web.journalling import Journalling
from cds_service.web.middleware import PASSED_OVER
from cds_service.web.own_address import own_address
from cds_service.wire import Discovery, Feedback, HookResponse, ServiceDescription

_JSON = "application/json"
_STORED = b"{}"  # some clients parse whatever comes
_encode = msgspec.json.Encoder().encode

HAS_LEFT = "cds_service.has_left"
"""Where the server keeps, in the state of a request, the function that says whether its client has hung up.

ASGI has no quick way to ask: Starlette's `is_disconnected` costs as much as a small quiet chart.
"""


class Service(Protocol):
    """One CDS service; `description` is its entry in discovery."""

    id: str
    hook: str

    @property
    def description(self) -> ServiceDescription: ...

    async def handle(self, call: HookCall, caller: Caller, as_of: datetime, turn: Turn) -> Reply: ...


Authenticate = Callable[[Request], Awaitable[Caller]]
"""Who makes a request. Raises Unauthenticated."""

FewerAlerts = Callable[[Reply, HookCall, str, Caller, datetime], Awaitable[Reply]]
"""The reply of a hook to a call, less the cards that are kept back from the caller's user at this moment."""

KeepFeedback = Callable[[str, str, str, Sequence[Feedback]], Awaitable[None]]
"""Of a service, from a client and its tenant; returns once it is stored. Raises StoreUnavailable."""


def cds_routes(
    services: Sequence[Service],
    authenticate: Authenticate,
    now: Callable[[], datetime],
    max_body: int,
    turns: Turns,
    journal: Callable[[Invocation], None],
    fewer_alerts: FewerAlerts,
    public_url: str | None = None,
) -> list[Route]:
    """The addresses of CDS Hooks 2.0.1 without feedback, each for those only whom `authenticate` knows, and /health
    for everyone. `turns` say when a call computes, or that it comes too late; `journal` is told of each call of a
    service; `fewer_alerts` keeps cards back. `public_url` is the address of the service as clients know it, for links
    back; without one it is what the client called.

    Discovery is no exception: the specification has the client send its token with every call, discovery included.
    Clients join addresses without looking at slashes: with the discovery address ending in one, they call
    `/cds-services//{id}`.
    """
    by_id = {service.id: service for service in services}
    discovery = _encode(Discovery([service.description for service in services]))
    healthy = _encode({"status": "ok", "version": __version__})

    async def discover(request: Request) -> Response:
        await authenticate(request)
        return Response(discovery, media_type=_JSON)

    async def call(request: Request) -> Response:
        turns.check()
        caller = await authenticate(request)
        service = _called(request, by_id)
        body = await read_json_body(request, max_body)
        turn = await turns.take(_has_left(request), large=len(body) > LARGE)
        as_of = now()
        with Journalling(journal, service.id, service.hook, caller, as_of) as entry:
            async with turn:
                entry.call = await turn.run(read_call, body, service.hook, public_url or own_address(request))
                reply = await service.handle(entry.call, caller, as_of, turn)
            request.scope[PASSED_OVER] = entry.call.passed_over
            entry.reply = await fewer_alerts(reply, entry.call, service.hook, caller, as_of)
            return Response(_encode(_response(entry.reply, caller)), media_type=_JSON)

    async def health(_: Request) -> Response:
        return Response(healthy, media_type=_JSON)

    return [
        Route("/cds-services/{id}", call, methods=["POST"]),
        Route("/cds-services//{id}", call, methods=["POST"]),
        Route("/cds-services", discover),
        Route("/cds-services/", discover),
        Route("/health", health),
    ]


def _response(reply: Reply, caller: Caller) -> HookResponse:
    """What the caller is told; nothing while it is only observed."""
    if caller.shadow:
        return HookResponse([])
    return HookResponse(reply.cards, list(reply.system_actions) or None)


def feedback_routes(
    services: Sequence[Service], authenticate: Authenticate, max_body: int, turns: Turns, keep: KeepFeedback
) -> list[Route]:
    """Where clients tell what became of a service's cards (section "Feedback"): 200 only once it is stored."""
    by_id = {service.id: service for service in services}

    async def feedback(request: Request) -> Response:
        turns.check()
        caller = await authenticate(request)
        service = _called(request, by_id)
        body = await read_json_body(request, max_body)
        async with await turns.take(_has_left(request), large=len(body) > LARGE) as turn:
            entries = await turn.run(read_feedback, body)
        await keep(service.id, caller.name, caller.tenant, entries)
        return Response(_STORED, media_type=_JSON)

    return [
        Route("/cds-services/{id}/feedback", feedback, methods=["POST"]),
        Route("/cds-services//{id}/feedback", feedback, methods=["POST"]),
    ]


def _has_left(request: Request) -> Callable[[], bool]:
    has_left: Callable[[], bool] = request.scope.get("state", {}).get(HAS_LEFT, _stays)
    return has_left


def _stays() -> bool:
    return False


def _called(request: Request, by_id: Mapping[str, Service]) -> Service:
    service = by_id.get(request.path_params["id"])
    if service is None:
        raise UnknownService("there is no service of this id", remedy="GET /cds-services lists the services")
    return service
