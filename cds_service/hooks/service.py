"""What a CDS service is, and the one path of a call: complete the chart, read it, assess it, answer with cards."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from time import perf_counter
from typing import Any

import msgspec

from cds_service.assessment.appointments import LateAppointments, Proposed, late_appointments
from cds_service.assessment.assessment import Assessment
from cds_service.assessment.engine import assess
from cds_service.assessment.local_policy import EXCLUSIONS, NO_LOCAL_POLICY, LocalPolicy
from cds_service.assessment.rule import Finding, Level
from cds_service.assessment.rules.orders import OrderCase, order_findings
from cds_service.facts import Chart, Fact, Topic
from cds_service.fhir.page import Material
from cds_service.fhir.reading import ChartReader
from cds_service.fhir.sift import sift
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.context import HookCall
from cds_service.hooks.prefetch import Prefetch
from cds_service.hooks.referred_medicines import Medicines, read_medicines, referred, referred_in_chart
from cds_service.hooks.reply import Reply, Told
from cds_service.hooks.statement import Statement
from cds_service.hooks.turns import LARGE_CHART, Turn
from cds_service.rendering.case import CHART_ALONE, Occasion
from cds_service.rendering.render import Renderer
from cds_service.security.caller import Caller
from cds_service.thresholds import Thresholds
from cds_service.wire import CDS_HOOKS_VERSION, ServiceDescription

_USAGE = (
    "FHIR R4. Needs the Patient and at least Conditions or Observations, as prefetch or readable at fhirServer; reads "
    "that server only if the operator of this service has listed it for the EHR. Without MedicationRequests and "
    "Procedures the cards say what could not be checked. Code systems that are read: {systems}; an entry coded "
    "in others only counts as not coded. Cards are for clinicians: a user who is a Patient or RelatedPerson gets none."
)
_OF_THE_CHART = "raises the chart; on the card of an order, the order sets the level"
_NOTHING_ASKED = "the call asks about nothing that this service looks at, or is not made for a clinician"


def _whole_chart(_call: HookCall, _terminology: Terminology, _as_of: datetime) -> bool:
    return True


@dataclass(frozen=True)
class HookService:
    """A CDS service: the hook, its entry in discovery, and how it answers.

    `subject` is what a call asks about, beside the chart; where there is nothing, no chart is read. `answer` makes the
    reply to a call, whose chart is complete, out of the steps.
    """

    hook: str
    title: str
    description: str
    answer: Callable[[Steps], Reply]
    subject: Callable[[HookCall, Terminology, datetime], Any] = _whole_chart
    hook_version: str = "1.0"

    @property
    def id(self) -> str:
        return f"calf-pain-{self.hook}"


class Clinic:
    """What all services work with, as the settings of this site have it."""

    def __init__(
        self,
        prefetch: Prefetch,
        reader: ChartReader,
        renderer: Renderer,
        thresholds: Thresholds,
        policy: LocalPolicy = NO_LOCAL_POLICY,
    ) -> None:
        self.prefetch = prefetch
        self.reader = reader
        self.renderer = renderer
        self.thresholds = thresholds
        self.policy = policy

    @property
    def usage(self) -> str:
        """What every service asks of a client, and whom this site has excluded."""
        usage = _USAGE.format(systems=", ".join(self.reader.terminology.systems()))
        if not self.policy.exclusions:
            return usage
        excluded = " and ".join([EXCLUSIONS[name].whom for name in self.policy.exclusions])
        return f"{usage} This site shows no card for {excluded}."


@dataclass(frozen=True)
class Steps:
    """The steps of one call; the time budget is looked at after each. `subject`: what the call asks about."""

    call: HookCall
    subject: Any
    material: Material
    as_of: datetime
    clinic: Clinic
    turn: Turn
    took: dict[str, float] = field(default_factory=dict)

    def read(self, material: Material | None = None) -> Chart:
        """The chart of the call, or this part of it. Raises InvalidRequest when the Patient received is not the one in
        context.
        """
        material = material or self.material
        with self._step("read"):
            return self.clinic.reader.read(material, self.call.patient_id, self.as_of, self.turn.check)

    def assess(self, chart: Chart) -> Assessment:
        """By the rules of the service, less what the site has decided otherwise."""
        clinic = self.clinic
        with self._step("assess"):
            assessment = assess(chart, self.as_of, clinic.thresholds)
            return clinic.policy.applied(assessment) if clinic.policy else assessment

    def late(self, assessment: Assessment, proposed: Sequence[Proposed]) -> LateAppointments | None:
        """The proposed appointments, if all of them come later than the assessment allows."""
        return late_appointments(assessment.level, proposed, self.as_of, self.clinic.thresholds)

    def judge(self, orders: Sequence[Fact], selected: Collection[str], assessment: Assessment) -> list[Assessment]:
        """What the selected ones of these orders mean beside the chart: for each card, the assessment that it tells."""
        case = OrderCase(orders, selected, assessment, self.clinic.policy.off)
        beside = [_of_the_chart(finding) for finding in assessment.findings]
        return [replace(assessment, level=told[0].level, findings=(*told, *beside)) for told in order_findings(case)]

    def nothing(self, chart: Chart, assessment: Assessment, why: str) -> Reply:
        """Decided, and nothing to tell on this occasion."""
        return replace(Reply.about(chart, self.material, [assessment]), why_nothing=why, took=self.took)

    def tell(self, chart: Chart, assessment: Assessment, occasion: Occasion = CHART_ALONE) -> Reply:
        """The card that tells this."""
        return self.tell_each(chart, [assessment], occasion)

    def tell_each(self, chart: Chart, assessments: Sequence[Assessment], occasion: Occasion = CHART_ALONE) -> Reply:
        """A card for each, where there is anything to tell."""
        circumstances = self.call.circumstances(self.as_of)
        with self._step("render"):
            told = [
                Told(card, Statement.of(each, self.as_of, occasion))
                for each in assessments
                for card in self.clinic.renderer.render(each, circumstances, occasion)
            ]
        return replace(Reply.about(chart, self.material, assessments, told), took=self.took)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        """Times a step, and looks at the time budget after it."""
        begun = perf_counter()
        yield
        self.took[name] = self.took.get(name, 0.0) + (perf_counter() - begun) * 1000
        self.turn.check()


def _of_the_chart(finding: Finding) -> Finding:
    """What the chart alone would raise stands beside the order, which sets the level."""
    if not finding.level:
        return finding
    return msgspec.structs.replace(finding, level=Level.NONE, why_not_counted=_OF_THE_CHART)


_ALONE = Turn()


class OpenService:
    """A service open for calls."""

    def __init__(self, service: HookService, clinic: Clinic) -> None:
        self.id = service.id
        self.hook = service.hook
        self._service = service
        self._clinic = clinic

    @property
    def description(self) -> ServiceDescription:
        """Its entry in discovery."""
        service, clinic = self._service, self._clinic
        return ServiceDescription(
            hook=service.hook,
            id=service.id,
            title=service.title,
            description=service.description,
            usageRequirements=clinic.usage,
            prefetch=clinic.prefetch.templates,
            version=CDS_HOOKS_VERSION,
            hookVersion=service.hook_version,
        )

    async def handle(self, call: HookCall, caller: Caller, as_of: datetime, turn: Turn = _ALONE) -> Reply:
        """The cards as of an aware moment; days are judged in the zone of the site. Cards are for clinicians.

        Raises InvalidRequest, MissingPrecondition, and what the turn raises.
        """
        service, clinic = self._service, self._clinic
        if not call.is_for_clinician:
            return Reply(why_nothing=_NOTHING_ASKED)
        source = clinic.prefetch.source(call, caller)
        of_drafts = Medicines()
        if source and (wanted := referred(call.drafts.resources, source.server.base)):
            async with turn.given_up():
                of_drafts = await read_medicines(wanted, source, clinic.prefetch.fetch)
            call = of_drafts.in_drafts(call)
        subject = await turn.run(service.subject, call, clinic.reader.terminology, as_of)
        if not subject:
            return Reply(why_nothing=_NOTHING_ASKED, fhir_ms=round(of_drafts.read_ms, 1))
        received = clinic.prefetch.received(call)
        if received.wanted:
            async with turn.given_up():
                await clinic.prefetch.read(received, call, caller, source)
        material = of_drafts.timed(clinic.prefetch.material(received))
        is_large = material.resource_count > LARGE_CHART
        if source and (wanted := referred_in_chart(material, source.server.base)):
            matters = await turn.run(_may_be_leg_complaint, call, material, clinic.reader, as_of, large=is_large)
            if matters:
                async with turn.given_up():
                    of_chart = await read_medicines(wanted, source, clinic.prefetch.fetch)
                material = of_chart.in_chart(material)
        steps = Steps(call, subject, material, as_of, clinic, turn)
        return await turn.run(service.answer, steps, large=is_large)


def _may_be_leg_complaint(call: HookCall, material: Material, reader: ChartReader, as_of: datetime) -> bool:
    """Is there anything for which medicines matter, in the chart or among what the user enters?"""
    whole = msgspec.structs.replace(material, pages=(*material.pages, (Topic.CONDITIONS, call.drafts)))
    return sift(whole, reader.terminology, as_of.astimezone(reader.timezone)).may_be_leg_complaint
