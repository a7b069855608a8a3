"""A small FHIR server on a real socket, to be read by the service: what it answers is told per address, or it stands in
for an EHR that holds a chart, serves it by search, page by page, and fails where it is told to.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Receive, Scope, Send


@dataclass(frozen=True)
class Wire:
    """What goes over the wire instead of an HTTP response: bytes, pauses in seconds, and then the end of the
    connection.
    """

    parts: tuple[bytes | float, ...] = ()
    is_reset: bool = False

    async def send(self, transport: asyncio.Transport) -> None:
        for part in self.parts:
            if transport.is_closing():
                return
            if isinstance(part, bytes):
                transport.write(part)
            else:
                await asyncio.sleep(part)
        if self.is_reset:  # closing without lingering sends RST
            sock = transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        transport.close()


Answer = Response | dict[str, Any] | Wire | Callable[[Request], Awaitable[Response]]
Read = tuple[str, int]
"""A prefetch key and the number of a page of it, from 1 on."""


class Ehr:
    """`answers` holds what is sent for a path (`/Patient/p1`) or resource type (`/Condition`), `otherwise` what is sent
    for all else; `seen` what was asked.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self.forget()
        self._stand_ins: list[StandIn] = []

    def forget(self) -> None:
        """It knows nothing yet, and was asked nothing yet."""
        self.answers: dict[str, Answer] = {}
        self.otherwise: Answer = Response(status_code=404)
        self.seen: list[Request] = []

    @property
    def asked(self) -> list[str]:
        return sorted(request.url.path.removeprefix("/fhir/") for request in self.seen)

    def stand_in(
        self, chart: Mapping[str, Any], page_size: int = 100, faults: Mapping[Read, list[Answer]] | None = None
    ) -> StandIn:
        """An EHR of its own, below this address, that holds `chart`: the values of a full prefetch, by key."""
        base = f"{self.base}/{len(self._stand_ins)}"
        made = StandIn(base, chart, page_size, {read: list(answers) for read, answers in (faults or {}).items()})
        self._stand_ins.append(made)
        return made

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        answer = self._answer(request)
        if isinstance(answer, Wire):
            await answer.send(send.__self__.transport)  # type: ignore[attr-defined]  # uvicorn's own
            while (await receive())["type"] != "http.disconnect":
                pass
            return
        if isinstance(answer, dict):
            answer = JSONResponse(answer, media_type="application/fhir+json")
        response = answer if isinstance(answer, Response) else await answer(request)
        await response(scope, receive, send)

    def _answer(self, request: Request) -> Answer:
        path = request.url.path.removeprefix("/fhir")
        number, _, rest = path[1:].partition("/")
        if number.isdecimal():
            return self._stand_ins[int(number)].answer(rest, request)
        self.seen.append(request)
        return self.answers.get(path, self.otherwise)


@dataclass
class StandIn:
    """`faults` are answered once each instead of a page; `reads` are the pages that were asked for, in order."""

    base: str
    chart: Mapping[str, Any]
    page_size: int
    faults: dict[Read, list[Answer]]
    reads: list[Read] = field(default_factory=list)

    def pages(self) -> list[Read]:
        """Every page that there is to be read."""
        return [(key, number + 1) for key in self.chart for number in range(self._count(key))]

    def page(self, key: str, number: int = 1) -> dict[str, Any]:
        """A page as a search of the key's template answers it, with a link to the next."""
        chart: dict[str, Any] = self.chart[key]
        if key == "patient":
            return chart
        first = (number - 1) * self.page_size
        page = {**chart, "entry": chart.get("entry", [])[first : first + self.page_size]}
        if number < self._count(key):
            query = "code=x&" if key == "measurements" else ""
            page["link"] = [{"relation": "next", "url": f"{self.base}/{_TYPES[key]}?{query}_page={number + 1}"}]
        return page

    def answer(self, path: str, request: Request) -> Answer:
        read = (_key(path, request), int(request.query_params.get("_page", 1)))
        self.reads.append(read)
        if self.faults.get(read):
            return self.faults[read].pop(0)
        return self.page(*read)

    def _count(self, key: str) -> int:
        entries = self.chart[key].get("entry", ()) if key != "patient" else ()
        return max(1, -(-len(entries) // self.page_size))


_TYPES = {
    "patient": "Patient",
    "conditions": "Condition",
    "findings": "Observation",
    "measurements": "Observation",
    "medications": "MedicationRequest",
    "procedures": "Procedure",
}


def _key(path: str, request: Request) -> str:
    """Which of our templates a request is."""
    if path == "Observation":
        return "measurements" if "code" in request.query_params else "findings"
    return {kind: key for key, kind in _TYPES.items()}[path.split("/", maxsplit=1)[0]]


@contextmanager
def running_ehr(certificate: Path | None = None) -> Iterator[Ehr]:
    """The server, on a free port of this machine, until the end of the block; with TLS if it gets a certificate."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # asyncio does so only if it made the socket
    ehr = Ehr(f"http{'s' if certificate else ''}://127.0.0.1:{listening.getsockname()[1]}/fhir")
    config = uvicorn.Config(
        ehr,
        log_config=None,
        lifespan="off",
        loop="asyncio",
        date_header=False,
        ssl_certfile=certificate,
        timeout_graceful_shutdown=0,
    )
    server = uvicorn.Server(config)
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


async def huge(_: Request) -> Response:
    """Four megabytes."""

    async def spaces() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 40_000

    return StreamingResponse(spaces(), media_type="application/fhir+json")


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"
CUT_SHORT = Wire((OK + b'Content-Length: 1000\r\n\r\n{"resourceType": "Bundle", ',))
BROKEN_CHUNK = Wire((OK + b'Transfer-Encoding: chunked\r\n\r\n5\r\n{"res\r\nzz\r\nourceType',))
NO_LAST_CHUNK = Wire((OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\n{    \r\n",))
RESET = Wire(is_reset=True)
HANG_UP = Wire()
NOT_HTTP = Wire((b"220 mail.example.org ESMTP\r\n",))
DRIPPED_HEADERS = Wire((OK, *((b"X-More: header\r\n", 0.1) * 300)))
ENDLESS_HEADERS = Wire((OK, b"X-More: header\r\n" * 100_000))
