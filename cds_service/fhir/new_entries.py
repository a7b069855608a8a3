"""Conditions that a user has just entered, laid upon the chart as it was received."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from cds_service.facts import Topic
from cds_service.fhir.page import Material, Page
from cds_service.fhir.resources import NOT_SENT, Condition

_ACTIVE = msgspec.Raw(b'{"coding":[{"code":"active"}]}')


def new_conditions(drafts: Page, as_of: datetime) -> list[Condition]:
    """The Conditions among the drafts, each with an id of its own: "new entry" where it has none yet.

    One without clinicalStatus counts as active, one without any date as recorded now.
    """
    conditions = [each for each in drafts.resources if isinstance(each, Condition)]
    return [_entered(each, number, as_of) for number, each in enumerate(conditions, 1)]


def without(material: Material, conditions: list[Condition]) -> Material:
    """The chart as it was before: EHRs that have stored the new entries already send them with the others."""
    ids = {each.id for each in conditions}

    def is_old(resource: object) -> bool:
        return not (isinstance(resource, Condition) and resource.id in ids)

    pages = [
        (topic, replace(page, resources=[each for each in page.resources if is_old(each)]))
        for topic, page in material.pages
    ]
    return replace(material, pages=tuple(pages))


def together(material: Material, conditions: list[Condition]) -> Material:
    """The chart with these Conditions."""
    return replace(material, pages=((Topic.CONDITIONS, Page(list(conditions))), *material.pages))


def _entered(condition: Condition, number: int, as_of: datetime) -> Condition:
    condition = replace(condition, id=condition.id or f"new entry {number}")
    dated = (condition.recordedDate, condition.dateRecorded, condition.assertedDate)
    if condition.onsetDateTime is None and condition.onsetPeriod is None and not any(dated):
        condition = replace(condition, recordedDate=as_of.isoformat())
    if condition.clinicalStatus is NOT_SENT:
        condition = replace(condition, clinicalStatus=_ACTIVE)
    return condition
