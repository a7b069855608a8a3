"""What a rule says it needs is what it cannot do without: where none of it is on record, it finds nothing.

So a rule need not be asked there, and its declaration can be shown to whoever wants to know what it is about.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.assessment.criteria import Criterion
from cds_service.assessment.critical import CRITICAL
from cds_service.assessment.diagnoses import OPENING, opening_diagnoses
from cds_service.assessment.leg import Leg, legs, whole_patient
from cds_service.assessment.risk_factors import RECORDED
from cds_service.assessment.rules import Finding, Rule
from cds_service.assessment.triage import presentation_of
from cds_service.assessment.warning import WARNING
from cds_service.assessment.wells_items import ITEMS, Item, View
from cds_service.facts import Chart, Fact, Interval, Site, State
from cds_service.thresholds import Thresholds
from tests.assessment.test_policy_properties import charts_made
from tests.assessment.test_policy_properties import facts as any_fact
from tests.assessment.test_rules import EXAMPLES
from tests.charts import AS_OF, READER, patient, read


@dataclass(frozen=True)
class Needing:
    """`finds`: the facts that it finds on this leg of this patient."""

    name: str
    needs: tuple[str, ...]
    finds: Callable[[Leg, Leg], list[Fact]]


def _criterion(criterion: Criterion) -> Needing:
    def finds(leg: Leg, patient: Leg) -> list[Fact]:
        presentation = presentation_of(leg, patient)
        found = criterion.judge(leg, presentation) if presentation else []
        return [fact for finding in found for fact in finding.evidence]

    return Needing(criterion.judge.__name__, criterion.needs, finds)


def _item(row: Item) -> Needing:
    return Needing(f"wells: {row.label}", row.needs, lambda leg, patient: list(row.shown_by(_view(leg, patient))))


def _denial(row: Item) -> Needing:
    def finds(leg: Leg, patient: Leg) -> list[Fact]:
        return list(row.denied_by(_view(leg, patient)))

    return Needing(f"wells denied: {row.label}", row.deniable_by, finds)


def _view(leg: Leg, patient: Leg) -> View:
    return View(leg, patient, leg.windows[leg.thresholds.finding_days])


def _factor(rule: Rule, needs: tuple[str, ...], state: Callable[[Rule, Leg], Finding]) -> Needing:
    return Needing(f"risk factor: {rule.id}", needs, lambda _leg, patient: list(state(rule, patient).evidence))


DECLARED = [
    Needing("opening diagnoses", OPENING, lambda leg, _patient: list(opening_diagnoses(leg))),
    *(_criterion(criterion) for criterion in (*CRITICAL, *WARNING)),
    *(_item(row) for row in ITEMS if row.needs),
    *(_denial(row) for row in ITEMS if row.deniable_by),
    *(_factor(unknown.rule, needs, state) for unknown, needs, state in RECORDED),
]
each_declaration = pytest.mark.parametrize("declared", DECLARED, ids=lambda declared: declared.name)

_NOW = Interval(AS_OF, AS_OF, AS_OF.isoformat())
PAIN = Fact("pain", State.PRESENT, "Condition/calf-pain", (("", ""),), when=_NOW, began=_NOW, site=Site.LOWER_LEG)
"""Makes every chart a leg complaint, so that every rule would be asked."""
READ = [read(example["chart"], patient(**example.get("patient", {}))) for _stem, example in EXAMPLES]


EASY = Thresholds(wells_likely_points=1)
"""One item of the Wells score is enough, so that each shows by itself."""


def found(declared: Needing, chart: Chart) -> list[Fact]:
    whole = whole_patient(replace(chart, facts=(*chart.facts, PAIN)), EASY, AS_OF)
    return [fact for leg in legs(whole) for fact in declared.finds(leg, whole)]


def without(declared: Needing, chart: Chart) -> Chart:
    return replace(chart, facts=tuple(fact for fact in chart.facts if fact.concept not in declared.needs))


def with_only(concept: str, declared: Needing, chart: Chart) -> Chart:
    """The chart with this concept in the place of every other that would do."""
    told = [
        msgspec.structs.replace(fact, concept=concept) if fact.concept in declared.needs else fact
        for fact in chart.facts
    ]
    return replace(chart, facts=tuple(told))


@each_declaration
def test_no_example_meets_it_without_what_it_needs(declared: Needing) -> None:
    assert [found(declared, without(declared, chart)) for chart in READ] == [[]] * len(READ)


@charts_made
@given(st.lists(any_fact, max_size=12))
def test_no_chart_meets_any_without_what_it_needs(facts: list[Fact]) -> None:
    chart = Chart(facts=tuple(facts))
    for declared in DECLARED:
        assert (declared.name, found(declared, without(declared, chart))) == (declared.name, [])


@each_declaration
def test_each_concept_that_it_needs_can_meet_it(declared: Needing) -> None:
    """No declaration names what its rule does not look for."""
    for concept in declared.needs:
        assert any(
            concept in {fact.concept for fact in found(declared, with_only(concept, declared, chart))} for chart in READ
        ), concept


def test_every_concept_that_is_needed_has_a_value_set() -> None:
    assert {concept for declared in DECLARED for concept in declared.needs} <= set(READER.terminology.concepts)
