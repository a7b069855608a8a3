"""What a site decides about the content, and what its people are told of it: rules that are switched off, patients who
get no card, and content whose review is overdue.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from cds_service.assessment.catalogue import (
    CAUSE_SET,
    CRITICAL_SET,
    ORDER_SET,
    RED_FLAG_SET,
    RISK_SET,
    SIGN_SET,
    WARNING_SET,
)
from cds_service.assessment.local_policy import LocalPolicy
from cds_service.assessment.rule import Rule
from cds_service.errors import ConfigurationError
from cds_service.rendering.case import NO_RED_FLAG, NOT_ASSESSED
from cds_service.rendering.content import CardFiles, Written
from cds_service.rendering.words import mid_sentence
from cds_service.settings import Settings, variable

_FINDING = (RED_FLAG_SET, SIGN_SET, CRITICAL_SET, WARNING_SET, RISK_SET, CAUSE_SET, ORDER_SET)
"""The rule sets that yield findings, which can be switched off; what the others hold back cannot."""

_GRAVE = frozenset((*RED_FLAG_SET.rules, *CRITICAL_SET.rules))
"""Rules that are switched off only over somebody's name."""

_CARD = "card:"


@dataclass(frozen=True, slots=True)
class Overdue:
    """Content that is past its review date. `what`: card dvt, rule set critical, rule critical/dvt."""

    what: str
    written: Written

    def __str__(self) -> str:
        return f"{self.what}: review was due {self.written.review_due} (owner: {self.written.owner})"


def overdue(files: CardFiles, today: date) -> list[Overdue]:
    """All content that is past its review date, in the order in which it expired. It goes on working."""
    content = [
        ("shared words of the cards", files.shared),
        ("words of possible causes", files.causes_written),
        ("watch words", files.watched_written),
        *((f"card {card.id}", card.written) for card in files.cards.values()),
        *((f"words of the occasion {each.id}", each.written) for each in files.occasions.values()),
        *((f"rule {'' if '/' in name else 'set '}{name}", written) for name, written in files.rules.items()),
    ]
    past = [Overdue(what, written) for what, written in content if written.review_due < today]
    return sorted(past, key=lambda each: each.written.review_due)


def local_policy(settings: Settings) -> LocalPolicy:
    """What these settings switch off and whom they exclude.

    Raises ConfigurationError for a name that is no rule and no card, and for a red flag or a rule of the critical row
    over nobody's name.
    """
    off: dict[Rule, None] = {}
    for name in settings.disabled_rules:
        if name != _CARD + NO_RED_FLAG:
            off.update(dict.fromkeys(_named(name)))
    grave = [rule.id for rule in off if rule in _GRAVE]
    if grave and not settings.disabled_rules_signed_by.strip():
        raise ConfigurationError(
            f"{variable('disabled_rules')} switches off {', '.join(grave)}, and nobody has signed for that. Say in "
            f"{variable('disabled_rules_signed_by')} who decided it and when, or leave it on."
        )
    return LocalPolicy(frozenset(off), settings.exclusions, _CARD + NO_RED_FLAG in settings.disabled_rules)


def switched_off(policy: LocalPolicy) -> list[str]:
    """The labels of the rules that are off, as they stand inside a sentence, in the order of the catalogue."""
    rules = [rule for each in _FINDING for rule in each.rules if rule in policy.off]
    return list(dict.fromkeys(mid_sentence(rule.label) for rule in rules))


def decisions(settings: Settings, policy: LocalPolicy) -> list[str]:
    """What this site has decided, a sentence each, for whoever starts the service or reads what it knows."""
    said = []
    if policy.off:
        signed = settings.disabled_rules_signed_by.strip()
        said.append(f"Switched off at this site{f' by {signed}' if signed else ''}: {', '.join(switched_off(policy))}.")
    if policy.quiet:
        said.append("At this site no card is shown where no red flag is recorded.")
    if policy.exclusions:
        said.append(f"At this site no card is shown for: {', '.join(policy.exclusions)}.")
    if settings.max_indicator != "critical":
        said.append(f"At this site what is critical is shown as a {settings.max_indicator}.")
    return said


def _named(name: str) -> Sequence[Rule]:
    """The rules that a name stands for: an id, `set/id`, or `card:` and the id of a card."""
    if name == _CARD + NOT_ASSESSED:
        raise ConfigurationError(
            f"{variable('disabled_rules')} is wrong: {name} cannot be switched off, since without it nobody could tell "
            "a chart that was not read from one without a complaint. Leave it out."
        )
    if found := [rule for each in _FINDING for rule in each.rules if name in _names(each.id, rule)]:
        return found
    rules = sorted({rule.id for each in _FINDING for rule in each.rules})
    cards = sorted({f"{_CARD}{rule.card}" for each in _FINDING for rule in each.rules if rule.card})
    raise ConfigurationError(
        f"{variable('disabled_rules')} is wrong: there is no rule or card {name!r}. It must name some of these: "
        f"{', '.join([*rules, *cards, _CARD + NO_RED_FLAG])}."
    )


def _names(rule_set: str, rule: Rule) -> tuple[str, ...]:
    own = (rule.id, f"{rule_set}/{rule.id}")
    return (*own, _CARD + rule.card) if rule.card else own
