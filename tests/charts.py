"""Compact charts for tests: a list of short entries becomes FHIR R4 resources, dated relative to `AS_OF`.

An entry names its type by its first key (`condition`, `observation`, `medication`, `procedure`) whose value is a code
as `system|code` with the system's short name, and the display after a space where a reader should see it. Days before
AS_OF are negative numbers, hours end in h, and any other text is taken as a FHIR date as it stands. Everything else is
optional:

    - {condition: sct|300954003, onset: -3, side: left, clinical: active, verification: confirmed}
    - {observation: loinc|72514-3, at: -2h, value: 8, unit: "{score}", site: sct|53840002}
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.engine import assess
from cds_service.facts import Chart, Fact, Topic
from cds_service.fhir.page import Material, open_page
from cds_service.fhir.reading import ChartReader
from cds_service.thresholds import Thresholds

AS_OF = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PATIENT_ID = "p1"
READER = ChartReader(ZoneInfo("UTC"))

SYSTEMS = {
    "sct": "http://snomed.info/sct",
    "loinc": "http://loinc.org",
    "icd": "http://hl7.org/fhir/sid/icd-10-cm",
    "rx": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "cvx": "http://hl7.org/fhir/sid/cvx",
    "interp": "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
    "clinical": "http://terminology.hl7.org/CodeSystem/condition-clinical",
    "verification": "http://terminology.hl7.org/CodeSystem/condition-ver-status",
}
SIDES = {"left": "sct|7771000", "right": "sct|24028007", "both": "sct|51440002"}
Entry = dict[str, Any]


def when(text: Any, as_of: datetime = AS_OF) -> Any:
    """-3 is three days before as_of, "-2h" two hours before; other texts are FHIR dates already."""
    if isinstance(text, int):
        return (as_of + timedelta(days=text)).isoformat()
    if isinstance(text, str) and text.endswith("h"):
        return (as_of + timedelta(hours=float(text[:-1]))).isoformat()
    if isinstance(text, str) and text.endswith("d"):
        return (as_of + timedelta(days=int(text[:-1]))).date().isoformat()
    return text


def concept(*codes: str, text: str = "") -> Any:
    """A CodeableConcept of `system|code` or `system|code display` texts."""
    coding = [_coding(each) for each in codes]
    return {**({"coding": coding} if coding else {}), **({"text": text} if text else {})}


def _coding(text: str) -> dict[str, str]:
    system, _, rest = text.partition("|")
    code, _, display = rest.partition(" ")
    return {"system": SYSTEMS[system], "code": code, **({"display": display} if display else {})}


def _codes(value: Any) -> Any:
    return concept(*(value if isinstance(value, list) else [value]))


def _sites(entry: Entry) -> list[Any]:
    sites = [entry["site"]] if "site" in entry else []
    if "side" in entry:
        sites.append(SIDES[entry["side"]])
    return sites


def _value(entry: Entry) -> dict[str, Any]:
    value = entry.get("value")
    if value is None:
        members: dict[str, Any] = {}
    elif isinstance(value, bool):
        members = {"valueBoolean": value}
    elif isinstance(value, (int, float)):
        unit = entry.get("unit", "{score}")
        members = {"valueQuantity": {"value": value, "system": "http://unitsofmeasure.org", "code": unit, "unit": unit}}
        if "comparator" in entry:
            members["valueQuantity"]["comparator"] = entry["comparator"]
    elif "|" in value:
        members = {"valueCodeableConcept": concept(value)}
    else:
        members = {"valueString": value}
    if "high" in entry:
        members["referenceRange"] = [{"high": {"value": entry["high"], "unit": entry.get("unit", "{score}")}}]
    if "interpretation" in entry:
        members["interpretation"] = [concept(f"interp|{entry['interpretation']}")]
    if "absent_reason" in entry:
        members["dataAbsentReason"] = {"coding": [{"code": entry["absent_reason"]}]}
    return members


def _dated(made: Entry, entry: Entry, as_of: datetime, **members: str) -> None:
    for name, member in members.items():
        if entry.get(name) is not None:
            made[member] = when(entry[name], as_of)


def _condition(entry: Entry, as_of: datetime) -> Entry:
    made: Entry = {}
    if clinical := entry.get("clinical", "active"):
        made["clinicalStatus"] = concept(f"clinical|{clinical}")
    if verification := entry.get("verification", "confirmed"):
        made["verificationStatus"] = concept(f"verification|{verification}")
    if sites := _sites(entry):
        made["bodySite"] = [concept(each) for each in sites]
    if "severity" in entry:
        made["severity"] = concept(entry["severity"])
    _dated(made, entry, as_of, onset="onsetDateTime", recorded="recordedDate", abated="abatementDateTime")
    return made


def _observation(entry: Entry, as_of: datetime) -> Entry:
    made: Entry = {"status": entry.get("status", "final"), **_value(entry)}
    if sites := _sites(entry):
        made["bodySite"] = concept(*sites)
    if "components" in entry:
        made["component"] = [{"code": _codes(each["code"]), **_value(each)} for each in entry["components"]]
    _dated(made, entry, as_of, at="effectiveDateTime", issued="issued")
    return made


def _medication(entry: Entry, as_of: datetime) -> Entry:
    made: Entry = {"status": entry.get("status", "active"), "intent": entry.get("intent", "order")}
    _dated(made, {"at": -5, **entry}, as_of, at="authoredOn")
    if "dose" in entry:
        made["dosageInstruction"] = [{"text": entry["dose"]}]
    return made


def _procedure(entry: Entry, as_of: datetime) -> Entry:
    made: Entry = {"status": entry.get("status", "completed")}
    if "category" in entry:
        made["category"] = concept(entry["category"])
    if sites := _sites(entry):
        made["bodySite"] = [concept(each) for each in sites]
    _dated(made, entry, as_of, at="performedDateTime")
    return made


_MAKERS: dict[str, tuple[str, str, Callable[[Entry, datetime], Entry]]] = {
    "condition": ("Condition", "code", _condition),
    "observation": ("Observation", "code", _observation),
    "medication": ("MedicationRequest", "medicationCodeableConcept", _medication),
    "procedure": ("Procedure", "code", _procedure),
}


def resource(entry: Entry, number: int, as_of: datetime = AS_OF) -> dict[str, Any]:
    """One FHIR resource of a compact entry."""
    kind = next(iter(entry))
    resource_type, coded, make = _MAKERS[kind]
    made = {
        "resourceType": resource_type,
        "id": entry.get("id", f"r{number}"),
        "subject": {"reference": entry.get("subject", f"Patient/{PATIENT_ID}")},
        coded: concept(text=entry["text"]) if "text" in entry else _codes(entry[kind]),
        **make(entry, as_of),
    }
    if "encounter" in entry:
        made["encounter"] = {"reference": f"Encounter/{entry['encounter']}"}
    return {**made, **entry.get("members", {})}


_TOPICS = {
    "Condition": Topic.CONDITIONS,
    "Observation": Topic.OBSERVATIONS,
    "MedicationRequest": Topic.MEDICATIONS,
    "Procedure": Topic.PROCEDURES,
}


def patient(**members: Any) -> dict[str, Any]:
    """The patient of every test chart: 46 years old unless told otherwise."""
    return {"resourceType": "Patient", "id": PATIENT_ID, "birthDate": "1980-05-04", **members}


def born_years_ago(years: int) -> str:
    """A birth date that makes the patient exactly so many years and half a year old at AS_OF."""
    day = AS_OF.date()
    return date(day.year - years, 5, 23).isoformat()


def material(resources: list[dict[str, Any]], who: dict[str, Any] | None = None) -> Material:
    """What a hook call would have received."""
    pages = [
        (
            topic,
            open_page(
                msgspec.json.encode(
                    {
                        "resourceType": "Bundle",
                        "entry": [{"resource": each} for each in resources if each["resourceType"] == kind],
                    }
                )
            ),
        )
        for kind, topic in _TOPICS.items()
    ]
    return Material(open_page(msgspec.json.encode(who or patient())), tuple(pages))


def read(entries: list[Entry], who: dict[str, Any] | None = None, as_of: datetime = AS_OF) -> Chart:
    """The facts of a compact chart."""
    resources = [resource(entry, number, as_of) for number, entry in enumerate(entries)]
    return READER.read(material(resources, who), PATIENT_ID, as_of)


def triage(
    entries: list[Entry],
    who: dict[str, Any] | None = None,
    as_of: datetime = AS_OF,
    thresholds: Thresholds | None = None,
) -> Assessment:
    """The assessment of a compact chart."""
    return assess(read(entries, who, as_of), as_of, thresholds or Thresholds())


OPENER: Entry = {"condition": "sct|449918009", "id": "opener", "onset": -1}
"""A cramp of the lower leg. It makes any chart a leg complaint, so that the rest of the chart is read."""


def bundle(*resources: Any) -> bytes:
    """A search answer that holds these resources."""
    return msgspec.json.encode(
        {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": each} for each in resources]}
    )


def received(resource_type: str, **members: Any) -> Any:
    """One resource as a page holds it."""
    (opened,) = open_page(msgspec.json.encode({"resourceType": resource_type, **members})).resources
    return opened


def read_pages(
    pages: list[tuple[Topic, bytes]],
    who: dict[str, Any] | None = None,
    as_of: datetime = AS_OF,
    zone: str = "UTC",
) -> Chart:
    """The facts of prefetch values as they stand, the opener's among them."""
    opened = [(topic, open_page(raw)) for topic, raw in pages]
    opener = (Topic.CONDITIONS, open_page(bundle(resource(OPENER, 0, as_of))))
    reader = READER if zone == "UTC" else ChartReader(ZoneInfo(zone), READER.terminology)
    return reader.read(Material(open_page(msgspec.json.encode(who or patient())), (*opened, opener)), PATIENT_ID, as_of)


def read_beside(
    *entries: Entry, who: dict[str, Any] | None = None, as_of: datetime = AS_OF, zone: str = "UTC"
) -> Chart:
    """The facts of compact entries or of whole resources, read beside the opener."""
    made = [each if "resourceType" in each else resource(each, n, as_of) for n, each in enumerate(entries)]
    pages = [
        (topic, bundle(*(each for each in made if _TOPICS[each["resourceType"]] is topic)))
        for topic in _TOPICS.values()
    ]
    return read_pages(pages, who, as_of, zone)


def facts_of(*entries: Entry, **how: Any) -> list[Fact]:
    """The facts that come from the first entry."""
    source = f"/{entries[0].get('id', 'r0')}"
    return [fact for fact in read_beside(*entries, **how).facts if fact.source.endswith(source)]


def fact_of(*entries: Entry, **how: Any) -> Fact:
    """The one fact that comes from the first entry."""
    (fact,) = facts_of(*entries, **how)
    return fact
