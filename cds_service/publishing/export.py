"""The knowledge as files: one FHIR resource each, the same bytes for the same knowledge."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cds_service.errors import ConfigurationError
from cds_service.publishing.fhir_resources import fhir_resources
from cds_service.publishing.publication import Publication


def export(published: Publication, folder: Path) -> list[str]:
    """Write all resources into the folder, which may hold an earlier export and nothing else. The files' names.

    Raises ConfigurationError where the folder cannot be used: what stays in it would be taken for part of the export.
    """
    files = {f"{each['resourceType']}-{each['id']}.json": each for each in fhir_resources(published)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        others = sorted(each.name for each in folder.iterdir() if each.name not in files)
        if others:
            raise ConfigurationError(f"{folder} holds {others[0]}, which is not of this export. Name an empty folder.")
        for name, resource in files.items():
            (folder / name).write_bytes(to_json(resource))
    except OSError as error:
        raise ConfigurationError(f"cannot write to {folder}: {error.strerror}. Name another folder.") from None
    return list(files)


def to_json(resource: Mapping[str, Any]) -> bytes:
    """Indented, members in their order, UTF-8, with a line end."""
    return (json.dumps(resource, ensure_ascii=False, indent=2) + "\n").encode()
