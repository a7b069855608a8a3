"""What the site that runs the service has decided: which rules are switched off, and who gets no card.

A rule that is switched off yields no finding. The record is read as ever: other rules that weigh the same entries go
on, and what the record speaks against in home care and suggestions stays withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from cds_service.assessment.concepts import Concept
from cds_service.assessment.rule import Finding, Level, Rule
from cds_service.assessment.siting import is_current
from cds_service.assessment.triage import Assessment
from cds_service.facts import Certainty, Chart


def _is_child(assessment: Assessment, _: Chart) -> bool:
    """Of an age that is surely below 18 years; a birth date that is missing or partial excludes nobody."""
    return assessment.is_child


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
            return Assessment(Level.NONE)
        left = _without(assessment, self.off) if self.off else assessment
        if self.quiet and left.level is Level.INFO and left.fully_read and not left.findings:
            return Assessment(Level.NONE)
        return left


NO_LOCAL_POLICY = LocalPolicy()
"""Every rule, and every patient."""


def _without(assessment: Assessment, off: frozenset[Rule]) -> Assessment:
    """The assessment as if these rules had found nothing."""

    def kept(findings: Iterable[Finding]) -> tuple[Finding, ...]:
        return tuple([finding for finding in findings if finding.rule not in off])

    findings = kept(assessment.findings)
    silent = Level.NONE if assessment.fully_read else Level.INFO
    return replace(
        assessment,
        level=max([each.level for each in findings], default=Level.INFO if assessment.complaint else silent),
        findings=findings,
        red_flags=kept(assessment.red_flags),
        risk_factors=kept(assessment.risk_factors),
        listed=kept(assessment.listed),
        patterns=tuple([each for each in assessment.patterns if each.pattern.rule not in off]),
    )
