"""Measured values beside a limit. "Under 5" is not known to be over 4, nor "over 5" to be under 6."""

from __future__ import annotations

from cds_service.facts import Fact, Quantity
from cds_service.thresholds import Thresholds

CREATINE_KINASE_UNIT = "U/L"


def is_above(quantity: Quantity | None, limit: float) -> bool:
    """Surely above this limit, which is in the unit of the value."""
    if quantity is None or quantity.value is None or quantity.comparator.startswith("<"):
        return False
    return quantity.value > limit or (quantity.value == limit and quantity.comparator == ">")


def is_at_least(quantity: Quantity | None, limit: float) -> bool:
    """Surely at this limit, which is in the unit of the value, or above it."""
    if quantity is None or quantity.value is None or quantity.comparator.startswith("<"):
        return False
    return quantity.value >= limit


def is_below(quantity: Quantity | None, limit: float) -> bool:
    """Surely below this limit, which is in the unit of the value."""
    if quantity is None or quantity.value is None or quantity.comparator.startswith(">"):
        return False
    return quantity.value < limit or (quantity.value == limit and quantity.comparator == "<")


def is_raised(quantity: Quantity | None, times: float = 1.0) -> bool:
    """Above so many times its own upper limit; above it at all also by the laboratory's own flag."""
    if quantity is None:
        return False
    flagged = quantity.raised is True and times == 1.0
    return flagged or bool(quantity.high and is_above(quantity, quantity.high * times))


def is_raised_creatine_kinase(fact: Fact, limits: Thresholds, times: float) -> bool:
    """Over so many times its own upper limit. Without one by the laboratory's own flag, or over so many times the limit
    that stands behind what is high where none is given.
    """
    quantity = fact.quantity
    if quantity is not None and quantity.high:
        return is_raised(quantity, times)
    return is_raised(quantity) or is_above(quantity, limits.ck_units_per_litre / limits.ck_times_upper_limit * times)


def is_high_creatine_kinase(fact: Fact, limits: Thresholds) -> bool:
    """Over 5 times the upper limit that came with it; without one, over 1,000 U/L."""
    quantity = fact.quantity
    if quantity is not None and quantity.high:
        return is_above(quantity, quantity.high * limits.ck_times_upper_limit)
    return is_above(quantity, limits.ck_units_per_litre)


def is_very_high_creatine_kinase(fact: Fact, limits: Thresholds) -> bool:
    """From 5,000 U/L on; of a unit that cannot be converted it may be."""
    quantity = fact.quantity
    return quantity is not None and (
        quantity.unit != CREATINE_KINASE_UNIT or is_at_least(quantity, limits.ck_critical_units_per_litre)
    )
