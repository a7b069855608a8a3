"""The section of a card that tells what of the chart could not be read."""

from __future__ import annotations

from cds_service.facts import NAMELESS_MEDICINES, Fact, Side, Topic
from cds_service.rendering.case import Case
from cds_service.rendering.finding_words import kind_words
from cds_service.rendering.words import and_more, bullets, newest, own_words, quoted, sentence_start, when_words

_NO_SIDE = Side.NOT_STATED
_MOST_ILLEGIBLE = 3
_MOST_MEDICINES = 3
_UNREAD = {
    Topic.PATIENT: "patient data could not be read in full: age unknown",
    Topic.CONDITIONS: "Conditions could not be read in full",
    Topic.OBSERVATIONS: "Observations could not be read in full",
    Topic.MEDICATIONS: "medicines could not be read in full: anticoagulant unknown unless listed above",
    Topic.PROCEDURES: "procedures could not be read in full: recent surgery unknown",
}


def unread(case: Case) -> str:
    """What of the chart did not arrive, is not interpreted or was passed over."""
    reasons: dict[Topic, list[str]] = {}
    for gap in case.assessment.gaps:
        reasons.setdefault(gap.topic, []).append(own_words(gap.reason))
    lines = [
        f"{sentence_start(_UNREAD[topic])} ({'; '.join(and_more(list(dict.fromkeys(each)), 3))})"
        for topic, each in reasons.items()
    ]
    lines += and_more(_illegible(case), _MOST_ILLEGIBLE)
    lines += [
        f"Entries that {own_words(reason)}: {count}" + (_medicines(case) if reason == NAMELESS_MEDICINES else "")
        for reason, count in case.assessment.left_out
    ]
    return bullets(lines)


def _medicines(case: Case) -> str:
    """What the chart calls them, as far as it does."""
    called = [f"{quoted(words)}, {quoted(source)}" for words, source in case.assessment.nameless_medicines if words]
    return f" ({'; '.join(and_more(called, _MOST_MEDICINES))})" if called else ""


def _illegible(case: Case) -> list[str]:
    """Of each kind of thing the newest entry whose value is not interpreted, why, and how many more there are."""
    of_code: dict[tuple[object, ...], list[Fact]] = {}  # one code may say two things: it is told once
    told = {reading.fact for reading in case.assessment.d_dimers}  # each in a section of its own
    for fact in newest([fact for fact in case.assessment.illegible if fact not in told]):
        of_code.setdefault((fact.source, fact.codes), []).append(fact)
    by_kind: dict[str, list[Fact]] = {}
    for facts in of_code.values():
        kind = ", ".join([kind_words(fact, case.files.shared.findings) for fact in facts])
        by_kind.setdefault(kind, []).append(facts[0])
    lines = []
    for kind, (fact, *others) in by_kind.items():
        side = [fact.side] if fact.side is not _NO_SIDE else []
        more = [f"and {len(others)} more"] if others else []
        parts = [own_words(fact.illegible), *side, when_words(fact, case.as_of), quoted(fact.source), *more]
        lines.append(f"{sentence_start(kind)}: {', '.join(parts)}")
    return lines
