"""Every card that the charts of this repository get, each with the assessment that it tells.

The sample patients and the vignettes go through every hook on the whole path of a call; the examples of the rules, of
the possible causes and of home care, being small charts, only through reading, rules and rendering.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from cds_service.app import hook_services
from cds_service.assessment.assessment import Assessment
from cds_service.assessment.engine import assess
from cds_service.cli.assess import read_nothing
from cds_service.facts import Gap, Topic
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.context import read_call
from cds_service.hooks.prefetch import chart_needs
from cds_service.security.caller import NOBODY
from cds_service.settings import load_settings
from cds_service.thresholds import Thresholds
from cds_service.wire import Card
from tests.calls import searchset
from tests.charts import AS_OF, SYSTEMS, patient, read, resource
from tests.rendering.by_hand import CIRCUMSTANCES, FILES, RENDERER
from tests.validation.vignettes import Vignette, all_vignettes
from tests.yaml_files import load_yaml

EXAMPLES = Path(__file__).parents[1] / "assessment"
SERVICE_URL = "https://cds.example"


@dataclass(frozen=True)
class Shown:
    """A card, the chart and the hook that it was shown for, and what was assessed."""

    name: str
    hook: str
    card: Card
    assessment: Assessment

    @property
    def about(self) -> str:
        """To find it by, when it is at fault."""
        return f"{self.name} ({self.hook})"

    @property
    def parts(self) -> list[str]:
        """The paragraphs of its detail."""
        return (self.card.detail or "").split("\n\n")

    @property
    def lines(self) -> list[str]:
        """Those that a clinician reads: all but the small print, which is last."""
        return self.parts[:-1]

    def line(self, label: str) -> str:
        """What stands behind this label, up to the next; empty where no line begins with it."""
        start = re.compile(rf"\*\*{label}(:\*\*|\*\*[^:]*:) ")
        found = next((start.sub("", each, count=1) for each in self.lines if start.match(each)), "")
        return found.partition(" **")[0]


@cache
def every_card() -> list[Shown]:
    """All of them."""
    return [*asyncio.run(_through_every_hook(all_vignettes())), *_examples()]


def _draft(resource_type: str, name: str, system: str, code: str, member: str) -> dict[str, Any]:
    coded = {"coding": [{"system": SYSTEMS[system], "code": code}]}
    return {"resourceType": resource_type, "id": name, "status": "draft", member: coded}


_NSAID = _draft("MedicationRequest", "nsaid", "rx", "5640", "medicationCodeableConcept")
_STATIN = _draft("MedicationRequest", "statin", "rx", "36567", "medicationCodeableConcept")
_STOCKING = _draft("DeviceRequest", "stocking", "sct", "348681001", "codeCodeableConcept")
_D_DIMER = _draft("ServiceRequest", "d-dimer", "sct", "103826007", "code")
_ULTRASOUND = _draft("ServiceRequest", "scan", "sct", "312725000", "code")
# One kind of draft at a time: an answer holds three cards at most.
_DRAFTS = ([_NSAID], [_STATIN], [_STOCKING], [_D_DIMER], [_ULTRASOUND, {**_ULTRASOUND, "id": "again"}])


def _contexts(as_of: datetime) -> list[tuple[str, dict[str, Any]]]:
    """Each hook with what makes it speak."""
    late = {"resourceType": "Appointment", "start": (as_of + timedelta(days=9)).isoformat()}
    new = {"condition": "sct|404223003", "id": "new", "side": "left", "verification": "provisional", "onset": 0}
    return [
        ("patient-view", {}),
        ("encounter-discharge", {"encounterId": "e1"}),
        ("appointment-book", {"appointments": searchset(late)}),
        ("problem-list-item-create", {"conditions": searchset(resource(new, 0, as_of))}),
        *(("order-sign", {"draftOrders": searchset(*drafts)}) for drafts in _DRAFTS),
    ]


async def _through_every_hook(vignettes: list[Vignette]) -> list[Shown]:
    services = {service.hook: service for service in hook_services(load_settings(), read_nothing, FILES)}
    needs = chart_needs(Terminology().measurement_codes())
    shown: list[Shown] = []
    for each in vignettes:
        request = chart_request(each.bundle, needs)
        for hook, context in _contexts(each.as_of):
            body = {**request, "hook": hook, "context": {**request["context"], **context}}
            call = read_call(json.dumps(body).encode(), hook, SERVICE_URL)
            reply = await services[hook].handle(call, NOBODY, each.as_of)
            told = [assessment for assessment in reply.assessments if assessment.level]
            pairs = zip(reply.cards, told, strict=True) if reply.cards else ()
            shown += [Shown(each.id, hook, card, assessment) for card, assessment in pairs]
    return shown


def _examples() -> Iterator[Shown]:
    for path in (*sorted(EXAMPLES.glob("*/*.yaml")), EXAMPLES / "home_care.yaml"):
        for example in load_yaml(path):
            assessment = _assessed(example)
            circumstances = msgspec.structs.replace(CIRCUMSTANCES, as_of=example.get("as_of", AS_OF))
            for card in RENDERER.render(assessment, circumstances):
                yield Shown(f"{path.stem}: {example.get('name') or example['about']}", "example", card, assessment)


def _assessed(example: dict[str, Any]) -> Assessment:
    as_of = example.get("as_of", AS_OF)
    chart = read(example["chart"], patient(**example.get("patient", {})), as_of)
    gaps = tuple(Gap(Topic(name), "could not be read") for name in example.get("unread", ()))
    return assess(replace(chart, gaps=(*chart.gaps, *gaps)), as_of, Thresholds(**example.get("thresholds", {})))
