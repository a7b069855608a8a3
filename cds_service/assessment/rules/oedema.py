"""Swelling of both legs from a cause outside them."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.concepts import Concept
from cds_service.assessment.record import Leg
from cds_service.assessment.rule import Kind, Rule, Seen
from cds_service.assessment.sources import OEDEMA
from cds_service.facts import Fact, Side, Site

_ONE_SIDE = (Side.LEFT, Side.RIGHT)


def _both_sided(_: Sequence[Fact], leg: Leg) -> Seen | None:
    """The disease must have been known as long as for the level (docs/triage.md)."""
    causes = leg.older_than(leg.confirmed(Concept.OEDEMA_CAUSE), leg.thresholds.explaining_days)
    swelling = leg.any_of(Concept.SWELLING, Concept.PITTING_OEDEMA)
    fitting = [fact for fact in swelling if _may_be_both_sided(fact)]
    if not causes or not fitting:
        return None
    against = [fact for fact in swelling if not _may_be_both_sided(fact)]
    return Seen(
        [*fitting, *causes],
        against=against,
        missing=leg.unless_told("calf circumference of both legs", Concept.CALF_CIRCUMFERENCE),
    )


def _may_be_both_sided(fact: Fact) -> bool:
    return fact.side is Side.BOTH or (fact.side not in _ONE_SIDE and fact.site is not Site.LOWER_LEG)


BOTH_SIDED = Rule(
    id="pattern-both-sided-oedema",
    kind=Kind.CAUSE,
    label="Oedema of both legs from a known disease",
    source=OEDEMA,
    says="Swelling that is not known to be one-sided, beside a disease that causes oedema, known for over "
    "{explaining_days} days. One-sided swelling is against.",
    needs=(Concept.OEDEMA_CAUSE,),
    when=_both_sided,
)

CAUSES = (BOTH_SIDED,)
