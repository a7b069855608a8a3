"""What a card says because of its occasion: a new entry, an appointment, a discharge."""

from __future__ import annotations

from collections.abc import Mapping

from cds_service.assessment.appointments import Proposed
from cds_service.rendering.case import Case, Say
from cds_service.rendering.entries import told
from cds_service.rendering.holes import HOLES
from cds_service.rendering.words import bounded, mid_sentence

NEW_ENTRY, APPOINTMENT, DISCHARGE = "new-entry", "appointment", "discharge"
_MOST_ENTRIES = 3


def _entries(case: Case) -> str:
    """The new entries that are about the leg."""
    words, _facts = told(case.occasion.entries, case.files.shared.findings, case.as_of, _MOST_ENTRIES)
    return "; ".join(words)


def _news(case: Case) -> str:
    """The findings that would not be there without the new entries, and that say more than these."""
    entries = set(case.occasion.entries)
    more = [finding for finding in case.occasion.new_findings if not entries.issuperset(finding.evidence)]
    return "; ".join(bounded([mid_sentence(finding.name) for finding in more][:_MOST_ENTRIES], len(more)))


def appointment(case: Case) -> str:
    """When the earliest proposed appointment is, in a few words for the summary."""
    late = case.occasion.appointments
    when = late.proposed[0] if late else None
    if when is None:
        return "without a date"
    return f"{'on' if when.first == when.last else 'by'} {_day(when, case)}"


def _appointments(case: Case) -> str:
    late = case.occasion.appointments
    days = list(dict.fromkeys([_day(each, case) for each in late.proposed])) if late else []
    return "; ".join(bounded(days[:_MOST_ENTRIES], len(days), "later ones"))


def _day(when: Proposed, case: Case) -> str:
    if when is None:
        return "without a date that can be read"
    day = when.last.astimezone(case.as_of.tzinfo).date()
    return f"{day.day} {day:%b %Y}"


def _last_day(case: Case) -> str:
    """The last day that an appointment could be on without being named."""
    late = case.occasion.appointments
    return f"{late.last_day.day} {late.last_day:%b}" if late else ""


OCCASIONS: Mapping[str, Mapping[str, Say]] = {
    NEW_ENTRY: {"entries": _entries, "news": _news},
    APPOINTMENT: {"appointments": _appointments, "last_day": _last_day},
    DISCHARGE: {"home_care": HOLES["home_care"]},
}
"""The placeholders of each occasion."""
