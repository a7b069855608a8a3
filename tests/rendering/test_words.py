"""The small phrases of a card: text of the chart, dates, values, entries."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.assessment.catalogue import RULE_SETS
from cds_service.facts import DRAFT, Certainty, Course, Fact, Interval, Quantity, Side, Site, State
from cds_service.fhir.dates import at_age, days_of, interval, period
from cds_service.rendering.entries import place_words, told, value_words
from cds_service.rendering.words import (
    day_words,
    lasting_words,
    listing,
    mid_sentence,
    newest,
    own_words,
    quoted,
    side_of,
    since_words,
)
from cds_service.visible import BLANK
from tests.charts import AS_OF
from tests.rendering.by_hand import FILES, fact

NAMES = FILES.shared.findings
TODAY_IN_TOKYO = datetime(2026, 11, 24, 8, tzinfo=ZoneInfo("Asia/Tokyo"))
"""23:00 of the day before in UTC."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Pain in calf", "`Pain in calf`"),
        ("a`b``c", "`abc`"),
        ("two\nlines\r\n\tand\u2028more", "`two lines and more`"),
        ("left\u202eright\u200b\u00ad\ufeff", "`leftright`"),
        ("a | b", "`a \u00a6 b`"),
        ("no\u00a0break", "`no break`"),
        ("x" * 61, f"`{'x' * 59}…`"),
        ("x" * 60, f"`{'x' * 60}`"),
        ("", "`(not legible)`"),
        ("\u200b\u3164\u2800", "`(not legible)`"),
        ("\ud800broken", "`broken`"),
        ("Schmerz in der Wade, 5 mg zweimal täglich", "`Schmerz in der Wade, 5 mg zweimal täglich`"),
    ],
)
def test_quotes_chart_text(text: str, expected: str) -> None:
    assert quoted(text) == expected


@given(st.text(max_size=300))
def test_a_quotation_is_one_short_visible_line(text: str) -> None:
    shown = quoted(text)
    assert shown[0] == shown[-1] == "`"
    assert "`" not in shown[1:-1]
    assert 1 <= len(shown) - 2 <= 60
    assert shown.isprintable()
    assert shown[1:-1] == shown[1:-1].strip()
    shown.encode()  # no lone surrogate is left


@pytest.mark.parametrize(
    ("text", "day", "since"),
    [
        ("2026-11-23", "23 Nov (today)", "today"),
        ("2026-11-22", "22 Nov (1 day)", "1 day"),
        ("2026-11-09", "9 Nov (14 days)", "14 days"),
        ("2026-09-24", "24 Sep (60 days)", "60 days"),
        ("2026-09-23", "23 Sep (61 days)", "since 23 Sep"),
        ("2026-08-25", "25 Aug (90 days)", "since 25 Aug"),
        ("2026-08-24", "Aug 2026", "since Aug 2026"),
        ("2024-12-03", "Dec 2024", "since Dec 2024"),
        ("2024-12-02", "2024", "since 2024"),
        ("1969-07-20", "1969", "since 1969"),
        ("2026-11-24", "24 Nov (today)", "today"),
        ("2026-11-22T23:30:00-05:00", "23 Nov (today)", "today"),
        ("2026-11-22T23:30:00Z", "22 Nov (1 day)", "1 day"),
        ("2026-10", "Oct 2026", "Oct 2026"),
        ("2026-11", "Nov 2026", "Nov 2026"),
        ("2026-08", "Aug 2026", "since Aug 2026"),
        ("2026", "2026", "2026"),
        ("2025", "2025", "since 2025"),
        ("2000-02", "Feb 2000", "since Feb 2000"),
    ],
)
def test_a_date_is_told_as_exactly_as_it_is_known_and_matters(text: str, day: str, since: str) -> None:
    when = interval(text, UTC)
    assert when is not None
    assert (day_words(when, AS_OF), since_words(when, AS_OF)) == (day, since)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        (period({"start": "2026-11-01", "end": "2026-11-03"}, UTC, AS_OF), "1 to 3 Nov"),
        (period({"start": "2026-10-28", "end": "2026-11-03"}, UTC, AS_OF), "Oct to Nov 2026"),
        (period({"start": "2025-10-28", "end": "2026-11-03"}, UTC, AS_OF), "2025 to 2026"),
        (at_age({"value": 40, "code": "a"}, days_of("1980-05-04"), UTC), "2020 to 2021"),
    ],
)
def test_a_span_is_told_by_both_its_ends(when: Interval, expected: str) -> None:
    assert day_words(when, AS_OF) == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [(7, "7 days"), (20, "20 days"), (21, "3 weeks"), (62, "8 weeks"), (90, "3 months"), (800, "2 years")],
)
def test_how_long_it_lasts_is_told_in_the_unit_that_fits(days: int, expected: str) -> None:
    began = AS_OF - timedelta(days=days)
    assert lasting_words(Interval(began, began, "", timed=True), AS_OF) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2026-10", ""), ("2025", ""), ("2026-07", ""), ("2010-02", "16 years"), ("2026-11-02", "3 weeks")],
)
def test_a_length_is_told_only_as_exactly_as_it_is_known(text: str, expected: str) -> None:
    assert lasting_words(interval(text, UTC), AS_OF) == expected


def test_days_are_those_of_the_zone_of_the_call() -> None:
    moment = interval("2026-11-23T16:00:00Z", UTC)
    assert moment is not None
    assert day_words(moment, TODAY_IN_TOKYO) == "24 Nov (today)"
    assert day_words(moment, TODAY_IN_TOKYO.astimezone(UTC)) == "23 Nov (today)"
    day = interval("2026-11-23", TODAY_IN_TOKYO.tzinfo or UTC)
    assert day is not None
    assert day_words(day, TODAY_IN_TOKYO) == "23 Nov (1 day)"


def test_a_month_is_one_of_the_year_of_the_zone_of_the_call() -> None:
    january = datetime(2026, 1, 20, 9, tzinfo=TODAY_IN_TOKYO.tzinfo)
    assert since_words(interval("2026-01", january.tzinfo or UTC), january) == "Jan 2026"
    assert since_words(period({"start": "2025-12-20", "end": "2026-01-03"}, UTC, january), january) == ""


def test_what_nobody_dated_has_no_time() -> None:
    assert since_words(None, AS_OF) == ""


@given(
    st.datetimes(datetime(1, 1, 5), datetime(9999, 12, 20)),  # noqa: DTZ001 the zone is drawn beside it
    st.integers(-12, 14),
    st.integers(0, 400),
)
def test_no_date_is_too_odd_to_be_told(moment: datetime, hours: int, days: int) -> None:
    first = moment.replace(tzinfo=UTC)
    last = min(first + timedelta(days=days), datetime(9999, 12, 28, tzinfo=UTC))
    as_of = AS_OF.astimezone(timezone(timedelta(hours=hours)))
    words = day_words(Interval(first, last, ""), as_of)
    assert re.fullmatch(r"[A-Za-z0-9 ()]+", words)
    assert "-" not in since_words(Interval(first, last, ""), as_of)


@pytest.mark.parametrize(
    ("quantity", "concept", "expected"),
    [
        (Quantity(8.0, "of 10", "8"), "pain-severity", "8 of 10"),
        (Quantity(12400.0, "U/L", "12400 U/L"), "creatine-kinase", "12,400 U/L"),
        (Quantity(0.5, "mmol/L", "x", "<"), "potassium", "<0.5 mmol/L"),
        (Quantity(0.55, "", "0.55"), "ankle-brachial-index", "0.55"),
        (Quantity(700.0, "ng/mL{FEU}", "x", ">="), "d-dimer", ">=700 `ng/mL{FEU}`"),
        (Quantity(700.0, "**worse**", "x", "*"), "d-dimer", "700 `**worse**`"),
        (Quantity(None, "", "raised", raised=True), "d-dimer", ""),
        (None, "d-dimer", ""),
    ],
)
def test_a_value_is_told_with_its_unit(quantity: Quantity | None, concept: str, expected: str) -> None:
    assert value_words(quantity, concept) == expected


@pytest.mark.parametrize(
    ("side", "site", "expected"),
    [
        (Side.LEFT, Site.LOWER_LEG, "left calf"),
        (Side.BOTH, Site.LOWER_LEG, "both calves"),
        (Side.BOTH, Site.FOOT, "both feet"),
        (Side.BOTH, Site.LEG, "both legs"),
        (Side.RIGHT, Site.NOT_STATED, "right"),
        (Side.NOT_STATED, Site.ANKLE, "ankle"),
        (Side.NOT_STATED, Site.NOT_STATED, ""),
    ],
)
def test_a_place_is_told_as_far_as_it_is_recorded(side: Side, site: Site, expected: str) -> None:
    assert place_words(fact("pain", "Condition/1", side=side, site=site)) == expected


def words_of(*facts: Fact, most: int = 5) -> list[str]:
    return told(facts, NAMES, AS_OF, most)[0]


def test_entries_that_differ_only_in_what_they_are_stand_together() -> None:
    tingling = fact("numbness-tingling", "Observation/1", 2, site=Site.FOOT)
    pulse = fact("pulse-absent", "Observation/2", 2, site=Site.FOOT)
    numb = fact("numbness-tingling", "Observation/3", 2, site=Site.FOOT, side=Side.RIGHT)
    later = fact("limb-weakness", "Observation/4", 1, site=Site.FOOT)
    assert words_of(tingling, pulse, numb, later, tingling) == [
        "numbness or tingling and absent pulse left foot, 21 Nov (2 days)",
        "numbness or tingling right foot, 21 Nov (2 days)",
        "leg weakness left, 22 Nov (1 day)",
    ]


def test_only_so_many_are_told_and_those_are_named() -> None:
    facts = [fact(concept, f"Condition/{concept}", n) for n, concept in enumerate(("pain", "cramp", "swelling"))]
    words, shown = told(facts, NAMES, AS_OF, 2)
    assert words == ["pain left calf, 23 Nov (today)", "cramp left calf, 22 Nov (1 day)", "more in the chart"]
    assert shown == facts[:2]
    assert "more in the chart" not in told(facts[:2], NAMES, AS_OF, 2)[0]


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (fact("dvt", "Condition/1", 4, certainty=Certainty.SUSPECTED), "DVT left calf, 19 Nov (4 days), suspected"),
        (fact("dvt", "Condition/1", 4, course=Course.HISTORY), "DVT left calf, 19 Nov (4 days), history"),
        (fact("dvt", "Condition/1", 4, course=Course.UNDER_CARE), "DVT left calf, 19 Nov (4 days), under care"),
        (fact("swelling", "Condition/1", 4, state=State.ABSENT), "swelling left calf, 19 Nov (4 days), denied"),
        (fact("dvt", "Condition/1", None), "DVT left calf, undated"),
        (
            fact("pain", "Condition/1", 4, side=Side.NOT_STATED, severe=True, sudden=True),
            "severe sudden pain calf, side not recorded, 19 Nov (4 days)",
        ),
        (
            fact("anticoagulant", "M/1", 5, display="apixaban 5 MG", side=Side.NOT_STATED, site=Site.NOT_STATED,
                 site_matters=False),
            "anticoagulant `apixaban 5 MG`, 18 Nov (5 days)",
        ),
    ],
)  # fmt: skip
def test_an_entry_says_what_makes_it_less_than_current_and_confirmed(entry: Fact, expected: str) -> None:
    assert words_of(entry) == [expected]


_MEDICINE: Any = {"side": Side.NOT_STATED, "site": Site.NOT_STATED, "site_matters": False}


def test_two_medicines_of_one_kind_are_both_named() -> None:
    both = [fact("anticoagulant", f"M/{name}", 5, display=name, **_MEDICINE) for name in ("warfarin", "apixaban")]
    assert words_of(*both) == ["anticoagulant `warfarin` and anticoagulant `apixaban`, 18 Nov (5 days)"]


def test_each_draft_is_told_and_a_draft_apart_from_what_is_current() -> None:
    """Two NSAIDs may be meant, and their names are not always sent."""
    nsaids = [fact("nsaid", f"M/{n}", 0, remarks=(DRAFT,), **_MEDICINE) for n in (1, 2)]
    assert words_of(*nsaids) == ["2 x NSAID, draft"]
    named = [fact("nsaid", f"M/{n}", 0, display=f"drug {n}", remarks=(DRAFT,), **_MEDICINE) for n in (1, 2)]
    assert words_of(*named) == ["NSAID `drug 1` and NSAID `drug 2`, draft"]
    statins = [fact("statin", f"M/{n}", 5, display="one", remarks=(DRAFT,)[:n], **_MEDICINE) for n in (1, 0)]
    assert words_of(*statins) == ["statin `one`, draft", "statin `one`, 18 Nov (5 days)"]


@pytest.mark.parametrize(
    ("begun", "words"),
    [
        ("2026-11-18", "since 18 Nov (5 days)"),
        ("2026-10-21", "since 21 Oct (33 days)"),
        ("2026-10-20", "since 20 Oct (34 days), recorded 20 Nov"),
    ],
)
def test_what_began_over_a_month_before_it_was_recorded_says_both(begun: str, words: str) -> None:
    began, recorded = interval(begun, UTC), interval("2026-11-20", UTC)
    entry = fact("pain", "Condition/1", began=began, recorded=recorded, side=Side.LEFT)
    shown = told([Fact(**{**{name: getattr(entry, name) for name in entry.__struct_fields__}, "when": began})],
                 NAMES, AS_OF, 1)[0]  # fmt: skip
    assert shown == [f"pain left calf, {words}"]


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
    assert mid_sentence(label) == expected


def test_every_rule_label_starts_with_a_capital() -> None:
    """What mid_sentence lowers and a headline raises again."""
    labels = [rule.label for each in RULE_SETS for rule in each.rules if rule.card]
    assert [label for label in labels if not label[0].isupper()] == []


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
    assert side_of(fact("pain", f"Condition/{side}", side=side) for side in sides) is expected


def test_the_newest_come_first_and_the_undated_last() -> None:
    facts = [fact("pain", "Condition/a", None), fact("pain", "Condition/b", 25_000), fact("pain", "Condition/c", 2)]
    assert [each.source for each in newest(facts)] == ["Condition/c", "Condition/b", "Condition/a"]


def test_a_listing_ends_with_and() -> None:
    assert [listing(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("the EHR reported an error", "the EHR reported an error"),
        ("pain on record for 2026-11-01T10:00:00Z", "pain on record for 2026-11-01"),
        ("limit 2.5 mmol/L, else 1000 U/L used", "limit 2.5 mmol/L, else 1000 U/L used"),
        ("Observation/o1 could not be read", "`Observation/o1 could not be read`"),
        ("see www.evil.com", "`see www.evil.com`"),
        ("1. first", "`1. first`"),
        ("<b>", "`<b>`"),
    ],
)
def test_own_sentences_stay_plain_unless_they_carry_something_odd(text: str, expected: str) -> None:
    assert own_words(text) == expected


def test_no_ascii_character_is_taken_for_a_blank() -> None:
    """So a text of ASCII need not be searched for them."""
    assert [each for each in map(chr, range(128)) if BLANK.match(each)] == []
