"""Loading value sets: a file that cannot be used stops the service with its name and what to do."""

from __future__ import annotations

import json
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from cds_service.code_systems import DMD, ICD10CM, LOINC, SNOMED
from cds_service.code_systems import ICD10 as WHO
from cds_service.code_systems import ICD10GM as GERMAN
from cds_service.errors import ConfigurationError
from cds_service.facts import Course, Side, Site, State
from cds_service.fhir.value_sets import Terminology, combined_side
from tests.charts import READER
from tests.steps import steps

BAD = sorted((Path(__file__).parent / "bad_value_sets").glob("*.json"))
OURS = "https://calf-pain-cds.example/fhir/StructureDefinition/"


def write(
    folder: Path, name: str, kind: str, include: list[Any], exclude: list[Any] | None = None, **more: Any
) -> None:
    extension = [{"url": OURS + "concept-kind", "valueCode": kind}, *more.pop("extension", [])]
    compose = {"include": include, **({"exclude": exclude} if exclude else {})}
    value_set = {
        "resourceType": "ValueSet",
        "id": name,
        "title": name,
        "extension": extension,
        "compose": compose,
    }
    (folder / f"{name}.json").write_text(json.dumps({**value_set, **more}), encoding="utf-8")


def codes(system: str, *listed: str) -> dict[str, Any]:
    return {"system": system, "concept": [{"code": code, "display": code} for code in listed]}


def below(system: str, op: str, *values: str) -> dict[str, Any]:
    return {
        "system": system,
        "filter": [{"property": "concept", "op": op, "value": value} for value in values],
    }


@pytest.mark.parametrize("bad", BAD, ids=lambda file: file.stem)
def test_a_bad_file_stops_the_service_and_is_named(bad: Path, tmp_path: Path) -> None:
    shutil.copy(bad, tmp_path)
    with pytest.raises(ConfigurationError) as refused:
        Terminology(tmp_path)
    assert bad.name in str(refused.value)
    assert "Correct the file" in str(refused.value)


def test_the_bad_files_are_there() -> None:
    assert len(BAD) > 20


def test_a_folder_without_value_sets_stops_the_service(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("nothing here")
    with pytest.raises(ConfigurationError, match="no value sets"):
        Terminology(tmp_path)


@pytest.mark.parametrize(("value", "code", "days"), [(30, "d", 30), (12, "wk", 84), (1, "a", 365)])
def test_a_look_back_is_never_read_in_another_unit(value: int, code: str, days: int, tmp_path: Path) -> None:
    """Twelve weeks must not become twelve days: converted or refused, not misread."""
    duration = {"value": value, "system": "http://unitsofmeasure.org", "code": code}
    extension = [{"url": OURS + "look-back", "valueDuration": duration}]
    write(tmp_path, "swelling", "symptom", [codes(SNOMED, "449615005")], extension=extension)
    try:
        look_back = Terminology(tmp_path).concepts["swelling"].look_back
    except ConfigurationError:
        assert code != "d"
    else:
        assert look_back == timedelta(days=days)


def test_a_code_means_all_that_the_value_sets_say_of_it(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("not a value set")
    write(tmp_path, "strain", "disease", [below(ICD10CM, "is-a", "S86.11")])
    write(tmp_path, "site-lower-leg", "site", [below(ICD10CM, "is-a", "S86.11"), codes(SNOMED, "53840002")])
    write(tmp_path, "side-right", "side", [below(ICD10CM, "regex", r"S86\.[0189]11[A-Z]?")])
    terminology = Terminology(tmp_path)
    meaning = terminology.meaning(ICD10CM, "S86.111S")
    assert meaning is not None
    assert [concept.name for concept in meaning.concepts] == ["strain"]
    assert (meaning.site, meaning.side, meaning.phase) == (Site.LOWER_LEG, Side.RIGHT, Course.HISTORY)
    site = terminology.meaning(SNOMED, "53840002")
    assert site is not None
    assert (site.concepts, site.site, site.side) == ((), Site.LOWER_LEG, None)


@pytest.mark.parametrize("code", ["S86.11", "S86.111A", "S86111A", "s86.111a", " S86.111A "])
def test_icd_codes_match_with_and_without_dot_in_either_case_and_by_prefix(code: str, tmp_path: Path) -> None:
    write(tmp_path, "strain", "disease", [below(ICD10CM, "is-a", "S86.11")])
    terminology = Terminology(tmp_path)
    assert terminology.meaning(ICD10CM, code) is not None
    for other in ("S86.1", "S86.12", "S8", "", "XS86.111A"):
        assert terminology.meaning(ICD10CM, other) is None
    assert terminology.meaning(SNOMED, code) is None


def test_an_exclusion_takes_codes_and_all_below_them_out(tmp_path: Path) -> None:
    exclude = [codes(ICD10CM, "F17.211"), below(ICD10CM, "is-a", "F17.22")]
    write(tmp_path, "smoking", "disease", [below(ICD10CM, "is-a", "F17.2")], exclude)
    terminology = Terminology(tmp_path)
    assert terminology.meaning(ICD10CM, "F17.210") is not None
    for code in ("F17.211", "F17.22", "F17.221"):
        assert terminology.meaning(ICD10CM, code) is None


def test_an_exclusion_holds_for_its_own_value_set_only(tmp_path: Path) -> None:
    write(tmp_path, "smoking", "disease", [below(ICD10CM, "is-a", "F17.2")], [codes(ICD10CM, "F17.211")])
    write(tmp_path, "malignancy", "disease", [codes(ICD10CM, "F17.211")])
    meaning = Terminology(tmp_path).meaning(ICD10CM, "F17.211")
    assert meaning is not None
    assert [concept.name for concept in meaning.concepts] == ["malignancy"]


@pytest.mark.parametrize(
    ("system", "code"),
    [
        ("urn:oid:2.16.840.1.113883.6.96", "300954003"),
        ("urn:oid:2.16.840.1.113883.6.1", "72514-3"),
        ("urn:oid:2.16.840.1.113883.6.90", "M79.661"),
        ("urn:oid:2.16.840.1.113883.6.88", "11289"),
        ("http://hl7.org/fhir/v2/0136", "Y"),
        ("http://hl7.org/fhir/v2/0532", "N"),
    ],
)
def test_code_systems_are_known_by_their_oid_and_older_address(system: str, code: str) -> None:
    assert READER.terminology.meaning(system, code) is not None


@pytest.mark.parametrize(
    "pair",
    [
        (None, None),
        (SNOMED, None),
        (None, "300954003"),
        ("", ""),
        ("urn:x", "300954003"),
        (SNOMED, "300954003 x"),
    ],
)
def test_what_no_value_set_holds_means_nothing(pair: tuple[Any, Any]) -> None:
    assert READER.terminology.meaning(*pair) is None


def test_answers_and_qualifiers_are_no_concepts() -> None:
    yes, no = READER.terminology.meaning(LOINC, "LA33-6"), READER.terminology.meaning(LOINC, "LA32-8")
    severe, sudden = (
        READER.terminology.meaning(SNOMED, "24484000"),
        READER.terminology.meaning(SNOMED, "385315009"),
    )
    assert yes is not None
    assert no is not None
    assert severe is not None
    assert sudden is not None
    assert (yes.answer, no.answer, severe.severe, sudden.sudden) == (State.PRESENT, State.ABSENT, True, True)
    assert yes.concepts == no.concepts == severe.concepts == sudden.concepts == ()


def test_the_codes_to_search_for_are_all_measurements_in_order() -> None:
    listed = READER.terminology.measurement_codes()
    assert listed == sorted(set(listed))
    assert {"72514-3", "2157-6", "48065-7", "2823-3", "89555-7"} <= set(listed)


@pytest.mark.parametrize(
    ("sides", "side"),
    [
        ([], None),
        ([None], None),
        ([Side.LEFT, None], Side.LEFT),
        ([Side.LEFT, Side.LEFT], Side.LEFT),
        ([Side.LEFT, Side.RIGHT], Side.BOTH),
        ([Side.BOTH, Side.LEFT], Side.BOTH),
    ],
)
def test_left_and_right_are_both(sides: list[Side | None], side: Side | None) -> None:
    assert combined_side(sides) is side


@pytest.mark.parametrize("system", [SNOMED, ICD10CM, "urn:local"])
def test_a_code_longer_than_all_that_are_listed_is_not_looked_at_letter_by_letter(system: str) -> None:
    short, long = ("1" * length for length in (1_000, 10_000))
    assert steps(lambda: READER.terminology.meaning(system, long)) == steps(
        lambda: READER.terminology.meaning(system, short)
    )
    assert READER.terminology.meaning(system, long) is None


@pytest.mark.parametrize("system", [DMD, SNOMED])
def test_anticoagulants_of_the_united_kingdom(system: str) -> None:
    """By dm+d, whose codes are ids of SNOMED CT: UK charts send them under either address."""
    meaning = READER.terminology.meaning(system, "703908001")
    assert meaning is not None
    assert [each.name for each in meaning.concepts] == ["anticoagulant"]


SCAN = "leg-vein-ultrasound"


def own(folder: Path, name: str, *include: Any, **more: Any) -> Path:
    """A site's folder with one file of this name."""
    resource = {"resourceType": "ValueSet", "id": name, "compose": {"include": include, **more.pop("compose", {})}}
    (folder / f"{name}.json").write_text(json.dumps({**resource, **more}), encoding="utf-8")
    return folder


def test_codes_of_a_site_are_added_to_ours(tmp_path: Path) -> None:
    """Also of a system that was not read, in another spelling of one that is, and what ours hold already."""
    ours, there = codes(SNOMED, "312725000"), codes("http://fhir.de/CodeSystem/dimdi/icd-10-gm", "I79.2")
    own(tmp_path, SCAN, codes("urn:oid:1.2.3.4", "LEGVEINS"), ours)
    own(tmp_path, "arterial-disease", there)
    shipped, terminology = Terminology(), Terminology(own=tmp_path)
    assert shipped.meaning("oid:1.2.3.4", "LEGVEINS") is shipped.meaning(GERMAN, "I79.2") is None
    for system, code, name in (
        ("oid:1.2.3.4", "LEGVEINS", SCAN),
        (GERMAN, "I79.2", "arterial-disease"),
        (GERMAN, "I80.28", "dvt"),
        (SNOMED, "312725000", SCAN),
    ):
        meaning = terminology.meaning(system, code)
        assert meaning is not None
        assert [each.name for each in meaning.concepts] == [name]


@pytest.mark.parametrize(
    ("name", "include", "more", "said"),
    [
        ("my-scan", codes(SNOMED, "312725000"), {}, "those of a value set that comes with the service"),
        (SCAN, codes(SNOMED, "312725001"), {}, "compose.include[0]: code 312725001 is none that"),
        (SCAN, {"system": SNOMED, "concept": [{"code": "312725000"}]}, {}, "code 312725000 has no display"),
        (
            SCAN,
            {"concept": [{"code": "1", "display": "a"}]},
            {},
            "compose.include[0]: object missing required field system",
        ),
        ("leg-vein-ultrasonud", codes("urn:x", "A"), {}, "near it is leg-vein-ultrasound"),
        ("zzzz", codes("urn:x", "A"), {}, "cds_service/value_sets/README.md lists them"),
        (SCAN, [], {}, "compose.include[0]: expected an object, got an array"),
        (
            SCAN,
            {"system": "urn:x", "concept": [{"code": 1}]},
            {},
            "compose.include[0].concept[0].code: expected a string, got a number",
        ),
        (SCAN, {"system": "urn:x", "concept": {}}, {}, "compose.include[0].concept: expected an array, got an object"),
        (SCAN, {"system": "urn:x", "filter": [{"op": "regex", "value": "("}]}, {}, "regular expression of a filter"),
        (SCAN, {"system": "urn:x"}, {}, "neither codes nor a filter"),
        (SCAN, codes("urn:x", "A"), {"compose": {"exclude": [codes("urn:x", "B")]}}, "compose.exclude"),
        (SCAN, codes("urn:x", "A"), {"id": "other"}, "its file name and its id"),
        (SCAN, codes("urn:x", "A"), {"resourceType": "List"}, "not a FHIR ValueSet"),
    ],
)
def test_a_file_of_a_site_that_cannot_be_used(
    tmp_path: Path, name: str, include: Any, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match="take it out of CDS_CODES_DIR") as refusal:
        Terminology(own=own(tmp_path, name, include, **more))
    assert said in str(refusal.value)
    assert f"{tmp_path / name}.json" in str(refusal.value)


def test_a_folder_of_a_site_without_value_sets(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Point CDS_CODES_DIR"):
        Terminology(own=tmp_path)


@pytest.mark.parametrize(
    ("system", "code", "concepts", "site"),
    [
        (WHO, "I80.2", {"dvt"}, Site.LEG),
        (WHO, "I802", {"dvt"}, Site.LEG),
        (GERMAN, "I80.28", {"dvt"}, Site.LEG),
        ("http://fhir.de/CodeSystem/dimdi/icd-10-gm", "I80.28", {"dvt"}, Site.LEG),
        (WHO, "I80.3", {"leg-vein-thrombosis"}, Site.LEG),
        (WHO, "O87.1", {"dvt", "obstetric-dvt", "postpartum"}, None),
        (GERMAN, "O88.20", {"pulmonary-embolism"}, None),
        (GERMAN, "I26.9", {"pulmonary-embolism"}, None),
        (GERMAN, "M79.66", {"pain"}, Site.LOWER_LEG),
        (GERMAN, "I70.22", {"arterial-disease", "claudication"}, Site.LEG),
        (GERMAN, "I70.23", {"arterial-disease", "rest-pain"}, Site.LEG),
        (GERMAN, "I70.25", {"arterial-disease", "gangrene"}, Site.LEG),
        (GERMAN, "E10.51", {"arterial-disease", "diabetes"}, None),
        (GERMAN, "L03.11", {"cellulitis"}, Site.LEG),
        (WHO, "S86.0", {"achilles-strain"}, Site.LOWER_LEG),
        (GERMAN, "S82.81", {"leg-injury"}, Site.ANKLE),
    ],
)
def test_icd_10_of_the_who_and_of_germany(system: str, code: str, concepts: set[str], site: Site | None) -> None:
    meaning = READER.terminology.meaning(system, code)
    assert meaning is not None
    assert ({each.name for each in meaning.concepts}, meaning.site) == (concepts, site)


@pytest.mark.parametrize(
    ("system", "code"),
    [(GERMAN, "I70.26"), (GERMAN, "L03.10"), (GERMAN, "M79.62"), (WHO, "M79.6"), (WHO, "I82.4"), (GERMAN, "T79.60")],
)
def test_what_means_the_arm_or_nothing_there_is_not_read_as_the_leg(system: str, code: str) -> None:
    assert READER.terminology.meaning(system, code) is None
