"""`cds-service assess`: the cards for a chart, without a server."""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from cds_service.app import cards_in_use, explained, hook_services, in_force, terminology_in_use
from cds_service.cli.reporting import errors_in_one_line, tell, tell_markdown
from cds_service.errors import ConfigurationError
from cds_service.explanation.model import explain as of
from cds_service.fhir.client import Answer, FhirServer
from cds_service.fhir.value_sets import Terminology
from cds_service.governance import decisions, local_policy
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.context import read_call
from cds_service.hooks.patient_view import PATIENT_VIEW
from cds_service.hooks.prefetch import chart_needs
from cds_service.hooks.reply import Reply
from cds_service.lone_surrogates import without_lone_surrogates
from cds_service.security.caller import NOBODY
from cds_service.settings import Settings, load_settings
from cds_service.wire import Card, Suggestion


def assess(
    file: Annotated[str, typer.Argument(help="A FHIR Bundle or a hook request, as JSON; - for standard input.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer of the hook as JSON.")] = False,
    as_of: Annotated[str | None, typer.Option(help="Assess as of this moment (ISO 8601); default now.")] = None,
    patient: Annotated[str | None, typer.Option(help="Patient id, where a Bundle holds several.")] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Also tell how it was decided, card or none.")] = False,
) -> None:
    """Show the cards for a chart, without a server and without reading any."""
    with errors_in_one_line():
        settings = load_settings()
        hook, request = _as_request(_read_input(file), patient, terminology_in_use(settings))
        words = cards_in_use(settings)
        services = {service.hook: service for service in hook_services(settings, read_nothing, words)}
        service = services.get(hook, services[PATIENT_VIEW.hook])
        call = read_call(request, service.hook, settings.public_url or "")
        moment = _moment(as_of, settings)
        reply = asyncio.run(service.handle(call, NOBODY, moment))
        decides = in_force(settings)
        explanations = [
            of(each, moment, decides, reply.took, reply.why_nothing) for each in reply.assessments if explain
        ]
        if as_json:
            answer = {"cards": reply.cards, **({"explanations": explanations} if explain else {})}
            tell(json.dumps(msgspec.to_builtins(answer)))  # in ASCII, so that it is safe to look at too
        else:
            cards = "\n\n".join(map(_readable, reply.cards)) or _no_card(settings, reply, explain=explain)
            tell_markdown("\n\n".join([cards, *(explained(each, words) for each in explanations)]))


async def read_nothing(server: FhirServer, address: str, deadline: float) -> Answer:
    raise AssertionError("nothing may be read, so nothing is")


def _read_input(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise ConfigurationError(f"{file}: {error.strerror}. Give a file that can be read, or -.") from None


def _as_request(text: bytes, patient_id: str | None, terminology: Terminology) -> tuple[str, bytes]:
    """The request, and the hook that it names."""
    text = without_lone_surrogates(text)
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise ConfigurationError("the input is not JSON. Give a FHIR Bundle or a hook request.") from None
    if isinstance(content, dict) and content.get("resourceType") == "Bundle":
        needs = chart_needs(terminology.measurement_codes())
        return PATIENT_VIEW.hook, msgspec.json.encode(chart_request(content, needs, patient_id))
    if isinstance(content, dict) and "hook" in content:
        return str(content["hook"]), text
    raise ConfigurationError("the input is neither a FHIR Bundle nor a hook request. Give one of them.")


def _moment(text: str | None, settings: Settings) -> datetime:
    if text is None:
        return datetime.now(settings.timezone)
    try:
        moment = datetime.fromisoformat(text)
        if not 1900 <= moment.year <= 2200:  # at the ends of the calendar there is no look-back, and no other zone
            raise ValueError
    except ValueError:
        raise ConfigurationError(
            "--as-of is not a date and time of the years 1900 to 2200. Give it as 2026-11-02T12:00:00Z."
        ) from None
    return moment.astimezone(settings.timezone) if moment.tzinfo else moment.replace(tzinfo=settings.timezone)


def _no_card(settings: Settings, reply: Reply, *, explain: bool) -> str:
    told = f"No card: {reply.why_nothing}." if reply.why_nothing else "No card."
    told += "" if explain else " `--explain` tells what was read, and why nothing came."
    policy = local_policy(settings)
    return f"{told} This site has decided: {' '.join(decisions(settings, policy))}" if policy else told


def _readable(card: Card) -> str:
    links = "".join(f"\n- {link.label}: {link.url}" for link in card.links or ())
    offered = "".join(f"\n- {_offer(each)}" for each in card.suggestions or ())
    suggestions = f"\n\nSuggestions (nothing happens unless accepted):\n{offered}" if offered else ""
    source = f"\n\nSource: {card.source.label}\n{links}"
    return f"**[{card.indicator}] {card.summary}**\n\n{card.detail or ''}{suggestions}{source}"


def _offer(suggestion: Suggestion) -> str:
    return suggestion.label + (" (put first by a cited source)" if suggestion.isRecommended else "")
