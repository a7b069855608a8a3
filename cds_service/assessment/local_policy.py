"""What the site that runs the service has decided: which rules are switched off, and who gets no card.

A rule that is switched off yields no finding. The record is read as ever: other rules that weigh the same entries go
on, and what the record speaks against in home care and suggestions stays withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import NamedTuple

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.concepts import Concept
from cds_service.assessment.record import Record
from cds_service.assessment.rule import Level, Rule
from cds_service.assessment.siting import is_current
from cds_service.facts import Certainty


class Exclusion(NamedTuple):
    """Patients who get no card: whom that means, in words, and whether a record is of one."""

    whom: str
    means: Callable[[Record], bool]


def _is_child(record: Record) -> bool:
    """Of an age that is surely below 18 years; a birth date that is missing or partial excludes nobody."""
    return record.is_child


def _is_in_hospice(record: Record) -> bool:
    """Care by a hospice, current and confirmed."""
    return any(
        fact.concept == Concept.HOSPICE_CARE and is_current(fact) and fact.certainty is Certainty.CONFIRMED
        for fact in record.chart.facts
    )


EXCLUSIONS: Mapping[str, Exclusion] = MappingProxyType(
    {
        "children": Exclusion("patients whose birth date says that they are under 18", _is_child),
        "hospice": Exclusion("patients whose record says that a hospice cares for them", _is_in_hospice),
    }
)
"""Who may be excluded, by the name that a site gives."""


@dataclass(frozen=True, slots=True)
class LocalPolicy:
    """`off`: the rules that yield no finding. `exclusions`: names of EXCLUSIONS. `quiet`: no card where nothing
    is found, although the record holds a leg complaint.
    """

    off: frozenset[Rule] = frozenset()
    exclusions: tuple[str, ...] = ()
    quiet: bool = False

    def __bool__(self) -> bool:
        return bool(self.off or self.exclusions or self.quiet)

    def excluding(self, record: Record) -> str:
        """Whom this site shows no card for, of which this patient is one; empty where that is nobody."""
        return next((EXCLUSIONS[name].whom for name in self.exclusions if EXCLUSIONS[name].means(record)), "")

    def applied(self, assessment: Assessment) -> Assessment:
        """What is left of the assessment."""
        if self.exclusions and self.excluding(assessment.record):
            return Assessment(level=Level.NONE, record=assessment.record)
        left = _without(assessment, self.off) if self.off else assessment
        if self.quiet and left.level is Level.INFO and left.fully_read and not left.raising:
            return Assessment(level=Level.NONE, record=assessment.record)
        return left


NO_LOCAL_POLICY = LocalPolicy()
"""Every rule, and every patient."""


def _without(assessment: Assessment, off: frozenset[Rule]) -> Assessment:
    """The assessment as if these rules had found nothing."""
    findings = tuple([finding for finding in assessment.findings if finding.rule not in off])
    silent = Level.INFO if assessment.complaint or not assessment.fully_read else Level.NONE
    level = max([finding.level for finding in findings], default=Level.NONE)
    return replace(assessment, level=level or silent, findings=findings)
