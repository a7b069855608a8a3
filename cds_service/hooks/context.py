"""The message of a hook call, checked against CDS Hooks 2.0.1 before anything is done with it.

Errors name the member, what is wrong with it and the remedy; none quotes what was sent. What not every call needs is
an error only for a call that needs it: else it is passed over, and told in the log.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import msgspec

from cds_service.addresses import parse_base
from cds_service.circumstances import Circumstances
from cds_service.errors import InvalidRequest
from cds_service.fhir.client import FhirServer
from cds_service.fhir.page import HUGE, Page, Received, open_drafts, open_page, page_of
from cds_service.fhir.resources import NOT_JSON_OF_OURS
from cds_service.fhir.scopes import parse_grant
from cds_service.lone_surrogates import without_lone_surrogates
from cds_service.wire import Context, FhirAuthorization, HookRequest

_CLINICIANS = frozenset({"Practitioner", "PractitionerRole"})
_USERS = _CLINICIANS | {"Patient", "RelatedPerson"}

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")  # https://hl7.org/fhir/R4/datatypes.html#id
_TOKEN = re.compile(r"[!-~]+")  # what an Authorization header can carry
_WHERE = re.compile(r" - at `\$\.?(?P<path>.*)`$")
_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
"""What JSON calls what the decoder names as Python does."""
_TYPE = re.compile(rf"\b(?:{'|'.join(_TYPES)})\b")
_MISSING = re.compile(r"Object missing required field `(?P<name>\w+)`")
_LONGEST_ADDRESS = 2_000
_LONGEST_SCOPE = 20_000
_BYTE = re.compile(r"\(byte (\d+)\)")

_Message = TypeVar("_Message")

_decoder = msgspec.json.Decoder(HookRequest[Received | None])
_lenient_decoder = msgspec.json.Decoder(HookRequest[msgspec.Raw])
_authorization_decoder = msgspec.json.Decoder(FhirAuthorization)
_NULL = msgspec.Raw(b"null")
_NO_DRAFTS = Page()


class Members(NamedTuple):
    """What a hook's context holds beside userId and patientId; encounterId may always be there.

    `drafts` is the member that holds what the user proposes or has just entered.
    """

    needs_encounter: bool = False
    drafts: str = ""
    needs_drafts: bool = True
    has_selections: bool = False


# Each hook's page in the CDS Hooks library, table "Context". The public sandbox opens its form of prescriptions with
# an order-select of userId and patientId alone: nothing is selected yet, so nothing of it is demanded.
MEMBERS = {
    "patient-view": Members(),
    "encounter-start": Members(needs_encounter=True),
    "encounter-discharge": Members(needs_encounter=True),
    "problem-list-item-create": Members(drafts="conditions"),
    "appointment-book": Members(drafts="appointments"),
    "order-select": Members(drafts="draftOrders", needs_drafts=False, has_selections=True),
    "order-sign": Members(drafts="draftOrders"),
}


class HookCall(msgspec.Struct, frozen=True):
    """A valid call of a hook about one patient.

    `user` is a reference (Type/id). `server` is where data may be read that were not sent, with the token lent for it
    and what it allows; None if the request names none. `server_fault` is what is wrong with its address or its token,
    an error for who has to read. A prefetch value is None where the client sent `null`.
    `drafts` is what the user proposes or has just entered: conditions, appointments or orders, by the hook.
    `selections` are the references to those of them that order-select is about. `service_url` is the address of this
    service as the caller reaches it, empty if unknown. `passed_over` says, for the log, what was wrong with members
    that were not needed.
    """

    hook_instance: str
    user: str
    patient_id: str
    encounter_id: str | None
    server: FhirServer | None
    prefetch: Mapping[str, Page | None]
    drafts: Page = _NO_DRAFTS
    selections: tuple[str, ...] = ()
    service_url: str = ""
    server_fault: InvalidRequest | None = None
    passed_over: tuple[str, ...] = ()

    @property
    def is_for_clinician(self) -> bool:
        return self.user.partition("/")[0] in _CLINICIANS

    def circumstances(self, as_of: datetime) -> Circumstances:
        """What a card needs to know of this call, made at that aware moment."""
        return Circumstances(self.hook_instance, self.patient_id, self.user, as_of, self.encounter_id, self.service_url)


def read_call(body: bytes, hook: str, service_url: str = "") -> HookCall:
    """Decode and check the request of a hook, made at this address. Raises InvalidRequest that names the member at
    fault.
    """
    request, prefetch = _decode(body)
    context, members = request.context, MEMBERS[hook]
    if request.hook != hook:
        raise InvalidRequest(
            f"is not {hook}, the hook of this service",
            remedy="Call each service with the hook that GET /cds-services gives for it",
            field="hook",
        )
    if not _UUID.fullmatch(request.hookInstance):
        raise InvalidRequest("is not a UUID", remedy="Send a new UUID with every call", field="hookInstance")
    patient_id = _required(_id(context.patientId, "patientId"), "patientId")
    encounter_id, encounter_fault = _encounter(context.encounterId, members)
    server, server_fault = _server(request.fhirServer, request.fhirAuthorization, patient_id)
    return HookCall(
        hook_instance=request.hookInstance,
        user=_user(_required(context.userId, "userId")),
        patient_id=patient_id,
        encounter_id=encounter_id,
        server=server,
        prefetch=prefetch,
        drafts=_drafts(context, members) if members.drafts else _NO_DRAFTS,
        selections=_selections(context.selections) if members.has_selections else (),
        service_url=service_url,
        server_fault=server_fault,
        passed_over=tuple([f"{each.field} {each.problem}" for each in (encounter_fault, server_fault) if each]),
    )


def _decode(body: bytes) -> tuple[HookRequest[Any], dict[str, Page | None]]:
    """The message and its prefetch: in one go, or value by value where it is huge or something has an odd shape."""
    if len(body) <= HUGE:
        try:
            request = _decoder.decode(body)
            sent = (request.prefetch or {}).items()
            return request, {key: None if each is None else page_of(each) for key, each in sent}
        except NOT_JSON_OF_OURS:
            pass
    odd = decode_message(_lenient_decoder, body)
    return odd, {key: None if each == _NULL else open_page(each) for key, each in (odd.prefetch or {}).items()}


def decode_message(decoder: msgspec.json.Decoder[_Message], body: bytes) -> _Message:
    """Half a character costs only itself. Raises InvalidRequest that names the member of the wrong shape."""
    try:
        return _decoded(decoder, body)
    except msgspec.ValidationError as error:
        raise misshapen(str(error)) from None
    except msgspec.DecodeError as error:
        if not body:
            raise not_json("it is empty") from None
        byte = _BYTE.search(str(error))
        raise not_json(f"malformed at byte {byte[1] if byte else len(body)}") from None
    except UnicodeDecodeError:
        raise not_json(f"invalid UTF-8 at byte {_first_bad_byte(body)}") from None
    except RecursionError:
        raise not_json("nested too deeply") from None


def _decoded(decoder: msgspec.json.Decoder[_Message], body: bytes) -> _Message:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        if isinstance(error, msgspec.ValidationError) or (mended := without_lone_surrogates(body)) == body:
            raise
        return decoder.decode(mended)


def not_json(problem: str) -> InvalidRequest:
    """The error of a body that cannot be decoded."""
    return InvalidRequest(
        f"the body is not usable JSON: {problem}",
        remedy="Send one JSON object in UTF-8, as CDS Hooks 2.0.1 describes",
    )


def _first_bad_byte(body: bytes) -> int:
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return error.start
    return len(body)


def misshapen(message: str, member: str = "") -> InvalidRequest:
    """The decoder's message names types and members, never values; `member` is where what it decoded stands."""
    where = _WHERE.search(message)
    path = ".".join(filter(None, (member, where["path"].removesuffix("[...]") if where else "")))
    message = _WHERE.sub("", message)
    if missing := _MISSING.fullmatch(message):
        return _missing(f"{path}.{missing['name']}".lstrip("."))
    problem = _TYPE.sub(lambda found: _TYPES[found[0]], message.replace("`", "").replace(" | ", " or "))
    return InvalidRequest(
        problem[0].lower() + problem[1:] if path else f"the body has the wrong shape: {problem}",
        remedy="Send the type that CDS Hooks 2.0.1 gives",
        field=path,
    )


def _missing(field: str) -> InvalidRequest:
    return InvalidRequest("is required and missing", remedy="Send it", field=field)


def _user(user: Any) -> str:
    kind, _, identifier = user.partition("/") if isinstance(user, str) else ("", "", "")
    if kind not in _USERS or not _is_fhir_id(identifier):
        raise InvalidRequest(
            "is not a reference to a user",
            remedy=f"Send Type/id, where Type is one of {', '.join(sorted(_USERS))}",
            field="context.userId",
        )
    return f"{kind}/{identifier}"


def _required(value: Any, name: str) -> Any:
    if value is None:
        raise _missing(f"context.{name}")
    return value


def _id(identifier: Any, name: str) -> str | None:
    if identifier is None:
        return None
    if not isinstance(identifier, str) or not _is_fhir_id(identifier):
        raise InvalidRequest(
            "is not a FHIR id",
            remedy="Send the bare id: 1 to 64 letters, digits, hyphens and dots, without the resource type",
            field=f"context.{name}",
        )
    return identifier


def _drafts(context: Context, members: Members) -> Page:
    raw: msgspec.Raw = getattr(context, members.drafts)
    field = f"context.{members.drafts}"
    if not raw or raw == _NULL:
        if members.needs_drafts:
            raise _missing(field)
        return _NO_DRAFTS
    page = open_drafts(raw)
    if page.failure:
        raise InvalidRequest("is not a FHIR Bundle", remedy="Send a Bundle, whose entries may be drafts", field=field)
    return page


def _selections(selections: Any) -> tuple[str, ...]:
    if selections is None:
        return ()
    if not isinstance(selections, list) or not all(isinstance(each, str) for each in selections):
        raise InvalidRequest(
            "is not a list of references",
            remedy="Send Type/id of each selected entry of draftOrders",
            field="context.selections",
        )
    return tuple(selections)


def _is_fhir_id(value: str) -> bool:
    """Ids become parts of addresses, so one of dots alone, which FHIR allows, would lead elsewhere."""
    return bool(_FHIR_ID.fullmatch(value)) and value.strip(".") != ""


def _encounter(encounter_id: Any, members: Members) -> tuple[str | None, InvalidRequest | None]:
    """The id; beside it what is wrong with one that this hook does not need."""
    if members.needs_encounter:
        return _required(_id(encounter_id, "encounterId"), "encounterId"), None
    try:
        return _id(encounter_id, "encounterId"), None
    except InvalidRequest as fault:
        return None, fault


def _server(base: Any, authorization: msgspec.Raw, patient_id: str) -> tuple[FhirServer | None, InvalidRequest | None]:
    """Where to read, as far as it can be told, and what is wrong with its address or the token for it."""
    server = None
    try:
        if base is not None:
            server = FhirServer(_base(base))
        if authorization and authorization != _NULL:
            server = _with_token(server, authorization, patient_id)
    except InvalidRequest as fault:
        return server, fault
    return server, None


def _base(base: Any) -> str:
    if not isinstance(base, str) or len(base) > _LONGEST_ADDRESS or parse_base(base) is None:
        raise InvalidRequest(
            "is not the address of a FHIR server",
            remedy="Send an absolute http or https address without query or fragment",
            field="fhirServer",
        )
    return base.rstrip("/")


def _with_token(server: FhirServer | None, raw: msgspec.Raw, patient_id: str) -> FhirServer:
    if server is None:
        raise InvalidRequest(
            "is required when fhirAuthorization is sent",
            remedy="Send the base address of the FHIR server that the token is for",
            field="fhirServer",
        )
    try:
        authorization = _authorization_decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise misshapen(str(error), "fhirAuthorization") from None
    except NOT_JSON_OF_OURS:
        raise InvalidRequest("is not usable JSON", remedy="Send it in UTF-8", field="fhirAuthorization") from None
    if len(authorization.scope) > _LONGEST_SCOPE:
        raise InvalidRequest(
            f"is longer than {_LONGEST_SCOPE:,} characters",
            remedy="Send the scopes of the token once each",
            field="fhirAuthorization.scope",
        )
    is_for_patient = (authorization.patient or patient_id).removeprefix("Patient/") == patient_id
    grant = parse_grant(authorization.scope, authorization.expires_in, is_for_patient=is_for_patient)
    return FhirServer(server.base, _token(authorization), grant)


def _token(authorization: FhirAuthorization) -> str:
    if authorization.token_type.lower() != "bearer":
        raise InvalidRequest(
            "is not Bearer",
            remedy="Send a bearer token, or leave fhirAuthorization out",
            field="fhirAuthorization.token_type",
        )
    if not _TOKEN.fullmatch(authorization.access_token):
        raise InvalidRequest(
            "cannot be sent in an Authorization header",
            remedy="Send the token as issued: printable ASCII characters without spaces",
            field="fhirAuthorization.access_token",
        )
    return authorization.access_token
