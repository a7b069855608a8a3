"""The file cards/_patterns.md: what the source of each pattern says, in our words, and options to weigh.

Its body is the bullet of one pattern; a line of it that has nothing to say is left out.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import msgspec

from cds_service.assessment.patterns.catalogue import PATTERNS
from cds_service.errors import ConfigurationError
from cds_service.rendering.content import PatternFile, PatternWords, Written
from cds_service.rendering.content_file import ContentFile, check_no_html, checked, open_content, unwrapped
from cds_service.rendering.options import DVT_STEPS
from cds_service.rendering.template import paragraphs, template

NAME = "_patterns.md"
BULLET = ("label", "source", "says", "supporting", "against", "beside", "note", "missing", "options")
"""The placeholders of the bullet."""
LONGEST = 140  # characters of what is said of a pattern, and of its options


class _Matter(Written, frozen=True, kw_only=True):
    patterns: dict[str, object]


def load_patterns(directory: Path, cards: Collection[str]) -> PatternFile:
    """Read and check it; `cards`: the ids of all cards.

    Raises ConfigurationError that names file, line, fault and remedy.
    """
    path = directory / NAME
    if not path.is_file():
        raise ConfigurationError(f"{path}: file is missing. Restore it: it holds the words of the patterns.")
    file = open_content(path)
    matter = file.front_matter(_Matter)
    check_no_html(file)
    bullet = checked(file, file.body, BULLET)
    for name in BULLET:
        if bullet.names.count(name) != 1:
            file.fail(
                f"the bullet does not say {{{name}}} once", "Put the placeholder back, once", text=bullet.parts[0]
            )
    _check_ids(file, matter.patterns)
    words = {name: _checked_words(file, name, written, cards) for name, written in matter.patterns.items()}
    options = {name: template(each.options) for name, each in words.items()}
    return PatternFile(words, options, paragraphs(unwrapped(file.body)), matter)


def _check_ids(file: ContentFile, written: Collection[str]) -> None:
    """Words for each pattern, and for no other."""
    known = [pattern.id for pattern in PATTERNS]
    for name in known:
        if name not in written:
            file.fail(f"patterns has no words for {name}", "Add says and options for it", key="patterns")
    for name in written:
        if name not in known:
            file.fail(f"unknown pattern {name}", f"Use one of: {', '.join(known)}", key="patterns", text=f"{name}:")


def _checked_words(file: ContentFile, name: str, written: object, cards: Collection[str]) -> PatternWords:
    """The words of one pattern. What is wrong with them is told at the line of its name."""
    place = f"  {name}:"
    try:
        words = msgspec.convert(written, PatternWords)
    except msgspec.ValidationError as error:
        problem = str(error).partition(" - at ")[0]
        file.fail(f"{name}: {problem[:1].lower()}{problem[1:]}", "Write says, options and, if any, told_by", text=place)
    for text, placeholders in ((words.says, ()), (words.options, DVT_STEPS)):
        if not text.strip():
            file.fail(f"{name} has an empty text", "Write says and options", text=place)
        if len(text) > LONGEST:
            remedy = f"Shorten it to {LONGEST} characters: a card is read in seconds"
            file.fail(f"{name} has a text of {len(text)} characters", remedy, text=place)
        checked(file, text, placeholders, key="patterns")
    for card in words.told_by:
        if card not in cards:
            file.fail(f"told_by of {name} names no card: {card}", f"Use one of: {', '.join(sorted(cards))}", text=place)
    return words
