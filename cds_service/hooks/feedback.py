"""Feedback on cards, checked against CDS Hooks 2.0.1 (section "Feedback") before it is stored.

What a clinician wrote is worth more than its form. Why a card was dismissed is taken from wherever EHRs put it, and
what is not understood is kept as it came: nothing that is answered 200 is lost. Errors name the entry and its member;
none quotes what was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from cds_service.errors import InvalidRequest
from cds_service.fhir.dates import without_leap_second
from cds_service.hooks.context import decode_message, misshapen, not_json
from cds_service.wire import Coding, Feedback, FeedbackRequest, OverrideReason

_ACCEPTED, _OVERRIDDEN = "accepted", "overridden"
_MOST_ENTRIES = 1_000
_MOST_SUGGESTIONS = 100
_LONGEST_ID = 255
_LONGEST_CODE = 2_000  # systems are addresses
_LONGEST_COMMENT = 10_000
_LONGEST_OTHERS = 10_000
_TIMESTAMP = re.compile(  # RFC 3339, section 5.6
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,20})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII
)
_MEMBERS = ("card", "outcome", "outcomeTimestamp", "acceptedSuggestions")
_REASONS = ("overrideReason", "overrideReasons")  # CDS Hooks, Epic (docs/vendors/epic.md)
_EPIC_DISPLAY = "com.epic.cdshooks.feedback.overrideReason.reasonDisplay"  # a reason that was built in Epic
_OF_THE_BODY = "(body)"

_decoder = msgspec.json.Decoder(dict[str, Any])


def read_feedback(body: bytes) -> list[Feedback]:
    """Decode and check a message. Timestamps come back in UTC, uuids in lower case.

    Raises InvalidRequest about the first entry that is malformed.
    """
    message = decode_message(_decoder, body)
    try:
        return _read(message)
    except RecursionError:  # what decoding bears can be too deep for looking through it
        raise not_json("nested too deeply") from None


def _read(message: dict[str, Any]) -> list[Feedback]:
    try:
        entries = msgspec.convert(message, FeedbackRequest).feedback
    except msgspec.ValidationError as error:
        raise misshapen(str(error)) from None
    if len(entries) > _MOST_ENTRIES:
        raise InvalidRequest(
            f"holds more than {_MOST_ENTRIES} entries", remedy="Send them in several calls", field="feedback"
        )
    beside = {name: each for name, each in message.items() if name != "feedback" and _holds_something(each)}
    if beside and not entries:
        raise InvalidRequest(
            "is empty, and what stands beside it would belong to no card",
            remedy="Send an entry for each card that it is about",
            field="feedback",
        )
    _check_length(beside, "")
    return [_checked(entry, f"feedback[{n}]", {} if n else beside) for n, entry in enumerate(entries)]


def _checked(sent: Mapping[str, Any], place: str, beside: Mapping[str, Any]) -> Feedback:
    """An entry, and with it what stands beside all of them."""
    try:
        entry = msgspec.convert({name: sent[name] for name in _MEMBERS if name in sent}, Feedback)
    except msgspec.ValidationError as error:
        raise misshapen(str(error), place) from None
    _check_text(entry.card, f"{place}.card", _LONGEST_ID)
    if entry.outcome not in (_ACCEPTED, _OVERRIDDEN):
        raise InvalidRequest(
            "is neither accepted nor overridden", remedy="Send one of these two", field=f"{place}.outcome"
        )
    _check_suggestions(entry, f"{place}.acceptedSuggestions")
    reason, others = _reason_and_others(sent, place)
    _check_length(others, place)
    if beside:
        others[_OF_THE_BODY] = beside
    return msgspec.structs.replace(
        entry,
        card=entry.card.lower(),  # a uuid is the same in either case (RFC 9562, section 4), and ours are written so
        outcomeTimestamp=_in_utc(entry.outcomeTimestamp, f"{place}.outcomeTimestamp"),
        overrideReason=reason,
        others=msgspec.json.encode(others).decode() if others else None,
    )


def _check_suggestions(entry: Feedback, place: str) -> None:
    suggestions = entry.acceptedSuggestions or []
    if entry.outcome == _ACCEPTED and not suggestions:
        raise InvalidRequest(
            "is required when the outcome is accepted",
            remedy="Send the id of each suggestion that was accepted",
            field=place,
        )
    if len(suggestions) > _MOST_SUGGESTIONS:
        raise InvalidRequest(
            f"holds more than {_MOST_SUGGESTIONS} ids, and no card has so many suggestions",
            remedy="Send the ids of this card's suggestions",
            field=place,
        )
    for number, suggestion in enumerate(suggestions):
        _check_text(suggestion.id, f"{place}[{number}].id", _LONGEST_ID)


def _reason_and_others(sent: Mapping[str, Any], place: str) -> tuple[OverrideReason | None, dict[str, Any]]:
    """Why the card was dismissed, as far as it is understood, and everything else of an entry."""
    others = {name: each for name, each in sent.items() if name not in _MEMBERS}
    if any(each.keys() != {"id"} for each in sent.get("acceptedSuggestions") or ()):
        others["acceptedSuggestions"] = sent["acceptedSuggestions"]
    coding: Coding | None = None
    comment: str | None = None
    for name in _REASONS:
        given = others.get(name)
        rest = [dict(each) if isinstance(each, dict) else each for each in _listed(given)]
        for number, each in enumerate(rest):
            if isinstance(each, dict):
                where = f"{place}.{name}[{number}]" if isinstance(given, list) else f"{place}.{name}"
                coding = coding or _take_coding(each)
                comment = comment or _take_comment(each, f"{where}.userComment")
        others[name] = rest if isinstance(given, list) else rest[0]
    told = OverrideReason(coding, comment) if coding or comment else None
    return told, {name: each for name, each in others.items() if _holds_something(each)}


def _listed(given: Any) -> Sequence[Any]:
    return given if isinstance(given, list) else (given,)


def _holds_something(value: Any) -> bool:
    """Is there anything in it but empty members?"""
    if isinstance(value, dict):
        return any(map(_holds_something, value.values()))
    if isinstance(value, list):
        return any(map(_holds_something, value))
    return value is not None and value != ""


def _take_coding(given: dict[str, Any]) -> Coding | None:
    """The reason, taken out of where it stands: under `reason`, or flat beside the comment. What is a list, a
    CodeableConcept, or the display alone of a reason that was built in the EHR, stays as well.
    """
    nested = given.get("reason")
    if isinstance(nested, dict) and (coding := _coding(nested)):
        given["reason"] = {name: each for name, each in nested.items() if name not in Coding.__struct_fields__}
        return coding
    for each in _listed(nested.get("coding") if isinstance(nested, dict) else nested):
        if isinstance(each, dict) and (coding := _coding(each)):
            return coding
    if coding := _coding(given):
        for name in Coding.__struct_fields__:
            given.pop(name, None)
        return coding
    extension = given.get("extension")
    display = extension.get(_EPIC_DISPLAY) if isinstance(extension, dict) else None
    return Coding("", display=display) if _is_storable(display) else None


def _coding(given: Mapping[str, Any]) -> Coding | None:
    """None for what does not fit into one that can be stored."""
    try:
        coding = msgspec.convert(given, Coding)
    except msgspec.ValidationError:
        return None
    is_storable = _is_storable(coding.code) and all(map(_is_storable, filter(None, (coding.system, coding.display))))
    return coding if is_storable else None


def _is_storable(text: Any) -> bool:
    return isinstance(text, str) and 0 < len(text) <= _LONGEST_CODE and "\0" not in text


def _take_comment(given: dict[str, Any], place: str) -> str | None:
    comment = given.get("userComment")
    if not isinstance(comment, str):
        return None
    if len(comment) > _LONGEST_COMMENT:
        raise InvalidRequest(f"is longer than {_LONGEST_COMMENT} characters", remedy="Shorten it", field=place)
    del given["userComment"]
    return comment.replace("\0", "\ufffd") or None


def _check_length(others: Mapping[str, Any], place: str) -> None:
    """Of an entry, or of the body where no place is given."""
    if len(msgspec.json.encode(others).decode()) > _LONGEST_OTHERS:
        raise InvalidRequest(
            f"{'' if place else 'the body '}holds more than {_LONGEST_OTHERS} characters in members that CDS Hooks "
            "2.0.1 does not describe",
            remedy="Shorten them, or leave out what no clinician wrote",
            field=place,
        )


def _check_text(text: str, place: str, longest: int) -> None:
    if not text or len(text) > longest or "\0" in text:
        raise InvalidRequest(
            f"is empty, has a NUL, or is longer than {longest} characters",
            remedy="Send it as the card had it",
            field=place,
        )


def _in_utc(timestamp: str, place: str) -> str:
    try:
        if not _TIMESTAMP.fullmatch(timestamp):
            raise ValueError
        return datetime.fromisoformat(without_leap_second(timestamp.upper())).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        raise InvalidRequest(
            "is not a date and time in UTC",
            remedy="Send it as in RFC 3339, section 5.6: 1985-04-12T23:20:50.52Z",
            field=place,
        ) from None
