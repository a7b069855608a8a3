"""What a newly recorded entry adds to what the chart says without it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.rule import Finding
from cds_service.facts import Fact


@dataclass(frozen=True, slots=True)
class News:
    """`assessment` of chart and entries together, of each level the new findings first; `entries`: the facts of the
    new entries that are about the leg; `findings`: those that raise the level and are new, or of another level than
    without the entries.
    """

    assessment: Assessment
    entries: tuple[Fact, ...]
    findings: tuple[Finding, ...]


def news(before: Assessment, after: Assessment, sources: Collection[str]) -> News | None:
    """What is to be said with the entries (`sources`: their `Type/id`) that was not to be said `before`, without them.

    Nothing where no entry is about the leg, or where complaint, level and findings are what they were.
    """
    entries = _about_the_leg(after, sources)
    known = {finding.rule: finding.level for finding in before.raising}
    findings = tuple([finding for finding in after.raising if known.get(finding.rule) != finding.level])
    if not entries or not (findings or after.level > before.level or not before.complaint):
        return None
    new_first = sorted(after.findings, key=lambda finding: (-finding.level, finding not in findings))
    return News(replace(after, findings=tuple(new_first)), entries, findings)


def _about_the_leg(assessment: Assessment, sources: Collection[str]) -> tuple[Fact, ...]:
    """The facts of these resources that belong to the complaint, or that a finding rests on."""
    evidence = [fact for finding in assessment.raising for fact in finding.evidence]
    return tuple(dict.fromkeys([fact for fact in (*assessment.complaint, *evidence) if fact.source in sources]))
