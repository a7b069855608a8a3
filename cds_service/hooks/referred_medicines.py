"""Medicines that orders only refer to, as those of Epic do: read from the EHR, since a reference has no code.

Each is read by its id from the FHIR server of the call, at its own base address and nowhere else. What cannot be read
stays what it was without a reading: a medicine of which the card says that its code was not sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

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
_AT_ONCE = 10
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


class Medicines(NamedTuple):
    """Those that were read, with how many requests and in how many milliseconds."""

    found: Sequence[Medication] = ()
    requests: int = 0
    read_ms: float = 0.0

    def timed(self, material: Material) -> Material:
        """The same material, and what it took to read these."""
        return replace(
            material,
            requests=material.requests + self.requests,
            read_ms=round(material.read_ms + self.read_ms, 1),
        )

    def in_chart(self, material: Material) -> Material:
        """The same material with these medicines."""
        pages = (*material.pages, (Topic.MEDICATIONS, Page([*self.found])))
        return self.timed(replace(material, pages=pages))

    def in_drafts(self, call: HookCall) -> HookCall:
        """The same call, its drafts with these medicines."""
        return replace(call, drafts=replace(call.drafts, resources=[*call.drafts.resources, *self.found]))


async def read_medicines(wanted: Mapping[str, str], source: Source, read: ReadFhir) -> Medicines:
    """Those of these addresses and ids that the EHR has and the token covers. A few are read at a time, and of an
    answer only the Medication is kept, so that large answers do not add up.
    """
    server, deadline = source
    clock = asyncio.get_running_loop().time
    started = clock()
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(address: str, identifier: str) -> tuple[list[Medication], str, int]:
        async with places:
            answer = await read(server, address, deadline)
        resources = (each for page in answer.pages for each in page.resources)
        found = [each for each in resources if isinstance(each, Medication) and each.id == identifier]
        return found, answer.problem, answer.requests

    refused = server.grant.permission("Medication/1").problem
    answers = await asyncio.gather(*(one(*each) for each in ({} if refused else wanted).items()))
    medicines = [each for found, _, _ in answers for each in found]
    problem = refused or next((problem for _, problem, _ in answers if problem), "")
    _log.info("medicines read", referred=len(wanted), read=len(medicines), **({"problem": problem} if problem else {}))
    return Medicines(medicines, sum(requests for _, _, requests in answers), (clock() - started) * 1000)
