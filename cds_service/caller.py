"""Who calls. A leaf."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Caller:
    """The client's name in the registry and the tenant of its token; empty where there is none."""

    client: str = ""
    tenant: str = ""
