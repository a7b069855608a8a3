"""What many tests need: the application, a client of it, and an EHR to be read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from hypothesis import settings
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.rendering.card_files import load_cards
from cds_service.rendering.content import CardFiles
from cds_service.settings import load_settings
from tests.databases import Postgres, running_postgres, sqlite_url, upgraded
from tests.ehr import Ehr, running_ehr

settings.register_profile("tests", deadline=None)  # how long an example takes tells how busy the machine is
settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def plain_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No test depends on the CDS_ variables of whoever runs it, or leaves a database where it runs."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("CDS_")]:
            patch.delenv(name)
        url = upgraded(sqlite_url(tmp_path_factory.mktemp("store") / "cds-service.db"))
        patch.setenv("CDS_DATABASE_URL", url)
        yield


@pytest.fixture(scope="session", autouse=True)
def shipped_cards_read_once() -> Iterator[None]:
    """Nearly every application of these tests has the cards of the repository, and most of its start is to read them.
    A folder of another site is read each time.
    """
    read_once = cache(load_cards)

    def load(folder: Path, default: Path, base: str) -> CardFiles:
        return (read_once if folder == default else load_cards)(folder, default, base)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cds_service.app.load_cards", load)
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with running_postgres() as postgres:
        yield postgres


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without tables: each test that asks for it runs twice."""
    if request.param == "sqlite":
        yield sqlite_url(tmp_path / "store.db")
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    url = postgres.new_database()
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session")
def current_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the tables of the current schema, to be copied."""
    file = tmp_path_factory.mktemp("current") / "store.db"
    upgraded(sqlite_url(file))
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The same with the tables of the current schema, which are made once."""
    if request.param == "sqlite":
        copy(request.getfixturevalue("current_file"), tmp_path / "store.db")
        yield sqlite_url(tmp_path / "store.db")
        return
    postgres: Postgres = request.getfixturevalue("postgres")
    url = postgres.new_database(postgres.current)
    yield url
    postgres.drop(url)


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
    ehr_server.forget()
    return ehr_server


@pytest.fixture(scope="session")
def reading_client(ehr_server: Ehr) -> Iterator[TestClient]:
    """The service, allowed to read the EHR, with little patience."""
    with client_with(fhir_servers=(ehr_server.base,), fhir_timeout=1.0) as client:
        yield client


def client_with(**settings: Any) -> TestClient:
    """The service with other settings."""
    return TestClient(create_app(load_settings(**settings)))
