"""A D-dimer, read against the limit of its own assay and nothing else."""

from __future__ import annotations

from cds_service.facts import Fact


def is_raised(fact: Fact) -> bool:
    """By the laboratory's own flag, or over the upper limit that came with the result. No other limit is used."""
    quantity = fact.quantity
    if quantity is None:
        return False
    if quantity.value is None or quantity.high is None or quantity.comparator.startswith("<"):
        return quantity.raised is True
    over = quantity.value > quantity.high or (quantity.value == quantity.high and quantity.comparator == ">")
    return over or quantity.raised is True
