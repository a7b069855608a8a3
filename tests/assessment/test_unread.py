"""A Condition that no rule could read is quoted, and while it stands no home care is spoken of."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.engine import assess
from cds_service.assessment.rules.steps import INSTRUCTIONS
from cds_service.assessment.unread import NOT_READ, quoted_entries, standing_entries
from cds_service.facts import Topic
from cds_service.fhir.reading import ChartReader
from cds_service.thresholds import Thresholds
from tests.charts import AS_OF, PATIENT_ID, READER, Entry, material, resource
from tests.rendering.by_hand import FILES

PAIN: Entry = {"condition": "sct|300954003", "id": "pain", "onset": -3, "side": "left"}
DVT: Entry = {"condition": [], "id": "text", "text": "Acute DVT left leg"}
WATCHING = ChartReader(READER.timezone, READER.terminology, FILES.watched)


def assessed(*entries: Entry) -> Assessment:
    made = [resource(entry, number) for number, entry in enumerate(entries)]
    return assess(WATCHING.read(material(made), PATIENT_ID, AS_OF), AS_OF, Thresholds())


def unread_code(system: str | None, code: str | None = "I82.402", display: str | None = "Acute DVT left leg") -> Entry:
    coding = {key: value for key, value in {"system": system, "code": code, "display": display}.items() if value}
    return {"condition": [], "id": "text", "members": {"code": {"coding": [coding]}}}


UNREAD = [
    DVT,
    unread_code("http://hl7.org/fhir/sid/icd-10"),
    unread_code("http://hl7.org/fhir/sid/icd-9-cm", "453.40"),
    unread_code("http://hl7.org/fhir/sid/icd-10-cm", "453.40"),
    unread_code("urn:oid:1.2.840.114350.1.13.0.1.7.2.696871", "17"),
    unread_code("http://hl7.org/fhir/sid/icpc-2", "K94"),
    unread_code("our own list", "17"),
    unread_code(None),
    unread_code(None, None),
    unread_code("http://snomed.info/sct", None),
    unread_code("http://snomed.info/sct", "300954003:272741003=7771000"),
    {"condition": [], "id": "text", "members": {"code": {"coding": [{"code": "17"}], "text": "Acute DVT left leg"}}},
]


@pytest.mark.parametrize("entry", UNREAD)
def test_what_nothing_could_know_is_quoted_and_home_care_is_not_spoken_of(entry: Entry) -> None:
    made = assessed(PAIN, {**entry, "onset": -2})
    assert [each.words for each in quoted_entries(made.record)] == ["Acute DVT left leg"]
    assert not made.suits_home_care
    assert {step.withheld for step in made.home_care} == {(NOT_READ,)}
    assert INSTRUCTIONS not in [step.name for step in made.next_steps]
    assert made.level == assessed(PAIN).level, "it raises nothing"


def test_without_one_home_care_is_spoken_of() -> None:
    for chart in ([PAIN], [PAIN, {**DVT, "text": "Otitis media"}], [PAIN, {"condition": "sct|38341003"}]):
        made = assessed(*chart)
        assert made.suits_home_care
        assert INSTRUCTIONS in [step.name for step in made.next_steps]


@pytest.mark.parametrize(
    ("dates", "stands"),
    [
        ({}, True),
        ({"onset": -90}, True),
        ({"onset": -91}, False),
        ({"recorded": -90}, True),
        ({"recorded": -91}, False),
        ({"onset": -900, "recorded": -5}, True),
        ({"onset": "2026"}, True),
        ({"onset": "soon"}, True),
        ({"onset": -5, "clinical": "resolved"}, False),
        ({"onset": -5, "clinical": "inactive"}, False),
        ({"clinical": "remission"}, False),
        ({"onset": -5, "abated": -1}, False),
        ({"onset": -5, "clinical": ""}, True),
        ({"onset": -5, "verification": "provisional"}, True),
    ],
)
def test_one_stands_while_it_is_current_and_recent_or_undated(dates: dict[str, Any], stands: bool) -> None:
    made = assessed(PAIN, {**DVT, **dates})
    assert bool(standing_entries(made.record)) is stands
    assert made.suits_home_care is not stands
    assert len(quoted_entries(made.record)) == 1, "it is quoted all the same"


@pytest.mark.parametrize(
    "members", [{"verification": "refuted"}, {"verification": "entered-in-error"}, {"subject": "Patient/x"}]
)
def test_what_is_refuted_or_of_someone_else_is_not_quoted(members: dict[str, Any]) -> None:
    made = assessed(PAIN, {**DVT, **members})
    assert not quoted_entries(made.record)
    assert made.suits_home_care


def test_those_that_stand_come_first_then_the_newest_and_each_text_once() -> None:
    made = assessed(
        PAIN,
        {**DVT, "id": "old", "text": "old leg clot", "onset": -400},
        {**DVT, "id": "over", "text": "leg cellulitis", "onset": -1, "clinical": "resolved"},
        {**DVT, "id": "undated", "text": "leg swelling"},
        {**DVT, "id": "new", "text": "left DVT", "onset": -2},
        {**DVT, "id": "again", "text": "left DVT", "onset": -1},
    )
    quoted = [each.words for each in quoted_entries(made.record)]
    assert quoted == ["left DVT", "leg swelling", "leg cellulitis", "old leg clot"]


def test_a_place_can_be_what_is_looked_for() -> None:
    made = assessed(PAIN, {**DVT, "text": "Schmerzen", "members": {"bodySite": [{"text": "linker Unterschenkel"}]}})
    assert [each.words for each in quoted_entries(made.record)] == ["Schmerzen, linker Unterschenkel"]


def test_it_opens_no_card() -> None:
    assert not assessed(DVT).level


def test_entries_are_counted_by_system_and_a_part_that_is_not_read_at_all_is_named() -> None:
    local, pzn = "urn:oid:1.2.840.114350.1", "http://fhir.de/CodeSystem/ifa/pzn"
    made = assessed(
        unread_code(local),
        {**unread_code(local), "id": "other"},
        {**unread_code("Zebrafish, Jane"), "id": "name"},
        {**unread_code(local), "id": "foreign", "subject": "Patient/x"},
        {"medication": [], "members": {"medicationCodeableConcept": {"coding": [{"system": pzn, "code": "1"}]}}},
        {"observation": [], "members": {"code": {"coding": [{"system": local, "code": "1"}]}}},
        {"observation": "loinc|8302-2", "value": 170, "unit": "cm"},
    ).record.chart
    assert made.unread_systems == {local: 3, "": 1, pzn: 1}
    assert made.unread_parts == {Topic.CONDITIONS: ["", local], Topic.MEDICATIONS: [pzn]}
    assert sum(made.left_out.values()) == 5


def test_a_hundred_systems_of_a_chart_have_names() -> None:
    conditions = [{**unread_code(f"urn:oid:1.2.3.{number}"), "id": str(number)} for number in range(300)]
    made = assessed(*conditions, {**conditions[7], "id": "again"}).record.chart
    assert len(made.unread_systems) == 101
    assert made.unread_systems["urn:oid:1.2.3.7"] == 2
    assert made.unread_systems[""] == 200
    assert set(made.unread_parts[Topic.CONDITIONS]) == made.unread_systems.keys()
