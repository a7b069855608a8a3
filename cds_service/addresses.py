"""Web addresses compared as addresses, not as text. A leaf: imports nothing of ours."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

ANY = "*"
"""Instead of addresses in a list: all of them."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_PLAIN = re.compile(r"[!-\[\]-~]+")  # printable ASCII; a backslash is read as a slash by some parsers
# What names one step down to every server, once decoded: there are some that cut a segment at a semicolon, decode it
# twice, merge slashes, or take a backslash or an encoded slash for one.
_STEP_DOWN = re.compile(r"(?!\.+\Z)[\w.~$:@!'()*+,=&|-]+", re.ASCII)


class Address(NamedTuple):
    """What two spellings of one place on the web have in common. `path` has no trailing slash."""

    scheme: str
    host: str
    port: int
    path: str


@lru_cache(maxsize=256)
def parse_address(url: str) -> Address | None:
    """The place that an absolute http(s) address names; the query is not part of it.

    None for everything else: other schemes, user names, dot segments, spaces and control characters.
    """
    if not _PLAIN.fullmatch(url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or "@" in parts.netloc or parts.fragment:
        return None
    if {".", ".."} & set(re.split(r"[/\\]", unquote(parts.path))):
        return None
    return Address(parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme], parts.path.rstrip("/"))


def parse_base(url: str) -> Address | None:
    """As `parse_address`, for a base address, which has no query."""
    return None if "?" in url else parse_address(url)


def resolved(reference: str, base: str) -> str | None:
    """The address that a reference, absolute or relative to a base, stands for; None if that is not certain to be the
    base itself or below it: same scheme, host and port, and path. The query is free.
    """
    if not _PLAIN.fullmatch(reference):  # urljoin would drop some characters in silence
        return None
    try:
        url = urljoin(base.rstrip("/") + "/", reference)
    except ValueError:
        return None
    place, root = parse_address(url), parse_base(base)
    if place is None or root is None or place[:3] != root[:3] or not place.path.startswith(root.path):
        return None
    rest, *steps = place.path[len(root.path) :].split("/")
    return url if not rest and all(_STEP_DOWN.fullmatch(unquote(step)) for step in steps) else None


def is_loopback(host: str) -> bool:
    """Whether a host name or IP address is reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
