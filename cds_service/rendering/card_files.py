"""The files of cards/: read once at start-up and checked, so that none fails in front of a patient's chart.

A card file is Markdown with YAML front matter and two sections, "## Why this card" and "## Options to weigh".
What all cards share (the frame, its labels, the small print, the words for findings) stands in _shared.md.
See cards/README.md.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from cds_service.assessment.home_care import STEPS
from cds_service.errors import ConfigurationError
from cds_service.rendering import summary
from cds_service.rendering.content_file import ContentFile, open_content
from cds_service.rendering.template import fill, placeholders
from cds_service.wire import Coding, Indicator, Link, Source

SHARED = "_shared.md"
OVERRIDE_REASONS = "https://calf-pain-cds.example/fhir/CodeSystem/override-reason"
CALF_PAIN = Coding(code="300954003", system="http://snomed.info/sct", display="Pain in calf")
FRAME_PLACEHOLDERS = (
    *("why", "also", "evidence", "wells", "risk_factors", "not_recorded", "recorded_absent", "unread"),
    *("options", "home_care", "leave_out", "limits"),
)
LIMITS_PLACEHOLDERS = ("as_of",)
FINDING_BODY = ("recorded", "source")
FIXED_BODY = ("complaint", "side", "thrombosis_risks", "unknown_flags", "unread")
_WHY, _OPTIONS = "Why this card", "Options to weigh"
_LONGEST_WORDS = 44
_LINE_WRAP = re.compile(r"(?<!\n)\n(?!\n|- )")  # some readers show a line end of the file as a line end
_RAW_HTML = re.compile(r"<[A-Za-z/!?]")
_STRAY_BRACE = re.compile(r"\{[^{}]*$|^[^{}]*\}")


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers for the words, and until when. A passed review date is no error."""

    owner: str
    version: str
    reviewed: date
    review_due: date


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
    not_recorded: list[Literal["wells", "pulses"]] = []


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    always: str
    colour: str
    child: str


class SharedWords(Written, frozen=True, kw_only=True):
    """What all cards share, beside the frame."""

    guidance_link: str
    limits: Limits
    override_reasons: dict[str, str]
    home_care: dict[str, str]
    complaints: dict[str, str]
    findings: dict[str, str]


@dataclass(frozen=True, slots=True)
class CardFile:
    """One card's own words.

    `consider` is what its findings point to, said on other cards that list them too. `not_recorded` names
    what this card calls missing beyond the red flags. `written`: who answers for the words, and until when.
    """

    id: str
    path: Path
    summary: str
    consider: str
    not_recorded: frozenset[str]
    source: Source
    links: tuple[Link, ...]
    override_reasons: tuple[Coding, ...]
    why: str
    options: str
    written: Written


@dataclass(frozen=True, slots=True)
class CardFiles:
    """All cards by id, and what they share."""

    cards: dict[str, CardFile]
    shared: SharedWords
    frame: str


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
    return CardFiles(cards, shared, shared_file.body)


def card_ids() -> set[str]:
    """The ids that the assessment can ask for."""
    return {rule.card for rule in summary.all_rules()} | set(summary.FIXED_CARDS)


def _checked_shared(file: ContentFile) -> SharedWords:
    shared = file.front_matter(SharedWords)
    _check_no_html(file)
    _check_placeholders(file, file.body, FRAME_PLACEHOLDERS)
    for name in FRAME_PLACEHOLDERS:
        if name not in placeholders(file.body):
            file.fail(f"the frame has no {{{name}}}", "Put the placeholder back: a card must not lose that section")
    for sentence in (shared.limits.always, shared.limits.colour, shared.limits.child):
        _check_placeholders(file, sentence, LIMITS_PLACEHOLDERS)
    for step in STEPS:
        if step not in shared.home_care:
            file.fail(f"home_care has no words for {step}", "Add them", key="home_care")
    if "other" not in shared.complaints:
        file.fail("complaints has no words for other", "Add them", key="complaints")
    for key, words in (("complaints", shared.complaints), ("findings", shared.findings)):
        for text in words.values():
            if len(text) > _LONGEST_WORDS:
                file.fail(f"more than {_LONGEST_WORDS} characters: {text}", "Shorten it", key=key, text=text)
    return shared


def _checked_card(file: ContentFile, shared: SharedWords) -> CardFile:
    matter = file.front_matter(_CardMatter)
    _check_no_html(file)
    if matter.id not in card_ids():
        ids = ", ".join(sorted(card_ids()))
        file.fail(f"no rule uses the id {matter.id}", f"Use one of these, or delete the file: {ids}", key="id")
    why, options = _sections(file)
    fixed = matter.id in summary.FIXED_CARDS
    longest = summary.longest_values(matter.id, shared.findings, shared.complaints)
    _check_placeholders(file, matter.summary, tuple(longest), key="summary")
    if (length := len(fill(matter.summary, longest))) > summary.MOST_CHARACTERS:
        file.fail(
            f"the summary can have {length} characters, {summary.MOST_CHARACTERS} are allowed",
            "Shorten it, or use a shorter placeholder",
            key="summary",
        )
    for section in (why, options):
        _check_placeholders(file, section, FIXED_BODY if fixed else FINDING_BODY)
    for key, label, url in (
        ("source", matter.source.label, matter.source.url),
        *(("links", link.label, link.url) for link in matter.links),
    ):
        if url is not None and not url.startswith("https://"):
            file.fail(f"{key} has an address that is not https", "Give the full https address", key=key, text=url)
        if not label:
            file.fail(f"{key} has an empty label", "Say what it leads to", key=key)
    return CardFile(
        id=matter.id,
        path=file.path,
        summary=matter.summary,
        consider=matter.consider,
        not_recorded=frozenset(matter.not_recorded),
        source=Source(label=matter.source.label, url=matter.source.url, topic=CALF_PAIN),
        links=tuple(Link(label=link.label, url=link.url, type="absolute") for link in matter.links),
        override_reasons=_override_reasons(file, matter, shared),
        why=_LINE_WRAP.sub(" ", why),
        options=_LINE_WRAP.sub(" ", options),
        written=matter,
    )


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


def _check_no_html(file: ContentFile) -> None:
    for line in file.text.splitlines():
        if _RAW_HTML.search(line):
            file.fail("HTML in a card", "Use Markdown only", text=line)


def _check_placeholders(file: ContentFile, text: str, allowed: tuple[str, ...], key: str = "") -> None:
    for name in placeholders(text):
        if name not in allowed:
            known = ", ".join(f"{{{each}}}" for each in allowed)
            file.fail(f"unknown placeholder {{{name}}}", f"Known here: {known}", key=key, text=f"{{{name}}}")
    for line in text.splitlines():
        if _STRAY_BRACE.search(line):
            file.fail("a brace without its partner", "Placeholders look like {side}", key=key, text=line)
