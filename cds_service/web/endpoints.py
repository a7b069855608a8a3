"""Discovery, the call of a service, and the sign of life. No clinical word in here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cds_service import __version__
from cds_service.errors import UnknownService
from cds_service.hooks.context import HookCall, read_call
from cds_service.security.caller import Caller
from cds_service.web.body import read_json_body
from cds_service.wire import Card, HookResponse, ServiceDescription

_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class Service(Protocol):
    """One CDS service; `description` is its entry in discovery."""

    id: str
    hook: str

    @property
    def description(self) -> ServiceDescription: ...

    async def handle(self, call: HookCall, caller: Caller, as_of: datetime) -> list[Card]: ...


def cds_routes(
    services: Sequence[Service],
    authenticate: Callable[[Request], Awaitable[Caller]],
    now: Callable[[], datetime],
    max_body: int,
) -> list[Route]:
    """The addresses of CDS Hooks 2.0.1, each for those only whom `authenticate` knows, and /health for everyone.

    Discovery is no exception: the specification has the client send its token with every call, discovery included.
    Clients join addresses without looking at slashes: with the discovery address ending in one, they call
    `/cds-services//{id}`.
    """
    by_id = {service.id: service for service in services}
    discovery = _encode({"services": [service.description for service in services]})
    healthy = _encode({"status": "ok", "version": __version__})

    async def discover(request: Request) -> Response:
        await authenticate(request)
        return Response(discovery, media_type=_JSON)

    async def call(request: Request) -> Response:
        caller = await authenticate(request)
        service = by_id.get(request.path_params["id"])
        if service is None:
            raise UnknownService("there is no service of this id", remedy="GET /cds-services lists the services")
        body = await read_json_body(request, max_body)
        cards = await service.handle(read_call(body, service.hook), caller, now())
        return Response(_encode(HookResponse([] if caller.shadow else cards)), media_type=_JSON)

    async def health(_: Request) -> Response:
        return Response(healthy, media_type=_JSON)

    return [
        Route("/cds-services/{id}", call, methods=["POST"]),
        Route("/cds-services//{id}", call, methods=["POST"]),
        Route("/cds-services", discover),
        Route("/cds-services/", discover),
        Route("/health", health),
    ]
