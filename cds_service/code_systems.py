"""The code systems whose codes are read, and the spellings under which charts send them: one table.

A code system has one URI in FHIR, but EHRs also send OIDs, addresses of older or national specifications, a version
behind the URI, or the bare name. What is not named here, and in no value set, is not read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ICD10GM = "http://fhir.de/CodeSystem/bfarm/icd-10-gm"
ICD10PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ATC = "http://www.whocc.no/atc"
DMD = "https://dmd.nhs.uk"
UCUM = "http://unitsofmeasure.org"

_R4 = "https://hl7.org/fhir/R4/terminologies-systems.html"
_NAMING = "https://terminology.hl7.org/NamingSystem-{}.html"
_GERMAN = "https://build.fhir.org/ig/hl7germany/terminologie-basis-de/"
_UMLS = "https://www.nlm.nih.gov/research/umls/sourcereleasedocs/"
_V2 = "https://terminology.hl7.org/CodeSystem-v2-0396.html"
_STU3 = "https://hl7.org/fhir/STU3/v2/{}.cs.json.html"

_CONCEPT_ID = re.compile(r"[1-9][0-9]{2,14}[01]0[0-9]")
_EXPRESSION = re.compile(r"\s*(?:===\s*)?(?P<focus>[0-9]{6,18})\s*(?:\|[^|]*\|)?\s*")
_LOINC_NUMBER = re.compile(r"[0-9]{1,7}-[0-9]")
_VERSION = re.compile(r"[|?#].*$", re.DOTALL)
_PREFIX = re.compile(r"^(?:urn:oid:|oid:|https?://(?:www\.)?|www\.)")
# I82.4 to I82.7, the veins of legs and arms, are of ICD-10-CM alone (ICD-10 of 2016, Volume 1: I82.0 to .3, .8, .9)
_WHO_FORM = r"(?!I82[4-7])[A-Z][0-9]{2}(?:[0-9]{1,2})?"
_ICD_MARK = re.compile(r"\.?-$|[+*!\u2020\u2021]$")
LONGEST_SHOWN = 200
_URI = re.compile(r"(?:https?://|urn:|oid:)[!-~]+", re.IGNORECASE)  # of any other scheme it could be text
_OID = re.compile(r"[0-2](?:\.[0-9]+){3,}")
_TURNED = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


class CodeSystem(NamedTuple):
    """A code system: its URI, which value sets name it by, and other spellings, each with the source that has it.

    `editions`: URIs below which a path names an edition or version. `plain`: a code as value sets are searched for it;
    None where the system can have no such code. `source`: who says what the URI is, and what its codes look like.
    `lists_medicines`: where a value set of medicines holds codes of it, a code that none holds is another medicine's.
    """

    uri: str
    title: str
    source: str
    plain: Callable[[str], str | None]
    aliases: Mapping[str, str] = {}
    editions: tuple[str, ...] = ()
    lists_medicines: bool = True


def key(system: str) -> str:
    """What two spellings of one system have in common: no scheme or www, nothing behind | ? or #, no last slash."""
    bare = _VERSION.sub("", system).strip().rstrip("/").casefold()
    return _PREFIX.sub("", bare)


def shown(system: str | None) -> str:
    """A spelling as it may be stored and logged: an address, URN or OID of at most 200 characters, without what follows
    ? or #; empty where it is none, for it could be any text of the chart.
    """
    bare = re.split(r"[?#|]", (system or "").strip(), maxsplit=1)[0]
    bare = f"urn:oid:{bare}" if _OID.fullmatch(bare) else bare
    return bare if len(bare) <= LONGEST_SHOWN and _URI.fullmatch(bare) else ""


def verhoeff(number: str) -> bool:
    """Is its last digit the check digit of SNOMED CT identifiers (J. Verhoeff 1969), a walk through the group D5?"""
    check = 0
    for place, digit in enumerate(map(int, reversed(number))):
        for _ in range(place % 8):
            digit = _TURNED[digit]
        turn = (check + digit if check < 5 else check - digit) % 5
        check = turn + (5 if (check < 5) != (digit < 5) else 0)
    return check == 0


def mod_10(code: str) -> bool:
    """Is its last digit the check digit of LOINC (Luhn 1954)?"""
    digits = [int(digit) for digit in reversed(code.replace("-", ""))]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[1::2]]
    return (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _snomed(code: str) -> str | None:
    """A concept id; of an expression its focus, if nothing refines it (https://snomed.org/scg)."""
    expression = _EXPRESSION.fullmatch(code)
    focus = expression["focus"] if expression else ""
    return focus if _CONCEPT_ID.fullmatch(focus) and verhoeff(focus) else None


def _loinc(code: str) -> str | None:
    code = code.strip().upper()
    if _LOINC_NUMBER.fullmatch(code):
        return code if mod_10(code) else None
    return code if re.fullmatch(r"L[APLG][0-9]+-[0-9]", code) else None


def _of_form(pattern: str) -> Callable[[str], str | None]:
    form = re.compile(pattern)

    def plain(code: str) -> str | None:
        code = code.strip().upper()
        return code if form.fullmatch(code) else None

    return plain


def _icd(pattern: str) -> Callable[[str], str | None]:
    """Codes arrive with and without their dot, in either case, with a dash for what stands below, with a mark."""
    form = re.compile(pattern)

    def plain(code: str) -> str | None:
        code = _ICD_MARK.sub("", code.strip().upper())
        if "." in code and code.find(".") != 3:
            return None
        code = code.replace(".", "", 1)
        return code if form.fullmatch(code) else None

    return plain


def _any(code: str) -> str | None:
    return code.strip() or None


SYSTEMS = (
    CodeSystem(
        SNOMED,
        "SNOMED CT",
        "https://hl7.org/fhir/R4/snomedct.html",
        _snomed,
        {
            "2.16.840.1.113883.6.96": _NAMING.format("SCT"),
            "http://snomed.info/xsct": "https://github.com/IHTSDO/snowstorm (content without a version)",
            "http://snomed.info/id": "https://confluence.ihtsdotools.org/display/DOCURI (of a concept)",
            "SNOMEDCT_US": _UMLS,
            "SCT": _V2,
            "SNOMED CT": "its name",
            "SNOMED": "its name",
            "SNOMED-CT": "its name",
            "SNOMEDCT": "its name",
        },
        ("http://snomed.info/sct", "http://snomed.info/xsct"),
        lists_medicines=False,
    ),
    CodeSystem(
        LOINC,
        "LOINC",
        "https://hl7.org/fhir/R4/loinc.html",
        _loinc,
        {"2.16.840.1.113883.6.1": _NAMING.format("v3-loinc"), "LNC": _UMLS, "LN": _V2, "LOINC": "its name"},
        lists_medicines=False,
    ),
    CodeSystem(
        ICD10CM,
        "ICD-10-CM",
        "https://hl7.org/fhir/R4/icd.html",
        _icd(r"[A-Z][0-9][0-9A-Z](?:[0-9A-Z]{1,4})?"),
        {
            "2.16.840.1.113883.6.90": _NAMING.format("icd10CM"),
            "http://terminology.hl7.org/CodeSystem/icd10CM": _NAMING.format("icd10CM"),
            "http://hl7.org/fhir/sid/icd-10-us": "https://hl7.org/fhir/DSTU2/terminologies-systems.html",
            "ICD10CM": _UMLS,
            "ICD-10-CM": "its name",
        },
        lists_medicines=False,
    ),
    CodeSystem(
        ICD10,
        "ICD-10 (WHO)",
        "https://hl7.org/fhir/R4/icd.html",
        _icd(_WHO_FORM),
        {
            "2.16.840.1.113883.6.3": _NAMING.format("icd10"),
            "http://id.who.int/icd/release/10": "https://icd.who.int/icdapi",
        },
        ("http://id.who.int/icd/release/10",),
        lists_medicines=False,
    ),
    CodeSystem(
        ICD10GM,
        "ICD-10-GM",
        f"{_GERMAN}CodeSystem-icd-10-gm.html",
        _icd(_WHO_FORM),
        {
            "http://fhir.de/CodeSystem/dimdi/icd-10-gm": "https://simplifier.net/basisprofil-de-r4 (until 2021)",
            "http://hl7.org/fhir/sid/icd-10-gm": "public loaders of ICD-10-GM",
            "http://hl7.org/fhir/sid/icd-10-de": _R4,
            "ICD-10-GM": "its name",
        },
        lists_medicines=False,
    ),
    CodeSystem(
        ICD10PCS,
        "ICD-10-PCS",
        _NAMING.format("icd10PCS"),
        _of_form(r"[0-9A-HJ-NP-Z]{7}"),
        {
            "2.16.840.1.113883.6.4": _NAMING.format("icd10PCS"),
            "http://terminology.hl7.org/CodeSystem/icd10PCS": _NAMING.format("icd10PCS"),
            "http://www.icd10data.com/icd10pcs": "https://hl7.org/fhir/us/core/2018Jan/terminology.html",
            "http://hl7.org/fhir/sid/icd-10-pcs": "public EHR interfaces, beside the URI of CMS",
            "ICD10PCS": _UMLS,
        },
        lists_medicines=False,
    ),
    CodeSystem(
        RXNORM,
        "RxNorm",
        "https://hl7.org/fhir/R4/rxnorm.html",
        _of_form(r"[0-9]{1,8}"),
        {
            "2.16.840.1.113883.6.88": _NAMING.format("v3-rxNorm"),
            "http://hl7.org/fhir/sid/rxnorm": "public EHR interfaces, beside the URI of FHIR",
            "RXNORM": _UMLS,
        },
    ),
    CodeSystem(
        ATC,
        "ATC",
        "https://terminology.hl7.org/CodeSystem-v3-WC.html",
        _of_form(r"[A-Z](?:[0-9]{2}(?:[A-Z](?:[A-Z](?:[0-9]{2})?)?)?)?"),
        {
            "2.16.840.1.113883.6.73": "https://terminology.hl7.org/CodeSystem-v3-WC.html",
            "http://hl7.org/fhir/sid/atc": "https://github.com/HealthIntersections/fhirserver (by its OID)",
            "http://fhir.de/CodeSystem/bfarm/atc": f"{_GERMAN}CodeSystem-atc.html",
            "http://fhir.de/CodeSystem/dimdi/atc": "https://simplifier.net/basisprofil-de-r4 (until 2021)",
            "http://terminology.hl7.org/CodeSystem/v3-WC": "https://terminology.hl7.org/CodeSystem-v3-WC.html (its id)",
            "http://www.whocc.no/atc_ddd_index": "the index of WHO's centre, by its former address",
            "https://atcddd.fhi.no/atc_ddd_index": "the index of WHO's centre",
            "ATC": _UMLS,
        },
    ),
    CodeSystem(
        DMD,
        "dm+d",
        "https://simplifier.net/guide/uk-core-implementation-guide-stu3-sequence (Medication.code)",
        _snomed,
        {"dm+d": "its name"},
    ),
    CodeSystem(
        "http://terminology.hl7.org/CodeSystem/v2-0136",
        "Yes/no indicator (HL7 version 2)",
        "https://terminology.hl7.org/CodeSystem-v2-0136.html",
        _any,
        {"http://hl7.org/fhir/v2/0136": _STU3.format("0136/v2-0136")},
    ),
    CodeSystem(
        "http://terminology.hl7.org/CodeSystem/v2-0532",
        "Expanded yes/no indicator (HL7 version 2)",
        "https://terminology.hl7.org/CodeSystem-v2-0532.html",
        _any,
        {"http://hl7.org/fhir/v2/0532": _STU3.format("0532/v2-0532")},
    ),
)
"""What is read of them is in the value sets; a system of which no value set holds a code is not read."""

OF_URI: Mapping[str, CodeSystem] = {system.uri: system for system in SYSTEMS}


def plain(system: str, code: str) -> str | None:
    """A code of a system, by its URI, as value sets are searched for it; None where it can have no such code."""
    known = OF_URI.get(system)
    return known.plain(code) if known is not None else _any(code)


def written(system: str, plain_code: str) -> str:
    """A plain code as its system writes it: those of ICD-10 with their dot."""
    is_dotted = system in (ICD10, ICD10CM, ICD10GM) and len(plain_code) > 3
    return f"{plain_code[:3]}.{plain_code[3:]}" if is_dotted else plain_code
