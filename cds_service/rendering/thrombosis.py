"""What a card says of DVT in numbers: the two-level Wells score as a range, and each D-dimer on record."""

from __future__ import annotations

from collections.abc import Container, Sequence

from cds_service.assessment import wells_items as table
from cds_service.assessment.d_dimer import Kind, Reading
from cds_service.assessment.wells import Outside, WellsItem, WellsScore
from cds_service.assessment.wells_items import NOT_CODED
from cds_service.facts import OTHER_SIDE, Fact, Side, Topic
from cds_service.rendering.case import NO_RED_FLAG, Case
from cds_service.rendering.evidence import under_evidence
from cds_service.rendering.finding_words import kind_words
from cds_service.rendering.summary import knows_dvt
from cds_service.rendering.words import NO_DATE, bullets, newest, quoted, when_words

_BOTH, _NO_SIDE = Side.BOTH, Side.NOT_STATED

_MOST_ENTRIES = 2
_AGE_ADJUSTED_OVER = 50  # years: NICE NG158
_BEDSIDE = {
    table.LARGER_CALF: ("a calf at least 3 cm larger", "measure both calves"),
    table.TENDERNESS: ("tenderness along the deep veins", "feel along the deep veins"),
    table.WHOLE_LEG: ("swelling of the whole leg", "look at the whole leg"),
    table.PITTING: ("pitting oedema of this leg only", "press both legs for pitting"),
    table.COLLATERALS: ("collateral superficial veins", "look for collateral veins"),
}
"""What an examination of the leg can find, and how; the quickest first."""
_NOT_BY_AGE = "a limit by age is not applied: it is for a Wells score of 1 or less, and four items have no code"
_COUNTS = ("no", "one", "two", "three", "four", "five")
_OTHER_DIAGNOSES = frozenset(
    (
        "cramp",
        "strain",
        "contusion",
        "tendinopathy",
        "claudication",
        "cellulitis",
        "achilles-strain",
        "achilles-rupture",
        "leg-injury",
    )
)
"""Entries that could be the diagnosis that takes 2 points off; whether one is as likely, no record says."""
_OUTSIDE = {
    Outside.PREGNANCY: "in pregnancy and the weeks after birth, where RCOG 2015 (Green-top Guideline 37b) names "
    "compression duplex ultrasound instead",
    Outside.CHILD: "under 18",
}


def wells(case: Case) -> str:
    """The score with its items, or why there is none; on cards where DVT is in question."""
    assessment = case.assessment
    if "wells" not in case.card.not_recorded:
        return ""
    if assessment.wells is None:
        why = "; ".join([_OUTSIDE[reason] for reason in assessment.outside_wells])
        return f"not shown {why}. NICE NG158 is for adults who are not pregnant." if why else ""
    score = score_told(case)
    if score is None:
        return ""
    of_side = "either leg" if score.side is _BOTH else score.side
    of_side = f", {of_side}" if assessment.side is _BOTH and score.side is not _NO_SIDE else ""
    told = f"{score.points} from the record{of_side} (possible {score.least} to {score.most})"
    if len(score.unknown) == len(score.items):
        return f"{told}, as none of the ten items is recorded. {_unscored(score, *_others(score, case))}."
    return f"{told}. {outlook(score, *_others(score, case))}.\n{bullets(_items(score, case))}"


def score_told(case: Case) -> WellsScore | None:
    """The score, where this card tells it."""
    assessment, score = case.assessment, case.assessment.wells
    if score is None or "wells" not in case.card.not_recorded:
        return None
    asked = bool(score.points or assessment.d_dimers) and not knows_dvt(assessment)
    return score if asked or case.card.id != NO_RED_FLAG else None


def outlook(score: WellsScore, others: Sequence[str] = (), spared: Sequence[str] = ()) -> str:
    """What would make, or leave, it "DVT likely", and the step at the bedside that tells.

    `others`: diagnoses on record that could be the likelier one. `spared`: items that are not named as an example.
    """
    on_record = f" ({_listed(others)} on record)" if others else ""
    unlikelier = f"no other diagnosis{on_record} is judged as likely"
    category = f'"DVT likely" ({score.likely_points} or more)'
    open_items = [item.to_confirm for item in score.present if item.to_confirm]
    need = score.likely_points - score.points
    if score.least >= score.likely_points:
        return f"{category} whatever else is found"
    if need > 0:
        found, steps = _examination(score, need, spared)
        conditions = [*([_confirmed(open_items, 0)] if open_items else []), found, unlikelier]
        return f"{category} if {_all(conditions)}" + (f": {steps}" if steps else "")
    spare = -need
    conditions = [_confirmed(open_items, spare)] if len(open_items) > spare else []
    conditions += [unlikelier] if score.points - 2 < score.likely_points else []
    if conditions:
        return f"{category} if {_all(conditions)}"
    likelier = f"another diagnosis{on_record} is judged as likely"
    return f"{category} unless {likelier} and this is not confirmed: {_listed(open_items)}"


def _unscored(score: WellsScore, others: Sequence[str], spared: Sequence[str]) -> str:
    """Where nothing is recorded: what tells, in short, and what may be the likelier diagnosis."""
    _items_found, steps = _examination(score, score.likely_points, spared)
    likelier = f"; 2 less if {_listed(others, 'or')} (on record) is judged as likely" if others else ""
    return f'"DVT likely" from {score.likely_points} on{likelier}: {steps}'


def d_dimer(case: Case) -> str:
    """Every D-dimer on record, what it is by its own assay, and what that is worth."""
    unread = any(gap.topic is Topic.MEDICATIONS for gap in case.assessment.gaps)
    return bullets([_reading(each, case, unread) for each in case.assessment.d_dimers])


def _others(score: WellsScore, case: Case) -> tuple[list[str], list[str]]:
    """Diagnoses on record that could be the likelier one, and the items not to be looked for beside them."""
    words = case.files.shared.findings
    elsewhere = OTHER_SIDE.get(score.side)
    facts = [
        fact
        for fact in (*case.assessment.complaint, *case.assessment.beside)
        if fact.concept in _OTHER_DIAGNOSES and fact.side is not elsewhere
    ]
    spared = [table.TENDERNESS] if any(fact.concept == "leg-injury" for fact in facts) else []
    return list(dict.fromkeys([kind_words(fact, words) for fact in facts])), spared


def _items(score: WellsScore, case: Case) -> list[str]:
    shown = under_evidence(case) if score.present or score.absent else ()
    lines = [f"Recorded: {'; '.join([_item(item, case, shown) for item in score.present])}"] if score.present else []
    if score.absent:
        lines.append(f"Recorded as absent: {'; '.join([_item(item, case, shown) for item in score.absent])}")
    unknown = [item.label for item in score.unknown]
    coded = ", ".join([label for label in unknown if label not in NOT_CODED])
    uncoded = _listed([label for label in unknown if label in NOT_CODED], "or")
    lines.append(f"Not recorded: {coded}{'; ' if coded else ''}no code shows {uncoded}")
    return lines


def _item(item: WellsItem, case: Case, shown: Container[Fact]) -> str:
    """The item with its newest entries, unless the evidence of the card lists them, and what is to be confirmed."""
    untold = [fact for fact in newest(item.evidence) if fact not in shown]
    parts = [_entry(fact, case) for fact in untold[:_MOST_ENTRIES]]
    if len(untold) > _MOST_ENTRIES:
        parts.append(f"and {len(untold) - _MOST_ENTRIES} more")
    if item.to_confirm:
        parts.append(f"to confirm: {item.to_confirm}")
    return item.label + (f" ({'; '.join(parts)})" if parts else "")


def _entry(fact: Fact, case: Case) -> str:
    value = [quoted(fact.quantity.text)] if fact.quantity is not None else []
    side = [fact.side] if fact.side is not _NO_SIDE else []
    return ", ".join([*value, *side, when_words(fact, case.as_of), quoted(fact.source)])


def _examination(score: WellsScore, need: int, spared: Sequence[str]) -> tuple[str, str]:
    """What would give the points that are missing, and the steps that tell, as far as an examination can."""
    unknown = {item.label for item in score.unknown}.difference(spared)
    found = [words for label, words in _BEDSIDE.items() if label in unknown][:need]
    count = _COUNTS[need] if need < len(_COUNTS) else str(need)
    items = f"{count} more item{'s are' if need > 1 else ' is'} found"
    such_as = f", such as {_listed([label for label, _step in found])}" if found else ""
    return items + such_as, _listed([step for _label, step in found])


def _confirmed(open_items: Sequence[str], spare: int) -> str:
    """That what is open is confirmed; not all of it where there are points to spare."""
    if spare:
        return f"at least {len(open_items) - spare} of these is confirmed ({'; '.join(open_items)})"
    return f"{_listed(open_items)} {'are' if len(open_items) > 1 else 'is'} confirmed"


def _listed(words: Sequence[str], last: str = "and") -> str:
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _all(conditions: Sequence[str]) -> str:
    """With a comma before the last, as the others may hold an "and" of their own."""
    return ", and ".join([", ".join(conditions[:-1]), conditions[-1]] if len(conditions) > 1 else conditions)


def _reading(reading: Reading, case: Case, unread: bool) -> str:
    """`unread`: of the medicines."""
    fact = reading.fact
    value = quoted(fact.quantity.text) if fact.quantity is not None else quoted(fact.display or fact.codes[0][1])
    kind = [] if reading.kind is Kind.NOT_STATED and fact.quantity is None else [reading.kind]
    remarks = [quoted(remark) for remark in fact.remarks if remark not in NO_DATE]
    parts = [value, *kind, when_words(fact, case.as_of), *remarks, quoted(fact.source)]
    said = [f"{', '.join(parts)}: {reading.verdict}"]
    if not reading.current:
        said.append("undated, so not counted" if fact.when is None else "too old to count")
    elif reading.is_normal:
        said.append(_worth(reading, case, unread))
    elif reading.is_raised and _is_over_50(case) and reading.kind is Kind.FEU:
        said.append(_NOT_BY_AGE)
    return "; ".join(said)


def _worth(reading: Reading, case: Case, unread: bool) -> str:
    """What a normal result is worth: it never lowers the level."""
    score = case.assessment.wells
    if score is None:
        return "outside NICE NG158, so nothing rests on it here"
    treated = " (one is on record)" if reading.treated else " (medicines not read in full)" if unread else ""
    return (
        f"NICE NG158 rests on it only with a Wells score of 1 or less (here {score.points}, possible "
        f"{score.least} to {score.most}) and a sample taken "
        f"before any anticoagulant{treated}; the level stays"
    )


def _is_over_50(case: Case) -> bool:
    age = case.assessment.age
    return age is not None and age[0] > _AGE_ADJUSTED_OVER and case.assessment.wells is not None
