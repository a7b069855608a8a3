"""A running service, called as the documents of EHR vendors say that theirs call (docs/vendors/)."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from cds_service.sample_patients import moved_to, utc_today
from tests.calls import CALF_PAIN, FEEDBACK, SERVICE, authorization, call, cards, overridden, searchset
from tests.charts import patient
from tests.command import run
from tests.databases import feedback_rows, journal_rows, sqlite_url
from tests.ehr import Ehr, running_ehr
from tests.servers import PLAIN, Server, running
from tests.tokens import RSA_KEY, claims, jwk, signed

PUBLIC = "https://cds.example.org"
KID = "d3bmo5HzW61TUgikHZH+A8Tx4UOXz2iOs4KvVU4eLY0="
ORACLE = "https://cds-hooks.cerner.com"
PAGES = Path(__file__).parent.parent / "docs" / "vendors"
EXAMPLE = PAGES / "epic-patient-view.json"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@pytest.fixture(scope="module")
def vendor() -> Iterator[Ehr]:
    """The servers of a vendor: keys and FHIR."""
    with running_ehr() as ehr:
        yield ehr


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    return sqlite_url(tmp_path_factory.mktemp("store") / "store.db")


@pytest.fixture(scope="module")
def server(vendor: Ehr, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Both are registered by the commands of their pages."""
    vendor.answers["/jwks.json"] = {"keys": [jwk(RSA_KEY, KID)]}
    file = str(tmp_path_factory.mktemp("registry") / "clients.toml")
    keys = ("--jwks-url", f"{vendor.base}/jwks.json", "--fhir-server", vendor.base, "--file", file)
    for name, options in (
        ("North Hospital", ("--issuer", vendor.base, "--max-lifetime", "900")),
        ("Oracle Health", ("--issuer", ORACLE)),
    ):
        assert run("client", "add", name, *options, *keys).exit_code == 0
    with running("serve", CDS_CLIENTS=file, CDS_PUBLIC_URL=PUBLIC, CDS_DATABASE_URL=database) as server:
        yield server


def send(server: Server, path: str, body: Any, **members: Any) -> httpx2.Response:
    """With the token of a vendor for this address; `members` replace its claims."""
    now = time.time()
    token = signed(claims(PUBLIC + path, now, sub="client-id", **members), "RS384", RSA_KEY, kid=KID)
    headers = {"authorization": f"Bearer {token}"}
    return httpx2.post(server.base + path, json=body, headers=headers, timeout=30, verify=PLAIN)


def test_epic(server: Server, vendor: Ehr, database: str) -> None:
    """Tokens of 900 seconds, medicines by reference, feedback in two forms of its own."""
    sent = EXAMPLE.read_text(encoding="utf-8")
    body = moved_to(utc_today(), json.loads(sent.replace(json.loads(sent)["fhirServer"], vendor.base)))
    code = {"coding": [{"system": RXNORM, "code": "11289"}]}
    vendor.answers["/Medication/eMedication1"] = {"resourceType": "Medication", "id": "eMedication1", "code": code}
    vendor.seen.clear()
    times = {"iss": vendor.base, "exp": int(time.time()) + 900, "nbf": int(time.time()) - 300}
    (card,) = cards(send(server, SERVICE, body, **times))
    assert "anticoagulant not known" not in json.dumps(card)
    assert "Medication/eMedication1" in vendor.asked
    built = {"com.epic.cdshooks.feedback.overrideReason.reasonDisplay": "Does not meet criteria"}
    reasons: tuple[dict[str, Any], ...] = (
        {"reason": {"code": "already-managed", "system": "urn:x"}, "userComment": "seen by the vascular team"},
        {"extension": built, "userComment": "not now"},
    )
    entries = [
        overridden(card=card["uuid"], outcomeTimestamp=f"2022-05-19T19:44:0{n}Z", overrideReasons=each)
        for n, each in enumerate(reasons)
    ]
    assert send(server, FEEDBACK, {"feedback": entries}, **times).status_code == 200
    first, second = sorted(feedback_rows(database), key=lambda row: str(row["outcome_at"]))
    assert (first["reason_code"], first["user_comment"]) == ("already-managed", "seen by the vascular team")
    assert (second["reason_display"], second["user_comment"]) == ("Does not meet criteria", "not now")
    assert json.loads(second["others"]) == {"overrideReasons": {"extension": built}}


def test_oracle_health(server: Server, vendor: Ehr, database: str) -> None:
    """One issuer for all tenants, patient-view without prefetch, SMART scopes."""
    vendor.answers |= {f"/{kind}": searchset() for kind in ("Observation", "MedicationRequest", "Procedure")}
    vendor.answers |= {"/Patient/p1": patient(), "/Condition": searchset(CALF_PAIN)}
    scope = " ".join(f"patient/{kind}.read" for kind in ("Patient", "Condition", "Observation", "MedicationRequest"))
    vendor.seen.clear()
    grant = authorization(scope=scope, patient="p1")
    body = call(prefetch={}, fhirServer=vendor.base, fhirAuthorization=grant)
    (card,) = cards(send(server, SERVICE, body, iss=ORACLE, tenant="ec2458f2"))
    assert "the access token does not cover it" in card["detail"]
    assert "Procedure" not in vendor.asked
    deadline = time.monotonic() + 20
    while not (rows := [row for row in journal_rows(database) if row["client"] == "Oracle Health"]):
        assert time.monotonic() < deadline
    assert rows[0]["tenant"] == "ec2458f2"


def test_the_example_of_the_page_is_told_as_the_page_says() -> None:
    done = run("assess", str(EXAMPLE), "--as-of", "2026-11-02T12:00:00Z", "--json")
    (card,) = json.loads(done.stdout)["cards"]
    assert card["summary"].startswith("DVT, left leg")
    assert "anticoagulant not known" in card["summary"]


@pytest.mark.parametrize("page", sorted(PAGES.glob("*.md")), ids=lambda page: page.stem)
def test_each_page_says_what_it_rests_on_and_how_to_begin(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "**Not tried against a vendor's own server" in text
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    for heading in ("## Registering", "## A test call", "## Before going live"):
        assert heading in headings
    assert headings[-1].startswith("## Source")
