"""What must hold of every cause, whatever the chart. The examples of each are in test_patterns.py."""

from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.assessment import engine
from cds_service.assessment.assessment import Assessment
from cds_service.assessment.catalogue import CAUSES
from cds_service.assessment.rule import Kind
from cds_service.assessment.sources import GUIDANCE, OURS
from tests.assessment.test_patterns import EXAMPLES, assessed
from tests.assessment.test_policy_properties import charts, charts_made
from tests.charts import Entry, triage


def test_every_cause_has_examples() -> None:
    assert {cause.id.removeprefix("pattern-") for cause in CAUSES} == {name for name, _example in EXAMPLES}


def test_every_cause_cites_a_source_that_can_be_read() -> None:
    for cause in CAUSES:
        source = cause.source
        assert source is not OURS, cause.id
        assert source.url.startswith("http"), cause.id
        assert source is GUIDANCE or source.read or "read 2026-" in source.section, cause.id


def test_each_concept_that_a_cause_needs_shows_it_in_an_example_of_its_own() -> None:
    shown = {
        (finding.rule.id, fact.concept)
        for name, example in EXAMPLES
        for finding in assessed(example).of(Kind.CAUSE)
        if finding.rule.id == f"pattern-{name}"
        for fact in finding.evidence
    }
    assert {(cause.id, concept) for cause in CAUSES for concept in cause.needs} - shown == set()


def without_causes(assessment: Assessment) -> dict[str, object]:
    """The record is another object for each call; its facts are the chart's."""
    told = {each.name: getattr(assessment, each.name) for each in fields(Assessment) if each.name != "record"}
    return {**told, "findings": [each for each in assessment.findings if each.rule.kind is not Kind.CAUSE]}


@charts_made
@given(charts)
def test_a_cause_never_changes_anything_else(chart: list[Entry]) -> None:
    """Without any the assessment is the same, its level above all."""
    with pytest.MonkeyPatch.context() as without:
        without.setattr(engine, "CAUSES", ())
        bare = triage(chart)
    assert bare.of(Kind.CAUSE) == []
    assert without_causes(bare) == without_causes(triage(chart))


@charts_made
@given(charts, st.data())
def test_the_order_of_resources_changes_no_cause(chart: list[Entry], data: st.DataObject) -> None:
    numbered = [{**entry, "id": f"r{number}"} for number, entry in enumerate(chart)]

    def summary(assessment: Assessment) -> list[tuple[str, set[str], set[str], str, tuple[str, ...]]]:
        return [
            (
                each.rule.id,
                {fact.source for fact in each.evidence},
                {fact.source for fact in each.against},
                each.note,
                each.missing,
            )
            for each in assessment.of(Kind.CAUSE)
        ]

    assert summary(triage(data.draw(st.permutations(numbered)))) == summary(triage(numbered))


@charts_made
@given(charts)
def test_a_cause_is_there_once_with_something_for_it_and_nothing_on_both_sides(chart: list[Entry]) -> None:
    found = triage(chart).of(Kind.CAUSE)
    rules = [each.rule for each in found]
    assert rules == [cause for cause in CAUSES if cause in set(rules)]
    for each in found:
        assert each.evidence
        assert set(each.evidence).isdisjoint(each.against)
        assert set(each.beside).isdisjoint(each.against)
