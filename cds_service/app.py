"""Wires everything: settings in, an ASGI application out."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast

import httpx2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cds_service import __version__
from cds_service.assessment.assessment import Assessment
from cds_service.assessment.rule import Level
from cds_service.circumstances import Circumstances
from cds_service.errors import CdsError, Unauthenticated
from cds_service.explanation.markdown import as_markdown
from cds_service.explanation.model import Explanation, InForce, explain
from cds_service.fhir.client import FhirClient, pooled_http
from cds_service.fhir.reading import ChartReader
from cds_service.fhir.value_sets import Terminology
from cds_service.governance import decisions, local_policy, overdue, switched_off
from cds_service.hooks.appointment_book import APPOINTMENT_BOOK
from cds_service.hooks.encounter_discharge import ENCOUNTER_DISCHARGE, WITHOUT_ASKING
from cds_service.hooks.fewer_alerts import FewerAlerts
from cds_service.hooks.orders import ORDER_SELECT, ORDER_SIGN
from cds_service.hooks.patient_view import ENCOUNTER_START, PATIENT_VIEW
from cds_service.hooks.prefetch import Prefetch, ReadFhir, chart_needs
from cds_service.hooks.problem_list_item_create import PROBLEM_LIST_ITEM_CREATE
from cds_service.hooks.service import Clinic, OpenService
from cds_service.hooks.silence import Silence
from cds_service.hooks.turns import Turns
from cds_service.knowledge import BASE, knowledge_version
from cds_service.log import configure_log
from cds_service.publishing.publication import Publication, load_value_sets
from cds_service.rendering.card_files import load_cards, missing_files
from cds_service.rendering.content import CardFiles
from cds_service.rendering.render import Renderer
from cds_service.rendering.words import own_words, quoted
from cds_service.security.caller import Caller
from cds_service.security.client_jwt import ClientJwt, FirstUse
from cds_service.security.clients import Client, load_clients
from cds_service.security.key_sets import FetchedKeys, KeySource, PinnedKeys, fetch_key_set
from cds_service.security.outbound import AllowedServers
from cds_service.settings import Settings, load_settings
from cds_service.shipped import shipped
from cds_service.storage.earlier_cards import EarlierCards
from cds_service.storage.feedback import FeedbackStore
from cds_service.storage.journal import Journal
from cds_service.storage.seen_tokens import SeenTokens
from cds_service.storage.store import Store
from cds_service.web import outcomes
from cds_service.web.authentication import Anyone, Authentication
from cds_service.web.body import BodyMemory
from cds_service.web.client_rate import ClientRate
from cds_service.web.endpoints import Authenticate, cds_routes, feedback_routes
from cds_service.web.knowledge import Knowledge, knowledge_routes
from cds_service.web.middleware import ADD_TO_REGISTRY, CLIENT, PROBLEM, REASON, CrossOrigin, Faults, RequestLog
from cds_service.web.openapi import openapi_routes

_PREFLIGHT_SECONDS = 600
_SERVICES = (
    PATIENT_VIEW,
    ENCOUNTER_START,
    PROBLEM_LIST_ITEM_CREATE,
    APPOINTMENT_BOOK,
    ENCOUNTER_DISCHARGE,
    ORDER_SELECT,
    ORDER_SIGN,
)


def create_app(settings: Settings, extra_routes: Sequence[Route] = ()) -> Starlette:
    """The service as an ASGI application. Raises ConfigurationError for unusable cards, value sets or registry."""
    http = pooled_http(settings.fhir_timeout)
    client = FhirClient(http, settings.max_body)
    cards = cards_in_use(settings)
    services = hook_services(settings, client.read, cards)
    known = Knowledge(publication(settings, cards), partial(overdue, cards))

    def now() -> datetime:
        return datetime.now(settings.timezone)

    store = Store(settings.database_url.get_secret_value())
    hash_key = settings.hash_key.get_secret_value().encode() if settings.hash_key else None
    journal = Journal(store, version_in_use(settings), hash_key)
    earlier_cards = EarlierCards(store, hash_key)
    fewer_alerts = FewerAlerts(
        earlier_cards, Silence(timedelta(hours=settings.override_hours), settings.once_per_encounter)
    )
    keep_feedback = FeedbackStore(store, now).keep
    seen_tokens = SeenTokens(store, now)
    authenticate: Authenticate = authentication(settings, http, seen_tokens.first_use, now)
    if settings.client_rate is not None:
        authenticate = ClientRate(authenticate, settings.client_rate)
    turns = Turns(settings.time_budget)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        with closing(turns):
            async with http, store, journal, seen_tokens, earlier_cards:
                yield

    app = Starlette(
        routes=[
            *cds_routes(
                services,
                authenticate,
                now,
                settings.max_body,
                turns,
                journal.add,
                fewer_alerts,
                settings.public_url,
            ),
            *feedback_routes(services, authenticate, settings.max_body, turns, keep_feedback),
            *knowledge_routes(known, now),
            *openapi_routes(services, settings.public_url, is_open=settings.clients is None),
            *extra_routes,
        ],
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
            Middleware(BodyMemory, limit=settings.max_buffered),
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


def authentication(
    settings: Settings, http: httpx2.AsyncClient, first_use: FirstUse, now: Callable[[], datetime]
) -> Authentication | Anyone:
    """The clients of the registry, or without one everybody."""
    if settings.clients is None:
        return Anyone(Caller(None, "", AllowedServers(settings.fhir_servers)))
    clients = ClientJwt(
        [(client, _keys(client, settings.jwt_algorithms, http)) for client in load_clients(settings.clients)],
        settings.jwt_algorithms,
        settings.jwt_lifetime,
        first_use,
        now,
    )
    return Authentication(clients, settings.public_url)


def _keys(client: Client, algorithms: Sequence[str], http: httpx2.AsyncClient) -> KeySource:
    if client.jwks_url is None:
        return PinnedKeys(Path(str(client.jwks_file)), algorithms)
    return FetchedKeys(client.name, partial(fetch_key_set, http, client.jwks_url, algorithms), time.monotonic)


def hook_services(settings: Settings, read: ReadFhir, cards: CardFiles) -> list[OpenService]:
    """The services, one per hook; `read` is how they reach FHIR servers, `cards` are their words."""
    terminology = terminology_in_use(settings)
    policy = local_policy(settings)
    clinic = Clinic(
        Prefetch(chart_needs(terminology.measurement_codes()), read, settings.fhir_timeout),
        ChartReader(settings.timezone, terminology, cards.watched),
        Renderer(
            replace(cards, switched_off=switched_off(policy)),
            settings.guidance_url,
            settings.max_indicator,
            partial(_explanation, in_force(settings), cards) if settings.card_detail == "full" else None,
        ),
        settings.thresholds,
        policy,
    )
    discharge = WITHOUT_ASKING if settings.system_actions else ENCOUNTER_DISCHARGE
    return [OpenService(discharge if each is ENCOUNTER_DISCHARGE else each, clinic) for each in _SERVICES]


def service_addresses(base: str) -> list[str]:
    """Every address below this one that a client's token can be for."""
    discovery = f"{base}/cds-services"
    called = [f"{discovery}/{service.id}" for service in _SERVICES]
    return [discovery, *called, *(f"{each}/feedback" for each in called)]


def _explanation(decides: InForce, cards: CardFiles, assessment: Assessment, circumstances: Circumstances) -> str:
    """How it was decided, for below a card."""
    return explained(explain(assessment, circumstances.as_of, decides), cards)


def in_force(settings: Settings) -> InForce:
    """What decides at this site, beside the record."""
    policy = local_policy(settings)
    highest = Level[settings.max_indicator.upper()]
    return InForce(version_in_use(settings), policy, tuple(decisions(settings, policy)), highest)


def explained(explanation: Explanation, cards: CardFiles) -> str:
    """The explanation as Markdown, with what these words say of possible causes."""
    about = {f"pattern-{name}": words.says for name, words in cards.causes.items()}
    return as_markdown(explanation, quoted, own_words, about)


def cards_in_use(settings: Settings) -> CardFiles:
    """The words of the cards that these settings choose. Raises ConfigurationError."""
    return load_cards(cards_folder(settings), shipped("cards"), canonical_base(settings))


def canonical_base(settings: Settings) -> str:
    """What is before the addresses of our own FHIR resources: CDS_CANONICAL_URL, else where they are served."""
    if settings.canonical_url is not None:
        return f"{settings.canonical_url}/"
    return f"{settings.public_url}/knowledge/" if settings.public_url is not None else BASE


def missing_cards(settings: Settings) -> Sequence[str]:
    """The card files that CDS_CARDS_DIR does not hold, so that they are as they come with the service."""
    return missing_files(settings.cards_dir, shipped("cards")) if settings.cards_dir else ()


def cards_folder(settings: Settings) -> Path:
    """CDS_CARDS_DIR, else the cards that came with the service."""
    return settings.cards_dir or shipped("cards")


def terminology_in_use(settings: Settings) -> Terminology:
    """The value sets that came with the service, with the codes of CDS_CODES_DIR. Raises ConfigurationError."""
    return Terminology(own=settings.codes_dir)


def publication(settings: Settings, cards: CardFiles) -> Publication:
    """What is published of the knowledge that these settings and cards make up, whose codes are ones in use."""
    policy = local_policy(settings)
    return Publication(
        version_in_use(settings),
        settings.thresholds,
        cards,
        load_value_sets(shipped("value_sets"), settings.codes_dir),
        canonical_base(settings),
        settings.developer,
        settings.funding,
        policy.off,
        decisions(settings, policy),
    )


def version_in_use(settings: Settings) -> str:
    """The version of value sets, cards, thresholds and site's decisions that these settings choose."""
    folders = (shipped("value_sets"), cards_folder(settings), *([settings.codes_dir] if settings.codes_dir else ()))
    decided = [*settings.disabled_rules, *settings.exclusions]
    return knowledge_version(__version__, folders, asdict(settings.thresholds), decided)


async def _tell_error(request: Request, error: Exception) -> Response:
    response = outcomes.from_error(cast(CdsError, error))
    request.scope[PROBLEM] = str(error)
    if isinstance(error, Unauthenticated):
        request.scope[REASON], request.scope[CLIENT] = error.reason, error.client
        request.scope[ADD_TO_REGISTRY] = error.add_to_registry
    return response


async def _tell_http(_: Request, error: Exception) -> Response:
    return outcomes.from_http(cast(HTTPException, error))
