"""The hot loop: what may matter is kept, and nothing that is kept hides anything else."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import msgspec
import pytest

from cds_service.facts import UNREAD_MEDICINES, Fact, State, Topic
from cds_service.fhir.page import Material, open_page
from cds_service.fhir.passed_over import UNCODED
from cds_service.fhir.reading import NOT_READABLE, OTHER_PATIENT
from cds_service.fhir.sift import Sifted, sift
from tests.charts import AS_OF, OPENER, READER, bundle, material, read_beside, read_pages, resource

CALF = "sct|53840002"
CREATINE_KINASE = "loinc|2157-6"
HIGH = {"observation": CREATINE_KINASE, "at": -3, "value": 12000, "unit": "U/L", "id": "high"}


def sifted(*entries: dict[str, Any]) -> Sifted:
    return sift(material([resource(each, n) for n, each in enumerate(entries)]), READER.terminology, AS_OF)


def kinase(*entries: dict[str, Any]) -> list[Fact]:
    return [fact for fact in read_beside(*entries).facts if fact.concept == "creatine-kinase"]


@pytest.mark.parametrize(
    "entry",
    [
        {"condition": "icd|Z82.49"},
        {"condition": "", "text": "calf pain"},
        {"observation": "sct|449615005", "at": -400},
        {"observation": "sct|449615005", "at": -1, "status": "cancelled"},
        {"medication": "rx|1191"},
        {"condition": "icd|I10"},
    ],
)
def test_what_does_not_matter_is_not_kept(entry: dict[str, Any]) -> None:
    assert sifted(entry).hits == []


@pytest.mark.parametrize(
    ("entry", "opens"),
    [
        ({"condition": "sct|300954003"}, True),
        ({"condition": "sct|10601006"}, True),
        ({"condition": "sct|90834002"}, False),  # pain in a limb: which one is not said
        ({"condition": "sct|90834002", "site": CALF}, True),
        ({"observation": "loinc|72514-3", "value": 8, "at": -1}, False),
        ({"observation": "loinc|72514-3", "value": 8, "at": -1, "site": CALF}, True),
        (
            {
                "observation": "",
                "text": "exam",
                "at": -1,
                "site": CALF,
                "components": [{"code": "loinc|72514-3", "value": 8}],
            },
            True,
        ),
        ({"observation": "sct|449615005", "at": -1}, True),
        ({"condition": "sct|404223003"}, True),
        ({"condition": "sct|59282003"}, False),  # pulmonary embolism alone is not ours
        ({"condition": "sct|73211009"}, False),
        ({"medication": "rx|11289"}, False),
        (HIGH, False),
    ],
)
def test_a_chart_without_a_possible_leg_complaint_is_not_read(entry: dict[str, Any], opens: bool) -> None:
    assert sifted(entry).may_be_leg_complaint is opens


def test_only_the_newest_value_counts_where_only_the_newest_counts() -> None:
    newer = {"observation": CREATINE_KINASE, "at": -1, "value": 150, "unit": "U/L", "id": "newer"}
    for order in permutations([HIGH, newer, {**HIGH, "at": -5, "id": "older"}]):
        assert [fact.source for fact in kinase(*order)] == ["Observation/newer"]


@pytest.mark.parametrize(
    "newer",
    [
        {"absent_reason": "error"},
        {},
        {"members": {"valueString": "haemolysed"}},
        {"value": 5, "unit": "mg/dL"},
        {"value": 150, "unit": "U/L", "subject": "Patient/p2"},
        {"value": 150, "unit": "U/L", "members": {"focus": [{"reference": "Patient/donor"}]}},
        {"value": 150, "unit": "U/L", "members": {"valueQuantity": {"value": "many"}}},
        {"value": 150, "unit": "U/L", "status": "entered-in-error"},
        {"value": 150, "unit": "U/L", "status": "cancelled"},
        {"value": 150, "unit": "U/L", "at": "2026-12-24"},
    ],
    ids=[
        "no value",
        "nothing",
        "text",
        "other unit",
        "other patient",
        "focus",
        "unreadable",
        "in error",
        "cancelled",
        "future",
    ],
)
def test_a_newer_resource_that_says_nothing_hides_no_older_value(newer: dict[str, Any]) -> None:
    """Not recorded is not absent, and another's does not count: the value of three days ago stands."""
    facts = kinase(HIGH, {"observation": CREATINE_KINASE, "at": -1, "id": "newer", **newer})
    assert [fact.quantity.value for fact in facts if fact.quantity] == [12000]


def test_the_newest_answer_that_is_known_holds() -> None:
    """US Core's own examples have the same answer twice: as a number, and the day after as text."""
    number = {"observation": "loinc|89555-7", "at": -2, "value": 0, "unit": "d/wk", "id": "number"}
    text = {"observation": "loinc|89555-7", "at": -1, "members": {"valueString": "0"}, "id": "text"}
    facts = [fact for fact in read_beside(number, text).facts if fact.concept == "activity-days"]
    assert [fact.quantity.value for fact in facts if fact.quantity] == [0]


POTASSIUM = "loinc|2823-3"


def panel(at: int, *order: str, kinase: float, potassium: float) -> dict[str, Any]:
    """Two measurements in one Observation, as components in this order."""
    values = {CREATINE_KINASE: (kinase, "U/L"), POTASSIUM: (potassium, "mmol/L")}
    components = [{"code": code, "value": values[code][0], "unit": values[code][1]} for code in order]
    return {"observation": "", "text": "chemistry", "at": at, "id": "panel", "components": components}


ORDERS = [(CREATINE_KINASE, POTASSIUM), (POTASSIUM, CREATINE_KINASE)]


@pytest.mark.parametrize("order", ORDERS, ids=["kinase first", "potassium first"])
@pytest.mark.parametrize(
    ("single", "at", "kept"),
    [
        (
            {"observation": POTASSIUM, "value": 4.0, "unit": "mmol/L"},
            -1,
            {"creatine-kinase": 9000, "potassium": 4.0},
        ),
        (
            {"observation": CREATINE_KINASE, "value": 150, "unit": "U/L"},
            -1,
            {"creatine-kinase": 150, "potassium": 2.2},
        ),
        (
            {"observation": POTASSIUM, "value": 4.0, "unit": "mmol/L"},
            -3,
            {"creatine-kinase": 9000, "potassium": 2.2},
        ),
        (
            {"observation": CREATINE_KINASE, "value": 150, "unit": "U/L"},
            -3,
            {"creatine-kinase": 9000, "potassium": 2.2},
        ),
    ],
    ids=["newer potassium", "newer kinase", "older potassium", "older kinase"],
)
def test_the_newest_counts_for_each_measurement_of_a_panel_by_itself(
    single: dict[str, Any], at: int, kept: dict[str, float], order: tuple[str, ...]
) -> None:
    facts = read_beside(panel(-2, *order, kinase=9000, potassium=2.2), {**single, "at": at, "id": "single"}).facts
    read = [(fact.concept, fact.quantity.value) for fact in facts if fact.quantity]
    assert sorted(read) == sorted(kept.items())


@pytest.mark.parametrize(
    ("newest", "smokes"), [("sct|8517006", False), ("sct|266919005", False), ("sct|449868002", True)]
)
def test_the_newest_smoking_status_holds(newest: str, smokes: bool) -> None:
    then = {"observation": "loinc|72166-2", "at": -200, "value": "sct|428041000124106", "id": "then"}
    now = {"observation": "loinc|72166-2", "at": -10, "value": newest, "id": "now"}
    sources = [fact.source for fact in read_beside(then, now).facts if fact.concept == "smoking"]
    assert sources == (["Observation/now"] if smokes else [])


@pytest.mark.parametrize("ids", [("a", "b"), ("b", "a")])
def test_at_the_same_time_present_wins(ids: tuple[str, str]) -> None:
    pregnant = {"observation": "loinc|82810-3", "at": -1, "value": "sct|77386006", "id": ids[0]}
    not_pregnant = {"observation": "loinc|82810-3", "at": -1, "value": "sct|60001007", "id": ids[1]}
    facts = read_beside(pregnant, not_pregnant).facts
    assert any(fact.concept == "pregnancy" and fact.state is State.PRESENT for fact in facts)


def test_a_resource_counts_once_however_many_searches_returned_it() -> None:
    """EHRs file one Observation under several categories, so several searches answer with it."""
    entries = [
        {"observation": "sct|449615005", "at": -1, "id": "swelling"},
        {"observation": "sct|449615005", "at": -1, "id": "foreign", "subject": "Patient/p2"},
        {"observation": "sct|449615005", "at": -1, "id": "odd", "members": {"valueQuantity": "many"}},
        {"observation": "", "text": "sore leg", "at": -1, "id": "text"},
        {"observation": "sct|449615005", "at": -1, "id": "broken", "members": {"code": "swelling"}},
    ]
    page = (Topic.OBSERVATIONS, bundle(*(resource(each, n) for n, each in enumerate(entries))))
    once, twice = read_pages([page]), read_pages([page, page])
    assert dict(once.left_out) == {OTHER_PATIENT: 1, NOT_READABLE: 1, UNCODED: 1}
    assert dict(twice.left_out) == dict(once.left_out)
    assert sorted(fact.source for fact in twice.facts) == ["Condition/opener", "Observation/swelling"]
    assert twice.gaps == once.gaps
    assert [gap.reason.split()[0] for gap in once.gaps] == ["Observation/broken", "Observation/odd"]


def test_text_without_a_code_is_counted() -> None:
    chart = read_beside(
        {"condition": "", "text": "calf pain", "id": "a"},
        {"observation": "", "text": "leg swollen", "id": "b"},
        {"medication": "", "text": "blood thinner", "id": "c"},
        {"condition": "icd|I10", "id": "d"},
    )
    assert dict(chart.left_out) == {UNCODED: 2, UNREAD_MEDICINES: 1}


@pytest.mark.parametrize("status", [None, 5, True, ["final"], {"code": "final"}])
def test_a_status_of_any_shape_costs_only_its_own_resource(status: Any) -> None:
    chart = read_beside({"observation": "sct|449615005", "at": -1, "members": {"status": status}})
    assert "Condition/opener" in {fact.source for fact in chart.facts}


def test_a_search_may_answer_in_pages() -> None:
    pages = tuple(
        (
            Topic.CONDITIONS,
            open_page(bundle(resource({"condition": "sct|300954003", "id": name, "onset": -1}, 0))),
        )
        for name in ("one", "two")
    )
    who = open_page(b'{"resourceType": "Patient", "id": "p1"}')
    found = sift(Material(who, pages), READER.terminology, AS_OF)
    assert [hit.resource.id for hit in found.hits] == ["one", "two"]
    assert OPENER["id"] not in {hit.resource.id for hit in found.hits}


@pytest.mark.parametrize(
    ("urls", "count"),
    [
        (("https://a.example/Observation/1", "https://b.example/Observation/1"), 2),
        (("https://a.example/Observation/1", "https://a.example/Observation/1"), 1),
        (("https://a.example/Observation/1", None), 1),
        ((None, "https://a.example/Observation/1"), 1),
        ((None, None), 1),
    ],
)
def test_one_id_at_two_addresses_is_two_entries(urls: tuple[str | None, ...], count: int) -> None:
    """Records of two sources may use the same ids."""
    made = [resource({"observation": "sct|449615005", "at": -1, "id": "1"}, n) for n in range(2)]
    entries = [{"resource": each, **({"fullUrl": url} if url else {})} for each, url in zip(made, urls, strict=True)]
    raw = msgspec.json.encode({"resourceType": "Bundle", "entry": entries})
    facts = [fact for fact in read_pages([(Topic.OBSERVATIONS, raw)]).facts if fact.concept == "swelling"]
    assert len(facts) == count


def test_without_an_id_an_entry_is_told_and_counted_once_by_its_address() -> None:
    made = resource({"observation": "sct|449615005", "at": -1}, 0)
    del made["id"]
    raw = msgspec.json.encode({"resourceType": "Bundle", "entry": [{"fullUrl": "urn:uuid:9a70", "resource": made}]})
    chart = read_pages([(Topic.OBSERVATIONS, raw), (Topic.OBSERVATIONS, raw)])
    assert [fact.source for fact in chart.facts if fact.concept == "swelling"] == ["Observation/9a70"]
