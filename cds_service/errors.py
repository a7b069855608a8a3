"""Every error that a caller can meet.

CdsError                    an answer with an error status and an OperationOutcome
├── InvalidRequest          400
├── Unauthenticated         401
├── UnknownService          404
├── UnknownResource         404
├── NotAcceptable           406
├── RequestTimeout          408
├── MissingPrecondition     412
├── ContentTooLarge         413
├── UnsupportedContentType  415
├── TooManyCalls            429
├── HeaderTooLarge          431
├── ClientLeft              499, which nobody receives
├── UnknownTransferCoding   501
├── BodiesFillMemory        503
├── StoreUnavailable        503
├── Overloaded              503
└── TimeBudgetSpent         503
ConfigurationError          the service refuses to start

No error text quotes a value of the chart or of the request: it names the field, the problem and the remedy.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

_SOON: Mapping[str, str] = MappingProxyType({"Retry-After": "1"})


class CdsError(Exception):
    """An error answered to the caller.

    `field` is the path of the member at fault as FHIRPath would write it (`context.patientId`), empty when none is;
    `issue_code` is a code of http://hl7.org/fhir/ValueSet/issue-type.
    """

    status: ClassVar[int] = 500
    issue_code: ClassVar[str] = "exception"
    headers: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def __init__(self, problem: str, *, remedy: str, field: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        self.field = field
        super().__init__(self.diagnostics)

    @property
    def diagnostics(self) -> str:
        """One line: the field, what is wrong with it, and what to do."""
        where = f"{self.field}: " if self.field else ""
        return f"{where}{self.problem}. {self.remedy}."


class InvalidRequest(CdsError):
    """The request breaks CDS Hooks 2.0.1 or names another patient."""

    status = 400
    issue_code = "invalid"


class Unauthenticated(CdsError):
    """The call does not show which registered client makes it. Every such call gets the same answer. For the log are
    `reason`, a word of security/client_jwt.py, `client`, the registered name that the token claims, and
    `add_to_registry`, the line that would let it in, where one would.
    """

    status = 401
    issue_code = "login"
    headers = MappingProxyType({"WWW-Authenticate": "Bearer"})

    def __init__(self, reason: str, client: str = "", add_to_registry: str = "") -> None:
        self.reason = reason
        self.client = client
        self.add_to_registry = add_to_registry
        super().__init__(
            "the call is not authenticated",
            remedy="Send Authorization: Bearer with a new JWT for this address, as CDS Hooks 2.0.1 describes, signed "
            "by a client that the operator of this service has registered",
        )


class UnknownService(CdsError):
    """No service has this id."""

    status = 404
    issue_code = "not-found"


class UnknownResource(CdsError):
    """The sample FHIR server has no such type or id."""

    status = 404
    issue_code = "not-found"


class NotAcceptable(CdsError):
    """The client accepts nothing that can be sent."""

    status = 406
    issue_code = "not-supported"


class RequestTimeout(CdsError):
    """The client began a request and did not go on. It may come to life again: the connection ends with the answer."""

    status = 408
    issue_code = "timeout"
    headers = MappingProxyType({"Connection": "close"})

    def __init__(self, problem: str) -> None:
        super().__init__(problem, remedy="Send the whole request again, without pauses")


class MissingPrecondition(CdsError):
    """Data without which nothing can be said was neither sent nor readable (CDS Hooks 2.0.1, 412)."""

    status = 412
    issue_code = "required"


class ContentTooLarge(CdsError):
    """The body is larger than CDS_MAX_BODY."""

    status = 413
    issue_code = "too-long"


class UnsupportedContentType(CdsError):
    """The body is not declared as JSON, or in an encoding that is not read."""

    status = 415
    issue_code = "not-supported"


class TooManyCalls(CdsError):
    """One client calls more often than the operator lets it."""

    status = 429
    issue_code = "throttled"
    headers = _SOON

    def __init__(self) -> None:
        super().__init__("this client calls too often", remedy="Wait as Retry-After says, then send the call again")


class ClientLeft(CdsError):
    """The client closed the connection before it was its turn."""

    status = 499
    issue_code = "transient"

    def __init__(self) -> None:
        super().__init__("the client closed the connection", remedy="Send the call again")


class HeaderTooLarge(CdsError):
    """The header, or the trailer, of the request is too long."""

    status = 431
    issue_code = "too-long"

    def __init__(self) -> None:
        super().__init__("the header has more than 64 kB or 100 fields", remedy="Send fewer or shorter fields")


class UnknownTransferCoding(CdsError):
    """The body comes in a way that HTTP has and this service has not."""

    status = 501
    issue_code = "not-supported"

    def __init__(self) -> None:
        super().__init__(
            "this Transfer-Encoding is not read", remedy="Send chunked or Content-Length, and gzip as Content-Encoding"
        )


class BodiesFillMemory(CdsError):
    """The bodies that a worker holds have as many bytes as CDS_MAX_BUFFERED allows."""

    status = 503
    issue_code = "throttled"
    headers = _SOON

    def __init__(self) -> None:
        super().__init__(
            "the service holds as many bodies as it has room for; nothing of this one was assessed",
            remedy="Wait as Retry-After says, then send the call again",
        )


class StoreUnavailable(CdsError):
    """What must be kept, or looked up, could not be: the database fails."""

    status = 503
    issue_code = "transient"
    headers = _SOON


class Overloaded(CdsError):
    """More calls come than can be answered in time; nothing of this one was read."""

    status = 503
    issue_code = "throttled"
    headers = _SOON

    def __init__(self) -> None:
        super().__init__(
            "the service has more calls than it can answer in time; nothing was assessed",
            remedy="Wait as Retry-After says, then send the call again",
        )


class TimeBudgetSpent(CdsError):
    """The chart takes longer to assess than the operator allows one call."""

    status = 503
    issue_code = "too-costly"
    headers = _SOON

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the chart took more than the {seconds:g} seconds that one call may compute; nothing was assessed",
            remedy="Send a smaller chart, or ask the operator to raise CDS_TIME_BUDGET",
        )


class ConfigurationError(Exception):
    """A setting, card or value set with which the service must not start. The text names it and the remedy."""
