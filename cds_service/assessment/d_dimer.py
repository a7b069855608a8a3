"""A D-dimer, read against the limit of its own assay and nothing else (docs/wells.md).

FEU and DDU are never converted into each other, and a result under LOINC 30240-6, which tells neither, is not compared
with any limit. A normal result lowers a level only beside a refuted DVT (`explained`): NICE NG158 (2023) rests on it
alone only with a two-level Wells score of 1 or less. The age-adjusted limit of the same guideline (over 50: age x 10
ng/mL FEU, ADJUST-DVT 2026) is for that score too, with all its items known; four of them have no code, so that no
record can qualify and the limit is not applied.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from cds_service.assessment.concepts import Concept
from cds_service.facts import Fact, Quantity, State, latest

if TYPE_CHECKING:
    from cds_service.assessment.record import Record

FEU_CODES = frozenset({"48065-7", "48067-3"})
DDU_CODES = frozenset({"48066-5"})
UNCLEAR_CODES = frozenset({"30240-6"})
"""LOINC codes by what they measure (value set d-dimer); 30240-6 is deprecated, as it could be either."""


class Units(StrEnum):
    """Fibrinogen equivalent units, or D-dimer units: of one sample the first is about twice the second."""

    FEU = "FEU"
    DDU = "DDU"
    NOT_STATED = "FEU or DDU not stated"
    CONTRADICTORY = "FEU or DDU unclear, as code and unit differ"


class Verdict(StrEnum):
    RAISED = "raised by its own limit"
    FLAGGED = "raised by the laboratory's own flag"
    NORMAL = "not raised by its own limit"
    FLAGGED_NORMAL = "not raised by the laboratory's own flag"
    AMBIGUOUS_CODE = "not compared with its limit, as LOINC 30240-6 does not tell FEU from DDU"
    NO_LIMIT = "not judged, as it came without a limit that can be compared and without a flag"
    NO_VALUE = "no result that can be read"


_RAISED = (Verdict.RAISED, Verdict.FLAGGED)


class Reading(msgspec.Struct, frozen=True):
    """One result, in which units, and what it is by its own assay.

    `current`: of the last 7 days. `treated`: an anticoagulant is on record, which may have come before the sample.
    """

    fact: Fact
    units: Units
    verdict: Verdict
    current: bool
    treated: bool = False

    @property
    def is_raised(self) -> bool:
        return self.verdict in _RAISED

    @property
    def is_normal(self) -> bool:
        return self.verdict in (Verdict.NORMAL, Verdict.FLAGGED_NORMAL)


def readings(patient: Record) -> tuple[Reading, ...]:
    """Every D-dimer on record, the newest first, undated ones last."""
    if not patient.mentions((Concept.D_DIMER,)):
        return ()
    results = [fact for fact in patient.chart.facts if fact.concept == Concept.D_DIMER]
    results.sort(key=lambda fact: (-latest(fact.when), fact.source))
    days = patient.thresholds.laboratory_days
    treated = bool(patient.anticoagulants())
    return tuple(
        [
            Reading(fact, units_of(fact), verdict_of(fact), bool(patient.surely_within((fact,), days)), treated)
            for fact in results
        ]
    )


def units_of(fact: Fact) -> Units:
    """What its code or its unit says; what they say of each other is not resolved."""
    codes = {code for _system, code in fact.codes}
    unit = fact.quantity.unit.upper().replace("D-DU", "DDU") if fact.quantity is not None else ""
    feu = "FEU" in unit or not codes.isdisjoint(FEU_CODES)
    ddu = "DDU" in unit or not codes.isdisjoint(DDU_CODES)
    if feu and ddu:
        return Units.CONTRADICTORY
    return Units.FEU if feu else Units.DDU if ddu else Units.NOT_STATED


def raised_lately(leg: Record) -> Sequence[Fact]:
    """Those of the last 7 days over the upper limit that came with them, or flagged by the laboratory itself. No other
    limit is used.
    """
    return leg.surely_within(_raised(leg.present(Concept.D_DIMER)), leg.thresholds.laboratory_days)


def raised_in_a_month(leg: Record) -> Sequence[Fact]:
    """Those of the last 30 days, or undated, raised likewise."""
    return _raised(leg.new(Concept.D_DIMER))


def is_not_judged(fact: Fact) -> bool:
    """Has it a result that nothing tells raised from normal?"""
    return verdict_of(fact) in (Verdict.AMBIGUOUS_CODE, Verdict.NO_LIMIT)


def _raised(results: Sequence[Fact]) -> Sequence[Fact]:
    return [fact for fact in results if verdict_of(fact) in _RAISED]


def verdict_of(fact: Fact) -> Verdict:
    """A value over its own limit is raised whatever the flag says; a flag for raised counts whatever the value."""
    quantity = fact.quantity
    if fact.state is not State.PRESENT or quantity is None or (quantity.value is None and quantity.raised is None):
        return Verdict.NO_VALUE
    comparable = not {code for _system, code in fact.codes} <= UNCLEAR_CODES
    over = _over(quantity) if comparable else None
    if over:
        return Verdict.RAISED
    if quantity.raised is not None:
        return Verdict.FLAGGED if quantity.raised else Verdict.FLAGGED_NORMAL
    if not comparable:
        return Verdict.AMBIGUOUS_CODE
    return Verdict.NO_LIMIT if over is None else Verdict.NORMAL


def _over(quantity: Quantity) -> bool | None:
    """Is the value over its own limit? None where that cannot be told: no limit, or "<600" with a limit of 500."""
    value, limit, comparator = quantity.value, quantity.high, quantity.comparator
    if value is None or limit is None:
        return None
    if comparator.startswith("<"):
        return False if value <= limit else None
    if comparator.startswith(">") and value <= limit:
        return True if value == limit and comparator == ">" else None
    return value > limit
