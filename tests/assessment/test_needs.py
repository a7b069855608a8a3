"""What a rule says it needs is what it cannot do without: where none of it is on record, it finds nothing.

So a rule need not be asked there, and its declaration can be shown to whoever wants to know what it is about. The
condition itself is asked here: the engine would not ask it where what it needs is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from cds_service.assessment.catalogue import CAUSES, RULE_SETS
from cds_service.assessment.concepts import Concept
from cds_service.assessment.diagnoses import OPENING, opening_diagnoses
from cds_service.assessment.engine import presenting
from cds_service.assessment.raising import RAISING
from cds_service.assessment.record import Leg, legs, whole_patient
from cds_service.assessment.rule import Kind, Rule, within_windows
from cds_service.assessment.rules import precautions, seen
from cds_service.assessment.rules.guidance import RED_FLAGS
from cds_service.assessment.rules.risks import RISKS
from cds_service.assessment.wells_items import ITEMS, Item
from cds_service.facts import Chart, Fact, Interval, Site, State
from cds_service.thresholds import Thresholds
from tests.assessment.test_home_care import ROWS
from tests.assessment.test_patterns import EXAMPLES as OF_CAUSES
from tests.assessment.test_policy_properties import charts_made
from tests.assessment.test_policy_properties import facts as any_fact
from tests.assessment.test_rules import EXAMPLES
from tests.charts import AS_OF, patient, read

_NOW = Interval(AS_OF, AS_OF, AS_OF.isoformat())
PAIN = Fact("pain", State.PRESENT, "Condition/calf-pain", (("", ""),), when=_NOW, began=_NOW, site=Site.LOWER_LEG)
"""Makes a leg complaint of a chart that is none, so that every rule would be asked."""

EASY = Thresholds(wells_likely_points=1)
"""One item of the Wells score is enough, so that each shows by itself."""

NEED_NOTHING = {
    *("over-65", "child"),  # by age
    "siting-finding",  # by whatever the card rests on
    *("poor-supply", "critical-supply", "compartment-height", "compartment", "clot", "possible-clot"),
    *("possible-clot-in-cramp", "swelling", "muscle", "low-index", "thrombosis-risk"),
    # precautions that several entries or other findings call for
    *("wells-tenderness-along-the-deep-veins", "wells-swelling-of-the-whole-leg"),
    *("wells-collateral-superficial-veins", "wells-whether-another-diagnosis-is-at-least-as-likely"),
}


@dataclass(frozen=True)
class Needing:
    """`finds`: the facts that it finds on this leg."""

    name: str
    needs: tuple[Concept, ...]
    finds: Callable[[Leg], Sequence[Fact]]


def _rule(rule: Rule) -> Needing:
    of_patient = rule.kind is Kind.RISK or (rule.kind is Kind.SEEN and rule is not seen.DISEASE)

    def finds(leg: Leg) -> Sequence[Fact]:
        record = leg.patient if of_patient else leg
        what = rule.when(within_windows(rule, record), record)
        return what.evidence if what is not None else ()

    return Needing(f"{rule.kind}: {rule.id}", rule.needs, finds)


def _item(row: Item) -> Needing:
    """What can show it, and what can deny it."""
    return replace(_rule(row), needs=(*row.needs, *row.deniable_by))


JUDGED = (*RAISING, *RED_FLAGS, *CAUSES, *RISKS, *precautions.PRECAUTIONS, *seen.SEEN)
DECLARED = [
    Needing("opening diagnoses", OPENING, opening_diagnoses),
    *[_rule(rule) for rule in JUDGED if rule.needs],
    *[_item(row) for row in ITEMS if row.needs or row.deniable_by],
]


def presented(facts: Sequence[Fact], chart: Chart) -> list[Leg]:
    """Each leg of a chart of these facts, as its complaint is known when the rules are asked."""
    its_legs = [presenting(leg) for leg in legs(whole_patient(replace(chart, facts=tuple(facts)), EASY, AS_OF))]
    return its_legs if any(leg.complaint for leg in its_legs) else presented((*facts, PAIN), chart)


def found(declared: Needing, its_legs: Sequence[Leg]) -> list[Fact]:
    return [fact for leg in its_legs for fact in declared.finds(leg)]


def without(declared: Needing, facts: Sequence[Fact]) -> tuple[Fact, ...]:
    return tuple([fact for fact in facts if fact.concept not in declared.needs])


@cache
def examples() -> list[tuple[Chart, list[Leg]]]:
    """The chart of every example, and its legs."""
    rows = (*[each for _stem, each in (*EXAMPLES, *OF_CAUSES)], *ROWS)
    charts = [read(row["chart"], patient(**row.get("patient", {}))) for row in rows]
    return [(chart, presented(chart.facts, chart)) for chart in charts]


def test_no_example_meets_any_without_what_it_needs() -> None:
    for declared in DECLARED:
        met = [chart for chart, its_legs in examples() if found(declared, its_legs)]
        assert met, declared.name
        for chart in met:
            rest = presented(without(declared, chart.facts), chart)
            assert (declared.name, found(declared, rest)) == (declared.name, [])


@charts_made
@given(st.lists(any_fact, max_size=12))
def test_no_chart_meets_any_without_what_it_needs(facts: list[Fact]) -> None:
    whole = presented(facts, Chart())
    for declared in DECLARED:
        rest = without(declared, facts)
        its_legs = whole if len(rest) == len(facts) else presented(rest, Chart())
        assert (declared.name, found(declared, its_legs)) == (declared.name, [])


def test_each_concept_that_is_needed_meets_its_rule_in_an_example() -> None:
    """No declaration names what its rule does not look for. What is not interpreted may be about any of them."""
    met = {
        (declared.name, fact.concept)
        for declared in DECLARED
        for _chart, its_legs in examples()
        for fact in found(declared, its_legs)
    }
    needed = {(declared.name, concept) for declared in DECLARED for concept in declared.needs}
    assert {each for each in needed - met if seen.NOT_INTERPRETED.id not in each[0]} == set()


def test_what_needs_nothing_is_known() -> None:
    """Whoever adds a rule says what it needs; orders and suggestions are asked of drafts and of findings."""
    rules = [*seen.SEEN, *precautions.PRECAUTIONS, *[rule for each in RULE_SETS for rule in each.rules]]
    kinds = (Kind.STEP, Kind.PRECAUTION)
    without_needs = {rule.id for rule in rules if not rule.needs and rule.kind not in kinds}
    without_needs |= {each.id for each in precautions.PRECAUTIONS if not each.needs}
    assert without_needs == NEED_NOTHING
