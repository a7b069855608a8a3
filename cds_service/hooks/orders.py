"""order-select and order-sign: what draft orders mean beside a chart with a leg complaint."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from cds_service.facts import Fact, with_unread_medicines
from cds_service.fhir.orders import draft_orders, selected_sources, unread_medicines
from cds_service.fhir.subject import Subject
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.context import HookCall
from cds_service.hooks.reply import Reply
from cds_service.hooks.service import HookService, Steps


class _Orders(NamedTuple):
    """The draft orders that a value set knows, the sources of those that the hook is about, and the draft medicines
    that could be anything.
    """

    drafts: list[Fact]
    selected: set[str]
    unread: list[tuple[str, str]]


def _orders(call: HookCall, terminology: Terminology, as_of: datetime) -> _Orders | None:
    subject = Subject(call.patient_id)
    drafts = draft_orders(call.drafts, subject, terminology, as_of)
    selected = selected_sources(drafts, call.selections)
    return _Orders(drafts, selected, unread_medicines(call.drafts, subject, terminology)) if selected else None


def _answer(steps: Steps) -> Reply:
    """A card for each finding about the drafts."""
    orders: _Orders = steps.subject
    chart = with_unread_medicines(steps.read(), orders.unread)
    return steps.tell_each(chart, steps.judge(orders.drafts, orders.selected, steps.assess(chart)))


def _order_service(hook: str, which: str) -> HookService:
    """`which`: the orders that the hook is about, in words."""
    return HookService(
        hook=hook,
        title="Calf pain: what draft orders mean beside the chart",
        description=f"Looks at {which}, and at the chart only if they hold an NSAID, a statin, compression, a "
        "D-dimer or an ultrasound of the leg veins. Cards where the record holds a leg complaint and something that "
        "speaks to the order, at most three. Otherwise none.",
        answer=_answer,
        subject=_orders,
    )


ORDER_SELECT = _order_service("order-select", "the orders just selected")
ORDER_SIGN = _order_service("order-sign", "the orders about to be signed")
