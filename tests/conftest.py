"""What many tests need: the application, a client of it, and an EHR to be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.settings import load_settings
from tests.ehr import Ehr, running_ehr


@pytest.fixture(scope="session", autouse=True)
def plain_environment() -> Iterator[None]:
    """No test depends on the CDS_ variables of whoever runs it."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CDS_")]:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def client() -> Iterator[TestClient]:
    """The service with default settings, called in process."""
    with client_with() as client:
        yield client


@pytest.fixture(scope="session")
def ehr_server() -> Iterator[Ehr]:
    with running_ehr() as ehr:
        yield ehr


@pytest.fixture
def ehr(ehr_server: Ehr) -> Ehr:
    """An EHR that knows nothing yet and was asked nothing yet."""
    ehr_server.answers, ehr_server.seen = {}, []
    return ehr_server


@pytest.fixture(scope="session")
def reading_client(ehr_server: Ehr) -> Iterator[TestClient]:
    """The service, allowed to read the EHR, with little patience."""
    with client_with(fhir_servers=(ehr_server.base,), fhir_timeout=1.0) as client:
        yield client


def client_with(**settings: Any) -> TestClient:
    """The service with other settings."""
    return TestClient(create_app(load_settings(**settings)))
