"""Medicines and procedures."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from cds_service.facts import Fact, Side, Site, State, Topic
from cds_service.fhir.reading import IN_FUTURE
from tests.charts import bundle, concept, fact_of, facts_of, read_beside, read_pages, resource

APIXABAN = "rx|1364445"  # a product: 5 MG oral tablet
WARFARIN = "rx|11289"  # an ingredient
SURGERY = "sct|387713003"
CAST = "sct|274474001"


def order(**members: Any) -> dict[str, Any]:
    """A MedicationRequest that points to a medicine instead of naming it."""
    made = resource({"medication": WARFARIN}, 0)
    del made["medicationCodeableConcept"]
    return {**made, **members}


def medicine(code: str, **members: Any) -> dict[str, Any]:
    named = {"coding": [{**concept(code)["coding"][0], "display": "warfarin sodium 5 MG"}]}
    return {"resourceType": "Medication", "id": "m1", "code": named, **members}


@pytest.mark.parametrize(
    "code", [APIXABAN, WARFARIN, "atc|B01AF02", "atc|B01AE07", "atc|B01AA", "atc|B01AB", "atc|B01AX05"]
)
def test_a_product_an_ingredient_or_an_atc_code_is_an_anticoagulant(code: str) -> None:
    fact = fact_of({"medication": code})
    assert (fact.concept, fact.state, fact.source) == ("anticoagulant", State.PRESENT, "MedicationRequest/r0")


@pytest.mark.parametrize(
    "code",
    [
        *(
            "rx|1191",
            "rx|32968",
            "rx|613391",
            "rx|1116632",
            "rx|21107",
        ),  # aspirin, clopidogrel and other antiplatelets
        *("rx|1658690", "rx|1362060", "rx|1361048"),  # heparin that keeps a line open
        "atc|B01A",  # antithrombotic agents: includes antiplatelets
        "atc|B01AX",  # other antithrombotic agents: fondaparinux, but defibrotide and caplacizumab too
    ],
)
def test_an_antiplatelet_or_a_line_flush_is_no_anticoagulant(code: str) -> None:
    assert facts_of({"medication": code}) == []


@pytest.mark.parametrize(
    ("codes", "concept_id"),
    [
        ("G03AA07 G03AB03 G03HB01 G02BB01", "oestrogen"),  # combined pills of both kinds, cyproterone, the ring
        ("G03CA03 G03CA57 G03FA01 G03FB05", "oestrogen"),  # for the menopause, alone and with a progestogen
        ("C09BX01 C09BX03 C09BX06 C09XA52 C09XA54", "diuretic"),
        ("C09DX01 C09DX03 C09DX06 C09DX07 C09DX08 C09DX09", "diuretic"),
        ("C10BA02 C10BA12 C10BX03 C10BX24 A10BH51 A10BH52", "statin"),
    ],
)
def test_an_atc_code_of_a_combination_counts_as_what_it_holds(codes: str, concept_id: str) -> None:
    assert {fact_of({"medication": f"atc|{code}"}).concept for code in codes.split()} == {concept_id}


def test_one_atc_code_can_hold_a_statin_and_a_diuretic() -> None:
    assert {fact.concept for fact in facts_of({"medication": "atc|C10BX13"})} == {"statin", "diuretic"}


@pytest.mark.parametrize(
    "code",
    [
        *("G03CX01", "G03AC09", "G02BB02"),  # tibolone, a progestogen alone, the ring without oestrogen
        "C09BX02",  # perindopril and bisoprolol
        *("C09DX04", "C09XA53"),  # valsartan and sacubitril, aliskiren and amlodipine
        "C10BA10",  # bempedoic acid and ezetimibe
    ],
)
def test_its_neighbours_without_that_medicine_do_not(code: str) -> None:
    assert facts_of({"medication": f"atc|{code}"}) == []


@pytest.mark.parametrize(
    "status", ["draft", "stopped", "completed", "cancelled", "on-hold", "entered-in-error", "unknown"]
)
def test_an_order_that_is_not_active_is_no_current_medicine(status: str) -> None:
    assert facts_of({"medication": APIXABAN, "status": status}) == []


@pytest.mark.parametrize(
    ("intent", "counts"),
    [("order", True), ("instance-order", True), ("proposal", False), ("plan", False), ("option", False)],
)
def test_a_proposal_is_no_order(intent: str, counts: bool) -> None:
    assert bool(facts_of({"medication": APIXABAN, "intent": intent})) is counts


@pytest.mark.parametrize(("forbidden", "counts"), [(True, False), (False, True)])
def test_an_order_not_to_give_it_is_no_order(forbidden: bool, counts: bool) -> None:
    assert bool(facts_of({"medication": APIXABAN, "members": {"doNotPerform": forbidden}})) is counts


def test_drug_and_dose_are_kept_as_they_were_written() -> None:
    members = {"medicationCodeableConcept": {**concept(APIXABAN), "text": "apixaban 2.5 mg"}}
    fact = fact_of({"medication": APIXABAN, "dose": "2.5 mg twice daily, prophylaxis", "members": members})
    assert (fact.display, fact.remarks) == ("apixaban 2.5 mg", ("2.5 mg twice daily, prophylaxis",))


@pytest.mark.parametrize("instruction", [None, [], [{}], [{"text": None}], [{"timing": {"code": {"text": "BID"}}}]])
def test_an_order_without_a_dose_text_counts(instruction: Any) -> None:
    assert fact_of({"medication": APIXABAN, "members": {"dosageInstruction": instruction}}).remarks == ()


TOLD = [
    (
        "a contained medicine as text",
        {
            "medicationReference": {"reference": "#m1"},
            "contained": [{"resourceType": "Medication", "id": "m1", "code": {"text": "warfarin 5 mg"}}],
        },
    ),
    ("a reference with words", {"medicationReference": {"reference": "Medication/gone", "display": "warfarin 5 mg"}}),
    ("a reference alone", {"medicationReference": {"reference": "Medication/gone"}}),
    ("words alone", {"medicationReference": {"display": "warfarin 5 mg"}}),
]


@pytest.mark.parametrize("members", [row[1] for row in TOLD], ids=[row[0] for row in TOLD])
def test_a_medicine_that_cannot_be_recognised_is_told(members: dict[str, Any]) -> None:
    """It may be an anticoagulant: that none was found must not look like that none is taken."""
    chart = read_beside(order(**members))
    assert chart.gaps or chart.left_out


def test_an_order_ahead_is_dropped_and_counted() -> None:
    assert dict(read_beside({"medication": APIXABAN, "at": 5}).left_out) == {IN_FUTURE: 1}


def test_an_undated_order_counts() -> None:
    assert fact_of({"medication": APIXABAN, "members": {"authoredOn": None}}).when is None


@pytest.mark.parametrize(
    "reference",
    [
        "Medication/m1",
        "https://ehr.example/fhir/Medication/m1",
        "urn:uuid:m1",
        "Medication/m1/_history/2",
        "https://ehr.example/fhir/Medication/m1/_history/2",
    ],
)
def test_a_medicine_may_be_sent_along(reference: str) -> None:
    pages = [(Topic.MEDICATIONS, bundle(order(medicationReference={"reference": reference}), medicine(WARFARIN)))]
    assert [fact.concept for fact in read_pages(pages).facts if fact.source == "MedicationRequest/r0"] == [
        "anticoagulant"
    ]


@pytest.mark.parametrize("identifier", [None, "other"])
def test_a_medicine_sent_along_may_be_referred_to_by_the_address_of_its_entry(identifier: str | None) -> None:
    sent = (
        {**medicine(WARFARIN), "id": identifier}
        if identifier
        else {name: value for name, value in medicine(WARFARIN).items() if name != "id"}
    )
    entries = [
        {"resource": order(medicationReference={"reference": "urn:uuid:9a70"})},
        {"fullUrl": "urn:uuid:9a70", "resource": sent},
    ]
    raw = msgspec.json.encode({"resourceType": "Bundle", "entry": entries})
    facts = read_pages([(Topic.MEDICATIONS, raw)]).facts
    assert [fact.concept for fact in facts if fact.source == "MedicationRequest/r0"] == ["anticoagulant"]


def contained(*resources: dict[str, Any]) -> dict[str, Any]:
    return order(medicationReference={"reference": "#m1"}, contained=list(resources))


def test_a_medicine_may_be_contained() -> None:
    assert fact_of(contained(medicine(WARFARIN))).concept == "anticoagulant"


@pytest.mark.parametrize(
    "other",
    [
        {"resourceType": "Practitioner", "id": "p"},
        {
            "resourceType": "PractitionerRole",
            "id": "r",
            "code": [{"text": "surgeon"}],
        },  # a list is valid there
        {"resourceType": "Medication", "id": "m0", "code": None},
    ],
)
def test_what_else_is_contained_does_not_matter(other: dict[str, Any]) -> None:
    assert fact_of(contained(other, medicine(WARFARIN))).concept == "anticoagulant"


def referring(how: str) -> Fact:
    if how == "contained":
        return fact_of(contained(medicine(WARFARIN)))
    pages = [
        (
            Topic.MEDICATIONS,
            bundle(order(medicationReference={"reference": "Medication/m1"}), medicine(WARFARIN)),
        )
    ]
    return next(fact for fact in read_pages(pages).facts if fact.source == "MedicationRequest/r0")


@pytest.mark.parametrize("how", ["contained", "sent along"])
def test_the_name_of_a_medicine_that_is_pointed_to_is_kept(how: str) -> None:
    """The card says which drug it saw."""
    assert "warfarin" in referring(how).display


@pytest.mark.parametrize(
    "reference", [{"reference": "Medication/gone"}, {"reference": "#gone"}, {"display": "warfarin"}, {}]
)
def test_a_medicine_that_was_not_sent_says_nothing(reference: dict[str, str]) -> None:
    assert facts_of(order(medicationReference=reference)) == []


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("completed", True),
        ("in-progress", True),
        ("not-done", False),
        ("preparation", False),
        ("entered-in-error", False),
        ("unknown", False),
    ],
)
def test_only_a_procedure_that_was_done_counts(status: str, counts: bool) -> None:
    assert bool(facts_of({"procedure": SURGERY, "at": -20, "status": status})) is counts


@pytest.mark.parametrize(
    ("members", "when"),
    [
        ({"performedDateTime": "2026-11"}, "2026-11"),
        (
            {"performedPeriod": {"start": "2026-11-01T08:00:00Z", "end": "2026-11-01T10:00:00Z"}},
            "2026-11-01T08:00:00+00:00 to 2026-11-01T10:00:00+00:00",
        ),
        ({"performedString": "last month"}, None),
    ],
)
def test_a_procedure_has_the_time_at_which_it_was_performed(members: dict[str, Any], when: str | None) -> None:
    fact = fact_of({"procedure": SURGERY, "members": members})
    assert (fact.concept, fact.when and fact.when.text) == ("surgery", when)


@pytest.mark.parametrize(("at", "read"), [(-80, True), (-100, False), (-1000, False)])
def test_a_procedure_beyond_its_look_back_is_dropped(at: int, read: bool) -> None:
    """Surgery: 12 weeks."""
    assert bool(facts_of({"procedure": SURGERY, "at": at})) is read


def test_a_category_may_name_it() -> None:
    fact = fact_of({"procedure": "", "text": "ORIF", "category": SURGERY, "at": -5})
    assert (fact.concept, fact.display) == ("surgery", "ORIF")


def test_a_procedure_has_a_site_and_a_side() -> None:
    fact = fact_of({"procedure": CAST, "at": -5, "site": "sct|30021000", "side": "left"})
    assert (fact.concept, fact.site, fact.side) == ("cast", Site.LOWER_LEG, Side.LEFT)


def test_a_procedure_on_another_part_of_the_body_does_not_count() -> None:
    assert facts_of({"procedure": CAST, "at": -5, "site": "sct|14975008"}) == []
