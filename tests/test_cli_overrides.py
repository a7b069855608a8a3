"""`cds-service overrides`, and what `serve` says of it: from a real call and real feedback to the flag."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from cds_service.cli.overrides import card_of
from cds_service.rendering.render import card_uuid
from tests.calls import FEEDBACK, cards, overridden, post
from tests.command import run
from tests.conftest import client_with
from tests.databases import sqlite_url, upgraded
from tests.servers import running

REASON = {"reason": {"code": "already-managed", "system": "urn:x"}}


@pytest.fixture
def overridden_thrice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store with three calls, all three cards of them overridden."""
    url = upgraded(sqlite_url(tmp_path / "store.db"))
    monkeypatch.setenv("CDS_DATABASE_URL", url)
    monkeypatch.setenv("CDS_OVERRIDE_RATE_LEAST", "3")
    with client_with(database_url=url) as client:
        for _ in range(3):
            (card,) = cards(post(client, hookInstance=str(uuid4())))
            entry = overridden(card=card["uuid"], overrideReason=REASON)
            assert client.post(FEEDBACK, json={"feedback": [entry]}).status_code == 200
    return url


@pytest.mark.usefixtures("overridden_thrice")
def test_a_card_above_the_limit_is_flagged(monkeypatch: pytest.MonkeyPatch) -> None:
    said, why = "no-red-flag: 3 of 3 overridden, 100%", "0 accepted: already-managed 3\n"
    result = run("overrides")
    assert (result.exit_code, result.stdout) == (0, f"{said} (above the limit), {why}")
    monkeypatch.setenv("CDS_OVERRIDE_RATE_LEAST", "4")
    assert run("overrides").stdout == f"{said}, {why}"


@pytest.mark.usefixtures("overridden_thrice")
def test_a_rate_at_the_limit_is_not_above_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_OVERRIDE_RATE_LIMIT", "1")
    assert "above" not in run("overrides").stdout


def test_the_service_says_so_when_it_starts(overridden_thrice: str) -> None:
    with running("serve", CDS_DATABASE_URL=overridden_thrice) as server:
        server.stop()
    said = [json.loads(line) for line in server.log]
    notices = [line["notice"] for line in said if line["event"] == "content"]
    assert [each for each in notices if "review was due" not in each] == [
        "card no-red-flag: overridden in 3 of 3 answers in the last 90 days, above CDS_OVERRIDE_RATE_LIMIT; "
        "see cds-service overrides"
    ]


def test_without_feedback_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", upgraded(sqlite_url(tmp_path / "store.db")))
    assert run("overrides").stdout == "No feedback on any card in the last 90 days.\n"


def test_without_a_store_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_DATABASE_URL", sqlite_url(tmp_path / "none.db"))
    result = run("overrides")
    assert (result.exit_code, "cds-service db upgrade" in result.stderr) == (1, True)


def test_a_card_is_known_by_the_last_group_of_its_uuid() -> None:
    call = str(uuid4())
    of_card = card_uuid(call, "dvt")
    assert card_of(call, of_card) == "dvt"
    assert card_of(call, "00000000-0000-5000-8000" + of_card[-13:]) == "dvt"
    assert card_of(str(uuid4()), of_card) is None
