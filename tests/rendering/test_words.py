"""Small phrases of a card."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cds_service.assessment.sources import AHA_PAD, GUIDANCE, NICE_DVT, OURS, POTASSIUM
from cds_service.facts import Certainty, Interval, Side
from cds_service.rendering.summary import all_rules
from cds_service.rendering.words import (
    age_words,
    and_more,
    date_words,
    date_words_of_any,
    mid_sentence,
    newest,
    own_words,
    quoted,
    side_of,
    source_words,
    suspected_words,
)
from cds_service.visible import BLANK
from tests.rendering.by_hand import AS_OF, fact, finding


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pain in calf", "`Pain in calf`"),
        ("a`b``c", "`abc`"),
        ("two\nlines\r\n\tand\u2028more", "`two lines and more`"),
        ("left\u202eright\u200b\u00ad\ufeff", "`leftright`"),
        ("a | b", "`a \u00a6 b`"),
        ("no\u00a0break", "`no break`"),
        ("x" * 81, f"`{'x' * 79}…`"),
        ("x" * 80, f"`{'x' * 80}`"),
        ("", "`(not legible)`"),
        ("`\u200b`", "`(not legible)`"),
        ("\u3164\u2800", "`(not legible)`"),
        ("\ud800broken", "`broken`"),
        ("Schmerz in der Wade, 5 mg zweimal täglich", "`Schmerz in der Wade, 5 mg zweimal täglich`"),
    ],
)
def test_quotes_chart_text(text: str, expected: str) -> None:
    assert expected == quoted(text)


@given(st.text(max_size=300))
def test_a_quotation_is_one_short_visible_line(text: str) -> None:
    shown = quoted(text)
    assert shown[0] == shown[-1] == "`"
    assert "`" not in shown[1:-1]
    assert 1 <= len(shown) - 2 <= 80
    assert shown.isprintable()
    assert shown[1:-1] == shown[1:-1].strip()
    shown.encode()  # no lone surrogate is left


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-23", "2026-11-23 (today)"),
        ("2026-11-22T23:30:00-05:00", "2026-11-22 (1 day ago)"),
        ("2026-11-09", "2026-11-09 (14 days ago)"),
        ("2026-11-24", "2026-11-24"),
        ("2026-11", "2026-11"),
        ("2026", "2026"),
        ("since 2026-11-01", "since 2026-11-01"),
        ("2026-11-01T08:00:00Z to 2026-11-03", "2026-11-01 to 2026-11-03"),
        ("at age 40 years", "at age 40 years"),
        ("2026-11-22 [x](http://evil)", "`2026-11-22 [x](http://evil)`"),
        ("2026-99-99", "2026-99-99"),
    ],
)
def test_dates_stand_as_recorded(text: str, expected: str) -> None:
    """Exact days also say how long ago they are, counted from the recorded date itself."""
    assert expected == date_words(Interval(AS_OF, AS_OF, text), AS_OF)


@given(
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9:.]{1,9}(Z|[+-][0-9]{2}:[0-9]{2})?)?", fullmatch=True)
    | st.from_regex(r"\d{4}-\d{2}-\d{2}(T[0-9:.]+(Z|[+-]\d{2}:\d{2})?)?")
    | st.lists(st.sampled_from(["2026-11-22", "2026", "-11", "T", "10:00", "+05:00", "Z", " to ", "٣"])).map("".join)
    | st.text()
)
@example("2026-11-22T10T10:00")
@example("2026-11-22T10:00:00+05:00Z")
@example("2026-11-22\n")
def test_a_plain_date_is_told_like_any_other(text: str) -> None:
    """It is seen at one look, which must not change a word."""
    assert date_words(Interval(AS_OF, AS_OF, text), AS_OF) == date_words_of_any(text, AS_OF)


def test_days_are_counted_in_the_zone_of_the_request() -> None:
    late = datetime(2026, 11, 23, 1, 0, tzinfo=timezone(timedelta(hours=2)))
    assert date_words(Interval(late, late, "2026-11-22"), late) == "2026-11-22 (1 day ago)"
    assert date_words(Interval(late, late, "2026-11-22"), late.astimezone(UTC)) == "2026-11-22 (today)"


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ((71, 71), "age 71"),
        ((65, 66), "age 65 to 66"),
        (None, "age not recorded"),
        ((-1, -1), "age not recorded"),
        ((2025, 2026), "age not recorded"),
    ],
)
def test_ages(age: tuple[int, int] | None, expected: str) -> None:
    assert expected == age_words(age)


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("Severe pain", "severe pain"),
        ("Leg DVT on record", "leg DVT on record"),
        ("DVT or PE active", "DVT or PE active"),
        ("D-dimer raised", "D-dimer raised"),
        ("Achilles tendon rupture", "Achilles tendon rupture"),
        ("Two-level Wells score", "two-level Wells score"),
    ],
)
def test_labels_inside_a_sentence(label: str, expected: str) -> None:
    assert expected == mid_sentence(label)


def test_every_rule_label_starts_with_a_capital() -> None:
    """What mid_sentence lowers and a bullet raises again."""
    assert [rule.label for rule in all_rules() if not rule.label[0].isupper()] == []


def test_sources_name_their_year() -> None:
    assert [source_words(source) for source in (AHA_PAD, GUIDANCE, NICE_DVT, POTASSIUM, OURS)] == [
        "AHA/ACC 2024",
        "Cleveland Clinic, 2025",
        "NICE NG158, 2023",
        "RCEMLearning, undated, read 2026-11",
        "own rule of this service",
    ]


def test_suspected_entries_are_called_so() -> None:
    sure = fact("pain", "Condition/1")
    perhaps = fact("pain", "Condition/2", certainty=Certainty.SUSPECTED)
    rule = next(rule for rule in all_rules() if rule.id == "acute-limb-ischaemia")
    already = next(rule for rule in all_rules() if rule.id == "suspected-dvt")
    assert [suspected_words(finding(rule, *facts)) for facts in ((sure,), (perhaps,), (sure, perhaps))] == [
        "",
        " (suspected)",
        " (part suspected)",
    ]
    assert suspected_words(finding(already, perhaps)) == ""


@pytest.mark.parametrize(
    ("sides", "expected"),
    [
        ([], Side.NOT_STATED),
        ([Side.NOT_STATED, Side.LEFT], Side.LEFT),
        ([Side.LEFT, Side.RIGHT], Side.BOTH),
        ([Side.BOTH, Side.RIGHT], Side.BOTH),
    ],
)
def test_the_side_of_several_facts(sides: list[Side], expected: Side) -> None:
    assert expected == side_of(fact("pain", f"Condition/{side}", side=side) for side in sides)


def test_the_newest_come_first_and_the_undated_last() -> None:
    facts = [
        fact("pain", "Condition/a", None),
        fact("pain", "Condition/b", 40),
        fact("pain", "Condition/c", 2),
    ]
    assert [each.source for each in newest(facts)] == ["Condition/c", "Condition/b", "Condition/a"]


def test_facts_older_than_1970_stand_before_the_undated() -> None:
    facts = [fact("pain", "Condition/a", None), fact("pain", "Condition/b", 25_000)]
    assert [each.source for each in newest(facts)] == ["Condition/b", "Condition/a"]


def test_long_lists_say_how_many_more() -> None:
    assert and_more(["a", "b"], 2) == ["a", "b"]
    assert and_more(["a", "b", "c"], 1) == ["a", "and 2 more"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the EHR reported an error", "the EHR reported an error"),
        ("pain on record for 2026-11-01T10:00:00Z and for 2026-11", "pain on record for 2026-11-01 and for 2026-11"),
        (
            "no upper limit given with the result: 1000 U/L used",
            "no upper limit given with the result: 1000 U/L used",
        ),
        ("Observation/o1 could not be read", "`Observation/o1 could not be read`"),
        ("see www.evil.com", "`see www.evil.com`"),
        ("<b>", "`<b>`"),
    ],
)
def test_own_sentences_stay_plain_unless_they_carry_something_odd(text: str, expected: str) -> None:
    assert expected == own_words(text)


@given(st.lists(st.sampled_from(["U", "mmol", "m", "/", "L", "x", " ", "1", "(", "<", "\n"])).map("".join))
def test_a_slash_is_plain_only_in_a_unit(text: str) -> None:
    plain = re.fullmatch(r"(?:U/L|mmol/L|[A-Za-z0-9 ,;:()'+-])+", text)
    assert own_words(text) == (text if plain else quoted(text))


@pytest.mark.parametrize(
    ("text", "plain"), [("below 2.5 mmol/L", True), ("see www.example.org", False), ("1. first", False), ("5.", False)]
)
def test_a_full_stop_is_plain_only_between_digits(text: str, plain: bool) -> None:
    assert own_words(text) == (text if plain else quoted(text))


def test_no_ascii_character_is_taken_for_a_blank() -> None:
    """So a text of ASCII need not be searched for them."""
    assert [each for each in map(chr, range(128)) if BLANK.match(each)] == []
