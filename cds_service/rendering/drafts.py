"""FHIR R4 drafts for a clinician to accept: an order, an entry of the problem list, instructions to the patient.

Each is checked once with the models of fhir.resources (R4B, the nearest to R4 4.0.1), which refuse what is not valid.
A call then only adds its own references and dates as plain data: a model costs a hundred times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.circumstances import Circumstances
from cds_service.facts import Side
from cds_service.rendering.draft_codes import (
    ACTIVE,
    INSTRUCTION,
    LEFT_LEG,
    PROBLEM_LIST_ITEM,
    RIGHT_LEG,
    UNCONFIRMED,
    Code,
)
from cds_service.rendering.template import Template

Resource = dict[str, Any]

_LATER = {"reference": "Patient/later"}  # the models ask for a subject; each call puts in its own
_LEGS = {Side.LEFT: (LEFT_LEG,), Side.RIGHT: (RIGHT_LEG,), Side.BOTH: (LEFT_LEG, RIGHT_LEG), Side.NOT_STATED: ()}


class Particulars:
    """What one call adds to its drafts, as FHIR JSON.

    `reasons` are references of the chart (`Condition/id`); `reason` says in our words why, where there is none.
    `leave_out` names the steps of home care that do not suit this patient.
    """

    __slots__ = ("author", "encounter", "leave_out", "moment", "reason", "reasons", "side", "subject")

    def __init__(
        self,
        circumstances: Circumstances,
        side: Side,
        reasons: Sequence[str] = (),
        reason: str = "",
        leave_out: Sequence[str] = (),
    ) -> None:
        self.subject = {"reference": f"Patient/{circumstances.patient_id}"}
        self.author = {"reference": circumstances.user}
        encounter = circumstances.encounter_id
        self.encounter = None if encounter is None else {"reference": f"Encounter/{encounter}"}
        self.moment = circumstances.as_of.isoformat(timespec="seconds")
        self.side = side
        self.reasons = [{"reference": each} for each in reasons]
        self.reason = reason
        self.leave_out = leave_out


@dataclass(frozen=True, slots=True)
class Order:
    """A ServiceRequest: `status` draft, `intent` proposal. `by_side`: the same order for each side of the body."""

    by_side: dict[Side, Resource]

    def fill(self, call: Particulars) -> Resource:
        """The order for this call."""
        return _with_reasons(
            {
                **self.by_side[call.side],
                "subject": call.subject,
                "requester": call.author,
                "authoredOn": call.moment,
            },
            call,
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """A Condition for the problem list: active and unconfirmed. R4 knows no draft of it: unconfirmed says as much."""

    by_side: dict[Side, Resource]

    def fill(self, call: Particulars) -> Resource:
        """The entry for this call."""
        resource = {
            **self.by_side[call.side],
            "subject": call.subject,
            "recorder": call.author,
            "recordedDate": call.moment,
        }
        if call.encounter is not None:
            resource["encounter"] = call.encounter
        if call.reasons:
            resource["evidence"] = [{"detail": call.reasons}]
        return resource


@dataclass(frozen=True, slots=True)
class Instructions:
    """A CommunicationRequest to the patient (`status` draft; R4 has no intent there).

    `leave_out` is the sentence for the steps of home care that do not suit the patient, with a place for their names.
    """

    fixed: Resource
    leave_out: Template

    def fill(self, call: Particulars) -> Resource:
        """The instructions for this call."""
        resource = {
            **self.fixed,
            "subject": call.subject,
            "recipient": [call.subject],
            "requester": call.author,
            "authoredOn": call.moment,
        }
        if call.leave_out:
            sentence = self.leave_out.with_words([", ".join(call.leave_out)])
            resource["payload"] = [*self.fixed["payload"], {"contentString": sentence}]
        return _with_reasons(resource, call)


Draft = Order | Problem | Instructions


def order(codes: Sequence[Code], text: str, *, is_sided: bool) -> Order:
    """An order of what these codes name, all the same thing; `is_sided`: of the leg that hurts."""
    return Order({side: _order(codes, text, legs if is_sided else ()) for side, legs in _LEGS.items()})


def problem(code: Code, text: str) -> Problem:
    """This diagnosis, as one that is suspected."""
    return Problem({side: _problem(code, text, legs) for side, legs in _LEGS.items()})


def instructions(text: str, leave_out: Template, title: str, url: str) -> Instructions:
    """Our own words to the patient, and the patient guidance under this title at this address."""
    payload = [{"contentString": text}, {"contentAttachment": {"title": title, "url": url}}]
    members = {"status": "draft", "category": _concepts(INSTRUCTION), "subject": _LATER, "payload": payload}
    return Instructions(_checked("CommunicationRequest", members), leave_out)


def _order(codes: Sequence[Code], text: str, legs: Sequence[Code]) -> Resource:
    code = {"coding": [each.coding for each in codes], "text": text}
    sites = {"bodySite": _concepts(*legs)} if legs else {}
    members = {"status": "draft", "intent": "proposal", "code": code, "subject": _LATER, **sites}
    return _checked("ServiceRequest", members)


def _problem(code: Code, text: str, legs: Sequence[Code]) -> Resource:
    sites = {"bodySite": _concepts(*legs)} if legs else {}
    members = {
        "clinicalStatus": _concepts(ACTIVE)[0],
        "verificationStatus": _concepts(UNCONFIRMED)[0],
        "category": _concepts(PROBLEM_LIST_ITEM),
        "code": {"coding": [code.coding], "text": text},
        "subject": _LATER,
        **sites,
    }
    return _checked("Condition", members)


def _checked(resource_type: str, members: dict[str, Any]) -> Resource:
    """The resource, if it is valid. Raises pydantic.ValidationError."""
    # Imported here because it takes a third of the service's start, and 18 MiB.
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415 - see above

    checked: Resource = get_fhir_model_class(resource_type).model_validate(members).model_dump(mode="json")
    return checked


def _concepts(*codes: Code) -> list[dict[str, Any]]:
    return [{"coding": [code.coding]} for code in codes]


def _with_reasons(resource: Resource, call: Particulars) -> Resource:
    """The encounter, and why: the entries of the chart, else our words."""
    if call.encounter is not None:
        resource["encounter"] = call.encounter
    if call.reasons:
        resource["reasonReference"] = call.reasons
    elif call.reason:
        resource["reasonCode"] = [{"text": call.reason}]
    return resource
