"""GET /openapi.json: the interface, as OpenAPI 3.1 says it (https://spec.openapis.org/oas/v3.1.1).

What we send is described from the same structs that are sent (wire.py, outcomes.py), what we take from the text of CDS
Hooks 2.0.1. Where more is taken than the specification allows a client to send, this does not say so: it says what is
right. The example answer is what the service answers to the example call.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cds_service import __version__, errors
from cds_service.errors import CdsError
from cds_service.hooks.context import MEMBERS, read_call
from cds_service.hooks.turns import Turn
from cds_service.security.caller import NOBODY
from cds_service.web import outcomes
from cds_service.web.endpoints import Service
from cds_service.wire import Discovery, HookResponse

Schema = dict[str, Any]

EXAMPLE_AS_OF = datetime(2026, 11, 2, 12, tzinfo=UTC)
"""When the example is answered."""

EXAMPLE_HOOK = "patient-view"
_SNOMED = "http://snomed.info/sct"
_PATIENT = {"reference": "Patient/example"}
_NOTHING = {"resourceType": "Bundle", "type": "searchset", "total": 0}


def _condition(name: str, code: str, display: str) -> dict[str, Any]:
    return {
        "resource": {
            "resourceType": "Condition",
            "id": name,
            "clinicalStatus": {
                "coding": [{"system": "http://terminology.hl7.org/CodeSystem/condition-clinical", "code": "active"}]
            },
            "code": {"coding": [{"system": _SNOMED, "code": code, "display": display}]},
            "bodySite": [{"coding": [{"system": _SNOMED, "code": "32153003", "display": "Left lower limb structure"}]}],
            "subject": _PATIENT,
        }
    }


EXAMPLE_CALL: Mapping[str, Any] = {
    "hook": EXAMPLE_HOOK,
    "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
    "context": {"userId": "Practitioner/example", "patientId": "example"},
    "prefetch": {
        "patient": {"resourceType": "Patient", "id": "example", "birthDate": "1958-04-12"},
        "conditions": {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": 2,
            "entry": [
                _condition("pain", "300954003", "Pain in calf"),
                _condition("swelling", "449615005", "Swelling of lower leg"),
            ],
        },
        "findings": _NOTHING,
        "measurements": _NOTHING,
        "medications": _NOTHING,
        "procedures": _NOTHING,
    },
}
"""A call that holds all that the service asks for, undated, so that it has the same answer every day. The patient is
invented.
"""

_ID = r"(?!\.+$)[A-Za-z0-9.\-]{1,64}"
_FHIR_ID: Schema = {"type": "string", "pattern": f"^{_ID}$"}
_UUID: Schema = {
    "type": "string",
    "format": "uuid",
    "pattern": "^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$",
}
_TEXT: Schema = {"type": "string"}
_BUNDLE: Schema = {
    "type": "object",
    "required": ["resourceType", "entry"],
    "properties": {
        "resourceType": {"const": "Bundle"},
        "entry": {"type": "array", "items": {"type": "object", "required": ["resource"]}},
    },
}
_AUTHORIZATION: Schema = {
    "type": "object",
    "description": "A token lent for this call only: never stored, never logged.",
    "required": ["access_token", "token_type", "expires_in", "scope", "subject"],
    "properties": {
        "access_token": {"type": "string", "pattern": "^[!-~]+$"},
        "token_type": {"const": "Bearer"},
        "expires_in": {"type": "integer", "description": "seconds"},
        "scope": {"type": "string", "maxLength": 20_000, "description": "of SMART App Launch 1 or 2"},
        "subject": _TEXT,
        "patient": {"type": "string", "description": "required where the scopes are a patient's"},
    },
}
_CODING: Schema = {
    "type": "object",
    "required": ["code"],
    "properties": {
        "code": {"type": "string", "minLength": 1},
        "system": {"type": "string", "minLength": 1},
        "display": {"type": "string", "minLength": 1},
    },
}
_UUID_SENT_BACK: Schema = {"type": "string", "maxLength": 255, "pattern": r"^[^\u0000]+$"}
_FEEDBACK: Schema = {
    "type": "object",
    "required": ["feedback"],
    "properties": {
        "feedback": {
            "type": "array",
            "maxItems": 1000,
            "items": {
                "type": "object",
                "required": ["card", "outcome", "outcomeTimestamp"],
                "properties": {
                    "card": {**_UUID_SENT_BACK, "description": "the card's uuid"},
                    "outcome": {"enum": ["accepted", "overridden"]},
                    "outcomeTimestamp": {"type": "string", "format": "date-time", "description": "RFC 3339, in UTC"},
                    "acceptedSuggestions": {
                        "type": "array",
                        "maxItems": 100,
                        "items": {
                            "type": "object",
                            "required": ["id"],
                            "properties": {"id": _UUID_SENT_BACK},
                        },
                    },
                    "overrideReason": {
                        "type": "object",
                        "properties": {"reason": _CODING, "userComment": {"type": "string", "maxLength": 10_000}},
                    },
                },
                "if": {"properties": {"outcome": {"const": "accepted"}}},
                "then": {
                    "required": ["acceptedSuggestions"],
                    "properties": {"acceptedSuggestions": {"minItems": 1}},
                },
            },
        }
    },
}
_ALWAYS = (errors.RequestTimeout, errors.TooManyCalls, errors.HeaderTooLarge)
_IDENTIFIED = (errors.Unauthenticated, errors.StoreUnavailable)
_WITH_BODY = (
    *(errors.InvalidRequest, errors.ContentTooLarge, errors.UnsupportedContentType, errors.UnknownTransferCoding),
    *(errors.BodiesFillMemory, errors.Overloaded),
)
_CALLED = (*_WITH_BODY, errors.MissingPrecondition, errors.TimeBudgetSpent)


def openapi_routes(services: Sequence[Service], public_url: str | None, *, is_open: bool) -> list[Route]:
    """The description, for everybody: no patient's data are in it. `is_open`: no EHR has to say who it is."""
    made: list[bytes] = []

    async def describe(_: Request) -> Response:
        if not made:
            document = await openapi(services, public_url, is_open=is_open)
            made.append(msgspec.json.encode(document))
        return Response(made[0], media_type="application/json")

    return [Route("/openapi.json", describe)]


async def openapi(services: Sequence[Service], public_url: str | None = None, *, is_open: bool = True) -> Schema:
    """The whole document."""
    answer = await example_answer(services, public_url)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Calf pain decision support",
            "version": __version__,
            "description": "A service of CDS Hooks 2.0.1 (https://cds-hooks.hl7.org/2.0/). Members of a request that "
            "it does not know are passed over.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url or "/"}],
        "paths": {
            "/cds-services": {"get": _discovery(services)},
            **{f"/cds-services/{each.id}": {"post": _call(each, answer)} for each in services},
            "/cds-services/{id}/feedback": {"post": _feedback(services, answer)},
            **_documents(),
        },
        "components": {
            "schemas": _sent(Discovery, HookResponse, outcomes.OperationOutcome),
            "securitySchemes": {
                "clientJwt": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "A new token for each call, signed by the EHR, whose `aud` is the address called.",
                }
            },
        },
        "security": [] if is_open else [{"clientJwt": []}],
    }


async def example_answer(services: Sequence[Service], public_url: str | None = None) -> HookResponse:
    """What is answered to the example call."""
    [service] = [each for each in services if each.hook == EXAMPLE_HOOK]
    call = read_call(msgspec.json.encode(EXAMPLE_CALL), EXAMPLE_HOOK, public_url or "")
    reply = await service.handle(call, NOBODY, EXAMPLE_AS_OF, Turn())
    return HookResponse(reply.cards)


def _sent(*types: type[msgspec.Struct]) -> Mapping[str, Schema]:
    """The schemas of what is sent. A member without a value is left out, so that none is ever null."""
    _, found = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    for schema in found.values():
        schema["description"] = inspect.cleandoc(schema["description"])  # made of the docstring
        for member in schema["properties"].values():
            if "default" in member:
                del member["default"]
                value = [each for each in member.pop("anyOf", [{}]) if each != {"type": "null"}]
                member.update(*value)
                if member.get("type") == "array":
                    member["minItems"] = 1
    card = found["Card"]
    card["dependentRequired"] = {"suggestions": ["selectionBehavior"], "selectionBehavior": ["suggestions"]}
    reasons = card["properties"]["overrideReasons"]
    reasons["items"] = {**reasons["items"], "required": ["code", "system", "display"]}
    return found


def _discovery(services: Sequence[Service]) -> Schema:
    listed = Discovery([each.description for each in services])
    return {
        "summary": "The services",
        "operationId": "discovery",
        "tags": ["CDS Hooks"],
        "responses": _responses("Discovery", "All services", (*_ALWAYS, *_IDENTIFIED), msgspec.to_builtins(listed)),
    }


def _call(service: Service, answer: HookResponse) -> Schema:
    described = service.description
    is_example = service.hook == EXAMPLE_HOOK
    content: Schema = {"schema": _request(service)}
    if is_example:
        content["example"] = EXAMPLE_CALL
    return {
        "summary": described.title,
        "description": described.description,
        "operationId": service.id,
        "tags": ["CDS Hooks"],
        "requestBody": {"required": True, "content": {"application/json": content}},
        "responses": _responses(
            "HookResponse",
            "Cards; none where there is nothing to say",
            (*_ALWAYS, *_IDENTIFIED, *_CALLED),
            msgspec.to_builtins(answer) if is_example else None,
        ),
    }


def _request(service: Service) -> Schema:
    members = MEMBERS[service.hook]
    context: Schema = {
        "userId": {
            "type": "string",
            "pattern": f"^(Practitioner|PractitionerRole|Patient|RelatedPerson)/{_ID}$",
            "description": "Type/id. Cards are for clinicians only.",
        },
        "patientId": _FHIR_ID,
        "encounterId": _FHIR_ID,
    }
    required = ["userId", "patientId", *(["encounterId"] if members.needs_encounter else [])]
    if members.has_selections:
        context["selections"] = {"type": "array", "items": _TEXT, "description": "Type/id of entries of draftOrders"}
        required.append("selections")
    if members.drafts:
        context[members.drafts] = _BUNDLE
        required.append(members.drafts)
    described = service.description
    return {
        "type": "object",
        "required": ["hook", "hookInstance", "context"],
        "properties": {
            "hook": {"const": service.hook},
            "hookInstance": _UUID,
            "fhirServer": {"type": "string", "format": "uri", "pattern": "^https?://", "maxLength": 2000},
            "fhirAuthorization": _AUTHORIZATION,
            "context": {"type": "object", "required": required, "properties": context},
            "prefetch": {
                "type": "object",
                "properties": {key: _prefetched(query) for key, query in described.prefetch.items()},
            },
        },
        "dependentRequired": {"fhirAuthorization": ["fhirServer"]},
    }


def _prefetched(query: str) -> Schema:
    """Null where the client knows that there is nothing."""
    return {
        "type": ["object", "null"],
        "required": ["resourceType"],
        "properties": {"resourceType": _TEXT},
        "description": f"the answer to {query}",
    }


def example_feedback(answer: HookResponse) -> Schema:
    """What a client sends when the user has dismissed the card of the example, for the reason that stands first."""
    return {
        "feedback": [
            {
                "card": card.uuid,
                "outcome": "overridden",
                "overrideReason": {
                    "reason": msgspec.to_builtins(reasons[0]),
                    "userComment": "Ultrasound this morning",
                },
                "outcomeTimestamp": "2026-11-02T12:05:31Z",
            }
            for card in answer.cards
            if (reasons := card.overrideReasons)
        ]
    }


def _feedback(services: Sequence[Service], answer: HookResponse) -> Schema:
    return {
        "summary": "What became of cards",
        "description": "200 means that it is stored; the same entry is kept once, however often it comes.",
        "operationId": "feedback",
        "tags": ["CDS Hooks"],
        "parameters": [
            {"name": "id", "in": "path", "required": True, "schema": {"enum": [each.id for each in services]}}
        ],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _FEEDBACK, "example": example_feedback(answer)}},
        },
        "responses": {
            "200": {
                "description": "Stored",
                "content": {"application/json": {"schema": {"type": "object", "maxProperties": 0}}},
            },
            **_errors((*_ALWAYS, *_IDENTIFIED, *_WITH_BODY, errors.UnknownService)),
        },
    }


def _documents() -> Schema:
    """What everybody may read."""
    fhir: Schema = {"application/fhir+json": {"schema": {"type": "object", "required": ["resourceType"]}}}
    page: Schema = {"text/html": {"schema": _TEXT}}
    plain: Schema = {"application/json": {"schema": {"type": "object"}}}
    wanted = {
        "name": "format",
        "in": "query",
        "description": "unless given, Accept decides",
        "schema": {"enum": ["json", "html"]},
    }
    path = [{"name": name, "in": "path", "required": True, "schema": _TEXT} for name in ("kind", "id")]
    return {
        "/knowledge": _document("All rules, numbers, cards and codes", {**fhir, **page}, [wanted]),
        "/knowledge/source-attributes": _document("The source attributes", {**plain, **page}, [wanted]),
        "/knowledge/{kind}/{id}": _document("One resource of it", fhir, path, errors.UnknownResource),
        "/health": _document("Sign of life", plain),
        "/openapi.json": _document("This description", plain),
    }


def _document(
    summary: str, content: Schema, parameters: Sequence[Schema] = (), *refusals: type[CdsError]
) -> Mapping[str, Schema]:
    operation = {
        "summary": summary,
        "tags": ["Documents"],
        "security": [],
        "responses": {"200": {"description": summary, "content": content}, **_errors((*_ALWAYS, *refusals))},
    }
    return {"get": {**operation, **({"parameters": list(parameters)} if parameters else {})}}


def _responses(name: str, description: str, refusals: Sequence[type[CdsError]], example: Any = None) -> Schema:
    content: Schema = {"schema": {"$ref": f"#/components/schemas/{name}"}}
    if example is not None:
        content["example"] = example
    return {"200": {"description": description, "content": {"application/json": content}}, **_errors(refusals)}


def _errors(refusals: Sequence[type[CdsError]]) -> Schema:
    """By status; what several mean is told together."""
    meant: dict[int, list[str]] = {500: ["A fault of ours; nothing was assessed."]}
    for each in refusals:
        meaning, _, _ = " ".join((each.__doc__ or "").split()).partition(". ")
        meant.setdefault(each.status, []).append(f"{meaning.removesuffix('.')}.")
    content = {"application/fhir+json": {"schema": {"$ref": "#/components/schemas/OperationOutcome"}}}
    return {str(status): {"description": " ".join(meant[status]), "content": content} for status in sorted(meant)}
