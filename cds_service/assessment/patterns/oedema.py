"""Swelling of both legs from a cause outside them."""

from __future__ import annotations

from cds_service.assessment.criteria import Presentation
from cds_service.assessment.leg import Leg
from cds_service.assessment.patterns.pattern import Fit, Pattern
from cds_service.assessment.sources import OEDEMA
from cds_service.facts import Fact, Side, Site

_ONE_SIDE = (Side.LEFT, Side.RIGHT)


def both_sided_oedema(leg: Leg, presentation: Presentation) -> Fit | None:
    """Swelling that is not known to be one-sided, beside a disease that causes oedema. One-sided swelling is against.

    The disease must have been known for longer than 30 days, as for the level (docs/triage.md).
    """
    causes = leg.older_than(leg.confirmed("oedema-cause"), leg.thresholds.explaining_days)
    swelling = leg.any_of("swelling", "pitting-oedema")
    fitting = [fact for fact in swelling if _may_be_both_sided(fact)]
    if not causes or not fitting:
        return None
    against = tuple([fact for fact in swelling if not _may_be_both_sided(fact)])
    return Fit((*fitting, *causes), against, missing=("calf circumference of both legs",))


def _may_be_both_sided(fact: Fact) -> bool:
    return fact.side is Side.BOTH or (fact.side not in _ONE_SIDE and fact.site is not Site.LOWER_LEG)


PATTERNS = (
    Pattern(
        "both-sided-oedema",
        "Oedema of both legs from a known disease",
        OEDEMA,
        needs=("oedema-cause",),
        judge=both_sided_oedema,
    ),
)
