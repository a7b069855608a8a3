"""The files of cards/: read once at start-up and checked, so that none fails in front of a patient's chart.

A card file is Markdown with YAML front matter and sections such as "## Options" and "## Check". What all cards share
stands in _shared.md, what an occasion adds in _new-entry.md and its like. See cards/README.md.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from cds_service.assessment.catalogue import CAUSES, RULE_SETS
from cds_service.assessment.concepts import Concept
from cds_service.assessment.dvt_pathway import DvtPathway
from cds_service.assessment.rule import Rule
from cds_service.assessment.rules.guidance import RED_FLAGS
from cds_service.assessment.rules.precautions import STEPS
from cds_service.assessment.rules.risks import RISKS
from cds_service.assessment.rules.steps import INSTRUCTIONS, NAMES
from cds_service.errors import ConfigurationError
from cds_service.knowledge import BASE, CARD, OVERRIDE_REASON
from cds_service.rendering import headline, suggestions
from cds_service.rendering.case import FIXED_CARDS
from cds_service.rendering.content import (
    CardFile,
    CardFiles,
    CauseWords,
    OccasionFile,
    SharedWords,
    SuggestionWords,
    Written,
)
from cds_service.rendering.content_file import ContentFile, check_no_html, checked, open_content, unwrapped
from cds_service.rendering.holes import HOLES
from cds_service.rendering.limits import LIMITS
from cds_service.rendering.not_found import NOT_FOUND
from cds_service.rendering.occasions import OCCASIONS
from cds_service.rendering.rule_dates import load_rule_dates
from cds_service.rendering.template import Template, paragraphs, template
from cds_service.rendering.watch_words import WATCH_WORDS, load_watch_words
from cds_service.wire import Coding, Indicator, Link, Source

SHARED, CAUSE_WORDS = "_shared.md", "_causes.md"
SECTIONS = ("Options", "Check", "Ask", "If none", "Back if")
"""The sections that a card file may have; `Recorded` and `Not found` are made from the record."""

LONGEST_SUMMARY = 100
MOST_WORDS = 60
"""Of a card file's own sections together: a card is read in ten seconds, and the record wants its part of them."""

COMPLAINTS = ("calf-pain", "leg-pain", "other")
"""What the complaint is called where no concept says it."""

_LONGEST_NAME = 44
_LONGEST_CAUSE = 140


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
    source: _Organisation
    links: list[_Address]
    override_reasons: list[str]
    not_found: tuple[str, ...] = ()
    suggestions: tuple[str, ...] = ()


class _OccasionMatter(Written, frozen=True, kw_only=True):
    id: str
    summary: str | None = None
    summary_no_red_flag: str | None = None


class _CausesMatter(Written, frozen=True, kw_only=True):
    causes: dict[str, CauseWords]


def load_cards(directory: Path, shipped: Path | None = None, base: str = BASE) -> CardFiles:
    """Read and check all card files; what the folder does not hold is taken from `shipped`, the folder that comes with
    the service. `base` is before the address of the code system of override reasons. Raises
    ConfigurationError that names file, line, fault and remedy.
    """
    paths = _paths(directory)
    if not paths:
        raise ConfigurationError(f"{directory}: no card files there. Point CDS_CARDS_DIR to the folder of the cards.")
    own = dict(paths)
    paths = {**(_paths(shipped) if shipped else {}), **own}
    shared_file = open_content(_needed(paths, directory, SHARED))
    shared = _checked_shared(shared_file)
    cards: dict[str, CardFile] = {}
    for name, path in sorted(paths.items(), key=lambda each: each[0] not in own):
        if not name.startswith("_"):
            file = open_content(path)
            card = _checked_card(file, shared, base)
            if card.id in cards and name in own:
                other = cards[card.id].path.name
                file.fail(f"id {card.id} is already used by {other}", "Give each card its own id", key="id")
            cards.setdefault(card.id, card)
    for missing in sorted(card_ids() - cards.keys()):
        raise ConfigurationError(f"{directory}: no file has the id {missing}, which the rules use. Add that card.")
    occasions = {name: _checked_occasion(_needed(paths, directory, f"_{name}.md"), name, shared) for name in OCCASIONS}
    causes_file = open_content(_needed(paths, directory, CAUSE_WORDS))
    causes = causes_file.front_matter(_CausesMatter)
    _check_causes(causes_file, causes.causes)
    watched, watched_written = load_watch_words(_needed(paths, directory, WATCH_WORDS))
    return CardFiles(
        cards=cards,
        shared=shared,
        limits={name: template(sentence) for name, sentence in shared.limits.items()},
        occasions=occasions,
        causes=causes.causes,
        causes_written=causes,
        rules=load_rule_dates(_needed(paths, directory, "_rules.md").parent),
        watched=watched,
        watched_written=watched_written,
    )


def missing_files(directory: Path, shipped: Path) -> Sequence[str]:
    """The files that come with the service and that this folder does not hold."""
    return sorted(_paths(shipped).keys() - _paths(directory).keys())


def card_ids() -> set[str]:
    """The ids that the rules can ask for."""
    return {rule.card for rule in _speaking()} | set(FIXED_CARDS)


def _speaking() -> list[Rule]:
    """Every rule that names a card."""
    return [rule for each in RULE_SETS for rule in each.rules if rule.card]


def _paths(directory: Path) -> dict[str, Path]:
    return {path.name: path for path in sorted(directory.glob("*.md")) if path.name != "README.md"}


def _needed(paths: Mapping[str, Path], directory: Path, name: str) -> Path:
    if name not in paths:
        raise ConfigurationError(f"{directory / name}: file is missing. Restore it: the cards need it.")
    return paths[name]


def _checked_shared(file: ContentFile) -> SharedWords:
    shared = file.front_matter(SharedWords)
    check_no_html(file)
    for key in ("guidance_link", "rules_link"):
        if not getattr(shared, key).strip():
            file.fail(f"{key} is empty", "Say what the link leads to", key=key)
    _check_names(file, "limits", shared.limits, LIMITS)
    for name, sentence in shared.limits.items():
        checked(file, sentence, LIMITS[name], key="limits")
    _check_names(file, "home_care", shared.home_care, STEPS)
    _check_names(file, "dvt_steps", shared.dvt_steps, [str(each) for each in DvtPathway])
    _check_names(file, "red_flags", shared.red_flags, [rule.id for rule in RED_FLAGS])
    _check_names(file, "risks", shared.risks, [rule.id for rule in RISKS])
    _check_names(file, "suggestions", shared.suggestions, NAMES)
    for name, words in shared.suggestions.items():
        _check_suggestion(file, name, words)
    _check_what_things_are_called(file, shared)
    return shared


def _check_what_things_are_called(file: ContentFile, shared: SharedWords) -> None:
    """Short names, of concepts and of what else is asked for."""
    for name in COMPLAINTS:
        if name not in shared.complaints:
            file.fail(f"complaints has no words for {name}", "Add them", key="complaints")
    for key in ("complaints", "findings"):
        for name in getattr(shared, key):
            if name not in (*Concept, *COMPLAINTS):
                file.fail(f"{key}: unknown name {name}", "Use the name of a value set", key=key, text=f"{name}:")
    for key in ("complaints", "red_flags", "risks", "findings"):
        for text in getattr(shared, key).values():
            if len(text) > _LONGEST_NAME:
                file.fail(f"more than {_LONGEST_NAME} characters: {text}", "Shorten it", key=key, text=text)


def _check_names(file: ContentFile, key: str, written: Collection[str], known: Collection[str]) -> None:
    """Words for each, and for no other."""
    for name in known:
        if name not in written:
            file.fail(f"{key} has no words for {name}", "Add them", key=key)
    for name in written:
        if name not in known:
            file.fail(f"{key}: unknown name {name}", f"Use one of: {', '.join(known)}", key=key, text=f"{name}:")


def _checked_card(file: ContentFile, shared: SharedWords, base: str) -> CardFile:
    matter = file.front_matter(_CardMatter)
    check_no_html(file)
    if matter.id not in card_ids():
        ids = ", ".join(sorted(card_ids()))
        file.fail(f"no rule uses the id {matter.id}", f"Use one of these, or delete the file: {ids}", key="id")
    sections = _sections(file)
    for text in sections.values():
        checked(file, text, HOLES)
    words = sum(len(text.split()) for text in sections.values())
    if words > MOST_WORDS:
        file.fail(f"its sections have {words} words, {MOST_WORDS} are allowed", "Say less: the page says the rest")
    for name in matter.not_found:
        if name not in NOT_FOUND:
            file.fail(f"unknown not_found {name}", f"Use some of: {', '.join(NOT_FOUND)}", key="not_found")
    _check_addresses(file, matter)
    rules = [rule for rule in _speaking() if rule.card == matter.id]
    return CardFile(
        id=matter.id,
        path=file.path,
        indicator=matter.indicator,
        summary=_summary(file, "summary", matter.summary, headline.longest(rules, shared)),
        sections={label: paragraphs(unwrapped(text)) for label, text in sections.items()},
        not_found=matter.not_found,
        source=Source(label=matter.source.label, url=matter.source.url, topic=card_topic(matter.id, base)),
        links=tuple(Link(label=link.label, url=link.url, type="absolute") for link in matter.links),
        override_reasons=_override_reasons(file, matter, shared, base),
        suggestions=_suggestions(file, matter),
        written=matter,
    )


def _summary(file: ContentFile, key: str, text: str, longest: Mapping[str, str]) -> Template:
    """A headline, short enough whatever its placeholders say."""
    words = checked(file, text, longest, key=key)
    if (length := len(words.fill(longest))) > LONGEST_SUMMARY:
        file.fail(
            f"the summary can have {length} characters, {LONGEST_SUMMARY} are allowed",
            "Shorten it, or use a shorter placeholder",
            key=key,
        )
    return words


def _sections(file: ContentFile) -> dict[str, str]:
    parts = re.split(r"^##[ \t]+(.+?)[ \t]*$", file.body, flags=re.MULTILINE)
    sections = {heading: text.strip() for heading, text in zip(parts[1::2], parts[2::2], strict=True)}
    if parts[0].strip() or not sections or len(sections) < len(parts[1::2]):
        file.fail("text without a section, no section, or one twice", f'Begin with "## {SECTIONS[0]}"')
    for heading, text in sections.items():
        if heading not in SECTIONS:
            file.fail(f"unknown section {heading}", f"Use some of: {', '.join(SECTIONS)}", text=f"## {heading}")
        if not text:
            file.fail(f'the section "{heading}" is empty', "Write its text", text=f"## {heading}")
    return sections


def _checked_occasion(path: Path, name: str, shared: SharedWords) -> OccasionFile:
    file = open_content(path)
    matter = file.front_matter(_OccasionMatter)
    check_no_html(file)
    if matter.id != name:
        file.fail(f"the id is not {name}", "Give the file the id of its name", key="id")
    checked(file, file.body, OCCASIONS[name])
    longest = headline.longest(_speaking(), shared)
    own, none = [
        _summary(file, key, text, longest) if text else None
        for key, text in (("summary", matter.summary), ("summary_no_red_flag", matter.summary_no_red_flag))
    ]
    return OccasionFile(name, own, none, paragraphs(unwrapped(file.body)), matter)


def _check_causes(file: ContentFile, causes: Mapping[str, CauseWords]) -> None:
    _check_names(file, "causes", causes, [rule.id.removeprefix("pattern-") for rule in CAUSES])
    for name, words in causes.items():
        for text in (words.says, words.options):
            if not 0 < len(text.strip()) <= _LONGEST_CAUSE:
                file.fail(f"{name}: empty, or over {_LONGEST_CAUSE} characters", "Shorten it", text=f"  {name}:")
            checked(file, text, ("dvt_steps",), key="causes")


def _check_addresses(file: ContentFile, matter: _CardMatter) -> None:
    for key, label, url in (
        ("source", matter.source.label, matter.source.url),
        *(("links", link.label, link.url) for link in matter.links),
    ):
        if url is not None and not url.startswith("https://"):
            file.fail(f"{key} has an address that is not https", "Give the full https address", key=key, text=url)
        if not label:
            file.fail(f"{key} has an empty label", "Say what it leads to", key=key)


def card_topic(card: str, base: str) -> Coding:
    """What a card is about. Each has its own: some EHRs hide later cards of a topic once one of them was dismissed."""
    return Coding(card, f"{base}CodeSystem/{CARD}", card.replace("-", " "))


def _override_reasons(file: ContentFile, matter: _CardMatter, shared: SharedWords, base: str) -> tuple[Coding, ...]:
    for code in matter.override_reasons:
        if code not in shared.override_reasons:
            remedy = f"Use one of: {', '.join(shared.override_reasons)}"
            file.fail(f"unknown override reason {code}", remedy, key="override_reasons")
    if not 4 <= len(set(matter.override_reasons)) == len(matter.override_reasons) <= 6:
        file.fail("override_reasons needs 4 to 6 different reasons", "Add or remove some", key="override_reasons")
    system = f"{base}CodeSystem/{OVERRIDE_REASON}"
    return tuple(Coding(code, system, shared.override_reasons[code]) for code in matter.override_reasons)


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
