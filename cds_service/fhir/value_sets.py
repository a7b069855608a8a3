"""The value sets that give codes their meaning, read once at start-up from `cds_service/value_sets/*.json`.

A code's meaning is the union of the value sets that hold it: what it is (concept), where (site-*) and on which
side (side-*). Codes come from FHIR R4 ValueSet.compose; only three shapes are used: a list of concepts, an `is-a`
filter (ICD-10-CM, ICD-10-PCS and ATC, whose codes nest by prefix) and, for sides, a `regex` on ICD-10-CM codes.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import msgspec

from cds_service.code_systems import ICD10CM, LOINC, OF_URI, SYSTEMS, key, plain, written
from cds_service.errors import ConfigurationError
from cds_service.facts import Course, Side, Site, State
from cds_service.fhir.kept import Kept
from cds_service.knowledge import EXTENSION

_SCAN = "leg-vein-ultrasound"
_CLINICAL_KINDS = {"symptom", "disease", "history", "measurement", "medicine", "procedure"}
_KINDS = {*_CLINICAL_KINDS, "qualifier", "answer", "question", "site", "side"}
_SITES = {
    "site-lower-leg": Site.LOWER_LEG,
    "site-ankle": Site.ANKLE,
    "site-foot": Site.FOOT,
    "site-leg": Site.LEG,
}
_EXTENSIONS = {
    "concept-kind",
    "look-back",
    "site-matters",
    "may-open-a-card",
    "newest-only",
    "thigh-counts",
    "elsewhere",
}
_MOST_KEPT, _LONGEST_KEPT = 32_768, 400  # codes, and characters of one with its system
_MOST_SYSTEMS = 1024  # spellings
_ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
_JSON_TYPES = {"str": "a string", "int": "a number", "float": "a number", "array": "an array", "object": "an object"}
_DAYS = {"d": 1, "wk": 7, "a": 365}


@dataclass(frozen=True, slots=True, eq=False)
class Concept:
    """One clinical idea, named as its value set.

    `look_back`: how far back an Observation or Procedure counts; of a Condition without clinicalStatus, how long it
    is taken as current. `site_matters`: counts only on the leg. `may_open`: alone it can be a leg complaint.
    `newest_only`: only the newest value counts. `thigh_counts`: a body site on the thigh is still "the leg".
    `elsewhere`: the concept that it is on another part of the body; empty where it is none of ours there.
    """

    name: str
    title: str
    kind: str
    look_back: timedelta | None
    site_matters: bool
    may_open: bool
    newest_only: bool
    thigh_counts: bool
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class Meaning:
    """Everything that the value sets say about one code. `number`: the one that it stands for as an answer.

    `suspected`, `denied` and a `phase` of history: the code is a SNOMED CT situation, and says that of its concept.
    """

    concepts: tuple[Concept, ...] = ()
    site: Site | None = None
    thigh: bool = False
    elsewhere: bool = False
    side: Side | None = None
    answer: State | None = None
    sudden: bool = False
    severe: bool = False
    graded: bool = False
    question: bool = False
    suspected: bool = False
    denied: bool = False
    phase: Course | None = None
    number: str = ""


UNREAD = Meaning()
"""Of a code that is in no system, or in one of which no value set holds a code, or that its system cannot have."""


class _Extension(msgspec.Struct):
    url: str
    valueDecimal: float | None = None


class _Code(msgspec.Struct):
    code: str
    display: str = ""
    extension: list[_Extension] = []


class _Filter(msgspec.Struct):
    op: str
    value: str


class _Element(msgspec.Struct):
    system: str
    concept: list[_Code] = []
    filter: list[_Filter] = []


class _Compose(msgspec.Struct):
    include: list[_Element]
    exclude: list[Any] = []


class _OwnValueSet(msgspec.Struct):
    """The shape that the file of a site must have."""

    compose: _Compose


class Terminology:
    """All value sets; `meaning(system, code)` is the one question asked of them, and `meanings` keeps the answers:
    UNREAD where nothing here could know the code, None where its system is read and no value set holds it.

    `own`: a folder of the site's, whose codes are added. Raises ConfigurationError, naming the file, for a value set
    that cannot be used.
    """

    def __init__(self, directory: Traversable | None = None, own: Path | None = None) -> None:
        self.concepts: dict[str, Concept] = {}
        self._exact: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._below: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._not_below: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._patterns: list[tuple[str, re.Pattern[str], str]] = []
        self._excluded: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._numbers: dict[tuple[str, str], str] = {}
        self._spellings: dict[str, str] = {}
        self._clinical: set[str] = set()
        self._medicines: set[str | None] = set()
        self._editions: dict[str, str] = {}
        folder = directory if directory is not None else files("cds_service") / "value_sets"
        for file in sorted(folder.iterdir(), key=lambda each: each.name):
            if file.name.endswith(".json"):
                self._load(file)
        if not self.concepts:
            raise ConfigurationError(f"{folder}: no value sets found. Reinstall the package.")
        for path in own_value_sets(own) if own is not None else ():
            self._add(path)
        self._longest = max([len(code) for _system, code in (*self._below, *self._not_below)], default=0)
        self._systems = Kept(self._system, most=_MOST_SYSTEMS, longest=_LONGEST_KEPT)
        self.meanings = Kept(self._meaning, most=_MOST_KEPT, longest=_LONGEST_KEPT)

    def meaning(self, system: str | None, code: str | None) -> Meaning | None:
        """What the value sets say about this code; None where none of them holds it."""
        meaning = self.meanings[system, code]
        return None if meaning is UNREAD else meaning

    def system(self, spelling: str | None) -> str | None:
        """The URI of a code system that is read, whatever the spelling; None for any other."""
        return self._systems[spelling]

    def lists_medicines(self, spelling: str | None) -> bool:
        """Is it a system of which a medicine's code that no value set holds is known to be another medicine's?"""
        return self._systems[spelling] in self._medicines

    def coded(self, system: str | None, code: str | None) -> tuple[str, str] | None:
        """System and code as the value sets write them; None where nothing here could know the code."""
        known = self._plain(system, code)
        return known and (known[0], written(*known))

    def systems(self) -> list[str]:
        """The names, or URIs, of the code systems in which findings, medicines and procedures are read."""
        known = [system.title for system in SYSTEMS if system.uri in self._clinical]
        return [*known, *sorted(self._clinical - OF_URI.keys())]

    def measurement_codes(self) -> list[str]:
        """The LOINC codes that are read as measurements, and those of scans, sorted: what a search by code has to ask
        for, as no category that is asked for holds them.
        """
        measured = {name for name, concept in self.concepts.items() if concept.kind == "measurement"} | {_SCAN}
        return sorted(code for (system, code), names in self._exact.items() if system == LOINC and names & measured)

    def _load(self, file: Traversable) -> None:
        try:
            resource = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(resource, dict) or resource.get("resourceType") != "ValueSet":
                raise ValueError("it is not a FHIR ValueSet")
            concept = _concept(resource)
            if concept.name != file.name.removesuffix(".json"):
                raise ValueError("its id differs from its file name")
            self.concepts[concept.name] = concept
            if not resource["compose"]["include"]:
                raise ValueError("it holds no codes")
            for include in resource["compose"]["include"]:
                self._index(concept.name, include, self._exact, self._below)
            for exclude in resource["compose"].get("exclude", []):
                self._index(concept.name, exclude, self._excluded, self._not_below)
        except (AttributeError, KeyError, TypeError, ValueError, re.error) as problem:
            raise ConfigurationError(f"value set {file.name}: {problem!s}. Correct the file.") from problem

    def _add(self, file: Path) -> None:
        """The codes of a site's file, to those of the value set of its name. What both hold is held once."""
        place = ""
        try:
            resource = json.loads(file.read_text(encoding="utf-8"))
            if not isinstance(resource, dict) or resource.get("resourceType") != "ValueSet":
                raise ValueError("it is not a FHIR ValueSet")
            if (name := file.stem) not in self.concepts or resource.get("id") != name:
                near = ", ".join(get_close_matches(name, self.concepts))
                raise ValueError(
                    "its file name and its id must both be those of a value set that comes with the service: "
                    + (f"near it is {near}" if near else "cds_service/value_sets/README.md lists them")
                )
            msgspec.convert(resource, _OwnValueSet)
            if resource["compose"].get("exclude"):
                raise ValueError("compose.exclude: codes that come with the service cannot be taken out")
            for number, include in enumerate(resource["compose"]["include"]):
                place = f"compose.include[{number}]: "
                system = self._spellings.get(key(include["system"]), include["system"])
                self._index(name, {**include, "system": system}, self._exact, self._below, again=True)
        except (OSError, KeyError, RecursionError, ValueError, re.error) as problem:
            remedy = "Correct the file, or take it out of CDS_CODES_DIR"
            raise ConfigurationError(f"value set {file}: {place}{_told(problem)}. {remedy}.") from problem

    def _index(
        self,
        name: str,
        element: dict[str, Any],
        exact: dict[tuple[str, str], set[str]],
        below: dict[tuple[str, str], set[str]],
        *,
        again: bool = False,
    ) -> None:
        system = element["system"]
        self._read(system, self.concepts[name])
        if not element.get("concept") and not element.get("filter"):
            raise ValueError("an element of compose has neither codes nor a filter")
        for concept in element.get("concept", []):
            if not concept.get("display"):
                raise ValueError(f"code {concept['code']} has no display")
            its = _listed(system, concept["code"])
            named = exact[system, its]
            if name in named and not again:
                raise ValueError(f"code {concept['code']} stands in it twice")
            named.add(name)
            for extension in concept.get("extension", []):
                if extension["url"] == _ORDINAL:
                    self._numbers[system, its] = f"{extension['valueDecimal']:g}"
        for rule in element.get("filter", []):
            match rule["op"]:
                case "is-a":
                    below[system, _category(rule["value"])].add(name)
                case "regex":
                    self._patterns.append((system, re.compile(rule["value"]), name))
                case other:
                    raise ValueError(f"filter {other} is not supported; use is-a or regex")

    def _meaning(self, asked: tuple[str | None, str | None]) -> Meaning | None:
        known = self._plain(*asked)
        if known is None:
            return UNREAD
        system, code = known
        names = self._names(system, code, self._exact, self._below)
        names -= self._names(system, code, self._excluded, self._not_below)
        if not names:
            return None
        names |= {name for its, pattern, name in self._patterns if its == system and pattern.fullmatch(written(*known))}
        return Meaning(
            concepts=tuple(c for n in sorted(names) if (c := self.concepts[n]).kind in _CLINICAL_KINDS),
            site=next((site for name, site in _SITES.items() if name in names), None),
            thigh="site-thigh" in names,
            elsewhere="site-elsewhere" in names,
            side=_side(names),
            answer=_answer(names),
            sudden="sudden-onset" in names,
            severe="severe" in names,
            graded="grade" in names,
            question="finding-question" in names,
            suspected="situation-suspected" in names,
            denied="situation-absent" in names,
            phase=Course.HISTORY if "situation-past" in names else _phase(code) if system == ICD10CM else None,
            number=self._numbers.get((system, code), ""),
        )

    def _plain(self, system: str | None, code: str | None) -> tuple[str, str] | None:
        """System and code as they are looked up; None where nothing here could know the code."""
        if not code or len(code) > _LONGEST_KEPT or (uri := self._systems[system]) is None:  # no code is so long
            return None
        its = plain(uri, code)
        return None if its is None else (uri, its)

    def _read(self, system: str, concept: Concept) -> None:
        """This system is read from now on, under all its spellings."""
        if concept.kind in _CLINICAL_KINDS:
            self._clinical.add(system)
        if concept.kind == "medicine" and (system not in OF_URI or OF_URI[system].lists_medicines):
            self._medicines.add(system)
        known = OF_URI.get(system)
        for spelling in (system, *(known.aliases if known else ())):
            self._spellings[key(spelling)] = system
        for edition in known.editions if known else ():
            self._editions[f"{key(edition)}/"] = system

    def _system(self, spelling: str | None) -> str | None:
        asked = key(spelling) if spelling and len(spelling) <= _LONGEST_KEPT else ""
        if asked in self._spellings:
            return self._spellings[asked]
        return next((uri for above, uri in self._editions.items() if asked.startswith(above)), None)

    def _names(
        self, system: str, plain: str, exact: dict[tuple[str, str], set[str]], below: dict[tuple[str, str], set[str]]
    ) -> set[str]:
        names = set(exact.get((system, plain), ()))
        for end in range(1, min(len(plain), self._longest) + 1):
            names |= below.get((system, plain[:end]), set())
        return names


def own_value_sets(folder: Path) -> Sequence[Path]:
    """The files of a site's folder, by name."""
    found = sorted(folder.glob("*.json"))
    if not found:
        raise ConfigurationError(f"{folder}: no value sets there. Point CDS_CODES_DIR to the folder of your own.")
    return found


def _told(problem: Exception) -> str:
    """What is wrong with a file, in the words of JSON."""
    match problem:
        case OSError():
            return f"it cannot be read: {problem.strerror}"
        case UnicodeDecodeError():
            return "it is not in UTF-8"
        case json.JSONDecodeError():
            return f"it is not JSON: line {problem.lineno}, column {problem.colno}"
        case RecursionError():
            return "it is not JSON of a value set: nested too deeply"
        case KeyError():
            return f"{problem.args[0]} is missing"
        case re.error():
            return f"the regular expression of a filter is none: {problem}"
        case msgspec.ValidationError():
            what, _, where = str(problem).partition(" - at `$.")
            for name, words in _JSON_TYPES.items():
                what = what.replace(f"`{name}`", words)
            return f"{where.removesuffix('`') or 'the ValueSet'}: {what[0].lower()}{what[1:]}".replace("`", "")
        case _:
            return str(problem)


def _listed(system: str, code: str) -> str:
    """A code of a value set as it is looked up."""
    its = plain(system, code)
    if its is None:
        raise ValueError(f"code {code} is none that {system} can have")
    return its


def _category(code: str) -> str:
    """A code under which others nest by prefix; in ICD-10-PCS it may be a single character."""
    return code.strip().replace(".", "").upper()


def _concept(resource: dict[str, Any]) -> Concept:
    values: dict[str, Any] = {}
    for extension in resource.get("extension", []):
        key = extension["url"].removeprefix(EXTENSION)
        values[key] = next((value for name, value in extension.items() if name.startswith("value")), None)
        if values[key] is None:
            raise ValueError(f"extension {key} has no value")
    if unknown := values.keys() - _EXTENSIONS:
        raise ValueError(f"extension {', '.join(sorted(unknown))} is not one of {', '.join(sorted(_EXTENSIONS))}")
    if values.get("concept-kind") not in _KINDS:
        raise ValueError(f"concept-kind must be one of {', '.join(sorted(_KINDS))}")
    look_back = values.get("look-back")
    if look_back and look_back.get("code") not in _DAYS:
        raise ValueError("look-back must be in days, weeks or years (UCUM d, wk or a)")
    return Concept(
        name=resource["id"],
        title=resource["title"],
        kind=values["concept-kind"],
        look_back=timedelta(days=look_back["value"] * _DAYS[look_back["code"]]) if look_back else None,
        site_matters=bool(values.get("site-matters")),
        may_open=bool(values.get("may-open-a-card")),
        newest_only=bool(values.get("newest-only")),
        thigh_counts=bool(values.get("thigh-counts")),
        elsewhere=str(values.get("elsewhere", "")),
    )


def _side(names: set[str]) -> Side | None:
    return combined_side(
        side
        for name, side in (("side-left", Side.LEFT), ("side-right", Side.RIGHT), ("side-both", Side.BOTH))
        if name in names
    )


def combined_side(sides: Iterable[Side | None]) -> Side | None:
    """Left and right together are both; None when no side is given."""
    given = {side for side in sides if side is not None}
    if len(given) > 1:
        return Side.BOTH
    return given.pop() if given else None


def _answer(names: set[str]) -> State | None:
    if "answer-present" in names:
        return State.PRESENT
    return State.ABSENT if "answer-absent" in names else None


def _phase(plain: str) -> Course | None:
    """What the seventh character of an injury code says (ICD-10-CM Official Guidelines, section I.C.19.a)."""
    if len(plain) != 7 or not plain.startswith(("S", "T", "M84")):
        return None
    return {"A": Course.CURRENT, "B": Course.CURRENT, "C": Course.CURRENT, "S": Course.HISTORY}.get(
        plain[6], Course.UNDER_CARE
    )
