"""A code is read whatever the spelling of its system, and only a code that the system can have."""

from __future__ import annotations

import pytest

from cds_service.code_systems import ATC, ICD10, ICD10CM, ICD10GM, LOINC, RXNORM, SNOMED, SYSTEMS, plain, shown
from cds_service.fhir.value_sets import UNREAD, Terminology
from tests.charts import READER

TERMINOLOGY: Terminology = READER.terminology
PAIN = (SNOMED, "300954003")
SAMPLES = {
    SNOMED: "300954003",
    LOINC: "48065-7",
    ICD10CM: "I82.402",
    RXNORM: "1364430",
    ATC: "B01AF02",
}
SPELLINGS = [(uri, alias) for uri in SAMPLES for system in SYSTEMS if system.uri == uri for alias in system.aliases]


@pytest.mark.parametrize(("uri", "alias"), SPELLINGS)
def test_every_alias_means_its_system(uri: str, alias: str) -> None:
    meaning = TERMINOLOGY.meaning(uri, SAMPLES[uri])
    assert meaning is not None
    for spelling in (alias, f"urn:oid:{alias}" if alias[0].isdigit() else f" {alias}/ ", f"{alias}|2026"):
        assert TERMINOLOGY.meaning(spelling, SAMPLES[uri]) == meaning, spelling


@pytest.mark.parametrize(
    "spelling",
    [
        *("https://snomed.info/sct", "http://snomed.info/sct/", " http://snomed.info/sct ", "HTTP://SNOMED.info/sct"),
        *("http://www.snomed.info/sct", "snomed.info/sct", "http://snomed.info/sct/731000124108"),
        "http://snomed.info/sct/900000000000207008/version/20260101",
        "http://snomed.info/sct|http://snomed.info/sct/83821000000107/version/20260101",
        *("urn:oid:2.16.840.1.113883.6.96", "2.16.840.1.113883.6.96", "URN:OID:2.16.840.1.113883.6.96"),
    ],
)
def test_spellings_of_one_system(spelling: str) -> None:
    assert TERMINOLOGY.system(spelling) == SNOMED


@pytest.mark.parametrize(
    "spelling",
    [
        *(None, "", "   ", "urn:local", "http://hl7.org/fhir/sid/ndc", "http://fhir.de/CodeSystem/ifa/pzn"),
        *("https://fhir.cerner.com/ec2458f2/codeSet/72", "http://snomed.info", "http://snomed.info/sctx"),
        *("http://example.org/snomed.info/sct", "2.16.840.1.113883.6.9", "http://hl7.org/fhir/sid/icd-9-cm"),
        *("http://www.ama-assn.org/go/cpt", "x" * 100_000, "http://snomed.info/sct\x00", "http://loinc.org.example"),
    ],
)
def test_no_other_system_is_taken_for_one_that_is_read(spelling: str | None) -> None:
    assert TERMINOLOGY.system(spelling) is None
    assert TERMINOLOGY.meanings[spelling, "300954003"] is UNREAD
    assert TERMINOLOGY.meaning(spelling, "300954003") is None


@pytest.mark.parametrize(
    "code", ["300954003", " 300954003 ", "300954003 |Pain in calf|", "300954003|Pain: calf = leg|", "=== 300954003"]
)
def test_an_expression_that_refines_nothing_is_its_focus(code: str) -> None:
    assert TERMINOLOGY.coded(SNOMED, code) == PAIN


@pytest.mark.parametrize(
    "code",
    [
        "300954003 : 272741003 = 7771000",
        "300954003 |Pain in calf| : 272741003 |Laterality| = 7771000 |Left|",
        "300954003 + 449614009",
        "<<< 300954003",
        "(300954003)",
        "300954003 |Pain",
    ],
)
def test_an_expression_that_refines_its_focus_is_not_read(code: str) -> None:
    assert TERMINOLOGY.meanings[SNOMED, code] is UNREAD


@pytest.mark.parametrize(
    ("system", "code"),
    [
        *(
            (ICD10CM, "453.40"),
            (ICD10CM, "I82.40234"),
            (ICD10CM, "I82402X9"),
            (ICD10CM, "I8.2402"),
            (ICD10CM, "300954003"),
        ),
        *((SNOMED, "I82.402"), (SNOMED, "300954004"), (SNOMED, "3009540"), (SNOMED, "1" * 400), (SNOMED, "١٢٣٤٥٦")),
        *((LOINC, "48065-8"), (LOINC, "48065"), (RXNORM, "00003-0894-21"), (ATC, "B01AF2"), (ATC, "apixaban")),
        *((SNOMED, ""), (SNOMED, None), (LOINC, " ")),
    ],
)
def test_a_code_that_its_system_cannot_have_is_not_read(system: str, code: str | None) -> None:
    assert TERMINOLOGY.meanings[system, code] is UNREAD


@pytest.mark.parametrize(("system", "code"), [(SNOMED, "38341003"), (ICD10CM, "I10"), (LOINC, "8302-2"), (RXNORM, "1")])
def test_a_code_that_no_value_set_holds_is_read_and_not_ours(system: str, code: str) -> None:
    assert TERMINOLOGY.meanings[system, code] is None


@pytest.mark.parametrize("code", ["I82.402", "I82402", "i82.402", " I82.402 "])
def test_a_code_of_icd_10_is_one_however_it_is_written(code: str) -> None:
    assert TERMINOLOGY.coded(ICD10CM, code) == (ICD10CM, "I82.402")


@pytest.mark.parametrize("uri", [ICD10, ICD10GM])
def test_a_code_of_icd_10_cm_is_none_of_the_who(uri: str) -> None:
    for code in ("I82.402", "I82.40", "I82.4", "I82.5", "I82.A1", "S86.112A", "M79.661"):
        assert plain(uri, code) is None, code
    for code in ("I80.2", "I82.9", "M79.66", "I80", "I80.-", "I80.2-", "M54.1+"):
        assert plain(uri, code), code


def test_the_table_names_each_spelling_once_and_with_its_source() -> None:
    spelled = [alias for system in SYSTEMS for alias in (system.uri, *system.aliases)]
    assert len({*spelled}) == len(spelled)
    assert all(system.source and all(system.aliases.values()) for system in SYSTEMS)


@pytest.mark.parametrize(
    ("system", "as_shown"),
    [
        ("http://hl7.org/fhir/sid/ndc", "http://hl7.org/fhir/sid/ndc"),
        ("1.2.276.0.76.5.409", "urn:oid:1.2.276.0.76.5.409"),
        ("https://ehr.example/codes?patient=17", "https://ehr.example/codes"),
        ("https://ehr.example/codes#17", "https://ehr.example/codes"),
        ("Jane Zebrafish, born 1950", ""),
        ("mailto:jane@zebrafish.example", ""),
        ("Zebrafish:Jane", ""),
        ("note: seen today", ""),
        (f"http://ehr.example/{'x' * 200}", ""),
        (None, ""),
    ],
)
def test_only_a_uri_is_shown(system: str | None, as_shown: str) -> None:
    assert shown(system) == as_shown
