"""Work grows with the chart, not with its square: one huge chart must not hold up the calls of all other patients."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.d_dimer import readings
from cds_service.assessment.record import Record, leg_of, whole_patient
from cds_service.assessment.rule import Level, within_windows
from cds_service.assessment.rules.guidance import ONGOING
from cds_service.assessment.rules.orders import OrderCase, duplicates, order_findings
from cds_service.assessment.siting import admitted_by
from cds_service.facts import Chart, Fact, Interval, Side, Site, State
from cds_service.fhir.orders import selected_sources
from cds_service.fhir.reading import settled
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, READER
from tests.steps import growth

LINEAR = 4.5
"""Of three times the chart; some more for sorting. With the square it would be nine."""

CALF: dict[str, Any] = {"site": Site.LOWER_LEG, "site_matters": True}


class Name(str):
    """One whose comparisons are counted: they are lines of Python."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    __hash__ = str.__hash__


def facts(count: int, concept: str, days_ago: int, kind: str = "Observation", **more: Any) -> list[Fact]:
    """So many entries of that day, each at a moment of its own."""
    made = []
    for number in range(count):
        moment = AS_OF - timedelta(days=days_ago, seconds=number)
        when = Interval(moment, moment, moment.isoformat(), timed=True)
        source = Name(f"{kind}/{days_ago}-{number}")
        known = {"state": State.PRESENT, "codes": (("system", "code"),), "when": when, "began": when, **more}
        made.append(Fact(concept=Name(concept), source=source, **known))
    return made


def whole(made: list[Fact]) -> Record:
    return whole_patient(Chart(facts=tuple(made)), Thresholds(), AS_OF)


def swelling_of_both_sides(size: int) -> Callable[[], object]:
    made = facts(size, "swelling", 1, side=Side.LEFT) + facts(size, "swelling", 5, side=Side.RIGHT)
    return lambda: whole(made)


def without_a_site_before_the_complaint(size: int) -> Callable[[], object]:
    made = facts(size, "pain", 1, "Condition", **CALF) + facts(size, "numbness-tingling", 20, site_matters=True)
    return lambda: whole(made)


def what_admits_the_unsited(size: int) -> Callable[[], object]:
    counting = facts(size, "numbness-tingling", 20, site_matters=True)
    anchors = facts(size, "pain", 1, **CALF) + facts(1, "pain", 20, **CALF)
    return lambda: admitted_by(counting, anchors)


def denied_for_long(size: int) -> Callable[[], object]:
    made = facts(size, "pain", 3, **CALF) + facts(size, "pain", 5, **{**CALF, "state": State.ABSENT})
    return lambda: settled(made, READER.terminology)


def pains_of_one_day(size: int) -> Callable[[], object]:
    leg = leg_of(Side.NOT_STATED, whole(facts(size, "pain", 1, **CALF)))
    return lambda: ONGOING.when(within_windows(ONGOING, leg), leg)


def d_dimers(size: int) -> Callable[[], object]:
    leg = whole(facts(size, "d-dimer", 3))
    return lambda: readings(leg)


def selected_drafts(size: int) -> Callable[[], object]:
    drafts = facts(size, "nsaid", 0, "MedicationRequest")
    selections = [f"MedicationRequest/other-{number}" for number in range(size)]
    return lambda: selected_sources(drafts, selections)


def drafts_of_one_id(size: int) -> Callable[[], object]:
    drafts = [replace(each, source="ServiceRequest/1") for each in facts(size, "leg-vein-ultrasound", 0)]
    return lambda: duplicates(order_case(drafts, []))


def drafts_beside_a_long_record(size: int) -> Callable[[], object]:
    drafts = facts(size, "leg-vein-ultrasound", 0, "ServiceRequest", side=Side.LEFT)
    drafts += facts(size, "compression", 0, "DeviceRequest", side=Side.LEFT)
    case = order_case(drafts, facts(size, "pain", 1, **CALF))
    return lambda: order_findings(case)


def order_case(drafts: list[Fact], chart: list[Fact]) -> OrderCase:
    assessment = Assessment(level=Level.INFO, record=whole(chart), complaint=tuple(chart[:1]))
    return OrderCase(drafts, {draft.source for draft in drafts}, assessment)


@pytest.mark.parametrize(
    "work",
    [
        swelling_of_both_sides,
        without_a_site_before_the_complaint,
        what_admits_the_unsited,
        denied_for_long,
        pains_of_one_day,
        d_dimers,
        selected_drafts,
        drafts_of_one_id,
        drafts_beside_a_long_record,
    ],
)
def test_work_grows_with_the_chart(work: Callable[[int], Callable[[], object]]) -> None:
    assert growth(work) < LINEAR


def test_entries_without_an_id_are_told_apart() -> None:
    """Facts are kept in sets: if all hash alike, each is compared with all."""
    alike = facts(50, "swelling", 1)
    nameless = [replace(each, source="Observation/") for each in alike]
    assert len({hash(each) for each in nameless}) == 50


def test_the_denials_that_a_finding_names_are_bounded() -> None:
    denials = facts(40, "pain", 3, "Condition", **{**CALF, "state": State.ABSENT, "when": None})
    (found,) = [
        each
        for each in settled(facts(1, "pain", 3, **CALF) + denials, READER.terminology)
        if each.state is State.PRESENT
    ]
    assert found.remarks[0].count("Condition/") == 10
