"""Errors as FHIR OperationOutcomes: the only place that builds one.

Every answer without a 2xx status has this shape; `diagnostics` never quotes the request.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from starlette.exceptions import HTTPException
from starlette.responses import Response

from cds_service.errors import CdsError

_MEDIA_TYPE = "application/fhir+json"
_HTTP_ISSUES = {
    404: ("not-found", "There is nothing at this address. GET /cds-services lists the services."),
    405: (
        "not-supported",
        "This address does not take that method. The Allow header lists those that it takes.",
    ),
}
_OTHER_ISSUE = ("processing", "The request cannot be processed.")


class Issue(msgspec.Struct, omit_defaults=True):
    """`diagnostics`: the field, what is wrong with it, and what to do; `expression`: the path of the field."""

    severity: str
    code: str
    diagnostics: str
    expression: list[str] = []


class OperationOutcome(msgspec.Struct, tag_field="resourceType", tag="OperationOutcome"):
    """Why there is no other answer: a FHIR R4 OperationOutcome of one issue."""

    issue: list[Issue]


_encode = msgspec.json.Encoder().encode


def from_error(error: CdsError) -> Response:
    """The answer to an error that the caller can mend, by another request or by the same one later."""
    severity = "fatal" if error.status >= 500 else "error"
    return _outcome(
        error.status, error.issue_code, error.diagnostics, error.field, severity=severity, headers=error.headers
    )


def from_http(error: HTTPException) -> Response:
    """The answer to what the router refuses: an unknown address, a method that an address does not take."""
    code, diagnostics = _HTTP_ISSUES.get(error.status_code, _OTHER_ISSUE)
    return _outcome(error.status_code, code, diagnostics, headers=error.headers)


def from_refused_preflight(headers: Mapping[str, str]) -> Response:
    """The answer to a browser that asks to call from an origin, or in a way, that is not allowed."""
    return _outcome(400, "forbidden", "This origin, method or header is not allowed across origins.", headers=headers)


def from_fault(request_id: str) -> Response:
    """The answer when the fault is ours. The request id leads to the log."""
    diagnostics = f"The service failed; nothing was assessed. Report request id {request_id} to its operator."
    return _outcome(500, "exception", diagnostics, severity="fatal")


def from_stop() -> Response:
    """The answer when the service stops and cannot wait for the request any longer."""
    diagnostics = "The service is stopping; the request was not answered. Send it again."
    return _outcome(503, "transient", diagnostics, severity="fatal")


def _outcome(
    status: int,
    code: str,
    diagnostics: str,
    expression: str = "",
    *,
    severity: str = "error",
    headers: Mapping[str, str] | None = None,
) -> Response:
    issue = Issue(severity, code, diagnostics, [expression] if expression else [])
    return Response(_encode(OperationOutcome([issue])), status, headers, media_type=_MEDIA_TYPE)
