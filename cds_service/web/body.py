"""The body of a request: JSON by its declared type, bounded in size and time, unpacked if it came as gzip."""

from __future__ import annotations

import asyncio
import codecs
import zlib
from collections.abc import Callable, Iterator
from email.message import Message
from functools import lru_cache

from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Receive, Scope, Send

from cds_service.errors import BodiesFillMemory, ContentTooLarge, InvalidRequest, RequestTimeout, UnsupportedContentType

PAUSE_SECONDS = 10.0  # in which some more of a body has to come
WHOLE_SECONDS = 60.0  # in which all of it has to come

_GZIP = 31  # zlib's window bits for a gzip header
_LONGEST_TYPE = 255  # the parser's time grows with the square of the length
_PACKED_PIECE = 64 * 1024
_UNPACKED_PIECE = 256 * 1024
_UNPACKED_AT_ONCE = 1024 * 1024  # takes a few milliseconds; what is larger is unpacked beside the event loop
_MOST_MEMBERS = 1000  # of a gzip file: each takes time, however little is in it
_HOLD = "cds_service.hold"

_Hold = Callable[[int], None]
"""Told how many bytes of its body a request has in memory. Raises BodiesFillMemory."""


class BodyMemory:
    """Bounds what the requests of a worker hold of their bodies, all together; a request gives it back as it ends."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        held = 0

        def hold(size: int) -> None:
            nonlocal held
            more = max(0, size - held)
            if self._held + more > self._limit:
                raise BodiesFillMemory
            self._held += more
            held += more

        scope[_HOLD] = hold
        try:
            await self._app(scope, receive, send)
        finally:
            self._held -= held


async def read_json_body(request: Request, max_bytes: int) -> bytes:
    """The whole body, unpacked. Raises UnsupportedContentType, and what read_body raises."""
    if not _is_json(_only(request, "Content-Type", "")):
        raise UnsupportedContentType(
            "the body is not declared as JSON in UTF-8", remedy="Send it with Content-Type: application/json"
        )
    return (await read_body(request, max_bytes)).removeprefix(codecs.BOM_UTF8)  # RFC 8259, section 8.1


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The whole body of whatever type, unpacked. Raises UnsupportedContentType for its encoding, ContentTooLarge,
    RequestTimeout, BodiesFillMemory and InvalidRequest.
    """
    encoding = _only(request, "Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise UnsupportedContentType(
            "this encoding is not read", remedy="Send the body plain or with Content-Encoding: gzip"
        )
    length = request.headers.get("content-length", "")
    if length.isdigit() and len(length) < 20 and int(length) > max_bytes:
        raise _too_large(max_bytes)
    hold: _Hold = request.scope.get(_HOLD, _unbounded)
    body = await _received(request, max_bytes, hold)
    return body if encoding == "identity" else await _unpacked(body, max_bytes, hold)


def _only(request: Request, name: str, default: str) -> str:
    """The value of a header. Proxies and servers do not agree on which one counts where there are two."""
    values = request.headers.getlist(name)
    if len(values) > 1:
        raise InvalidRequest(f"the header {name} is there more than once", remedy="Send it once")
    return values[0] if values else default


def _unbounded(_: int) -> None:
    pass


@lru_cache(maxsize=64)
def _is_json(content_type: str) -> bool:
    if len(content_type) > _LONGEST_TYPE:
        return False
    header = Message()
    header["Content-Type"] = content_type
    kind = header.get_content_type() if content_type else ""
    if kind != "application/json" and not kind.endswith("+json"):
        return False
    return header.get_content_charset("utf-8").lower() in ("utf-8", "utf8")


async def _received(request: Request, max_bytes: int, hold: _Hold) -> bytes:
    """The body as it came. One that stalls must not hold more memory than was sent, so nothing is unpacked yet."""
    parts: list[bytes] = []
    size = 0
    now = asyncio.get_running_loop().time
    end = now() + WHOLE_SECONDS
    try:
        async with asyncio.timeout(PAUSE_SECONDS) as patience:
            async for chunk in request.stream():
                size += len(chunk)
                if size > max_bytes:
                    raise _too_large(max_bytes)
                hold(size)
                parts.append(chunk)
                patience.reschedule(min(now() + PAUSE_SECONDS, end))
    except TimeoutError:
        raise RequestTimeout("the body did not come in time") from None
    except ClientDisconnect:
        raise InvalidRequest("the body ended early", remedy="Send all of it") from None
    return b"".join(parts)


async def _unpacked(packed: bytes, max_bytes: int, hold: _Hold) -> bytes:
    """Unpacks no further than the limit, so that a small bomb stays small."""
    pieces = _pieces(packed)
    parts: list[bytes] = []
    size = 0
    try:
        while True:
            at_once = size < _UNPACKED_AT_ONCE
            piece = next(pieces, b"") if at_once else await asyncio.to_thread(next, pieces, b"")
            if not piece:
                return b"".join(parts)
            size += len(piece)
            if size > max_bytes:
                raise _too_large(max_bytes)
            hold(size)
            parts.append(piece)
    except zlib.error:
        raise _damaged() from None


def _pieces(packed: bytes) -> Iterator[bytes]:
    """What is packed, piece by piece; none is empty. Raises zlib.error."""
    unpacker = zlib.decompressobj(_GZIP)
    members = 1
    for start in range(0, len(packed), _PACKED_PIECE):
        rest, piece = packed[start : start + _PACKED_PIECE], b""
        while rest or (len(piece) == _UNPACKED_PIECE and not unpacker.eof):  # a full piece may have left some inside
            if unpacker.eof:
                unpacker = zlib.decompressobj(_GZIP)
                members += 1
            if members > _MOST_MEMBERS:
                raise zlib.error
            if piece := unpacker.decompress(rest, _UNPACKED_PIECE):
                yield piece
            rest = unpacker.unused_data or unpacker.unconsumed_tail
    if packed and not unpacker.eof:
        raise zlib.error


def _damaged() -> InvalidRequest:
    return InvalidRequest("the body is not a whole gzip file", remedy="Send it again, or plain")


def _too_large(max_bytes: int) -> ContentTooLarge:
    return ContentTooLarge(
        f"the body is larger than the {max_bytes:,} bytes that this service reads",
        remedy="Send less, or ask the operator to raise CDS_MAX_BODY",
    )
