"""An assessment turned into data: what was decided, by which entries of the chart, and what did not count and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.citation import Citation
from cds_service.assessment.complaint import by_record
from cds_service.assessment.engine import presenting
from cds_service.assessment.local_policy import NO_LOCAL_POLICY, LocalPolicy
from cds_service.assessment.record import legs
from cds_service.assessment.rule import Finding, Kind, Level
from cds_service.assessment.wells import WellsItem, outside
from cds_service.assessment.work_up import work_up
from cds_service.facts import Fact

NO_COMPLAINT = "no entry is a leg complaint that holds now"
NOTHING_ABOUT_THE_LEG = "no entry of the chart can be a leg complaint"
EXCLUDED = "this site shows none for {whom}"
QUIET = "this site shows none where nothing raises the level"
DECEASED = "the patient is recorded as deceased"


class InForce(msgspec.Struct, frozen=True):
    """What decides beside the record: the `version` of rules and words, the site's policy and what it has decided, a
    sentence each. `highest`: the level above which no card is shown.
    """

    version: str
    policy: LocalPolicy = NO_LOCAL_POLICY
    decisions: tuple[str, ...] = ()
    highest: Level = Level.CRITICAL


class Source(msgspec.Struct, frozen=True):
    """Whose statement it is. `year` is that of the edition that was read, None for a page without a date; `url` is
    empty where there is none.
    """

    label: str
    title: str
    year: int | None
    url: str


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One entry of the chart, as it was read. Dates are as recorded. `words` and `value` are the chart's own."""

    concept: str
    source: str
    state: str
    words: str = ""
    value: str = ""
    when: str = ""
    began: str = ""
    recorded: str = ""
    side: str = ""
    site: str = ""
    certainty: str = ""
    course: str = ""
    remarks: tuple[str, ...] = ()


class Row(msgspec.Struct, frozen=True, omit_defaults=True):
    """What one rule found. `counted`: it raised the level to `level`; else `why_not_counted` may say why not."""

    rule: str
    label: str
    state: str
    level: str
    source: Source
    counted: bool = False
    why_not_counted: str = ""
    note: str = ""
    evidence: tuple[Entry, ...] = ()
    against: tuple[Entry, ...] = ()
    beside: tuple[Entry, ...] = ()
    missing: tuple[str, ...] = ()


class WellsRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """One item of the score, worth `weight` points. `to_confirm`: what of a present item is not recorded."""

    label: str
    state: str
    weight: int
    evidence: tuple[Entry, ...] = ()
    to_confirm: str = ""


class Wells(msgspec.Struct, frozen=True, omit_defaults=True):
    """The two-level score as a range; `why_none` says why there is none for this patient."""

    points: int | None = None
    least: int | None = None
    most: int | None = None
    side: str = ""
    items: tuple[WellsRow, ...] = ()
    why_none: tuple[str, ...] = ()


class WorkUpRow(msgspec.Struct, frozen=True, omit_defaults=True):
    """How far a DVT is worked up on one leg. `limit`: the age-adjusted one of D-dimer; `then`: what its source does."""

    side: str
    state: str
    evidence: tuple[Entry, ...] = ()
    limit: str = ""
    then: str = ""


class Measured(msgspec.Struct, frozen=True):
    """A D-dimer or an ankle-brachial index, and what it is by its own limits."""

    entry: Entry
    verdict: str


class HomeCare(msgspec.Struct, frozen=True, omit_defaults=True):
    """A step of the home care: the reasons to withhold it, and what to mind where it is advised."""

    step: str
    withheld: tuple[str, ...] = ()
    mind: tuple[str, ...] = ()


class Unread(msgspec.Struct, frozen=True):
    """A part of the chart that did not arrive whole, or entries that were passed over, and why."""

    what: str
    why: str


class Explanation(msgspec.Struct, frozen=True):
    """Everything that was decided. `why_no_card` is empty where there is one; `shown_as` is the indicator of one that
    this site shows lower than its `level`, else empty. `decisions`: what this site has decided otherwise, a sentence
    each. `read`: the entries of a chart without a complaint. `suggested`: the next steps that the record speaks for.
    `took`: milliseconds of each step.
    """

    as_of: str
    version: str
    decisions: tuple[str, ...]
    level: str
    shown_as: str
    set_by: tuple[str, ...]
    why_no_card: str
    side: str
    complaint: tuple[Entry, ...]
    counted_by_record: tuple[Entry, ...]
    findings: tuple[Row, ...]
    red_flags: tuple[Row, ...]
    not_counted: tuple[Row, ...]
    to_be_seen: tuple[Row, ...]
    wells: Wells
    d_dimers: tuple[Measured, ...]
    ankle_brachial_indices: tuple[Measured, ...]
    causes: tuple[Row, ...]
    risk_factors: tuple[Row, ...]
    home_care: tuple[HomeCare, ...]
    suggested: tuple[str, ...]
    unread: tuple[Unread, ...]
    read: tuple[Entry, ...]
    work_up: tuple[WorkUpRow, ...] = ()
    took: Mapping[str, float] = {}


def explain(
    assessment: Assessment,
    as_of: datetime,
    in_force: InForce,
    took: Mapping[str, float] | None = None,
    why_nothing: str = "",
) -> Explanation:
    """The explanation of an assessment as of an aware moment. `why_nothing`: why no card tells it, where that is for
    another reason than its level.
    """
    record = assessment.record
    raising = [finding for finding in assessment.raising if finding.rule.kind is not Kind.RED_FLAG]
    flags = assessment.of(Kind.RED_FLAG)
    gravest = [finding.name for finding in assessment.raising if finding.level == assessment.level]
    why_no_card = why_nothing or _why_no_card(assessment, in_force.policy)
    is_lowered = assessment.level > in_force.highest and not why_no_card
    return Explanation(
        as_of=as_of.isoformat(timespec="minutes"),
        version=in_force.version,
        decisions=in_force.decisions,
        level=assessment.level.name.lower(),
        shown_as=in_force.highest.name.lower() if is_lowered else "",
        set_by=tuple(gravest),
        why_no_card=why_no_card,
        side=str(assessment.side),
        complaint=_entries(assessment.complaint),
        counted_by_record=_entries(by_record(assessment)),
        findings=_rows(raising),
        red_flags=_rows(flags),
        not_counted=_rows([each for each in assessment.listed if each.rule.kind is not Kind.RED_FLAG]),
        to_be_seen=_rows([each for each in assessment.of(Kind.SEEN) if not each.why_not_counted]),
        wells=_wells(assessment),
        d_dimers=tuple([Measured(_entry(each.fact), f"{each.verdict} ({each.units})") for each in assessment.d_dimers]),
        ankle_brachial_indices=tuple([Measured(_entry(fact), band.value) for fact, band in assessment.indices.items()]),
        causes=_rows(assessment.of(Kind.CAUSE)),
        risk_factors=_rows(assessment.of(Kind.RISK)),
        home_care=tuple([HomeCare(step.name, step.withheld, step.mind) for step in assessment.home_care]),
        suggested=tuple([step.name for step in assessment.next_steps]),
        unread=_unread(assessment),
        read=() if assessment.complaint else _entries(record.chart.facts),
        work_up=_work_up(assessment),
        took=took or {},
    )


def _why_no_card(assessment: Assessment, policy: LocalPolicy) -> str:
    if assessment.level:
        return ""
    chart = assessment.record.chart
    if chart.patient.deceased:
        return DECEASED
    if assessment.fully_read and not any(presenting(leg).complaint for leg in legs(assessment.record)):
        return NO_COMPLAINT if chart.facts else NOTHING_ABOUT_THE_LEG
    whom = policy.excluding(assessment.record)
    return EXCLUDED.format(whom=whom) if whom else QUIET


def _rows(findings: Iterable[Finding]) -> tuple[Row, ...]:
    return tuple(
        [
            Row(
                rule=finding.rule.id,
                label=finding.name,
                state=str(finding.state),
                level=finding.level.name.lower(),
                source=source_of(finding.rule.source),
                counted=bool(finding.level),
                why_not_counted=finding.why_not_counted,
                note=finding.note,
                evidence=_entries(finding.evidence),
                against=_entries(finding.against),
                beside=_entries(finding.beside),
                missing=finding.missing,
            )
            for finding in findings
        ]
    )


def source_of(citation: Citation) -> Source:
    return Source(citation.label, citation.title, citation.year, citation.url)


def _wells(assessment: Assessment) -> Wells:
    score = assessment.wells
    if score is None:
        return Wells(why_none=tuple([str(each) for each in outside(assessment.record)]) if assessment.complaint else ())
    items = tuple([_wells_row(item) for item in score.items])
    return Wells(score.points, score.least, score.most, str(score.side), items)


def _wells_row(item: WellsItem) -> WellsRow:
    return WellsRow(item.label, str(item.state), item.weight, _entries(item.evidence), item.to_confirm)


def _work_up(assessment: Assessment) -> tuple[WorkUpRow, ...]:
    if not assessment.complaint:
        return ()
    stood = [work_up(leg) for leg in map(presenting, legs(assessment.record)) if leg.complaint]
    return tuple(
        [WorkUpRow(str(each.side), each.state, _entries(each.evidence), each.limit, each.then) for each in stood]
    )


def _unread(assessment: Assessment) -> tuple[Unread, ...]:
    chart = assessment.record.chart
    gaps = [Unread(str(gap.topic), gap.reason) for gap in chart.gaps]
    passed_over = [Unread(f"{count} passed over", reason) for reason, count in chart.left_out.items()]
    medicines = [
        Unread(words or source, "a medicine without a code that is read") for words, source in chart.unread_medicines
    ]
    conditions = [Unread(each.words, "a Condition without a code that is read") for each in chart.unread_conditions]
    return (*gaps, *passed_over, *medicines, *conditions)


def _entries(facts: Sequence[Fact]) -> tuple[Entry, ...]:
    return tuple([_entry(fact) for fact in facts])


def _entry(fact: Fact) -> Entry:
    return Entry(
        concept=str(fact.concept),
        source=fact.source,
        state=str(fact.state),
        words=fact.display,
        value=fact.quantity.text if fact.quantity else "",
        when=fact.when.text if fact.when else "",
        began=fact.began.text if fact.began else "",
        recorded=fact.recorded.text if fact.recorded else "",
        side=str(fact.side),
        site=str(fact.site),
        certainty=str(fact.certainty),
        course=str(fact.course),
        remarks=fact.remarks,
    )
