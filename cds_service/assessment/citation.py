"""How a rule or a card names what it rests on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Citation:
    """`label` names the organisation as a card shows it, often with the year; `section` what was read, and when.

    A page that bears no date has no year: then `read` is the day on which it was read.
    """

    label: str
    title: str
    year: int | None
    url: str
    section: str = ""
    read: str = ""

    @property
    def dated(self) -> str:
        """The year; or that there is none, and the month in which the page was read."""
        return f"undated, read {self.read[:7]}" if self.year is None else str(self.year)

    @property
    def dated_label(self) -> str:
        """The label, with the year where it names none."""
        return self.label if self.dated in self.label else f"{self.label}, {self.dated}"
