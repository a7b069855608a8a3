"""How the service's knowledge is named: the addresses of its FHIR resources, and its version. A leaf."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

BASE = "https://calf-pain-cds.example/fhir/"
"""Before the addresses of all FHIR resources of our own as they are shipped: a reserved name, which leads nowhere. What
a site publishes or sends stands under its own base instead (CDS_CANONICAL_URL, docs/knowledge.md).
"""
OVERRIDE_REASON = "override-reason"
"""The id of the code system of override reasons."""
CARD = "card"
"""The id of the code system of cards, by which each tells its topic."""
EXTENSION = f"{BASE}StructureDefinition/"


def knowledge_version(
    version: str, folders: Iterable[Path], numbers: Mapping[str, float], decisions: Sequence[str] = ()
) -> str:
    """The package's version and a digest of value sets, cards, thresholds and what the site has decided (the rules
    that it switched off, the patients whom it excludes): `0.1.0+3f2a9c41d07b`.

    Two services of the same version of knowledge give the same cards for the same chart at the same moment.
    """
    digest = hashlib.sha256(json.dumps(numbers, sort_keys=True).encode())
    if decisions:
        digest.update(json.dumps(sorted(set(decisions))).encode())
    for folder in folders:
        for file in sorted(path for path in folder.iterdir() if path.suffix in (".json", ".md")):
            if file.stem == "README":
                continue
            content = hashlib.sha256(file.read_bytes()).hexdigest()
            digest.update(f"{file.name} {content}\n".encode())
    return f"{version}+{digest.hexdigest()[:12]}"
