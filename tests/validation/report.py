"""docs/validation.md: what the service answers to all vignettes beside what the policy gives, in words and figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cds_service.assessment.rule import Level
from cds_service.assessment.rules.guidance import RED_FLAGS
from tests.validation.agreement import Accuracy, Proportion, at_least, confusion, exactly, rule_accuracy, share
from tests.validation.answers import Answer
from tests.validation.vignettes import Origin

NAMES = {Level.NONE: "no card", Level.INFO: "info", Level.WARNING: "warning", Level.CRITICAL: "critical"}
LEVELS = sorted(NAMES, reverse=True)
GUIDANCE = tuple(rule.id for rule in RED_FLAGS)
"""The red flags of the guidance, by rule id."""

DISAGREEMENTS = "## Disagreements"


def report(answers: Sequence[Answer], run: str) -> str:
    """The whole report. `run`: when it was made, and of which versions."""
    return (
        "\n\n".join(
            [
                "# Validation against the triage policy",
                run,
                _limits(answers),
                _charts(answers),
                _agreement(answers),
                _levels(answers),
                _noise([each for each in answers if each.vignette.origin is Origin.EVERYDAY]),
                _rules(answers),
                disagreements(answers),
                _graver(answers),
                _published(answers),
                _all(answers),
            ]
        )
        + "\n"
    )


def _limits(answers: Sequence[Answer]) -> str:
    return f"""`make validate` runs {len(answers)} charts through the whole path of a hook call (request, read,
assess, render) and sets the level of the card beside the level that [the policy](triage.md) gives. It writes this page
and its plot: edit the charts (`tests/vignettes/`, `fhir_fixtures/`), not the page.

**What these figures do not show.** The charts and the expected levels were written by the authors of the rules, who
knew the policy and the program when they wrote them. Agreement therefore says that the program does what the policy
says on these charts; it does not say that the policy is right, nor how often the service would help or disturb in
practice. The charts were chosen, not sampled: shares of levels and findings are not those of any clinic, and predictive
values cannot be computed from them. The intervals tell how little so few charts can show, not what another set would
give. **A second clinician, blinded to the rules and to these levels, is still owed**, and so is a set of real charts.

A published case is rebuilt from what the part of the report that could be read says, with nothing added: what it does
not give (a date, a side, a dose) is not in the chart, and what no code says stands in words, which the service does not
read. Such a chart can get a lower level than the patient deserved: see [below](#graver-than-the-level).

One chart found a fault when it was first run: a new foot drop (`published-factor-v-leiden-foot-drop`) got no card,
because lumbar stenosis stood among the diseases that explain a nerve sign. It was taken out, so that the agreement of
that chart is no longer a test."""


def _charts(answers: Sequence[Answer]) -> str:
    rows = [
        [origin.value, *(str(sum(each.vignette.level is level for each in part)) for level in LEVELS), str(len(part))]
        for origin, part in _by_origin(answers)
    ]
    benign = share(answers, lambda each: each.vignette.is_benign)
    total = [
        "all",
        *(str(sum(each.vignette.level is level for each in answers)) for level in LEVELS),
        str(len(answers)),
    ]
    return (
        "## The charts\n\n"
        + _table(["origin", *(f"expected {NAMES[level]}" for level in LEVELS), "charts"], [*rows, total])
        + f"\n\nBenign or without a leg complaint, that is expected info or no card: {_plain(benign)}.\n"
        "Published cases among them may be grave without showing it on the record."
    )


def _agreement(answers: Sequence[Answer]) -> str:
    rows = [[origin.value, _told(share(part, _agrees))] for origin, part in _by_origin(answers)]
    rows.append(["all", _told(share(answers, _agrees))])
    higher = sum(each.level > each.vignette.level for each in answers)
    lower = sum(each.level < each.vignette.level for each in answers)
    return (
        "## Agreement with the expected level\n\n"
        "Share of charts with the expected level, with the 95 % Wilson score interval.\n\n"
        + _table(["origin", "agreement (95 % interval)"], rows)
        + f"\n\nAnswered higher than expected: {higher}. Answered lower: {lower}.\n\n"
        "![Expected and answered levels, and agreement with 95 % intervals](validation.svg)\n\n"
        "Rows: expected. Columns: answered.\n\n" + _confusion(answers)
    )


def _confusion(answers: Sequence[Answer]) -> str:
    counts = confusion(answers)
    rows = [[f"**{NAMES[row]}**", *(str(counts[row, column]) for column in LEVELS)] for row in LEVELS]
    return _table(["expected", *(NAMES[level] for level in LEVELS)], rows)


def _levels(answers: Sequence[Answer]) -> str:
    cuts: list[tuple[str, Accuracy]] = [(NAMES[level], exactly(answers, level)) for level in LEVELS]
    cuts += [
        ("warning or critical", at_least(answers, Level.WARNING)),
        ("any card", at_least(answers, Level.INFO)),
    ]
    return (
        "## Per level\n\nSensitivity: of the charts that should get this level, those that did. Specificity: of the\n"
        "other charts, those that did not.\n\n" + _accuracies("level", cuts)
    )


def _noise(everyday: Sequence[Answer]) -> str:
    cards = Counter(each.level for each in everyday)
    shown = [level for level in LEVELS if level is not Level.NONE]
    rows = [[NAMES[level], str(cards[level]), f"{100 * cards[level] / len(everyday):.1f}"] for level in shown]
    total = sum(cards[level] for level in shown)
    rows.append(["any card", str(total), f"{100 * total / len(everyday):.1f}"])
    return (
        "## Cards on everyday charts\n\n"
        f"`tests/vignettes/everyday.yaml` holds {len(everyday)} charts of people who come for something else:\n"
        "reviews, old entries, known diseases, vaccinations. How many cards would 100 such charts bring? The aim:\n"
        "at most 15, and no critical one.\n\n" + _table(["card", "charts", "per 100"], rows)
    )


def _rules(answers: Sequence[Answer]) -> str:
    expected = Counter(rule for each in answers for rule in each.vignette.raised_by)
    others = sorted(rule for rule in expected if rule not in GUIDANCE)
    return (
        "## Per red flag\n\nDoes the rule raise the level where it should, and nowhere else? Rules by their id.\n"
        f"First the {len(GUIDANCE)} red flags of the guidance:\n\n"
        + _accuracies("red flag", [(rule, rule_accuracy(answers, rule)) for rule in GUIDANCE])
        + "\n\nThe other findings of the warning and critical rows:\n\n"
        + _accuracies("finding", [(rule, rule_accuracy(answers, rule)) for rule in others])
    )


def disagreements(answers: Sequence[Answer]) -> str:
    """Every chart whose level or rules differ from the expectation, or the sentence that there is none."""
    differing = [each for each in answers if each.differs]
    corrected = [each.vignette for each in answers if each.vignette.corrected]
    rows = [
        [
            f"`{each.vignette.id}`",
            NAMES[each.vignette.level],
            NAMES[each.level],
            ", ".join(sorted(each.missed)) or "-",
            ", ".join(sorted(each.unexpected)) or "-",
            each.vignette.why,
        ]
        for each in differing
    ]
    heads = ["chart", "expected", "answered", "rules missed", "rules unexpected", "why the policy expects it"]
    found = _table(heads, rows) if rows else "None: no chart differs from its expectation, in its level or in any rule."
    changed = "\n".join(f"- `{each.id}`: {each.corrected}" for each in corrected) or "None."
    return f"{DISAGREEMENTS}\n\n{found}\n\nExpectations that were corrected after a first run:\n\n{changed}"


def _graver(answers: Iterable[Answer]) -> str:
    rows = [
        [f"`{each.vignette.id}`", NAMES[each.vignette.level], each.vignette.graver]
        for each in answers
        if each.vignette.graver
    ]
    return (
        "## Graver than the level\n\nCharts of patients in danger that the policy gives no card or a low one, by "
        "design. No card, or a low one,\ndoes not mean low risk.\n\n"
        + _table(["chart", "expected", "what is not seen, and why"], rows)
    )


def _published(answers: Iterable[Answer]) -> str:
    rows = [
        [f"`{each.vignette.id}`", each.vignette.title, f"[{source.citation}]({source.url})", *_both(each)]
        for each in answers
        if (source := each.vignette.source)
    ]
    return "## Published cases\n\n" + _table(["chart", "what", "report", "expected", "answered"], rows)


def _all(answers: Iterable[Answer]) -> str:
    rows = [
        [f"`{each.vignette.id}`", each.vignette.title, *_both(each), each.vignette.why]
        for each in answers
        if each.vignette.origin is not Origin.PUBLISHED
    ]
    heads = ["chart", "what", "expected", "answered", "why the policy expects it"]
    return "## Sample patients and written charts\n\n" + _table(heads, rows)


def _both(answer: Answer) -> tuple[str, str]:
    return NAMES[answer.vignette.level], NAMES[answer.level]


def _agrees(answer: Answer) -> bool:
    return answer.agrees


def _by_origin(answers: Sequence[Answer]) -> list[tuple[Origin, list[Answer]]]:
    return [(origin, [each for each in answers if each.vignette.origin is origin]) for origin in Origin]


def _accuracies(head: str, rows: Iterable[tuple[str, Accuracy]]) -> str:
    told = [[name, _told(each.sensitivity), _told(each.specificity)] for name, each in rows]
    return _table([head, "sensitivity (95 % interval)", "specificity (95 % interval)"], told)


def _plain(proportion: Proportion) -> str:
    return f"{proportion.hits} of {proportion.total} ({proportion.value:.0%})".replace("%", " %")


def _told(proportion: Proportion) -> str:
    """`58 of 60, 97 % (89 to 99)`; of no chart at all nothing can be told."""
    if not proportion.total:
        return "no such chart"
    low, high = proportion.interval
    return (
        f"{proportion.hits} of {proportion.total}, {100 * proportion.value:.0f} % ({100 * low:.0f} to {100 * high:.0f})"
    )


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(_cell(each) for each in line) + " |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
