"""The version of knowledge changes with what decides, and with nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from cds_service.knowledge import knowledge_version


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pain.json").write_text("{}")
    (tmp_path / "dvt.md").write_text("words")
    return tmp_path


def version(folder: Path, number: float = 7, package: str = "0.1.0") -> str:
    return knowledge_version(package, [folder], {"severe_pain_score": number})


def test_it_names_the_package_and_stays_the_same(folder: Path) -> None:
    assert version(folder) == version(folder)
    name, _, digest = version(folder).partition("+")
    assert (name, len(digest)) == ("0.1.0", 12)


def test_a_value_set_a_card_or_a_threshold_changes_it(folder: Path) -> None:
    found = [version(folder), version(folder, number=8), version(folder, package="0.2.0")]
    (folder / "dvt.md").write_text("other words")
    found.append(version(folder))
    (folder / "pain.json").rename(folder / "gait.json")
    found.append(version(folder))
    assert len(set(found)) == 5


def test_what_is_for_readers_does_not(folder: Path) -> None:
    before = version(folder)
    (folder / "README.md").write_text("x")
    (folder / "notes.txt").write_text("x")
    assert version(folder) == before
