"""What an EHR sends, opened just far enough to see which resources may matter.

A Bundle is decoded in one go, and of its resources only the members that are read. Where that fails, entry by entry,
so that one odd entry costs only itself.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import msgspec

from cds_service.facts import Gap, Topic
from cds_service.fhir.panels import members_of
from cds_service.fhir.resources import NOT_JSON_OF_OURS, AnyResource, Observation, OperationOutcome, Resource
from cds_service.fhir.versions import R4_TYPES
from cds_service.lone_surrogates import without_lone_surrogates


class Entry(msgspec.Struct, gc=False):
    resource: AnyResource | None = None
    fullUrl: str = ""


class Bundle(msgspec.Struct, tag_field="resourceType", tag="Bundle", gc=False):
    link: Any = None
    total: Any = None
    entry: list[Entry] | None = None


Received = Bundle | AnyResource
"""A prefetch value or a page of a search in which nothing is odd."""


class _RawEntry(msgspec.Struct, gc=False):
    resource: msgspec.Raw = msgspec.Raw(b"")
    fullUrl: Any = None


class _RawBundle(msgspec.Struct, tag_field="resourceType", tag="Bundle"):
    link: Any = None
    total: Any = None
    entry: list[msgspec.Raw] | None = None


class _Name(msgspec.Struct):
    resourceType: str
    id: Any = None


_received = msgspec.json.Decoder(Received)
_resource = msgspec.json.Decoder(AnyResource)
# A union makes the tag obligatory: an object without resourceType is no Bundle.
_raw_bundle = msgspec.json.Decoder(_RawBundle | OperationOutcome)
_raw_entry = msgspec.json.Decoder(_RawEntry)
_raw_list = msgspec.json.Decoder(list[msgspec.Raw])
_name = msgspec.json.Decoder(_Name)
_OURS = {
    *("Patient", "Condition", "Observation", "Procedure"),
    *("Medication", "MedicationRequest", "MedicationOrder", "Appointment", "ServiceRequest", "DeviceRequest"),
}
_NOT_FHIR = "the EHR sent something that is not a FHIR resource"
_EHR_ERROR = "the EHR reported an error"
_NAMELESS = "an entry without a readable resource"


class Page(msgspec.Struct, frozen=True):
    """One prefetch value or one page of a search.

    `next` is the address of the next page. `failure` says, in words for the card, why the value is no answer.
    `unreadable` names the resources that could not be opened; `others` counts those of types that are not read, and
    `members` those that were contained in a panel. `total` is how many the EHR says that there are, 0 if it does not.
    """

    resources: list[Resource] = []
    next: str | None = None
    failure: str = ""
    unreadable: tuple[str, ...] = ()
    others: int = 0
    members: int = 0
    total: int = 0
    entries: int = 0

    def count(self, resource_type: str) -> int:
        """How many entries are of this type, readable or not; all, where no more than those are said to be there."""
        if self.total <= self.entries:
            return self.entries
        kinds = Counter(map(type, self.resources))
        read = sum(number for kind, number in kinds.items() if _r4_type(kind) == resource_type)
        return read - self.members + sum(name.startswith((resource_type, _NAMELESS)) for name in self.unreadable)


class Material(msgspec.Struct, frozen=True):
    """All that was received for one patient, by the part of the chart it answers. `patient` holds one Patient.

    `requests` were sent to the EHR's FHIR server for it, in `read_ms` milliseconds altogether; both are 0 if all came
    as prefetch.
    """

    patient: Page
    pages: tuple[tuple[Topic, Page], ...]
    gaps: tuple[Gap, ...] = ()
    requests: int = 0
    read_ms: float = 0.0

    @property
    def resource_count(self) -> int:
        """Of resources besides the Patient, those that nobody reads included."""
        return sum(len(page.resources) + page.others for _, page in self.pages)


LARGE = 1_000_000
"""Bytes above which JSON is opened beside the event loop."""

HUGE = 4_000_000
"""Bytes above which a Bundle is opened entry by entry, which takes twice as long: in one go, it would hold the
interpreter for over 20 ms.
"""


def open_page(raw: msgspec.Raw | bytes) -> Page:
    """Open a Bundle or a single resource. Never raises: what is not FHIR comes back as a `failure`."""
    if memoryview(raw).nbytes > HUGE:
        return _open_leniently(raw)
    try:
        return page_of(_received.decode(raw))
    except NOT_JSON_OF_OURS:
        return _open_leniently(raw)


def open_drafts(raw: msgspec.Raw | bytes) -> Page:
    """Open what a hook's context proposes: a Bundle, a list of resources, as the example of appointment-book has it, or
    one resource.

    As lenient as `open_page`: what EHRs hold while a user still types is seldom valid FHIR.
    """
    try:
        listed = _raw_list.decode(raw)
    except NOT_JSON_OF_OURS:
        return open_page(raw)
    pages = [open_page(each) for each in listed]
    return Page(
        [resource for page in pages for resource in page.resources],
        failure=next((page.failure for page in pages if page.failure), ""),
        unreadable=tuple(name for page in pages for name in page.unreadable),
        others=sum(page.others for page in pages),
    )


def page_of(received: Received) -> Page:
    """The page that a Bundle or a single resource is."""
    if not isinstance(received, Bundle):
        return _page([received], None)
    entries = received.entry or ()
    resources: list[Resource] = []
    for entry in entries:
        resource = entry.resource
        if resource is not None:
            resource.full_url = entry.fullUrl
            resources.append(resource)
    return _page(resources, received.link, received.total, len(entries))


def _open_leniently(raw: msgspec.Raw | bytes, *, is_mended: bool = False) -> Page:
    try:
        bundle = _raw_bundle.decode(raw)
    except msgspec.ValidationError:
        return _open_single(raw)
    except NOT_JSON_OF_OURS:
        mended = without_lone_surrogates(bytes(raw))
        return Page(failure=_NOT_FHIR) if is_mended or mended == raw else _open_leniently(mended, is_mended=True)
    if isinstance(bundle, OperationOutcome):
        return _page([bundle], None)
    resources: list[Resource] = []
    unreadable: list[str] = []
    others = 0
    for entry in bundle.entry or ():
        try:
            opened = _raw_entry.decode(entry)
            if opened.resource:
                resource = _resource.decode(opened.resource)
                if isinstance(opened.fullUrl, str):
                    resource.full_url = opened.fullUrl
                resources.append(resource)
        except NOT_JSON_OF_OURS:
            names = _name_if_ours(entry)
            unreadable += names
            others += not names
    page = _page(resources, bundle.link, bundle.total, len(bundle.entry or ()))
    return msgspec.structs.replace(page, unreadable=(*unreadable, *page.unreadable), others=others)


def _open_single(raw: msgspec.Raw | bytes) -> Page:
    try:
        name = _name.decode(raw)
    except NOT_JSON_OF_OURS:
        return Page(failure=_NOT_FHIR)
    if name.resourceType == "Bundle":
        return Page(failure=_NOT_FHIR)
    names = _named(name)
    return Page(unreadable=tuple(names), others=not names)


def _page(resources: list[Resource], link: Any, total: Any = None, entries: int = 0) -> Page:
    failure = ""
    unreadable: tuple[str, ...] = ()
    members: list[Observation] = []
    kinds = set(map(type, resources))
    if OperationOutcome in kinds:
        failed = any(each.is_error for each in resources if isinstance(each, OperationOutcome))
        failure = _EHR_ERROR if failed else ""
        resources = [each for each in resources if not isinstance(each, OperationOutcome)]
    if Observation in kinds:
        members, unreadable = members_of(resources)
        resources = [*resources, *members] if members else resources
    return Page(resources, _next_link(link), failure, unreadable, 0, len(members), _number(total), entries)


def _r4_type(kind: type[Resource]) -> str:
    tag = str(kind.__struct_config__.tag)
    return R4_TYPES.get(tag, tag)


def _number(total: Any) -> int:
    """A whole number, however it is written; 0 of anything else."""
    text = str(total).removesuffix(".0") if isinstance(total, (int, float, str)) else ""
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _name_if_ours(entry: msgspec.Raw) -> list[str]:
    """`Type/id` of a resource that we would have read; nothing for a type that is none of ours."""
    try:
        return _named(_name.decode(_raw_entry.decode(entry).resource))
    except NOT_JSON_OF_OURS:
        return [_NAMELESS]


def _named(name: _Name) -> list[str]:
    if name.resourceType not in _OURS:
        return []
    return [f"{name.resourceType}/{name.id}" if isinstance(name.id, str) else name.resourceType]


def _next_link(links: Any) -> str | None:
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"])
    return None
