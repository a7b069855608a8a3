"""What the files of cards/ hold once they are read and checked: plain records, their words taken apart for filling."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import msgspec

from cds_service.rendering.template import Paragraphs, Template, template
from cds_service.wire import Coding, Indicator, Link, Source


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who answers for the words or rules, and until when. What is past `review_due` is told and goes on working: that
    nobody has looked at it must not stop care.
    """

    owner: str
    version: str
    reviewed: date
    review_due: date


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`switched_off` is said, with the `{rules}`, where the site has switched any off."""

    always: str
    colour: str
    child: str
    switched_off: str


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


class SharedWords(Written, frozen=True, kw_only=True):
    """What all cards share, beside the frame."""

    guidance_link: str
    attributes_link: str
    limits: Limits
    override_reasons: dict[str, str]
    home_care: dict[str, str]
    dvt_steps: dict[str, str]
    suggestions: dict[str, SuggestionWords]
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
    what this card calls missing beyond the red flags. `suggestions`: the next steps that it offers, where the record
    allows. `written`: who answers for the words, and until when.
    """

    id: str
    path: Path
    indicator: Indicator
    summary: Template
    consider: str
    not_recorded: frozenset[str]
    source: Source
    links: tuple[Link, ...]
    override_reasons: tuple[Coding, ...]
    suggestions: tuple[str, ...]
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


class PatternWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the source says of a pattern, in our words, and options to weigh.

    `told_by`: the cards that speak of this cause themselves.
    """

    says: str
    options: str
    told_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PatternFile:
    """The words of all patterns by id, their options to be filled, and the bullet that they are told in."""

    words: dict[str, PatternWords]
    options: dict[str, Template]
    bullet: Paragraphs
    written: Written


@dataclass(frozen=True, slots=True)
class CardFiles:
    """All cards by id, what they share, what is said on certain occasions, the words of the patterns, and who answers
    for the rules (by rule set, and by `set/rule` where a rule has dates of its own).
    """

    cards: dict[str, CardFile]
    shared: SharedWords
    frame: Paragraphs
    small_print: SmallPrint
    occasions: dict[str, OccasionFile]
    patterns: PatternFile
    rules: Mapping[str, Written]

    def with_switched_off(self, rules: Sequence[str]) -> CardFiles:
        """The same where every card says in its limits that this site has switched off these rules, given in words."""
        if not rules:
            return self
        limits = self.shared.limits
        said = template(limits.switched_off).fill({"rules": ", ".join(rules)})
        return replace(self, small_print=replace(self.small_print, always=template(f"{limits.always} {said}")))
