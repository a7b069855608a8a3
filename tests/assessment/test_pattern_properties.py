"""What must hold of every pattern, whatever the chart. The examples of each are in test_patterns.py."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.assessment import triage as triage_module
from cds_service.assessment.leg import legs, whole_patient
from cds_service.assessment.patterns.catalogue import PATTERNS
from cds_service.assessment.patterns.pattern import Pattern
from cds_service.assessment.sources import GUIDANCE, OURS
from cds_service.assessment.triage import Assessment, presentation_of
from cds_service.facts import Chart, Fact
from cds_service.fhir.value_sets import Terminology
from cds_service.thresholds import Thresholds
from tests.assessment.test_patterns import EXAMPLES, assessed
from tests.assessment.test_policy_properties import charts, charts_made
from tests.assessment.test_policy_properties import facts as any_fact
from tests.charts import AS_OF, Entry, triage

each_pattern = pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.id)


@each_pattern
def test_every_pattern_has_examples(pattern: Pattern) -> None:
    assert pattern.id in {name for name, _example in EXAMPLES}


@each_pattern
def test_a_pattern_cites_a_source_that_can_be_read(pattern: Pattern) -> None:
    assert pattern.source is not OURS
    assert pattern.source.url.startswith("http")
    source = pattern.source
    assert source is GUIDANCE or source.read or "read 2026-" in source.section


def test_ids_are_different_and_what_they_need_has_value_sets() -> None:
    ids = [pattern.id for pattern in PATTERNS]
    assert len(ids) == len(set(ids))
    assert {concept for pattern in PATTERNS for concept in pattern.needs} <= set(Terminology().concepts)


@each_pattern
def test_each_concept_that_it_needs_can_show_it(pattern: Pattern) -> None:
    """No declaration names what its pattern does not look for."""
    shown = {
        concept
        for name, example in EXAMPLES
        if name == pattern.id
        for each in assessed(example).patterns
        if each.pattern is pattern
        for concept in [fact.concept for fact in each.fit.supporting]
    }
    assert set(pattern.needs) - shown == set()


@charts_made
@given(st.lists(any_fact, max_size=12))
def test_what_a_pattern_needs_is_what_it_cannot_do_without(facts: list[Fact]) -> None:
    for pattern in PATTERNS:
        rest = tuple(fact for fact in facts if fact.concept not in pattern.needs)
        patient = whole_patient(Chart(facts=rest), Thresholds(), AS_OF)
        for leg in legs(patient):
            presentation = presentation_of(leg, patient)
            assert presentation is None or pattern.judge(leg, presentation) is None, pattern.id


@charts_made
@given(charts)
def test_a_pattern_never_changes_anything_else(chart: list[Entry]) -> None:
    """Without any pattern the assessment is the same, its level above all."""
    with pytest.MonkeyPatch.context() as without:
        without.setattr(triage_module, "recognised", lambda _leg, _presentation: [])
        bare = triage(chart)
    full = triage(chart)
    assert bare.patterns == ()
    for name in Assessment.__slots__:
        if name != "patterns":
            assert getattr(bare, name) == getattr(full, name), name


@charts_made
@given(charts, st.data())
def test_the_order_of_resources_changes_no_pattern(chart: list[Entry], data: st.DataObject) -> None:
    numbered = [{**entry, "id": f"r{number}"} for number, entry in enumerate(chart)]

    def summary(assessment: Assessment) -> list[tuple[str, set[str], set[str], str, tuple[str, ...]]]:
        return [
            (
                each.pattern.id,
                {fact.source for fact in each.fit.supporting},
                {fact.source for fact in each.fit.against},
                each.fit.note,
                each.fit.missing,
            )
            for each in assessment.patterns
        ]

    assert summary(triage(data.draw(st.permutations(numbered)))) == summary(triage(numbered))


@charts_made
@given(charts)
def test_a_pattern_is_there_once_with_something_for_it_and_nothing_on_both_sides(chart: list[Entry]) -> None:
    patterns = triage(chart).patterns
    assert len({each.pattern for each in patterns}) == len(patterns)
    assert [each.pattern for each in patterns] == [
        known for known in PATTERNS if known in {p.pattern for p in patterns}
    ]
    for each in patterns:
        assert each.fit.supporting
        assert set(each.fit.supporting).isdisjoint(each.fit.against)
        assert set(each.fit.beside).isdisjoint(each.fit.against)
