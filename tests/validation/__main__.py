"""`make validate`: runs all vignettes and writes docs/validation.md and docs/validation.svg."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime

from cds_service.app import version_in_use
from cds_service.settings import PREFIX, load_settings
from tests.validation.agreement import share
from tests.validation.answers import answers
from tests.validation.plot import plot
from tests.validation.report import report
from tests.validation.vignettes import ROOT, all_vignettes


def main() -> None:
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]  # the service as shipped, whatever this machine sets
    settings = load_settings()
    given = answers(all_vignettes(), settings)
    version = version_in_use(settings)
    run = f"Run on {datetime.now(UTC).date()} with the knowledge of version `{version}`, settings as shipped."
    (ROOT / "docs" / "validation.md").write_text(report(given, run), encoding="utf-8")
    (ROOT / "docs" / "validation.svg").write_text(plot(given), encoding="utf-8")
    agreed = share(given, lambda each: each.agrees)
    sys.stdout.write(f"{agreed.hits} of {agreed.total} charts get the expected level: see docs/validation.md\n")


if __name__ == "__main__":
    main()
