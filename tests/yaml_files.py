"""YAML files of the tests, by the loader in C where there is one: the other takes ten times as long."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@cache
def load_yaml(file: Path) -> Any:
    """What the file holds, read once: nobody may change it."""
    return yaml.load(file.read_text(encoding="utf-8"), _LOADER)  # noqa: S506  # both are safe loaders
