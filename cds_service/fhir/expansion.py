"""What a FHIR terminology server makes of the value sets today, beside the codes that are shipped.

Each element of `compose` that lists codes is expanded by itself (https://hl7.org/fhir/R4/valueset-operation-expand.html):
one of SNOMED CT by its meaning, an ECL expression, as the implicit value set of it; one of another system by its own
codes, which tells those that the system no longer holds. Elements with a filter are their own meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import httpx2
import msgspec

from cds_service.code_systems import SNOMED
from cds_service.errors import ConfigurationError
from cds_service.knowledge import EXTENSION

_IMPLICIT = f"{SNOMED}?fhir_vs=ecl/"
_PAGE = 1000
_MOST_CODES = 20_000
_SECONDS = 60.0


class _Contained(msgspec.Struct):
    code: str = ""
    display: str = ""
    abstract: bool = False
    inactive: bool = False
    contains: list[_Contained] = []


class _Parameter(msgspec.Struct):
    name: str = ""
    valueUri: str = ""


class _Expansion(msgspec.Struct):
    total: int | None = None
    parameter: list[_Parameter] = []
    contains: list[_Contained] = []


class _ValueSet(msgspec.Struct, tag_field="resourceType", tag="ValueSet"):
    expansion: _Expansion


_decode = msgspec.json.Decoder(_ValueSet).decode


class Expanded(msgspec.Struct, frozen=True):
    """Codes with their display, and the version of the code system, as the server names it; empty if it does not."""

    codes: dict[str, str]
    version: str = ""


class Difference(msgspec.Struct, frozen=True):
    """`added`: in the expansion, not in the list. `missing`: in the list, not in the expansion. `renamed`: the display
    here and there, of codes in both.
    """

    added: dict[str, str]
    missing: dict[str, str]
    renamed: dict[str, tuple[str, str]]

    def __bool__(self) -> bool:
        return bool(self.added or self.missing or self.renamed)


class NotExpanded(Exception):
    """Why the server gave no expansion, in words for the terminal."""


def listing(value_set: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The elements of compose.include that list their codes."""
    for element in value_set["compose"]["include"]:
        if element.get("concept"):
            yield element


def meaning_of(element: Mapping[str, Any]) -> str:
    """The ECL expression of an element; empty where its list is all that there is."""
    found = [each["valueString"] for each in element.get("extension", []) if each["url"] == f"{EXTENSION}ecl"]
    return str(found[0]) if found else ""


def differences(element: Mapping[str, Any], expanded: Expanded) -> Difference:
    """What a terminologist has to look at. Displays are compared without regard to case and to SNOMED CT's tags."""
    listed = {concept["code"]: concept["display"] for concept in element["concept"]}
    return Difference(
        {code: display for code, display in expanded.codes.items() if code not in listed},
        {code: display for code, display in listed.items() if code not in expanded.codes},
        {
            code: (display, expanded.codes[code])
            for code, display in listed.items()
            if expanded.codes.get(code) and _bare(display) != _bare(expanded.codes[code])
        },
    )


def with_added(element: dict[str, Any], added: Mapping[str, str], provenance: str) -> None:
    """Put codes into the list. None is taken out: charts go on holding codes that a system has retired."""
    element["concept"] += [
        {
            "code": code,
            "display": display,
            "extension": [{"url": f"{EXTENSION}provenance", "valueString": provenance}],
        }
        for code, display in added.items()
    ]


def _bare(display: str) -> str:
    words = display.casefold().strip()
    return words.rpartition(" (")[0] if words.endswith(")") and " (" in words else words


class TerminologyServer:
    """`base` is the address of a FHIR R4 server with ValueSet/$expand. A user name and password may stand in it."""

    def __init__(self, base: str) -> None:
        self._address = f"{base.rstrip('/')}/ValueSet/$expand"
        self._http = httpx2.Client(timeout=_SECONDS)

    def __enter__(self) -> TerminologyServer:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def expand(self, element: Mapping[str, Any]) -> Expanded:
        """The element as the server understands it today. Raises NotExpanded, without a server ConfigurationError."""
        codes: dict[str, str] = {}
        version = ""
        while True:
            page = self._page(element, len(codes))
            found = dict(_active(page.contains))
            version = version or next((each.valueUri for each in page.parameter if each.name == "version"), "")
            is_last = page.total is None or len(codes) + len(found) >= page.total or found.keys() <= codes.keys()
            codes |= found
            if is_last:
                return Expanded(codes, version)
            if len(codes) > _MOST_CODES:
                raise NotExpanded(f"it has more than {_MOST_CODES} codes")

    def _page(self, element: Mapping[str, Any], offset: int) -> _Expansion:
        paging = [{"name": "offset", "valueInteger": offset}, {"name": "count", "valueInteger": _PAGE}]
        body = {"resourceType": "Parameters", "parameter": [_asked(element), *paging]}
        try:
            response = self._http.post(
                self._address,
                content=msgspec.json.encode(body),
                headers={"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"},
            )
            response.raise_for_status()
            return _decode(response.content).expansion
        except httpx2.HTTPStatusError as error:
            raise NotExpanded(f"the server answered {error.response.status_code}{_told(error.response)}") from None
        except httpx2.InvalidURL:
            raise ConfigurationError("--server is not an address. Give the base of a FHIR R4 server.") from None
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise ConfigurationError(
                f"no server answers at {error.request.url.netloc.decode()}. Check --server."
            ) from None
        except httpx2.HTTPError as error:
            raise NotExpanded(f"the server did not answer ({type(error).__name__})") from None
        except msgspec.DecodeError:
            raise NotExpanded("the answer is not a ValueSet with an expansion") from None


def _asked(element: Mapping[str, Any]) -> dict[str, Any]:
    if meaning := meaning_of(element):
        return {"name": "url", "valueUri": _IMPLICIT + meaning}
    concepts = [{"code": concept["code"]} for concept in element["concept"]]
    compose = {"include": [{"system": element["system"], "concept": concepts}]}
    value_set = {"resourceType": "ValueSet", "status": "active", "compose": compose}
    return {"name": "valueSet", "resource": value_set}


def _active(contained: list[_Contained]) -> Iterator[tuple[str, str]]:
    """Codes that may be used, also those below a heading."""
    for each in contained:
        if each.code and not (each.abstract or each.inactive):
            yield each.code, each.display
        yield from _active(each.contains)


def _told(response: httpx2.Response) -> str:
    """The server's own words, if it has any."""
    try:
        issues = msgspec.json.decode(response.content)["issue"]
        words = issues[0].get("diagnostics") or issues[0]["details"]["text"]
    except (msgspec.DecodeError, LookupError, TypeError, AttributeError):
        return ""
    return f": {str(words)[:200]}"
