"""An EHR that sends all of a chart as prefetch, a part, or nothing, page by page, and fails at any read: the answer is
that of the whole chart, or an honest lesser one that names what was not read, or a 412, and in time.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.testclient import TestClient

from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.prefetch import Need, chart_needs
from cds_service.sample_patients import load_samples, moved_to, utc_today
from tests.calls import (
    SERVICE,
    assert_outcome,
    authorization,
    next_link,
    outcome,
    post_until_answered,
    searchset,
    without_now,
)
from tests.conftest import client_with
from tests.ehr import (
    BROKEN_CHUNK,
    CUT_SHORT,
    DRIPPED_HEADERS,
    ENDLESS_HEADERS,
    HANG_UP,
    NOT_HTTP,
    RESET,
    Answer,
    Ehr,
    Read,
    StandIn,
    dripping,
    huge,
    never,
)

PATIENCE = 2.0  # seconds for all reads of a call
LEVELS = ("none", "info", "warning", "critical")
NEEDS: dict[str, Need] = {need.key: need for need in chart_needs(Terminology().measurement_codes())}
SAMPLES = {sample.name: sample.bundle for sample in load_samples(Path(__file__).parents[2] / "fhir_fixtures")}

LASTING: dict[str, Answer] = {
    "not accepted": Response(status_code=400),
    "not authorised": Response(status_code=401),
    "forbidden": Response(status_code=403),
    "not found": Response(status_code=404),
    "gone": Response(status_code=410),
    "busy": Response(status_code=429),
    "busy for long": Response(status_code=429, headers={"retry-after": "120"}),
    "redirected": RedirectResponse("http://example.org/fhir"),
    "empty": Response(),
    "no content": Response(status_code=204),
    "HTML": PlainTextResponse("<html>Sign in</html>", media_type="text/html"),
    "XML": Response(b"<Bundle/>", media_type="application/fhir+xml"),
    "half": Response(b'{"resourceType": "Bundle", "entry": ['),
    "an error": outcome(),
    "an error in a Bundle, and a link to elsewhere": searchset(outcome(), **next_link("http://example.org/fhir")),
    "a history": {**searchset(), "type": "history"},
    "another type": {"resourceType": "CapabilityStatement"},
    "damaged gzip": Response(b"nonsense", headers={"content-encoding": "gzip"}),
    "huge": huge,
}
HANGING: dict[str, Answer] = {"never": never, "dripping": dripping, "dripped headers": DRIPPED_HEADERS}
PASSING: dict[str, Answer] = {
    "busy for a moment": Response(status_code=429, headers={"retry-after": "0"}),
    "broken": Response(status_code=500),
    "bad gateway": Response(status_code=502),
    "not available": Response(status_code=503),
    "endless headers": ENDLESS_HEADERS,
    "cut short": CUT_SHORT,
    "broken chunk": BROKEN_CHUNK,
    "reset": RESET,
    "hung up": HANG_UP,
    "not HTTP": NOT_HTTP,
}
FAULTS = {**LASTING, **HANGING, **PASSING}
TRIES = 3


@pytest.fixture(scope="module")
def reader() -> Iterator[TestClient]:
    """The service, allowed to read any EHR, and each in a short time."""
    with client_with(fhir_servers=("*",), fhir_timeout=PATIENCE, max_body=1_000_000) as client:
        yield client


def request_for(name: str) -> dict[str, Any]:
    return chart_request(moved_to(utc_today(), SAMPLES[name]), list(NEEDS.values()))


class Timed:
    """Sends a request and says when an answer took too long."""

    def __init__(self, client: TestClient) -> None:
        self._client = client

    def post(self, url: str, *, json: dict[str, Any]) -> Any:
        started = time.monotonic()
        response = self._client.post(url, json=json)
        late = "the answer comes at the deadline, on a busy machine soon after"
        assert time.monotonic() - started < PATIENCE + 3, late
        return response


def ask(client: TestClient, request: dict[str, Any], ehr: StandIn, sent: Mapping[str, Any]) -> Any:
    body = {**request, "prefetch": sent, "fhirServer": ehr.base, "fhirAuthorization": authorization()}
    return post_until_answered(Timed(client), SERVICE, body)


def shown(response: Any) -> list[Any]:
    """The cards, without the moment in which they were made."""
    assert response.status_code == 200, response.text
    return list(json.loads(without_now(response.text))["cards"])


def level(cards: list[Any]) -> int:
    return max((LEVELS.index(card["indicator"]) for card in cards), default=0)


def assert_lesser(response: Any, whole: list[Any], unread: set[str]) -> None:
    """412 without a Patient or without all that decides; else a card not above that of the whole chart (or of one not
    fully assessed), which names what was not read.
    """
    if response.status_code == 412:
        field = "prefetch.patient" if "patient" in unread else "prefetch.conditions"
        assert unread >= {"patient"} or unread >= {"conditions", "findings", "measurements"}
        assert_outcome(response, 412, field, "could not be read: ")
        return
    cards = shown(response)
    assert level(cards) <= max(level(whole), LEVELS.index("info"))
    if whole or unread & {"conditions", "findings", "measurements"}:
        text = " ".join(card["detail"] for card in cards)
        for key in unread:
            assert re.search(f"{NEEDS[key].words} could not be read( completely)?: ", text), (key, text)


def first_pages(ehr: StandIn, keys: set[str]) -> dict[str, Any]:
    """These keys as prefetch, with a link to the second page where there is one."""
    return {key: ehr.page(key) for key in keys}


@pytest.mark.parametrize("size", [1, 3, 100])
@pytest.mark.parametrize("name", ["leg-dvt-untreated-left", "cellulitis-with-sepsis-left", "healthy-adult"])
def test_however_a_chart_comes_its_card_is_the_same(reader: TestClient, ehr_server: Ehr, name: str, size: int) -> None:
    request = request_for(name)
    whole = shown(reader.post(SERVICE, json=request))
    size = max(size, 1 + len(request["prefetch"]["findings"]["entry"]) // 20)
    for sent in (set(), {"patient", "findings"}, set(NEEDS) - {"medications"}, set(NEEDS)):
        ehr = ehr_server.stand_in(request["prefetch"], size)
        assert shown(ask(reader, request, ehr, first_pages(ehr, sent))) == whole
        assert sorted(ehr.reads) == sorted(read for read in ehr.pages() if read[0] not in sent or read[1] > 1)


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_at_any_read_gives_an_honest_lesser_card(reader: TestClient, ehr_server: Ehr, fault: str) -> None:
    request = request_for("leg-dvt-untreated-left")
    whole = shown(reader.post(SERVICE, json=request))

    def failing_at(read: Read) -> None:
        ehr = ehr_server.stand_in(request["prefetch"], 7, {read: [FAULTS[fault]] * TRIES})
        assert_lesser(ask(reader, request, ehr, {}), whole, {read[0]})
        assert ehr.reads.count(read) == (TRIES if fault in PASSING else 1)

    reads = ehr_server.stand_in(request["prefetch"], 7).pages()
    assert len(reads) > len(NEEDS)
    with ThreadPoolExecutor(len(reads)) as calls:
        list(calls.map(failing_at, reads))


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_at_any_read_changes_nothing(reader: TestClient, ehr_server: Ehr, fault: str) -> None:
    request = request_for("leg-dvt-untreated-left")
    whole = shown(reader.post(SERVICE, json=request))

    def failing_once_at(read: Read) -> None:
        ehr = ehr_server.stand_in(request["prefetch"], 7, {read: [FAULTS[fault]]})
        assert shown(ask(reader, request, ehr, {})) == whole

    with ThreadPoolExecutor(4) as calls:
        list(calls.map(failing_once_at, ehr_server.stand_in(request["prefetch"], 7).pages()))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.sampled_from(
        [
            "leg-dvt-untreated-left",
            "acute-limb-ischaemia-left",
            "calf-pain-coded-severe",
            "suspected-leg-dvt-right",
            "night-cramp-on-66th-birthday",
            "knee-pain-after-refuted-dvt",
        ]
    ),
    sent=st.sets(st.sampled_from(sorted(NEEDS))),
    size=st.integers(2, 12),
    faults=st.lists(st.tuples(st.integers(0, 40), st.sampled_from(sorted({**LASTING, **PASSING}))), max_size=3),
)
def test_whatever_is_sent_and_whatever_fails_the_answer_is_honest(
    reader: TestClient, ehr_server: Ehr, name: str, sent: set[str], size: int, faults: list[tuple[int, str]]
) -> None:
    request = request_for(name)
    whole = shown(reader.post(SERVICE, json=request))
    reads = ehr_server.stand_in(request["prefetch"], size).pages()
    at = {reads[number % len(reads)]: [FAULTS[fault]] * TRIES for number, fault in faults}
    ehr = ehr_server.stand_in(request["prefetch"], size, at)
    response = ask(reader, request, ehr, first_pages(ehr, sent))
    unread = {read[0] for read in at if read in ehr.reads}
    if unread:
        assert_lesser(response, whole, unread)
    else:
        assert shown(response) == whole


def test_what_may_explain_a_finding_is_never_assumed(reader: TestClient, ehr_server: Ehr) -> None:
    """The one way in which a card gets higher: an anticoagulant that could not be read treats nothing."""
    request = request_for("treated-dvt-with-new-calf-pain-left")
    whole = shown(reader.post(SERVICE, json=request))
    ehr = ehr_server.stand_in(request["prefetch"], faults={("medications", 1): [Response(status_code=403)]})
    (first, *_) = shown(ask(reader, request, ehr, {}))
    assert (LEVELS[level(whole)], first["indicator"]) == ("warning", "critical")
    assert "anticoagulant not known" in first["summary"]
    assert "active medicines could not be read: the EHR did not allow it" in first["detail"]
