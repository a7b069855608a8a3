"""The codes of cds_service/value_sets, checked against published tables and check digits.

Reads the JSON files only: a wrong code must fail here whatever the reader makes of it.
"""

import json
import re
from collections.abc import Set
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import simple_icd_10_cm as icd  # type: ignore[import-untyped]  # the package ships no types
from fhir.resources.R4B.valueset import ValueSet

from cds_service.code_systems import mod_10, verhoeff

FOLDER = Path(__file__).parents[2] / "cds_service" / "value_sets"
SETS: dict[str, dict[str, Any]] = {
    file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.glob("*.json"))
}
EXTENSION = "https://calf-pain-cds.example/fhir/StructureDefinition/"
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10, ICD10GM = "http://hl7.org/fhir/sid/icd-10", "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
NESTED = {ICD10CM, ICD10, ICD10GM, "http://www.cms.gov/Medicare/Coding/ICD10", "http://www.whocc.no/atc"}
KINDS = {
    *("symptom", "disease", "history", "procedure", "measurement", "medicine"),
    *("qualifier", "answer", "question", "site", "side"),
}
TITLES = {c: icd.get_description(c) for c in icd.get_all_codes(True) if re.fullmatch(r"[A-Z]\d\w(\.\w+)?", c)}
# Left and right of these are not the legs: tumours, eyes in diabetes, ventricles of the heart; pain of other parts.
NOT_A_LEG = ("C", "E", "I27", "I50", "I60", "K51", "S06")
NOT_OF_A_LEG = "pain-elsewhere"
SIDE_WORDS = {"side-left": "left", "side-right": "right", "side-both": "bilateral"}
# RxNorm: line-flush strengths of heparin, and drugs that act on platelets.
NOT_ANTICOAGULANT = {
    "1658690": "1000 ML heparin sodium, porcine 2 UNT/ML Injection",
    "1658692": "500 ML heparin sodium, porcine 2 UNT/ML Injection",
    "1362060": "2 ML heparin sodium, porcine 100 UNT/ML Prefilled Syringe",
    "1362062": "3 ML heparin sodium, porcine 100 UNT/ML Prefilled Syringe",
    "1361048": "heparin sodium, porcine 100 UNT/ML Injectable Solution",
    "1191": "aspirin",
    "32968": "clopidogrel",
    "613391": "prasugrel",
    "1116632": "ticagrelor",
    "10594": "ticlopidine",
    "3521": "dipyridamole",
    "21107": "cilostazol",
    "243670": "aspirin 81 MG Oral Tablet",
    "309362": "clopidogrel 75 MG Oral Tablet",
}


def elements(value_set: dict[str, Any], *parts: str) -> list[dict[str, Any]]:
    return [each for part in parts or ("include", "exclude") for each in value_set["compose"].get(part, [])]


def listed(value_set: dict[str, Any], *parts: str) -> list[tuple[str, dict[str, Any]]]:
    """(system, concept) of every code that is named itself."""
    found = elements(value_set, *parts)
    return [(each["system"], concept) for each in found for concept in each.get("concept", [])]


def filters(value_set: dict[str, Any], *parts: str) -> list[tuple[str, dict[str, str]]]:
    return [(each["system"], rule) for each in elements(value_set, *parts) for rule in each.get("filter", [])]


def below(value_set: dict[str, Any], system: str, *parts: str) -> set[str]:
    """The categories of that system that an `is-a` filter names."""
    return {r["value"] for its, r in filters(value_set, *parts) if (its, r["op"]) == (system, "is-a")}


@cache
def icd_codes(name: str) -> Set[str]:
    """Every code of the ICD-10-CM table that the value set of this name covers, headers included."""

    def covered(part: str) -> set[str]:
        exact = {concept["code"] for system, concept in listed(SETS[name], part) if system == ICD10CM}
        categories = tuple(below(SETS[name], ICD10CM, part))
        if not categories:
            return exact & TITLES.keys()
        return {code for code in TITLES if code in exact or code.startswith(categories)}

    return covered("include") - covered("exclude")


@pytest.fixture(params=sorted(SETS))
def value_set(request: pytest.FixtureRequest) -> dict[str, Any]:
    return SETS[request.param]


def test_form(value_set: dict[str, Any]) -> None:
    ValueSet.model_validate(value_set)
    assert SETS[value_set["id"]] is value_set, "the id is the file name"
    assert value_set["url"].endswith("/ValueSet/" + value_set["id"])
    flags = {each["url"].removeprefix(EXTENSION): each for each in value_set["extension"]}
    allowed = {
        "concept-kind",
        "look-back",
        "site-matters",
        "thigh-counts",
        "may-open-a-card",
        "newest-only",
        "elsewhere",
    }
    assert flags.keys() <= allowed
    assert flags["concept-kind"]["valueCode"] in KINDS
    assert flags.get("look-back", {"valueDuration": {"code": "d"}})["valueDuration"]["code"] == "d"
    assert f"`{value_set['id']}`" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_shapes(value_set: dict[str, Any]) -> None:
    for each in elements(value_set):
        assert ("concept" in each) != ("filter" in each)
        for holder in each.get("concept", [each]):
            (provenance,) = (e["valueString"] for e in holder["extension"] if e["url"] == EXTENSION + "provenance")
            assert provenance
            assert "UNVERIFIED" not in provenance
    for system, rule in filters(value_set):
        side = value_set["id"].startswith("side-") and system == ICD10CM
        is_a = (rule["property"], rule["op"]) == ("concept", "is-a") and system in NESTED
        assert is_a or (side and (rule["property"], rule["op"]) == ("code", "regex"))


def test_codes(value_set: dict[str, Any]) -> None:
    for system, concept in listed(value_set):
        code, display = concept["code"], concept["display"]
        assert display
        if system == SNOMED:
            assert re.fullmatch(r"[1-9]\d{5,17}", code), code
            assert verhoeff(code), code
        elif system == LOINC and code[0].isdigit():
            assert mod_10(code), code
        elif system == ICD10CM:
            assert TITLES[code].casefold() == display.casefold()
        elif system == RXNORM:
            assert re.fullmatch(r"[1-9]\d{1,7}", code), code
    assert below(value_set, ICD10CM) <= TITLES.keys()


def test_snomed_lists_keep_their_meaning(value_set: dict[str, Any]) -> None:
    """An ECL expression of exactly the listed codes, each alone or with all below it."""
    for element in elements(value_set, "include"):
        if element["system"] != SNOMED:
            continue
        (ecl,) = (each["valueString"] for each in element["extension"] if each["url"] == EXTENSION + "ecl")
        parts = [re.fullmatch(r"(?:<< )?(\d+) \|[^|]+\|", part) for part in ecl.split(" OR ")]
        assert [part and part[1] for part in parts] == [concept["code"] for concept in element["concept"]]


def test_no_code_stands_twice(value_set: dict[str, Any]) -> None:
    for part in ("include", "exclude"):
        codes = [(system, concept["code"]) for system, concept in listed(value_set, part)]
        codes += [(system, rule["value"]) for system, rule in filters(value_set, part)]
        assert len(codes) == len(set(codes))
        for system, code in codes:
            inside = below(value_set, system, part) if system in NESTED else set()
            assert not [category for category in inside if code.startswith(category) and code != category], code


@pytest.mark.parametrize(("side", "word"), SIDE_WORDS.items())
def test_sides_of_icd_codes(side: str, word: str) -> None:
    covered = set().union(*(icd_codes(name) for name in SETS.keys() - SIDE_WORDS.keys() - {NOT_OF_A_LEG}))
    ours = {code for code in covered if not code.startswith(NOT_A_LEG)}
    expected = {code for code in ours if re.search(rf"\b{word}\b", TITLES[code], re.IGNORECASE)}
    pattern = re.compile("|".join(f"(?:{rule['value']})" for _, rule in filters(SETS[side])))
    assert {code for code in TITLES if pattern.fullmatch(code)} == expected
    assert len(expected) > 80


def test_sides_of_snomed_codes() -> None:
    """A finding whose name says the side stands in that side's set, and only there; heart and brain are no leg."""
    sided = {name: {c["code"] for system, c in listed(SETS[name]) if system == SNOMED} for name in SIDE_WORDS}
    findings = [
        each for each in SETS.values() if each["extension"][0]["valueCode"] in {"symptom", "disease", "history"}
    ]
    for concept in (concept for each in findings for system, concept in listed(each) if system == SNOMED):
        if re.search("heart failure|ventricular|intracerebral", concept["display"]):
            continue
        for side, word in SIDE_WORDS.items():
            says = re.search(rf"\b{word}\b", concept["display"], re.IGNORECASE) is not None
            assert says == (concept["code"] in sided[side]), concept["display"]


def test_a_code_has_one_site() -> None:
    sites = [name for name in SETS if name.startswith("site-") and name != "site-thigh"]
    places = [(system, concept["code"]) for name in sites for system, concept in listed(SETS[name])]
    places += [(ICD10CM, code) for name in sites for code in icd_codes(name) - {c for _, c in places}]
    assert len(places) == len(set(places))


def test_anticoagulants_only() -> None:
    codes = {concept["code"]: concept["display"] for _, concept in listed(SETS["anticoagulant"])}
    assert not codes.keys() & NOT_ANTICOAGULANT.keys()
    platelets = re.compile("aspirin|clopidogrel|prasugrel|ticagrelor|dipyridamole|cilostazol", re.IGNORECASE)
    assert not [each for each in codes.values() if platelets.search(each)]
    assert {"11289", "1364430", "5224"} <= codes.keys()


@pytest.mark.parametrize(
    ("name", "ingredients"),
    [
        (
            "diuretic",
            r"thiazide|chlorthalidone|indapamide|metolazone|furosemide|bumetanide|torsemide|ethacryn|"
            r"spironolactone|eplerenone|amiloride|triamterene",
        ),
        ("fluoroquinolone", r"floxacin"),
        ("corticosteroid", r"predniso|cortisone|dexamethasone|betamethasone"),
    ],
)
def test_each_product_holds_what_its_set_says(name: str, ingredients: str) -> None:
    displays = [concept["display"] for system, concept in listed(SETS[name]) if system == RXNORM]
    assert not [each for each in displays if not re.search(ingredients, each, re.IGNORECASE)]
    assert len(displays) > 40


@pytest.mark.parametrize("name", ["fluoroquinolone", "corticosteroid"])
def test_what_is_put_on_skin_eye_or_ear_does_not_count(name: str) -> None:
    """An ingredient counts though it is also sold so: its code does not say the route, and the set says that."""
    local = re.compile(r"topical|cream|ointment|lotion|ophthalmic|otic|nasal|inhal|rectal|vaginal", re.IGNORECASE)
    products = {concept["code"]: concept["display"] for _, concept in listed(SETS[name])}
    assert not [each for each in products.values() if local.search(each)]
    # ciprofloxacin, levofloxacin, moxifloxacin, ofloxacin, norfloxacin; hydrocortisone, dexamethasone, betamethasone,
    # prednisolone, methylprednisolone
    routeless = {"2551", "82122", "139462", "7623", "7517", "5492", "3264", "1514", "8638", "6902"}
    assert len(products.keys() & routeless) == 5
    assert "do not give the route" in SETS[name]["description"]
    assert not [each for each in below(SETS[name], "http://www.whocc.no/atc") if each.startswith(("D", "S", "R"))]


def test_combinations_with_a_diuretic_are_diuretics() -> None:
    codes = {concept["code"]: concept["display"] for _, concept in listed(SETS["diuretic"])}
    assert codes["197885"] == "hydrochlorothiazide 12.5 MG / lisinopril 10 MG Oral Tablet"
    assert codes["198224"] == "hydrochlorothiazide 25 MG / spironolactone 25 MG Oral Tablet"


@pytest.mark.parametrize(
    ("part", "whole"),
    [
        ("lumbar-radiculopathy", "nerve-disease"),
        ("stress-fracture", "leg-injury"),
        ("chronic-dvt", "dvt"),
        ("distal-dvt", "dvt"),
    ],
)
def test_a_subset_is_one(part: str, whole: str) -> None:
    snomed = [{c["code"] for system, c in listed(SETS[name]) if system == SNOMED} for name in (part, whole)]
    assert snomed[0] <= snomed[1]
    assert icd_codes(part) <= icd_codes(whole)


@pytest.mark.parametrize(
    ("name", "code", "inside"),
    [
        ("dvt", "I82.441", True),
        ("dvt", "I82.811", False),
        ("dvt", "I82.621", False),
        ("dvt", "I80.01", False),
        ("superficial-vein-thrombosis", "I82.812", True),
        ("leg-injury", "S82.001A", False),
        ("leg-injury", "S82.841A", True),
        ("arterial-disease", "I70.211", True),
        ("arterial-disease", "I70.218", False),
        ("malignancy", "C44.91", False),
        ("malignancy", "C50.911", True),
        ("malignancy", "C91.01", False),
        ("malignancy", "C91.02", True),
        ("smoking", "F17.210", True),
        ("smoking", "F17.211", False),
        ("pregnancy", "O10.03", False),
        ("postpartum", "O10.03", True),
        ("pregnancy", "O15.1", False),
        ("postpartum", "O15.1", True),
        ("postpartum", "O72.1", True),
        ("postpartum", "O60.02", False),
        ("postpartum", "O91.03", False),
        ("postpartum", "O91.02", True),
        ("postpartum", "Z39.1", False),
        ("postpartum", "Z39.2", True),
        ("postpartum", "O99.43", True),
        ("pregnancy", "O99.43", False),
        ("pregnancy", "O99.413", True),
        ("pregnancy", "O9A.213", True),
        ("leg-vein-thrombosis", "I82.90", True),
        ("leg-vein-thrombosis", "I82.91", False),
        ("swelling", "R60.9", True),
        ("swelling", "R60.1", False),
        ("pregnancy", "O88.211", True),
        ("postpartum", "O88.211", False),
        ("pregnancy", "Z33.2", False),
        ("obesity", "E66.3", False),
        ("neurogenic-claudication", "M48.062", True),
        ("neurogenic-claudication", "M48.061", False),
        ("lumbar-stenosis", "M48.062", False),
        ("lumbar-radiculopathy", "M54.41", True),
        ("lumbar-radiculopathy", "M54.12", False),
        ("lumbar-radiculopathy", "M51.36", False),
        ("stress-fracture", "M84.362A", True),
        ("stress-fracture", "M84.374A", False),
        ("drug-myopathy", "T46.6X5A", True),
        ("drug-myopathy", "T46.6X1A", False),
        ("electrolyte-disorder", "E87.6", True),
        ("electrolyte-disorder", "E87.5", False),
    ],
)
def test_borders(name: str, code: str, inside: bool) -> None:
    assert (code in icd_codes(name)) == inside


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("651000119108", {"dvt", "site-leg"}),
        ("132281000119108", {"dvt"}),
        ("132241000119103", {"dvt", "distal-dvt", "site-leg"}),
        ("438785004", {"dvt", "distal-dvt", "site-leg"}),
        ("46557031000119105", {"dvt", "distal-dvt", "site-leg", "side-left"}),
        ("293481000119109", {"dvt", "site-leg", "side-right"}),
        ("132131000119102", {"dvt", "distal-dvt", "chronic-dvt", "site-leg"}),
        ("62583006", {"dvt", "obstetric-dvt", "postpartum"}),
        ("200233001", {"dvt", "obstetric-dvt", "pregnancy"}),
        ("429098002", {"leg-vein-thrombosis"}),
        ("111458008", {"leg-vein-thrombosis", "postpartum"}),
        ("16014511000119107", {"superficial-vein-thrombosis", "site-leg", "side-right"}),
        ("706870000", {"pulmonary-embolism"}),
        ("16012591000119105", {"acute-limb-ischaemia", "site-leg", "side-left"}),
        ("233961000", {"arterial-disease", "site-leg"}),
        ("709584004", {"arterial-disease", "bypass-graft", "site-leg"}),
        ("792844003", {"rest-pain", "arterial-disease", "site-leg"}),
        ("263269000", {"compartment-syndrome", "site-lower-leg"}),
        ("57630001", {"pregnancy"}),
        ("177141003", {"postpartum", "surgery"}),
        ("274724004", {"swelling"}),
    ],
)
def test_codes_of_daily_use(code: str, expected: Set[str]) -> None:
    """All that the sets say of one SNOMED CT code, and no more."""
    assert {name for name in SETS if (SNOMED, code) in [(s, c["code"]) for s, c in listed(SETS[name])]} == expected


@pytest.mark.parametrize("name", ["situation-suspected", "situation-past", "situation-absent"])
def test_a_situation_stands_in_the_set_of_its_concept(name: str) -> None:
    """Else it would say that nothing is suspected."""
    findings = [each for each in SETS.values() if each["extension"][0]["valueCode"] in {"symptom", "disease"}]
    known = {concept["code"] for each in findings for system, concept in listed(each) if system == SNOMED}
    assert {concept["code"] for _, concept in listed(SETS[name])} <= known
