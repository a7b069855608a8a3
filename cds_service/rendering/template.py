"""Filling the words of a card: placeholders in braces, no logic.

A paragraph is what stands between blank lines. If any placeholder in it has nothing to say, the paragraph is
left out as a whole, its label included.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_PARAGRAPHS = re.compile(r"\n\s*\n")


def placeholders(text: str) -> list[str]:
    """The names in braces, in order."""
    return _PLACEHOLDER.findall(text)


def fill(text: str, values: Mapping[str, str]) -> str:
    """One line or paragraph with its placeholders replaced. What is put in is not searched for braces."""
    return _PLACEHOLDER.sub(lambda match: values[match[1]], text)


def fill_paragraphs(text: str, values: Mapping[str, str]) -> str:
    """All paragraphs that have something to say."""
    paragraphs = _PARAGRAPHS.split(text.strip())
    said = [each for each in paragraphs if all(values[name] for name in placeholders(each))]
    return "\n\n".join(fill(each, values) for each in said)
