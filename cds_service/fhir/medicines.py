"""What a MedicationRequest is for: the codes of the product, and of its active ingredients."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from cds_service.fhir.members import reads
from cds_service.fhir.references import type_and_id
from cds_service.fhir.resources import (
    NOT_JSON_OF_OURS,
    NOT_SENT,
    Concept,
    Medication,
    MedicationRequest,
    Reference,
    Resource,
)


class Medicine(NamedTuple):
    """`product` is its code, and the words for it; `ingredients` are the codes of what it holds and works by."""

    product: Concept | None = None
    ingredients: tuple[Concept, ...] = ()

    @property
    def code(self) -> Concept:
        """All codes as one CodeableConcept, with the words for the product."""
        codings = [coding for each in (self.product, *self.ingredients) if each for coding in each.coding or ()]
        return Concept(tuple(codings), self.product.text if self.product else None)

    @property
    def words(self) -> str:
        """What it is called: the text or a display of the product, else of an ingredient; empty where there is none."""
        given = [text for each in (self.product, *self.ingredients) if each for text in _texts(each)]
        return next((text for text in given if isinstance(text, str) and text.strip()), "")


_NOTHING = Medicine()


class _Ingredient(msgspec.Struct):
    """R4 and STU3 have a code or a reference, DSTU2 a reference named `item`."""

    itemCodeableConcept: Concept | None = None
    itemReference: Reference | None = None
    item: Reference | None = None
    isActive: Any = None


class _Product(msgspec.Struct):
    """Of DSTU2."""

    ingredient: list[_Ingredient] | None = None


class _Contained(msgspec.Struct):
    """A contained Medication, or Substance."""

    id: str = ""
    code: Concept | None = None
    ingredient: msgspec.Raw = NOT_SENT
    product: msgspec.Raw = NOT_SENT


_contained = msgspec.json.Decoder(_Contained)
_as_ingredients = reads(list[_Ingredient])
_as_product = reads(_Product)


def medicines_among(resources: Iterable[Resource]) -> dict[str, Medicine]:
    """The Medications among these, by id and by the address of their entry."""
    medications = {
        name: each for each in resources if isinstance(each, Medication) for name in (each.id, each.full_url) if name
    }
    codes = {name: each.code for name, each in medications.items()}
    return {
        name: Medicine(each.code, _ingredients(each, _held(each.contained), codes))
        for name, each in medications.items()
    }


def medicine_of(request: MedicationRequest, medicines: Mapping[str, Medicine]) -> Medicine:
    """The medicine: named inline, or the Medication that is contained or was sent along."""
    inline, given = request.medicationCodeableConcept, request.medicationReference
    if given is None or (inline is not None and inline.coding):
        return Medicine(inline)
    medicine = _referenced(given.reference or "", request, medicines)
    product = medicine.product or inline or Concept()
    if not any(_texts(product)):
        product = Concept(product.coding, given.display)
    return medicine._replace(product=product)


def _referenced(reference: str, request: MedicationRequest, medicines: Mapping[str, Medicine]) -> Medicine:
    if not reference.startswith("#"):
        return medicines.get(reference) or medicines.get(type_and_id(reference)[1], _NOTHING)
    held = _held(request.contained)
    medication = held.get(reference)
    if medication is None:
        return _NOTHING
    return Medicine(medication.code, _ingredients(medication, held, {}))


def _held(contained: Sequence[msgspec.Raw] | None) -> dict[str, _Contained]:
    """By `#id`; what cannot be read is not there."""
    held = {}
    for raw in contained or ():
        try:
            each = _contained.decode(raw)
        except NOT_JSON_OF_OURS:
            continue
        held[f"#{each.id}"] = each
    return held


def _ingredients(
    medication: Medication | _Contained, held: Mapping[str, _Contained], sent: Mapping[str, Concept | None]
) -> tuple[Concept, ...]:
    """The codes of the active ingredients, each inline or of a contained or sent Medication or Substance."""
    try:
        product = _as_product(medication.product)
        listed = _as_ingredients(medication.ingredient) or (product and product.ingredient) or ()
    except NOT_JSON_OF_OURS:
        return ()
    found = []
    for each in listed:
        reference = each.itemReference or each.item
        target = (reference.reference if reference else None) or ""
        referred = held[target].code if target in held else sent.get(target) or sent.get(type_and_id(target)[1])
        called = Concept(text=reference.display) if reference else Concept()
        if each.isActive is not False:
            found.append(each.itemCodeableConcept or referred or called)
    return tuple(found)


def _texts(concept: Concept) -> Sequence[Any]:
    return [concept.text, *(coding.display for coding in concept.coding or ())]
