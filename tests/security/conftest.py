"""A verifier for each test, and the key file that it pins."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gate import Gate
from tests.tokens import EC_KEY, P256_KEY, RSA_KEY, jwks


@pytest.fixture(scope="session")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("keys") / "jwks.json"
    file.write_text(json.dumps(jwks(ec=EC_KEY, rsa=RSA_KEY, p256=P256_KEY)), encoding="utf-8")
    return file


@pytest.fixture
def gate(pinned: Path) -> Gate:
    return Gate(pinned)
