"""`cds-service knowledge export`: one file for each resource, the same every time, and nothing else in the folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cds_service.cli import app


def export(folder: Path) -> Any:
    return CliRunner().invoke(app, ["knowledge", "export", str(folder)])


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def assert_refused(result: Any, *says: str) -> None:
    assert (result.exit_code, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("cds-service: ")
    for words in says:
        assert words in line


def test_it_writes_a_file_for_each_resource(tmp_path: Path) -> None:
    result = export(tmp_path / "new" / "folder")
    assert result.exit_code == 0, result.stderr
    files = contents(tmp_path / "new" / "folder")
    for name, content in files.items():
        resource = json.loads(content)
        assert name == f"{resource['resourceType']}-{resource['id']}.json"
        assert content.endswith(b"}\n")
    kinds = {name.partition("-")[0] for name in files}
    assert kinds == {"PlanDefinition", "Library", "ValueSet", "CodeSystem"}
    count = sum(name.startswith("ValueSet-") for name in files)
    assert f"{count} ValueSet" in result.stdout.splitlines()[0]


def test_it_writes_the_same_bytes_again(tmp_path: Path) -> None:
    for name in ("one", "other"):
        assert export(tmp_path / name).exit_code == 0
    first = contents(tmp_path / "one")
    assert first == contents(tmp_path / "other")
    assert export(tmp_path / "one").exit_code == 0
    assert contents(tmp_path / "one") == first


def test_it_says_what_these_settings_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_SEVERE_PAIN_SCORE", "8")
    assert export(tmp_path).exit_code == 0
    assert "A pain score of 8 of 10" in (tmp_path / "PlanDefinition-red-flags.json").read_text(encoding="utf-8")


def test_a_folder_with_anything_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "ValueSet-of-last-year.json").write_text("{}")
    assert_refused(export(tmp_path), "ValueSet-of-last-year.json", "empty folder")
    assert contents(tmp_path) == {"ValueSet-of-last-year.json": b"{}"}


def test_what_is_no_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert_refused(export(tmp_path / "file"), "cannot write to", "another folder")
    assert_refused(export(tmp_path / "file" / "below"), "cannot write to", "another folder")
