"""A FHIR server that nobody here wrote: Medplum's, in memory. It is loaded by `cds-service load`, and read page by page
without any prefetch; each sample patient gets the same cards as from a full prefetch.

It needs node and npm, and for the first time the npm registry. Without them it is skipped, and says why.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.prefetch import chart_needs
from cds_service.sample_patients import load_samples, moved_to, utc_today
from cds_service.shipped import shipped
from tests.calls import SERVICE, cards, post_until_answered, without, without_now
from tests.conftest import client_with

SOURCE = Path(__file__).parent / "medplum"
INSTALLED = Path(__file__).parent.parent / ".medplum"
PAGE_SIZES = (5, 20)
SAMPLES = load_samples(shipped("fhir_fixtures"))
TODAY = utc_today()
NEEDS = chart_needs(Terminology().measurement_codes())


def installed() -> Path:
    """The folder with the server and what it needs; npm is asked once, and again when the list has changed."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not on this machine, which Medplum's FHIR server needs (Node 20.19 or later)")
    wanted = (SOURCE / "package.json").read_text()
    done = INSTALLED / "done"
    if not done.exists() or done.read_text() != wanted:
        INSTALLED.mkdir(exist_ok=True)
        shutil.copy(SOURCE / "package.json", INSTALLED)
        options = ("--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries=1")
        asked = subprocess.run(["npm", "install", *options], cwd=INSTALLED, capture_output=True, text=True, check=False)
        if asked.returncode:
            pytest.skip(f"npm cannot install Medplum's FHIR server: {' '.join(asked.stderr.split())[:200]}")
        done.write_text(wanted)
    shutil.copy(SOURCE / "server.mjs", INSTALLED)
    return INSTALLED


@pytest.fixture(scope="module")
def medplum() -> Iterator[str]:
    """The address of the server, before a page size; all sample patients are on it."""
    with subprocess.Popen(["node", "server.mjs"], cwd=installed(), stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = process.stdout.readline().strip()
            assert port, "the server did not start"
            address = f"http://127.0.0.1:{port}"
            loaded = CliRunner().invoke(app, ["load", f"{address}/{PAGE_SIZES[0]}"])
            assert loaded.exit_code == 0, loaded.output
            assert len(loaded.stdout.splitlines()) == len(SAMPLES)
            yield address
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def service(medplum: str) -> Iterator[TestClient]:
    servers = tuple(f"{medplum}/{size}" for size in PAGE_SIZES)
    with client_with(fhir_servers=servers, fhir_timeout=30, override_hours=0) as client:
        yield client


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: each.name)
def test_read_page_by_page_a_patient_gets_the_cards_of_a_full_prefetch(
    service: TestClient, medplum: str, sample: Any
) -> None:
    call = chart_request(moved_to(TODAY, sample.bundle), NEEDS)
    expected = told(service, call)
    for size in PAGE_SIZES:
        assert told(service, {**without(call, "prefetch"), "fhirServer": f"{medplum}/{size}"}) == expected


def told(service: TestClient, call: dict[str, Any]) -> str:
    return without_now(json.dumps(cards(post_until_answered(service, SERVICE, call)), indent=1))
