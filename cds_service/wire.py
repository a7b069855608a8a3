"""The messages of CDS Hooks 2.0.1 (https://cds-hooks.hl7.org/2.0/), as they go over the wire.

Optional members without a value are left out of what we send, as the specification asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec

Indicator = Literal["info", "warning", "critical"]
Uuid = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uuid"})]
Address = Annotated[str, msgspec.Meta(extra_json_schema={"format": "uri"})]
PrefetchValue = TypeVar("PrefetchValue")

CDS_HOOKS_VERSION = "2.0.1"
"""What this service implements."""


class FhirAuthorization(msgspec.Struct, frozen=True):
    """A token lent for this call only (section "Passing the Access Token"): never stored, never logged."""

    access_token: str
    token_type: str
    expires_in: int
    scope: str
    subject: str
    patient: str | None = None


class Context(msgspec.Struct, frozen=True, gc=False):
    """The members of all hooks' contexts that are read (each hook's page in the CDS Hooks library), unchecked.

    What a user proposes or has just entered (`conditions`, `appointments`, `draftOrders`) stays undecoded.
    """

    userId: Any = None
    patientId: Any = None
    encounterId: Any = None
    selections: Any = None
    conditions: msgspec.Raw = msgspec.Raw(b"")
    appointments: msgspec.Raw = msgspec.Raw(b"")
    draftOrders: msgspec.Raw = msgspec.Raw(b"")


class HookRequest(msgspec.Struct, Generic[PrefetchValue], frozen=True):
    """A call of a service (section "HTTP Request"). What its prefetch values are, its reader decides.

    Where to read and by which token is unchecked: it matters only if something has to be read.
    """

    hook: str
    hookInstance: str
    context: Context
    fhirServer: Any = None
    fhirAuthorization: msgspec.Raw = msgspec.Raw(b"")
    prefetch: dict[str, PrefetchValue] | None = None


class Coding(msgspec.Struct, frozen=True, omit_defaults=True):
    """A code with its system, as in FHIR. We always send one; a reason may come as a display alone, its code empty."""

    code: str
    system: str | None = None
    display: str | None = None


class Source(msgspec.Struct, frozen=True, omit_defaults=True):
    """Whose rule the card applies (section "Source")."""

    label: str
    url: Address | None = None
    topic: Coding | None = None


class Link(msgspec.Struct, frozen=True, omit_defaults=True):
    """A link of a card (section "Link")."""

    label: str
    url: Address
    type: Literal["absolute", "smart"]


class Action(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the EHR is asked to do with one resource (section "Action").

    `resource` is a FHIR R4 resource as plain JSON: new for `create`, whole for `update`. `delete` names it by
    `resourceId` (`Type/id`). `description` may be missing in a system action only.
    """

    type: Literal["create", "update", "delete"]
    description: str | None = None
    resource: dict[str, Any] | None = None
    resourceId: str | None = None


class Suggestion(msgspec.Struct, frozen=True, omit_defaults=True):
    """A change that the user may accept; its actions are taken all together (section "Suggestion")."""

    label: str
    uuid: Uuid
    isRecommended: bool = False
    actions: list[Action] | None = None


class Card(msgspec.Struct, frozen=True, omit_defaults=True):
    """One card (section "Card Attributes"). `summary` has fewer than 140 characters; `detail` is Markdown.

    `selectionBehavior` is there exactly where `suggestions` are.
    """

    uuid: Uuid
    summary: Annotated[str, msgspec.Meta(max_length=139)]
    indicator: Indicator
    source: Source
    detail: str | None = None
    suggestions: list[Suggestion] | None = None
    selectionBehavior: Literal["at-most-one", "any"] | None = None
    links: list[Link] | None = None
    overrideReasons: list[Coding] | None = None


class HookResponse(msgspec.Struct, frozen=True, omit_defaults=True):
    """The answer to a call (section "CDS Service Response"); no cards when there is nothing to say.

    `systemActions` are applied without asking the user (section "System Action"): only where the operator wants that.
    """

    cards: list[Card]
    systemActions: list[Action] | None = None


class AcceptedSuggestion(msgspec.Struct, frozen=True):
    """The uuid of a suggestion that the user accepted (section "Suggestion accepted")."""

    id: str


class OverrideReason(msgspec.Struct, frozen=True):
    """Why the user dismissed the card (section "OverrideReason"). The comment may hold patient data: never logged."""

    reason: Coding | None = None
    userComment: str | None = None


class Feedback(msgspec.Struct, frozen=True):
    """What a user did with a card (section "Feedback"). `outcome`: accepted or overridden.

    `others` is JSON of all that was sent beside the members of the specification, None if there was nothing.
    """

    card: str
    outcome: str
    outcomeTimestamp: str
    acceptedSuggestions: list[AcceptedSuggestion] | None = None
    overrideReason: OverrideReason | None = None
    others: str | None = None


class FeedbackRequest(msgspec.Struct, frozen=True):
    """The body of a call of a feedback endpoint, its entries as they came."""

    feedback: list[dict[str, Any]]


class ServiceDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """One service in the discovery document (section "Discovery").

    `version` and `hookVersion` are of the coming release 3.0: those of CDS Hooks and of the hook.
    """

    hook: str
    id: str
    title: str
    description: str
    prefetch: Mapping[str, str]
    usageRequirements: str | None = None
    version: str | None = None
    hookVersion: str | None = None


class Discovery(msgspec.Struct, frozen=True):
    """The answer to `GET /cds-services` (section "Discovery")."""

    services: list[ServiceDescription]
