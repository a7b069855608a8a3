"""Pages for people: HTML without scripts or anything from elsewhere, legible on a phone and in the dark.

`Markup` is HTML; every other text is escaped on its way in.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}

_STYLE = """
:root { color-scheme: light dark; --line: #c4c9cf; --quiet: #55606b; --mark: #8a3b00; --link: #0b57a4; }
@media (prefers-color-scheme: dark) {
  :root { --line: #4a525b; --quiet: #a9b4bf; --mark: #ffb27a; --link: #8ec2ff; }
}
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; }
h1, h2 { line-height: 1.2; }
h2 { margin-top: 2.5rem; }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--quiet); padding-bottom: .5rem; }
th, td { text-align: left; vertical-align: top; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--line); }
th, td { overflow-wrap: break-word; }
.quiet { color: var(--quiet); }
code { font-size: .875em; font-weight: 400; }
pre { overflow-x: auto; padding: .75rem; border: 1px solid var(--line); }
.mark { color: var(--mark); font-weight: 600; }
@media (max-width: 45rem) {
  table, caption, tbody, tr, th, td { display: block; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  th, td { border: 0; padding: .1rem 0; }
  code { overflow-wrap: anywhere; }
  td::before { content: attr(data-of) ": "; color: var(--quiet); }
  tr { border-bottom: 1px solid var(--line); padding: .5rem 0; }
}
"""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: object) -> Markup:
    """Escaped, unless it is HTML already."""
    return value if isinstance(value, Markup) else Markup(escape(str(value)))


def element(tag: str, *inside: object, **attributes: str) -> Markup:
    """An element that has an end tag. A trailing underscore is not part of an attribute's name, others are `-`."""
    named = "".join(f' {name.rstrip("_").replace("_", "-")}="{escape(value)}"' for name, value in attributes.items())
    return Markup(f"<{tag}{named}>{''.join(map(text, inside))}</{tag}>")


def link(label: object, address: str) -> Markup:
    return element("a", label, href=address)


def paragraph(*inside: object, **attributes: str) -> Markup:
    return element("p", *inside, **attributes)


def listing(items: Iterable[object]) -> Markup:
    return element("ul", *[element("li", each) for each in items])


def table(caption: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """The first cell of a row names it. The roles stay when a narrow screen shows the rows as blocks."""
    head = element("tr", *[element("th", each, scope="col", role="columnheader") for each in columns], role="row")
    body = [
        element(
            "tr",
            element("th", row[0], scope="row", role="rowheader"),
            *[
                element("td", cell, data_of=column, role="cell")
                for column, cell in zip(columns[1:], row[1:], strict=True)
            ],
            role="row",
        )
        for row in rows
    ]
    return element(
        "table",
        element("caption", caption),
        element("thead", head, role="rowgroup"),
        element("tbody", *body, role="rowgroup"),
        role="table",
    )


def section(name: str, title: str, *inside: object) -> Markup:
    return element("section", element("h2", title, id=name), *inside, aria_labelledby=name)


def page(title: str, *inside: object) -> bytes:
    """A whole document, its main heading being the title."""
    head = Markup(
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{element('title', title)}<style>{_STYLE}</style>"
    )
    body = element("main", element("h1", title), *inside)
    return f"<!DOCTYPE html>\n{element('html', element('head', head), element('body', body), lang='en')}\n".encode()
