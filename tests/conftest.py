"""What many tests need: the application, a client of it, and an EHR to be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.settings import load_settings
from tests.ehr import Ehr, running_ehr


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the CDS_ variables of whoever runs it."""
    import os

    for name in list(os.environ):
        if name.startswith("CDS_"):
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """The service with default settings, called in process."""
    with TestClient(create_app(load_settings())) as client:
        yield client


@pytest.fixture
def ehr() -> Iterator[Ehr]:
    with running_ehr() as ehr:
        yield ehr


@pytest.fixture
def reading_client(ehr: Ehr) -> Iterator[TestClient]:
    """The service, allowed to read the EHR, with little patience."""
    with client_with(fhir_servers=(ehr.base,), fhir_timeout=1.0) as client:
        yield client


def client_with(**settings: Any) -> TestClient:
    """The service with other settings."""
    return TestClient(create_app(load_settings(**settings)))
