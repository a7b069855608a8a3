"""Why an EHR's answer is no page of FHIR, in words for the card, and whether asking again may help.

Addresses hold patient ids, so neither they nor what was received is ever part of the words.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2
import msgspec

from cds_service.fhir.resources import NOT_JSON_OF_OURS

TOO_SLOW = "the EHR took too long"
_DAMAGED = "the EHR sent a damaged answer"
_WHY = {
    204: "the EHR sent an empty answer",
    400: "the EHR did not accept the query",
    401: "the EHR did not accept the access token",
    403: "the EHR did not allow it",
    404: "the EHR did not find it",
    406: "the EHR cannot send it as JSON",
    410: "the EHR has deleted it",
    429: "the EHR is too busy",
    503: "the EHR is not available",
}
_MAY_PASS = frozenset({500, 502, 503, 504})


class NotRead(Exception):
    """A page was not read. `retry_in`: the least seconds after which another try may succeed; None if none may."""

    def __init__(self, why: str, retry_in: float | None = None) -> None:
        super().__init__(why)
        self.retry_in = retry_in


def of_response(response: httpx2.Response) -> NotRead:
    """The fault that a status other than 200 tells (RFC 9110, section 15)."""
    status = response.status_code
    if status in _WHY:
        return NotRead(_WHY[status], _retry_in(response))
    if 300 <= status < 400:
        return NotRead("the EHR redirected it, which is not followed")
    return NotRead(f"the EHR answered {status}", _retry_in(response))


def of_exchange(error: httpx2.HTTPError | httpx2.InvalidURL) -> NotRead:
    """The fault of an exchange that was not finished."""
    if isinstance(error, httpx2.TimeoutException):
        return NotRead(TOO_SLOW)
    if isinstance(error, httpx2.DecodingError):
        return NotRead(_DAMAGED)
    lasting = not isinstance(error, httpx2.TransportError)
    return NotRead("the connection to the EHR failed", None if lasting else 0)


def explained(failure: str, body: bytes, headers: httpx2.Headers) -> str:
    """`failure` to read a body as FHIR, or what it was instead, where that can be told."""
    content_type = headers.get("content-type", "").lower()
    is_packed = "content-encoding" in headers
    if not body.strip() and not is_packed:
        return _WHY[204]
    if "html" in content_type:
        return "the EHR sent a web page instead"
    if "xml" in content_type:
        return "the EHR sent XML, which is not read"
    # unpacking does not fail where the packed data end too early
    return _DAMAGED if is_packed and not _is_json(body) else failure


def _is_json(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except NOT_JSON_OF_OURS:
        return False
    return True


class _Kind(msgspec.Struct):
    resourceType: Any = None
    type: Any = None


_kind = msgspec.json.Decoder(_Kind)


def is_other_bundle(body: bytes) -> bool:
    """Whether a body that could be read is a Bundle that answers no search (FHIR R4 RESTful API, "search").

    A history, for example, would count entries that were since corrected.
    """
    try:
        kind = _kind.decode(body)
    except NOT_JSON_OF_OURS:
        return False
    return kind.resourceType == "Bundle" and kind.type not in ("searchset", None)


def _retry_in(response: httpx2.Response) -> float | None:
    """What Retry-After asks for (RFC 9110, section 10.2.3); busy servers that ask for nothing are left alone."""
    status, stated = response.status_code, response.headers.get("retry-after", "").strip()
    if status != 429 and status not in _MAY_PASS:
        return None
    if not stated:
        return None if status == 429 else 0
    if stated.isdecimal():
        return float(stated)
    until, sent = _moment(stated), _moment(response.headers.get("date", ""))
    return (until - sent).total_seconds() if until and sent else None  # by the EHR's clock, whatever ours says


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else None
