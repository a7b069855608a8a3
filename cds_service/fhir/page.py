"""What an EHR sends, opened just far enough to see which resources may matter.

A Bundle is decoded in one go, only in the few members that the sift looks at. Where that fails, entry by entry, so
that one odd entry costs only itself. Of the few resources that are read in full, the bytes are cut out later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from cds_service.facts import Gap, Topic
from cds_service.fhir.heads import NOT_JSON_OF_OURS, AnyHead, Head, OutcomeHead


class _RawEntry(msgspec.Struct, gc=False):
    resource: msgspec.Raw = msgspec.Raw(b"")


class _Entry(msgspec.Struct, gc=False):
    resource: AnyHead | None = None


class _Bundle(msgspec.Struct, tag_field="resourceType", tag="Bundle"):
    link: Any = None
    entry: list[_Entry] | None = None


class _RawBundle(msgspec.Struct, tag_field="resourceType", tag="Bundle"):
    link: Any = None
    entry: list[msgspec.Raw] | None = None


class _Name(msgspec.Struct):
    resourceType: str
    id: Any = None


_head = msgspec.json.Decoder(AnyHead)
# A union makes the tag obligatory: an object without resourceType is no Bundle.
_bundle = msgspec.json.Decoder(_Bundle | OutcomeHead)
_raw_bundle = msgspec.json.Decoder(_RawBundle | OutcomeHead)
_raw_entry = msgspec.json.Decoder(_RawEntry)
_name = msgspec.json.Decoder(_Name)
_NOT_FHIR = "the EHR sent something that is not a FHIR resource"
_EHR_ERROR = "the EHR reported an error"
_NAMELESS = "an entry without a readable resource"


@dataclass(frozen=True, slots=True)
class Page:
    """One prefetch value or one page of a search.

    `resources[n]` was entry number `places[n]` of `raw`. `next` is the address of the next page. `failure` says, in
    words for the card, why the value is no answer. `unreadable` names the resources that could not be opened;
    `others` counts those of types that are not read.
    """

    raw: msgspec.Raw | bytes = b""
    resources: list[Head] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    next: str | None = None
    failure: str = ""
    unreadable: tuple[str, ...] = ()
    others: int = 0

    def bytes_of(self) -> Callable[[int], msgspec.Raw | bytes]:
        """Cuts out the bytes of a resource, by its number in `resources`."""
        try:
            bundle = _raw_bundle.decode(self.raw)
        except msgspec.ValidationError:
            return lambda _number: self.raw
        entries = (bundle.entry if isinstance(bundle, _RawBundle) else None) or []
        return lambda number: _raw_entry.decode(entries[self.places[number]]).resource


@dataclass(frozen=True, slots=True)
class Material:
    """All that was received for one patient, by the part of the chart it answers. `patient` holds one Patient.

    `fhir_seconds` were spent on reading what was not sent.
    """

    patient: Page
    pages: tuple[tuple[Topic, Page], ...]
    gaps: tuple[Gap, ...] = ()
    fhir_seconds: float = 0.0

    @property
    def resource_count(self) -> int:
        """Of resources besides the Patient, those that nobody reads included."""
        return sum(len(page.resources) + page.others for _, page in self.pages)


def open_page(raw: msgspec.Raw | bytes) -> Page:
    """Open a Bundle or a single resource. Never raises: what is not FHIR comes back as a `failure`."""
    try:
        bundle = _bundle.decode(raw)
    except NOT_JSON_OF_OURS:
        return _open_leniently(raw)
    if isinstance(bundle, OutcomeHead):
        return _page(raw, [bundle], None)
    return _page(raw, [entry.resource for entry in bundle.entry or ()], bundle.link)


def _open_leniently(raw: msgspec.Raw | bytes) -> Page:
    try:
        bundle = _raw_bundle.decode(raw)
    except msgspec.ValidationError:
        return _open_single(raw)
    except NOT_JSON_OF_OURS:
        return Page(failure=_NOT_FHIR)
    if isinstance(bundle, OutcomeHead):
        return _page(raw, [bundle], None)
    heads: list[Head | None] = []
    unreadable: list[str] = []
    others = 0
    for entry in bundle.entry or ():
        head = None
        try:
            resource = _raw_entry.decode(entry).resource
            if resource:
                head = _head.decode(resource)
        except NOT_JSON_OF_OURS:
            names = _name_if_ours(entry)
            unreadable += names
            others += not names
        heads.append(head)
    return replace(_page(raw, heads, bundle.link, tuple(unreadable)), others=others)


def _open_single(raw: msgspec.Raw | bytes) -> Page:
    try:
        return _page(raw, [_head.decode(raw)], None)
    except NOT_JSON_OF_OURS:
        pass
    try:
        name = _name.decode(raw)
    except NOT_JSON_OF_OURS:
        return Page(failure=_NOT_FHIR)
    if name.resourceType == "Bundle":
        return Page(failure=_NOT_FHIR)
    names = _named(name)
    return Page(raw, unreadable=tuple(names), others=not names)


def _page(raw: msgspec.Raw | bytes, heads: Sequence[Head | None], link: Any, unreadable: tuple[str, ...] = ()) -> Page:
    resources: list[Head] = []
    places: list[int] = []
    failure = ""
    for place, head in enumerate(heads):
        if isinstance(head, OutcomeHead):
            failure = failure or (_EHR_ERROR if head.is_error else "")
        elif head is not None:
            resources.append(head)
            places.append(place)
    return Page(raw, resources, places, _next_link(link), failure, unreadable)


def _name_if_ours(entry: msgspec.Raw) -> list[str]:
    """`Type/id` of a resource that we would have read; nothing for a type that is none of ours."""
    try:
        return _named(_name.decode(_raw_entry.decode(entry).resource))
    except NOT_JSON_OF_OURS:
        return [_NAMELESS]


def _named(name: _Name) -> list[str]:
    ours = {"Patient", "Condition", "Observation", "Medication", "MedicationRequest", "Procedure"}
    if name.resourceType not in ours:
        return []
    return [f"{name.resourceType}/{name.id}" if isinstance(name.id, str) else name.resourceType]


def _next_link(links: Any) -> str | None:
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"])
    return None
