"""What a search asks for, and which of the samples' resources it finds: a small part of FHIR R4 search, without HTTP.

Source: https://hl7.org/fhir/R4/search.html, and for the parameters of each type its page there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from cds_service.errors import InvalidRequest

Resource = dict[str, Any]

PAGE_SIZE = 20
_LARGEST_PAGE = 200
_OFFSET = "_offset"
_UNFILTERED = ("_format", "_pretty")  # say how to answer, not what

_STATUS = {"status": "status"}
_CODED = {"code": "code", "category": "category"}
_CONDITION_LIKE = {
    **_CODED,
    "clinical-status": "clinicalStatus",
    "verification-status": "verificationStatus",
}
_TOKENS: dict[str, dict[str, str]] = {  # parameter and element
    "AllergyIntolerance": _CONDITION_LIKE,
    "CarePlan": {**_STATUS, "category": "category"},
    "Claim": _STATUS,
    "Condition": _CONDITION_LIKE,
    "DiagnosticReport": {**_STATUS, **_CODED},
    "Encounter": {**_STATUS, "class": "class"},
    "FamilyMemberHistory": _STATUS,
    "Goal": {"lifecycle-status": "lifecycleStatus", "category": "category"},
    "Immunization": {**_STATUS, "vaccine-code": "vaccineCode"},
    "MedicationRequest": {
        **_STATUS,
        "intent": "intent",
        "category": "category",
        "code": "medicationCodeableConcept",
    },
    "Observation": {**_STATUS, **_CODED},
    "Procedure": {**_STATUS, **_CODED},
}
_PATIENT_ONLY = ("AllergyIntolerance", "Claim", "FamilyMemberHistory", "Immunization", "RelatedPerson")
_OF_NOBODY = ("Organization", "Patient", "Practitioner")


def parameters_of(resource_type: str) -> dict[str, str]:
    """The search parameters of a type, and the FHIR search type of each (`token`, `reference`)."""
    references = ["patient", "subject"]
    if resource_type in _PATIENT_ONLY:
        references = ["patient"]
    elif resource_type in _OF_NOBODY:
        references = []
    return {
        "_id": "token",
        **dict.fromkeys(references, "reference"),
        **dict.fromkeys(_TOKENS.get(resource_type, ()), "token"),
    }


@dataclass(frozen=True, slots=True)
class Filed:
    """A resource, and in whose chart it lies."""

    resource: Resource
    patient_id: str


@dataclass(frozen=True, slots=True)
class Search:
    """A search as it was understood. All `criteria` must hold; commas in their values part alternatives."""

    resource_type: str
    criteria: tuple[tuple[str, str], ...]
    count: int
    offset: int

    def find(self, filed: Iterable[Filed]) -> list[Resource]:
        """All that match, in the order of the samples."""
        return [each.resource for each in filed if all(self._holds(*criterion, each) for criterion in self.criteria)]

    def query(self, offset: int) -> str:
        """The query of the page that begins at `offset`, with nothing that was not understood."""
        begin = [(_OFFSET, str(offset))] if offset else []
        return urlencode([*self.criteria, ("_count", str(self.count)), *begin], safe="/,:")

    def _holds(self, parameter: str, value: str, each: Filed) -> bool:
        alternatives = [part for part in value.split(",") if part]
        if parameter == "_id":
            return each.resource["id"] in alternatives
        if parameter in ("patient", "subject"):
            return any(_names_patient(part, each.patient_id) for part in alternatives)
        found = set(_codings(each.resource.get(_TOKENS[self.resource_type][parameter])))
        return any(_is_token_of(part, found) for part in alternatives)


def read_search(resource_type: str, parameters: Sequence[tuple[str, str]], strict: bool) -> Search:
    """Raises InvalidRequest: for values that cannot be used, for modifiers, and if `strict` for unknown
    parameters, which are ignored otherwise.
    """
    known = parameters_of(resource_type)
    criteria: list[tuple[str, str]] = []
    numbers = {"_count": PAGE_SIZE, _OFFSET: 0}
    for sent, value in parameters:
        name, _, modifier = sent.partition(":")
        if name in numbers:
            numbers[name] = _whole_number(name, value)
        elif name in known:
            if modifier and (known[name], modifier) != ("reference", "Patient"):
                raise InvalidRequest("modifiers are not supported here", remedy="Leave the modifier out", field=name)
            if value:
                criteria.append((name, value))
        elif strict and name not in _UNFILTERED:
            raise InvalidRequest(
                "a search parameter is not supported",
                remedy="Use those that GET /fhir/metadata lists, or send no Prefer: handling=strict",
            )
    return Search(resource_type, tuple(criteria), min(numbers["_count"], _LARGEST_PAGE), numbers[_OFFSET])


def _whole_number(name: str, value: str) -> int:
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise InvalidRequest("is not a whole number", remedy="Send a number such as 20", field=name)
    return int(value)


def _names_patient(reference: str, patient_id: str) -> bool:
    """As an id, as `Patient/id`, or as an absolute address that ends so."""
    before, _, identifier = reference.rpartition("/")
    return identifier == patient_id and (before in ("", "Patient") or before.endswith("/Patient"))


def _codings(value: Any) -> Iterator[tuple[str | None, str]]:
    """(system, code) of everything in a code, Coding, CodeableConcept, or list of them."""
    if isinstance(value, str):
        yield None, value
    elif isinstance(value, list):
        for each in value:
            yield from _codings(each)
    elif isinstance(value, dict):
        if "code" in value:
            yield value.get("system"), value["code"]
        yield from _codings(value.get("coding"))


def _is_token_of(token: str, codings: Iterable[tuple[str | None, str]]) -> bool:
    """`code`: in any system. `system|code`: both. `|code`: without a system. `system|`: any code of it."""
    system, bar, code = token.rpartition("|")
    return any((not bar or (system or None) == theirs) and code in ("", found) for theirs, found in codings)
