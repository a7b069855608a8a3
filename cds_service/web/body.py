"""The body of a request: JSON by its declared type, bounded in size, unpacked if it came as gzip."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import AsyncIterator
from email.message import Message
from functools import lru_cache

from starlette.requests import ClientDisconnect, Request

from cds_service.errors import ContentTooLarge, InvalidRequest, UnsupportedContentType

_GZIP = 31  # zlib's window bits for a gzip header
_LONGEST_TYPE = 255  # the parser's time grows with the square of the length


async def read_json_body(request: Request, max_bytes: int) -> bytes:
    """The whole body, unpacked. Raises UnsupportedContentType, ContentTooLarge and InvalidRequest."""
    content_type = dict(request.scope["headers"]).get(b"content-type", b"")
    if not _is_json(content_type.decode("latin-1")):
        raise UnsupportedContentType(
            "the body is not declared as JSON in UTF-8", remedy="Send it with Content-Type: application/json"
        )
    return (await read_body(request, max_bytes)).removeprefix(codecs.BOM_UTF8)  # RFC 8259, section 8.1


async def read_body(request: Request, max_bytes: int) -> bytes:
    """The whole body of whatever type, unpacked. Raises UnsupportedContentType for its encoding, ContentTooLarge and
    InvalidRequest.
    """
    headers = dict(request.scope["headers"])
    encoding = headers.get(b"content-encoding", b"identity").strip().lower()
    if encoding not in (b"identity", b"gzip", b"x-gzip"):
        raise UnsupportedContentType(
            "this encoding is not read", remedy="Send the body plain or with Content-Encoding: gzip"
        )
    length = headers.get(b"content-length", b"")
    if length.isdigit() and len(length) < 20 and int(length) > max_bytes:
        raise _too_large(max_bytes)
    try:
        if encoding == b"identity":
            return await _plain(request.stream(), max_bytes)
        return await _unpacked(request.stream(), max_bytes)
    except ClientDisconnect:
        raise InvalidRequest("the body ended early", remedy="Send all of it") from None


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


async def _plain(chunks: AsyncIterator[bytes], max_bytes: int) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(max_bytes)
        parts.append(chunk)
    return b"".join(parts)


async def _unpacked(chunks: AsyncIterator[bytes], max_bytes: int) -> bytes:
    """Unpacks no further than the limit, so that a small bomb stays small."""
    body = bytearray()
    unpacker = zlib.decompressobj(_GZIP)
    begun = False
    try:
        async for chunk in chunks:
            while chunk:
                if unpacker.eof:  # a gzip file may have several members
                    unpacker = zlib.decompressobj(_GZIP)
                begun = True
                body += unpacker.decompress(chunk, max_bytes - len(body) + 1)
                if len(body) > max_bytes:
                    raise _too_large(max_bytes)
                chunk = unpacker.unused_data or unpacker.unconsumed_tail
    except zlib.error:
        raise _damaged() from None
    if begun and not unpacker.eof:
        raise _damaged()
    return bytes(body)


def _damaged() -> InvalidRequest:
    return InvalidRequest("the body is not a whole gzip file", remedy="Send it again, or plain")


def _too_large(max_bytes: int) -> ContentTooLarge:
    return ContentTooLarge(
        f"the body is larger than the {max_bytes:,} bytes that this service reads",
        remedy="Send less, or ask the operator to raise CDS_MAX_BODY",
    )
