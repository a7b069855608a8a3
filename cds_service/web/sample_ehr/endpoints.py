"""The sample patients as a FHIR R4 server that can be read and searched (https://hl7.org/fhir/R4/http.html)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cds_service.errors import NotAcceptable, UnknownResource, UnsupportedContentType
from cds_service.web.body import read_body
from cds_service.web.own_address import own_address
from cds_service.web.sample_ehr.capabilities import capability_statement
from cds_service.web.sample_ehr.search import Filed, Resource, Search, read_search

_MEDIA_TYPE = "application/fhir+json"
_FORM = "application/x-www-form-urlencoded"
_OLD_MEDIA_TYPE = "application/json+fhir"  # of FHIR before STU3; the public sandbox still asks for it
_ACCEPTED = frozenset({"", "*/*", "application/*", "application/json", "text/json", _MEDIA_TYPE, _OLD_MEDIA_TYPE})
_FORMATS = _ACCEPTED | {"json", "application/fhir json"}  # a plus that was not escaped arrives as a space
_STRICT = re.compile(r"\bhandling\s*=\s*\"?strict\b", re.IGNORECASE)
_encode = msgspec.json.Encoder().encode

Charts = Iterable[tuple[str, Sequence[Resource]]]
"""The id of each patient, and the resources of the chart."""


class SampleEhr:
    """The addresses below /fhir. `charts_on` gives the samples of a day, and is asked anew when the day changes."""

    def __init__(self, charts_on: Callable[[date], Charts], today: Callable[[], date], max_body: int) -> None:
        self._files_on = lru_cache(maxsize=1)(lambda day: _by_type(charts_on(day)))
        self._today = today
        self._max_body = max_body

    def routes(self) -> list[Route]:
        return [
            Route("/fhir/metadata", self._metadata),
            Route("/fhir/{type}", self._search),
            Route("/fhir/{type}/_search", self._search_by_form, methods=["POST"]),
            Route("/fhir/{type}/{id}", self._read),
            Route("/fhir", self._nothing),
            Route("/fhir/{rest:path}", self._nothing),
        ]

    def _of_type(self, resource_type: str) -> list[Filed]:
        files = self._files_on(self._today())
        if resource_type not in files:
            raise UnknownResource(
                "resources of this type are not served here", remedy="GET /fhir/metadata lists the types"
            )
        return files[resource_type]

    async def _metadata(self, request: Request) -> Response:
        _require_json(request, request.query_params)
        today = self._today()
        return _answer(capability_statement(_base(request), sorted(self._files_on(today)), today))

    async def _read(self, request: Request) -> Response:
        _require_json(request, request.query_params)
        for each in self._of_type(request.path_params["type"]):
            if each.resource["id"] == request.path_params["id"]:
                return _answer(each.resource)
        raise UnknownResource(
            "there is no resource of this id", remedy="GET the type without an id to see which there are"
        )

    async def _search(self, request: Request) -> Response:
        return self._found(request, request.query_params)

    async def _search_by_form(self, request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            raise UnsupportedContentType("the body is not declared as a form", remedy=f"Send it as {_FORM}")
        form = QueryParams(await read_body(request, self._max_body))
        return self._found(request, QueryParams([*request.query_params.multi_items(), *form.multi_items()]))

    def _found(self, request: Request, parameters: QueryParams) -> Response:
        _require_json(request, parameters)
        resource_type = request.path_params["type"]
        filed = self._of_type(resource_type)
        strict = _STRICT.search(request.headers.get("prefer", "")) is not None
        asked = read_search(resource_type, parameters.multi_items(), strict)
        return _answer(_searchset(_base(request), asked, asked.find(filed)))

    async def _nothing(self, _: Request) -> Response:
        raise UnknownResource("there is nothing at this address", remedy="GET /fhir/metadata lists what there is")


def _by_type(charts: Charts) -> dict[str, list[Filed]]:
    files: dict[str, list[Filed]] = {}
    for patient_id, resources in charts:
        for resource in resources:
            files.setdefault(resource["resourceType"], []).append(Filed(resource, patient_id))
    return files


def _base(request: Request) -> str:
    return f"{own_address(request)}/fhir"


def _require_json(request: Request, parameters: QueryParams) -> None:
    """`_format` goes before the Accept header. Raises NotAcceptable."""
    asked = parameters.get("_format")
    acceptable = _ACCEPTED if asked is None else _FORMATS
    kinds = (request.headers.get("accept", "") if asked is None else asked).lower().split(",")
    if acceptable.isdisjoint(kind.partition(";")[0].strip() for kind in kinds):
        raise NotAcceptable("only JSON can be sent from here", remedy=f"Accept {_MEDIA_TYPE}")


def _answer(resource: Resource) -> Response:
    return Response(_encode(resource), media_type=_MEDIA_TYPE)


def _searchset(base: str, asked: Search, matches: Sequence[Resource]) -> Resource:
    """One page; `total` counts all matches. A next link holds all that is needed to go on: nothing is kept here."""
    end = asked.offset + asked.count
    links = {"self": asked.offset}
    if asked.count and end < len(matches):
        links["next"] = end
    bundle: dict[str, Any] = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(matches),
        "link": [
            {"relation": relation, "url": f"{base}/{asked.resource_type}?{asked.query(offset)}"}
            for relation, offset in links.items()
        ],
    }
    if page := matches[asked.offset : end]:
        bundle["entry"] = [
            {
                "fullUrl": f"{base}/{each['resourceType']}/{each['id']}",
                "resource": each,
                "search": {"mode": "match"},
            }
            for each in page
        ]
    return bundle
