"""GET /knowledge and below: what the service knows, for everybody. No patient's data are in it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cds_service.publishing.export import to_json
from cds_service.publishing.fhir_resources import bundle, fhir_resources
from cds_service.publishing.publication import Publication
from cds_service.publishing.source_attributes import RULE, source_attributes
from cds_service.web import pages
from cds_service.web.knowledge_pages import knowledge_page, source_attributes_page

_HTML, _JSON, _FHIR = "text/html", "application/json", "application/fhir+json"
_CACHE = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class _Document:
    """What is sent, with the tag by which a client knows that it has it already."""

    body: bytes
    media_type: str

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:16]}"'


class Knowledge:
    """The documents, each made when it is first asked for: whoever only calls services waits for none of them."""

    def __init__(self, published: Publication, overdue: Callable[[date], Sequence[object]]) -> None:
        """`overdue`: the content that is past its review date on a day, in words."""
        self.published = published
        self._overdue = overdue
        self.page = lru_cache(maxsize=1)(self._page)  # by day: what is past its review date changes with it

    @cached_property
    def bundle(self) -> _Document:
        return _Document(to_json(bundle(self.published)), _FHIR)

    @cached_property
    def resources(self) -> dict[tuple[str, str], _Document]:
        found = fhir_resources(self.published)
        return {(each["resourceType"], each["id"]): _Document(to_json(each), _FHIR) for each in found}

    @cached_property
    def attributes(self) -> _Document:
        return _Document(
            to_json(
                {
                    "intervention": "Calf pain decision support",
                    "type": "evidence-based",
                    "rule": RULE,
                    "version": self.published.version,
                    "attributes": [asdict(each) for each in source_attributes(self.published)],
                }
            ),
            _JSON,
        )

    @cached_property
    def attributes_page(self) -> _Document:
        return _Document(source_attributes_page(source_attributes(self.published)), _HTML)

    def _page(self, today: date) -> _Document:
        return _Document(knowledge_page(self.published, self._overdue(today), today), _HTML)


def knowledge_routes(knowledge: Knowledge, now: Callable[[], datetime]) -> list[Route]:
    """HTML for people; JSON for who asks by Accept, or by `?format=json` where a link cannot ask.

    Plain functions, which Starlette runs in threads: to make a document takes longer than a hook may wait.
    """

    def everything(request: Request) -> Response:
        document = knowledge.page(now().date()) if _wants_html(request) else knowledge.bundle
        return _answer(request, document)

    def attributes(request: Request) -> Response:
        return _answer(request, knowledge.attributes_page if _wants_html(request) else knowledge.attributes)

    def resource(request: Request) -> Response:
        document = knowledge.resources.get((request.path_params["kind"], request.path_params["id"]))
        if document is None:
            raise HTTPException(404)
        return _answer(request, document)

    return [
        Route("/knowledge", everything),
        Route("/knowledge/source-attributes", attributes),
        Route("/knowledge/{kind}/{id}", resource),
    ]


def _answer(request: Request, document: _Document) -> Response:
    headers = {"ETag": document.etag, "Cache-Control": _CACHE, "Vary": "Accept", **pages.HEADERS}
    known = [tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")]
    if document.etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    return Response(document.body, headers=headers, media_type=document.media_type)


def _wants_html(request: Request) -> bool:
    """`format` decides, then Accept (RFC 9110, 12.5.1); HTML where both are as welcome."""
    wanted = request.query_params.get("format")
    if wanted is not None:
        return wanted != "json"
    accept = request.headers.get("accept", "*/*")
    return _welcome(accept, _HTML) >= max(_welcome(accept, _JSON), _welcome(accept, _FHIR))


def _welcome(accept: str, media_type: str) -> float:
    """The weight that an Accept header gives to a media type: that of its most specific range."""
    ranges = [media_type, f"{media_type.partition('/')[0]}/*", "*/*"]
    weights: dict[str, float] = {}
    for each in accept.split(","):
        name, *parameters = [part.strip().lower() for part in each.split(";")]
        weights[name] = next((_weight(part[2:]) for part in parameters if part.startswith("q=")), 1.0)
    return next((weights[each] for each in ranges if each in weights), 0.0)


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
