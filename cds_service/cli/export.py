"""`cds-service knowledge export`: the knowledge as FHIR resources, for those who review or reuse it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from cds_service.app import cards_in_use, publication, terminology_in_use
from cds_service.cli.reporting import errors_in_one_line, tell
from cds_service.publishing.export import export as write
from cds_service.settings import load_settings


def export(
    directory: Annotated[Path, typer.Argument(help="Folder for the files: new, empty, or of an earlier export.")],
) -> None:
    """Write value sets, rule sets and their citations as FHIR R4 resources, one JSON file each, as these settings
    have them.
    """
    with errors_in_one_line():
        settings = load_settings()
        terminology_in_use(settings)  # refuses codes that the service could not use
        published = publication(settings, cards_in_use(settings))
        kinds = Counter(name.partition("-")[0] for name in write(published, directory))
    tell(f"knowledge {published.version}: {', '.join(f'{count} {kind}' for kind, count in kinds.items())}")
    tell(f"written to {directory}")
