"""Observations that are contained in another one, its panel, instead of being resources of their own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from cds_service.fhir.resources import NOT_JSON_OF_OURS, NOT_SENT, Observation, Resource


class _Kind(msgspec.Struct):
    resourceType: Any = None


_contained = msgspec.json.Decoder(list[msgspec.Raw] | None)
_kind = msgspec.json.Decoder(_Kind)
_observation = msgspec.json.Decoder(Observation)
_WHOSE = ("subject", "patient", "encounter", "context", "focus", "bodySite")
_TIMES = ("effectiveDateTime", "effectivePeriod", "effectiveInstant", "effectiveTiming", "issued")
_WITHDRAWN = ("entered-in-error", "cancelled")


def members_of(resources: Iterable[Resource]) -> tuple[list[Observation], tuple[str, ...]]:
    """The Observations contained in these, and the names of the panels of which one cannot be opened.

    What a member does not say is as its panel says; of a withdrawn panel all are withdrawn.
    """
    members: list[Observation] = []
    unreadable: list[str] = []
    for panel in [each for each in resources if type(each) is Observation and each.contained is not NOT_SENT]:
        try:
            contained = _contained.decode(panel.contained) or ()
        except NOT_JSON_OF_OURS:
            unreadable.append(panel.name)
            continue
        for raw in contained:
            try:
                if _kind.decode(raw).resourceType == "Observation":
                    members.append(_within(panel, _observation.decode(raw)))
            except NOT_JSON_OF_OURS:
                unreadable.append(panel.name)
    return members, tuple(unreadable)


def _within(panel: Observation, member: Observation) -> Observation:
    told = {name: getattr(panel, name) for name in _WHOSE if getattr(member, name) in (NOT_SENT, None)}
    if not member.is_effective:
        told |= {name: getattr(panel, name) for name in _TIMES}
    if member.status is None or panel.status in _WITHDRAWN:
        told["status"] = panel.status
    return msgspec.structs.replace(
        member, id=f"{panel.id}#{member.id}", full_url=f"{panel.full_url}#{member.id}", **told
    )
