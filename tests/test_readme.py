"""The card in README.md is the one that its sample patient gets."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from cds_service.cli import app

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "fhir_fixtures" / "leg-dvt-untreated-left.json"


def test_its_example_is_a_card_of_today() -> None:
    done = CliRunner().invoke(app, ["assess", str(SAMPLE), "--as-of", "2026-11-02T12:00:00Z", "--json"])
    [card] = json.loads(done.stdout)["cards"]
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    quoted = " ".join(line.removeprefix(">").strip() for line in lines if line.startswith(">"))
    assert quoted.split() == f"**{card['summary']}** {card['detail']}".split()
