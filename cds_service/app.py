"""Wires everything: settings in, an ASGI application out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cds_service.errors import CdsError
from cds_service.fhir.client import FhirClient, pooled_http
from cds_service.fhir.reading import ChartReader
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.patient_view import PatientView
from cds_service.hooks.prefetch import Prefetch, ReadFhir, chart_needs
from cds_service.log import configure_log
from cds_service.rendering.card_files import load_cards
from cds_service.rendering.render import Renderer
from cds_service.security.outbound import AllowedServers
from cds_service.settings import Settings, load_settings
from cds_service.shipped import shipped
from cds_service.web import outcomes
from cds_service.web.endpoints import cds_routes
from cds_service.web.middleware import PROBLEM, CrossOrigin, Faults, RequestLog

_PREFLIGHT_SECONDS = 600


def create_app(settings: Settings, extra_routes: Sequence[Route] = ()) -> Starlette:
    """The service as an ASGI application. Raises ConfigurationError for unusable cards or value sets."""
    http = pooled_http(settings.fhir_timeout)
    client = FhirClient(http, settings.max_body)
    allowed = AllowedServers(settings.fhir_servers)
    service = patient_view(settings, client.read, allowed.allows)

    def now() -> datetime:
        return datetime.now(settings.timezone)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with http:
            yield

    app = Starlette(
        routes=[*cds_routes([service], now, settings.max_body), *extra_routes],
        middleware=[
            Middleware(RequestLog),
            Middleware(
                CrossOrigin,
                allow_origins=settings.cors_origins,
                allow_methods=("GET", "POST"),
                allow_headers=("Authorization", "Content-Type", "Prefer"),
                allow_private_network=True,
                max_age=_PREFLIGHT_SECONDS,
            ),
            Middleware(Faults),
        ],
        exception_handlers={CdsError: _tell_error, HTTPException: _tell_http},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a browser's preflight does not follow redirects
    return app


def create_app_from_environment() -> Starlette:
    """What each worker process starts with."""
    configure_log()
    return create_app(load_settings())


def patient_view(settings: Settings, read: ReadFhir, may_read: Callable[[str], bool]) -> PatientView:
    """The service with its content loaded; `read` and `may_read` are how it reaches FHIR servers."""
    terminology = Terminology()
    needs = chart_needs(terminology.measurement_codes())
    return PatientView(
        Prefetch(needs, read, may_read, settings.fhir_timeout),
        ChartReader(settings.timezone, terminology),
        settings.thresholds,
        Renderer(load_cards(cards_folder(settings)), settings.guidance_url, settings.max_indicator),
    )


def cards_folder(settings: Settings) -> Path:
    """CDS_CARDS_DIR, else the cards that came with the service."""
    return settings.cards_dir or shipped("cards")


async def _tell_error(request: Request, error: Exception) -> Response:
    response = outcomes.from_error(cast(CdsError, error))
    request.scope[PROBLEM] = str(error)
    return response


async def _tell_http(_: Request, error: Exception) -> Response:
    return outcomes.from_http(cast(HTTPException, error))
