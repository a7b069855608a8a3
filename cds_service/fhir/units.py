"""The unit in which each measured concept is judged, and what is converted into it.

A UCUM code decides; a unit text is read where there is no code that can be read. What cannot be converted counts as not
legible, never as normal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cds_service.code_systems import UCUM
from cds_service.fhir.kept import Kept
from cds_service.fhir.members import Quantity
from cds_service.fhir.ucum import converted, unit_of

D_DIMER = "d-dimer"
_UCUM_OID = "2.16.840.1.113883.6.8"


@dataclass(frozen=True, slots=True)
class _Scale:
    """`units`: how many of the unit that is judged (`into`) are in one of each, and of all that can be converted into
    it. `names`: likewise of words that are no units. `highest` is the end of a scale that has one.
    """

    into: str
    units: dict[str, float] = field(default_factory=dict)
    names: dict[str, float] = field(default_factory=dict)
    highest: float = float("inf")


def _names(*names: str) -> dict[str, float]:
    return dict.fromkeys(("", "1", *names), 1.0)


def _in_volume(counts: dict[str, float], volumes: tuple[str, ...]) -> dict[str, float]:
    """So many in a volume, with and without the sign of multiplication before it."""
    return {
        f"{sign}{count}/{volume}": factor
        for count, factor in counts.items()
        for volume in volumes
        for sign in ("", "x")
    }


_LITRES = ("l",)
_MICROLITRES = ("ul", "mcl", "mm3", "mm^3", "mm*3", "cmm")
_AREAS = ("m2", "m^2", "m*2", "sqm", "sq.m")
_MINUTES = {"min": 1.0, "h": 60.0}
_SCALES = {
    "pain-severity": _Scale(
        "of 10",
        names=_names(
            *("score", "scores", "point", "points", "pts", "/10", "of10", "outof10", "nrs", "nprs", "vnrs", "vas"),
            *("painscore", "painscale", "scale", "numericratingscale"),
        ),
        highest=10,
    ),
    "calf-circumference": _Scale("cm", {"cm": 1.0}),
    "creatine-kinase": _Scale("U/L", {"U/L": 1.0, "[iU]/L": 1.0}),
    # Potassium and sodium have one charge: 1 meq is 1 mmol. Magnesium and calcium have two. By molar mass (g/mol):
    # magnesium 24.305, calcium 40.078.
    "potassium": _Scale("mmol/L", {"mmol/L": 1.0, "meq/L": 1.0}),
    "sodium": _Scale("mmol/L", {"mmol/L": 1.0, "meq/L": 1.0}),
    "magnesium": _Scale("mmol/L", {"mmol/L": 1.0, "meq/L": 0.5, "mg/dL": 1 / 2.4305}),
    "calcium": _Scale("mmol/L", {"mmol/L": 1.0, "meq/L": 0.5, "mg/dL": 1 / 4.0078}),
    # A ratio of two pressures; some record it in percent.
    "ankle-brachial-index": _Scale("", names={**_names("ratio", "index", "abi"), "%": 0.01}, highest=3),
    "platelets": _Scale(
        "x 10*9/L",
        names=_in_volume({"10*9": 1.0, "10^9": 1.0, "10e9": 1.0, "g": 1.0, "giga": 1.0, "gpt": 1.0}, _LITRES)
        | _in_volume(
            {"10*3": 1.0, "10^3": 1.0, "10e3": 1.0, "10+3": 1.0, "k": 1.0, "tsd": 1.0, "thou": 1.0}, _MICROLITRES
        )
        | _in_volume({"": 0.001, "1": 0.001, "#": 0.001, "cells": 0.001}, _MICROLITRES)
        | {"": 1.0, "/nl": 1.0, "1/nl": 1.0},
    ),
    "egfr": _Scale(
        "mL/min",
        names=dict.fromkeys(
            (
                "",
                "ml/min",
                "ml/min/",
                "ml/min/1.73",
                *(f"ml/min/1{point}73{area}" for point in ".," for area in _AREAS),
            ),
            1.0,
        ),
    ),
    "bmi": _Scale("kg/m2", {"kg/m2": 1.0}),
    "activity-days": _Scale("d/wk", names=_names("d", "d/wk", "/wk"), highest=7),
    "activity-minutes": _Scale("min/d", names={"": 1.0, **_MINUTES, "min/d": 1.0, "h/d": 60.0}, highest=1440),
    "activity-minutes-per-week": _Scale(
        "min/wk", names={"": 1.0, **_MINUTES, "min/wk": 1.0, "h/wk": 60.0}, highest=10080
    ),
}
_ANOTHER_SCALE = re.compile(r"\b100\b|\b0-[1-9](?!\d)")  # {0-100}
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_SHORT = [
    (re.compile(pattern), short)
    for pattern, short in (
        (r"\s+|_", ""),
        (r"[\u00b5\u03bc]", "u"),
        (r"\u00b2", "2"),
        (r"\(?0(?:-|\u2013|to)10\)?", ""),
        (r"per", "/"),
        (r"days?", "d"),
        (r"weeks?|(?<=/)w$", "wk"),
        (r"minutes?|mins", "min"),
        (r"hours?|hrs?", "h"),
    )
]


def expects_number(concept: str) -> bool:
    """Is it answered with a number?"""
    return concept in _SCALES or concept == D_DIMER


def judged(concept: str, value: float, unit: str) -> tuple[float, str] | None:
    """The value in the unit that the concept is judged in; None when the unit or the value cannot be one of it.

    A concept that is not measured on one scale (D-dimer) keeps its own unit: its assays are not converted into each
    other.
    """
    scale = _SCALES.get(concept)
    if scale is None:
        return value, unit
    factor = _factors[concept, unit]
    if factor is None:
        return None
    inside = value if factor == 1 else value * factor
    return (inside, scale.into) if 0 <= inside <= scale.highest else None


def _factor(asked: tuple[str, str]) -> float | None:
    concept, unit = asked
    scale = _SCALES[concept]
    if scale.names:
        return None if _ANOTHER_SCALE.search(unit) else scale.names.get(_shortened(unit))
    if concept == "calcium" and converted(1, unit, "mg/L") == 1:
        return None  # in public records the code of calcium labels CRP, which is measured in mg/L
    for each, factor in scale.units.items():
        amount = converted(1, unit, each)
        if amount is not None and unit_of(unit) is not None:
            return amount * factor
    return None


_factors = Kept(_factor, most=1024, longest=120)


def _shortened(unit: str) -> str:
    short = _ANNOTATION.sub("", unit).lower()
    for pattern, replacement in _SHORT:
        short = pattern.sub(replacement, short)
    return short


def unit_in(quantity: Quantity) -> str:
    """The UCUM code if there is one that can be read, else the unit as text, else the code of another system."""
    code, text = (quantity.code or "").strip(), (quantity.unit or "").strip()
    if not text or not code:
        return code or text
    return code if _is_ucum(quantity.system) and unit_of(code) is not None else text


def _is_ucum(system: str | None) -> bool:
    return not system or UCUM.removeprefix("http://") in system or system.endswith(_UCUM_OID)


def with_assay(unit: str, text: str) -> str:
    """The unit of a D-dimer, with the FEU or DDU that only its text says."""
    its, told = unit_of(unit), unit_of(text)
    return f"{unit}{{{told.assay}}}" if its and told and told.assay and not its.assay else unit


def is_of_d_dimer(unit: str) -> bool:
    """Could a D-dimer written as text have this unit: none, or a mass or amount in a volume?"""
    its = unit_of(unit)
    return its is not None and (not its.dimension or dict(its.dimension).get("m") == -3)


def display(value: float, unit: str, comparator: str = "") -> str:
    """A number as a clinician writes it: no needless decimals."""
    return f"{comparator}{number(value)} {unit}".strip()


def number(value: float) -> str:
    """As recorded, as long as that fits on a card."""
    return f"{value:.10g}"
