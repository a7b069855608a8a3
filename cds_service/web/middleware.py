"""What surrounds every request: one line in the log, cross-origin headers, and an answer whatever happens."""

from __future__ import annotations

import asyncio
import secrets
from time import perf_counter
from typing import Any

import structlog
from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cds_service.log import place_of
from cds_service.web import outcomes

REQUEST_ID = "cds_service.request_id"
PROBLEM = "cds_service.problem"
REASON = "cds_service.reason"
CLIENT = "cds_service.client"
ADD_TO_REGISTRY = "cds_service.add_to_registry"
PASSED_OVER = "cds_service.passed_over"
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})

_log = structlog.stdlib.get_logger()


class RequestLog:
    """Gives each request an id, and writes one line when it is answered.

    The line holds nothing that the caller chose: the route's template instead of the path, and of an error
    its diagnostics, which never quote the request; of a refused token why, and the registered name of the client; what
    was wrong with members that the call did not need.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope[REQUEST_ID] = secrets.token_hex(8)
        started = perf_counter()
        status = 0

        async def send_noting_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, send_noting_status)
        finally:
            _log.info("request", **_line(scope), status=status, ms=round((perf_counter() - started) * 1000, 1))


def _line(scope: Scope) -> dict[str, Any]:
    line = {
        "method": scope["method"] if scope["method"] in _METHODS else "other",
        "route": getattr(scope.get("route"), "path", "none"),
        "request_id": scope[REQUEST_ID],
    }
    for key in (PROBLEM, REASON, CLIENT, ADD_TO_REGISTRY, PASSED_OVER):
        if scope.get(key):
            line[key.removeprefix("cds_service.")] = scope[key]
    return line


class CrossOrigin(CORSMiddleware):
    """Starlette's, but a refused preflight is told as an OperationOutcome like every other error."""

    def preflight_response(self, request_headers: Headers) -> Response:
        response = super().preflight_response(request_headers)
        if response.status_code == 200:
            return response
        headers = {k: v for k, v in response.headers.items() if k not in ("content-length", "content-type")}
        return outcomes.from_refused_preflight(headers)


class Faults:
    """Answers a fault of ours with a 500. The log has its type and place; its message could quote the chart.

    A request that the server cuts off, because it stops, is answered 503.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        begun = False

        async def send_noting_start(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noting_start)
        except asyncio.CancelledError:
            _log.error("cut off", request_id=scope[REQUEST_ID])
            if not begun:
                await outcomes.from_stop()(scope, receive, send)
        except Exception as error:  # the last line: whatever it is, the EHR must be told that nothing was assessed
            _log.error("fault", request_id=scope[REQUEST_ID], **place_of(error))
            if not begun:
                await outcomes.from_fault(scope[REQUEST_ID])(scope, receive, send)
