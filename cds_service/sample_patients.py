"""The sample patients, with their dates moved so that the day on which the samples were written is today."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from cds_service.errors import ConfigurationError

WRITTEN_ON = date(2026, 11, 2)
"""The day that all samples take as today."""

_EXPECTED = "expected.json"
_FULL = re.compile(r"(\d{4}-\d\d-\d\d)(T\d\d:\d\d.*)?")
_PARTIAL = re.compile(r"\d{4}(-\d\d)?")
# "1191" is a drug under `code` and a town under `postalCode`: short dates are known by their element
_DATE_ELEMENTS = re.compile(r".*([dD]ate|DateTime)|issued|recorded|authoredOn|start|end|lastUpdated")


@dataclass(frozen=True, slots=True)
class SamplePatient:
    """One file of the samples: a Bundle with one patient's chart, named by what matters in it.

    `card`: the indicator of the card that it gets, or none; empty where that is not told.
    """

    name: str
    bundle: dict[str, Any]
    card: str = ""

    @property
    def title(self) -> str:
        return self.name.replace("-", " ")

    @property
    def patient_id(self) -> str:
        """The id of the one Patient."""
        return next(str(each["id"]) for each in filed(self.bundle) if each["resourceType"] == "Patient")


def load_samples(folder: Path) -> list[SamplePatient]:
    """Every sample, by name. Raises ConfigurationError naming a file that cannot be used."""
    samples = []
    expected = _read_object(folder / _EXPECTED) if (folder / _EXPECTED).exists() else {}
    for file in sorted(folder.glob("*.json")):
        if file.name == _EXPECTED:
            continue
        bundle = _read_object(file)
        if bundle.get("resourceType") != "Bundle":
            raise ConfigurationError(f"{file}: not a FHIR Bundle. Correct or remove the file.")
        samples.append(SamplePatient(file.stem, bundle, expected.get(file.stem, {}).get("level", "")))
    if not samples:
        raise ConfigurationError(f"{folder}: no sample patients found. Reinstall the package.")
    return samples


def _read_object(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict):
        raise ConfigurationError(f"{file}: not a JSON object that can be read. Correct the file, or reinstall.")
    return content


def charts_on(day: date, samples: Iterable[SamplePatient]) -> list[tuple[str, list[dict[str, Any]]]]:
    """The id of each patient and the resources of the chart, moved to a day."""
    return [(each.patient_id, filed(moved_to(day, each.bundle))) for each in samples]


def filed(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    """The resources of a Bundle as a FHIR server keeps them.

    OperationOutcomes belong to one answer, so they are left out; `urn:uuid:` references belong to one Bundle,
    so they become `Type/id`.
    """
    kept = [entry for entry in bundle["entry"] if "id" in entry["resource"]]
    places = {entry["fullUrl"]: f"{entry['resource']['resourceType']}/{entry['resource']['id']}" for entry in kept}
    return [_referring(entry["resource"], places) for entry in kept]


def _referring(value: Any, places: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {
            name: places.get(each, each) if name == "reference" and isinstance(each, str) else _referring(each, places)
            for name, each in value.items()
        }
    return [_referring(each, places) for each in value] if isinstance(value, list) else value


def utc_today() -> date:
    """The day to move samples to: UTC, as their times are, so that in no time zone one lies ahead."""
    return datetime.now(UTC).date()


def moved_to(today: date, bundle: dict[str, Any]) -> dict[str, Any]:
    """The Bundle with every date moved by as many days as lie between WRITTEN_ON and `today`.

    Each date keeps its form: a month or a year is moved by way of its middle. Birth dates are moved so that
    ages stay as they were, in completed years and days. Resource ids stay.
    """
    moved: dict[str, Any] = _moved(bundle, "", (today - WRITTEN_ON).days)
    return moved


def _moved(value: Any, element: str, days: int) -> Any:
    if isinstance(value, dict):
        return {name: _moved(each, name, days) for name, each in value.items()}
    if isinstance(value, list):
        return [_moved(each, element, days) for each in value]
    if not isinstance(value, str):
        return value
    if match := _FULL.fullmatch(value):
        day = date.fromisoformat(match[1])
        moved = _same_age(day, days) if element == "birthDate" else day + timedelta(days=days)
        return f"{moved}{match[2] or ''}"
    if _PARTIAL.fullmatch(value) and _DATE_ELEMENTS.fullmatch(element):
        middle = date.fromisoformat(f"{value}-15" if len(value) == 7 else f"{value}-07-02")
        return (middle + timedelta(days=days)).isoformat()[: len(value)]
    return value


def _same_age(born: date, days: int) -> date:
    """The birth date of one who is as old on the new day as `born` was on WRITTEN_ON, in years and days."""
    years = WRITTEN_ON.year - born.year
    if _in_year(born, WRITTEN_ON.year) > WRITTEN_ON:
        years -= 1
    last_birthday = _in_year(born, born.year + years) + timedelta(days=days)
    return _in_year(last_birthday, last_birthday.year - years)


def _in_year(day: date, year: int) -> date:
    """29 February is the 28th in other years."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
