"""What holds for every card that any chart of this repository gets (every_card.py): each test looks at all of them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Set
from functools import cache
from statistics import median
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from markdown_it import MarkdownIt

from cds_service.assessment.rule import Finding, Kind
from cds_service.assessment.sources import GUIDANCE
from cds_service.facts import Course, Fact, Quantity, Site, State
from cds_service.rendering.entries import kind_words, place_words, told
from cds_service.rendering.words import MORE
from cds_service.wire import Card, HookResponse
from tests.rendering.by_hand import FILES, GUIDANCE_URL
from tests.rendering.card_words import alarms, words_never_said
from tests.rendering.every_card import SERVICE_URL, Shown, every_card
from tests.rendering.test_drafts import empty_members

NAMES = FILES.shared.findings
LAST_WORDS = re.compile(
    r"Coded entries only, \d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d UTC; a lower card or none never means low risk\.$"
)
DAY = r"(\d{1,2} )?[A-Z][a-z]{2}( \d{4})?|\d{4}"
SIDES_DIFFER = re.compile(r"pain (left|right), [^;]+? (left|right)(?=; )")
"""What is said first where the pain is of one leg and a sign of the other."""

DATE = re.compile(rf"({DAY})( to ({DAY}))?( \((today|\d+ days?)\))?|undated")
HOME_CARE = re.compile(r"\b(bandage|elevation|stretching|rest, ice)\b")
CODE_SPAN = re.compile(r"`[^`]*`")


def faults(holds: Callable[[Shown], object], cards: Iterable[Shown] | None = None) -> list[str]:
    """The cards of which this does not hold, as they are read."""
    return [
        f"{each.about}: {each.card.summary}\n{each.card.detail}" for each in cards or every_card() if not holds(each)
    ]


def words(shown: Shown) -> int:
    """How many words its lines have; what is quoted from the chart counts as one."""
    return sum(len(CODE_SPAN.sub("x", line).split()) for line in shown.lines)


def test_nearly_every_card_was_shown() -> None:
    """Else the tests below would pass for want of cards."""
    assert len(every_card()) > 1500
    own = {str(card.source.label) + card.summary.parts[-1] for card in FILES.cards.values()}
    seen = {str(shown.card.source.label) + end for shown in every_card() for end in _ends(shown)}
    assert len(own - seen) <= 3
    assert {shown.hook for shown in every_card()} > {"patient-view", "order-sign", "problem-list-item-create"}


def _ends(shown: Shown) -> list[str]:
    return [
        card.summary.parts[-1] for card in FILES.cards.values() if shown.card.summary.endswith(card.summary.parts[-1])
    ]


def test_the_summary_is_one_short_whole_line() -> None:
    def whole(shown: Shown) -> bool:
        summary = shown.card.summary
        return len(summary) <= 100 and summary[0].isupper() and summary.isprintable() and "…" not in summary

    assert faults(whole) == []


def test_no_card_counts_what_it_leaves_out_or_hedges() -> None:
    never = re.compile(r"and \d+ more|of the guidance|where stated|own rule|own precaution")
    assert faults(lambda shown: not never.search(f"{shown.card.summary}\n" + "\n".join(shown.lines))) == []


def test_the_detail_is_read_in_ten_seconds() -> None:
    assert faults(lambda shown: words(shown) <= 110 and len(shown.lines) <= 6) == []
    assert median([words(shown) for shown in every_card() if shown.hook == "patient-view"]) <= 70
    assert median([words(shown) for shown in every_card()]) <= 70


def test_each_line_has_a_label_once_and_what_to_do_stands_before_the_record() -> None:
    before = ("New entry", "Found with it", "Appointment", "Options", "Check", "Ask", "If none", "Back if")
    order = [*before, "Recorded", "Risk", "Against a clot", "Against an anticoagulant", "Also assess", "Not found"]

    def in_order(shown: Shown) -> bool:
        labels = [(re.match(r"\*\*([^:*]+):?\*\*", line) or [""])[1] for line in shown.lines]
        places = [order.index(label) for label in labels]
        return places == sorted(set(places))

    assert faults(in_order) == []


def test_the_headline_of_a_draft_has_no_time_of_what_stands_beside_it() -> None:
    """ "Draft NSAID and an anticoagulant, 53 days" would say that the draft is that old."""
    orders = [shown for shown in every_card() if shown.hook == "order-sign"]
    assert faults(lambda shown: not re.search(r"\b(today|\d+ days?|since)\b", shown.card.summary), orders) == []


def test_the_small_print_is_last_and_says_what_a_card_is_not() -> None:
    def ends_well(shown: Shown) -> bool:
        *_lines, last = shown.parts
        return LAST_WORDS.search(last) is not None and (shown.card.detail or "").count("Coded entries only") == 1

    assert faults(ends_well) == []


def test_every_date_has_one_form() -> None:
    """26 Nov (5 days); never as FHIR writes it."""
    iso = re.compile(r"\d{4}-\d{2}|\d{2}T\d{2}")

    def one_form(shown: Shown) -> bool:
        recorded, _risks = _record_and_risks(shown)
        undated = {MORE, sides.group() if (sides := SIDES_DIFFER.match(recorded)) else MORE}
        items = [item.split(", ") for item in recorded.removesuffix(".").split("; ") if item and item not in undated]
        dated = [
            any(part == "draft" or DATE.fullmatch(re.sub("^(since|recorded) ", "", part)) for part in item)
            for item in items
        ]
        return all(dated) and not iso.search(_ours(shown))

    assert faults(one_form) == []


def test_no_id_and_no_html_stands_on_a_card() -> None:
    odd = re.compile(
        r"(Condition|Observation|Procedure|Medication\w*|Patient|DeviceRequest|ServiceRequest)/|<[A-Za-z/!]"
    )

    def clean(shown: Shown) -> bool:
        ids = {fact.source.partition("/")[2] for fact in shown.assessment.record.chart.facts}
        return not odd.search(_ours(shown)) and not any(each in _ours(shown) for each in ids if len(each) > 8)

    assert faults(clean) == []


def _ours(shown: Shown) -> str:
    """The card without what it quotes from the chart."""
    return CODE_SPAN.sub("", f"{shown.card.summary}\n{shown.card.detail}")


def test_what_the_bounds_of_a_card_leave_out_is_said() -> None:
    """Of one thing on one side one entry is told; where none is, the line says that there is more."""

    def told_or_said(shown: Shown) -> bool:
        lines = f"{shown.line('New entry')}; {shown.line('Recorded').partition(' Risk: ')[0]}; "
        raising = [fact for finding in shown.assessment.raising for fact in finding.evidence]
        facts = [*raising, *shown.assessment.complaint]
        on_it = {(fact.concept, fact.side) for fact in facts if _told_in(fact, lines, shown)}
        return MORE in lines or all((fact.concept, fact.side) in on_it for fact in facts)

    assert faults(told_or_said) == []
    assert any(MORE in shown.line("Recorded") for shown in every_card())


def _told_in(fact: Fact, line: str, shown: Shown) -> bool:
    """Does an item of this line tell the fact? Items may tell several facts that differ only in what they are."""
    [alone], _facts = told([fact], NAMES, shown.assessment.record.as_of, 1)
    kind = kind_words(fact, NAMES)
    tail = f"{place_words(fact, kind)}, {alone.partition(', ')[2]}".removeprefix(", ")
    items = [item.strip().removesuffix(".") for item in line.split("; ")]
    return any(kind in item and item.endswith(tail) for item in items)


def _record_and_risks(shown: Shown) -> tuple[str, str]:
    recorded, _, risks = shown.line("Recorded").partition("Risk: ")
    return recorded.strip(), risks or shown.line("Risk")


def test_each_entry_is_told_once() -> None:
    """Not again under another label, and not again as a risk."""

    def once(shown: Shown) -> bool:
        recorded, risks = _record_and_risks(shown)
        also, new = shown.line("Also assess"), shown.line("New entry")
        listed = {fact for finding in shown.assessment.listed if finding.is_present for fact in finding.evidence}
        again = [fact for fact in listed if _told_in(fact, recorded, shown) and _told_in(fact, also, shown)]
        items = [item for line in (recorded, also, new) for item in line.strip().removesuffix(".").split("; ") if item]
        return (
            not again and len(items) == len(set(items)) and not _risks_told_before(shown, f"{recorded}; {also}", risks)
        )

    assert faults(once) == []


def _risks_told_before(shown: Shown, lines: str, risks: str) -> list[str]:
    """The risks of which every entry already stands on the card."""
    return [
        finding.rule.id
        for finding in shown.assessment.of(Kind.RISK)
        if finding.is_present
        and finding.evidence
        and all(_told_in(fact, lines, shown) for fact in finding.evidence)
        and FILES.shared.risks[finding.rule.id] in risks
    ]


def test_the_risk_factors_of_the_guidance_are_on_every_card() -> None:
    """Whatever its level: among the risks, or as an entry that the card rests on."""

    def named(shown: Shown, finding: Finding) -> bool:
        recorded, risks = _record_and_risks(shown)
        lines = f"{recorded}; {shown.line('New entry')}; {shown.line('Also assess')}"
        told_already = finding.evidence and all(_told_in(fact, lines, shown) for fact in finding.evidence)
        return bool(FILES.shared.risks[finding.rule.id] in risks or told_already)

    def all_named(shown: Shown) -> bool:
        found = [each for each in shown.assessment.of(Kind.RISK) if each.is_present and each.rule.source is GUIDANCE]
        return all(named(shown, each) for each in found)

    assert faults(all_named, [shown for shown in every_card() if shown.assessment.fully_read]) == []


def test_nothing_that_the_record_holds_is_called_missing() -> None:
    """Asked of the facts of the chart, not of the rules that the card asks. A clinician may still be asked about this
    leg what is on record of the other, or without a site.
    """

    def truly_missing(shown: Shown) -> bool:
        facts = shown.assessment.record.chart.facts
        of_this_leg = [
            each for each in facts if each.side is shown.assessment.side and each.site is not Site.NOT_STATED
        ]
        called = ((shown.line("Not found"), facts), (shown.line("Ask"), of_this_leg))
        return not any(_holds(name, among, shown) for line, among in called for name in _names(line))

    assert faults(truly_missing) == []


def _names(line: str) -> list[str]:
    return [name for name in re.split("[;,] ", line.removesuffix(".")) if name]


HELD_BY = {
    "pulses": {"pulse-absent"},
    "temperature": {"cold-limb"},
    "colour": {"pallor-cyanosis", "skin-colour"},
    "sensation": {"numbness-tingling"},
    "strength": {"limb-weakness", "muscle-weakness", "paralysis"},
    "swelling": {"swelling"},
    "walking": {"walking-problem"},
    "pain at rest": {"rest-pain"},
    "severity": {"severe-pain"},
    "anticoagulant order (outside prescriptions not seen)": {"anticoagulant"},
    "whether an anticoagulant is taken": {"anticoagulant"},
    "ankle-brachial index of this leg": set(),
    "ankle-brachial index": {"ankle-brachial-index"},
    "leg vein scan": {"leg-vein-ultrasound"},
    "creatine kinase": {"creatine-kinase"},
    "lasting pain": set(),
    "sudden onset": set(),
}


def _holds(name: str, facts: Iterable[Fact], shown: Shown) -> bool:
    """Is it on record, present or denied, and not closed?"""
    if name == "bedside Wells items":
        wells = shown.assessment.wells
        return wells is None or all(item.state is not State.UNKNOWN for item in wells.items)
    open_ones = [fact for fact in facts if fact.state is not State.UNKNOWN and fact.course is not Course.HISTORY]
    if name == "severity" and any(_scored(fact.quantity) for fact in open_ones if fact.concept == "pain-severity"):
        return True
    if name == "sudden onset":
        return any(fact.sudden for fact in open_ones if fact.concept == "pain")
    return any(fact.concept in HELD_BY[name] for fact in open_ones)


def _scored(quantity: Quantity | None) -> bool:
    return quantity is not None and quantity.value is not None


def test_home_care_only_where_it_makes_light_of_nothing() -> None:
    """On no warning and no critical card, but at discharge."""
    raised = [each for each in every_card() if each.card.indicator != "info" and each.hook != "encounter-discharge"]
    assert faults(lambda shown: not shown.line("If none") and not HOME_CARE.search(_ours(shown)), raised) == []


def test_the_links_lead_to_the_decision_then_the_guideline_then_the_patient_guidance() -> None:
    def in_order(shown: Shown) -> bool:
        links = [link.url for link in shown.card.links or ()]
        decided = [url for url in links if url.startswith(SERVICE_URL)]
        guidelines = links[len(decided) : -1]
        return (
            links[-1] == GUIDANCE_URL
            and links[: len(decided)] == decided
            and len(decided) == (shown.hook != "example")
            and len(guidelines) <= 2
            and all(url.startswith("https://") for url in links)
            and all(link.type == "absolute" and link.label for link in shown.card.links or ())
        )

    assert faults(in_order) == []


def _texts(card: Card) -> tuple[str, ...]:
    """All that a card says, text by text, without what it quotes from the chart."""
    suggestions = card.suggestions or ()
    texts = (
        card.summary,
        *(card.detail or "").split("\n\n"),
        card.source.label,
        *(link.label for link in card.links or ()),
        *(reason.display or "" for reason in card.overrideReasons or ()),
        *(suggestion.label for suggestion in suggestions),
        *(action.description or "" for suggestion in suggestions for action in suggestion.actions or ()),
    )
    return tuple(CODE_SPAN.sub("", text) for text in texts)


def test_no_card_gives_orders_comforts_or_sounds_an_alarm_of_its_own() -> None:
    said = {text for shown in every_card() for text in _texts(shown.card)}
    assert [(word, text) for text in said for word in (*words_never_said(text), *alarms(text))] == []


class TestOnTheWire:
    """Each is a card of CDS Hooks 2.0.1, attribute by attribute, as its JSON goes out (docs/conformance.md)."""

    def test_cards_have_the_members_of_a_card_and_no_other(self) -> None:
        required = {"uuid", "summary", "indicator", "source", "detail"}
        optional = {"suggestions", "selectionBehavior", "overrideReasons", "links"}
        assert [each for each in sent() if not members(each, required, optional)] == []

    def test_no_member_is_null_or_empty(self) -> None:
        assert [each for card in sent() for each in empty_members(card)] == []

    def test_a_card_has_a_uuid_of_its_own(self) -> None:
        assert all(str(UUID(card["uuid"])) == card["uuid"] for card in sent())

    def test_a_summary_is_a_text_of_fewer_than_140_characters(self) -> None:
        assert all(is_text(card["summary"]) and len(card["summary"]) < 140 for card in sent())

    def test_a_detail_is_github_flavoured_markdown_without_html(self) -> None:
        parse = MarkdownIt("gfm-like").parse
        for card in sent():
            tokens = [token for block in parse(card["detail"]) for token in (block, *(block.children or ()))]
            assert tokens and not any(token.type.startswith("html") for token in tokens)
            assert "**" not in "".join(token.content for token in tokens if token.type == "text"), card["detail"]

    def test_an_indicator_is_info_warning_or_critical(self) -> None:
        assert {card["indicator"] for card in sent()} == {"info", "warning", "critical"}

    def test_a_source_has_a_label_an_absolute_address_and_a_topic_that_is_a_coding(self) -> None:
        for card in sent():
            source = card["source"]
            assert members(source, {"label"}, {"url", "topic", "icon"})
            assert is_text(source["label"])
            assert "url" not in source or is_absolute(source["url"])
            assert is_coding(source["topic"])
            assert "icon" not in source or is_absolute(source["icon"])

    def test_suggestions_come_with_how_many_of_them_may_be_taken(self) -> None:
        for card in sent():
            assert ("suggestions" in card) == ("selectionBehavior" in card)
            assert card.get("selectionBehavior") in (None, "any", "at-most-one")

    def test_a_suggestion_has_a_label_a_uuid_and_actions(self) -> None:
        for each in of("suggestions"):
            assert members(each, {"label", "uuid", "actions"}, {"isRecommended"})
            assert is_text(each["label"])
            assert str(UUID(each["uuid"])) == each["uuid"]
            assert each.get("isRecommended") in (None, True)

    def test_the_one_action_of_a_suggestion_creates_a_new_resource_and_says_so(self) -> None:
        """None updates or deletes, so that none needs a whole resource of the chart or the id of one."""
        for each in of("suggestions"):
            [action] = each["actions"]
            assert members(action, {"type", "description", "resource"})
            assert action["type"] == "create"
            assert is_text(action["description"])
            assert is_text(action["resource"]["resourceType"])
            assert "id" not in action["resource"]

    def test_override_reasons_are_codings_with_a_display(self) -> None:
        assert all(is_coding(each) for each in of("overrideReasons"))

    def test_a_link_is_absolute_and_has_a_label_and_no_app_context(self) -> None:
        for each in of("links"):
            assert members(each, {"label", "url", "type"})
            assert is_text(each["label"])
            assert is_absolute(each["url"])
            assert each["type"] == "absolute"


@cache
def sent() -> list[dict[str, Any]]:
    """The cards as JSON."""
    answer = HookResponse([each.card for each in every_card()])
    found: list[dict[str, Any]] = json.loads(msgspec.json.encode(answer))["cards"]
    return found


def of(member: str) -> Iterator[Any]:
    """Each entry of a list that cards may have; there is at least one."""
    found = [each for card in sent() for each in card.get(member, ())]
    assert found, member
    return iter(found)


def is_text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != ""


def is_absolute(value: Any) -> bool:
    parts = urlsplit(value)
    return is_text(value) and parts.scheme in ("https", "http") and bool(parts.hostname)


def members(value: dict[str, Any], required: Set[str], optional: Set[str] = frozenset()) -> bool:
    """All that is required is there, and nothing that the specification does not have."""
    return required <= value.keys() <= required | optional


def is_coding(value: dict[str, Any]) -> bool:
    """Both are required in a Coding; the display is optional but for override reasons."""
    return members(value, {"code", "system", "display"}) and all(map(is_text, value.values()))
