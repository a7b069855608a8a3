"""The thirteen source attributes, and that the answers are true of the code."""

from __future__ import annotations

from cds_service.app import cards_folder, publication
from cds_service.assessment import sources
from cds_service.assessment.catalogue import RULE_SETS
from cds_service.assessment.citation import Citation
from cds_service.assessment.sources import OURS
from cds_service.fhir.resources import Patient, Resource
from cds_service.publishing.source_attributes import SourceAttribute, source_attributes
from cds_service.rendering.card_files import load_cards
from cds_service.settings import Settings, load_settings


def attributes(settings: Settings | None = None) -> dict[str, SourceAttribute]:
    settings = settings or load_settings()
    return {each.id: each for each in source_attributes(publication(settings, load_cards(cards_folder(settings))))}


STANDARD = attributes()


def test_there_are_thirteen_each_answered() -> None:
    assert [each.number for each in STANDARD.values()] == list(range(1, 14))
    for each in STANDARD.values():
        assert each.answer.endswith(".")
        assert (each.used is None) == (each.number <= 4)
        assert each.used is None or each.answer.startswith("Used. " if each.used else "Not used: ")


def test_what_is_not_used_is_not_read_of_the_patient() -> None:
    """No gender, no communication, and no extension, where race, ethnicity, birth sex and gender identity would be."""
    read = set(Patient.__struct_encode_fields__)
    assert read - set(Resource.__struct_fields__) == {
        "birthDate",
        "deceasedBoolean",
        "deceasedDateTime",
        "_deceasedDateTime",
    }
    assert read.isdisjoint({"gender", "communication", "extension", "maritalStatus"})
    assert {each.id for each in STANDARD.values() if each.used} == {"date-of-birth", "health-status-assessments"}


def test_every_source_of_a_rule_is_cited_and_no_other() -> None:
    of_rules = {rule.source for each in RULE_SETS for rule in each.rules} - {OURS}
    cited = STANDARD["citation"].citations
    assert set(cited) == of_rules
    assert len(cited) == len(of_rules)
    assert of_rules <= {each for each in vars(sources).values() if isinstance(each, Citation)}


def test_what_nobody_has_stated_is_said_to_be_so() -> None:
    assert STANDARD["funding"].answer.startswith("Not stated")
    assert "states nothing of itself" in STANDARD["developer"].answer


def test_what_the_operator_states_and_has_changed_is_said() -> None:
    own = attributes(
        load_settings(developer="North Hospital.", funding="North Trust.", thresholds={"severe_pain_score": 8})
    )
    assert own["funding"].answer == "North Trust."
    assert own["developer"].answer.startswith("North Hospital. Code and rules: ")
    assert "numbers of its own: severe_pain_score." in own["developer"].answer
    assert own["dates"].answer != STANDARD["dates"].answer


def test_what_is_switched_off_is_said() -> None:
    assert (
        "Switched off at this site: smoking (a risk of arterial disease)."
        in attributes(load_settings(disabled_rules=("smoking",)))["developer"].answer
    )
