"""What is filled per call is valid R4, whatever the ids, sides and times: two judges that are not ours say so."""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import fhirkit
import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings
from hypothesis import strategies as st

from cds_service.assessment.rules.precautions import STEPS
from cds_service.assessment.rules.steps import INSTRUCTIONS, NAMES, SUSPECTED_DIAGNOSIS, ULTRASOUND
from cds_service.circumstances import Circumstances
from cds_service.code_systems import mod_10, verhoeff
from cds_service.facts import Side
from cds_service.rendering import draft_codes
from cds_service.rendering.draft_codes import Code
from cds_service.rendering.drafts import Particulars
from cds_service.rendering.suggestions import Suggestions, stable_uuid
from tests.charts import AS_OF, PATIENT_ID, patient, read
from tests.fhir.test_value_sets_content import SETS, listed
from tests.rendering.by_hand import CIRCUMSTANCES, FILES, GUIDANCE_URL

SUGGESTIONS = Suggestions(FILES.shared, GUIDANCE_URL)
CODES = {
    code.code: code
    for value in vars(draft_codes).values()
    for code in (value if isinstance(value, tuple) else (value,))
    if isinstance(code, Code)
}
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"

ids = st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True)
users = st.builds("{}/{}".format, st.sampled_from(["Practitioner", "PractitionerRole"]), ids)
moments = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 the zone is drawn beside it
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, ZoneInfo("Europe/London"), ZoneInfo("America/St_Johns"), ZoneInfo("Asia/Kolkata")]),
)
calls = st.builds(
    Particulars,
    st.builds(Circumstances, st.uuids().map(str), ids, users, moments, st.none() | ids),
    st.sampled_from(Side),
    st.lists(ids.map("Condition/{}".format), max_size=5),
    st.sampled_from(["", "calf pain"]),
    st.lists(st.sampled_from(STEPS), unique=True),
)


def draft(name: str, call: Particulars) -> dict[str, Any]:
    """The resource of the one action of this suggestion."""
    actions = SUGGESTIONS.suggest(name, call, "key").actions
    assert actions is not None
    [action] = actions
    assert (action.type, action.resourceId) == ("create", None)
    assert action.description
    assert action.resource is not None
    return action.resource


def empty_members(value: Any) -> list[Any]:
    """What GEN-2 of CDS Hooks forbids: null and empty members, however deep."""
    if isinstance(value, dict | list):
        inside = list(value.values()) if isinstance(value, dict) else value
        return [each for member in inside for each in empty_members(member)] if value else [value]
    return [value] if value in (None, "") else []


@given(calls, st.sampled_from(NAMES))
@settings(deadline=None, database=None, max_examples=100)
def test_every_draft_is_valid_r4(call: Particulars, name: str) -> None:
    resource = draft(name, call)
    get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    assert [str(issue) for issue in fhirkit.validate(resource)] == []
    assert empty_members(resource) == []
    assert "id" not in resource


@given(calls, st.sampled_from(NAMES))
@settings(deadline=None, database=None)
def test_a_draft_says_about_whom_by_whom_and_when(call: Particulars, name: str) -> None:
    resource = draft(name, call)
    author = resource["recorder"] if name == SUSPECTED_DIAGNOSIS else resource["requester"]
    when = resource["recordedDate"] if name == SUSPECTED_DIAGNOSIS else resource["authoredOn"]
    assert (resource["subject"], author, when) == (call.subject, call.author, call.moment)
    assert resource.get("encounter") == call.encounter


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_more_than_a_draft(name: str) -> None:
    """request-status, request-intent and condition-ver-status are required bindings of R4."""
    resource = draft(name, Particulars(CIRCUMSTANCES, Side.LEFT))
    match resource["resourceType"]:
        case "ServiceRequest":
            assert (resource["status"], resource["intent"]) == ("draft", "proposal")
        case "CommunicationRequest":
            assert resource["status"] == "draft"
        case _:
            assert codes(resource["verificationStatus"]) == ["unconfirmed"]
            assert codes(resource["clinicalStatus"]) == ["active"]
            assert [codes(each) for each in resource["category"]] == [["problem-list-item"]]


def codes(concept: dict[str, Any]) -> list[str]:
    return [coding["code"] for coding in concept["coding"]]


@pytest.mark.parametrize(
    ("side", "expected"),
    [
        (Side.LEFT, ["32153003"]),
        (Side.RIGHT, ["62175007"]),
        (Side.BOTH, ["32153003", "62175007"]),
        (Side.NOT_STATED, []),
    ],
)
@pytest.mark.parametrize("name", [ULTRASOUND, SUSPECTED_DIAGNOSIS])
def test_the_side_is_the_body_site(name: str, side: Side, expected: list[str]) -> None:
    resource = draft(name, Particulars(CIRCUMSTANCES, side))
    assert [code for site in resource.get("bodySite", []) for code in codes(site)] == expected


def test_why_is_what_the_chart_holds_else_our_words() -> None:
    by_chart = draft(ULTRASOUND, Particulars(CIRCUMSTANCES, Side.LEFT, ["Condition/pain"], "calf pain"))
    assert by_chart["reasonReference"] == [{"reference": "Condition/pain"}]
    assert "reasonCode" not in by_chart
    by_words = draft(ULTRASOUND, Particulars(CIRCUMSTANCES, Side.LEFT, [], "calf pain"))
    assert by_words["reasonCode"] == [{"text": "calf pain"}]
    problem = draft(SUSPECTED_DIAGNOSIS, Particulars(CIRCUMSTANCES, Side.LEFT, ["Condition/pain"]))
    assert problem["evidence"] == [{"detail": [{"reference": "Condition/pain"}]}]


def test_the_patient_is_told_when_to_come_back_where_to_read_and_what_to_leave_out() -> None:
    told = draft(INSTRUCTIONS, Particulars(CIRCUMSTANCES, Side.LEFT, leave_out=["ice", "compression"]))
    text, guidance, leave_out = told["payload"]
    assert text == {"contentString": FILES.shared.suggestions[INSTRUCTIONS].text}
    assert guidance == {"contentAttachment": {"title": FILES.shared.guidance_link, "url": GUIDANCE_URL}}
    assert leave_out["contentString"].endswith("leave out: ice, compression.")
    assert told["recipient"] == [{"reference": "Patient/patient-1"}]
    assert len(draft(INSTRUCTIONS, Particulars(CIRCUMSTANCES, Side.LEFT))["payload"]) == 2


@pytest.mark.parametrize("side", [Side.LEFT, Side.RIGHT, Side.NOT_STATED])
def test_what_is_put_on_the_problem_list_is_read_back_as_suspected_dvt(side: Side) -> None:
    """The service understands its own entry, and so does not suggest it again."""
    circumstances = Circumstances("call", PATIENT_ID, "Practitioner/1", AS_OF)
    entry = draft(SUSPECTED_DIAGNOSIS, Particulars(circumstances, side))
    [fact] = read([{"condition": "sct|404223003", "members": entry}], patient()).facts
    assert (fact.concept, fact.certainty, fact.course, fact.side) == ("dvt", "suspected", "current", side)


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.code)
def test_each_code_has_display_and_provenance_and_the_right_check_digit(code: Code) -> None:
    assert code.display
    assert code.provenance
    if code.system == SNOMED:
        assert verhoeff(code.code)
    elif code.system == LOINC:
        assert mod_10(code.code)
    else:
        assert code.system.startswith("http://terminology.hl7.org/CodeSystem/")


@pytest.mark.parametrize(
    ("code", "value_set"),
    [("2157-6", "creatine-kinase"), ("404223003", "dvt"), ("32153003", "side-left"), ("62175007", "side-right")],
)
def test_codes_that_the_service_also_reads_are_those_of_its_value_sets(code: str, value_set: str) -> None:
    known = {(system, each["code"], each["display"]) for system, each in listed(SETS[value_set], "include")}
    assert (CODES[code].system, code, CODES[code].display) in known


def test_no_order_fixes_the_unit_family_of_a_d_dimer() -> None:
    """48065-7 and 48067-3 are FEU, 48066-5 is DDU, 30240-6 is deprecated."""
    assert CODES.keys().isdisjoint({"48065-7", "48066-5", "48067-3", "30240-6"})


@given(st.text())
def test_a_stable_uuid_is_the_version_5_uuid_of_its_key(key: str) -> None:
    expected = uuid.uuid5(uuid.UUID("6f3b1d52-3a0e-5c62-9b57-0d2f8f6f7c11"), key)
    assert stable_uuid(key) == str(expected)
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", stable_uuid(key))


def test_the_zone_of_the_moment_is_kept() -> None:
    """Without it a draft could land on another day."""
    evening = datetime(2026, 11, 23, 22, 30, 15, 999, ZoneInfo("America/St_Johns"))
    call = Particulars(Circumstances("call", "1", "Practitioner/1", evening), Side.LEFT)
    assert draft(ULTRASOUND, call)["authoredOn"] == "2026-11-23T22:30:15-03:30"
