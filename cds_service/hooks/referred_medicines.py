"""Medicines that orders only refer to, as those of Epic do: read from the EHR, since a reference has no code.

Each is read by its id from the FHIR server of the call, at its own base address and nowhere else. What cannot be read
stays what it was without a reading: a medicine of which the card says that its code was not sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import structlog
from msgspec.structs import replace

from cds_service.addresses import resolved
from cds_service.facts import Topic
from cds_service.fhir.page import Material, Page
from cds_service.fhir.references import type_and_id
from cds_service.fhir.resources import Medication, MedicationRequest, Resource
from cds_service.hooks.context import HookCall
from cds_service.hooks.prefetch import ReadFhir, Source

_MOST = 100
_OVER = frozenset({"cancelled", "completed", "entered-in-error", "on-hold", "stopped", "unknown"})

_log = structlog.stdlib.get_logger()


def referred(resources: Iterable[Resource], base: str) -> dict[str, str]:
    """The Medications that these orders refer to and that are not among them: address and id, a hundred at most."""
    at_hand: set[str] = set()
    orders: list[MedicationRequest] = []
    for each in resources:
        if isinstance(each, MedicationRequest):
            orders.append(each)
        elif isinstance(each, Medication):
            at_hand.add(each.id)
    found: dict[str, str] = {}
    for order in orders:
        if (reference := _only_reference(order)) is None:
            continue
        kind, identifier = type_and_id(reference)
        address = resolved(reference.split("/_history/", maxsplit=1)[0], base) or ""
        is_one = kind == "Medication" and address.endswith(f"/Medication/{identifier}")
        if is_one and identifier not in at_hand and len(found) < _MOST:
            found[address] = identifier
    return found


def _only_reference(order: MedicationRequest) -> str | None:
    inline, given = order.medicationCodeableConcept, order.medicationReference
    if given is None or not given.reference or given.reference.startswith("#"):
        return None
    return None if (inline and inline.coding) or str(order.status) in _OVER else given.reference


def referred_in_chart(material: Material, base: str) -> dict[str, str]:
    """Likewise, of the orders of a chart."""
    return referred(
        (each for topic, page in material.pages if topic is Topic.MEDICATIONS for each in page.resources), base
    )


async def with_medicines(material: Material, wanted: Mapping[str, str], source: Source, read: ReadFhir) -> Material:
    """The same with these Medications, as many as can be read."""
    clock = asyncio.get_running_loop().time
    started = clock()
    page, requests = await _read(wanted, source, read)
    return replace(
        material,
        pages=(*material.pages, (Topic.MEDICATIONS, page)),
        requests=material.requests + requests,
        read_ms=material.read_ms + round((clock() - started) * 1000, 1),
    )


async def with_medicines_of_drafts(
    call: HookCall, wanted: Mapping[str, str], source: Source, read: ReadFhir
) -> HookCall:
    """The call, its drafts with these Medications."""
    page, _ = await _read(wanted, source, read)
    return replace(call, drafts=replace(call.drafts, resources=[*call.drafts.resources, *page.resources]))


async def _read(wanted: Mapping[str, str], source: Source, read: ReadFhir) -> tuple[Page, int]:
    """Those of these addresses and ids that the EHR has and the token covers, and how many requests it took."""
    server, deadline = source
    refused = server.grant.permission("Medication/1").problem
    asked = {} if refused else wanted
    answers = await asyncio.gather(*(read(server, address, deadline) for address in asked))
    medicines: list[Resource] = [
        each
        for answer, identifier in zip(answers, asked.values(), strict=True)
        for page in answer.pages
        for each in page.resources
        if isinstance(each, Medication) and each.id == identifier
    ]
    problem = refused or next((answer.problem for answer in answers if answer.problem), "")
    _log.info("medicines read", referred=len(wanted), read=len(medicines), **({"problem": problem} if problem else {}))
    return Page(medicines), sum(answer.requests for answer in answers)
