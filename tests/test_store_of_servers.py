"""What real servers store: nothing that was answered 200 is lost, and nothing is there twice."""

from __future__ import annotations

import signal
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.calls import FEEDBACK, SERVICE, accepted, call, post_until_answered
from tests.databases import feedback_rows, journal_rows, sqlite_url, upgraded
from tests.servers import PLAIN, Server, post, running

CLIENTS = 20
DISTINCT = 10  # entries of each client


def test_after_kill_9_every_answered_entry_is_there(database: str) -> None:
    """Eight clients send without pause; the server dies in the midst of it, and is started again."""
    stored: list[str] = []
    enough = threading.Event()

    def send(server: Server) -> None:
        with httpx2.Client(verify=PLAIN, base_url=server.base, timeout=20) as http:
            while True:
                card = str(uuid.uuid4())
                try:
                    response = http.post(FEEDBACK, json={"feedback": [accepted("s1", card=card)]})
                except httpx2.TransportError:
                    return
                assert response.status_code == 200, response.text
                stored.append(card)
                if len(stored) > 150:
                    enough.set()

    with running("serve", CDS_DATABASE_URL=database) as server, ThreadPoolExecutor(8) as senders:
        sending = [senders.submit(send, server) for _ in range(8)]
        assert enough.wait(60)
        server.process.send_signal(signal.SIGKILL)
        for each in sending:
            each.result(60)
    assert server.process.wait(20) == -signal.SIGKILL
    with running("serve", CDS_DATABASE_URL=database) as server:
        assert post(server.base + FEEDBACK, json={"feedback": [accepted("s1", card="last")]}).status_code == 200
    kept = [row["card"] for row in feedback_rows(database)]
    assert len(kept) == len(set(kept))
    assert set(stored) | {"last"} <= set(kept)
    assert len(kept) <= len(stored) + 1 + 8  # an entry more per client: stored, and killed before the answer


def test_two_workers_lose_and_double_nothing_for_many_clients(database: str) -> None:
    """Every client sends its own entries twice, and the same entry as all others; then each makes a call."""

    def send(number: int, base: str) -> list[int]:
        own = [accepted(str(n), card=f"card {number}") for n in range(DISTINCT)]
        with httpx2.Client(verify=PLAIN, base_url=base, timeout=60) as http:
            messages = [*([each] for each in own), own[::-1], [accepted("shared")]]
            answers = [post_until_answered(http, FEEDBACK, {"feedback": message}) for message in messages]
            answers.append(post_until_answered(http, SERVICE, call(hookInstance=str(uuid.uuid4()))))
            return [each.status_code for each in answers]

    with running("serve", "--workers", "2", CDS_DATABASE_URL=database) as server, ThreadPoolExecutor(CLIENTS) as pool:
        statuses = list(pool.map(send, range(CLIENTS), [server.base] * CLIENTS))
        assert server.stop() == 0
    assert statuses == [[200] * (DISTINCT + 3)] * CLIENTS
    kept = [(row["card"], *row["accepted_suggestions"]) for row in feedback_rows(database)]
    own = {(f"card {number}", str(n)) for number in range(CLIENTS) for n in range(DISTINCT)}
    assert len(kept) == len(own) + 1
    assert own <= set(kept)
    journal = journal_rows(database)
    assert len(journal) == CLIENTS
    assert len({row["patient_hash"] for row in journal}) == 1  # also without CDS_HASH_KEY, over both workers


def test_serve_makes_the_default_file_in_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CDS_DATABASE_URL")
    monkeypatch.setenv("PYTHONPATH", str(Path.cwd()))
    monkeypatch.chdir(tmp_path)
    with running("serve", "--workers", "2") as server:
        assert post(server.base + FEEDBACK, json={"feedback": [accepted("s1")]}, timeout=60).status_code == 200
        server.stop()
    assert len(feedback_rows(sqlite_url(tmp_path / "cds-service.db"))) == 1


def test_feedback_for_a_file_that_was_removed_or_replaced_is_not_said_to_be_stored(tmp_path: Path) -> None:
    file, other = tmp_path / "store.db", tmp_path / "other.db"
    upgraded(sqlite_url(other))
    with running("serve", CDS_DATABASE_URL=sqlite_url(file)) as server:

        def send() -> int:
            return post(server.base + FEEDBACK, json={"feedback": [accepted("s1")]}).status_code

        assert send() == 200
        for each in tmp_path.glob("store.db*"):
            each.unlink()
        assert [send(), send()] == [503, 503]
        assert not file.exists()
        other.rename(file)
        assert send() == 503
        server.stop()
    assert sum('"StoreFileReplaced"' in line and '"feedback not stored"' in line for line in server.log) == 3
    assert feedback_rows(sqlite_url(file)) == []


def test_nothing_that_a_clinician_wrote_reaches_any_log(database: str) -> None:
    zebrafish: dict[str, Any] = {"overrideReason": {"userComment": "zebrafish"}}
    with running("serve", CDS_DATABASE_URL=database) as server:
        for entry in (accepted("s1", card="zebrafish", **zebrafish), accepted("zebrafish", card=7, **zebrafish)):
            post(server.base + FEEDBACK, json={"feedback": [entry]})
        server.stop()
    assert len(server.log) == 3
    assert "zebrafish" not in "\n".join(server.log + server.said)
