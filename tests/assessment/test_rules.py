"""The triage policy by example: each in rules/*.yaml is a sentence, a chart, and what must come of it.

The chart is in the short form of tests/charts.py. Beside it an example may give members of the `patient`,
an `as_of`, `thresholds` other than the defaults, and parts of the chart that were `unread`. `expect` may
name: level; first (the rule that names the card); findings and no_findings (rules that raise, or do not raise, the
level); flags (the state of each red flag); complaint (concepts among the complaint's); side; risk_factors (the
state of each); wells (points), wells_range (least and most), wells_items (the state of each named; `to confirm` for
a present one of which something is open), outside_wells; d_dimers (newest first: kind and verdict of each);
withheld and offered (steps of the home care); next_steps (all that may be offered) and preferred; listed (all
findings and signs that the level does not count); seen (all that is to be seen and raises nothing); child; fully_read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.engine import assess
from cds_service.assessment.raising import RAISING
from cds_service.assessment.rule import Finding, Kind
from cds_service.assessment.rules.guidance import RED_FLAGS
from cds_service.assessment.wells import WellsScore, outside
from cds_service.facts import Gap, State, Topic
from cds_service.fhir.value_sets import Terminology
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, SYSTEMS, patient, read
from tests.yaml_files import load_yaml

Example = dict[str, Any]

FILES = sorted((Path(__file__).parent / "rules").glob("*.yaml"))
EXAMPLES: list[tuple[str, Example]] = [(path.stem, example) for path in FILES for example in load_yaml(path)]
PASSED_OVER = {"sct|61751001", "sct|239874001", "icd|I27.24", "icd|I95.1", "icd|N39.3"}
"""Codes of examples that the service does not know on purpose: gradual onset; and what explains no sign, osteoarthritis
of the ankle, pulmonary hypertension of clots, orthostatic hypotension; stress incontinence.
"""
RULES = {rule.id for rule in (*RAISING, *RED_FLAGS)}


@pytest.mark.parametrize("example", [pytest.param(each, id=f"{stem}: {each['name']}") for stem, each in EXAMPLES])
def test_example(example: Example) -> None:
    assert said(assessed(example), example["expect"]) == example["expect"]


def assessed(example: Example) -> Assessment:
    as_of = example.get("as_of", AS_OF)
    chart = read(example["chart"], patient(**example.get("patient", {})), as_of)
    gaps = tuple(Gap(Topic(name), "could not be read") for name in example.get("unread", ()))
    return assess(replace(chart, gaps=(*chart.gaps, *gaps)), as_of, Thresholds(**example.get("thresholds", {})))


def said(assessment: Assessment, expect: dict[str, Any]) -> dict[str, Any]:
    """What the assessment says of just those things that the example expects, in the same form."""
    raised = {finding.rule.id for finding in assessment.raising}
    concepts = {fact.concept for fact in assessment.complaint}
    withheld = {step.name for step in assessment.home_care if step.withheld}
    offered = {step.name for step in assessment.home_care if not step.withheld}

    def among(actual: set[str], key: str) -> list[str]:
        return [each for each in expect.get(key, ()) if each in actual]

    says = {
        "level": assessment.level.name.lower(),
        "first": assessment.raising[0].rule.id if assessment.raising else None,
        "findings": among(raised, "findings"),
        "no_findings": among(RULES - raised, "no_findings"),
        "flags": _states(assessment.of(Kind.RED_FLAG), expect.get("flags", {})),
        "complaint": among(concepts, "complaint") if expect.get("complaint") else sorted(concepts),
        "side": assessment.side.value,
        "risk_factors": _states(assessment.of(Kind.RISK), expect.get("risk_factors", {})),
        "wells": assessment.wells.points if assessment.wells else None,
        "wells_range": [assessment.wells.least, assessment.wells.most] if assessment.wells else None,
        "wells_items": _items(assessment.wells, expect.get("wells_items", {})),
        "outside_wells": [reason.value for reason in outside(assessment.record)],
        "d_dimers": [[each.units.value, each.verdict.value] for each in assessment.d_dimers],
        "seen": [each.rule.id for each in assessment.of(Kind.SEEN)],
        "listed": [each.rule.id for each in assessment.listed if each.rule.kind in (Kind.FINDING, Kind.SIGN)],
        "explained": [
            each.rule.id
            for each in assessment.of(Kind.RED_FLAG)
            if each.why_not_counted and not each.why_not_counted.startswith("begun over")
        ],
        "withheld": among(withheld, "withheld"),
        "offered": among(offered, "offered"),
        "next_steps": [step.name for step in assessment.next_steps],
        "preferred": [step.name for step in assessment.next_steps if step.preferred],
        "child": assessment.record.is_child,
        "fully_read": assessment.fully_read,
    }
    return {key: says[key] for key in expect}


def _states(findings: Sequence[Finding], named: dict[str, str]) -> dict[str, str]:
    """The state of each named rule. One that the assessment leaves out is unknown to its reader."""
    states = {finding.rule.id: finding.state.value for finding in findings}
    return {name: states.get(name, State.UNKNOWN.value) for name in named}


def _items(score: WellsScore | None, named: dict[str, str]) -> dict[str, str]:
    items = {item.label: item for item in score.items} if score else {}
    return {label: "to confirm" if items[label].to_confirm else items[label].state.value for label in named}


def test_no_two_examples_share_a_name() -> None:
    names = [(stem, example["name"]) for stem, example in EXAMPLES]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("rule", sorted(RULES))
def test_every_rule_has_an_example_that_finds_it_and_one_that_does_not(rule: str) -> None:
    assert any(rule in example["expect"].get("findings", ()) for _stem, example in EXAMPLES)
    assert any(rule in example["expect"].get("no_findings", ()) for _stem, example in EXAMPLES)


def test_every_code_of_an_example_is_one_that_the_service_knows() -> None:
    """A misspelt code would let an example that expects nothing pass for the wrong reason."""
    terminology = Terminology()
    codes = {text for _stem, example in EXAMPLES for text in texts(example["chart"]) if "|" in text}
    unknown = {text for text in codes if not terminology.meaning(SYSTEMS[text.split("|")[0]], text.split("|")[1])}
    assert unknown == PASSED_OVER


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []
