"""A medicine is known by its product or by all its ingredients, and what nothing could know may be an anticoagulant."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.assessment.concepts import Concept
from cds_service.facts import UNREAD_MEDICINES, Topic
from tests.charts import SYSTEMS, Entry, bundle, read_beside, read_pages, resource

NDC = "http://hl7.org/fhir/sid/ndc"
PZN = "http://fhir.de/CodeSystem/ifa/pzn"
APIXABAN = {"system": SYSTEMS["rx"], "code": "1364430", "display": "apixaban"}
SIMVASTATIN = {"system": SYSTEMS["rx"], "code": "36567", "display": "simvastatin"}
LOCAL = {"system": "urn:oid:1.2.840.114350.1.13.0.1.7.2.698288", "code": "17", "display": "Eliquis"}


def code(*codings: dict[str, str], text: str = "") -> dict[str, Any]:
    return {**({"coding": list(codings)} if codings else {}), **({"text": text} if text else {})}


def inline(*codings: dict[str, str], text: str = "") -> Entry:
    return {"medication": [], "id": "m", "members": {"medicationCodeableConcept": code(*codings, text=text)}}


def contained(medication: dict[str, Any], *others: dict[str, Any]) -> Entry:
    made = resource({"medication": [], "id": "m"}, 0)
    del made["medicationCodeableConcept"]
    held = [{"resourceType": "Medication", "id": "med", **medication}, *others]
    return {**made, "contained": held, "medicationReference": {"reference": "#med"}}


def item(*codings: dict[str, str], **members: Any) -> dict[str, Any]:
    return {"itemCodeableConcept": code(*codings), **members}


KNOWN = [
    inline(APIXABAN),
    inline(LOCAL, APIXABAN),
    inline({"system": "http://fhir.de/CodeSystem/bfarm/atc", "code": "B01AF02"}),
    inline({"system": "urn:oid:2.16.840.1.113883.6.73", "code": "B01AF02"}),
    contained({"code": code(APIXABAN)}),
    contained({"ingredient": [item(APIXABAN)]}),
    contained({"code": code(text="Eliquis 5 mg"), "ingredient": [item(APIXABAN)]}),
    contained({"code": code(LOCAL), "ingredient": [item(SIMVASTATIN), item(APIXABAN)]}),
    contained({"code": code(LOCAL), "ingredient": [item(LOCAL), item(APIXABAN)]}),
    contained(
        {"ingredient": [{"itemReference": {"reference": "#sub"}}]},
        {"resourceType": "Substance", "id": "sub", "code": code(APIXABAN)},
    ),
    contained(
        {"product": {"ingredient": [{"item": {"reference": "#sub"}}]}},  # DSTU2
        {"resourceType": "Substance", "id": "sub", "code": code(APIXABAN)},
    ),
]


@pytest.mark.parametrize("medicine", KNOWN)
def test_an_anticoagulant_by_its_product_or_ingredient(medicine: Entry) -> None:
    chart = read_beside(medicine)
    assert Concept.ANTICOAGULANT in [fact.concept for fact in chart.facts]
    assert UNREAD_MEDICINES not in chart.left_out


UNKNOWN = [
    (inline({"system": NDC, "code": "00003-0894-21"}, text="apixaban 5 mg"), "apixaban 5 mg"),
    (inline({"system": PZN, "code": "08911803", "display": "Eliquis 5 mg"}), "Eliquis 5 mg"),
    (inline({"system": "urn:oid:2.16.840.1.113883.6.314", "code": "d00022", "display": "warfarin"}), "warfarin"),
    (inline({"code": "1364430", "display": "apixaban"}), "apixaban"),
    (inline({"system": SYSTEMS["rx"], "display": "apixaban"}), "apixaban"),
    (inline({"system": SYSTEMS["rx"], "code": "NDC-17", "display": "apixaban"}), "apixaban"),
    (inline(text="Rivaroxaban 20 mg"), "Rivaroxaban 20 mg"),
    (inline(), ""),
    (inline({"system": "http://snomed.info/sct", "code": "38341003", "display": "a product"}), "a product"),
    (contained({"code": code(text="Marcumar")}), "Marcumar"),
    (
        contained({"ingredient": [{"itemReference": {"reference": "#gone", "display": "phenprocoumon"}}]}),
        "phenprocoumon",
    ),
    (contained({"ingredient": [item({"system": SYSTEMS["rx"], "code": "1"}), item(LOCAL)]}), "Eliquis"),
    (contained({"code": code(text="X"), "ingredient": "odd"}), "X"),
    (contained({"code": code(text="X"), "ingredient": [item(APIXABAN, isActive=False)]}), "X"),
]


@pytest.mark.parametrize(("medicine", "words"), UNKNOWN)
def test_what_nothing_could_know_is_told_in_its_words(medicine: Entry, words: str) -> None:
    chart = read_beside(medicine)
    assert chart.left_out == {UNREAD_MEDICINES: 1}
    assert chart.unread_medicines == [(words, "MedicationRequest/m")]


@pytest.mark.parametrize(
    "medicine",
    [
        inline(SIMVASTATIN),
        inline({"system": SYSTEMS["rx"], "code": "1"}),
        inline(LOCAL, {"system": SYSTEMS["rx"], "code": "1"}),
        contained(
            {"code": code(LOCAL), "ingredient": [item(SIMVASTATIN), item({"system": SYSTEMS["rx"], "code": "1"})]}
        ),
    ],
)
def test_what_is_known_and_no_value_set_holds_is_not_ours(medicine: Entry) -> None:
    chart = read_beside(medicine)
    assert Concept.ANTICOAGULANT not in [fact.concept for fact in chart.facts]
    assert not chart.left_out


def test_an_ingredient_that_was_sent_along_is_read() -> None:
    made = resource({"medication": [], "id": "m"}, 0)
    del made["medicationCodeableConcept"]
    made["medicationReference"] = {"reference": "Medication/whole", "display": "Eliquis"}
    page = bundle(
        made,
        {
            "resourceType": "Medication",
            "id": "whole",
            "ingredient": [{"itemReference": {"reference": "Medication/part"}}],
        },
        {"resourceType": "Medication", "id": "part", "code": code(APIXABAN)},
    )
    chart = read_pages([(Topic.MEDICATIONS, page)])
    (fact,) = [fact for fact in chart.facts if fact.concept == Concept.ANTICOAGULANT]
    assert fact.display == "Eliquis"
