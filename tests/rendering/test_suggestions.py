"""Which suggestions stand on a card, in which order, and under which names feedback can tell them apart."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace as changed
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import fhirkit
import msgspec
import pytest
from fhir.resources.R4B import get_fhir_model_class
from msgspec.structs import replace

from cds_service.app import hook_services
from cds_service.assessment.next_steps import NAMES, NextStep
from cds_service.assessment.rules import Level
from cds_service.assessment.triage import Assessment
from cds_service.cli.assess import read_nothing
from cds_service.fhir.value_sets import Terminology
from cds_service.hooks.chart_request import chart_request
from cds_service.hooks.context import read_call
from cds_service.hooks.prefetch import chart_needs
from cds_service.rendering.render import Renderer
from cds_service.sample_patients import load_samples
from cds_service.security.caller import NOBODY
from cds_service.settings import load_settings
from cds_service.wire import Suggestion
from tests.rendering.by_hand import CIRCUMSTANCES, FILES, GUIDANCE_URL, RENDERER, assessment, card, elsewhere, finding
from tests.rendering.test_drafts import empty_members
from tests.rendering.test_golden_cards import OEDEMA, RULES

ULTRASOUND, D_DIMER, PROBLEM = "proximal-leg-vein-ultrasound", "d-dimer", "suspected-diagnosis"
LABELS = {name: words.label for name, words in FILES.shared.suggestions.items()}
FIXTURES = Path(__file__).parents[2] / "fhir_fixtures"
SAMPLES = {sample.name: sample.bundle for sample in load_samples(FIXTURES)}
ON_THAT_DAY = datetime(2026, 11, 2, 12, tzinfo=UTC)
SERVICE = hook_services(load_settings(), read_nothing, FILES)[0]
NEEDS = chart_needs(Terminology().measurement_codes())


def possible_dvt(*names: str, preferred: str = "") -> Assessment:
    """The card possible-dvt, whose file offers the ultrasound, D-dimer and the problem list, in this order."""
    steps = tuple(NextStep(name, name == preferred) for name in names)
    return assessment(finding(RULES["wells"], OEDEMA), next_steps=steps)


def suggestions(of: Assessment) -> list[Suggestion]:
    return card(of).suggestions or []


def labels(of: Assessment) -> list[str]:
    return [each.label for each in suggestions(of)]


def test_the_order_is_that_of_the_card_file() -> None:
    assert labels(possible_dvt(*reversed(NAMES))) == [LABELS[each] for each in (ULTRASOUND, D_DIMER, PROBLEM)]


def test_what_the_record_speaks_against_is_left_out() -> None:
    assert labels(possible_dvt(ULTRASOUND, PROBLEM)) == [LABELS[ULTRASOUND], LABELS[PROBLEM]]


def test_what_the_card_does_not_offer_is_left_out() -> None:
    assert labels(possible_dvt("creatine-kinase", "patient-instructions")) == []


def test_recommended_is_what_a_source_puts_first_among_several() -> None:
    shown = suggestions(possible_dvt(*NAMES, preferred=ULTRASOUND))
    assert [each.isRecommended for each in shown] == [True, False, False]
    assert not any(each.isRecommended for each in suggestions(possible_dvt(*NAMES)))


def test_a_suggestion_without_alternative_is_not_called_recommended() -> None:
    assert [each.isRecommended for each in suggestions(possible_dvt(ULTRASOUND, preferred=ULTRASOUND))] == [False]


def test_uuids_are_stable_per_call_card_and_suggestion() -> None:
    made = possible_dvt(*NAMES)
    first = [each.uuid for each in suggestions(made)]
    assert [uuid.UUID(each).version for each in first] == [5, 5, 5]
    assert first == [each.uuid for each in suggestions(made)]
    [other] = RENDERER.render(made, replace(CIRCUMSTANCES, hook_instance="another call"))
    again = [each.uuid for each in other.suggestions or ()]
    assert len({*first, *again, card(made).uuid, other.uuid}) == 8


def test_the_uuid_does_not_depend_on_what_else_is_offered() -> None:
    [alone] = suggestions(possible_dvt(PROBLEM))
    assert alone.uuid == suggestions(possible_dvt(*NAMES))[-1].uuid


def test_a_card_without_suggestions_has_no_selection_behaviour() -> None:
    sent = msgspec.json.decode(msgspec.json.encode(card(possible_dvt())))
    assert sent.keys().isdisjoint({"suggestions", "selectionBehavior"})
    assert card(possible_dvt(ULTRASOUND)).selectionBehavior == "any"


def test_the_reasons_are_conditions_of_the_chart_each_once() -> None:
    """No reference to what is no Condition, and none where the chart gave no id."""
    made = assessment(
        finding(RULES["d-dimer"], elsewhere("d-dimer", "Observation/d"), OEDEMA, elsewhere("dvt", "Condition/")),
        next_steps=(NextStep(ULTRASOUND),),
    )
    [suggestion] = suggestions(made)
    assert resource(suggestion)["reasonReference"] == [
        {"reference": "Condition/pain"},
        {"reference": "Condition/oedema"},
    ]


def test_a_draft_names_the_first_reasons_of_very_many() -> None:
    """Of the complaint and of what decides, so that neither crowds out the other."""
    many = {name: tuple(elsewhere("dvt", f"Condition/{name}-{n}") for n in range(5000)) for name in ("pain", "dvt")}
    made = assessment(finding(RULES["d-dimer"], *many["dvt"]), next_steps=(NextStep(ULTRASOUND),))
    [suggestion] = suggestions(changed(made, complaint=many["pain"]))
    names = [each["reference"] for each in resource(suggestion)["reasonReference"]]
    assert names == [f"Condition/{name}-{n}" for name in ("pain", "dvt") for n in range(10)]


def test_without_a_condition_the_complaint_is_named() -> None:
    made = changed(possible_dvt(ULTRASOUND), complaint=(elsewhere("cramp", "Observation/1"),), findings=())
    made = changed(made, next_steps=(NextStep("patient-instructions"),), level=Level.INFO)
    [suggestion] = suggestions(made)
    assert resource(suggestion)["reasonCode"] == [{"text": "calf cramp"}]


def resource(suggestion: Suggestion) -> dict[str, Any]:
    assert suggestion.actions is not None
    [action] = suggestion.actions
    assert action.resource is not None
    return action.resource


@pytest.mark.parametrize("name", NAMES)
def test_every_suggestion_is_offered_by_a_card(name: str) -> None:
    assert [each.id for each in FILES.cards.values() if name in each.suggestions]


def test_cards_of_a_threat_to_limb_or_life_offer_nothing() -> None:
    threats = ("limb-ischaemia", "compartment-syndrome", "pulmonary-embolism", "tissue", "necrotising-infection")
    assert [name for name in (*threats, "infection-sepsis", "dvt") if FILES.cards[name].suggestions] == []


def test_the_guidance_address_of_the_setting_reaches_the_patient() -> None:
    made = assessment(next_steps=(NextStep("patient-instructions"),))
    [other] = Renderer(FILES, "https://hospital.example/calf").render(made, CIRCUMSTANCES)
    for shown, url in ((card(made), GUIDANCE_URL), (other, "https://hospital.example/calf")):
        [suggestion] = shown.suggestions or []
        assert resource(suggestion)["payload"][1]["contentAttachment"]["url"] == url


@pytest.mark.parametrize("name", SAMPLES)
def test_what_a_sample_patient_gets_is_valid_and_never_more_than_three(name: str) -> None:
    request = chart_request(SAMPLES[name], NEEDS)
    call = read_call(msgspec.json.encode(request), "patient-view")
    for made in asyncio.run(SERVICE.handle(call, NOBODY, ON_THAT_DAY)).cards:
        sent = msgspec.json.decode(msgspec.json.encode(made))
        assert empty_members(sent) == []
        assert ("suggestions" in sent) == ("selectionBehavior" in sent)
        assert len(sent.get("suggestions", [])) <= 3
        assert sum(each.get("isRecommended", False) for each in sent.get("suggestions", [])) <= 1
        given = {
            f"{entry['resource']['resourceType']}/{entry['resource'].get('id')}" for entry in SAMPLES[name]["entry"]
        }
        for suggestion in sent.get("suggestions", []):
            [action] = suggestion["actions"]
            drafted = action["resource"]
            get_fhir_model_class(drafted["resourceType"]).model_validate(drafted)
            assert [str(issue) for issue in fhirkit.validate(drafted)] == []
            assert drafted["subject"]["reference"] in given
            assert {each["reference"] for each in drafted.get("reasonReference", [])} <= given
