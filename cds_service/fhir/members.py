"""The members of a resource that stay undecoded until it matters, each read as the type that it has in R4.

As lenient as the meaning allows: "8" is the number 8, an empty text is no number, and what nobody reads is not looked
at. What has another shape raises one of NOT_JSON_OF_OURS: the resource could not be read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from cds_service.fhir.resources import NOT_SENT, Concept

T = TypeVar("T")
Read = Callable[[msgspec.Raw], T | None]
"""Reads a member; None where it was left out or is null."""

_MOST = sys.float_info.max
Number = Annotated[float, msgspec.Meta(ge=-_MOST, le=_MOST)]
"""Neither infinite nor NaN, which JSON has only as texts."""

Code = Annotated[str, msgspec.Meta(pattern=r"^\S+(\s\S+)*$")]
"""https://hl7.org/fhir/R4/datatypes.html#code"""


class Quantity(msgspec.Struct, frozen=True, gc=False):
    value: Number | Literal[""] | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None

    @property
    def number(self) -> float | None:
        return None if self.value == "" else self.value


class Range(msgspec.Struct, frozen=True, gc=False):
    """Of an Observation's value, or of its reference ranges, which may say what for and may have words instead.

    DSTU2 has `meaning` instead of `type`.
    """

    low: Quantity | None = None
    high: Quantity | None = None
    type: Concept | None = None
    meaning: Concept | None = None
    text: Any = None


def reads(kind: Any) -> Read[Any]:
    """What reads a member as this type."""
    decode = msgspec.json.Decoder(kind | None, strict=False).decode
    return lambda raw: None if raw is NOT_SENT else decode(raw)


decoded: Read[Any] = reads(Any)
as_boolean: Read[bool] = reads(bool)
as_number: Read[float] = reads(Number)
as_text: Read[str] = reads(str)
as_concept: Read[Concept] = reads(Concept)
as_quantity: Read[Quantity] = reads(Quantity)
as_range: Read[Range] = reads(Range)
as_ranges: Read[list[Range]] = reads(list[Range])


def is_given(raw: msgspec.Raw) -> bool:
    """Whether the member was sent and is not null, whatever its shape."""
    return raw is not NOT_SENT and bytes(raw) != b"null"


def code(value: Any) -> str | None:
    """A code that was decoded with its resource, such as a status."""
    if value is None or (isinstance(value, str) and value.isalnum()):  # nearly all; to convert takes ten times as long
        return value
    return msgspec.convert(value, Code | None)


def is_true(value: Any) -> bool:
    """Likewise a boolean; False where it was left out."""
    if value is None or isinstance(value, bool):
        return bool(value)
    return bool(msgspec.convert(value, bool | None, strict=False))
