"""Each sample call of a hook gets the card that its policy gives, through the whole path of the installed command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.prefetch import chart_needs

FIXTURES = Path(__file__).parents[2] / "fhir_fixtures"
CALLS = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in (FIXTURES / "hooks").glob("*.json")}
AS_OF = "2026-11-02T12:00:00Z"
NEEDS = chart_needs(Terminology().measurement_codes())


def request(sample: dict[str, Any]) -> dict[str, Any]:
    """The whole hook request: the sample's context laid upon that of its chart."""
    made = chart_request(json.loads((FIXTURES / f"{sample['chart']}.json").read_text(encoding="utf-8")), NEEDS)
    return {**made, "hook": sample["hook"], "context": {**made["context"], **sample["context"]}}


def card_text(sample: dict[str, Any], folder: Path) -> str:
    file = folder / "request.json"
    file.write_text(json.dumps(request(sample)), encoding="utf-8")
    result = CliRunner().invoke(app, ["assess", str(file), "--as-of", AS_OF])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", CALLS)
def test_a_sample_call_gets_the_card_that_it_should(name: str, tmp_path: Path) -> None:
    expected = CALLS[name]["expected"]
    text = card_text(CALLS[name], tmp_path)
    assert text.startswith("No card" if expected["level"] == "none" else f"**[{expected['level']}]"), text
    assert expected.get("says", "") in text


def test_each_hook_has_a_call_with_a_card_and_one_without() -> None:
    for hook in {sample["hook"] for sample in CALLS.values()}:
        levels = {sample["expected"]["level"] for sample in CALLS.values() if sample["hook"] == hook}
        assert "none" in levels
        assert len(levels) > 1


def test_each_sample_call_has_its_story() -> None:
    readme = (FIXTURES / "README.md").read_text(encoding="utf-8")
    assert [name for name in CALLS if f"hooks/{name}.json" not in readme] == []
