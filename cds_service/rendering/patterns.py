"""The section of a card that tells which patterns the record fits, one short bullet each."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.patterns.pattern import Recognised
from cds_service.facts import Fact, Side
from cds_service.rendering.case import Case
from cds_service.rendering.summary import kind_words
from cds_service.rendering.words import and_more, own_words, quoted, source_words

_MOST = 4
_MOST_FACTS = 5
_NO_SIDE = Side.NOT_STATED  # a name of its own: on Python 3.11 to reach it through its enum takes several times as long


def patterns(case: Case) -> str:
    """The patterns that the card does not speak of already, the most threatening first."""
    lines = [_bullet(each, case) for each in untold(case)]
    return "\n" + "\n".join([f"- {line}" for line in and_more(lines, _MOST)]) if lines else ""


def untold(case: Case) -> list[Recognised]:
    """The patterns less those whose card this is, unless there is more to say: a fact against them, or a new one."""
    words = case.files.patterns.words
    return [
        each
        for each in case.assessment.patterns
        if case.card.id not in words[each.pattern.id].told_by or _has_news(each, case)
    ]


def _has_news(each: Recognised, case: Case) -> bool:
    return bool(each.fit.against) or not set(each.fit.supporting) <= {*case.entries, *case.assessment.complaint}


def _bullet(each: Recognised, case: Case) -> str:
    pattern, fit = each.pattern, each.fit
    words = case.files.patterns.words[pattern.id]
    told = case.files.patterns.bullet.fill(
        {
            "label": pattern.label,
            "source": source_words(pattern.source),
            "says": words.says,
            "supporting": _named(fit.supporting, case),
            "against": _named(fit.against, case),
            "note": own_words(fit.note) if fit.note else "",
            "missing": ", ".join(fit.missing),
            "options": words.options,
        }
    )
    return told.replace("\n\n", " ")


def _named(facts: Sequence[Fact], case: Case) -> str:
    """What kind of things they are, with value and side."""
    words = case.files.shared.findings
    named = dict.fromkeys([_fact(fact, kind_words(fact, words)) for fact in facts])
    return ", ".join(and_more(list(named), _MOST_FACTS))


def _fact(fact: Fact, kind: str) -> str:
    value = f" {quoted(fact.quantity.text)}" if fact.quantity is not None else ""
    side = f" ({fact.side})" if fact.side is not _NO_SIDE else ""
    return f"{kind}{value}{side}"
