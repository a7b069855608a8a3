"""Conditions that a user has just entered, laid upon the chart as it was received."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from cds_service.facts import Topic
from cds_service.fhir.page import Material, Page
from cds_service.fhir.resources import NOT_SENT, Condition, Resource

_ACTIVE = msgspec.Raw(b'{"coding":[{"code":"active"}]}')


def new_conditions(drafts: Page, as_of: datetime) -> Page:
    """The Conditions among the drafts, each with an id of its own: "new entry 1" where it has none yet.

    One without clinicalStatus counts as active, one without any date as recorded now.
    """
    conditions = [each for each in drafts.resources if isinstance(each, Condition)]
    unreadable = tuple([name for name in drafts.unreadable if name.startswith("Condition")])
    return Page([_entered(each, number, as_of) for number, each in enumerate(conditions, 1)], unreadable=unreadable)


def without(material: Material, entered: Page) -> Material:
    """The chart as it was before: EHRs that have stored the new entries may send them with the others."""
    ids = {each.id for each in entered.resources}

    def was_there(resource: Resource) -> bool:
        return not (isinstance(resource, Condition) and resource.id in ids)

    pages = [
        (topic, replace(page, resources=[each for each in page.resources if was_there(each)]))
        for topic, page in material.pages
    ]
    return replace(material, pages=tuple(pages))


def together(material: Material, entered: Page) -> Material:
    """The chart with the new entries."""
    return replace(material, pages=((Topic.CONDITIONS, entered), *material.pages))


def _entered(condition: Condition, number: int, as_of: datetime) -> Condition:
    condition = replace(condition, id=condition.id or f"new entry {number}")
    onset = (condition.onsetDateTime, condition.onsetPeriod, condition.onsetAge, condition.onsetQuantity)
    if not any((*onset, condition.recordedDate, condition.dateRecorded, condition.assertedDate)):
        condition = replace(condition, recordedDate=as_of.isoformat())
    if condition.clinicalStatus is NOT_SENT:
        condition = replace(condition, clinicalStatus=_ACTIVE)
    return condition
