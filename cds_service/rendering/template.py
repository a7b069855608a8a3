"""The words of a card with their placeholders in braces: taken apart once, filled for every card. No logic.

A paragraph is what stands between blank lines. If any placeholder in it has nothing to say, the paragraph is
left out as a whole, its label included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PARAGRAPHS = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class Template:
    """One line or paragraph. `parts`: words, a placeholder's name, words and so on; `names`: only the names."""

    parts: tuple[str, ...]
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """The text with its placeholders replaced. What is put in is not searched for braces."""
        return self.with_words([values[name] for name in self.names])

    def with_words(self, words: list[str]) -> str:
        """The text with these words in the places of its placeholders."""
        said = list(self.parts)
        said[1::2] = words
        return "".join(said)


@dataclass(frozen=True, slots=True)
class Paragraphs:
    """A text of several paragraphs. `names`: all its placeholders, each once."""

    paragraphs: tuple[Template, ...]
    names: tuple[str, ...]

    def fill(self, values: Mapping[str, str]) -> str:
        """All paragraphs that have something to say."""
        said = []
        for each in self.paragraphs:
            words = [values[name] for name in each.names]
            if all(words):
                said.append(each.with_words(words))
        return "\n\n".join(said)


def template(text: str) -> Template:
    """One line or paragraph, taken apart."""
    parts = tuple(_PLACEHOLDER.split(text))
    return Template(parts, parts[1::2])


def paragraphs(text: str) -> Paragraphs:
    """All paragraphs of a text, taken apart."""
    parts = tuple(template(each) for each in _PARAGRAPHS.split(text.strip()))
    return Paragraphs(parts, tuple(dict.fromkeys(name for each in parts for name in each.names)))
