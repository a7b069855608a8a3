"""Feedback messages: what is malformed is refused by name, what a clinician wrote is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cds_service.errors import InvalidRequest
from cds_service.hooks.feedback import read_feedback
from cds_service.wire import Coding, Feedback, OverrideReason
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


CODING = {"code": "c", "system": "urn:x", "display": "d"}
EPIC = "com.epic.cdshooks.feedback.overrideReason."
OTHER_FORMS: list[tuple[Any, Coding | None, str | None, Any]] = [
    ({"overrideReasons": {"reason": CODING, "userComment": "note"}}, Coding("c", "urn:x", "d"), "note", None),
    ({"overrideReasons": [{"reason": CODING, "userComment": "note"}]}, Coding("c", "urn:x", "d"), "note", None),
    ({"overrideReason": {**CODING, "userComment": "note"}}, Coding("c", "urn:x", "d"), "note", None),
    ({"overrideReasons": [CODING, {"userComment": "note"}]}, Coding("c", "urn:x", "d"), "note", None),
    (
        {"overrideReasons": {"extension": {f"{EPIC}reasonDisplay": "Done", f"{EPIC}reasonCategory": "45"}}},
        Coding("", display="Done"),
        None,
        {"overrideReasons": {"extension": {f"{EPIC}reasonDisplay": "Done", f"{EPIC}reasonCategory": "45"}}},
    ),
    (
        {"overrideReasons": [{"reason": CODING}, {"reason": {"code": "e"}, "userComment": "note"}]},
        Coding("c", "urn:x", "d"),
        "note",
        {"overrideReasons": [{"reason": {}}, {"reason": {"code": "e"}}]},
    ),
    (
        {"overrideReason": {"reason": CODING}, "overrideReasons": {"reason": {"code": "e"}}},
        Coding("c", "urn:x", "d"),
        None,
        {"overrideReasons": {"reason": {"code": "e"}}},
    ),
    ({"overrideReason": {"reason": {**CODING, "by": "x"}}}, Coding("c", "urn:x", "d"), None, ...),
    ({"overrideReason": "note"}, None, None, ...),
    ({"overrideReason": ["note"]}, None, None, ...),
    ({"overrideReason": {"reason": "note"}}, None, None, ...),
    *(
        (
            {"overrideReason": {"reason": reason}},
            Coding("c", "urn:x", "d"),
            None,
            {"overrideReason": {"reason": reason}},
        )
        for reason in ({"coding": [CODING], "text": "note"}, [CODING, {"code": "e"}], ["note", CODING])
    ),
    ({"overrideReason": {"reason": {"code": "", "display": "note"}}}, None, None, ...),
    ({"overrideReason": {"reason": {"code": "c", "display": 1}}}, None, None, ...),
    ({"overrideReason": {"reason": {"code": "c", "system": "x" * 2001}}}, None, None, ...),
    ({"overrideReason": {"reason": {"code": "a\0b"}}}, None, None, ...),
    ({"overrideReason": {"userComment": ["note", "more"]}}, None, None, ...),
    ({"overrideReason": {"comment": "note"}}, None, None, ...),
    ({"userComment": "note", "extension": {"com.example.ehr": [1, {"x": False}]}}, None, None, ...),
    ({"overrideReasons": [], "extension": {}, "note": "", "x": None}, None, None, None),
]
"""What is sent, and the reason, the comment and the rest that are kept of it; `...` stands for all that was sent."""


@pytest.mark.parametrize(("sent", "reason", "comment", "others"), OTHER_FORMS)
def test_what_a_clinician_said_is_kept_in_whatever_form_it_came(
    sent: dict[str, Any], reason: Coding | None, comment: str | None, others: Any
) -> None:
    entry = read_one(overridden(**sent))
    told = entry.overrideReason or OverrideReason()
    assert (told.reason, told.userComment) == (reason, comment)
    if others is ... and reason:
        others = {"overrideReason": {"reason": {"by": "x"}}}
    assert (json.loads(entry.others) if entry.others else None) == (sent if others is ... else others)


def test_what_stands_beside_suggestions_and_entries_is_kept_too() -> None:
    entry = accepted("s1", extension={"com.example.ehr": 1})
    entry["acceptedSuggestions"][0]["label"] = "x"
    first, second = read(entry, accepted("s2"), sender="ward")
    assert first.others is not None
    assert json.loads(first.others) == {
        "acceptedSuggestions": [{"id": "s1", "label": "x"}],
        "extension": {"com.example.ehr": 1},
        "(body)": {"sender": "ward"},
    }
    assert second == read_one(accepted("s2"))


def test_more_than_is_kept_is_refused() -> None:
    room = 10_000 - len('{"note":""}')
    assert len(read_one(overridden(note="ü" * room)).others or "") == 10_000
    with pytest.raises(InvalidRequest, match="holds more than 10000 characters in members") as refused:
        read(overridden(), overridden(note="zebrafish" * 2000))
    assert (refused.value.field, "zebrafish" in str(refused.value)) == ("feedback[1]", False)
    with pytest.raises(InvalidRequest, match="the body holds more than 10000 characters in members") as refused:
        read(overridden(), note="zebrafish" * 2000)
    assert (refused.value.field, "zebrafish" in str(refused.value)) == ("", False)
    (both,) = read(overridden(note="x" * 9000), note="y" * 9000)
    assert "y" * 9000 in (both.others or "")


def test_a_uuid_in_upper_case_is_the_same_card() -> None:
    card = "f6b95768-b1c8-40dc-8385-bf3504b82ffb"
    assert read(accepted("s1", card=card.upper())) == read(accepted("s1", card=card))


def test_no_entries_are_no_error_where_nothing_stands_beside_them() -> None:
    assert read() == read(sender="", extension={"a": None}) == []
    with pytest.raises(InvalidRequest, match="would belong to no card") as refused:
        read(note="zebrafish")
    assert (refused.value.field, "zebrafish" in str(refused.value)) == ("feedback", False)


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
        (overridden(overrideReason={"userComment": "zebrafish" * 2000}), ".overrideReason.userComment"),
        (overridden(overrideReasons=[{"userComment": "zebrafish" * 2000}]), ".overrideReasons[0].userComment"),
        (overridden(overrideReasons=[CODING, {"userComment": "zebrafish" * 2000}]), ".overrideReasons[1].userComment"),
    ],
)
def test_a_malformed_entry_is_named_and_not_quoted(entry: Any, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read(accepted("s1"), overridden(), entry)
    assert refused.value.field == f"feedback[2]{field}"
    assert "zebrafish" not in str(refused.value)


def nested(depth: int, *, beside: bool) -> bytes:
    deep = json.dumps({"feedback": [overridden(x=None if beside else 0)], "x": 0 if beside else None})
    return deep.replace('"x": 0', f'"x": {"[" * depth}1{"]" * depth}').encode()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ""),
        (b"[]", ""),
        (b"{}", "feedback"),
        (b'{"feedback": null}', "feedback"),
        (b'{"feedback": {}}', "feedback"),
        (b'{"feedback": [{"card": "\\ud800"}]}', "feedback[0].outcome"),
        (json.dumps({"feedback": [overridden()] * 1001}).encode(), "feedback"),
        *[(nested(depth, beside=beside), "") for depth in (600, 100_000) for beside in (True, False)],
    ],
)
def test_a_malformed_message_is_refused(body: bytes, field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_feedback(body)
    assert refused.value.field == field
