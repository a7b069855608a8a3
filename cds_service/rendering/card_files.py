"""The files of cards/: read once at start-up and checked, so that none fails in front of a patient's chart.

A card file is Markdown with YAML front matter and two sections, "## Why this card" and "## Options to weigh".
What all cards share (the frame, its labels, the small print, the words for findings) stands in _shared.md.
See cards/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from cds_service.assessment.dvt_pathway import DvtPathway
from cds_service.assessment.home_care import STEPS
from cds_service.assessment.next_steps import INSTRUCTIONS, NAMES
from cds_service.code_systems import SNOMED
from cds_service.errors import ConfigurationError
from cds_service.knowledge import BASE
from cds_service.rendering import suggestions, summary
from cds_service.rendering.case import FIXED_CARDS
from cds_service.rendering.content import CardFile, CardFiles, Limits, SharedWords, SmallPrint, SuggestionWords, Written
from cds_service.rendering.content_file import ContentFile, check_no_html, checked, headline, open_content, unwrapped
from cds_service.rendering.occasion_files import load_occasions
from cds_service.rendering.pattern_file import LONGEST, load_patterns
from cds_service.rendering.rule_dates import load_rule_dates
from cds_service.rendering.sections import FINDING_BODY, FIXED_BODY, LIMITS, SECTIONS
from cds_service.rendering.template import paragraphs, template
from cds_service.wire import Coding, Indicator, Link, Source

SHARED = "_shared.md"
OVERRIDE_REASONS = f"{BASE}CodeSystem/override-reason"
CALF_PAIN = Coding(code="300954003", system=SNOMED, display="Pain in calf")
_WHY, _OPTIONS = "Why this card", "Options to weigh"
_LONGEST_WORDS = 44


class _Address(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    label: str
    url: str


class _Organisation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    label: str
    url: str | None = None


class _CardMatter(Written, frozen=True, kw_only=True):
    id: str
    indicator: Indicator
    summary: str
    consider: str = ""
    source: _Organisation
    links: list[_Address]
    override_reasons: list[str]
    not_recorded: tuple[Literal["wells", "pulses"], ...] = ()
    suggestions: tuple[str, ...] = ()


def load_cards(directory: Path) -> CardFiles:
    """Read and check all card files. Raises ConfigurationError that names file, line, fault and remedy."""
    paths = sorted(directory.glob("*.md")) if directory.is_dir() else []
    if not paths:
        raise ConfigurationError(f"{directory}: no card files there. Point CDS_CARDS_DIR to the folder of the cards.")
    shared_path = directory / SHARED
    if shared_path not in paths:
        raise ConfigurationError(f"{shared_path}: file is missing. Restore it: every card needs it.")
    shared_file = open_content(shared_path)
    shared = _checked_shared(shared_file)
    cards: dict[str, CardFile] = {}
    for path in paths:
        if path.name == "README.md" or path.name.startswith("_"):
            continue
        file = open_content(path)
        card = _checked_card(file, shared)
        if card.id in cards:
            other = cards[card.id].path.name
            file.fail(f"id {card.id} is already used by {other}", "Give each card its own id", key="id")
        cards[card.id] = card
    for missing in sorted(card_ids() - cards.keys()):
        raise ConfigurationError(
            f"{directory}: no file has the id {missing}, which the assessment uses. Add that card."
        )
    limits = shared.limits
    small_print = SmallPrint(template(limits.always), template(limits.colour), template(limits.child))
    occasions = load_occasions(directory, {card: _longest(card, shared) for card in cards})
    patterns = load_patterns(directory, cards)
    rules = load_rule_dates(directory)
    return CardFiles(cards, shared, paragraphs(shared_file.body), small_print, occasions, patterns, rules)


def card_ids() -> set[str]:
    """The ids that the assessment can ask for."""
    return {rule.card for rule in summary.all_rules()} | set(FIXED_CARDS)


def _checked_shared(file: ContentFile) -> SharedWords:
    shared = file.front_matter(SharedWords)
    check_no_html(file)
    frame = checked(file, file.body, SECTIONS)
    for name in SECTIONS:
        if name not in frame.names:
            file.fail(f"the frame has no {{{name}}}", "Put the placeholder back: a card must not lose that section")
    _check_limits(file, shared.limits)
    for step in STEPS:
        if step not in shared.home_care:
            file.fail(f"home_care has no words for {step}", "Add them", key="home_care")
    _check_suggestions(file, shared)
    _check_dvt_steps(file, shared.dvt_steps)
    for key in summary.OTHER_COMPLAINTS:
        if key not in shared.complaints:
            file.fail(f"complaints has no words for {key}", "Add them", key="complaints")
    for key, words in (("complaints", shared.complaints), ("findings", shared.findings)):
        for text in words.values():
            if len(text) > _LONGEST_WORDS:
                file.fail(f"more than {_LONGEST_WORDS} characters: {text}", "Shorten it", key=key, text=text)
    return shared


def _check_dvt_steps(file: ContentFile, steps: Mapping[str, str]) -> None:
    """Words for each pathway, and for no other, that fit into the options of a pattern."""
    key, names = "dvt_steps", [str(each) for each in DvtPathway]
    if sorted(steps) != sorted(names):
        file.fail("dvt_steps has not the right names", f"Use each of these, once: {', '.join(names)}", key=key)
    for words in steps.values():
        checked(file, words, (), key=key)
        if not 0 < len(words) < LONGEST:
            file.fail(f"empty, or {LONGEST} characters or more: {words}", "Shorten it", key=key, text=words)


def _check_limits(file: ContentFile, limits: Limits) -> None:
    for sentence in (limits.always, limits.colour, limits.child):
        checked(file, sentence, LIMITS)
    wanted = ("rules",)
    if checked(file, limits.switched_off, wanted).names != wanted:
        file.fail("limits.switched_off does not say {rules}", "Put it back, once", text="switched_off")


def _checked_card(file: ContentFile, shared: SharedWords) -> CardFile:
    matter = file.front_matter(_CardMatter)
    check_no_html(file)
    if matter.id not in card_ids():
        ids = ", ".join(sorted(card_ids()))
        file.fail(f"no rule uses the id {matter.id}", f"Use one of these, or delete the file: {ids}", key="id")
    why, options = _sections(file)
    summary_words = headline(file, "summary", matter.summary, [_longest(matter.id, shared)])
    for section in (why, options):
        checked(file, section, FIXED_BODY if matter.id in FIXED_CARDS else FINDING_BODY)
    _check_addresses(file, matter)
    return CardFile(
        id=matter.id,
        path=file.path,
        indicator=matter.indicator,
        summary=summary_words,
        consider=matter.consider,
        not_recorded=frozenset(matter.not_recorded),
        source=Source(label=matter.source.label, url=matter.source.url, topic=CALF_PAIN),
        links=tuple(Link(label=link.label, url=link.url, type="absolute") for link in matter.links),
        override_reasons=_override_reasons(file, matter, shared),
        suggestions=_suggestions(file, matter),
        why=paragraphs(unwrapped(why)),
        options=paragraphs(unwrapped(options)),
        written=matter,
    )


def _longest(card_id: str, shared: SharedWords) -> dict[str, str]:
    return summary.longest_values(card_id, shared.findings, shared.complaints)


def _check_addresses(file: ContentFile, matter: _CardMatter) -> None:
    for key, label, url in (
        ("source", matter.source.label, matter.source.url),
        *(("links", link.label, link.url) for link in matter.links),
    ):
        if url is not None and not url.startswith("https://"):
            file.fail(f"{key} has an address that is not https", "Give the full https address", key=key, text=url)
        if not label:
            file.fail(f"{key} has an empty label", "Say what it leads to", key=key)


def _override_reasons(file: ContentFile, matter: _CardMatter, shared: SharedWords) -> tuple[Coding, ...]:
    for code in matter.override_reasons:
        if code not in shared.override_reasons:
            remedy = f"Use one of: {', '.join(shared.override_reasons)}"
            file.fail(f"unknown override reason {code}", remedy, key="override_reasons")
    if not 4 <= len(set(matter.override_reasons)) == len(matter.override_reasons) <= 6:
        file.fail("override_reasons needs 4 to 6 different reasons", "Add or remove some", key="override_reasons")
    return tuple(
        Coding(code=code, system=OVERRIDE_REASONS, display=shared.override_reasons[code])
        for code in matter.override_reasons
    )


def _suggestions(file: ContentFile, matter: _CardMatter) -> tuple[str, ...]:
    """The names of the suggestions: known ones, each once, at most three."""
    for name in matter.suggestions:
        if name not in NAMES:
            file.fail(f"unknown suggestion {name}", f"Use one of: {', '.join(NAMES)}", key="suggestions")
    if not len(set(matter.suggestions)) == len(matter.suggestions) <= suggestions.MOST:
        file.fail(
            f"suggestions has more than {suggestions.MOST}, or one of them twice", "Remove some", key="suggestions"
        )
    return matter.suggestions


def _check_suggestions(file: ContentFile, shared: SharedWords) -> None:
    """Words for each suggestion, and for no other, and for the link in the instructions to the patient."""
    if not shared.guidance_link.strip():
        file.fail("guidance_link is empty", "Say what the link to the patient guidance leads to", key="guidance_link")
    for name in NAMES:
        if name not in shared.suggestions:
            file.fail(f"suggestions has no words for {name}", "Add them", key="suggestions")
    for name, words in shared.suggestions.items():
        if name not in NAMES:
            file.fail(f"unknown suggestion {name}", f"Use one of: {', '.join(NAMES)}", key="suggestions", text=name)
        _check_suggestion(file, name, words)


def _check_suggestion(file: ContentFile, name: str, words: SuggestionWords) -> None:
    key = "suggestions"
    if not all(each.strip() for each in (words.label, words.description, words.text)):
        file.fail(f"{name} has an empty text", "Write label, description and text", key=key, text=name)
    if len(words.label) > suggestions.LONGEST_LABEL:
        remedy = f"Shorten it to {suggestions.LONGEST_LABEL} characters, so that it fits a button"
        file.fail(f"the label of {name} is too long", remedy, key=key, text=words.label)
    checked(file, words.description, suggestions.DESCRIPTION, key=key)
    wanted = suggestions.LEAVE_OUT if name == INSTRUCTIONS else ()
    if checked(file, words.leave_out, wanted, key=key).names != wanted:
        file.fail(f"leave_out of {name} does not say {{steps}}", "Put it back, once", key=key, text="leave_out")


def _sections(file: ContentFile) -> tuple[str, str]:
    """The texts of the two sections; exactly these two, in this order, neither empty."""
    parts = re.split(r"^##[ \t]+(.+?)[ \t]*$", file.body, flags=re.MULTILINE)
    headings = parts[1::2]
    if headings != [_WHY, _OPTIONS] or parts[0].strip():
        remedy = f'Write exactly "## {_WHY}" and then "## {_OPTIONS}", and nothing before them'
        file.fail("sections are missing, unknown or in another order", remedy, text="## ")
    why, options = parts[2].strip(), parts[4].strip()
    for heading, text in ((_WHY, why), (_OPTIONS, options)):
        if not text:
            file.fail(f'the section "{heading}" is empty', "Write its text", text=f"## {heading}")
    return why, options
