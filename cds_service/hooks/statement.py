"""What a card says, apart from its words: two cards that say the same are the same card to a clinician."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Self

import msgspec

from cds_service.assessment.rules import Finding, Level
from cds_service.assessment.triage import Assessment
from cds_service.facts import Fact, Interval, State
from cds_service.rendering.case import CHART_ALONE, Occasion, card_id

_encode = msgspec.json.Encoder().encode
_PRESENT = State.PRESENT


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
        has_red_flag = any(flag.state is _PRESENT for flag in assessment.red_flags)
        return cls(assessment.level, has_red_flag, assessment.fully_read, _content(assessment, occasion, as_of))


def _content(assessment: Assessment, occasion: Occasion, as_of: datetime) -> bytes:
    """The same for the same level, card, occasion, findings, evidence, and parts of the chart that stayed unread.

    What a draft or an undated entry is dated by is the moment of its call, `as_of`: that is left out.
    """
    listed = [*[flag for flag in assessment.red_flags if flag.state is _PRESENT], *assessment.listed]
    risks = [risk for risk in assessment.risk_factors if risk.state is _PRESENT]
    late = occasion.appointments
    return _encode(
        (
            (occasion.id, card_id(assessment), assessment.level, assessment.side),
            [_rules(each) for each in (assessment.findings, listed, risks, occasion.new_findings)],
            _facts(
                chain(
                    assessment.complaint,
                    assessment.beside,
                    assessment.illegible,
                    occasion.entries,
                    *(finding.evidence for finding in (*assessment.findings, *listed)),
                    *(item.evidence for item in (assessment.wells.items if assessment.wells else ())),
                    *(each.fit.facts for each in assessment.patterns),
                    (each.fact for each in assessment.d_dimers),
                ),
                as_of.isoformat(),
            ),
            [(step.name, step.withheld) for step in assessment.home_care],
            sorted({gap.topic for gap in assessment.gaps}),
            assessment.left_out,
            [when.text if when else "" for when in late.proposed] if late else (),
        )
    )


def _rules(findings: Iterable[Finding]) -> list[tuple[str, int]]:
    return sorted((finding.rule.id, finding.level) for finding in findings)


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
