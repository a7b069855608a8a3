"""The charts of the validation, each with the level and the rules that the policy gives it.

Two folders: the sample patients of fhir_fixtures/, and tests/vignettes/*.yaml, whose charts are in the short form of
tests/charts.py and become FHIR R4 Bundles here. Both say what to expect in the words of a person who read the policy,
not of the program.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from cds_service.assessment.rule import Level
from tests.charts import AS_OF, PATIENT_ID, Entry, born_years_ago, concept, patient, resource, when
from tests.yaml_files import load_yaml

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fhir_fixtures"
FOLDER = ROOT / "tests" / "vignettes"
FIXTURES_AS_OF = datetime(2026, 11, 2, 12, tzinfo=UTC)


class Origin(StrEnum):
    """Where a chart comes from."""

    FIXTURE = "sample patient"
    PUBLISHED = "published case"
    WRITTEN = "written for this"
    EVERYDAY = "everyday chart"


@dataclass(frozen=True)
class Source:
    """The publication that a chart was rebuilt from, and where it can be read."""

    citation: str
    url: str


@dataclass(frozen=True)
class Vignette:
    """A chart and what the policy makes of it.

    `raised_by` are the ids of the rules that should raise the level, those of the guidance's red flags among them.
    `graver`: what danger the policy does not see in this chart, and why, where there is one.
    `corrected` tells why the expectation was changed after the first run, where it was.
    """

    id: str
    title: str
    story: str
    origin: Origin
    bundle: dict[str, Any] = field(repr=False)
    as_of: datetime
    level: Level
    raised_by: frozenset[str]
    why: str
    source: Source | None = None
    corrected: str = ""
    graver: str = ""

    @property
    def is_benign(self) -> bool:
        """By the policy nothing to raise an alarm about: no leg complaint, or one without any higher finding."""
        return self.level <= Level.INFO


def all_vignettes() -> list[Vignette]:
    """The sample patients, then the vignettes file by file."""
    return [*_sample_patients(), *written_vignettes()]


def written_vignettes() -> list[Vignette]:
    """Those of tests/vignettes/."""
    files = sorted(FOLDER.glob("*.yaml"))
    return [_vignette(each, _ORIGINS.get(file.stem, Origin.WRITTEN)) for file in files for each in load_yaml(file)]


def _sample_patients() -> list[Vignette]:
    expected = json.loads((FIXTURES / "expected.json").read_text(encoding="utf-8"))
    return [
        Vignette(
            id=name,
            title=told["finding"].capitalize(),
            story=told["why"],
            origin=Origin.FIXTURE,
            bundle=json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8")),
            as_of=FIXTURES_AS_OF,
            level=Level[told["level"].upper()],
            raised_by=frozenset(told["raised_by"]),
            why=told["why"],
        )
        for name, told in expected.items()
    ]


_ORIGINS = {"everyday": Origin.EVERYDAY}
"""Of whole files; a chart with a source is a published case wherever it stands."""


def _vignette(told: dict[str, Any], origin: Origin) -> Vignette:
    source, expect = told.get("source"), told["expect"]
    return Vignette(
        id=told["id"],
        title=told["title"],
        story=told["story"].strip(),
        origin=Origin.PUBLISHED if source else origin,
        bundle=_bundle(told["patient"], told["chart"]),
        as_of=AS_OF,
        level=Level[expect["level"].upper()],
        raised_by=frozenset(expect["raised_by"]),
        why=expect["why"].strip(),
        source=Source(**source) if source else None,
        corrected=told.get("corrected", "").strip(),
        graver=told.get("graver", "").strip(),
    )


def _bundle(who: dict[str, Any], chart: list[Entry]) -> dict[str, Any]:
    """A whole chart as a Bundle, the patient first."""
    resources = [_patient(who), *(_resource(entry, number) for number, entry in enumerate(chart))]
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": each} for each in resources]}


def _patient(who: dict[str, Any]) -> dict[str, Any]:
    """A report that gives no age leaves the birth date out."""
    born = {"birthDate": who["birthDate"]} if "birthDate" in who else {}
    if "age" in who:
        born = {"birthDate": born_years_ago(who["age"])}
    gender = {"gender": who["gender"]} if "gender" in who else {}
    made = patient(**born, **gender)
    return made if born else {name: value for name, value in made.items() if name != "birthDate"}


def _resource(entry: Entry, number: int) -> dict[str, Any]:
    kind = next(iter(entry))
    if kind not in _NOISE:
        return resource(entry, number)
    who = {"reference": f"Patient/{PATIENT_ID}"}
    return {"id": f"r{number}", **_NOISE[kind](entry, who)}


def _visit(entry: Entry, who: Any) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "type": [concept(entry["visit"])],
        "subject": who,
        "period": {"start": when(entry["at"])},
    }


def _vaccine(entry: Entry, who: Any) -> dict[str, Any]:
    return {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": concept(entry["vaccine"]),
        "patient": who,
        "occurrenceDateTime": when(entry["at"]),
    }


def _allergy(entry: Entry, who: Any) -> dict[str, Any]:
    return {"resourceType": "AllergyIntolerance", "code": concept(entry["allergy"]), "patient": who}


def _family(entry: Entry, who: Any) -> dict[str, Any]:
    kinship = {"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": entry["who"]}
    return {
        "resourceType": "FamilyMemberHistory",
        "status": "completed",
        "patient": who,
        "relationship": {"coding": [kinship]},
        "condition": [{"code": concept(entry["family"])}],
    }


_NOISE: dict[str, Callable[[Entry, Any], dict[str, Any]]] = {
    "visit": _visit,
    "vaccine": _vaccine,
    "allergy": _allergy,
    "family": _family,
}
"""What an everyday chart holds beside what the service asks for."""
