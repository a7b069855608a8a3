"""The explanation as Markdown: for a terminal, and below the card of a site whose EHR opens no links."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from cds_service.explanation.model import Entry, Explanation, HomeCare, Measured, Row, Source, Wells, WorkUpRow

_USUAL = frozenset({"confirmed", "current", "present", "side not recorded", "site not recorded"})
Quote = Callable[[str], str]
"""Makes text of the chart harmless in Markdown."""


def as_markdown(
    explanation: Explanation, quote: Quote, own: Quote | None = None, about: Mapping[str, str] | None = None
) -> str:
    """All that the explanation holds, under headings. `quote` makes text of the chart harmless, `own` a sentence of
    ours that may carry some; `about`: what the sources say of possible causes, by rule.
    """

    def row(each: Row) -> str:
        return _row(each, quote, own or quote)

    parts = [
        _part("How this was decided", [*_decided(explanation), *explanation.decisions]),
        _part("Leg complaint", _listed(explanation.complaint, quote)),
        _part("Old, but recorded lately", _listed(explanation.counted_by_record, quote)),
        _part("What raised the level", [row(each) for each in explanation.findings]),
        _part("Red flags of the guidance", [row(each) for each in explanation.red_flags]),
        _part("Recorded, not counted", [row(each) for each in explanation.not_counted]),
        _part("Also on record", [row(each) for each in explanation.to_be_seen]),
        _part("Two-level Wells score for DVT (NICE NG158)", _wells(explanation.wells, quote)),
        _part("State of the DVT work-up", [_work_up(each, quote) for each in explanation.work_up]),
        _part("D-dimer", _measured(explanation.d_dimers, quote)),
        _part("Ankle-brachial index", _measured(explanation.ankle_brachial_indices, quote)),
        _part(
            "Possible causes",
            [f"{row(each)} {(about or {}).get(each.rule, '')}".rstrip() for each in explanation.causes],
        ),
        _part("Risk factors", [row(each) for each in explanation.risk_factors if each.state == "present"]),
        _part("Home care", [_home_care(step) for step in explanation.home_care]),
        _part("May be suggested", list(explanation.suggested)),
        _part("Entries that were read", _listed(explanation.read, quote)),
        _part("Not read", [f"{quote(each.what)}: {quote(each.why)}" for each in explanation.unread]),
        _part("Sources", _sources(explanation)),
        f"As of {explanation.as_of}, version {explanation.version}. Coded entries only.{_took(explanation)}",
    ]
    return "\n\n".join(part for part in parts if part)


def _part(heading: str, lines: Iterable[str]) -> str:
    bullets = "\n".join(f"- {line}" for line in lines)
    return f"### {heading}\n\n{bullets}" if bullets else ""


def _decided(explanation: Explanation) -> list[str]:
    """The level, and what became of it."""
    by = f", set by: {'; '.join(explanation.set_by)}" if explanation.set_by else ""
    if explanation.level == "info" and not by:
        by = ": a leg complaint, nothing that raises it" if explanation.complaint else ": not read in full"
    said = [f"Level {explanation.level}{by}"]
    if explanation.shown_as:
        said.append(f"Shown as {explanation.shown_as}: this site shows no card above that")
    if explanation.why_no_card:
        said.append(f"No card: {explanation.why_no_card}.")
    return said


def _row(row: Row, quote: Quote, own: Quote) -> str:
    is_silent = row.state == "unknown" and not (row.evidence or row.note)
    parts = [f"**{row.label}**: {'not recorded' if is_silent else row.state}"]
    if row.counted:
        parts.append(f"raises to {row.level}")
    parts += [own(words) for words in (row.why_not_counted, row.note) if words]
    for name, entries in (("", row.evidence), ("against: ", row.against), ("beside: ", row.beside)):
        if entries:
            parts.append(name + "; ".join(_listed(entries, quote)))
    if row.missing:
        parts.append(f"not recorded: {', '.join(row.missing)}")
    return ". ".join(parts) + f" ({row.source.label})"


def _listed(entries: Sequence[Entry], quote: Quote) -> list[str]:
    return [_entry(entry, quote) for entry in entries]


def _entry(entry: Entry, quote: Quote) -> str:
    parts = [entry.concept.replace("-", " ")]
    parts += [quote(text) for text in (entry.words, entry.value) if text]
    parts += [text for text in (entry.side, entry.site) if text not in _USUAL]
    parts += [text for text in (entry.state, entry.certainty, entry.course) if text not in _USUAL]
    parts.append(_dates(entry, quote))
    parts += [quote(remark) for remark in entry.remarks]
    return ", ".join([*parts, quote(entry.source)])


def _dates(entry: Entry, quote: Quote) -> str:
    if not entry.when:
        return "undated"
    if entry.began and entry.recorded and entry.began != entry.recorded:
        return f"began {quote(entry.began)}, recorded {quote(entry.recorded)}"
    return quote(entry.when)


def _wells(wells: Wells, quote: Quote) -> list[str]:
    if wells.points is None:
        return [f"does not apply: {', '.join(wells.why_none)}"] if wells.why_none else []
    lines = [f"{wells.points} from the record, possible {wells.least} to {wells.most} ({wells.side})"]
    for item in wells.items:
        evidence = f": {'; '.join(_listed(item.evidence, quote))}" if item.evidence else ""
        open_still = f", to be confirmed: {item.to_confirm}" if item.to_confirm else ""
        state = "not recorded" if item.state == "unknown" else item.state
        lines.append(f"{item.label} ({item.weight:+d}): {state}{open_still}{evidence}")
    return lines


def _work_up(row: WorkUpRow, quote: Quote) -> str:
    shown = f": {'; '.join(_listed(row.evidence, quote))}" if row.evidence else ""
    return ". ".join([f"{row.side}: {row.state}{shown}", *(words for words in (row.limit, row.then) if words)])


def _measured(results: Sequence[Measured], quote: Quote) -> list[str]:
    return [f"{_entry(each.entry, quote)}: {each.verdict}" for each in results]


def _home_care(step: HomeCare) -> str:
    if step.withheld:
        return f"{step.step}: withheld, {'; '.join(step.withheld)}"
    return f"{step.step}: {'; '.join(step.mind)}" if step.mind else step.step


def _sources(explanation: Explanation) -> list[str]:
    rows = (*explanation.findings, *explanation.red_flags, *explanation.not_counted, *explanation.causes)
    present = [row.source for row in (*rows, *explanation.risk_factors) if row.state == "present"]
    return [_source(each) for each in dict.fromkeys(present)]


def _source(source: Source) -> str:
    return f"{source.title}{f', {source.url}' if source.url else ''}"


def _took(explanation: Explanation) -> str:
    steps = [f"{step} {ms:.1f} ms" for step, ms in explanation.took.items()]
    return f" Took: {', '.join(steps)}." if steps else ""
