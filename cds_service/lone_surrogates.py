"""Half a character in JSON, as systems send it that cut texts at a length: no decoder takes it, and it would cost the
whole call.
"""

from __future__ import annotations

import re

_MOST = 1_000
_HALF = re.compile(rb"\\u[dD][89a-fA-F]|\xed[\xa0-\xbf]")
# An escape, after all before it: a whole pair and any other escape are passed over. Possessive, so that nothing is
# looked at twice.
_ESCAPED = re.compile(
    rb"((?:[^\\]++|\\u[dD][89abAB]..\\u[dD][c-fC-F]|\\(?!u[dD][89a-fA-F])(?:.|\Z))*+)(\\u[dD][89a-fA-F][0-9a-fA-F]{2})?",
    re.DOTALL,
)
_ENCODED = re.compile(rb"\xed[\xa0-\xbf][\x80-\xbf]")  # UTF-8 has no such character


def without_lone_surrogates(body: bytes) -> bytes:
    """The JSON with a replacement character for each, of the same length; of more than a thousand the rest stays."""
    if _HALF.search(body) is None:
        return body
    escaped = _ESCAPED.sub(lambda found: found[1] + (b"\\ufffd" if found[2] else b""), body, count=_MOST)
    return _ENCODED.sub("\N{REPLACEMENT CHARACTER}".encode(), escaped, count=_MOST)
