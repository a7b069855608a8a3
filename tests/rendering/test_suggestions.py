"""Which suggestions stand on a card, in which order, and under which names feedback can tell them apart."""

from __future__ import annotations

import uuid
from dataclasses import replace
from typing import Any

import fhirkit
import msgspec
from fhir.resources.R4B import get_fhir_model_class

from cds_service.assessment.assessment import Assessment
from cds_service.assessment.rules.steps import INSTRUCTIONS, NAMES, NextStep
from cds_service.rendering.render import Renderer
from cds_service.wire import Suggestion
from tests.charts import Entry, triage
from tests.rendering.by_hand import APIXABAN, CALF_PAIN, CIRCUMSTANCES, FILES, GUIDANCE_URL, RENDERER, card
from tests.rendering.every_card import every_card
from tests.rendering.test_drafts import empty_members

ULTRASOUND, D_DIMER, PROBLEM = "proximal-leg-vein-ultrasound", "d-dimer", "suspected-diagnosis"
LABELS = {name: words.label for name, words in FILES.shared.suggestions.items()}
CANCER: Entry = {"condition": "icd|C50.919", "onset": -100}
PREVIOUS_DVT: Entry = {"condition": "sct|161508001"}
SUSPECTED: Entry = {"condition": "sct|404223003", "onset": -3, "side": "left", "verification": "provisional"}
PREGNANT: Entry = {"condition": "sct|77386006", "onset": -100}


def possible_dvt(*names: str, preferred: str = "") -> Assessment:
    """The card possible-dvt, whose file offers the ultrasound, D-dimer and the problem list, in this order."""
    steps = tuple(NextStep(name, name == preferred) for name in names)
    return replace(triage([CALF_PAIN, CANCER, PREVIOUS_DVT]), next_steps=steps)


def suggestions(of: Assessment) -> list[Suggestion]:
    return card(of).suggestions or []


def labels(of: Assessment) -> list[str]:
    return [each.label for each in suggestions(of)]


def resource(suggestion: Suggestion) -> dict[str, Any]:
    assert suggestion.actions is not None
    [action] = suggestion.actions
    assert action.resource is not None
    return action.resource


def test_the_order_is_that_of_the_card_file_and_what_it_does_not_offer_is_left_out() -> None:
    assert labels(possible_dvt(*reversed(NAMES))) == [LABELS[each] for each in (ULTRASOUND, D_DIMER, PROBLEM)]
    assert labels(possible_dvt("creatine-kinase", INSTRUCTIONS)) == []


def test_what_the_record_speaks_against_is_left_out() -> None:
    likely = [CALF_PAIN, CANCER, PREVIOUS_DVT]
    assert labels(triage([CALF_PAIN, SUSPECTED])) == [LABELS[ULTRASOUND], LABELS[D_DIMER]], "DVT is on the list already"
    assert labels(triage(likely)) == [LABELS[ULTRASOUND], LABELS[PROBLEM]], "scan first"
    assert LABELS[D_DIMER] not in labels(triage([CALF_PAIN, SUSPECTED, APIXABAN])), "it may mislead"
    assert LABELS[D_DIMER] not in labels(triage([CALF_PAIN, SUSPECTED, PREGNANT])), "it rises by itself"
    asked = {"observation": "loinc|48065-7", "at": -1, "value": 300, "unit": "ng/mL{FEU}", "high": 500}
    assert LABELS[D_DIMER] not in labels(triage([CALF_PAIN, SUSPECTED, asked])), "it is there"


def test_recommended_is_what_a_source_puts_first_among_several() -> None:
    shown = suggestions(possible_dvt(*NAMES, preferred=ULTRASOUND))
    assert [each.isRecommended for each in shown] == [True, False, False]
    assert not any(each.isRecommended for each in suggestions(possible_dvt(*NAMES)))
    assert not any(each.isRecommended for each in suggestions(possible_dvt(ULTRASOUND, preferred=ULTRASOUND)))


def test_uuids_are_stable_per_call_card_and_suggestion() -> None:
    made = possible_dvt(*NAMES)
    first = [each.uuid for each in suggestions(made)]
    assert [uuid.UUID(each).version for each in first] == [5, 5, 5]
    assert first == [each.uuid for each in suggestions(made)]
    [other] = RENDERER.render(made, msgspec.structs.replace(CIRCUMSTANCES, hook_instance="another call"))
    again = [each.uuid for each in other.suggestions or ()]
    assert len({*first, *again, card(made).uuid, other.uuid}) == 8
    [alone] = suggestions(possible_dvt(PROBLEM))
    assert alone.uuid == first[-1], "it does not depend on what else is offered"


def test_a_card_without_suggestions_has_no_selection_behaviour() -> None:
    sent = msgspec.json.decode(msgspec.json.encode(card(possible_dvt())))
    assert sent.keys().isdisjoint({"suggestions", "selectionBehavior"})
    assert card(possible_dvt(ULTRASOUND)).selectionBehavior == "any"


def test_the_reasons_are_conditions_of_the_chart_the_complaint_first() -> None:
    [first, *_] = suggestions(triage([{**CALF_PAIN, "id": "pain"}, {**SUSPECTED, "id": "dvt"}]))
    assert resource(first)["reasonReference"] == [{"reference": "Condition/pain"}, {"reference": "Condition/dvt"}]


def test_a_draft_names_the_first_reasons_of_very_many() -> None:
    """Of the complaint and of what decides, so that neither crowds out the other."""
    pains = [{**CALF_PAIN, "id": f"pain-{number}"} for number in range(40)]
    suspected = [{**SUSPECTED, "id": f"dvt-{number}"} for number in range(40)]
    [first, *_] = suggestions(triage([*pains, *suspected]))
    names = [each["reference"].partition("-")[0] for each in resource(first)["reasonReference"]]
    assert names == ["Condition/pain"] * 10 + ["Condition/dvt"] * 10


def test_without_a_condition_the_complaint_is_named() -> None:
    [only] = suggestions(triage([{"observation": "sct|449918009", "at": -1}]))
    assert resource(only)["reasonCode"] == [{"text": "calf cramp"}]


def test_every_suggestion_is_offered_by_a_card() -> None:
    offered = {name for each in FILES.cards.values() for name in each.suggestions}
    assert offered == set(NAMES)


def test_cards_of_a_threat_to_limb_or_life_offer_nothing() -> None:
    threats = ("limb-ischaemia", "compartment-syndrome", "pulmonary-embolism", "tissue", "necrotising-infection")
    assert [name for name in (*threats, "infection-sepsis", "dvt") if FILES.cards[name].suggestions] == []


def test_the_guidance_address_of_the_setting_reaches_the_patient() -> None:
    made = triage([CALF_PAIN])
    [other] = Renderer(FILES, "https://hospital.example/calf").render(made, CIRCUMSTANCES)
    for shown, url in ((card(made), GUIDANCE_URL), (other, "https://hospital.example/calf")):
        [suggestion] = shown.suggestions or []
        assert resource(suggestion)["payload"][1]["contentAttachment"]["url"] == url


def test_what_any_chart_gets_is_valid_and_never_more_than_three() -> None:
    """By two judges that are not ours; and no draft refers to what the chart does not hold."""
    drafts: dict[str, str] = {}
    for shown in every_card():
        sent = msgspec.json.decode(msgspec.json.encode(shown.card))
        offered = sent.get("suggestions", [])
        assert empty_members(sent) == [], shown.about
        assert ("suggestions" in sent) == ("selectionBehavior" in sent), shown.about
        assert len(offered) <= 3, shown.about
        assert sum(each.get("isRecommended", False) for each in offered) <= 1, shown.about
        given = {fact.source for fact in shown.assessment.record.chart.facts}
        for suggestion in offered:
            [action] = suggestion["actions"]
            named = {each["reference"] for each in action["resource"].get("reasonReference", [])}
            assert named <= given, shown.about
            drafts[_but_for_whom(action["resource"])] = shown.about
    assert len(drafts) > 20
    for text, about in drafts.items():
        drafted = msgspec.json.decode(text)
        get_fhir_model_class(drafted["resourceType"]).model_validate(drafted)
        assert [str(issue) for issue in fhirkit.validate(drafted)] == [], about


def _but_for_whom(drafted: dict[str, Any]) -> str:
    """The draft with the same reasons and patient for all, so that each kind is judged once."""
    same = {"reference": "Condition/1"}
    alike = {**drafted, "subject": {"reference": "Patient/1"}}
    if "reasonReference" in alike:
        alike["reasonReference"] = [same]
    if "evidence" in alike:
        alike["evidence"] = [{"detail": [same]}]
    return msgspec.json.encode(alike).decode()
