"""The small paragraph below a card: what could not be read, what this site has switched off, and what a card is not.

Each entry is told once: what is quoted, here or above, is not counted again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from cds_service.assessment.rule import Kind
from cds_service.assessment.unread import quoted_entries
from cds_service.facts import UNREAD_MEDICINES, State, Topic, UnreadEntry
from cds_service.rendering.case import Case, Say
from cds_service.rendering.entries import names_of
from cds_service.rendering.not_found import medicine_asked_about
from cds_service.rendering.words import bounded, day_words, moment_words, own_words, quoted

_MOST = 3


def limits(case: Case) -> str:
    """The sentences that have something to say, in their order."""
    said = []
    for name, says in _SAYS.items():
        values = {hole: say(case) for hole, say in says.items()}
        if all(values.values()) and (name != "child" or case.assessment.record.is_child):
            said.append(case.files.limits[name].fill(values))
    return " ".join(said)


def _parts(case: Case) -> str:
    """The parts of the chart that did not arrive whole, and why."""
    reasons: dict[Topic, list[str]] = {}
    for gap in case.assessment.record.chart.gaps:
        reasons.setdefault(gap.topic, []).append(own_words(gap.reason))
    return "; ".join([f"{topic} ({'; '.join(dict.fromkeys(why[:_MOST]))})" for topic, why in reasons.items()])


def _medicines(case: Case) -> str:
    """How many current medicines have no code that is read, and what the chart calls them; without the one that *Not
    found* quotes.
    """
    asked_about = medicine_asked_about(case)
    medicines = case.assessment.record.chart.unread_medicines
    others = [words for words, _source in medicines if not words or words != asked_about]
    called = [quoted(words) for words in dict.fromkeys(others) if words][:_MOST]
    return f"{len(others)}{': ' if called else ''}{', '.join(called)}" if others else ""


def _conditions(case: Case) -> str:
    """What the chart calls the Conditions that no rule could read."""
    told = []
    for each in _quoted_conditions(case):
        when = day_words(each.when, case.as_of) if each.when else "undated"
        told.append(f"{quoted(each.words)}, {when}{'' if each.is_current else ', past'}")
    return "; ".join(told)


def _quoted_conditions(case: Case) -> Sequence[UnreadEntry]:
    return quoted_entries(case.assessment.record)[:_MOST]


def _kinds(case: Case) -> str:
    """What is on record with a value that is not interpreted."""
    unknown = [
        fact for finding in case.assessment.of(Kind.SEEN) if finding.state is State.UNKNOWN for fact in finding.evidence
    ]
    names = names_of(unknown, case.files.shared.findings)
    return ", ".join(bounded(names[:_MOST], len(names)))


def _passed_over(case: Case) -> str:
    """How many entries were passed over, by reason; without the medicines and what is quoted."""
    chart = case.assessment.record.chart
    told = {each.words for each in _quoted_conditions(case)}
    counts = Counter(chart.left_out)
    counts.subtract([each.reason for each in chart.unread_conditions if each.words in told])
    del counts[UNREAD_MEDICINES]
    return "; ".join([f"{count} {own_words(why)}" for why, count in counts.items() if count > 0])


def _switched_off(case: Case) -> str:
    return ", ".join(case.files.switched_off)


def _as_of(case: Case) -> str:
    return moment_words(case.as_of)


_SAYS: Mapping[str, Mapping[str, Say]] = {
    "unread": {"parts": _parts},
    "medicines": {"medicines": _medicines},
    "conditions": {"conditions": _conditions},
    "not_interpreted": {"kinds": _kinds},
    "passed_over": {"entries": _passed_over},
    "child": {},
    "switched_off": {"rules": _switched_off},
    "always": {"as_of": _as_of},
}
LIMITS: Mapping[str, tuple[str, ...]] = {name: tuple(says) for name, says in _SAYS.items()}
"""The placeholders of each sentence."""
