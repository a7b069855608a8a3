"""`cds-service knowledge expand`: the value sets beside what a terminology server makes of them today."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from cds_service.cli.reporting import errors_in_one_line, tell
from cds_service.errors import ConfigurationError
from cds_service.fhir.expansion import (
    Difference,
    Expanded,
    NotExpanded,
    TerminologyServer,
    differences,
    listing,
    meaning_of,
    with_added,
)
from cds_service.fhir.value_sets import Terminology
from cds_service.shipped import shipped

_SHOWN = 40


def expand(
    server: Annotated[str, typer.Option(help="Base address of a FHIR R4 terminology server.")],
    directory: Annotated[Path | None, typer.Option(help="Folder of the value sets; default: those in use.")] = None,
    only: Annotated[list[str] | None, typer.Option(help="Name of a value set; may be given again.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Write the added codes without asking.")] = False,
) -> None:
    """Show how the value sets differ from their meaning on a terminology server, and write what is new after a yes."""
    with errors_in_one_line():
        host = _host(server)
        files = _files(directory if directory is not None else shipped("value_sets"), only or [])
        changed, all_expanded = _compare(files, server, host)
    if changed:
        _offer(changed, yes)
    elif all_expanded:
        tell("nothing to write")
    if not all_expanded:
        raise typer.Exit(1)


def _offer(changed: dict[Path, dict[str, Any]], yes: bool) -> None:
    if yes or typer.confirm(f"Write the added codes into {len(changed)} files?", default=False):
        for file, value_set in changed.items():
            file.write_text(json.dumps(value_set, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
            tell(f"written: {file}")
        tell("Look at each new code, set its site and side, raise the version, then run cds-service check.")
    else:
        tell("nothing written")


def _host(server: str) -> str:
    """What may be told of the address: a password can stand in it."""
    try:
        parts = urlsplit(server)
        if parts.scheme in ("http", "https") and parts.hostname:
            return parts.hostname
    except ValueError:
        pass
    raise ConfigurationError("--server is not an address. Give the base of a FHIR R4 server: https://host/fhir.")


def _files(directory: Path, only: Sequence[str]) -> list[Path]:
    files = {file.stem: file for file in sorted(directory.glob("*.json"))}
    if unknown := [name for name in only if name not in files]:
        raise ConfigurationError(f"--only {unknown[0]}: there is no such value set in {directory}. Correct the name.")
    if not files:
        raise ConfigurationError(f"{directory}: no value sets found. Give their folder with --directory.")
    Terminology(directory)  # refuses other files
    return [files[name] for name in only] or list(files.values())


def _compare(files: Sequence[Path], server: str, host: str) -> tuple[dict[Path, dict[str, Any]], bool]:
    """Tells every difference; the value sets with added codes, by file, and whether all could be compared."""
    changed: dict[Path, dict[str, Any]] = {}
    all_expanded = True
    with TerminologyServer(server) as terminology:
        for file in files:
            value_set = json.loads(file.read_text(encoding="utf-8"))
            for element in listing(value_set):
                try:
                    expanded = terminology.expand(element)
                except NotExpanded as reason:
                    tell(f"{file.stem}, {element['system']}: not expanded, {reason}", err=True)
                    all_expanded = False
                    continue
                difference = differences(element, expanded)
                if difference:
                    _tell(file.stem, element, difference)
                if difference.added and meaning_of(element):
                    with_added(element, difference.added, _provenance(host, expanded))
                    changed[file] = value_set
    return changed, all_expanded


def _provenance(host: str, expanded: Expanded) -> str:
    version = f", {expanded.version}" if expanded.version else ""
    return f"expanded by {host}{version}, {datetime.now(UTC).date()}; not yet reviewed | SINGLE SOURCE"


def _tell(name: str, element: dict[str, Any], difference: Difference) -> None:
    tell(f"{name}, {element['system']}")
    lines = [f"  + {code} {display}" for code, display in difference.added.items()]
    if len(lines) > _SHOWN:
        lines = [*lines[:_SHOWN], f"  + and {len(lines) - _SHOWN} more"]
    lines += [f"  - {code} {display}: not in the expansion, stays" for code, display in difference.missing.items()]
    lines += [f"  ~ {code} {ours}: there {theirs}" for code, (ours, theirs) in difference.renamed.items()]
    tell(*lines)
