"""The files of cards/: the real ones are whole, and each kind of fault is refused with file, line and remedy."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from cds_service.assessment import sources
from cds_service.assessment.catalogue import CAUSES, RULE_SETS
from cds_service.assessment.citation import Citation
from cds_service.errors import ConfigurationError
from cds_service.rendering.card_files import SECTIONS, card_ids, load_cards, missing_files
from cds_service.rendering.occasions import OCCASIONS
from tests.rendering.by_hand import CARDS, FILES
from tests.rendering.card_words import alarms, words_never_said

VALUE_SETS = Path(sources.__file__).parents[1] / "value_sets"
# Pages that were read and that no rule cites by themselves.
OTHER_PAGES = {
    "https://www.nice.org.uk/guidance/qs52/chapter/Quality-statement-3-Supervised-exercise-programmes",
    "https://doi.org/10.3399/bjgp15X688069",
}
CARD = """---
id: potassium
indicator: warning
summary: "{worst}: consider magnesium and ECG"
source: {label: RCEMLearning, url: https://www.rcemlearning.co.uk/}
links: [{label: RCEMLearning, url: https://www.rcemlearning.co.uk/}]
not_found: [creatine-kinase]
override_reasons: [already-managed, already-assessed, other-cause, record-wrong]
suggestions: [creatine-kinase]
owner: Dr A. Example
version: 2.0.0
reviewed: 2026-12-01
review_due: 2027-12-01
---
## Options

Repeat potassium.

## Check

Weakness.
"""


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """A copy of the real cards, one of them the card above, to be spoilt."""
    folder = Path(shutil.copytree(CARDS, tmp_path / "cards"))
    (folder / "potassium.md").write_text(CARD)
    return folder


def refusal(cards: Path, shipped: Path | None = None) -> str:
    """Why these cards are refused."""
    with pytest.raises(ConfigurationError) as refused:
        load_cards(cards, shipped)
    return str(refused.value)


def spoil(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text, f"{path.name} has no {old}"
    path.write_text(text.replace(old, new, 1))


def test_the_real_cards_are_those_that_the_rules_use_each_in_the_file_of_its_name() -> None:
    assert FILES.cards.keys() == card_ids()
    assert [card.path.name for card in FILES.cards.values() if card.path.stem != card.id] == []


def test_links_lead_only_to_pages_that_were_read() -> None:
    cited = {value.url for value in vars(sources).values() if isinstance(value, Citation)}
    urls = {link.url for card in FILES.cards.values() for link in card.links}
    urls |= {card.source.url for card in FILES.cards.values() if card.source.url}
    assert urls - cited - OTHER_PAGES == set()


def test_the_sections_stand_in_the_order_in_which_they_are_read() -> None:
    for card in FILES.cards.values():
        assert list(card.sections) == [label for label in SECTIONS if label in card.sections], card.id
        assert len(card.links) <= 2, card.id
        assert len(card.not_found) <= 3, card.id


def test_everyone_who_answers_for_words_has_dates() -> None:
    written = [*(card.written for card in FILES.cards.values()), *FILES.rules.values(), FILES.causes_written]
    written += [FILES.shared, *(occasion.written for occasion in FILES.occasions.values())]
    assert [each for each in written if not each.owner or not each.version or each.reviewed >= each.review_due] == []
    assert FILES.rules.keys() == {each.id for each in RULE_SETS}
    assert FILES.occasions.keys() == OCCASIONS.keys()
    assert FILES.causes.keys() == {rule.id.removeprefix("pattern-") for rule in CAUSES}


def test_every_finding_that_the_service_knows_has_words() -> None:
    """Questions, answers, qualifiers, sides and sites never stand alone on a card."""
    spoken = set()
    for path in VALUE_SETS.glob("*.json"):
        kinds = [each["valueCode"] for each in json.loads(path.read_text())["extension"] if "valueCode" in each]
        if not set(kinds) & {"question", "answer", "qualifier", "side", "site"}:
            spoken.add(path.stem)
    assert len(spoken) > 50
    assert spoken - FILES.shared.findings.keys() == set()


def test_no_file_gives_orders_comforts_or_sounds_an_alarm_of_its_own() -> None:
    """Also the words that no chart of these tests calls up. That of a cause stands beside its source on the page."""
    said: dict[str, str] = {}
    for path in CARDS.glob("*.md"):
        if path.name not in ("README.md", "_causes.md", "_rules.md"):
            said[path.name] = path.read_text().partition("\n---\n")[2].replace("{ng158}", "NICE NG158")
    for name, words in FILES.causes.items():
        said[name] = f"{words.says} {words.options}"
        assert not alarms(said[name]) or "advises" in said[name], name
    assert {name: found for name, text in said.items() if (found := words_never_said(text))} == {}
    assert {name: found for name, text in said.items() if name.endswith(".md") and (found := alarms(text))} == {}


FAULTS = [
    ("2.0.0\n", "2.0.0\nconsider: low potassium\n", 12, "unknown field `consider`"),
    ("not_found:", "not_recorded:", 7, "unknown field `not_recorded`"),
    ("id: potassium", "id: low-potassium", 2, "no rule uses the id low-potassium"),
    ("id: potassium", "id: muscle", 2, "id muscle is already used by muscle.md"),
    ("indicator: warning", "indicator: urgent", 3, "front matter in indicator: invalid enum value 'urgent'"),
    ("indicator: warning", "indicator: warning\nindicator: info", 4, "indicator is there twice"),
    ("{worst}", "{years}", 4, "unknown placeholder {years}"),
    ("magnesium and ECG", "magnesium " * 9, 4, "100 are allowed"),
    ("{worst}:", "{worst:", 4, "a brace without its partner"),
    ("source: {label: RCEMLearning, url", "source: {url", 5, "missing required field `label`"),
    ("links: [{label: RCEMLearning", 'links: [{label: ""', 6, "links has an empty label"),
    ("links: [{label: RCEMLearning, url: https:", "links: [{label: RCEMLearning, url: http:", 6, "not https"),
    ("[{label: RCEMLearning, url: https://www.rcemlearning.co.uk/}]", "[{label: RCEM}]", 6, "`url`"),
    ("not_found: [creatine-kinase]", "not_found: [magnesium]", 7, "unknown not_found magnesium. Use some of: "),
    ("record-wrong]", "seen-it]", 8, "unknown override reason seen-it. Use one of"),
    (", record-wrong]", "]", 8, "override_reasons needs 4 to 6 different reasons"),
    ("record-wrong]", "record-wrong, record-wrong]", 8, "override_reasons needs 4 to 6 different reasons"),
    ("suggestions: [creatine-kinase]", "suggestions: [mri]", 9, "unknown suggestion mri. Use one of"),
    ("suggestions: [", "suggestions: [creatine-kinase, ", 9, "one of them twice"),
    ("version: 2.0.0", "version: 2", 11, "front matter in version"),
    ("reviewed: 2026-12-01", "reviewed: lately", 12, "front matter in reviewed"),
    ("id: potassium", "id: pot: assium", 2, "front matter is not YAML"),
    ("---\nid", "id", 1, "no front matter"),
    ("## Options", "Text before.\n\n## Options", 1, "text without a section"),
    ("## Check", "## Options", 1, "one twice"),
    ("## Check", "## Recorded", 19, "unknown section Recorded. Use some of: Options, Check"),
    ("Weakness.\n", "", 19, 'the section "Check" is empty'),
    ("Weakness.", "Weakness of {limbs}.", 21, "unknown placeholder {limbs}"),
    ("Weakness.", "Weakness {spine.", 21, "a brace without its partner"),
    ("Weakness.", "<b>Weakness</b>", 21, "HTML in a card"),
    ("Weakness.", "Weakness. " * 60, 1, "its sections have 62 words, 60 are allowed"),
]
"""What is put in place of what in the card above, and where and how that is refused."""


@pytest.mark.parametrize(("old", "new", "line", "says"), FAULTS)
def test_a_faulty_card_is_refused_with_file_line_fault_and_remedy(
    old: str, new: str, line: int, says: str, cards: Path
) -> None:
    spoil(cards / "potassium.md", old, new)
    said = refusal(cards)
    assert said.startswith(f"{cards / 'potassium.md'}:{line}: ")
    assert says in said
    assert said.rstrip(".").count(". ") >= 1, "a remedy follows the fault"


SHARED_FAULTS = [
    ("_shared.md", "only, {as_of}", "only, {now}", "unknown placeholder {now}"),
    ("_shared.md", "  always:", "  forever:", "limits has no words for always"),
    ("_shared.md", "  ice:", "  cold:", "home_care has no words for ice"),
    ("_shared.md", "  child: ultrasound", "  boy: ultrasound", "dvt_steps has no words for child"),
    ("_shared.md", "  rest-pain: pain at rest", "  at-rest: pain at rest", "red_flags has no words for rest-pain"),
    ("_shared.md", "  smoking: smokes", "  tobacco: smokes", "risks has no words for smoking"),
    ("_shared.md", "  creatine-kinase:\n    label", "  ck:\n    label", "suggestions has no words for creatine-kinase"),
    ("_shared.md", "\ncomplaints:", "\n  mri: {label: a, description: b, text: c}\ncomplaints:", "unknown name mri"),
    ("_shared.md", "    text: Creatine kinase", '    text: " "', "creatine-kinase has an empty text"),
    ("_shared.md", 'creatine kinase"\n', f'{"x" * 60}"\n', "the label of creatine-kinase is too long"),
    ("_shared.md", "leg veins ({side})", "leg veins ({leg})", "unknown placeholder {leg}"),
    ("_shared.md", "leave out: {steps}.", "leave out some of it.", "does not say {steps}"),
    ("_shared.md", "bedridden: bedridden", f"bedridden: {'x' * 45}", "more than 44 characters"),
    ("_shared.md", "bedridden: bedridden", "bedridden: <i>in bed</i>", "HTML in a card"),
    ("_shared.md", "complaints:", "ailments:", "unknown field `ailments`"),
    ("_new-entry.md", "id: new-entry", "id: entry", "the id is not new-entry"),
    ("_new-entry.md", "{news}", "{new}", "unknown placeholder {new}"),
    ("_appointment.md", "{worst}", "{date}", "unknown placeholder {date}"),
    ("_appointment.md", "Appointment {app", f"{'x' * 60} {{app", "100 are allowed"),
    ("_discharge.md", "**Back if:**", "<b>Back if:</b>", "HTML in a card"),
    ("_causes.md", "  cellulitis:\n", "  erysipelas:\n", "causes has no words for cellulitis"),
    ("_causes.md", "    says: resembles", "    note: a\n    says: resembles", "unknown field `note`"),
    ("_causes.md", "says: resembles", f"says: {'x' * 140} resembles", "ruptured-baker-cyst: empty, or over 140"),
    ("_causes.md", "says: resembles", "says: resembles {clot}", "unknown placeholder {clot}"),
    ("_rules.md", "  red-flags:\n", "  red-flag:\n", "rule_sets does not name red-flags. Add it"),
    ("_rules.md", "rule_sets:\n", "rules: {dvt: {owner: x, version: '1', reviewed: 2026-01-01, "
     "review_due: 2026-01-02}}\nrule_sets:\n", "there is no rule dvt. Name it as set/rule"),
    ("_rules.md", "    version: 1.0.0\n", "", "missing required field `version`"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "says"), SHARED_FAULTS)
def test_faulty_shared_words_are_refused_with_file_and_line(
    file: str, old: str, new: str, says: str, cards: Path
) -> None:
    spoil(cards / file, old, new)
    said = refusal(cards)
    assert said.startswith(f"{cards / file}:")
    assert said.removeprefix(f"{cards / file}:").partition(":")[0].isdigit()
    assert says in said


def test_a_file_that_is_not_utf_8_is_refused(cards: Path) -> None:
    (cards / "potassium.md").write_bytes(b"---\nid: \xff\n---\n")
    assert "potassium.md:1: not UTF-8 text. Save the file as UTF-8" in refusal(cards)


def test_files_with_windows_line_ends_load(cards: Path) -> None:
    path = cards / "potassium.md"
    before = load_cards(cards).cards["potassium"].sections
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_cards(cards).cards["potassium"].sections == before


def test_a_folder_without_cards_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        assert "no card files there. Point CDS_CARDS_DIR" in refusal(folder)


def test_a_passed_review_date_is_no_error(cards: Path) -> None:
    spoil(cards / "potassium.md", "review_due: 2027-12-01", "review_due: 2001-01-01")
    assert load_cards(cards).cards["potassium"].written.review_due.year == 2001


def test_a_rule_can_have_dates_of_its_own(cards: Path) -> None:
    own = "{owner: Dr A. Example, version: 1.1.0, reviewed: 2027-02-01, review_due: 2027-08-01}"
    spoil(cards / "_rules.md", "rule_sets:\n", f"rules:\n  critical/dvt: {own}\nrule_sets:\n")
    rules = load_cards(cards).rules
    assert rules["critical/dvt"].review_due == date(2027, 8, 1)
    assert rules["critical"].owner != "Dr A. Example"


SHARED = (
    "_shared.md",
    "_causes.md",
    "_rules.md",
    "_watch-words.md",
    "_new-entry.md",
    "_appointment.md",
    "_discharge.md",
)


@pytest.mark.parametrize("name", [*SHARED, "potassium.md"])
def test_what_a_site_leaves_out_is_taken_from_the_shipped_cards_and_named(name: str, cards: Path) -> None:
    (cards / name).unlink()
    assert name.removesuffix(".md") in refusal(cards), "without the shipped ones it is missing"
    assert load_cards(cards, CARDS).cards.keys() == FILES.cards.keys()
    assert list(missing_files(cards, CARDS)) == [name]


def test_the_words_of_a_site_win_over_the_shipped_ones(cards: Path, tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    shutil.copy(cards / "potassium.md", own)
    loaded = load_cards(own, CARDS)
    assert loaded.cards["potassium"].written.owner == "Dr A. Example"
    assert loaded.cards["muscle"].path == CARDS / "muscle.md"
    assert len(missing_files(own, CARDS)) == len(FILES.cards) + len(SHARED) - 1
