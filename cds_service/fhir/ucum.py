"""A unit of measure, read as UCUM writes it (https://ucum.org/ucum) and as laboratories do.

Only what the results of this service are measured in is read. The library for Python (ucumvert, on Pint) takes two
seconds and 37 MiB to load, which the first card of every process would wait for.
"""

from __future__ import annotations

import re
from collections import Counter
from fractions import Fraction
from typing import NamedTuple

from cds_service.fhir.kept import Kept

_MOST_KEPT, _LONGEST = 1024, 60  # units, and characters of one: what is longer is none
_LARGEST = Fraction(10) ** 100  # units to a unit: a float holds what two of these are to each other
_Atom = tuple[Fraction, dict[str, int]]
_PREFIXES = {"": 0, "k": 3, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12}
_METRIC: dict[str, _Atom] = {
    "m": (Fraction(1), {"m": 1}),
    "g": (Fraction(1), {"g": 1}),
    "s": (Fraction(1), {"s": 1}),
    "L": (Fraction(1, 1000), {"m": 3}),
    "mol": (Fraction(1), {"mol": 1}),
    "eq": (Fraction(1), {"eq": 1}),  # in UCUM a mole; here not, as a mole of calcium is two of them
    "kat": (Fraction(1), {"mol": 1, "s": -1}),
    "U": (Fraction(1, 60_000_000), {"mol": 1, "s": -1}),
    "[iU]": (Fraction(1), {"iU": 1}),
}
_OTHERS: dict[str, _Atom] = {
    "l": _METRIC["L"],
    "[IU]": _METRIC["[iU]"],
    "%": (Fraction(1, 100), {}),
    "min": (Fraction(60), {"s": 1}),
    "h": (Fraction(3600), {"s": 1}),
    "[in_i]": (Fraction(254, 10_000), {"m": 1}),
    "mM": (Fraction(1), {"mol": 1, "m": -3}),  # the rest is not UCUM
    "in": (Fraction(254, 10_000), {"m": 1}),
    "inch": (Fraction(254, 10_000), {"m": 1}),
    "inches": (Fraction(254, 10_000), {"m": 1}),
}
# What laboratories write, in lower case. UI and IE are the IU of French and German, E the U, val an equivalent.
_WORDS = {
    "m": ("m", "meter", "meters", "metre", "metres"),
    "g": ("g", "gm", "gms", "gram", "grams", "gramme", "grammes"),
    "s": ("s", "sec", "second", "seconds"),
    "L": ("l", "ltr", "liter", "liters", "litre", "litres"),
    "mol": ("mol", "mols", "mole", "moles"),
    "eq": ("eq", "equivalent", "equivalents", "val"),
    "kat": ("kat", "katal", "katals"),
    "U": ("u", "e", "unit", "units"),
    "[iU]": ("[iu]", "iu", "ui", "ie"),
}
_LONG_PREFIXES = {
    "kilo": "k",
    "deci": "d",
    "centi": "c",
    "milli": "m",
    "micro": "u",
    "mc": "u",
    "nano": "n",
    "pico": "p",
}
_SPELLED = str.maketrans("µμ²³¹⁻\u2212·⋅∙\u00d7", "uu231--....")
_ASSAY = re.compile(r"[\s_-]*[\[({]?\s*(?<![A-Za-z])(?:(FEU)s?|(D-?DU)s?)(?![A-Za-z])\s*[\])}]?[\s_-]*", re.IGNORECASE)
_ANNOTATION = re.compile(r"\{[^{}]*\}")
_REMARK = re.compile(r"(?<=[^/.(])\([^()/]*\)$")  # U/L (37 C)
_PER = re.compile(r"\s*(?:/|\bper\b)\s*", re.IGNORECASE)
_DIVISORS = re.compile(r"/\(([^()/]+)\)")
_POWER_OF_TEN = re.compile(r"\b10[*^](-?\d{1,2})(?!\d)")
_INTERNATIONAL = re.compile(r"international\s+units?|i\.\s?u\.?|u\.\s?i\.?", re.IGNORECASE)
_PART = re.compile(r"(?P<number>[1-9]\d{0,8}(?:e-?\d{1,2})?)?(?P<symbol>\D*?)\^?(?P<power>[-+]?\d)?")


class Unit(NamedTuple):
    """So many (`factor`) of the units of its `dimension`. Two of one dimension can be converted into each other.

    `assay`: FEU or DDU, where the unit of a D-dimer says which.
    """

    factor: Fraction
    dimension: tuple[tuple[str, int], ...] = ()
    assay: str = ""


def unit_of(text: str) -> Unit | None:
    """What a unit means; None where it cannot be read. Annotations say nothing, but for FEU and DDU."""
    return _units[text] if len(text) <= _LONGEST else None


def converted(value: float, unit: str, into: str) -> float | None:
    """The value in another unit; None where they cannot be compared. A unit that cannot be read is like itself."""
    its, other = unit_of(unit), unit_of(into)
    if its is None or other is None:
        return value if its is other and unit.casefold().split() == into.casefold().split() else None
    if its.dimension != other.dimension or (its.assay and other.assay and its.assay != other.assay):
        return None
    return value if its.factor == other.factor else round(value * float(its.factor / other.factor), 9)


def _unit(text: str) -> Unit | None:
    named = _ASSAY.search(text)
    assay = "" if named is None else "FEU" if named[1] else "DDU"
    plain = (
        _ANNOTATION.sub("", _ASSAY.sub("" if named is None else " ", text))
        .translate(_SPELLED)
        .strip()
        .removesuffix(".")
    )
    plain = _POWER_OF_TEN.sub(r"1e\1", _INTERNATIONAL.sub("[iU]", _REMARK.sub("", plain).strip()))
    plain = _DIVISORS.sub(lambda found: "/" + found[1].replace(".", "/"), _PER.sub("/", plain))
    factor, powers = Fraction(1), Counter[str]()
    for number, part in enumerate(plain.split("/")):
        sign = -1 if number else 1
        if not part and number:
            return None
        for each in re.split(r"\.|\s+", part) if part else ():
            found = _part(each)
            if found is None:
                return None
            factor *= found[0] ** sign
            for base, power in found[1].items():
                powers[base] += sign * power
    if not 1 / _LARGEST < factor < _LARGEST:
        return None
    return Unit(factor, tuple(sorted((base, power) for base, power in powers.items() if power)), assay)


def _part(text: str) -> _Atom | None:
    """A number, a symbol with its prefix and power, or both: 100mL, m2, s-1."""
    found = _PART.fullmatch(text)
    if found is None:
        return None
    number = Fraction(found["number"] or 1)
    if not found["symbol"]:
        return (number, {}) if found["number"] and not found["power"] else None
    atom = _EXACT.get(found["symbol"]) or _loose(found["symbol"])
    if atom is None:
        return None
    power = int(found["power"] or 1)
    return number * atom[0] ** power, {base: its * power for base, its in atom[1].items()}


def _loose(symbol: str) -> _Atom | None:
    """Whatever its case. MU and MIU could be a million or a thousandth, and are not read."""
    return None if symbol.startswith(("MU", "MI")) else _LOOSE.get(symbol.lower())


def _prefixed(prefix: str, atom: str) -> _Atom:
    factor, dimension = _METRIC[atom]
    return factor * Fraction(10) ** _PREFIXES[prefix], dimension


_EXACT = {
    **{prefix + atom: _prefixed(prefix, atom) for atom in _METRIC for prefix in _PREFIXES},
    **{f"{prefix}l": _prefixed(prefix, "L") for prefix in _PREFIXES},
    **{f"{prefix}[IU]": _prefixed(prefix, "[iU]") for prefix in _PREFIXES},
    **_OTHERS,
}
_LOOSE = {
    spelled + word: _EXACT[prefix + atom]
    for atom, words in _WORDS.items()
    for word in words
    for spelled, prefix in ({each: each for each in _PREFIXES} | _LONG_PREFIXES).items()
}
_units = Kept(_unit, most=_MOST_KEPT, longest=_LONGEST + 2)
