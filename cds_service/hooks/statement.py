"""What a card says, apart from its words: two cards that say the same are the same card to a clinician."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Self

import msgspec

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.rule import Finding, Kind, Level
from cds_service.facts import Fact, Interval
from cds_service.fhir import dates
from cds_service.rendering.case import CHART_ALONE, Occasion, card_id

_encode = msgspec.json.Encoder().encode
_BY_NAME = (Kind.RISK, Kind.PRECAUTION)
"""What is told by its name: a further entry of it is nothing new."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a card tells, as far as it decides whether the card may be kept back.

    `has_red_flag`: is a red flag of the guidance on it, raising the level or only listed? `was_read`: were Conditions
    and Observations read? What was not read may be new. `content`: the same for the same statement.
    """

    level: Level
    has_red_flag: bool
    was_read: bool
    content: bytes

    @classmethod
    def of(cls, assessment: Assessment, as_of: datetime, occasion: Occasion = CHART_ALONE) -> Self:
        """What the card about this assessment tells on this occasion, at an aware moment."""
        has_red_flag = any(flag.is_present for flag in assessment.of(Kind.RED_FLAG))
        return cls(assessment.level, has_red_flag, assessment.fully_read, _content(assessment, occasion, as_of))


def _content(assessment: Assessment, occasion: Occasion, as_of: datetime) -> bytes:
    """The same for the same level, card, occasion, findings of every kind, entries behind them, shown or not, and parts
    of the chart that stayed unread; never words, ages or moments.

    What a draft or an undated entry is dated by is the moment of its call, `as_of`: that is left out.
    """
    chart = assessment.record.chart
    late = occasion.appointments
    wells = assessment.wells.items if assessment.wells else ()
    return _encode(
        (
            (occasion.id, card_id(assessment), assessment.level, assessment.side),
            _found(assessment.findings),
            _found(occasion.new_findings),
            _facts(
                chain(
                    assessment.complaint,
                    occasion.entries,
                    *(finding.facts for finding in assessment.findings if finding.rule.kind not in _BY_NAME),
                    *(item.evidence for item in wells),
                    (each.fact for each in assessment.d_dimers),
                    assessment.indices,
                ),
                dates.shown(as_of, dates.zone_of(as_of)),
            ),
            sorted({gap.topic for gap in chart.gaps}),
            sorted(chart.left_out.items()),
            sorted(chart.unread_medicines),
            sorted((each.source, each.words, each.is_current) for each in chart.unread_conditions),
            [step.name for step in assessment.next_steps],
            [when.text if when else "" for when in late.proposed] if late else (),
        )
    )


def _found(findings: Iterable[Finding]) -> list[tuple[str, str, str, int]]:
    known = [each for each in findings if each.is_present or (each.evidence and each.rule.kind not in _BY_NAME)]
    return sorted((finding.rule.kind, finding.rule.id, finding.state, finding.level) for finding in known)


def _facts(facts: Iterable[Fact], now: str) -> list[str]:
    """Each once, whatever their order."""
    return sorted([_encode(_fact(fact, now)).decode() for fact in dict.fromkeys(facts)])


def _fact(fact: Fact, now: str) -> tuple[object, ...]:
    """All but how it is called, and the encounter that it was recorded in."""
    return (
        *(fact.source, fact.concept, fact.codes, fact.state, fact.certainty, fact.course, fact.side, fact.site),
        *(fact.severe, fact.sudden, fact.corrected, fact.quantity, fact.remarks),
        *(_date(when, now) for when in (fact.when, fact.began, fact.recorded)),
    )


def _date(when: Interval | None, now: str) -> str:
    return "" if when is None or when.text == now else when.text
