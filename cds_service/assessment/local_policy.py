"""What the site that runs the service has decided: which rules are switched off, and who gets no card.

A rule that is switched off yields no finding. The record is read as ever: other rules that weigh the same entries go
on, and what the record speaks against in home care and suggestions stays withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.concepts import Concept
from cds_service.assessment.rule import Level, Rule
from cds_service.assessment.siting import is_current
from cds_service.facts import Certainty, Chart


def _is_child(assessment: Assessment, _: Chart) -> bool:
    """Of an age that is surely below 18 years; a birth date that is missing or partial excludes nobody."""
    return assessment.record.is_child


def _is_in_hospice(_: Assessment, chart: Chart) -> bool:
    """Care by a hospice, current and confirmed."""
    return any(
        fact.concept == Concept.HOSPICE_CARE and is_current(fact) and fact.certainty is Certainty.CONFIRMED
        for fact in chart.facts
    )


EXCLUSIONS: Mapping[str, Callable[[Assessment, Chart], bool]] = MappingProxyType(
    {"children": _is_child, "hospice": _is_in_hospice}
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

    def applied(self, assessment: Assessment, chart: Chart) -> Assessment:
        """What is left of the assessment of this chart."""
        if any(EXCLUSIONS[name](assessment, chart) for name in self.exclusions):
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
