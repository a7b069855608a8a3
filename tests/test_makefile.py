"""On a machine that lacks something, make says in one line what to do."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OLD = "import sys; sys.version_info = (3, 9, 2, 'final', 0)"
NEW = "import sys; sys.version_info = (3, 14, 0, 'final', 0)"
WITHOUT_VENV = "import sys; sys.modules['ensurepip'] = None"


def make(folder: Path, *arguments: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run the project's Makefile in `folder`, free of what an outer make hands down."""
    for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-test.txt"):
        shutil.copyfile(ROOT / name, folder / name)
    handed_down = ("MAKE", "MFLAGS", "GNUMAKEFLAGS", "PYTHON")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(handed_down)}
    environment["PATH"] = path or environment["PATH"]
    program = shutil.which("make") or "make"
    return subprocess.run(
        [program, *arguments], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def python_that(folder: Path, name: str, first: str) -> Path:
    """A Python that is this one, except for what `first` changes before any code runs."""
    script = folder / name
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "{first}; exec(sys.argv[1])" "$2"\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return script


@pytest.mark.parametrize("first", [OLD, NEW])
def test_an_unsuitable_python_gives_one_line_with_the_remedy(tmp_path: Path, first: str) -> None:
    python = python_that(tmp_path, "python3", first)
    done = make(tmp_path, "demo", f"PYTHON={python}")
    assert done.returncode != 0
    assert len((done.stdout + done.stderr).splitlines()) == 1
    assert "3.11, 3.12 or 3.13" in done.stderr
    assert "PYTHON=" in done.stderr


def test_no_python_at_all_gives_one_line_with_the_remedy(tmp_path: Path) -> None:
    """`PATH` holds the shell and nothing else."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sh").symlink_to("/bin/sh")
    done = make(tmp_path, "test", path=str(tmp_path / "bin"))
    assert done.returncode != 0
    assert len((done.stdout + done.stderr).splitlines()) == 1
    assert "install one" in done.stderr


def test_a_missing_venv_module_gives_one_line_with_the_remedy(tmp_path: Path) -> None:
    """As Debian's python3 without python3-venv, which lacks the module ensurepip."""
    python = python_that(tmp_path, "python3", WITHOUT_VENV)
    done = make(tmp_path, "test", f"PYTHON={python}")
    assert done.returncode != 0
    assert len((done.stdout + done.stderr).splitlines()) == 1
    assert "apt install python3-venv" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_an_unsuitable_python_is_passed_over_for_a_suitable_one(tmp_path: Path) -> None:
    """`python3` is too old, `python3.12` is what is wanted: the newer name is found and used."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "sh").symlink_to("/bin/sh")
    python_that(folder, "python3", OLD)
    python_that(folder, "python3.12", WITHOUT_VENV)
    done = make(tmp_path, "demo", path=str(folder))
    assert done.stderr.count("python3.12 has no venv module") == 1


def test_every_target_is_explained_in_one_line(tmp_path: Path) -> None:
    text = (ROOT / "Makefile").read_text("utf-8")
    [phony] = [line.removeprefix(".PHONY: help ") for line in text.splitlines() if line.startswith(".PHONY:")]
    explained = [line.split(":")[0] for line in make(tmp_path, "help").stdout.splitlines()]
    assert explained == [f"make {target}" for target in phony.split()]
