"""The files of cards/ that say why a card appears now: _new-entry.md, _appointment.md, _discharge.md."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cds_service.errors import ConfigurationError
from cds_service.rendering.case import FIXED_CARDS, NO_RED_FLAG
from cds_service.rendering.content import OccasionFile, Written
from cds_service.rendering.content_file import check_no_html, checked, headline, open_content, unwrapped
from cds_service.rendering.occasions import OCCASIONS, SUMMARY_ROOM
from cds_service.rendering.template import paragraphs


class _OccasionMatter(Written, frozen=True, kw_only=True):
    id: str
    summary: str | None = None
    summary_no_red_flag: str | None = None


def load_occasions(directory: Path, longest: Mapping[str, Mapping[str, str]]) -> dict[str, OccasionFile]:
    """Read and check them; `longest`: of each card the longest values of its summary's placeholders.

    Raises ConfigurationError that names file, line, fault and remedy.
    """
    return {name: _occasion(directory / f"_{name}.md", name, longest) for name in OCCASIONS}


def _occasion(path: Path, name: str, longest: Mapping[str, Mapping[str, str]]) -> OccasionFile:
    if not path.is_file():
        raise ConfigurationError(f"{path}: file is missing. Restore it: the service for its hook needs it.")
    file = open_content(path)
    matter = file.front_matter(_OccasionMatter)
    check_no_html(file)
    if matter.id != name:
        file.fail(f"the id is not {name}", "Give the file the id of its name", key="id")
    checked(file, file.body, OCCASIONS[name])
    room = {each: SUMMARY_ROOM[each] for each in OCCASIONS[name] if each in SUMMARY_ROOM}
    of_findings = [{**values, **room} for card, values in longest.items() if card not in FIXED_CARDS]
    of_none = [{**longest[NO_RED_FLAG], **room}]
    return OccasionFile(
        name,
        headline(file, "summary", matter.summary, of_findings) if matter.summary else None,
        headline(file, "summary_no_red_flag", matter.summary_no_red_flag, of_none)
        if matter.summary_no_red_flag
        else None,
        paragraphs(unwrapped(file.body)),
        matter,
    )
