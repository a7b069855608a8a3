"""Which card, at which level, with which sections."""

from __future__ import annotations

import uuid

import msgspec
import pytest
from msgspec.structs import replace

from cds_service.assessment.rules import Level, Rule
from cds_service.assessment.triage import Assessment
from cds_service.facts import Gap, Topic
from cds_service.rendering.case import card_id
from cds_service.rendering.render import Renderer
from cds_service.rendering.summary import all_rules
from tests.rendering.by_hand import (
    CIRCUMSTANCES,
    FILES,
    GUIDANCE_URL,
    RENDERER,
    assessment,
    card,
    fact,
    finding,
)

RULES = {rule.id: rule for rule in all_rules()}
CAPPED = Renderer(FILES, GUIDANCE_URL, "warning")
COLD = fact("cold-limb", "Observation/cold", 1, display="Cold foot")
UNREAD = Gap(Topic.OBSERVATIONS, "the EHR reported an error")


def test_no_card_where_there_is_nothing_to_say() -> None:
    assert RENDERER.render(Assessment(Level.NONE), CIRCUMSTANCES) == []


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
@pytest.mark.parametrize("level", [Level.WARNING, Level.CRITICAL])
def test_each_finding_gets_its_card_at_its_own_level(rule: Rule, level: Level) -> None:
    """A critical rule whose date is uncertain comes as a warning with the same card."""
    made = assessment(finding(rule, COLD, level=level))
    assert level.name.lower() == card(made).indicator
    assert card(made, CAPPED).indicator == "warning"


def test_the_cap_changes_the_indicator_only() -> None:
    made = assessment(finding(RULES["dvt"], fact("dvt", "Condition/1"), level=Level.CRITICAL))
    assert msgspec.structs.replace(card(made), indicator="warning") == card(made, CAPPED)
    assert card(assessment(), CAPPED).indicator == "info"


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (assessment(), "no-red-flag"),
        (assessment(gaps=(UNREAD,)), "not-assessed"),
        (Assessment(Level.INFO, gaps=(UNREAD,)), "not-assessed"),
        (assessment(gaps=(Gap(Topic.MEDICATIONS, "no answer"),)), "no-red-flag"),
        (assessment(finding(RULES["swelling"], COLD), gaps=(UNREAD,)), "red-flags"),
    ],
)
def test_which_card_speaks(made: Assessment, expected: str) -> None:
    """Where what decides could not be read, "no red flag recorded" would be false comfort."""
    assert expected == card_id(made)


def test_the_uuid_is_stable_per_call_and_card() -> None:
    made = assessment(finding(RULES["dvt"], fact("dvt", "Condition/1"), level=Level.CRITICAL))
    first = card(made).uuid
    assert uuid.UUID(first).version == 5
    assert first == card(made).uuid == card(made, CAPPED).uuid
    assert first != card(assessment()).uuid
    assert first != RENDERER.render(made, replace(CIRCUMSTANCES, hook_instance="another call"))[0].uuid


def test_links_begin_with_the_patient_guidance_of_the_setting() -> None:
    made = assessment(finding(RULES["swelling"], COLD))
    [other] = Renderer(FILES, "https://hospital.example/calf").render(made, CIRCUMSTANCES)
    for shown, url in ((card(made), GUIDANCE_URL), (other, "https://hospital.example/calf")):
        assert shown.links is not None
        assert shown.links[0].label == "Patient guidance: Calf Muscle Pain (Cleveland Clinic)"
        assert [url] == [link.url for link in shown.links][:1]
        assert {"absolute"} == {link.type for link in shown.links}


def test_the_source_has_label_url_and_topic() -> None:
    source = card(assessment(finding(RULES["wells"], COLD))).source
    assert (
        source.label,
        source.url,
    ) == ("NICE", "https://www.nice.org.uk/guidance/ng158/chapter/Recommendations")
    assert source.topic is not None
    assert (
        source.topic.system,
        source.topic.code,
        source.topic.display,
    ) == ("http://snomed.info/sct", "300954003", "Pain in calf")


def test_nothing_empty_goes_over_the_wire() -> None:
    """CDS Hooks 2.0.1: optional members without a value are left out."""
    for made in (assessment(), Assessment(Level.INFO, gaps=(UNREAD,))):
        sent = msgspec.json.decode(msgspec.json.encode(card(made)))
        values = [value for part in (sent, sent["source"], *sent["links"]) for value in part.values()]
        assert not any(value in (None, "", [], {}) for value in values)
