"""Where on the body, and on which side. What lies elsewhere is not ours."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.assessment.siting import on_the_leg
from cds_service.facts import Side, Site
from cds_service.fhir.placing import SIDES_DIFFER, TEXT_ONLY
from tests.charts import concept, fact_of, facts_of, read

CALF, LOWER_LEG, LEG = "sct|53840002", "sct|30021000", "sct|61685007"
ANKLE, FOOT, THIGH = "sct|344001", "sct|56459004", "sct|68367000"
ARM, FOREARM = "sct|53120007", "sct|14975008"
LEFT_LEG, RIGHT_LEG = "sct|32153003", "sct|62175007"
LEFT, RIGHT, BOTH = "sct|7771000", "sct|24028007", "sct|51440002"
SWELLING = "sct|65124004"  # of no particular place
CALF_PAIN = "sct|300954003"


def body_site(*codes: str, text: str = "") -> dict[str, Any]:
    return {"bodySite": concept(*codes, text=text)}


@pytest.mark.parametrize(
    ("site", "where"),
    [
        (CALF, Site.LOWER_LEG),
        (LOWER_LEG, Site.LOWER_LEG),
        (LEG, Site.LEG),
        (ANKLE, Site.ANKLE),
        (FOOT, Site.FOOT),
    ],
)
def test_a_body_site_places_a_finding(site: str, where: Site) -> None:
    assert fact_of({"observation": SWELLING, "at": -1, "site": site}).site is where
    assert fact_of({"condition": SWELLING, "onset": -1, "site": site}).site is where


@pytest.mark.parametrize("site", [ARM, FOREARM, THIGH])
@pytest.mark.parametrize("code", [SWELLING, "sct|3253007", "loinc|72514-3", "sct|48532005", "sct|44077006"])
def test_a_finding_on_another_part_of_the_body_is_not_ours(code: str, site: str) -> None:
    """Pain there is a concept of its own, which only explains."""
    found = [
        *facts_of({"observation": code, "at": -1, "site": site}),
        *facts_of({"condition": code, "onset": -1, "site": site}),
    ]
    assert [fact for fact in found if fact.concept != "pain-elsewhere"] == []


def test_a_coded_site_that_no_value_set_holds_is_another_part_of_the_body() -> None:
    site = {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}], "text": "left calf"}
    assert facts_of({"observation": SWELLING, "at": -1, "members": {"bodySite": site}}) == []
    assert facts_of({"condition": SWELLING, "onset": -1, "members": {"bodySite": [site]}}) == []


def test_a_site_by_a_code_that_nothing_could_know_says_nothing() -> None:
    site = {"coding": [{"system": "urn:oid:1.2.840.114350.1", "code": "17"}], "text": "left calf"}
    for entry in (
        {"observation": SWELLING, "at": -1, "members": {"bodySite": site}},
        {"condition": SWELLING, "onset": -1, "members": {"bodySite": [site]}},
    ):
        fact = fact_of(entry)
        assert fact.side is Side.NOT_STATED
        assert TEXT_ONLY in fact.remarks


@pytest.mark.parametrize(
    ("code", "where"),
    [
        ("sct|449615005", Site.LOWER_LEG),
        ("sct|449614009", Site.LEG),
        ("sct|26237000", Site.ANKLE),
        ("sct|297142003", Site.FOOT),
        ("icd|M79.661", Site.LOWER_LEG),
        ("icd|M79.605", Site.LEG),
        (SWELLING, Site.NOT_STATED),
    ],
)
def test_a_code_may_say_where(code: str, where: Site) -> None:
    assert fact_of({"condition": code, "onset": -1}).site is where


@pytest.mark.parametrize(
    ("code", "site", "where"),
    [
        ("sct|449614009", CALF, Site.LOWER_LEG),  # the leg, more exactly the calf
        ("sct|449615005", LEG, Site.LOWER_LEG),
        ("sct|449615005", LEFT_LEG, Site.LOWER_LEG),
        (CALF_PAIN, FOOT, Site.LOWER_LEG),
    ],
)
def test_the_more_specific_place_holds(code: str, site: str, where: Site) -> None:
    assert fact_of({"condition": code, "onset": -1, "site": site}).site is where


def test_a_finding_of_the_leg_as_a_whole_that_is_sited_on_the_thigh_is_not_below_the_knee() -> None:
    assert facts_of({"observation": "sct|449614009", "at": -1, "site": THIGH}) == []


@pytest.mark.parametrize("code", ["sct|128053003", "sct|404223003"])
def test_a_thrombosis_of_the_thigh_is_one_of_the_leg(code: str) -> None:
    """The value set says so: a body site on the thigh is still the leg for a deep vein thrombosis."""
    assert fact_of({"condition": code, "onset": -1, "site": THIGH}).site is Site.LEG


def test_a_thrombosis_of_the_left_thigh_is_one_of_the_left_leg() -> None:
    fact = fact_of({"condition": "sct|128053003", "onset": -1, "site": "sct|61396006"})
    assert (fact.site, fact.side) == (Site.LEG, Side.LEFT)


def test_a_thrombosis_of_the_arm_is_not_ours() -> None:
    assert facts_of({"condition": "sct|128053003", "onset": -1, "site": ARM}) == []


def test_one_site_of_several_on_the_leg_is_enough() -> None:
    members = {"bodySite": [concept(ARM), concept(CALF)]}
    assert fact_of({"condition": SWELLING, "onset": -1, "members": members}).site is Site.LOWER_LEG


def test_every_coding_of_a_body_site_is_looked_at() -> None:
    site = {"coding": [{"system": "urn:oid:1.2.840.114350.1", "code": "17"}, *concept(CALF)["coding"]]}
    assert fact_of({"observation": SWELLING, "at": -1, "members": {"bodySite": site}}).site is Site.LOWER_LEG


@pytest.mark.parametrize(
    "entry",
    [
        {"observation": SWELLING, "at": -1, "members": body_site(text="left calf")},
        {"condition": SWELLING, "onset": -1, "members": {"bodySite": [concept(text="left calf")]}},
    ],
)
def test_a_site_given_as_text_is_not_interpreted_and_the_fact_says_so(entry: dict[str, Any]) -> None:
    fact = fact_of(entry)
    assert (fact.site, fact.side) == (Site.NOT_STATED, Side.NOT_STATED)
    assert any("text" in remark for remark in fact.remarks)


@pytest.mark.parametrize(
    ("codes", "sites", "side"),
    [
        ([SWELLING], [LEFT_LEG], Side.LEFT),
        ([SWELLING], [CALF, RIGHT], Side.RIGHT),
        ([SWELLING], [CALF, BOTH], Side.BOTH),
        ([SWELLING], [CALF], Side.NOT_STATED),
        ([SWELLING], [LEFT_LEG, RIGHT_LEG], Side.BOTH),
        ([SWELLING], [CALF, LEFT, RIGHT], Side.BOTH),
        (["icd|M79.661"], [], Side.RIGHT),
        (["icd|M79.662"], [], Side.LEFT),
        (["icd|R22.43"], [], Side.BOTH),
        (["icd|M79.661"], [RIGHT], Side.RIGHT),
        (["sct|762898005"], [], Side.BOTH),
        ([CALF_PAIN, "icd|M79.662"], [], Side.LEFT),
    ],
)
def test_the_side_comes_from_code_and_body_sites(codes: list[str], sites: list[str], side: Side) -> None:
    members = {"bodySite": [concept(each) for each in sites]} if sites else {}
    assert fact_of({"condition": codes, "onset": -1, "members": members}).side is side


def test_an_observation_has_its_side_in_one_body_site_of_several_codings() -> None:
    fact = fact_of({"observation": SWELLING, "at": -1, "site": CALF, "side": "left"})
    assert (fact.site, fact.side) == (Site.LOWER_LEG, Side.LEFT)


def test_a_side_alone_is_no_site() -> None:
    fact = fact_of({"observation": SWELLING, "at": -1, "members": body_site(LEFT)})
    assert (fact.site, fact.side) == (Site.NOT_STATED, Side.LEFT)


@pytest.mark.parametrize(
    ("value", "where", "side"),
    [
        (CALF, Site.LOWER_LEG, Side.NOT_STATED),
        (LEFT_LEG, Site.LEG, Side.LEFT),
        (LEFT, Site.NOT_STATED, Side.LEFT),
    ],
)
def test_a_component_may_place_a_finding(value: str, where: Site, side: Side) -> None:
    members = {"component": [{"code": {"text": "where"}, "valueCodeableConcept": concept(value)}]}
    fact = fact_of({"observation": SWELLING, "at": -1, "members": members})
    assert (fact.site, fact.side) == (where, side)


def test_a_component_elsewhere_takes_the_finding_off_the_leg() -> None:
    members = {"component": [{"code": {"text": "where"}, "valueCodeableConcept": concept(ARM)}]}
    assert facts_of({"observation": SWELLING, "at": -1, "members": members}) == []


def unsited_counts(*beside: dict[str, Any], at: Any = -3, **unsited: Any) -> bool:
    """Does a swelling without a site count as one of the leg, beside these entries?"""
    chart = read([{"observation": SWELLING, "at": at, "id": "unsited", **unsited}, *beside])
    return any(fact.source == "Observation/unsited" for fact in on_the_leg(chart.facts))


@pytest.mark.parametrize(
    ("complaint", "counts"),
    [
        ({"condition": CALF_PAIN, "onset": -10}, True),
        ({"condition": CALF_PAIN, "onset": -3}, True),
        ({"condition": CALF_PAIN}, True),  # undated
        ({"condition": "sct|10601006", "onset": -10}, True),  # leg pain
        ({"condition": "icd|M25.571", "onset": -10}, True),  # ankle pain
        ({"condition": CALF_PAIN, "onset": -1}, False),  # begun after that day
        ({"condition": CALF_PAIN, "onset": -10, "clinical": "resolved"}, False),
        ({"condition": CALF_PAIN, "onset": -10, "verification": "refuted"}, False),
        ({"condition": CALF_PAIN, "onset": -10, "verification": "entered-in-error"}, False),
        ({"observation": CALF_PAIN, "at": "-73h"}, True),
        ({"observation": CALF_PAIN, "at": -4}, True),
        ({"observation": CALF_PAIN, "at": "-47h"}, False),  # more than 24 hours later
        ({"observation": CALF_PAIN, "at": -5}, False),
        ({"observation": CALF_PAIN, "at": -3, "value": False}, False),
        ({"condition": "sct|90834002", "onset": -10}, False),  # pain in a limb that is not named
    ],
)
def test_a_finding_without_a_site_counts_while_a_leg_complaint_is_current(
    complaint: dict[str, Any], counts: bool
) -> None:
    opener = {"condition": "sct|449918009", "onset": -1}
    assert unsited_counts(complaint, opener) is counts


def test_a_finding_without_a_site_counts_in_the_encounter_of_a_leg_finding() -> None:
    opener = {"condition": "sct|449918009", "onset": -1}
    other_day = {"observation": CALF_PAIN, "at": -20, "encounter": "e1"}
    assert unsited_counts(other_day, opener, encounter="e1")
    assert not unsited_counts(other_day, opener, encounter="e2")


def test_a_finding_without_a_site_and_without_a_complaint_does_not_count() -> None:
    assert not unsited_counts()


@pytest.mark.parametrize("entry", [{"condition": "icd|I82.431", "onset": -1}, {"observation": "icd|M79.604", "at": -1}])
def test_a_code_and_a_site_of_different_sides_are_told(entry: dict[str, Any]) -> None:
    """Both legs are looked at, since nobody knows which of the two is right."""
    fact = fact_of({**entry, "site": LEFT_LEG})
    assert (fact.side, SIDES_DIFFER in fact.remarks) == (Side.BOTH, True)
    agreeing = fact_of({**entry, "site": RIGHT_LEG})
    assert (agreeing.side, SIDES_DIFFER in agreeing.remarks) == (Side.RIGHT, False)
