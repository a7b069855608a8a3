"""The card files: the real ones are whole, and each kind of fault is refused with its place and remedy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from cds_service.assessment import sources
from cds_service.assessment.citation import Citation
from cds_service.errors import ConfigurationError
from cds_service.rendering.card_files import card_ids, load_cards
from cds_service.rendering.content import CardFile
from cds_service.rendering.summary import all_rules
from tests.rendering.by_hand import CARDS, FILES

BAD = Path(__file__).parent / "bad_cards"
EXPECTED: dict[str, dict[str, Any]] = yaml.safe_load((BAD / "expected.yaml").read_text())
VALUE_SETS = Path(sources.__file__).parents[1] / "value_sets"
# Pages that were read and that no rule cites.
OTHER_PAGES = {
    "https://pmc.ncbi.nlm.nih.gov/articles/PMC4655731/",
    "https://www.nice.org.uk/guidance/qs52/chapter/Quality-statement-3-Supervised-exercise-programmes",
}


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    """A copy of the real cards, to be spoilt."""
    return Path(shutil.copytree(CARDS, tmp_path / "cards"))


def test_every_rule_has_its_card() -> None:
    assert [rule.id for rule in all_rules() if rule.card not in FILES.cards] == []


def test_the_ids_are_those_that_the_assessment_uses() -> None:
    expected = {
        *("limb-ischaemia", "compartment-syndrome", "pulmonary-embolism", "dvt", "muscle"),
        *("tissue", "necrotising-infection"),
        *("red-flags", "bleeding", "limb-sign", "possible-dvt", "pregnancy", "known-dvt", "arterial", "achilles"),
        "superficial-thrombosis",
        *("infection", "infection-sepsis", "arterial-rest-pain", "potassium", "no-red-flag", "not-assessed"),
        *("draft-nsaid", "draft-nsaid-unread", "draft-nsaid-pregnancy", "draft-statin", "draft-statin-pain"),
        *("draft-d-dimer", "draft-d-dimer-pregnancy", "draft-d-dimer-anticoagulant"),
        *("draft-ultrasound", "draft-duplicate", "draft-compression", "draft-compression-arterial"),
    }
    assert expected == card_ids() == FILES.cards.keys()


def test_files_are_named_after_their_card() -> None:
    assert [card.path.name for card in FILES.cards.values() if card.path.stem != card.id] == []


@pytest.mark.parametrize("card", FILES.cards.values(), ids=lambda card: card.id)
def test_links_lead_only_to_pages_that_were_read(card: CardFile) -> None:
    cited = {value.url for value in vars(sources).values() if isinstance(value, Citation)}
    urls = {link.url for link in card.links} | ({card.source.url} if card.source.url else set())
    assert set() == urls - cited - OTHER_PAGES


@pytest.mark.parametrize("card", FILES.cards.values(), ids=lambda card: card.id)
def test_override_reasons_are_codings_with_display(card: CardFile) -> None:
    assert 4 <= len(card.override_reasons) <= 6
    for reason in card.override_reasons:
        assert reason.display
        assert reason.system == "https://calf-pain-cds.example/fhir/CodeSystem/override-reason"


@pytest.mark.parametrize("card", FILES.cards.values(), ids=lambda card: card.id)
def test_reviews_fall_due_after_they_were_done(card: CardFile) -> None:
    assert card.written.reviewed < card.written.review_due


def test_every_finding_that_the_service_knows_has_words() -> None:
    """Questions, answers, qualifiers, sides and sites never stand alone on a card."""
    spoken = set()
    for path in VALUE_SETS.glob("*.json"):
        kinds = [each["valueCode"] for each in json.loads(path.read_text())["extension"] if "valueCode" in each]
        if not set(kinds) & {"question", "answer", "qualifier", "side", "site"}:
            spoken.add(path.stem)
    assert len(spoken) > 50
    assert set() == spoken - FILES.shared.findings.keys()


def test_each_bad_card_is_expected() -> None:
    assert {path.stem for path in BAD.glob("*.md")} == EXPECTED.keys()


@pytest.mark.parametrize("fault", EXPECTED)
def test_a_faulty_card_is_refused_with_file_line_and_remedy(fault: str, cards: Path) -> None:
    expected = EXPECTED[fault]
    spoilt = cards / expected.get("in place of", "potassium.md")
    shutil.copy(BAD / f"{fault}.md", spoilt)
    with pytest.raises(ConfigurationError) as refusal:
        load_cards(cards)
    text = str(refusal.value)
    assert text.startswith(f"{spoilt}:{expected['line']}: ")
    assert expected["says"] in text
    assert text.count(". ") >= 1, "a remedy follows the problem"


def test_a_card_that_a_rule_names_must_be_there(cards: Path) -> None:
    (cards / "potassium.md").unlink()
    with pytest.raises(ConfigurationError, match=r"no file has the id potassium.*Add that card"):
        load_cards(cards)


def test_a_file_that_is_not_utf_8_is_refused(cards: Path) -> None:
    (cards / "potassium.md").write_bytes(b"---\nid: \xff\n---\n")
    with pytest.raises(ConfigurationError, match=r"potassium\.md:1: not UTF-8 text"):
        load_cards(cards)


def test_files_with_windows_line_ends_load(cards: Path) -> None:
    path = cards / "potassium.md"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert FILES.cards["potassium"].why == load_cards(cards).cards["potassium"].why


def test_a_folder_without_cards_is_refused(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(ConfigurationError, match=r"no card files there\. Point CDS_CARDS_DIR"):
            load_cards(folder)


def test_the_shared_words_must_be_there(cards: Path) -> None:
    (cards / "_shared.md").unlink()
    with pytest.raises(ConfigurationError, match=r"_shared\.md: file is missing"):
        load_cards(cards)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("**Limits:** {limits}", "", "the frame has no {limits}"),
        ('"Patient guidance: Calf Muscle Pain (Cleveland Clinic)"', '" "', "guidance_link is empty"),
        ("{why}", "{why} {reason}", "unknown placeholder {reason}"),
        ("Data as of {as_of}", "Data as of {now}", "unknown placeholder {now}"),
        ("  ice:", "  cold:", "home_care has no words for ice"),
        ("  child: ultrasound", "  boy: ultrasound", "dvt_steps has not the right names"),
        ("  child: ultrasound", "  child: ultrasound {age}", "unknown placeholder {age}"),
        ("  child: ultrasound", f"  child: {'x' * 140} ultrasound", "empty, or 140 characters or more: xxx"),
        ("  creatine-kinase:\n    label", "  ck:\n    label", "suggestions has no words for creatine-kinase"),
        ("\ncomplaints:", "  mri: {label: MRI, description: MRI, text: MRI}\n\ncomplaints:", "unknown suggestion mri"),
        ("    text: Creatine kinase", '    text: " "', "creatine-kinase has an empty text"),
        ('creatine kinase"\n', f'{"x" * 60}"\n', "the label of creatine-kinase is too long"),
        ("leg veins ({side})", "leg veins ({leg})", "unknown placeholder {leg}"),
        ("leave out: {steps}.", "leave out some of it.", "leave_out of patient-instructions does not say {steps}"),
        ("leave out: {steps}.", "leave out: {side}.", "unknown placeholder {side}"),
        ("  other: leg complaint", "  none: leg complaint", "complaints has no words for other"),
        ("bedridden: bedridden", f"bedridden: {'x' * 45}", "more than 44 characters"),
        ("bedridden: bedridden", "bedridden: <i>in bed</i>", "HTML in a card"),
        ("  colour:", "  hue:", "front matter in limits: object contains unknown field `hue`"),
    ],
)
def test_faulty_shared_words_are_refused(old: str, new: str, says: str, cards: Path) -> None:
    path = cards / "_shared.md"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(ConfigurationError) as refusal:
        load_cards(cards)
    assert str(refusal.value).startswith(f"{path}:")
    assert says in str(refusal.value)


def test_a_passed_review_date_is_no_error(cards: Path) -> None:
    path = cards / "potassium.md"
    path.write_text(path.read_text().replace("review_due: 2027-11-23", "review_due: 2001-01-01"))
    assert load_cards(cards).cards["potassium"].written.review_due.year == 2001
