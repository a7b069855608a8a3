"""Observations contained in their panel are read as if they were resources of their own."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.facts import Fact, Side, State
from cds_service.fhir.reading import NOT_READABLE, OTHER_PATIENT
from tests.charts import concept, read_beside, resource, when

LATE = when(-1)


def swelling(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": "m1", "status": "final", "code": concept("sct|449615005"), **members}


def panel(*contained: Any, **members: Any) -> dict[str, Any]:
    """A panel of today whose name is text."""
    made = resource({"observation": "", "text": "Leg exam", "at": -1, "id": "panel"}, 0)
    links = {"hasMember": [{"reference": f"#{each.get('id')}"} for each in contained if isinstance(each, dict)]}
    return {**made, "contained": list(contained), **links, **members}


def facts(made: dict[str, Any]) -> list[Fact]:
    return [fact for fact in read_beside(made).facts if fact.concept == "swelling"]


@pytest.mark.parametrize(
    ("made", "state"),
    [
        (panel(swelling()), State.PRESENT),
        (panel(swelling(valueBoolean=False)), State.ABSENT),
        (panel(swelling(status=None)), State.PRESENT),
        (panel(swelling(effectiveDateTime=LATE), effectiveDateTime="2020-01-01"), State.PRESENT),
        (panel(swelling(), code=concept("loinc|29545-1")), State.PRESENT),
        ({**panel(swelling()), "hasMember": None}, State.PRESENT),
        (panel(swelling(), effectiveDateTime="2020-01-01"), None),
        (panel(swelling(), status="entered-in-error"), None),
        (panel(swelling(status="cancelled")), None),
        (panel(swelling(subject={"reference": "Patient/p2"})), None),
        (panel(swelling(), subject={"reference": "Patient/p2"}), None),
        (panel({"resourceType": "Patient", "id": "m1", "birthDate": 5}), None),
    ],
)
def test_a_member_is_read_and_its_panel_says_what_it_does_not(made: dict[str, Any], state: State | None) -> None:
    found = facts(made)
    assert [fact.state for fact in found] == ([state] if state else [])
    assert all(fact.source == "Observation/panel#m1" and fact.when for fact in found)


def test_a_member_lies_where_its_panel_lies() -> None:
    site = concept("sct|53840002", "sct|7771000")
    assert [fact.side for fact in facts(panel(swelling(code=concept("sct|65124004")), bodySite=site))] == [Side.LEFT]


def test_another_patients_member_is_counted_as_that() -> None:
    chart = read_beside(panel(swelling(subject={"reference": "Patient/p2"})))
    assert chart.left_out[OTHER_PATIENT] == 1


@pytest.mark.parametrize(
    "odd", [5, "x", {"resourceType": "Observation", "code": 5}, {"resourceType": "Observation", "id": 7}]
)
def test_an_odd_member_costs_only_itself_and_is_told(odd: Any) -> None:
    for contained in ([odd, swelling()], [swelling(), odd]):
        chart = read_beside({**panel(), "contained": contained})
        assert [fact.source for fact in chart.facts if fact.concept == "swelling"] == ["Observation/panel#m1"]
        assert [gap.reason for gap in chart.gaps] == [f"Observation/panel {NOT_READABLE}"]


def test_what_is_contained_and_no_list_is_told() -> None:
    assert [gap.reason for gap in read_beside({**panel(), "contained": {"a": 1}}).gaps] == [
        f"Observation/panel {NOT_READABLE}"
    ]
