"""What a card says because of its occasion: a new entry, an appointment, a discharge."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.assessment.appointments import Proposed
from cds_service.rendering import sections
from cds_service.rendering.case import Case, Say, dated
from cds_service.rendering.evidence import entry
from cds_service.rendering.finding_words import kind_words, named_inside
from cds_service.rendering.words import date_words, own_words

NEW_ENTRY, APPOINTMENT, DISCHARGE = "new-entry", "appointment", "discharge"


def entries(case: Case) -> str:
    """The new entries that are about the leg."""
    words = case.files.shared.findings
    facts = dated({}, case.occasion.entries, case.as_of)
    return "; ".join([f"{kind_words(fact, words)}, {entry(fact, when)}" for fact, when in facts.items()])


def news(case: Case) -> str:
    """The findings that would not be there without the new entries."""
    return "; ".join([named_inside(finding, case) for finding in case.occasion.new_findings])


def appointment(case: Case) -> str:
    """When the earliest proposed appointment is, in a few words for the summary."""
    late = case.occasion.appointments
    when = late.proposed[0] if late else None
    if when is None:
        return "without a date"
    day = when.last.astimezone(case.as_of.tzinfo).date().isoformat()
    return f"on {day}" if when.first == when.last else f"by {day}"


def appointments(case: Case) -> str:
    """All proposed appointments, as they were dated."""
    late = case.occasion.appointments
    return "; ".join(dict.fromkeys([_date(each, case) for each in late.proposed])) if late else ""


def last_day(case: Case) -> str:
    """The last day that an appointment could be on without being named."""
    late = case.occasion.appointments
    return late.last_day.isoformat() if late else ""


OCCASIONS: Mapping[str, Mapping[str, Say]] = {
    NEW_ENTRY: {"entries": entries, "news": news},
    APPOINTMENT: {"appointment": appointment, "appointments": appointments, "last_day": last_day},
    DISCHARGE: {"home_care": sections.home_care, "leave_out": sections.leave_out},
}
"""The placeholders of each occasion."""

SUMMARY_ROOM = {"appointment": "without a date"}
"""Those that its summary may use, with the longest that each can become."""


def _date(when: Proposed, case: Case) -> str:
    return own_words(date_words(when, case.as_of)) if when else "without a date that could be read"
