"""The file cards/_watch-words.md: which words of an entry without a code that is read let it be quoted on cards."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from cds_service.rendering.content import Written
from cds_service.rendering.content_file import open_content

WATCH_WORDS = "_watch-words.md"
_LOOKED_AT = 2000  # characters of a text
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th"})
_WORD = re.compile(r"[^\W_]+")


class _WatchWordsMatter(Written, frozen=True, kw_only=True):
    words: dict[str, list[str]]


class WatchWords:
    """Words to look for, as whole words; a star stands for any letters at that end. Case and accents do not count."""

    def __init__(self, words: Iterable[str]) -> None:
        folded = [(each.startswith("*"), each.endswith("*"), " ".join(_words(each))) for each in words]
        single = [each for each in folded if " " not in each[2]]
        self._whole = frozenset([word for before, after, word in single if not (before or after)])
        self._starts = frozenset([word for before, after, word in single if after and not before])
        self._longest = max([len(word) for word in self._starts], default=0)
        self._parts = tuple(
            [
                f"{'' if before else ' '}{word}{'' if after else ' '}"
                for before, after, word in folded
                if before or " " in word
            ]
        )

    def __call__(self, text: str) -> bool:
        """Does the text hold one of them?"""
        words = _words(text[:_LOOKED_AT])
        if not self._whole.isdisjoint(words):
            return True
        starts = [word[:end] for word in words for end in range(2, min(len(word), self._longest) + 1)]
        if not self._starts.isdisjoint(starts):
            return True
        line = f" {' '.join(words)} "
        return any(part in line for part in self._parts)


def load_watch_words(path: Path) -> tuple[WatchWords, Written]:
    """The words, and who answers for them. Raises ConfigurationError that names file, line, fault and remedy."""
    file = open_content(path)
    matter = file.front_matter(_WatchWordsMatter)
    listed = [word for words in matter.words.values() for word in words]
    for word in listed:
        if "*" in word.strip("*") or len("".join(_words(word))) < 2:
            remedy = (
                "Write two letters or more, with stars at an end only; YAML takes a word such as no or on in quotes"
            )
            file.fail(f"words: {word!r} cannot be looked for", remedy, key="words", text=word)
    if not listed:
        file.fail("words names none", "Name at least one: without them no entry is quoted", key="words")
    return WatchWords(listed), matter


def _words(text: str) -> list[str]:
    """The words of a text without accents and in one case."""
    text = text.casefold()
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join([each for each in decomposed if not unicodedata.combining(each)]).translate(_LETTERS)
    return _WORD.findall(text)
