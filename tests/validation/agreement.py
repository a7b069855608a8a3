"""Counts of agreement and their confidence intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist

from cds_service.assessment.rule import Level
from tests.validation.answers import Answer

_Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True)
class Proportion:
    """`hits` of `total`; a part of 1."""

    hits: int
    total: int

    @property
    def value(self) -> float:
        return self.hits / self.total

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % Wilson score interval, without continuity correction.

        Made for small counts and for proportions near 0 or 1, where the usual interval fails. Formula:
        https://rdrr.io/cran/cicalc/man/ci_prop_wilson.html (read 2026-11-25), after Wilson 1927.
        """
        n, p, z2 = self.total, self.value, _Z * _Z
        middle = p + z2 / (2 * n)
        half = _Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n))
        return max(0.0, (middle - half) / (1 + z2 / n)), min(1.0, (middle + half) / (1 + z2 / n))


def share(items: Iterable[Answer], holds: Callable[[Answer], bool]) -> Proportion:
    """Of these answers, those of which it holds."""
    told = [holds(each) for each in items]
    return Proportion(sum(told), len(told))


@dataclass(frozen=True)
class Accuracy:
    """How well the answers tell charts where something is expected from those where it is not."""

    sensitivity: Proportion
    specificity: Proportion


def accuracy(items: Sequence[Answer], expected: Callable[[Answer], bool], said: Callable[[Answer], bool]) -> Accuracy:
    """Of the charts where it is expected, those where it was said; of the others, those where it was not."""
    return Accuracy(
        share([each for each in items if expected(each)], said),
        share([each for each in items if not expected(each)], lambda each: not said(each)),
    )


def rule_accuracy(items: Sequence[Answer], rule: str) -> Accuracy:
    """Of one rule: did it raise the level where it should, and nowhere else?"""
    return accuracy(items, lambda each: rule in each.vignette.raised_by, lambda each: rule in each.raised_by)


def at_least(items: Sequence[Answer], level: Level) -> Accuracy:
    """Of this level or a higher one."""
    return accuracy(items, lambda each: each.vignette.level >= level, lambda each: each.level >= level)


def exactly(items: Sequence[Answer], level: Level) -> Accuracy:
    return accuracy(items, lambda each: each.vignette.level is level, lambda each: each.level is level)


def confusion(items: Iterable[Answer]) -> Counter[tuple[Level, Level]]:
    """How often each (expected, answered) occurred."""
    return Counter((each.vignette.level, each.level) for each in items)
