"""What the token of a call may read, so that nothing else is asked for.

CDS Hooks 2.0.1, "Passing the Access Token": `scope` holds SMART scopes, `patient` the one patient that patient-level
scopes are for. Both versions of SMART App Launch are understood: 1 (`patient/Observation.read`) and 2
(`user/Observation.rs`, `patient/Observation.rs?category=…`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

_SCOPE = re.compile(
    r"(?P<level>patient|user|system)/(?P<type>\*|[A-Z][A-Za-z]*)\."
    r"(?P<actions>\*|read|write|[cruds]+)(?:\?(?P<only>.+))?"
)
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_EXPIRED = "the access token had expired"
_OTHER_PATIENT = "the access token is for another patient"
_NOT_COVERED = "the access token does not cover it"
_PARTLY_COVERED = "the access token covers only a part of it"

Constraint = tuple[tuple[str, str], ...]
"""The search parameters of a scope, by name; without any, it covers all resources of its type."""


@dataclass(frozen=True, slots=True)
class Permission:
    """What may be asked of a query: all of it, a narrower one, or nothing (None). `problem` says why it is not all."""

    query: str | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Scope:
    resource_type: str
    actions: str
    only: Constraint

    def covers(self, resource_type: str, action: str) -> bool:
        return self.resource_type in ("*", resource_type) and action in self.actions


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token allows: the scopes that count for this patient, and for how many seconds.

    `scopes` is None where they are not known: without a token, or with scopes none of which is a SMART one. Then
    everything is tried, since it is the FHIR server that decides.
    """

    scopes: tuple[_Scope, ...] | None = None
    expires_in: float = math.inf
    is_for_other_patient: bool = False

    def permission(self, query: str) -> Permission:
        """`query` is a read by id (`Patient/1`) or a search (`Condition?patient=1`), relative to the base address."""
        if self.expires_in <= 0:
            return Permission(None, _EXPIRED)
        if self.scopes is None:
            return Permission(query)
        resource_type = re.split(r"[/?]", query)[0]
        action = "s" if "?" in query else "r"
        constraints = [scope.only for scope in self.scopes if scope.covers(resource_type, action)]
        if not constraints:
            return Permission(None, _OTHER_PATIENT if self.is_for_other_patient else _NOT_COVERED)
        return Permission(query) if () in constraints else _narrowed(query, constraints)


UNKNOWN_GRANT = Grant()


def parse_grant(scope: str, expires_in: int, *, is_for_patient: bool) -> Grant:
    """The grant of a token; `is_for_patient`: its patient, if it names one, is the patient of the call."""
    found = [match for each in scope.split() if (match := _SCOPE.fullmatch(each))]
    counting = [match for match in found if is_for_patient or match["level"] != "patient"]
    scopes = tuple(
        _Scope(
            match["type"],
            _VERSION_1.get(match["actions"], match["actions"]),
            tuple(parse_qsl(match["only"] or "", keep_blank_values=True)),
        )
        for match in counting
    )
    return Grant(scopes if found else None, expires_in, len(counting) < len(found))


def _narrowed(query: str, constraints: Sequence[Constraint]) -> Permission:
    """The part of a search that scopes with one search parameter, in practice `category`, leave.

    Other scopes cannot be put into one search, so nothing is asked under them.
    """
    names = {name for constraint in constraints for name, _ in constraint}
    resource_type, _, parameters = query.partition("?")
    if len(names) != 1 or any(len(constraint) != 1 for constraint in constraints) or not parameters:
        return Permission(None, _PARTLY_COVERED)
    (name,) = names
    granted = [value for constraint in constraints for value in constraint[0][1].split(",")]
    asked = dict(parse_qsl(parameters))
    if name in asked:
        wanted = asked[name].split(",")
        if all(any(_is_same(value, other) for other in granted) for value in wanted):
            return Permission(query)
        granted = [value for value in granted if any(_is_same(value, other) for other in wanted)]
    if not granted:
        return Permission(None, _NOT_COVERED)
    narrower = {**asked, name: ",".join(granted)}
    search = "&".join(f"{quote(each, safe=':')}={quote(value, safe=':/|,')}" for each, value in narrower.items())
    return Permission(f"{resource_type}?{search}", _PARTLY_COVERED)


def _is_same(token: str, other: str) -> bool:
    """Tokens of a search, `system|code` or `code` alone, which stands for that code of any system."""
    if "|" in token and "|" in other:
        return token == other
    return token.rpartition("|")[2] == other.rpartition("|")[2]
