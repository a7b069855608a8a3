"""One file of cards/: YAML front matter and a Markdown body, with the line numbers that an editor needs."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeVar

import msgspec
import yaml

from cds_service.errors import ConfigurationError
from cds_service.rendering.template import Template, template

_Matter = TypeVar("_Matter", bound=msgspec.Struct)
_RULE = "---\n"
_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The same loader in C, where PyYAML was built with it: a start is 0.1 s shorter."""
# some readers show a line end of the file as a line end; before a list, or a placeholder that is one, it is meant
_LINE_WRAP = re.compile(r"(?<!\n)\n(?!\n|- |\{)")
_RAW_HTML = re.compile(r"<[A-Za-z/!?]")
_STRAY_BRACE = re.compile(r"\{[^{}]*$|^[^{}]*\}")


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
        loader = _YAML(head)
        node = loader.get_single_node()
        matter = loader.construct_document(node) if node else None
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


def check_no_html(file: ContentFile) -> None:
    for line in file.text.splitlines():
        if _RAW_HTML.search(line):
            file.fail("HTML in a card", "Use Markdown only", text=line)


def checked(file: ContentFile, text: str, allowed: Collection[str], key: str = "") -> Template:
    """The text taken apart, all its placeholders being allowed ones."""
    words = template(text)
    for name in words.names:
        if name not in allowed:
            known = ", ".join(f"{{{each}}}" for each in allowed)
            file.fail(f"unknown placeholder {{{name}}}", f"Known here: {known}", key=key, text=f"{{{name}}}")
    for line in text.splitlines():
        if _STRAY_BRACE.search(line):
            file.fail("a brace without its partner", "Placeholders look like {side}", key=key, text=line)
    return words


def unwrapped(text: str) -> str:
    """The text with each paragraph on one line."""
    return _LINE_WRAP.sub(" ", text)


def _refused(path: Path, line: int, problem: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(f"{path}:{line}: {problem}. {remedy}.")
