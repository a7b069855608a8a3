"""`make docs`: writes the tables of docs/ anew from the rules, so that a page says what the program does.

A table stands between `<!-- generated: name -->` and `<!-- end -->`; a test compares each.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

import msgspec

from cds_service.app import hook_services
from cds_service.assessment.catalogue import (
    CAUSE_SET,
    CRITICAL_SET,
    RED_FLAG_SET,
    RISK_SET,
    SEEN_SET,
    SIGN_SET,
    STEP_SET,
    WARNING_SET,
)
from cds_service.assessment.citation import Citation
from cds_service.assessment.concepts import Concept
from cds_service.assessment.explained import TABLE
from cds_service.assessment.rule import Effect, Rule, short_windows
from cds_service.assessment.rules.precautions import PRECAUTIONS
from cds_service.assessment.sources import GUIDANCE, OURS
from cds_service.assessment.wells_items import ITEMS
from cds_service.cli.assess import read_nothing
from cds_service.rendering.card_files import load_cards
from cds_service.settings import load_settings, variable
from cds_service.shipped import shipped
from cds_service.thresholds import Thresholds, numbers
from cds_service.web.openapi import EXAMPLE_CALL, example_answer, example_feedback
from cds_service.wire import HookResponse
from tests.assessment.test_home_care import table as home_care_by_example

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(r"(<!-- generated: ([\w ]+) -->).*?(<!-- end -->)", re.DOTALL)
_SHORT_DAYS = 14
_SHIPPED = Thresholds()
_NUMBERS = {number.name: number for number in numbers(_SHIPPED)}
_CARDS = load_cards(shipped("cards"))


def written(text: str) -> str:
    """The page with the tables of today."""
    return BLOCK.sub(lambda block: f"{block[1]}\n\n{TABLES[block[2]]()}\n\n{block[3]}", text)


def pages() -> Sequence[Path]:
    """Those with a generated table."""
    return [page for page in sorted(DOCS.glob("*.md")) if BLOCK.search(page.read_text(encoding="utf-8"))]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |") for cells in lines)


def _source(source: Citation) -> str:
    return "own" if source is OURS else source.dated_label


def _sets(concepts: Iterable[Concept]) -> str:
    return ", ".join(f"`{concept}`" for concept in dict.fromkeys(concepts))


def _numbers(rule: Rule) -> str:
    """The numbers in its condition that a site can set, and which of them have no source."""
    own = [_NUMBERS[name] for name in dict.fromkeys(rule.numbers) if not _NUMBERS[name].fixed]
    return ", ".join(f"`{variable(each.name)}`{' *(ours)*' if each.source.startswith('ours') else ''}" for each in own)


def _raising(rules: Iterable[Rule]) -> str:
    head = ("rule", "finding", "holds when", "numbers that a site can set", "source", "card")
    return _table(head, [_raising_row(rule) for rule in rules])


def _raising_row(rule: Rule) -> Sequence[str]:
    lowered = " †" if short_windows(rule, _SHIPPED, _SHORT_DAYS) else ""
    card = f"[{rule.card}](../cards/{_CARDS.cards[rule.card].path.name})"
    return (f"`{rule.id}`", rule.label + lowered, rule.condition(_SHIPPED), _numbers(rule), _source(rule.source), card)


def _causes() -> str:
    rows = []
    for rule in CAUSE_SET.rules:
        name = rule.id.removeprefix("pattern-")
        says = _CARDS.causes[name].says
        rows.append((f"`{name}`", rule.label, rule.condition(_SHIPPED), says, _source(rule.source)))
    return _table(("pattern", "cause", "named when", "what its source says", "source"), rows)


def _risks(rules: Iterable[Rule]) -> str:
    head = ("factor", "in words", "present when", "numbers that a site can set", "value sets", "of clots", "source")
    return _table(head, [_risk(rule) for rule in rules])


def _risk(rule: Rule) -> Sequence[str]:
    of_clots = "yes" if Effect.THROMBOSIS_RISK in rule.effects else ""
    words = (f"`{rule.id}`", rule.label, rule.condition(_SHIPPED), _numbers(rule))
    return (*words, _sets(rule.needs), of_clots, _source(rule.source))


def _precautions() -> str:
    rows = []
    for each in PRECAUTIONS:
        left_out = "; ".join(f"{step} ({_source(source)})" for step, source in each.against.items())
        minded = "; ".join(f"{step}: {words} ({_source(source)})" for step, (words, source) in each.minding.items())
        holds = each.condition(_SHIPPED).removeprefix("On record: ").removesuffix(".")
        rows.append((each.label, holds, left_out, minded))
    return _table(("precaution", "holds when the record has", "left out", "advised, with what to mind"), rows)


def _seen() -> str:
    rows = [(f"`{rule.id}`", rule.label, rule.condition(_SHIPPED), _numbers(rule)) for rule in SEEN_SET.rules]
    return _table(("name", "in words", "shown when", "numbers that a site can set"), rows)


def _explained() -> str:
    rows = [
        (rule.label, rule.condition(_SHIPPED), str(rule.outcome), _numbers(rule), _source(rule.source))
        for rule in TABLE
    ]
    return _table(("sign", "explained by", "is then", "numbers that a site can set", "source"), rows)


def _wells() -> str:
    rows = [
        (item.label, str(item.weight), item.condition(_SHIPPED), _sets(item.needs), _sets(item.deniable_by))
        for item in ITEMS
    ]
    return _table(("item", "points", "present when", "shown by", "can be denied by"), rows)


def _suggestions() -> str:
    rows = []
    for rule in STEP_SET.rules:
        cards = [name for name, card in sorted(_CARDS.cards.items()) if rule.id in card.suggestions]
        offered = ", ".join(f"`{name}`" for name in cards)
        label = _CARDS.shared.suggestions[rule.id].label
        rows.append((f"`{rule.id}`", label, rule.condition(_SHIPPED), offered, _source(rule.source)))
    return _table(("name", "on the button", "offered when", "by the cards", "source"), rows)


@cache
def _example_answer() -> HookResponse:
    return asyncio.run(example_answer(hook_services(load_settings(), read_nothing, _CARDS)))


def _json(value: object) -> str:
    text = json.dumps(msgspec.to_builtins(value), indent=2, ensure_ascii=False)
    return f"```json\n{text}\n```"


TABLES: Mapping[str, Callable[[], str]] = {
    "red flags": lambda: _raising(RED_FLAG_SET.rules),
    "signs": lambda: _raising(SIGN_SET.rules),
    "critical": lambda: _raising(CRITICAL_SET.rules),
    "warning": lambda: _raising(WARNING_SET.rules),
    "patterns": _causes,
    "risk factors of the guidance": lambda: _risks([rule for rule in RISK_SET.rules if rule.source is GUIDANCE]),
    "other risk factors": lambda: _risks([rule for rule in RISK_SET.rules if rule.source is not GUIDANCE]),
    "precautions": _precautions,
    "home care by example": home_care_by_example,
    "to be seen": _seen,
    "explained by": _explained,
    "Wells items": _wells,
    "suggestions": _suggestions,
    "example call": lambda: _json(EXAMPLE_CALL),
    "example answer": lambda: _json(_example_answer()),
    "example feedback": lambda: _json(example_feedback(_example_answer())),
}


if __name__ == "__main__":
    for each in pages():
        each.write_text(written(each.read_text(encoding="utf-8")), encoding="utf-8")
        sys.stdout.write(f"{each.relative_to(DOCS.parent)}\n")
