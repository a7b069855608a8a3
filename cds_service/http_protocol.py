"""HTTP/1.1 as uvicorn and h11 read it, with bounds on what a client may send before anybody knows who it is."""

from __future__ import annotations

import asyncio
import re
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import h11
import structlog
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

from cds_service.errors import CdsError, HeaderTooLarge, InvalidRequest, RequestTimeout, UnknownTransferCoding
from cds_service.web import outcomes
from cds_service.web.endpoints import HAS_LEFT

_PIECE = 8 * 1024
"""Bytes that h11 is given at once, so that it is asked again before it has parsed thousands of lines."""

_FREE_CHUNKS = 500
_LEAST_CHUNK = 256
"""Bytes that chunks beyond the first have on average: h11 takes as long for a chunk of one byte as for a large one."""

_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+;=%-]+)(:[0-9]*)?")
_VERSIONS = (b"1.0", b"1.1")
_WARN_AGAIN_SECONDS = 60.0
_RESERVED_DESCRIPTORS = 128  # for the store, the EHR and the log

_log = structlog.stdlib.get_logger()


@dataclass(frozen=True)
class Bounds:
    """What a connection may cost before its request is known. The body has bounds of its own, in web/body.py."""

    header_bytes: int = 64 * 1024
    header_fields: int = 100
    header_seconds: float = 10
    keep_alive_seconds: int = 75  # longer than the 60 seconds of usual proxies, so that they close first
    linger_seconds: float = 10  # that a client may go on sending after its answer
    taking_seconds: float = 60  # in which a client has to take some of its answer


class Connection(h11.Connection):
    """h11's, which refuses more: what proxies may read differently, and what costs more than it is worth.

    `fault` is the status, if a special one, with which to answer what was refused; `left` are the bytes still to come
    of a body whose length was told.
    """

    def __init__(self, bounds: Bounds) -> None:
        super().__init__(h11.SERVER, bounds.header_bytes - _PIECE)
        self._fields = bounds.header_fields
        self._chunks = 0
        self._received = 0
        self.fault: int | None = None
        self.left = 0
        self.method = b""

    def next_event(self) -> Any:
        try:
            event = super().next_event()
            if isinstance(event, h11.Request):
                self._check(event)
            elif isinstance(event, h11.Data):
                self._count(event)
            elif event is h11.NEED_DATA and self.trailing_data[0].count(b"\n") > self._fields:  # of header or trailer
                raise h11.RemoteProtocolError("too many lines", error_status_hint=431)
        except h11.RemoteProtocolError as error:
            self.fault = error.error_status_hint
            raise
        return event

    def _check(self, request: h11.Request) -> None:
        self.method = request.method
        self._chunks = self._received = 0
        fields = dict(request.headers)  # h11 lets neither Host nor a length pass twice
        if len(request.headers) > self._fields:
            raise h11.RemoteProtocolError("too many fields", error_status_hint=431)
        if request.http_version not in _VERSIONS:
            raise h11.RemoteProtocolError("another version")
        length = fields.get(b"content-length")
        if b"transfer-encoding" in fields and (length is not None or request.http_version == b"1.0"):
            raise h11.RemoteProtocolError("the end of the body is told twice, or in a way that its version lacks")
        if b"host" in fields and not _HOST.fullmatch(fields[b"host"]):
            raise h11.RemoteProtocolError("not a host")
        self.left = int(length or 0)

    def _count(self, data: h11.Data) -> None:
        self.left = max(0, self.left - len(data.data))
        self._chunks += data.chunk_start
        self._received += len(data.data)
        if self._received < _LEAST_CHUNK * (self._chunks - _FREE_CHUNKS):
            raise h11.RemoteProtocolError("the chunks are too small")


class Waiting:
    """The connections of this process that have no request in progress.

    Each open connection takes a file descriptor, and without a free one nothing can be accepted, read or looked up.
    """

    def __init__(self) -> None:
        self._connections: dict[HttpProtocol, None] = {}  # the one that has waited longest first
        self._warned = -_WARN_AGAIN_SECONDS

    def add(self, connection: HttpProtocol) -> None:
        self._connections.setdefault(connection)

    def remove(self, connection: HttpProtocol) -> None:
        self._connections.pop(connection, None)

    def make_room(self, connections: int) -> None:
        """With more than the descriptors allow, close the one that has waited longest. Say so before it comes to that,
        at most once a minute.
        """
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        allowed = limit - min(_RESERVED_DESCRIPTORS, limit // 4)
        if limit == resource.RLIM_INFINITY or connections < allowed * 0.9:
            return
        now = time.monotonic()
        if now - self._warned >= _WARN_AGAIN_SECONDS:
            self._warned = now
            _log.warning("connections near the limit", connections=connections, descriptors=limit)
        if connections > allowed and self._connections:
            longest = next(iter(self._connections))
            self.remove(longest)
            longest.transport.abort()


def raise_descriptor_limit() -> None:
    """As many descriptors as the system lets this process have."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(OSError, ValueError):  # macOS calls it infinite, and refuses as many
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class HttpProtocol(H11Protocol):
    """One connection. A client that is too slow, or breaks HTTP, is told so as an OperationOutcome, and cut off."""

    bounds: ClassVar[Bounds] = Bounds()
    _waiting: ClassVar = Waiting()

    conn: Connection

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.conn = Connection(self.bounds)
        self.timeout_keep_alive = self.bounds.keep_alive_seconds
        self.app_state = {**self.app_state, HAS_LEFT: self._has_left}
        self._unread = b""  # what h11 was not given yet: later requests wait here for the answer to this one
        self._refused = False
        self._timers: dict[str, asyncio.TimerHandle] = {}  # by what the client has to do in time

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn narrows it too
        super().connection_made(transport)
        self._waiting.add(self)
        self._start("header", self.bounds.header_seconds, self._header_is_late)
        self._waiting.make_room(len(self.connections))

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._unset_keepalive_if_required()  # uvicorn leaves it running after an error
        self._stop(*self._timers)
        self._unread = b""
        self._waiting.remove(self)

    def _has_left(self) -> bool:
        """Has the client closed the connection?"""
        return self.transport.is_closing()

    def data_received(self, data: bytes) -> None:
        self._unread += data
        self._read()

    def _read(self) -> None:
        """Give h11 what it can read now. What follows the last request of a connection, or a refusal, is dropped."""
        data, start = self._unread, 0
        while start < len(data) and not self._refused and self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            size = self.conn.left or _PIECE
            super().data_received(data[start : start + size])
            start += size
        self._unread = data[start:]
        if self._refused or self.conn.their_state in (h11.MUST_CLOSE, h11.CLOSED, h11.ERROR):
            self._unread = b""
        elif self._unread:
            self.flow.pause_reading()
        self._watch()

    def _watch(self) -> None:
        """Whose turn is it? The client gets a time for a header that it has begun, and for the rest of a body that
        nobody waits for any more.
        """
        if self._refused:
            self._waiting.add(self)
        elif self.conn.their_state is h11.IDLE:
            self._stop("end")
            self._waiting.add(self)
            if self.conn.trailing_data[0] or self.timeout_keep_alive_task is None:
                self._start("header", self.bounds.header_seconds, self._header_is_late)
        elif self.conn.our_state is h11.DONE:
            self._waiting.add(self)
            self._start("end", self.bounds.linger_seconds, self.transport.abort)
        else:
            self._stop("header")
            self._waiting.remove(self)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self.transport.is_closing():
            self._read()

    def _header_is_late(self) -> None:
        if self.conn.trailing_data[0]:
            _log.warning("header too slow")
            self._refuse(RequestTimeout("the header did not come in time"))
        else:
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """uvicorn calls it for all that h11 refuses, once it is in the log."""
        self._refuse(_refusal(self.conn.fault))

    def _refuse(self, error: CdsError) -> None:
        """Answer so if no answer has begun, and take nothing more."""
        self._refused = True
        self._stop(*self._timers)
        begun = self.cycle is not None  # uvicorn has none before the first request
        if begun and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        answer = outcomes.from_error(error)
        headers = [*self.server_state.default_headers, *answer.raw_headers, (b"connection", b"close")]
        body = b"" if self.conn.method == b"HEAD" else bytes(answer.body)
        for event in (
            h11.Response(status_code=error.status, headers=headers, reason=STATUS_PHRASES[error.status]),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.write_eof()
        self.flow.resume_reading()  # a connection that is closed while the client sends may lose it the answer
        self._start("end", self.bounds.linger_seconds, self.transport.abort)

    def shutdown(self) -> None:
        if self._refused:
            self.transport.abort()
        else:
            super().shutdown()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._start("taking", self.bounds.taking_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stop("taking")

    def _should_upgrade(self) -> bool:
        """Never, and without a word in the log: such a request is answered like any other."""
        return False

    def _start(self, name: str, seconds: float, then: Callable[[], None]) -> None:
        """What runs already, runs on."""
        if name not in self._timers:
            self._timers[name] = self.loop.call_later(seconds, then)

    def _stop(self, *names: str) -> None:
        for name in names:
            if timer := self._timers.pop(name, None):
                timer.cancel()


def _refusal(status: int | None) -> CdsError:
    if status == 431:
        return HeaderTooLarge()
    if status == 501:
        return UnknownTransferCoding()
    return InvalidRequest(
        "this is not a request as HTTP/1.1 wants it", remedy="Send it as RFC 9112 says, with one Host and one length"
    )
