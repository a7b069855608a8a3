"""One file of cards/: YAML front matter and a Markdown body, with the line numbers that an editor needs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

import msgspec
import yaml

from cds_service.errors import ConfigurationError

_Matter = TypeVar("_Matter", bound=msgspec.Struct)
_RULE = "---\n"


@dataclass(frozen=True, slots=True)
class ContentFile:
    """Front matter as plain data, the body, and the line on which each front matter key stands."""

    path: Path
    text: str
    matter: object
    body: str
    lines: dict[str, int]

    def fail(self, problem: str, remedy: str, *, key: str = "", text: str = "") -> NoReturn:
        """Refuse the file, at the line of this front matter key or at the first line that holds this text."""
        line = self.lines.get(key, 1)
        if text:
            numbered = enumerate(self.text.splitlines(), 1)
            line = next((number for number, each in numbered if text in each), line)
        raise _refused(self.path, line, problem, remedy)

    def front_matter(self, kind: type[_Matter]) -> _Matter:
        """The front matter as this kind of record; refuses unknown, missing and ill-typed keys."""
        try:
            return msgspec.convert(self.matter, kind)
        except msgspec.ValidationError as error:
            problem, _at, place = str(error).partition(" - at ")
            place = place.strip("`").removeprefix("$").removeprefix(".")
            named = re.search(r"`(\w+)`", problem)
            key = re.split(r"[.\[]", place)[0] or (named[1] if named else "")
            where = f" in {place}" if place else ""
            problem = f"front matter{where}: {problem[:1].lower()}{problem[1:]}"
            self.fail(problem, "See the table of front matter in cards/README.md", key=key)


def open_content(path: Path) -> ContentFile:
    """Read the file and take it apart. Raises ConfigurationError with file, line, fault and remedy."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise _refused(path, 1, "not UTF-8 text", "Save the file as UTF-8") from error
    head, ended, body = text.removeprefix(_RULE).partition("\n" + _RULE)
    if not text.startswith(_RULE) or not ended:
        raise _refused(path, 1, "no front matter", "Begin the file with --- and end that part with ---")
    try:
        node = yaml.compose(head, Loader=yaml.SafeLoader)
        matter = yaml.safe_load(head)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = mark.line + 2 if mark else 1
        remedy = 'Put a text that holds a colon or a brace in "quotes"'
        raise _refused(path, line, f"front matter is not YAML: {problem}", remedy) from error
    keys = [key for key, _value in node.value] if isinstance(node, yaml.MappingNode) else []
    lines: dict[str, int] = {}
    for key in keys:
        line = key.start_mark.line + 2
        if key.value in lines:
            raise _refused(path, line, f"{key.value} is there twice", "Keep one of the two")
        lines[key.value] = line
    return ContentFile(path, text, matter, body.strip(), lines)


def _refused(path: Path, line: int, problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(f"{path}:{line}: {problem}. {remedy}.")
