"""`cds-service check --seen`: from charts coded in something unknown to what the operator is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from tests.calls import cards, detail, post, prefetch, searchset
from tests.charts import Entry, patient
from tests.command import run
from tests.conftest import client_with
from tests.databases import journal_rows, sqlite_url, upgraded

WORDS = "Zebrafish thrombosis of left calf"
GERMAN = "urn:oid:1.2.276.0.76.5.999"
PZN = "http://fhir.de/CodeSystem/ifa/pzn"


def coded(member: str, system: str, **entry: Any) -> Entry:
    code = {"coding": [{"system": system, "code": "zebrafish-17", "display": WORDS}]}
    return {**entry, "members": {member: code}}


CONDITION = coded("code", GERMAN, condition=[], id="c")
CHART = prefetch(
    conditions=searchset(CONDITION, {**CONDITION, "id": "c2"}),
    findings=searchset(coded("code", "Jane Zebrafish", observation=[], id="o")),
    medications=searchset(coded("medicationCodeableConcept", PZN, medication=[], id="m")),
)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = upgraded(sqlite_url(tmp_path / "store.db"))
    monkeypatch.setenv("CDS_DATABASE_URL", url)
    return url


def test_a_chart_coded_in_something_unknown_is_told_to_the_operator_without_its_words(store: str) -> None:
    with capture_logs() as logs, client_with(database_url=store) as client:
        for _ in range(3):
            assert cards(post(client, hookInstance=str(uuid4()), prefetch=CHART)) == []
        assert WORDS in detail(post(client, prefetch={**CHART, "conditions": searchset(CONDITION, PAIN)}))
    warned = [each for each in logs if each["log_level"] == "warning"]
    assert sorted(each["system"] for each in warned) == [PZN, "none that is a URI", GERMAN]
    told = run("check", "--seen").stdout
    assert f"seen: any client: {GERMAN}: not read, 7 entries passed over, in 3 charts all that a part held" in told
    assert f"seen: any client: {PZN}: not read, 4 entries passed over, in 4 charts all that a part held" in told
    assert "codes without a system that is a URI: not read, 4 entries" in told
    assert [row["left_out"] for row in journal_rows(store)] == [4, 4, 4, 3]
    kept = Path(store.partition("///")[2]).read_bytes()
    for said in (told, str(logs), kept.decode("latin-1")):
        assert "ebrafish" not in said


PAIN: Entry = {"condition": "sct|300954003", "id": "pain", "onset": -3}


def test_a_read_system_with_codes_that_it_cannot_have_is_told_as_that(store: str) -> None:
    wrong = coded("code", "http://hl7.org/fhir/sid/icd-10-cm", condition=[], id="c")
    with client_with(database_url=store) as client:
        post(client, prefetch=prefetch(patient=patient(), conditions=searchset(wrong)))
    assert "icd-10-cm: read, but not these codes, 1 entry passed over" in run("check", "--seen").stdout


def test_where_all_was_read_it_says_so_and_names_the_systems(store: str) -> None:
    told = run("check", "--seen")
    assert told.exit_code == 0
    assert "code systems read: SNOMED CT, LOINC, ICD-10-CM" in told.stdout
    assert "seen: all codes were read" in told.stdout
