"""A small FHIR server on a real socket, to be read by the service: what it answers is told per address."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

Answer = Response | dict[str, Any] | Callable[[Request], Awaitable[Response]]


class Ehr:
    """`answers` holds what is sent for a path (`/Patient/p1`) or resource type (`/Condition`); `seen` what
    was asked.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self.answers: dict[str, Answer] = {}
        self.seen: list[Request] = []

    @property
    def asked(self) -> list[str]:
        return sorted(request.url.path.removeprefix("/fhir/") for request in self.seen)

    async def answer(self, request: Request) -> Response:
        self.seen.append(request)
        answer = self.answers.get(request.url.path.removeprefix("/fhir"), Response(status_code=404))
        if isinstance(answer, dict):
            return JSONResponse(answer, media_type="application/fhir+json")
        return answer if isinstance(answer, Response) else await answer(request)


@contextmanager
def running_ehr() -> Iterator[Ehr]:
    """The server, on a free port of this machine, until the end of the block."""
    listening = socket.create_server(("127.0.0.1", 0))
    ehr = Ehr(f"http://127.0.0.1:{listening.getsockname()[1]}/fhir")
    app = Starlette(routes=[Route("/{path:path}", ehr.answer, methods=["GET", "POST"])])
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", timeout_graceful_shutdown=0))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        yield ehr
    finally:
        server.should_exit = True
        thread.join(10)


async def never(_: Request) -> Response:
    """Takes longer than any test waits."""
    await asyncio.sleep(30)
    return Response()


async def dripping(_: Request) -> Response:
    """Sends a byte from time to time, so that no single read times out."""

    async def drops() -> AsyncIterator[bytes]:
        for _ in range(300):
            yield b" "
            await asyncio.sleep(0.1)

    return StreamingResponse(drops(), media_type="application/fhir+json")


async def cut_short(_: Request) -> Response:
    """Announces more than it sends."""

    async def half() -> AsyncIterator[bytes]:
        yield b'{"resourceType": "Bundle", '

    return StreamingResponse(half(), headers={"content-length": "1000"})
