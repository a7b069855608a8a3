"""The evidence of a card: which entries of the chart it lists, and how one entry is told."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.facts import Certainty, Course, Fact, Side, Site, State
from cds_service.rendering.case import Case
from cds_service.rendering.finding_words import kind_words
from cds_service.rendering.words import MOST_BULLETS, NO_DATE, and_more, bullets, date_words, quoted, sentence_start

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_SUSPECTED, _CURRENT, _ABSENT = Certainty.SUSPECTED, Course.CURRENT, State.ABSENT
_NO_SIDE, _NO_SITE = Side.NOT_STATED, Site.NOT_STATED

_MOST_REMARKS = 3


def evidence(case: Case) -> str:
    """The entries that the card rests on: those of the deciding finding, the complaint's own, what must be seen beside
    them, and those of the patterns.
    """
    words = case.files.shared.findings
    # one entry of the chart that says several things is one line
    told: dict[tuple[str, ...], tuple[list[str], str]] = {}
    by_record = set(case.assessment.by_record)
    for fact, dated in case.evidence.items():
        when = _recorded(fact, dated, case) if fact in by_record else dated
        same = (fact.source, fact.display, fact.quantity.text if fact.quantity else "", when)
        kinds_told, longest = told.get(same, ([], ""))
        kind = kind_words(fact, words)
        kinds_told += [kind] if kind not in kinds_told else []
        told[same] = kinds_told, max(longest, entry(fact, when), key=len)
    sources: dict[str, dict[str, None]] = {}
    for (resource, *_rest), (kinds_told, longest) in told.items():
        sources.setdefault(f"{sentence_start(', '.join(kinds_told))}: {longest}", {})[quoted(resource)] = None
    return bullets([f"{line}, {', '.join(and_more(list(names), 3))}" for line, names in sources.items()])


def _recorded(fact: Fact, dated: str, case: Case) -> str:
    """Its date, and when it was recorded, as that is why it counts."""
    return dated if fact.recorded is None else f"{dated}, recorded {date_words(fact.recorded, case.as_of)}"


def under_evidence(case: Case) -> Sequence[Fact]:
    """The entries that the evidence of the card surely shows; other sections need not repeat them."""
    return list(case.evidence)[:MOST_BULLETS]


def entry(fact: Fact, when: str) -> str:
    """One entry of the chart without its source: value, words of the chart, denial, certainty, place, date, remarks."""
    parts = [quoted(fact.quantity.text)] if fact.quantity is not None else []
    parts.append(quoted(fact.display) if fact.display else f"code {quoted(fact.codes[0][1])}")
    if fact.severe:
        parts.append("severe")
    if fact.sudden:
        parts.append("sudden onset")
    if fact.state is _ABSENT:
        parts.append("**denied**")
    if fact.certainty is _SUSPECTED:
        parts.append("**suspected**")
    if fact.course is not _CURRENT:
        parts.append(fact.course)
    if fact.site_matters or fact.side is not _NO_SIDE:
        parts.append(fact.side)
    if fact.site_matters or fact.site is not _NO_SITE:
        parts.append(fact.site)
    parts.append(when)
    if fact.remarks:
        remarks = [remark for remark in fact.remarks if remark not in NO_DATE]
        parts += [quoted(remark) for remark in remarks[:_MOST_REMARKS]]
    return ", ".join(parts)
