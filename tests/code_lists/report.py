"""What each public list holds and no value set does, by value set, with the reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import yaml

from cds_service.code_systems import SNOMED
from cds_service.fhir.value_sets import Terminology


class CodeList(NamedTuple):
    """A public list of codes of one system. `left_out`: why a code stands in no value set."""

    name: str
    system: str
    compared: list[str]
    codes: list[str]
    left_out: dict[str, str]


def code_lists() -> list[CodeList]:
    """Those that are kept here, so that the comparison needs no network."""
    content = yaml.safe_load((Path(__file__).parent / "lists.yaml").read_text(encoding="utf-8"))
    return [
        CodeList(
            each["list"],
            each.get("system", SNOMED),
            each["compared"],
            each["codes"].split(),
            {code: said["reason"] for said in each["left_out"] for code in said["codes"].split()},
        )
        for each in content
    ]


def missing(codes: CodeList, terminology: Terminology) -> list[str]:
    """The codes of the list that no value set holds."""
    return [code for code in codes.codes if terminology.meaning(codes.system, code) is None]


def report(terminology: Terminology) -> Iterator[str]:
    """Lines: every value set, the lists that it is compared with, and what they have beyond ours."""
    lists = code_lists()
    for name in sorted(terminology.concepts):
        compared = [each for each in lists if name in each.compared]
        yield name if compared else f"{name}: no public list read"
        for each in compared:
            held = [code for code in each.codes if _holds(terminology, each.system, code, name)]
            yield f"  {each.name}: {len(each.codes)} codes, {len(held)} of them here"
            yield from _reasons(each, terminology)


def _holds(terminology: Terminology, system: str, code: str, name: str) -> bool:
    meaning = terminology.meaning(system, code)
    return meaning is not None and name in [concept.name for concept in meaning.concepts]


def _reasons(codes: CodeList, terminology: Terminology) -> Iterator[str]:
    by_reason: dict[str, list[str]] = {}
    for code in missing(codes, terminology):
        by_reason.setdefault(codes.left_out.get(code, "NOT LOOKED AT"), []).append(code)
    for reason, found in by_reason.items():
        yield f"    in no value set, {reason}: {', '.join(found)}"
