"""What the files of cards/ hold once they are read and checked: plain records, their words taken apart for filling."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import msgspec

from cds_service.rendering.template import Paragraphs, Template
from cds_service.wire import Coding, Indicator, Link, Source


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers for the words or rules, and until when. What is past `review_due` is told and goes on working: that
    nobody has looked at it must not stop care.
    """

    owner: str
    version: str
    reviewed: date
    review_due: date


class SuggestionWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The words of one suggestion.

    `label` stands on the button, `description` says what accepting it does (`{side}`: of which leg), `text` stands in
    the draft itself: the name of the test or diagnosis, or the words to the patient. `leave_out`, of the instructions
    to the patient only, names the `{steps}` of home care that do not suit.
    """

    label: str
    description: str
    text: str
    leave_out: str = ""


class HomeCareWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One step of home care: in a word for the card, and in a sentence for the page."""

    short: str
    says: str


class SharedWords(Written, frozen=True, kw_only=True):
    """What all cards share. `limits`: the sentences of the small print, by name. `complaints`, `findings`, `risks` and
    `red_flags`: what to call each in a few words, by concept or rule.
    """

    guidance_link: str
    rules_link: str
    limits: dict[str, str]
    override_reasons: dict[str, str]
    home_care: dict[str, HomeCareWords]
    dvt_steps: dict[str, str]
    suggestions: dict[str, SuggestionWords]
    complaints: dict[str, str]
    red_flags: dict[str, str]
    risks: dict[str, str]
    findings: dict[str, str]


class CauseWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the source says of a possible cause, in our words, and options to weigh: told on the page, on no card."""

    says: str
    options: str


@dataclass(frozen=True, slots=True)
class CardFile:
    """One card's own words.

    `sections`: the lines of the card that its file writes, by label and in its order. `not_found`: what it calls
    missing, if it is. `suggestions`: the next steps that it offers, where the record allows. `written`: who answers for
    the words, and until when.
    """

    id: str
    path: Path
    indicator: Indicator
    summary: Template
    sections: Mapping[str, Paragraphs]
    not_found: tuple[str, ...]
    source: Source
    links: tuple[Link, ...]
    override_reasons: tuple[Coding, ...]
    suggestions: tuple[str, ...]
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
    """All cards by id, what they share, the sentences of its small print by name, what is said on certain occasions,
    the words of possible causes by rule, and who answers for the rules (by rule set, and by `set/rule` where a rule has
    dates of its own). `watched`: does a text hold a watch word?
    `switched_off`: the rules that this site has switched off, in words.
    """

    cards: Mapping[str, CardFile]
    shared: SharedWords
    limits: Mapping[str, Template]
    occasions: Mapping[str, OccasionFile]
    causes: Mapping[str, CauseWords]
    causes_written: Written
    rules: Mapping[str, Written]
    watched: Callable[[str], bool]
    watched_written: Written
    switched_off: Sequence[str] = field(default=())
