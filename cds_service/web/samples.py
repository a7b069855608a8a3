"""The demo's sample patients: as ready hook requests, and as links that open them in the public sandbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from cds_service.web import pages
from cds_service.web.own_address import own_address
from cds_service.web.samples_page import samples_page

_SANDBOX = "https://sandbox.cds-hooks.org/"
_JSON = "application/json"
_encode = msgspec.json.Encoder().encode


class Sample(Protocol):
    """One sample patient."""

    @property
    def title(self) -> str: ...

    @property
    def patient_id(self) -> str: ...

    @property
    def card(self) -> str: ...


def sample_routes(samples: Mapping[str, Sample], request_of: Callable[[str], dict[str, Any]]) -> list[Route]:
    """`samples` by name; `request_of` makes the hook request for a name among them."""

    async def page(request: Request) -> Response:
        return Response(samples_page(listed(request)), headers=pages.HEADERS, media_type="text/html")

    async def list_samples(request: Request) -> Response:
        return Response(_encode({"samples": listed(request)}), media_type=_JSON)

    async def sample(request: Request) -> Response:
        return Response(_encode(request_of(_known(request))), media_type=_JSON)

    async def sandbox(request: Request) -> Response:
        return RedirectResponse(sandbox_address(own_address(request), samples[_known(request)].patient_id))

    def _known(request: Request) -> str:
        name: str = request.path_params["name"]
        if name not in samples:
            raise HTTPException(404)
        return name

    def listed(request: Request) -> list[dict[str, str]]:
        base = own_address(request)
        return [
            {
                "name": name,
                "title": sample.title,
                "card": sample.card,
                "patient": f"{base}/fhir/Patient/{sample.patient_id}",
                "request": f"{base}/samples/{name}",
                "sandbox": sandbox_address(base, sample.patient_id),
            }
            for name, sample in samples.items()
        ]

    return [
        Route("/", page),
        Route("/samples", list_samples),
        Route("/samples/{name}", sample),
        Route("/sandbox/{name}", sandbox),
    ]


def sandbox_address(base: str, patient_id: str) -> str:
    """Opens a patient of the server at `base` in the public sandbox.

    With hook or screen alone, the sandbox calls the wrong service.
    """
    preset = {
        "hook": "patient-view",
        "screen": "patient-view",
        "patientId": patient_id,
        "fhirServiceUrl": f"{base}/fhir",
        "serviceDiscoveryURL": f"{base}/cds-services",
    }
    return f"{_SANDBOX}?{urlencode(preset)}"
