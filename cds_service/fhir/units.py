"""The units in which each measured concept is accepted, as factors into the unit it is judged in.

UCUM codes (https://ucum.org) decide; a unit text is read only where no UCUM code is given. What is not listed is not
converted: the value then counts as not legible, never as normal.
"""

from __future__ import annotations

import re

_MINUTES = {"min": 1.0, "h": 60.0}
_UNITS: dict[str, tuple[str, dict[str, float]]] = {
    "pain-severity": (
        "of 10",
        dict.fromkeys(("", "1", "{score}", "{0-10}", "{points}", "score", "points", "/10", "out of 10"), 1.0),
    ),
    "calf-circumference": ("cm", {"cm": 1.0, "mm": 0.1, "m": 100.0, "[in_i]": 2.54, "in": 2.54}),
    # 1 katal is 6e7 U, so 1 ukat/L is 60 U/L.
    "creatine-kinase": ("U/L", {"U/L": 1.0, "u/L": 1.0, "[IU]/L": 1.0, "IU/L": 1.0, "ukat/L": 60.0}),
    # Potassium has one charge: 1 meq is 1 mmol.
    "potassium": ("mmol/L", {"mmol/L": 1.0, "meq/L": 1.0, "mEq/L": 1.0}),
    "sodium": ("mmol/L", {"mmol/L": 1.0, "meq/L": 1.0, "mEq/L": 1.0}),
    # Two charges: 1 meq is half a mmol. By molar mass (g/mol): magnesium 24.305, calcium 40.078.
    "magnesium": ("mmol/L", {"mmol/L": 1.0, "meq/L": 0.5, "mEq/L": 0.5, "mg/dL": 1 / 2.4305}),
    "calcium": ("mmol/L", {"mmol/L": 1.0, "meq/L": 0.5, "mEq/L": 0.5, "mg/dL": 1 / 4.0078}),
    # A ratio of two pressures; some record it in percent.
    "ankle-brachial-index": ("", {**dict.fromkeys(("", "1", "{ratio}", "ratio"), 1.0), "%": 0.01}),
    "bmi": ("kg/m2", {"kg/m2": 1.0, "kg/m^2": 1.0, "kg/m²": 1.0}),
    "activity-days": ("d/wk", dict.fromkeys(("", "1", "d", "d/wk", "/wk", "days", "days/week", "{days}/wk"), 1.0)),
    "activity-minutes": ("min/d", {"": 1.0, **_MINUTES, "min/d": 1.0, "h/d": 60.0, "minutes": 1.0}),
    "activity-minutes-per-week": ("min/wk", {"": 1.0, **_MINUTES, "min/wk": 1.0, "h/wk": 60.0, "minutes": 1.0}),
}
# D-dimer: 1 ng/mL is 1 ug/L, 1 mg/L and 1 ug/mL are a thousand of them.
_MASS = {
    **dict.fromkeys(("ng/mL", "ug/L", "mcg/L", "µg/L", "μg/L"), 1.0),
    **dict.fromkeys(("mg/L", "ug/mL", "mcg/mL", "µg/mL", "μg/mL"), 1000.0),
}
_ASSAY = re.compile(r"[ _]*(?:\{(FEU|DDU)\}|\((FEU|DDU)\)|(FEU|DDU))$", re.IGNORECASE)
_RANGES = {
    "pain-severity": (0.0, 10.0),
    "ankle-brachial-index": (0.0, 3.0),
    "activity-days": (0.0, 7.0),
    "activity-minutes": (0.0, 1440.0),
    "activity-minutes-per-week": (0.0, 10080.0),
}


def judged(concept: str, value: float, unit: str) -> tuple[float, str] | None:
    """The value in the unit that the concept is judged in; None when the unit or the value cannot be one of it.

    A concept without a table (D-dimer) keeps its own unit: its assays are not converted into each other.
    """
    if concept not in _UNITS:
        return value, unit
    canonical, factors = _UNITS[concept]
    factor = factors.get(unit)
    if factor is None:
        return None
    low, high = _RANGES.get(concept, (0.0, float("inf")))
    converted = value * factor
    return (converted, canonical) if low <= converted <= high else None


def limit_of_assay(limit: float, limit_unit: str, unit: str) -> float | None:
    """The upper limit of a D-dimer in the unit of its value; None where they cannot be compared.

    Only the prefix of the mass is converted. One of the two may leave out FEU or DDU, as they are of one assay; they
    may not say both, since a value in FEU and a limit in DDU are different things.
    """
    if limit_unit == unit:
        return limit
    (limit_mass, limit_assay), (mass, assay) = _mass_and_assay(limit_unit), _mass_and_assay(unit)
    if limit_mass is None or mass is None or (limit_assay and assay and limit_assay != assay):
        return None
    return round(limit * limit_mass / mass, 9)


def _mass_and_assay(unit: str) -> tuple[float | None, str]:
    """ng/mL{FEU}, ng/mL FEU or ng/mL (FEU): 1.0 and FEU."""
    assay = _ASSAY.search(unit)
    if assay is None:
        return _MASS.get(unit), ""
    return _MASS.get(unit[: assay.start()]), (assay[1] or assay[2] or assay[3]).upper()


def display(value: float, unit: str, comparator: str = "") -> str:
    """A number as a clinician writes it: no needless decimals."""
    return f"{comparator}{number(value)} {unit}".strip()


def number(value: float) -> str:
    """As recorded, as long as that fits on a card."""
    return f"{value:.10g}"
