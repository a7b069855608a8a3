"""What an EHR sends, opened just far enough to see which resources may matter.

Each resource is decoded by itself and only in the few members that the sift looks at, so that one odd entry costs
only itself. The resource's own bytes are kept for those few that are read in full.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import msgspec

from cds_service.facts import Gap, Topic


class HeadCoding(msgspec.Struct, frozen=True, gc=False):
    system: str | None = None
    code: str | None = None


class HeadConcept(msgspec.Struct, frozen=True):
    coding: list[HeadCoding] | None = None
    text: Any = None


class HeadReference(msgspec.Struct, frozen=True):
    reference: str | None = None


class HeadComponent(msgspec.Struct, frozen=True):
    code: HeadConcept | None = None
    valueCodeableConcept: HeadConcept | None = None


class Head(msgspec.Struct, tag_field="resourceType", kw_only=True, dict=True):
    """The members of a resource that decide whether it is read. `raw` holds the bytes of all of it."""

    id: str = ""

    @property
    def resourceType(self) -> str:
        return cast(str, type(self).__struct_config__.tag)

    @property
    def raw(self) -> msgspec.Raw:
        return cast(msgspec.Raw, self.__dict__["raw"])

    def codes(self) -> Sequence[HeadConcept | None]:
        """Where the resource says what it is about."""
        return ()

    def sites(self) -> Sequence[HeadConcept | None]:
        """Where it may say on which part of the body."""
        return ()


def _listed(sites: list[HeadConcept] | HeadConcept | None) -> Sequence[HeadConcept | None]:
    return sites if isinstance(sites, list) else (sites,)


class PatientHead(Head, tag="Patient"):
    pass


class ConditionHead(Head, tag="Condition"):
    code: HeadConcept | None = None
    bodySite: list[HeadConcept] | HeadConcept | None = None

    def codes(self) -> Sequence[HeadConcept | None]:
        return (self.code,)

    def sites(self) -> Sequence[HeadConcept | None]:
        return _listed(self.bodySite)


class ObservationHead(Head, tag="Observation"):
    status: Any = None
    code: HeadConcept | None = None
    valueCodeableConcept: HeadConcept | None = None
    bodySite: HeadConcept | None = None
    component: list[HeadComponent] | None = None
    effectiveDateTime: Any = None
    effectivePeriod: Any = None
    effectiveInstant: Any = None
    issued: Any = None

    def codes(self) -> Sequence[HeadConcept | None]:
        if not self.component:
            return (self.code,)
        return [self.code, *(component.code for component in self.component)]

    def sites(self) -> Sequence[HeadConcept | None]:
        return [self.bodySite, *(component.valueCodeableConcept for component in self.component or ())]


class MedicationHead(Head, tag="Medication"):
    code: HeadConcept | None = None


class ContainedMedication(msgspec.Struct, frozen=True):
    id: str = ""
    code: HeadConcept | None = None


class MedicationRequestHead(Head, tag="MedicationRequest"):
    medicationCodeableConcept: HeadConcept | None = None
    medicationReference: HeadReference | None = None
    contained: list[ContainedMedication] | None = None

    def codes(self) -> Sequence[HeadConcept | None]:
        return (self.medicationCodeableConcept,)


class ProcedureHead(Head, tag="Procedure"):
    code: HeadConcept | None = None
    category: HeadConcept | None = None
    bodySite: list[HeadConcept] | HeadConcept | None = None

    def codes(self) -> Sequence[HeadConcept | None]:
        return (self.code, self.category)

    def sites(self) -> Sequence[HeadConcept | None]:
        return _listed(self.bodySite)


class _Issue(msgspec.Struct):
    severity: Any = None


class OutcomeHead(Head, tag="OperationOutcome"):
    issue: list[_Issue] | None = None

    @property
    def is_error(self) -> bool:
        """An outcome that only informs or warns is no error: Epic sends one with every empty search."""
        return any(issue.severity not in ("information", "warning") for issue in self.issue or ()) or not self.issue


_AnyHead = (
    PatientHead
    | ConditionHead
    | ObservationHead
    | MedicationHead
    | MedicationRequestHead
    | ProcedureHead
    | OutcomeHead
)


class _Link(msgspec.Struct):
    relation: str | None = None
    url: str | None = None


class _Entry(msgspec.Struct):
    resource: msgspec.Raw = msgspec.Raw(b"")


class _Envelope(msgspec.Struct):
    resourceType: str
    id: Any = None
    link: Any = None
    entry: list[msgspec.Raw] | None = None


_head = msgspec.json.Decoder(_AnyHead)
_envelope = msgspec.json.Decoder(_Envelope)
_entry = msgspec.json.Decoder(_Entry)
_NOT_FHIR = "the EHR sent something that is not a FHIR resource"
_EHR_ERROR = "the EHR reported an error"


@dataclass(frozen=True, slots=True)
class Page:
    """One prefetch value or one page of a search.

    `next` is the address of the next page. `failure` says, in words for the card, why the value is no answer.
    `unreadable` names the resources that could not be opened, as `Type/id`.
    """

    resources: list[Head] = field(default_factory=list)
    next: str | None = None
    failure: str = ""
    unreadable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Material:
    """All that was received for one patient, by the part of the chart it answers."""

    patient: Head
    pages: tuple[tuple[Topic, Page], ...]
    gaps: tuple[Gap, ...] = ()


def open_page(raw: msgspec.Raw | bytes) -> Page:
    """Open a Bundle or a single resource. Never raises: what is not FHIR comes back as a `failure`."""
    try:
        envelope = _envelope.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return Page(failure=_NOT_FHIR)
    if envelope.resourceType != "Bundle":
        return _opened([msgspec.Raw(bytes(raw))], None)
    resources: list[msgspec.Raw] = []
    broken: list[str] = []
    for entry in envelope.entry or ():
        try:
            resource = _entry.decode(entry).resource
        except (msgspec.DecodeError, RecursionError):
            broken.append("an entry without a readable resource")
            continue
        if resource:
            resources.append(resource)
    return _opened(resources, _next_link(envelope.link), tuple(broken))


def _opened(resources: list[msgspec.Raw], next_link: str | None, broken: tuple[str, ...] = ()) -> Page:
    heads: list[Head] = []
    unreadable = list(broken)
    failure = ""
    for raw in resources:
        try:
            head = _head.decode(raw)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            if name := _name_if_ours(raw):
                unreadable.append(name)
            continue
        if isinstance(head, OutcomeHead):
            failure = failure or (_EHR_ERROR if head.is_error else "")
            continue
        head.__dict__["raw"] = raw
        heads.append(head)
    return Page(heads, next_link, failure, tuple(unreadable))


def _name_if_ours(raw: msgspec.Raw) -> str:
    """`Type/id` of a resource that we would have read; empty for a type that is none of ours."""
    try:
        envelope = _envelope.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return "an entry without a readable resource"
    ours = {"Patient", "Condition", "Observation", "Medication", "MedicationRequest", "Procedure"}
    if envelope.resourceType not in ours:
        return ""
    return f"{envelope.resourceType}/{envelope.id}" if isinstance(envelope.id, str) else envelope.resourceType


def _next_link(links: Any) -> str | None:
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next" and isinstance(link.get("url"), str):
            return str(link["url"])
    return None
