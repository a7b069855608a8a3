"""Text that others chose, made visible: nothing of it steers a terminal, turns the line around or hides."""

from __future__ import annotations

import re
import unicodedata

BLANK = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]")
"""Letters and marks that show nothing but pass str.isprintable: joiners, Hangul and Khmer fillers, selectors."""


def escaped(text: str) -> str:
    r"""One line, in which what does not show is written as in a Python string: \n, \x1b, \u202e.

    Letters, signs and spaces of any language stay as they are, and so do backslashes: nothing is read back from this.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if _shows(each) else ascii(each)[1:-1] for each in text)


def _shows(character: str) -> bool:
    if character.isprintable():
        return not BLANK.match(character)
    return unicodedata.category(character) == "Zs"  # no-break and wide spaces
