"""docs/contributing.md, followed word by word on a copy of the tree: the red flag is there, and its card appears."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent, indent
from typing import NamedTuple

import pytest

from tests.charts import AS_OF, Entry, bundle, patient, resource

ROOT = Path(__file__).parent.parent
STEP = re.compile(r"^\d+\. `([^`]+)`", re.MULTILINE)
CHANGE = re.compile(
    r"(?:new file|(below|in place of)\s+(`+) ?(.+?) ?\2).*?```\w+\n(.*?)^ *```$", re.DOTALL | re.MULTILINE
)
MOST_FILES = 9
HOLD = """
from tests.assessment.test_rules import EXAMPLES, test_example
own = [example for stem, example in EXAMPLES if stem == "open_sore"]
for example in own:
    test_example(example)
print(len(own))
"""
CHART: list[Entry] = [
    {"condition": "sct|300954003", "onset": -3, "side": "left"},
    {"condition": "sct|95344007", "onset": -5, "side": "left"},
]


class Change(NamedTuple):
    """A text for a file: the whole of it, below a line, or in place of one."""

    path: str
    how: str
    line: str
    text: str


def recipe() -> list[Change]:
    """What the page says to do for a red flag."""
    page = (ROOT / "docs" / "contributing.md").read_text(encoding="utf-8")
    section = page.partition("## A red flag\n")[2].partition("\n## ")[0]
    _, *steps = STEP.split(section)
    return [
        Change(path, how, line, dedent(text))
        for path, step in zip(steps[::2], steps[1::2], strict=True)
        for how, _, line, text in CHANGE.findall(step)
    ]


def follow(change: Change, root: Path) -> None:
    path = root / change.path
    if not change.how:
        path.write_text(change.text, encoding="utf-8")
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    place = next(number for number, line in enumerate(lines) if line.strip().startswith(change.line))
    margin = re.match(r" *", lines[place])
    end = place + 1
    start = place if change.how == "in place of" else end
    lines[start:end] = [indent(change.text, margin[0] if margin else "")]
    path.write_text("".join(lines), encoding="utf-8")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree, with the red flag added."""
    root = tmp_path_factory.mktemp("tree")
    for name in ("cds_service", "cards", "docs", "tests"):
        shutil.copytree(ROOT / name, root / name)  # with its bytecode, so that four programs start soon
    for name in ("CHANGELOG.md", "pyproject.toml"):
        shutil.copyfile(ROOT / name, root / name)
    for change in recipe():
        follow(change, root)
    return root


def run(root: Path, *arguments: str) -> str:
    """What Python prints, run in that tree."""
    done = subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_red_flag_touches_at_most_nine_files() -> None:
    changes = recipe()
    assert len(changes) == 10
    assert len({change.path for change in changes}) <= MOST_FILES
    assert [change.path for change in changes if not change.how and (ROOT / change.path).exists()] == []


def test_its_card_appears(copy: Path) -> None:
    chart = copy / "chart.json"
    chart.write_bytes(bundle(patient(), *[resource(entry, number) for number, entry in enumerate(CHART)]))
    printed = run(copy, "-m", "cds_service", "assess", str(chart), "--as-of", AS_OF.isoformat(), "--json")
    [card] = json.loads(printed)["cards"]
    assert card["indicator"] == "warning"
    assert card["summary"] == "Open sore of the leg, left, 5 days: check arteries and infection"
    assert "Ankle-brachial index before any compression." in card["detail"]


def test_its_examples_hold(copy: Path) -> None:
    assert run(copy, "-c", HOLD).split() == ["3"]


def test_the_docs_follow(copy: Path) -> None:
    assert "docs/triage.md" in run(copy, "-m", "tests.docs_tables")
    assert "| `open-sore` | Open sore of the leg |" in (copy / "docs" / "triage.md").read_text(encoding="utf-8")
