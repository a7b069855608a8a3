"""The published resources are valid R4 and complete, hang together, and say no more than is true."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import fhirkit
import pytest
from fhir.resources.R4B import get_fhir_model_class

from cds_service.app import cards_folder, hook_services, publication
from cds_service.assessment import sources
from cds_service.assessment.catalogue import RULE_SETS
from cds_service.assessment.citation import Citation
from cds_service.assessment.rules.clot import DVT
from cds_service.assessment.sources import OURS
from cds_service.cli.assess import read_nothing
from cds_service.knowledge import BASE
from cds_service.publishing.export import to_json
from cds_service.publishing.fhir_resources import bundle, canonical, fhir_resources
from cds_service.publishing.publication import Publication
from cds_service.rendering.card_files import load_cards
from cds_service.settings import Settings, load_settings

CARDS = load_cards(cards_folder(load_settings()))


def published(settings: Settings | None = None) -> Publication:
    return publication(settings or load_settings(), CARDS)


PUBLISHED = published()
RESOURCES = fhir_resources(PUBLISHED)
BY_CANONICAL = {canonical(each): each for each in RESOURCES}
PLANS = [each for each in RESOURCES if each["resourceType"] == "PlanDefinition"]
LIBRARIES = {each["id"]: each for each in RESOURCES if each["resourceType"] == "Library"}


def named(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def inside(value: Any) -> Iterator[Any]:
    """The value and everything in it."""
    yield value
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for member in members:
        yield from inside(member)


def actions(plan: dict[str, Any]) -> list[dict[str, Any]]:
    [group] = plan["action"]
    found: list[dict[str, Any]] = group["action"]
    return found


@pytest.mark.parametrize("resource", [*RESOURCES, bundle(PUBLISHED)], ids=named)
def test_two_judges_that_are_not_ours_find_it_valid(resource: dict[str, Any]) -> None:
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    assert [str(issue) for issue in fhirkit.validate(resource)] == []


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
def test_nothing_in_it_is_empty(resource: dict[str, Any]) -> None:
    assert [each for each in inside(resource) if each in (None, "", [], {})] == []


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
def test_it_has_an_address_of_its_own_and_a_version(resource: dict[str, Any]) -> None:
    assert re.fullmatch(r"[A-Za-z0-9.-]{1,64}", resource["id"])
    assert resource["url"] == f"{BASE}{named(resource)}"
    assert re.fullmatch(r"\d+\.\d+\.\d+(\+[0-9a-f]{12})?", resource["version"])
    assert re.fullmatch(r"[A-Z][A-Za-z0-9_]{0,254}", resource["name"])
    assert resource["publisher"] == "calf-pain-cds"


def test_addresses_are_used_once() -> None:
    assert len({each["url"] for each in RESOURCES}) == len(RESOURCES) == len(BY_CANONICAL)


def test_every_reference_leads_to_a_resource_of_the_same_export() -> None:
    referred = {each for each in inside(RESOURCES) if isinstance(each, str) and each.startswith(BASE) and "|" in each}
    assert referred <= BY_CANONICAL.keys()
    assert {each for plan in PLANS for each in plan["library"]} <= referred


def test_every_value_set_is_there_as_it_is_shipped_and_named_by_a_library() -> None:
    value_sets = {each["id"]: each for each in RESOURCES if each["resourceType"] == "ValueSet"}
    assert value_sets == PUBLISHED.value_sets
    composed = {each["resource"] for each in LIBRARIES["terminology"]["relatedArtifact"]}
    assert composed == {canonical(each) for each in value_sets.values()}


def test_every_rule_is_an_action_with_condition_and_source() -> None:
    assert [plan["id"] for plan in PLANS] == [each.id for each in RULE_SETS]
    for plan, rules in zip(PLANS, RULE_SETS, strict=True):
        assert [(each["id"], each["title"]) for each in actions(plan)] == [(r.id, r.label) for r in rules.rules]
        for action, rule in zip(actions(plan), rules.rules, strict=True):
            [condition] = action["condition"]
            assert condition["kind"] == "applicability"
            assert condition["expression"]["language"] == "text/plain"
            assert condition["expression"]["expression"].endswith(".")
            [source] = action["documentation"]
            assert (source["label"], source.get("url", "")) == (rule.source.label, rule.source.url)
            assert source["type"] == ("documentation" if rule.source is OURS else "citation")


def test_a_page_without_a_date_is_cited_as_undated_and_when_it_was_read() -> None:
    cited = {each["label"]: each["citation"] for each in LIBRARIES["critical"]["relatedArtifact"] if "citation" in each}
    assert cited["NHS Lothian RefHelp"] == (
        "NHS Lothian RefHelp. Pulmonary embolism (suspected): referral guidance. Undated, read 2026-11. (symptoms)"
    )
    assert "British Orthopaedic Association). 2014. (read" in cited["BOAST 2014"]


def test_a_source_has_a_year_or_the_day_on_which_it_was_read() -> None:
    """The year of reading is not the year of the source."""
    every = [each for each in vars(sources).values() if isinstance(each, Citation)]
    assert len(every) > 30
    for each in every:
        assert (each.year is None) == bool(each.read), each.label
        assert each.year is None or each.year < 2026 or each is OURS, each.label


def test_a_plan_and_its_library_cite_what_their_rules_rest_on() -> None:
    for plan in PLANS:
        cited = {each["label"] for action in actions(plan) for each in action["documentation"]}
        library = [each for each in LIBRARIES[plan["id"]]["relatedArtifact"] if each["type"] != "depends-on"]
        assert plan["relatedArtifact"] == library
        assert {each["label"] for each in library} == cited


def test_nothing_claims_approval_or_executable_logic() -> None:
    for each in [*PLANS, *LIBRARIES.values()]:
        assert (each["status"], each["experimental"]) == ("draft", True)
        assert each.keys().isdisjoint({"approvalDate", "content", "date"})
        assert "no CQL" in each["usage"]
    for plan in PLANS:
        written = CARDS.rules[plan["id"]]
        assert plan["lastReviewDate"] == written.reviewed.isoformat()
        assert plan["effectivePeriod"] == {"end": written.review_due.isoformat()}
        assert plan["contact"] == [{"name": written.owner}]


def test_the_events_are_the_hooks_that_there_are() -> None:
    hooks = {each.hook for each in hook_services(load_settings(), read_nothing, CARDS)}
    events = {plan["id"]: {each["name"] for each in plan["action"][0]["trigger"]} for plan in PLANS}
    assert events.pop("draft-orders") == {"order-select", "order-sign"}
    assert all(each == hooks for each in events.values())


def test_a_library_says_which_data_it_reads() -> None:
    for rules in RULE_SETS:
        needs = LIBRARIES[rules.id].get("dataRequirement", [])
        read = {each["codeFilter"][0]["valueSet"] for each in needs}
        clinical = {canonical(PUBLISHED.value_sets[concept]) for concept in rules.concepts}
        assert read == clinical
        assert all(each["codeFilter"][0]["path"] in ("code", "medication") for each in needs)


def test_a_number_that_is_set_here_is_told_beside_its_default() -> None:
    own = fhir_resources(published(load_settings(thresholds={"severe_pain_score": 8})))
    plan, library = [each for each in own if each["id"] == "red-flags"]
    assert "A pain score of 8 of 10" in actions(plan)[0]["condition"][0]["expression"]["expression"]
    [score] = [each for each in library["parameter"] if each["name"] == "severe_pain_score"]
    assert score["documentation"].startswith("8 of 10 (set by this installation; 7 if not). Source: ")
    assert plan["version"] != BY_CANONICAL[PLANS[0]["library"][0]]["version"]


def test_a_rule_that_is_switched_off_is_told() -> None:
    off = fhir_resources(replace(PUBLISHED, off=frozenset({DVT})))
    [plan] = [each for each in off if named(each) == "PlanDefinition/critical"]
    assert [each["id"] for each in actions(plan) if "Switched off" in each["description"]] == ["dvt"]


def test_the_same_knowledge_gives_the_same_bytes() -> None:
    assert to_json(bundle(published())) == to_json(bundle(PUBLISHED))
