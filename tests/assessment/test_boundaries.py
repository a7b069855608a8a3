"""Each window has two examples that tell where it ends: one just inside it and one just outside, else the same.

A window is one that a rule declares, or a threshold in days that its condition speaks of. The examples are those of
rules/*.yaml (the missing ones in windows.yaml), patterns/*.yaml and home_care.yaml. Of such a pair the rule finds
something in one only, and the threshold decides which.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.catalogue import CAUSES, WELLS_SET
from cds_service.assessment.concepts import Concept
from cds_service.assessment.raising import RAISING
from cds_service.assessment.rule import Kind, Rule
from cds_service.assessment.rules.guidance import RED_FLAGS
from cds_service.assessment.rules.precautions import PRECAUTIONS
from cds_service.assessment.rules.risks import RISKS
from cds_service.assessment.rules.seen import SEEN
from cds_service.assessment.rules.steps import STEPS
from cds_service.facts import Fact
from cds_service.thresholds import Thresholds
from tests.assessment.test_home_care import ROWS
from tests.assessment.test_patterns import EXAMPLES as OF_CAUSES
from tests.assessment.test_rules import EXAMPLES, assessed
from tests.charts import PATIENT_ID, READER, material, resource

A_DAY = timedelta(days=1)
ELSEWHERE = {
    "ongoing-pain, ongoing_pain_first_days": "between two records, not from now: ongoing_pain.yaml",
    "ongoing-pain, ongoing_pain_last_days": "likewise",
    "creatine-kinase, ck_sign_days": "of what makes it critical, which is another level: muscle.yaml",
    "embolism-symptoms, embolism_complaint_days": "of the complaint, and likewise: pulmonary_embolism.yaml",
    "treated-thrombosis, treated_complaint_days": "between DVT and complaint: dvt.yaml",
    "malignancy, cancer_treatment_days": "the treatment is told and decides nothing: test_risk_factors.py",
    "patient-instructions, unread_entry_days": "of an entry that is no fact: test_unread.py",
    "wells-active-cancer, cancer_treatment_days": "likewise: wells.yaml, as to confirm",
}
JUDGED = (*RAISING, *RED_FLAGS, *CAUSES, *RISKS, *PRECAUTIONS, *SEEN, *STEPS, *WELLS_SET.rules)


class Boundary(NamedTuple):
    """The end of a window of this rule; `concepts`: whose window it is, empty for whatever its condition weighs."""

    rule: Rule
    days: str
    concepts: tuple[Concept, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.rule.id}, {self.days}"


class Case(NamedTuple):
    """An example: what was found on it, and its entries, also those that the reader has left out as too old lately."""

    example: dict[str, Any]
    found: frozenset[Any]
    facts: Sequence[Fact]
    as_of: datetime
    concepts: Sequence[str]

    def has(self, boundary: Boundary, *, inside: bool) -> bool:
        """Has it an entry within a day of the boundary, on this side of it?"""
        start = self.as_of - timedelta(days=getattr(Thresholds(), boundary.days))
        return any(
            (start <= fact.when.first <= start + A_DAY if inside else start - A_DAY <= fact.when.last < start)
            for fact in self.facts
            if fact.when is not None and (not boundary.concepts or fact.concept in boundary.concepts)
        )


def found(assessment: Assessment) -> frozenset[Any]:
    """The rules that found what counts or is to be seen, the suggestions, and the items of the Wells score."""
    counting = [
        finding.rule
        for finding in assessment.findings
        if (finding.is_present and not finding.why_not_counted) or (finding.rule in SEEN and finding.evidence)
    ]
    items = assessment.wells.present if assessment.wells else ()
    return frozenset([*counting, *[step.name for step in assessment.next_steps], *[item.label for item in items]])


def _key(rule: Rule) -> object:
    """What stands for it among what was found."""
    if rule.kind is Kind.STEP:
        return rule.id
    return rule.label if rule.kind is Kind.WELLS else rule


def boundaries() -> list[Boundary]:
    declared = [
        Boundary(rule, window.days, window.concepts or rule.needs) for rule in JUDGED for window in rule.windows
    ]
    known = {(each.rule, each.days) for each in declared}
    said = [Boundary(rule, name) for rule in JUDGED for name in dict.fromkeys(rule.numbers) if name.endswith("_days")]
    return [*declared, *[each for each in said if (each.rule, each.days) not in known]]


def cases() -> list[Case]:
    """Those with the numbers as they come."""
    made = []
    for example in (*[each for _stem, each in (*EXAMPLES, *OF_CAUSES)], *ROWS):
        if not example.get("thresholds"):
            assessment = assessed(example)
            facts = _entries(example, assessment)
            concepts = sorted([fact.concept for fact in facts])
            made.append(Case(example, found(assessment), facts, assessment.record.as_of, concepts))
    return made


def _entries(example: dict[str, Any], assessment: Assessment) -> list[Fact]:
    as_of = assessment.record.as_of
    resources = [resource(entry, number, as_of) for number, entry in enumerate(example["chart"])]
    before = READER.read(material(resources), PATIENT_ID, as_of - 2 * A_DAY).facts
    read = {(fact.source, fact.concept): fact for fact in (*before, *assessment.record.chart.facts)}
    return [*read.values()]


def _is_shown(boundary: Boundary, known: Sequence[Case]) -> bool:
    """Is there such a pair, and does the threshold that is named decide it: is the one, with a window that is a day
    shorter, judged as the other?
    """
    key = _key(boundary.rule)
    shorter = {boundary.days: getattr(Thresholds(), boundary.days) - 1}
    outside = [case for case in known if case.has(boundary, inside=False)]
    return any(
        (key in found(assessed({**one.example, "thresholds": shorter}))) == (key in other.found)
        for one in known
        if one.has(boundary, inside=True)
        for other in outside
        if one.concepts == other.concepts and (key in one.found) != (key in other.found)
    )


def test_every_window_has_an_example_on_each_side_of_its_end() -> None:
    known = cases()
    open_ends = [boundary.name for boundary in boundaries() if not _is_shown(boundary, known)]
    assert sorted(open_ends) == sorted(ELSEWHERE)
