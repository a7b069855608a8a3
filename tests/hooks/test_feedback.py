"""Feedback messages: what is malformed is refused by name, what a clinician wrote is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service.errors import InvalidRequest
from cds_service.hooks.feedback import read_feedback
from cds_service.wire import Feedback
from tests.calls import accepted, overridden


def read(*entries: Any, **members: Any) -> list[Feedback]:
    return read_feedback(json.dumps({"feedback": list(entries), **members}).encode())


def read_one(entry: Any) -> Feedback:
    (only,) = read(entry)
    return only


def test_suggestions_that_were_accepted() -> None:
    entry = read_one(accepted("s1", "s2"))
    assert entry.outcome == "accepted"
    assert [each.id for each in entry.acceptedSuggestions or ()] == ["s1", "s2"]


def test_a_reason_and_a_comment() -> None:
    reason = {"code": "d7ecf885", "system": "https://example.com/cds-hooks/override-reason-system"}
    entry = read_one(overridden(overrideReason={"reason": reason, "userComment": "Already treated."}))
    assert entry.overrideReason is not None
    assert entry.overrideReason.reason is not None
    assert (entry.overrideReason.reason.code, entry.overrideReason.userComment) == ("d7ecf885", "Already treated.")


@pytest.mark.parametrize("reason", [None, {}, {"userComment": "x"}, {"reason": None, "userComment": None}])
def test_an_override_without_reason_or_comment(reason: Any) -> None:
    assert read_one(overridden(overrideReason=reason)).outcome == "overridden"
    assert read_one(overridden(acceptedSuggestions=None)).overrideReason is None


def test_unknown_members_and_extensions_are_passed_over() -> None:
    extension = {"extension": {"com.example.ehr": {"deep": [1, {"x": None}]}}}
    entry = {**accepted("s1"), **extension, "cardTitle": "x"}
    entry["acceptedSuggestions"][0].update(extension)
    assert read(entry, **extension) == read(accepted("s1"))


def test_a_uuid_in_upper_case_is_the_same_card() -> None:
    card = "f6b95768-b1c8-40dc-8385-bf3504b82ffb"
    assert read(accepted("s1", card=card.upper())) == read(accepted("s1", card=card))


def test_no_entries_are_no_error() -> None:
    assert read() == []


@pytest.mark.parametrize(
    ("sent", "moment"),
    [
        ("1985-04-12T23:20:50.52Z", "1985-04-12T23:20:50.520000+00:00"),
        ("2026-11-02t12:00:00z", "2026-11-02T12:00:00+00:00"),
        ("2026-11-02T14:00:00+02:00", "2026-11-02T12:00:00+00:00"),
        ("2026-11-02T12:00:00.123456789Z", "2026-11-02T12:00:00.123456+00:00"),
        ("1990-12-31T23:59:60Z", "1990-12-31T23:59:59+00:00"),
        ("1990-12-31T15:59:60.5-08:00", "1990-12-31T23:59:59.500000+00:00"),
    ],
)
def test_times_come_back_in_utc(sent: str, moment: str) -> None:
    assert read_one(overridden(outcomeTimestamp=sent)).outcomeTimestamp == moment


def test_a_comment_keeps_all_that_a_database_can_keep() -> None:
    comment = "line\nline\tü 😀 <b> \x01 \x00 end"
    entry = read_one(overridden(overrideReason={"userComment": comment}))
    assert entry.overrideReason is not None
    assert entry.overrideReason.userComment == comment.replace("\x00", "\ufffd")


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        (None, ""),
        ("accepted", ""),
        ({}, ".card"),
        ({**overridden(), "card": None}, ".card"),
        ({**overridden(), "card": ""}, ".card"),
        ({**overridden(), "card": "a\0b"}, ".card"),
        ({**overridden(), "card": "x" * 256}, ".card"),
        ({"card": "zebrafish", "outcomeTimestamp": "2026-11-02T12:00:00Z"}, ".outcome"),
        (overridden(outcome="zebrafish"), ".outcome"),
        (overridden(outcome="ACCEPTED"), ".outcome"),
        (overridden(outcome=1), ".outcome"),
        ({"card": "zebrafish", "outcome": "overridden"}, ".outcomeTimestamp"),
        *(
            (overridden(outcomeTimestamp=wrong), ".outcomeTimestamp")
            for wrong in (
                *("", "zebrafish", "2026-11-02", "2026-11-02T12:00:00", "2026-11-02 12:00:00Z", "20261102T120000Z"),
                *("2026-13-02T12:00:00Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "2026-W45-1T12:00:00Z"),
                *("2026-11-02T12:00:00+99:00", "٢٠٢٦-11-02T12:00:00Z", 1762084800, None),
            )
        ),
        (accepted(), ".acceptedSuggestions"),
        ({**accepted(), "acceptedSuggestions": None}, ".acceptedSuggestions"),
        ({**accepted(), "acceptedSuggestions": {"id": "zebrafish"}}, ".acceptedSuggestions"),
        ({**accepted(), "acceptedSuggestions": ["zebrafish"]}, ".acceptedSuggestions[0]"),
        ({**accepted(), "acceptedSuggestions": [{"id": "s1"}, {}]}, ".acceptedSuggestions[1].id"),
        (accepted("s1", ""), ".acceptedSuggestions[1].id"),
        (accepted(*map(str, range(101))), ".acceptedSuggestions"),
        (overridden(overrideReason="zebrafish"), ".overrideReason"),
        (overridden(overrideReason={"reason": "zebrafish"}), ".overrideReason.reason"),
        (overridden(overrideReason={"reason": {}}), ".overrideReason.reason.code"),
        (overridden(overrideReason={"reason": {"code": ""}}), ".overrideReason.reason.code"),
        (overridden(overrideReason={"reason": {"code": "c", "system": "x" * 2001}}), ".overrideReason.reason.system"),
        (overridden(overrideReason={"reason": {"code": "c", "display": 1}}), ".overrideReason.reason.display"),
        (overridden(overrideReason={"userComment": 1}), ".overrideReason.userComment"),
        (overridden(overrideReason={"userComment": "zebrafish" * 2000}), ".overrideReason.userComment"),
    ],
)
def test_a_malformed_entry_is_named_and_not_quoted(entry: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(accepted("s1"), overridden(), entry)
    assert refused.value.field == f"feedback[2]{field}"
    assert "zebrafish" not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"{}", "feedback"),
        (b'{"feedback": null}', "feedback"),
        (b'{"feedback": {}}', "feedback"),
        (b'{"feedback": [{"card": "\\ud800"}]}', ""),
        (json.dumps({"feedback": [overridden()] * 1001}).encode(), "feedback"),
    ],
)
def test_a_malformed_message_is_refused(body: bytes, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_feedback(body)
    assert refused.value.field == field
