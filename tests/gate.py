"""The verifier of tokens at a settable time, with the keys of the example EHR pinned."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cds_service.errors import Unauthenticated
from cds_service.security.caller import Caller
from cds_service.security.client_jwt import ClientJwt
from cds_service.security.clients import Client
from cds_service.security.first_use import UsedTokens
from cds_service.security.key_sets import KeySource, PinnedKeys
from tests.tokens import ISSUER, NAME, claims

ENDPOINT = "https://cds.example.org/cds-services/calf-pain-patient-view"
NOW = 1_800_000_000.0
DEFAULT = ("ES384", "RS384")


class Gate:
    """The verifier at a settable time."""

    def __init__(self, pinned: Path, algorithms: Sequence[str] = DEFAULT, **client: Any) -> None:
        self.now = NOW
        keys: KeySource = PinnedKeys(pinned, algorithms)
        registered = Client(**{"name": NAME, "issuer": ISSUER, "jwks_file": str(pinned), **client})
        self.verifier = ClientJwt([(registered, keys)], algorithms, 300, UsedTokens(self.clock).first_use, self.clock)

    def clock(self) -> datetime:
        return datetime.fromtimestamp(self.now, UTC)

    def admit(self, token: str, endpoint: str = ENDPOINT) -> Caller:
        return asyncio.run(self.verifier.caller([f"Bearer {token}"], endpoint))

    def refuse(self, token: str, endpoint: str = ENDPOINT) -> str:
        """The word for the log."""
        return self.refuse_header([f"Bearer {token}"], endpoint)

    def refuse_header(self, authorization: Sequence[str], endpoint: str = ENDPOINT) -> str:
        with pytest.raises(Unauthenticated) as refused:
            asyncio.run(self.verifier.caller(authorization, endpoint))
        return refused.value.reason


def valid(**members: Any) -> dict[str, Any]:
    """Claims that the verifier takes at NOW; each can be replaced."""
    return claims(ENDPOINT, NOW, **members)
