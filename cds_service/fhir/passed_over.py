"""What nothing here could know, by its code: counted, and where it matters quoted. Text is not interpreted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, cast

from cds_service.code_systems import shown
from cds_service.facts import UNREAD_MEDICINES, Topic, UnreadEntry
from cds_service.fhir import resources as fhir
from cds_service.fhir.conditions import unread_entry
from cds_service.fhir.medicines import Medicine, medicine_of, medicines_among
from cds_service.fhir.page import Material
from cds_service.fhir.resources import NOT_JSON_OF_OURS
from cds_service.fhir.sift import Sifted, look_up_medicine
from cds_service.fhir.subject import Subject
from cds_service.fhir.treatments import is_taken
from cds_service.fhir.value_sets import UNREAD, Terminology
from cds_service.fhir.versions import as_r4

UNCODED = "not coded (text is not interpreted)"
OTHER_SYSTEM = "coded in a system, or by a code, that is not read"

TOPICS = {
    "Condition": Topic.CONDITIONS,
    "Observation": Topic.OBSERVATIONS,
    "MedicationRequest": Topic.MEDICATIONS,
    "Procedure": Topic.PROCEDURES,
}

_TOPIC_OF: dict[type[fhir.Resource], Topic] = {
    fhir.Condition: Topic.CONDITIONS,
    fhir.Observation: Topic.OBSERVATIONS,
    fhir.MedicationRequest: Topic.MEDICATIONS,
    fhir.MedicationOrder: Topic.MEDICATIONS,
    fhir.Procedure: Topic.PROCEDURES,
}

_MOST_SYSTEMS = 100

Watched = Callable[[str], bool]
"""Do these words hold a watch word?"""


class PassedOver(NamedTuple):
    """`counts` by reason in words for the card; the other members are those of a Chart."""

    counts: dict[str, int]
    medicines: list[tuple[str, str]]
    conditions: list[UnreadEntry]
    systems: dict[str, int]
    parts: dict[Topic, list[str]]


def passed_over(
    sifted: Sifted,
    material: Material,
    terminology: Terminology,
    subject: Subject,
    as_of: datetime,
    watched: Watched,
) -> PassedOver:
    """What of the sifted chart is this patient's and has no code that is read."""
    counts = {UNCODED: 0, OTHER_SYSTEM: 0, UNREAD_MEDICINES: 0}
    medicines: list[tuple[str, str]] = []
    conditions: list[UnreadEntry] = []
    met: dict[tuple[type[fhir.Resource], frozenset[str | None]], int] = {}  # few keys, of however many entries
    for resource in sifted.unread:
        if may_be_of(subject, resource):
            its = _systems(resource.codes())
            key = (type(resource), its)
            met[key] = met.get(key, 0) + 1
            reason = OTHER_SYSTEM if its else UNCODED
            counts[reason] += 1
            # asking for the very type is faster than isinstance
            if type(resource) is fhir.Condition and (entry := _watched(resource, reason, watched, subject, as_of)):
                conditions.append(entry)
    for request, medicine in sifted.unread_medicines:
        if may_be_of(subject, request):
            key = (fhir.MedicationRequest, _systems(_codes_of(medicine)))
            met[key] = met.get(key, 0) + 1
            if _may_be_taken(request):
                counts[UNREAD_MEDICINES] += 1
                medicines.append((medicine.words, request.name))
    systems: Counter[str] = Counter()
    parts: dict[Topic, set[str]] = {}
    for (kind, its), count in met.items():
        for system in {shown(terminology.system(each) or each) for each in its}:
            systems[system] += count
            parts.setdefault(_TOPIC_OF[kind], set()).add(system)
    named = _most_frequent(systems)
    wholly = {
        topic: sorted({each if each in named else "" for each in its})
        for topic, its in parts.items()
        if not _is_any_read(topic, material, terminology)
    }
    return PassedOver(counts, medicines, conditions, named, wholly)


def _most_frequent(systems: Counter[str]) -> dict[str, int]:
    """The first hundred, and the others as if they had no name: a chart may hold any number."""
    named = dict(systems.most_common(_MOST_SYSTEMS))
    if others := systems.total() - sum(named.values()):
        named[""] = named.get("", 0) + others
    return named


def may_be_of(subject: Subject, resource: fhir.Resource) -> bool:
    """A subject that is no JSON says nothing of whose it is; the resource is told as unreadable where it matters."""
    try:
        return subject.is_of(resource)
    except NOT_JSON_OF_OURS:
        return True


def _may_be_taken(request: fhir.MedicationRequest) -> bool:
    try:
        return is_taken(request)
    except NOT_JSON_OF_OURS:
        return True


def _systems(codes: Iterable[fhir.Concept | None]) -> frozenset[str | None]:
    """Those of the codes, as they were sent; none where there is no code."""
    return frozenset([each.system for code in codes if code is not None for each in code.coding or () if each.code])


def _codes_of(medicine: Medicine) -> Sequence[fhir.Concept | None]:
    return (medicine.product, *medicine.ingredients)


def _is_any_read(topic: Topic, material: Material, terminology: Terminology) -> bool:
    """Is any code of this part of the chart one that the value sets could know?"""
    resources = [each for _topic, page in material.pages for each in page.resources]
    medicines = medicines_among(resources) if topic is Topic.MEDICATIONS else {}
    known = terminology.meanings
    for resource in resources:
        if _TOPIC_OF.get(type(resource)) is not topic:
            continue
        if isinstance(resource, fhir.MedicationRequest):
            is_read = look_up_medicine(medicine_of(resource, medicines), terminology) is not None
        else:
            codings = [each for code in resource.codes() if code for each in code.coding or ()]
            is_read = any(known[each.system, each.code] is not UNREAD for each in codings)
        if is_read:
            return True
    return False


def _watched(
    condition: fhir.Condition, reason: str, watched: Watched, subject: Subject, as_of: datetime
) -> UnreadEntry | None:
    """The Condition in its own words, if these or those for its site hold a watch word."""
    called, places = _texts((condition.code,)), _texts(condition.sites())
    words = next((text for text in called if watched(text)), "")
    if not words and (place := next((text for text in places if watched(text)), "")):
        words = ", ".join([*called[:1], place])
    if not words:
        return None
    try:
        return unread_entry(cast(fhir.Condition, as_r4(condition)), words, reason, subject, as_of)
    except NOT_JSON_OF_OURS:
        return UnreadEntry(words, condition.name, reason)


def _texts(codes: Iterable[fhir.Concept | None]) -> list[str]:
    given: list[Any] = [
        text for code in codes if code for text in (code.text, *(each.display for each in code.coding or ()))
    ]
    return [text for text in given if isinstance(text, str) and text.strip()]
