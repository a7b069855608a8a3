"""What the files of cards/ hold once they are read and checked: plain records, their words taken apart for filling."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from cds_service.rendering.template import Paragraphs, Template
from cds_service.wire import Coding, Link, Source


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers for the words, and until when. A passed review date is no error."""

    owner: str
    version: str
    reviewed: date
    review_due: date


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
class SmallPrint:
    """The limits, to be filled."""

    always: Template
    colour: Template
    child: Template


@dataclass(frozen=True, slots=True)
class CardFile:
    """One card's own words.

    `consider` is what its findings point to, said on other cards that list them too. `not_recorded` names
    what this card calls missing beyond the red flags. `written`: who answers for the words, and until when.
    """

    id: str
    path: Path
    summary: Template
    consider: str
    not_recorded: frozenset[str]
    source: Source
    links: tuple[Link, ...]
    override_reasons: tuple[Coding, ...]
    why: Paragraphs
    options: Paragraphs
    written: Written


@dataclass(frozen=True, slots=True)
class OccasionFile:
    """What is said on a card because of its occasion: `lead` before all else.

    `summary` stands for the card's own on a card for a finding, `summary_no_red_flag` on that for none; None leaves it.
    """

    id: str
    summary: Template | None
    summary_no_red_flag: Template | None
    lead: Paragraphs
    written: Written


@dataclass(frozen=True, slots=True)
class CardFiles:
    """All cards by id, what they share, and what is said on certain occasions."""

    cards: dict[str, CardFile]
    shared: SharedWords
    frame: Paragraphs
    small_print: SmallPrint
    occasions: dict[str, OccasionFile]
