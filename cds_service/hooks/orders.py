"""order-select and order-sign: what draft orders mean beside a chart with a leg complaint."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from cds_service.assessment.rules import Finding
from cds_service.fhir.orders import selected_sources
from cds_service.hooks.context import HookCall
from cds_service.hooks.reply import Reply
from cds_service.hooks.statement import Statement
from cds_service.hooks.triage import ChartTriage
from cds_service.rendering.render import Renderer
from cds_service.security.caller import Caller
from cds_service.wire import Card, ServiceDescription


class OrderService:
    """The service `calf-pain-<hook>`. `which`: the orders that the hook is about, in words."""

    def __init__(self, hook: str, which: str, triage: ChartTriage, renderer: Renderer) -> None:
        self.id = f"calf-pain-{hook}"
        self.hook = hook
        self._which = which
        self._triage = triage
        self._renderer = renderer

    @property
    def description(self) -> ServiceDescription:
        return self._triage.described(
            self.hook,
            "Calf pain: what draft orders mean beside the chart",
            f"Looks at {self._which}, and at the chart only if they hold an NSAID, a statin, compression, a "
            "D-dimer or an ultrasound of the leg veins. Cards where the record holds a leg complaint and something "
            "that speaks to the order, at most three. Otherwise none.",
        )

    async def handle(self, call: HookCall, caller: Caller, as_of: datetime) -> Reply:
        """A card for each finding about the drafts as of an aware moment.

        Raises InvalidRequest and MissingPrecondition. Without an order that is known here nothing is read.
        """
        orders = self._triage.orders(call, as_of)
        selected = selected_sources(orders, call.selections)
        if not (selected and call.is_for_clinician):
            return Reply([])
        material = await self._triage.complete(call, caller)
        chart = self._triage.read(material, call, as_of)
        assessment = self._triage.assess(chart, as_of)
        circumstances = call.circumstances(as_of)
        cards: list[Card] = []
        statements: list[Statement] = []
        findings: list[Finding] = []
        for told in self._triage.judge(orders, selected, assessment, chart, as_of):
            judged = replace(assessment, level=told[0].level, findings=told)
            cards += self._renderer.render(judged, circumstances)
            statements.append(Statement(judged))
            findings += told
        return Reply.about(chart, material, findings, cards, *statements)


def order_select(triage: ChartTriage, renderer: Renderer) -> OrderService:
    """Hook order-select 1.0."""
    return OrderService("order-select", "the orders just selected", triage, renderer)


def order_sign(triage: ChartTriage, renderer: Renderer) -> OrderService:
    """Hook order-sign 1.0."""
    return OrderService("order-sign", "the orders about to be signed", triage, renderer)
