"""docs/validation.svg: the confusion matrix, and agreement with its intervals.

Drawn by hand: two dozen rectangles and lines need no plotting library, whose output would change with its version,
while this file can be compared byte by byte with the one that is committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from cds_service.assessment.rule import Level
from tests.validation.agreement import Proportion, confusion, share
from tests.validation.answers import Answer
from tests.validation.report import LEVELS, NAMES
from tests.validation.vignettes import Origin

WIDTH, HEIGHT = 960, 400
_CELL = 66
_LEFT, _TOP = 104, 84
_PLOT_LEFT, _PLOT_RIGHT, _ROW = 620, 850, 34
_STRONG, _SOFT, _WRONG, _INK = (0, 90, 140), (255, 255, 255), "#f5a623", "#222"


def plot(answers: Sequence[Answer]) -> str:
    """The plot as an SVG document."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
            'font-family="Helvetica, Arial, sans-serif" font-size="13" role="img">',
            f"<title>Expected and answered levels of {len(answers)} charts</title>",
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
            *_matrix(answers),
            *_intervals(answers),
            "</svg>\n",
        ]
    )


def _matrix(answers: Sequence[Answer]) -> list[str]:
    counts = confusion(answers)
    drawn = [
        _text(_LEFT - 90, 28, f"Levels of {len(answers)} charts", size=16, weight="bold"),
        _text(_LEFT + 2 * _CELL, 54, "answered", anchor="middle"),
        _text(20, _TOP + 2 * _CELL, "expected", anchor="middle", turn=True),
    ]
    for down, expected in enumerate(LEVELS):
        middle = _TOP + (down + 0.5) * _CELL
        of_row = sum(counts[expected, answered] for answered in LEVELS)
        drawn.append(_text(_LEFT - 8, middle + 5, NAMES[expected], anchor="end"))
        drawn.append(_text(_LEFT + (down + 0.5) * _CELL, _TOP - 8, NAMES[expected], anchor="middle"))
        for across, answered in enumerate(LEVELS):
            count = counts[expected, answered]
            part = count / of_row if of_row else 0.0
            x, y = _LEFT + across * _CELL, _TOP + down * _CELL
            fill = _WRONG if count and answered is not expected else _shade(part)
            drawn.append(f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="{fill}" stroke="#999"/>')
            colour = "white" if part > 0.5 and answered is expected else _INK
            drawn.append(_text(x + _CELL / 2, middle + 6, str(count), anchor="middle", size=17, colour=colour))
    drawn.append(_text(_LEFT, _TOP + 4 * _CELL + 26, "Blue: share of the row. Orange: not the expected level."))
    return drawn


def _intervals(answers: Sequence[Answer]) -> list[str]:
    rows = _rows(answers)
    start = min(0.9, int(10 * min(each.interval[0] for _name, each in rows)) / 10)
    ticks = [start + (1 - start) * step / 5 for step in range(6)]
    bottom = _TOP + len(rows) * _ROW
    drawn = [
        _text(440, 28, "Agreement with the expected level", size=16, weight="bold"),
        _text(440, 48, "95 % Wilson score intervals; the axis does not begin at 0" if start else "95 % intervals"),
    ]
    for tick in ticks:
        x = _x(tick, start)
        drawn.append(f'<line x1="{x}" y1="{_TOP - 6}" x2="{x}" y2="{bottom}" stroke="#ddd"/>')
        drawn.append(_text(x, bottom + 18, f"{100 * tick:.0f} %", anchor="middle", size=12))
    for down, (name, each) in enumerate(rows):
        y = _TOP + (down + 0.5) * _ROW
        low, high = (_x(limit, start) for limit in each.interval)
        drawn += [
            _text(_PLOT_LEFT - 14, y + 5, name, anchor="end"),
            f'<line x1="{low}" y1="{y}" x2="{high}" y2="{y}" stroke="rgb{_STRONG}" stroke-width="2"/>',
            f'<circle cx="{_x(each.value, start)}" cy="{y}" r="5" fill="rgb{_STRONG}"/>',
            _text(_PLOT_RIGHT + 18, y + 5, f"{each.hits} of {each.total}"),
        ]
    return drawn


def _rows(answers: Sequence[Answer]) -> list[tuple[str, Proportion]]:
    """What of the charts is shown apart, and the agreement there."""
    parts: list[tuple[str, list[Answer]]] = [("all charts", list(answers))]
    parts += [(name, [a for a in answers if a.vignette.origin is origin]) for origin, name in _ORIGINS.items()]
    parts += [(f"expected {NAMES[level]}", _expected(answers, level)) for level in LEVELS]
    return [(name, share(part, lambda each: each.agrees)) for name, part in parts if part]


_ORIGINS = {
    Origin.FIXTURE: "sample patients",
    Origin.PUBLISHED: "published cases",
    Origin.WRITTEN: "written for this",
    Origin.EVERYDAY: "everyday charts",
}


def _expected(answers: Sequence[Answer], level: Level) -> list[Answer]:
    return [each for each in answers if each.vignette.level is level]


def _x(part: float, start: float) -> float:
    return round(_PLOT_LEFT + (part - start) / (1 - start) * (_PLOT_RIGHT - _PLOT_LEFT), 1)


def _shade(part: float) -> str:
    """White for none of the row, dark blue for all of it."""
    mixed = (round(soft + (strong - soft) * part) for soft, strong in zip(_SOFT, _STRONG, strict=True))
    return f"rgb({','.join(map(str, mixed))})"


def _text(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    size: int = 13,
    weight: str = "normal",
    colour: str = _INK,
    turn: bool = False,
) -> str:
    turned = f' transform="rotate(-90 {x} {y})"' if turn else ""
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-size="{size}" font-weight="{weight}" '
        f'fill="{colour}"{turned}>{escape(words)}</text>'
    )
