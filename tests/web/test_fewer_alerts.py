"""Cards that are kept back, over HTTP and with real stores."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from starlette.testclient import TestClient

from cds_service.storage import earlier_cards, reader
from cds_service.storage.store import Store
from tests.calls import CALF_PAIN, cards, hook_call, outcome, overridden, prefetch, searchset
from tests.charts import Entry, patient
from tests.conftest import client_with
from tests.databases import card_rows, journal_rows
from tests.servers import PLAIN, running
from tests.tokens import claims, registry, signed

PUBLIC = "https://cds.example.org"
SCORE: Entry = {"observation": "loinc|72514-3", "id": "score", "at": -1, "value": 8, "site": "sct|53840002"}
MILD: Entry = {**SCORE, "value": 3}
SWELLING: Entry = {"observation": "sct|449615005", "id": "calf", "at": -1, "side": "left"}
DVT: Entry = {"condition": "sct|404223003", "id": "dvt", "onset": -3, "side": "left"}
IBUPROFEN = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "draft",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "5640"}]
    },
}
WARFARIN: Entry = {"medication": "rx|11289", "id": "warfarin", "at": -30}

# made once: what is dated relative to now would be other evidence in the next call
SEVERE = prefetch(findings=searchset(SCORE))
SEVERE_AND_SWOLLEN = {**SEVERE, "findings": searchset(SCORE, SWELLING)}
SEVERE_AND_SWOLLEN["findings"]["entry"][0] = SEVERE["findings"]["entry"][0]
BENIGN = prefetch(findings=searchset(MILD))
CRITICAL = prefetch(conditions=searchset(CALF_PAIN, DVT))
TREATED = prefetch(medications=searchset(WARFARIN))


class FreshConnections:
    """A connection of its own for each request, so that each may reach another worker."""

    def __init__(self, base: str) -> None:
        self._base = base

    def post(self, path: str, json: Any) -> Any:
        return httpx2.post(self._base + path, json=json, timeout=20, verify=PLAIN)


class Clinician:
    """Who calls the hooks, each time with a new hookInstance, and overrides cards."""

    def __init__(
        self, http: TestClient | FreshConnections, name: str = "Practitioner/a", encounter: str | None = None
    ) -> None:
        self._http = http
        self._context = {"userId": name, **({"encounterId": encounter} if encounter else {})}

    def asks(self, hook: str, chart: dict[str, Any], **context: Any) -> list[Any]:
        body = hook_call(hook, {**self._context, **context}, hookInstance=str(uuid.uuid4()), prefetch=chart)
        return cards(self._http.post(f"/cds-services/calf-pain-{hook}", json=body))

    def opens(self, chart: dict[str, Any], **context: Any) -> list[Any]:
        return self.asks("patient-view", chart, **context)

    def overrides(self, card: Any, hours_ago: float = 0, **members: Any) -> None:
        at = (datetime.now(UTC) - timedelta(hours=hours_ago)).isoformat()
        sent = overridden(card=card["uuid"], outcomeTimestamp=at, **members)
        answer = self._http.post("/cds-services/calf-pain-patient-view/feedback", json={"feedback": [sent]})
        assert answer.status_code == 200


@pytest.fixture
def http(database: str) -> Iterator[TestClient]:
    with client_with(database_url=database) as client:
        yield client


def rows_of(url: str, count: int) -> list[str | None]:
    """Why the cards of the journal were withheld, in the order of the calls, as soon as there are so many."""
    deadline = time.monotonic() + 20
    while len(found := card_rows(url)) < count:
        assert time.monotonic() < deadline
    order = [row["id"] for row in journal_rows(url)]
    return [row["withheld"] for row in sorted(found, key=lambda row: order.index(row["invocation"]))]


class TestAnOverride:
    def test_silences_the_card_for_who_gave_it(self, http: TestClient, database: str) -> None:
        someone = Clinician(http)
        (card,) = someone.opens(SEVERE)
        (again,) = someone.opens(SEVERE)
        assert again["uuid"] != card["uuid"]
        someone.overrides(card)
        assert someone.opens(SEVERE) == []
        assert someone.opens(SEVERE) == []
        assert rows_of(database, 4) == [None, None, "overridden", "overridden"]
        last = journal_rows(database)[-1]
        assert (last["status"], last["indicator"], last["rules"]) == ("ok", None, ["severe-pain"])

    def test_whatever_its_reason(self, http: TestClient) -> None:
        someone = Clinician(http)
        (card,) = someone.opens(BENIGN)
        someone.overrides(card, overrideReason={"reason": {"code": "not-this-visit"}})
        assert someone.opens(BENIGN) == []

    def test_holds_over_other_hooks_and_restarts(self, database: str) -> None:
        for _ in range(2):
            with client_with(database_url=database) as http:
                someone = Clinician(http)
                for card in someone.opens(SEVERE):
                    someone.overrides(card)
                assert someone.asks("encounter-start", SEVERE) == []

    def test_is_no_other_clinicians(self, http: TestClient) -> None:
        someone, other = Clinician(http), Clinician(http, "Practitioner/b")
        (card,) = someone.opens(SEVERE)
        assert len(other.opens(SEVERE)) == 1
        someone.overrides(card)
        assert someone.opens(SEVERE) == []
        assert len(other.opens(SEVERE)) == 1
        assert len(Clinician(http, "PractitionerRole/a").opens(SEVERE)) == 1

    def test_is_of_one_patient(self, http: TestClient) -> None:
        """Two charts with the same ids, as two EHRs without ids of their own may have."""
        someone = Clinician(http)
        (card,) = someone.opens(BENIGN)
        someone.overrides(card)
        own = BENIGN["conditions"]["entry"][0]["resource"]
        other = {"resource": {**own, "subject": {"reference": "Patient/p2"}}}
        theirs = prefetch(patient=patient(id="p2"), conditions={**searchset(), "entry": [other]})
        assert len(someone.opens(theirs, patientId="p2")) == 1

    @pytest.mark.parametrize("reused", ["d1577c69-dfbe-44ad-ba6d-3e05e953b2ea"])
    def test_is_of_one_clinician_even_where_an_ehr_reuses_a_hook_instance(self, http: TestClient, reused: str) -> None:
        def opened(user: str) -> list[Any]:
            body = hook_call("patient-view", {"userId": user}, hookInstance=reused, prefetch=SEVERE)
            return cards(http.post("/cds-services/calf-pain-patient-view", json=body))

        (card,), (of_b,) = opened("Practitioner/a"), opened("Practitioner/b")
        assert card["uuid"] != of_b["uuid"]
        Clinician(http).overrides(card)
        assert opened("Practitioner/a") == []
        assert len(opened("Practitioner/b")) == 1

    def test_ends_with_new_evidence(self, http: TestClient) -> None:
        someone = Clinician(http)
        (card,) = someone.opens(SEVERE)
        someone.overrides(card)
        (card,) = someone.opens(SEVERE_AND_SWOLLEN)
        someone.overrides(card)
        assert someone.opens(SEVERE_AND_SWOLLEN) == []

    def test_ends_with_a_higher_level(self, http: TestClient) -> None:
        someone = Clinician(http)
        (card,) = someone.opens(BENIGN)
        someone.overrides(card)
        assert someone.opens(BENIGN) == []
        (card,) = someone.opens({**BENIGN, "findings": SEVERE["findings"]})
        assert card["indicator"] == "warning"

    def test_never_silences_a_critical_card(self, database: str) -> None:
        for settings in ({}, {"max_indicator": "warning"}):
            with client_with(database_url=database, **settings) as http:
                someone = Clinician(http, encounter="e1")
                (card,) = someone.asks("encounter-start", CRITICAL)
                someone.overrides(card)
                (again,) = someone.opens(CRITICAL)
                assert again["summary"] == card["summary"]
                assert len(someone.opens(CRITICAL)) == 1

    @pytest.mark.parametrize(("hours_ago", "shown"), [(23.5, 0), (24.5, 1)])
    def test_silences_a_warning_for_a_day_at_most(self, database: str, hours_ago: float, shown: int) -> None:
        with client_with(database_url=database, override_hours=100) as http:
            someone = Clinician(http)
            (card,) = someone.opens(SEVERE)
            someone.overrides(card, hours_ago)
            assert len(someone.opens(SEVERE)) == shown

    @pytest.mark.parametrize(("hours_ago", "shown"), [(99, 0), (101, 1)])
    def test_silences_other_cards_for_as_long_as_is_set(self, database: str, hours_ago: float, shown: int) -> None:
        with client_with(database_url=database, override_hours=100) as http:
            someone = Clinician(http)
            (card,) = someone.opens(BENIGN)
            someone.overrides(card, hours_ago)
            assert len(someone.opens(BENIGN)) == shown

    def test_can_be_made_to_silence_nothing(self, database: str) -> None:
        with client_with(database_url=database, override_hours=0) as http:
            someone = Clinician(http)
            (card,) = someone.opens(BENIGN)
            someone.overrides(card)
            assert len(someone.opens(BENIGN)) == 1

    def test_an_accepted_suggestion_silences_nothing(self, http: TestClient) -> None:
        someone = Clinician(http)
        (card,) = someone.opens(SEVERE)
        someone.overrides(card, outcome="accepted", acceptedSuggestions=[{"id": "s1"}])
        assert len(someone.opens(SEVERE)) == 1
        someone.overrides(card, overrideReasons={"reason": {"code": "already-managed"}})
        assert someone.opens(SEVERE) == [], "a dismissal after it does"

    def test_another_part_unread_ends_it(self, http: TestClient) -> None:
        """Without its medicines, or with an entry that cannot be read, it is not known to be the same evidence."""
        someone = Clinician(http)
        (card,) = someone.opens(SEVERE)
        someone.overrides(card)
        unreadable = {"resourceType": "Observation", "id": "x", "code": 7}
        findings = {**SEVERE["findings"], "entry": [*SEVERE["findings"]["entry"], {"resource": unreadable}]}
        for less in ({"medications": outcome()}, {"procedures": outcome()}, {"findings": findings}):
            assert len(someone.opens({**SEVERE, **less})) == 1
        assert someone.opens(SEVERE) == []

    def test_what_decides_unread_is_never_silenced(self, http: TestClient) -> None:
        someone = Clinician(http, encounter="e1")
        for hook in ("encounter-start", "patient-view"):
            (card,) = someone.asks(hook, {**BENIGN, "findings": outcome()})
            someone.overrides(card)
        assert len(someone.opens({**BENIGN, "findings": outcome()})) == 1

    def test_silences_the_system_actions_of_its_card(self, database: str) -> None:
        with client_with(database_url=database, system_actions=True) as http:
            body = hook_call("encounter-discharge", {"userId": "Practitioner/a"}, prefetch=BENIGN)

            def answer() -> Any:
                return http.post("/cds-services/calf-pain-encounter-discharge", json=body).json()

            first = answer()
            assert first["systemActions"]
            Clinician(http).overrides(first["cards"][0])
            assert answer() == {"cards": []}

    def test_is_of_one_client(self, tmp_path: Path, database: str) -> None:
        """A second EHR of the registry, or another tenant, with the same ids of patient and user."""
        with client_with(clients=registry(tmp_path), public_url=PUBLIC, database_url=database) as http:

            def post(path: str, body: Any, tenant: str) -> Any:
                token = signed(claims(PUBLIC + path, time.time(), tenant=tenant))
                return http.post(path, json=body, headers={"authorization": f"Bearer {token}"})

            service = "/cds-services/calf-pain-patient-view"
            body = hook_call("patient-view", prefetch=SEVERE)
            (card,) = cards(post(service, body, "north"))
            sent = overridden(card=card["uuid"], outcomeTimestamp=datetime.now(UTC).isoformat())
            assert post(f"{service}/feedback", {"feedback": [sent]}, "south").status_code == 200
            assert len(cards(post(service, body, "north"))) == 1
            assert post(f"{service}/feedback", {"feedback": [sent]}, "north").status_code == 200
            assert cards(post(service, body, "north")) == []
            assert len(cards(post(service, body, "south"))) == 1


class TestOneEncounter:
    def test_a_second_hook_does_not_repeat_the_card(self, http: TestClient, database: str) -> None:
        someone = Clinician(http, encounter="e1")
        assert len(someone.asks("encounter-start", SEVERE)) == 1
        assert someone.opens(SEVERE) == []
        assert len(someone.opens(SEVERE)) == 1  # the chart is opened again
        assert rows_of(database, 3) == [None, "repeated", None]

    def test_the_journal_knows_it_after_a_restart(self, database: str) -> None:
        for hook, shown in (("patient-view", 1), ("encounter-start", 0), ("encounter-start", 1)):
            with client_with(database_url=database) as http:
                assert len(Clinician(http, encounter="e1").asks(hook, SEVERE)) == shown

    def test_a_hook_repeats_its_own_card(self, http: TestClient) -> None:
        someone = Clinician(http, encounter="e1")
        assert [len(someone.opens(SEVERE)) for _ in range(3)] == [1, 1, 1]

    def test_new_evidence_is_shown(self, http: TestClient) -> None:
        someone = Clinician(http, encounter="e1")
        assert len(someone.asks("encounter-start", BENIGN)) == 1
        assert len(someone.opens({**BENIGN, "findings": SEVERE["findings"]})) == 1

    def test_another_clinician_or_encounter_or_none_is_shown(self, http: TestClient) -> None:
        assert len(Clinician(http, encounter="e1").asks("encounter-start", SEVERE)) == 1
        assert len(Clinician(http, "Practitioner/b", "e1").opens(SEVERE)) == 1
        assert len(Clinician(http, encounter="e2").opens(SEVERE)) == 1
        assert len(Clinician(http).opens(SEVERE)) == 1

    def test_hooks_that_answer_another_question_speak(self, http: TestClient) -> None:
        someone = Clinician(http, encounter="e1")
        assert len(someone.opens(SEVERE)) == 1
        late = {"resourceType": "Appointment", "start": (datetime.now(UTC) + timedelta(days=9)).isoformat()}
        assert len(someone.asks("appointment-book", SEVERE, appointments=searchset(late))) == 1
        assert len(someone.asks("encounter-discharge", SEVERE)) == 1
        suspected = searchset({**DVT, "id": "new", "verification": "unconfirmed"})
        assert len(someone.asks("problem-list-item-create", SEVERE, conditions=suspected)) == 1
        assert someone.asks("encounter-start", SEVERE) == []

    def test_a_later_appointment_is_news(self, http: TestClient) -> None:
        someone = Clinician(http, encounter="e1")

        def booked(days: int) -> list[Any]:
            start = f"{(datetime.now(UTC) + timedelta(days=days)).date()}T12:00:00Z"
            late = searchset({"resourceType": "Appointment", "start": start})
            return someone.asks("appointment-book", SEVERE, appointments=late)

        (card,) = booked(5)
        someone.overrides(card)
        assert booked(5) == []
        assert len(booked(9)) == 1

    def test_a_draft_that_was_told_when_selected_is_not_told_again_when_signed(self, http: TestClient) -> None:
        someone = Clinician(http, encounter="e1")
        drafts = {"draftOrders": searchset(IBUPROFEN)}
        assert len(someone.asks("order-select", TREATED, **drafts, selections=["MedicationRequest/m1"])) == 1
        assert someone.asks("order-sign", TREATED, **drafts) == []
        other = {"draftOrders": searchset({**IBUPROFEN, "id": "m2"})}
        assert len(someone.asks("order-sign", TREATED, **other)) == 1

    def test_it_can_be_switched_off(self, database: str) -> None:
        with client_with(database_url=database, once_per_encounter=False) as http:
            someone = Clinician(http, encounter="e1")
            assert len(someone.asks("encounter-start", SEVERE)) == 1
            assert len(someone.opens(SEVERE)) == 1

    def test_what_a_shadow_client_did_not_see_was_not_shown(self, tmp_path: Path, database: str) -> None:
        for hook, shadow in (("patient-view", True), ("encounter-start", False)):
            clients, path = registry(tmp_path, shadow=shadow), f"/cds-services/calf-pain-{hook}"
            with client_with(clients=clients, public_url=PUBLIC, database_url=database) as http:
                token = signed(claims(PUBLIC + path, time.time()))
                body = hook_call(hook, {"encounterId": "e1"}, prefetch=SEVERE)
                answer = http.post(path, json=body, headers={"authorization": f"Bearer {token}"})
                assert len(cards(answer)) == (0 if shadow else 1)
        assert rows_of(database, 2) == ["shadow", None]
        assert [row["indicator"] for row in journal_rows(database)] == ["warning"] * 2


class TestTheStore:
    def test_one_that_fails_hides_nothing(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(earlier_cards, "_PAUSE_SECONDS", 0.0)
        with client_with(database_url=database) as http:
            someone = Clinician(http, encounter="e1")
            (card,) = someone.asks("encounter-start", SEVERE)
            someone.overrides(card)
            assert someone.opens(SEVERE) == []
            do(database, "ALTER TABLE feedback RENAME TO mislaid")
            assert len(someone.opens(SEVERE)) == 1
            assert len(someone.asks("order-sign", TREATED, draftOrders=searchset(IBUPROFEN))) == 1
            do(database, "ALTER TABLE mislaid RENAME TO feedback")
            assert someone.opens(SEVERE) == []

    def test_one_that_was_never_there_hides_nothing(self, empty_database: str) -> None:
        with client_with(database_url=empty_database) as http:
            someone = Clinician(http, encounter="e1")
            assert len(someone.asks("encounter-start", SEVERE)) == 1
            assert len(someone.opens(SEVERE)) == 1

    def test_one_that_is_locked_holds_up_one_call_only(self, database: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """SQLite's readers do not wait for its lock, so there the card stays silent; PostgreSQL's do."""
        monkeypatch.setattr(reader, "PATIENCE_SECONDS", 0.5)
        waits = database.startswith("postgresql")
        with client_with(database_url=database) as http:
            someone = Clinician(http)
            (card,) = someone.opens(SEVERE)
            someone.overrides(card)
            with locked(database):
                begun = time.monotonic()
                shown = [len(someone.opens(SEVERE)) for _ in range(5)]
                took = time.monotonic() - begun
        assert shown == [1 if waits else 0] * 5
        assert took < 2

    def test_is_not_asked_where_there_is_no_card_or_a_critical_one(
        self, http: TestClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked = []

        async def count(*_: Any) -> None:
            asked.append(1)

        monkeypatch.setattr(earlier_cards.EarlierCards, "earlier", count)
        someone = Clinician(http)
        assert someone.opens({**SEVERE, "findings": searchset(), "conditions": searchset()}) == []
        assert len(someone.opens(CRITICAL)) == 1
        assert asked == []

    def test_two_workers_agree(self, database: str) -> None:
        """Also without a key of their own for patients: SQLite goes without one here."""
        hash_key = {} if database.startswith("sqlite") else {"CDS_HASH_KEY": "k" * 32}
        with running("serve", "--workers", "2", CDS_DATABASE_URL=database, **hash_key) as server:
            http = FreshConnections(server.base)
            someone, other = Clinician(http, encounter="e1"), Clinician(http, "Practitioner/b")
            (card,) = someone.opens(SEVERE)
            someone.overrides(card)
            assert [someone.opens(SEVERE) for _ in range(12)] == [[]] * 12
            assert [len(other.opens(SEVERE)) for _ in range(4)] == [1] * 4
            assert len(someone.asks("encounter-start", BENIGN)) == 1
            rows_of(database, 18)  # what one worker showed the other knows from the journal
            assert someone.opens(BENIGN) == []
            assert server.stop() == 0


@contextmanager
def locked(url: str) -> Iterator[None]:
    """Another program has the whole store to itself."""
    statement = "LOCK TABLE feedback IN ACCESS EXCLUSIVE MODE" if url.startswith("postgresql") else "SELECT 1"
    runner = asyncio.Runner()
    store = Store(url)
    connection = runner.run(store.durable.connect().start())
    runner.run(connection.execute(text(statement)))  # with SQLite what begins here is BEGIN IMMEDIATE
    try:
        yield
    finally:
        runner.run(connection.close())
        runner.run(store.__aexit__(None, None, None))
        runner.close()


def do(url: str, statement: str) -> None:
    async def run() -> None:
        async with Store(url) as store, store.durable.begin() as connection:
            await connection.execute(text(statement))

    asyncio.run(run())
