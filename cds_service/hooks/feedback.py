"""Feedback on cards, checked against CDS Hooks 2.0.1 (section "Feedback") before it is stored.

What a clinician wrote is worth more than its form: a comment is refused only for its length, and what it holds that no
database keeps (U+0000) is replaced. Errors name the entry and its member; none quotes what was sent.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from cds_service.errors import InvalidRequest
from cds_service.fhir.dates import without_leap_second
from cds_service.hooks.context import decode_message
from cds_service.wire import Coding, Feedback, FeedbackRequest, OverrideReason

_ACCEPTED, _OVERRIDDEN = "accepted", "overridden"
_MOST_ENTRIES = 1_000
_MOST_SUGGESTIONS = 100
_LONGEST_ID = 255
_LONGEST_CODE = 2_000  # systems are addresses
_LONGEST_COMMENT = 10_000
_TIMESTAMP = re.compile(  # RFC 3339, section 5.6
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,20})?(Z|[+-]\d\d:\d\d)", re.IGNORECASE | re.ASCII
)

_decoder = msgspec.json.Decoder(FeedbackRequest)


def read_feedback(body: bytes) -> list[Feedback]:
    """Decode and check a message; unknown members are passed over. Timestamps come back in UTC, uuids in lower case.

    Raises InvalidRequest about the first entry that is malformed.
    """
    entries = decode_message(_decoder, body).feedback
    if len(entries) > _MOST_ENTRIES:
        raise InvalidRequest(
            f"holds more than {_MOST_ENTRIES} entries", remedy="Send them in several calls", field="feedback"
        )
    return [_checked(entry, f"feedback[{number}]") for number, entry in enumerate(entries)]


def _checked(entry: Feedback, place: str) -> Feedback:
    _check_text(entry.card, f"{place}.card", _LONGEST_ID)
    if entry.outcome not in (_ACCEPTED, _OVERRIDDEN):
        raise InvalidRequest(
            "is neither accepted nor overridden", remedy="Send one of these two", field=f"{place}.outcome"
        )
    _check_suggestions(entry, f"{place}.acceptedSuggestions")
    return msgspec.structs.replace(
        entry,
        card=entry.card.lower(),  # a uuid is the same in either case (RFC 9562, section 4), and ours are written so
        outcomeTimestamp=_in_utc(entry.outcomeTimestamp, f"{place}.outcomeTimestamp"),
        overrideReason=_checked_reason(entry.overrideReason, f"{place}.overrideReason"),
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


def _checked_reason(reason: OverrideReason | None, place: str) -> OverrideReason | None:
    if reason is None:
        return None
    if reason.reason is not None:
        _check_coding(reason.reason, f"{place}.reason")
    comment = reason.userComment
    if comment is not None and len(comment) > _LONGEST_COMMENT:
        raise InvalidRequest(
            f"is longer than {_LONGEST_COMMENT} characters", remedy="Shorten it", field=f"{place}.userComment"
        )
    return OverrideReason(reason.reason, comment.replace("\0", "\ufffd") if comment else None)


def _check_coding(coding: Coding, place: str) -> None:
    _check_text(coding.code, f"{place}.code", _LONGEST_CODE)
    for name, text in (("system", coding.system), ("display", coding.display)):
        if text:
            _check_text(text, f"{place}.{name}", _LONGEST_CODE)


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
