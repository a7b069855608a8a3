"""The source attributes of an evidence-based decision support intervention, for those who must show them to users.

45 CFR 170.315(b)(11)(iv)(A) lists thirteen; the duty is the certified EHR's. A rule set that learns nothing from data
is evidence-based, not predictive. The list was read on 2026-11-25 as the database script of OpenEMR ships it
(dsi_evidence_source_attributes), not in the CFR itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cds_service.assessment.citation import Citation
from cds_service.assessment.sources import OURS
from cds_service.publishing.fhir_resources import sources
from cds_service.publishing.publication import Publication
from cds_service.thresholds import numbers

RULE = "45 CFR 170.315(b)(11)(iv)(A)"
_NOT_READ = "Not used: not read from the chart."


@dataclass(frozen=True, slots=True)
class SourceAttribute:
    """One of the thirteen. `used`: whether the intervention uses such data; None where that is not the question."""

    number: int
    id: str
    title: str
    answer: str
    used: bool | None = None
    citations: Sequence[Citation] = ()


def source_attributes(published: Publication) -> list[SourceAttribute]:
    """All thirteen, in the order of the rule."""
    rules = [rule for rule_set in published.rule_sets for rule in rule_set.rules]
    cited = [source for source in sources(rules) if source is not OURS]
    own = sum(rule.source is OURS for rule in rules)
    limits = published.thresholds
    return [
        SourceAttribute(
            1,
            "citation",
            "Bibliographic citation of the intervention (clinical research or guideline)",
            f"Those listed here. {own} of {len(rules)} rules are this service's own, marked so, without a published "
            "source.",
            citations=cited,
        ),
        SourceAttribute(
            2,
            "developer",
            "Developer of the intervention (translation from clinical research or guideline)",
            _developer(published),
        ),
        SourceAttribute(
            3,
            "funding",
            "Funding source of the technical implementation for the intervention's development",
            published.funding or "Not stated, neither by the authors of calf-pain-cds nor by the operator.",
        ),
        SourceAttribute(
            4,
            "dates",
            "Release and, if applicable, revision dates of the intervention or reference source",
            _dates(published),
        ),
        SourceAttribute(5, "race", "Use of race", _NOT_READ, used=False),
        SourceAttribute(6, "ethnicity", "Use of ethnicity", _NOT_READ, used=False),
        SourceAttribute(7, "language", "Use of language", _NOT_READ, used=False),
        SourceAttribute(8, "sexual-orientation", "Use of sexual orientation", _NOT_READ, used=False),
        SourceAttribute(9, "gender-identity", "Use of gender identity", _NOT_READ, used=False),
        SourceAttribute(
            10,
            "sex",
            "Use of sex",
            f"{_NOT_READ} Pregnancy, the weeks after it and oestrogen treatment count where they are coded, whatever "
            "sex is recorded.",
            used=False,
        ),
        SourceAttribute(
            11,
            "date-of-birth",
            "Use of date of birth",
            f"Used. Age over {limits.over_age_years} is a risk factor of the guidance; under {limits.adult_years} the "
            "Wells score does not apply, nothing is suggested, and the card says that the rules are for adults.",
            used=True,
        ),
        SourceAttribute(12, "social-determinants", "Use of social determinants of health data", _NOT_READ, used=False),
        SourceAttribute(
            13,
            "health-status-assessments",
            "Use of health status assessments data",
            "Used. A pain score, coded problems walking or moving and pregnancy status can decide on the card; answers "
            "on physical activity (Exercise Vital Sign) and smoking status are only listed on it.",
            used=True,
        ),
    ]


def _developer(published: Publication) -> str:
    changed = [each.name for each in numbers(published.thresholds) if each.value != each.default]
    operator = published.developer or "The operator of this installation states nothing of itself."
    own = f" This installation has set numbers of its own: {', '.join(changed)}." if changed else ""
    own += "".join(f" {each}" for each in published.decisions)
    return f"{operator} Code and rules: the authors of calf-pain-cds (Apache-2.0), who name no organisation.{own}"


def _dates(published: Publication) -> str:
    written = [published.written(rules) for rules in published.rule_sets]
    reviewed = [each.reviewed for each in written]
    due = min(each.review_due for each in written)
    dated = [each["date"] for each in published.value_sets.values()]
    return (
        f"Knowledge version {published.version}. Rule sets last reviewed {_span(reviewed)}, next due {due}. Value sets "
        f"of {_span(dated)}. The years of the sources stand beside them. No committee has signed the rules off yet."
    )


def _span(dates: Sequence[object]) -> str:
    """Of ISO dates."""
    first, last = min(map(str, dates)), max(map(str, dates))
    return first if first == last else f"{first} to {last}"
