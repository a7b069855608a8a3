"""The section of a card that tells which patterns the record fits, one short bullet each."""

from __future__ import annotations

from collections.abc import Sequence

from cds_service.assessment.patterns.catalogue import THREATS
from cds_service.assessment.patterns.pattern import Recognised
from cds_service.assessment.rules import Level
from cds_service.facts import Certainty, Course, Fact, Side, State
from cds_service.rendering.case import Case, say
from cds_service.rendering.finding_words import kind_words
from cds_service.rendering.options import DVT_STEPS
from cds_service.rendering.words import (
    and_more,
    bullets,
    mid_sentence,
    own_words,
    quoted,
    source_words,
)

# Members by names of their own: on Python 3.11 to reach one through its enum takes several times as long.
_NO_SIDE, _ABSENT, _SUSPECTED, _HISTORY = Side.NOT_STATED, State.ABSENT, Certainty.SUSPECTED, Course.HISTORY
_CRITICAL = Level.CRITICAL

_MOST, _MOST_FACTS, _MOST_MISSING = 3, 4, 3
"""What a card shows of them: it is read in seconds."""


def patterns(case: Case) -> str:
    """The patterns that the card does not speak of already, the most threatening first."""
    fitting = case.patterns
    # beside a threat to limb or life a strain distracts: its name is enough
    critical = case.assessment.level is _CRITICAL
    told = [each for each in fitting if not critical or each.pattern.id in THREATS][:_MOST]
    lines = [_bullet(each, case) for each in told]
    if others := [mid_sentence(each.pattern.label) for each in fitting if each not in told]:
        names = ", ".join(others)
        lines.append(f"{len(others)} more: {names}." if told else f"Fits the record too: {names}.")
    return bullets(lines)


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
            "beside": _named(fit.beside, case),
            "note": own_words(fit.note) if fit.note else "",
            "missing": ", ".join(and_more(fit.missing, _MOST_MISSING)),
            "options": say(case.files.patterns.options[pattern.id], DVT_STEPS, case),
        }
    )
    return told.replace("\n\n", " ")


def _named(facts: Sequence[Fact], case: Case) -> str:
    """What kind of things they are, each once, with what sets them apart from a plain finding of today."""
    words = case.files.shared.findings
    named = dict.fromkeys([_fact(fact, kind_words(fact, words)) for fact in facts])
    return ", ".join(and_more(list(named), _MOST_FACTS))


def _fact(fact: Fact, kind: str) -> str:
    said = f"{kind} {quoted(fact.quantity.text)}" if fact.quantity is not None else kind
    if fact.state is _ABSENT:
        said += " denied"
    apart = [str(fact.side)] if fact.side is not _NO_SIDE else []
    if fact.certainty is _SUSPECTED:
        apart.append("suspected")
    if fact.course is _HISTORY:
        apart.append("history")
    return f"{said} ({', '.join(apart)})" if apart else said
