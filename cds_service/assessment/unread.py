"""Conditions that no rule could read and whose words may be about the leg. They are quoted, and raise nothing."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.record import Record
from cds_service.facts import UnreadEntry, latest

NOT_READ = "an entry that no rule could read may speak against it"
"""Why no step of home care is advised beside one that stands."""


def standing_entries(patient: Record) -> Sequence[UnreadEntry]:
    """Those that are current, and of the last 90 days or undated; the newest first."""
    entries = patient.chart.unread_conditions
    if not entries:
        return ()
    start = patient.windows[patient.thresholds.unread_entry_days]
    return _newest_first([each for each in entries if each.is_current and (not each.when or each.when.last >= start)])


def quoted_entries(patient: Record) -> Sequence[UnreadEntry]:
    """All of them, each text once: those that stand, then the others, the newest first."""
    by_words: dict[str, UnreadEntry] = {}
    for each in (*standing_entries(patient), *_newest_first(patient.chart.unread_conditions)):
        by_words.setdefault(each.words, each)
    return list(by_words.values())


def _newest_first(entries: Sequence[UnreadEntry]) -> list[UnreadEntry]:
    return sorted(entries, key=lambda each: (-latest(each.when), each.source))
