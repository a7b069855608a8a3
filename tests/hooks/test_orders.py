"""order-select and order-sign: what draft orders mean beside a chart with a leg complaint."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from cds_service.assessment.assessment import Assessment
from cds_service.explanation.markdown import as_markdown
from cds_service.explanation.model import Explanation, InForce, explain
from cds_service.rendering.words import quoted
from tests.calls import assert_outcome, cards, hook_call, outcome, post_hook, prefetch, reply, searchset
from tests.charts import PATIENT_ID, Entry

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
IBUPROFEN, NAPROXEN, SIMVASTATIN, WARFARIN = "5640", "7258", "36567", "11289"
CANCER: Entry = {"condition": "icd|C50.911", "id": "cancer", "onset": -100}
BEDRIDDEN: Entry = {"condition": "sct|160685001", "id": "bed", "onset": -2}
PAIN: Entry = {"condition": "sct|300954003", "id": "pain", "onset": -3, "side": "left"}
ON_WARFARIN = {"medications": searchset({"medication": f"rx|{WARFARIN}", "id": "warfarin", "at": -30})}
LIKELY = {"conditions": searchset(PAIN, CANCER, BEDRIDDEN)}
PREGNANT = {"conditions": searchset(PAIN, {"condition": "icd|Z33.1", "id": "pregnant", "onset": -60})}
SEVERE = searchset({"observation": "loinc|72514-3", "at": "-2h", "value": 9, "site": "sct|53840002", "side": "left"})
NO_COMPLAINT = {"conditions": searchset(CANCER)}


def concept(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def medicine(code: str, identifier: str = "m1", **members: Any) -> dict[str, Any]:
    drug = {"medicationCodeableConcept": concept(RXNORM, code)}
    return {"resourceType": "MedicationRequest", "id": identifier, "status": "draft", **drug, **members}


def service(system: str, code: str, identifier: str = "s1", **members: Any) -> dict[str, Any]:
    return {"resourceType": "ServiceRequest", "id": identifier, "code": concept(system, code), **members}


D_DIMER = service(SNOMED, "103826007")
ULTRASOUND = service(SNOMED, "312725000")


def sign(client: TestClient, *drafts: Any, **prefetched: Any) -> list[Any]:
    return cards(post_hook(client, "order-sign", {"draftOrders": searchset(*drafts)}, **prefetched))


def judged(*drafts: Any, **prefetched: Any) -> list[Assessment]:
    """What is decided about these drafts: an assessment for each card."""
    return list(reply("order-sign", {"draftOrders": searchset(*drafts)}, **prefetched).assessments)


def explained(assessment: Assessment) -> Explanation:
    return explain(assessment, assessment.record.as_of, InForce("1.0.0"))


def told(client: TestClient, *drafts: Any, **prefetched: Any) -> list[tuple[str, str]]:
    """The level and the gravest rule of each card."""
    levels = [card["indicator"] for card in sign(client, *drafts, **prefetched)]
    return list(zip(levels, [each.raising[0].name for each in judged(*drafts, **prefetched)], strict=bool(levels)))


HOSE = {"resourceType": "DeviceRequest", "id": "h", "codeCodeableConcept": concept(SNOMED, "348681001")}
POOR_SUPPLY = "Draft compression beside arterial disease or signs of it"
BRUISE: Entry = {"condition": "icd|S80.12XA", "id": "bruise", "onset": -1}
NUMB: Entry = {"condition": "sct|309537005", "id": "numb", "onset": "-3h", "side": "left"}
CALF: Entry = {"condition": "sct|300954003", "id": "pain", "onset": -2, "side": "left"}
DVT: Entry = {"condition": "sct|404223003", "id": "dvt", "onset": -2, "side": "left"}


def index(value: float | None) -> Any:
    """An ankle-brachial index of the left leg; without a value it is only flagged as low."""
    entry = {"observation": "loinc|77194-9", "id": "abi", "at": -9, "side": "left"}
    entry |= {"interpretation": "L"} if value is None else {"value": value, "unit": "1"}
    return searchset(entry)


ARTERIAL = {"conditions": searchset(PAIN, {"condition": "icd|I70.212", "id": "pad", "onset": -400})}
CELLULITIS = {"conditions": searchset(PAIN, {"condition": "icd|L03.116", "id": "skin", "onset": -2})}
DONE = {"procedures": searchset({"procedure": "sct|312725000", "id": "scan", "at": -2})}
DONE_LONG_AGO = {"procedures": searchset({"procedure": "sct|312725000", "id": "scan", "at": -20})}
ON_STATIN = searchset({"medication": f"rx|{SIMVASTATIN}", "id": "statin", "at": -60})
HIGH_CK = searchset({"observation": "loinc|2157-6", "id": "ck", "at": -1, "value": 9000, "unit": "U/L"})
OTHER_PATIENT: dict[str, Any] = {"subject": {"reference": "Patient/other"}}


@pytest.mark.parametrize(
    ("drafts", "record", "expected"),
    [
        ([HOSE], ARTERIAL, [("warning", POOR_SUPPLY)]),
        ([service(SNOMED, "401777001")], ARTERIAL, [("warning", POOR_SUPPLY)]),
        ([HOSE], {"measurements": index(0.59)}, [("warning", POOR_SUPPLY)]),
        ([HOSE], {"measurements": index(0.6)}, [("info", "Draft compression, reason to check first")]),
        ([HOSE], {"measurements": index(1.1)}, []),
        ([HOSE], CELLULITIS, [("info", "Draft compression, reason to check first")]),
        ([HOSE], {}, []),
        ([medicine(IBUPROFEN)], ON_WARFARIN, [("warning", "Draft NSAID and an anticoagulant")]),
        ([medicine(IBUPROFEN), medicine(WARFARIN, "m2")], {}, [("warning", "Draft NSAID and an anticoagulant")]),
        ([medicine(IBUPROFEN)], {}, []),
        ([medicine(WARFARIN)], {}, []),
        ([medicine(IBUPROFEN)], {**ON_WARFARIN, **NO_COMPLAINT}, []),
        ([medicine(IBUPROFEN, status="cancelled")], ON_WARFARIN, []),
        ([medicine(IBUPROFEN, **OTHER_PATIENT)], ON_WARFARIN, []),
        ([medicine(IBUPROFEN)], {"medications": outcome()}, [("info", "Draft NSAID; anticoagulant not known")]),
        ([medicine(IBUPROFEN)], PREGNANT, [("warning", "Draft NSAID in pregnancy")]),
        ([D_DIMER], LIKELY, [("warning", "Draft D-dimer, Wells 2 or more from the record")]),
        ([service(LOINC, "48065-7")], LIKELY, [("warning", "Draft D-dimer, Wells 2 or more from the record")]),
        ([D_DIMER], {"conditions": searchset(PAIN, CANCER)}, []),
        ([D_DIMER], PREGNANT, [("warning", "Draft D-dimer in or after pregnancy")]),
        ([D_DIMER], ON_WARFARIN, [("info", "Draft D-dimer under an anticoagulant")]),
        ([ULTRASOUND], DONE, [("info", "Draft leg vein ultrasound, one done lately")]),
        ([ULTRASOUND], DONE_LONG_AGO, []),
        ([ULTRASOUND], {}, []),
        ([D_DIMER, service(LOINC, "48065-7", "s2")], {}, [("info", "More than one of a kind")]),
        ([medicine(SIMVASTATIN)], {"measurements": HIGH_CK}, [("warning", "Draft statin and muscle breakdown")]),
        (
            [medicine(SIMVASTATIN)],
            {"medications": ON_STATIN, "measurements": SEVERE},
            [("info", "Draft statin, severe pain on a statin")],
        ),
        ([service(SNOMED, "710824005"), {"resourceType": "DeviceRequest", "id": "d"}], LIKELY, []),
        ([], LIKELY, []),
    ],
)
def test_what_orders_mean(client: TestClient, drafts: list[Any], record: dict[str, Any], expected: list[Any]) -> None:
    assert told(client, *drafts, **record) == expected


def test_orders_for_two_named_sides_are_two(client: TestClient) -> None:
    left = service(SNOMED, "312725000", bodySite=[concept(SNOMED, "7771000")])
    right = service(SNOMED, "312725000", "s2", bodySite=[concept(SNOMED, "24028007")])
    assert told(client, left, right) == []
    assert told(client, left, {**left, "id": "s3"}) == [("info", "More than one of a kind")]


def test_never_more_than_three_cards_the_most_urgent_first(client: TestClient) -> None:
    drafts = [medicine(IBUPROFEN), medicine(NAPROXEN, "m2"), D_DIMER, ULTRASOUND]
    found = sign(client, *drafts, **LIKELY, **ON_WARFARIN, **DONE)
    assert [card["indicator"] for card in found] == ["warning", "warning", "info"]
    assert len({card["uuid"] for card in found}) == 3


def test_the_card_shows_draft_and_record(client: TestClient) -> None:
    (card,) = sign(client, medicine(IBUPROFEN), **ON_WARFARIN)
    recorded = card["detail"].partition("**Recorded:**")[2]
    assert "NSAID, " in recorded and "anticoagulant, " in recorded
    assert card["detail"].startswith("**Options:**")
    assert len(card["summary"]) < 140
    (assessment,) = judged(medicine(IBUPROFEN), **ON_WARFARIN)
    sources = {fact.source for fact in assessment.raising[0].evidence}
    assert sources == {"MedicationRequest/m1", "MedicationRequest/warfarin"}


def test_the_card_of_a_d_dimer_tells_the_score_as_a_range(client: TestClient) -> None:
    (card,) = sign(client, D_DIMER, **LIKELY)
    assert "Wells 2 or more from the record" in card["summary"]
    assert "Wells items" in card["detail"].partition("**Not found:**")[2]
    (assessment,) = judged(D_DIMER, **LIKELY)
    told = explained(assessment).wells
    assert (told.points, told.least, told.most) == (2, -2, 9)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (PREGNANT, "does not apply: pregnant or in the weeks after birth"),
        (ON_WARFARIN, "0 from the record, possible -2 to 9"),
    ],
)
def test_the_explanation_beside_a_d_dimer_tells_the_score_or_why_there_is_none(
    record: dict[str, Any], words: str
) -> None:
    (assessment,) = judged(D_DIMER, **record)
    assert words in as_markdown(explained(assessment), quoted)


def test_order_select_judges_what_is_selected(client: TestClient) -> None:
    drafts = searchset(medicine(IBUPROFEN), medicine(NAPROXEN, "m2"))

    def select(*selections: str) -> int:
        members = {"draftOrders": drafts, "selections": list(selections)}
        return len(cards(post_hook(client, "order-select", members, **ON_WARFARIN)))

    assert select("MedicationRequest/m1") == 1
    assert select("MedicationRequest/other") == 0
    assert select() == 1, "nothing told apart: all drafts are meant"


def test_what_is_selected_is_judged_in_the_company_of_the_other_drafts(client: TestClient) -> None:
    drafts = searchset(medicine(IBUPROFEN), medicine(WARFARIN, "m2"), medicine(SIMVASTATIN, "m3"))

    def select(*selections: str) -> list[str]:
        members = {"draftOrders": drafts, "selections": list(selections)}
        return [card["indicator"] for card in cards(post_hook(client, "order-select", members))]

    for named in ("MedicationRequest/m1", "MedicationRequest/m2", "https://ehr.example.org/fhir/MedicationRequest/m1"):
        assert select(named) == ["warning"], named
    assert select("MedicationRequest/m3") == []


def test_one_card_for_each_kind_of_draft(client: TestClient) -> None:
    """What else speaks against the same draft stands on its card; what is only doubled shares one."""
    d_dimers = [D_DIMER, {**D_DIMER, "id": "s2"}]
    assert len(sign(client, *d_dimers, **ON_WARFARIN)) == 1
    (both,) = judged(*d_dimers, **ON_WARFARIN)
    assert [each.name for each in both.raising] == ["Draft D-dimer under an anticoagulant", "More than one of a kind"]
    scans = [{**ULTRASOUND, "id": "u1"}, {**ULTRASOUND, "id": "u2"}]
    (doubled,) = judged(*d_dimers, *scans)
    assert [each.name for each in doubled.raising] == ["More than one of a kind"]
    sources = {fact.source for fact in doubled.raising[0].evidence}
    assert {"ServiceRequest/s2", "ServiceRequest/u2"} <= sources


def test_doubled_medicines_are_left_to_the_ehr(client: TestClient) -> None:
    assert sign(client, medicine(IBUPROFEN), medicine(NAPROXEN, "m2")) == []
    assert sign(client, medicine(SIMVASTATIN, "m3"), medications=ON_STATIN) == []


def test_a_medication_in_the_same_bundle_or_contained(client: TestClient) -> None:
    drug = {"resourceType": "Medication", "id": "drug", "code": concept(RXNORM, IBUPROFEN)}
    request = {"resourceType": "MedicationRequest", "id": "m1"}
    pointing = {**request, "medicationReference": {"reference": "Medication/drug"}}
    holding = {**request, "medicationReference": {"reference": "#drug"}, "contained": [drug]}
    for drafts in ([pointing, drug], [holding]):
        assert told(client, *drafts, **ON_WARFARIN) == [("warning", "Draft NSAID and an anticoagulant")]


def test_an_order_not_to_do_something_does_not_count(client: TestClient) -> None:
    assert sign(client, medicine(IBUPROFEN, doNotPerform=True), **ON_WARFARIN) == []
    assert sign(client, {**D_DIMER, "doNotPerform": True}, **LIKELY) == []
    assert sign(client, {**HOSE, "doNotPerform": True}, **ARTERIAL) == []


def test_a_draft_that_names_a_side_is_held_against_that_leg(client: TestClient) -> None:
    def scan(side: str) -> dict[str, Any]:
        return service(SNOMED, "312725000", bodySite=[concept(SNOMED, side)])

    left, right = "7771000", "24028007"
    done = {"procedures": searchset({"procedure": "sct|312725000", "id": "scan", "at": -2, "side": "right"})}
    assert sign(client, scan(left), **done) == []
    assert told(client, scan(right), **done) == [("info", "Draft leg vein ultrasound, one done lately")]
    assert told(client, ULTRASOUND, **done) == [("info", "Draft leg vein ultrasound, one done lately")]
    cold = {"findings": searchset({"observation": "sct|309256001", "at": -1, "side": "left"})}
    hose = service(SNOMED, "401777001", bodySite=[concept(SNOMED, left)])
    assert told(client, hose, **cold) == [("warning", POOR_SUPPLY)]
    other_leg = service(SNOMED, "401777001", bodySite=[concept(SNOMED, right)])
    assert [level for level, _summary in told(client, other_leg, **cold)] == ["info"]


@pytest.mark.parametrize(
    ("measured", "note"),
    [
        ({}, "how severe is not read"),
        ({"measurements": index(0.4)}, "ankle-brachial index 0.4"),
        ({"measurements": index(1.1)}, "ankle-brachial index 1.1"),
        ({"measurements": index(None)}, "how severe is not read"),
    ],
)
def test_compression_beside_arterial_disease_says_the_index_where_there_is_one(
    measured: dict[str, Any], note: str
) -> None:
    (assessment,) = judged(HOSE, **ARTERIAL, **measured)
    assert note in assessment.raising[0].note


@pytest.mark.parametrize(
    ("entries", "severity", "summary"),
    [
        ((BRUISE, NUMB), SEVERE, ("warning", "compartment syndrome in question")),
        (({"condition": "sct|111245009", "onset": -1, "side": "left"},), None, ("warning", "compartment syndrome in ")),
        ((DVT,), None, ("warning", "vein thrombosis, known or suspected")),
        (({**DVT, "verification": "provisional"},), None, ("info", "vein thrombosis, known or suspected")),
    ],
)
def test_compression_names_its_gravest_reason(
    client: TestClient, entries: tuple[Entry, ...], severity: Any, summary: tuple[str, str]
) -> None:
    level, words = summary
    record = {"conditions": searchset(PAIN, *entries), **({"measurements": severity} if severity else {})}
    (card,) = sign(client, HOSE, **record)
    assert card["indicator"] == level
    assert card["summary"].startswith(f"Draft compression; consider first: {words}")
    right = service(SNOMED, "401777001", bodySite=[concept(SNOMED, "24028007")])
    assert [each["indicator"] for each in sign(client, right, **record)] == ["info"]


def test_compression_under_treatment_of_a_dvt_is_no_warning(client: TestClient) -> None:
    assert told(client, HOSE, conditions=searchset(DVT, CALF), **ON_WARFARIN) == [
        ("info", "Draft compression, reason to check first")
    ]


def test_a_draft_for_another_part_of_the_body_does_not_count(client: TestClient) -> None:
    arm = [concept(SNOMED, "53120007")]
    assert sign(client, service(SNOMED, "348681001", bodySite=arm), **ARTERIAL) == []


def test_a_current_medicine_without_a_code_could_be_an_anticoagulant(client: TestClient) -> None:
    unnamed = {"medications": searchset({"medication": "", "text": "blood thinner", "id": "x"})}
    (card,) = sign(client, medicine(IBUPROFEN), **unnamed)
    assert card["indicator"] == "info"
    assert "whether an anticoagulant is taken: `blood thinner` has no code that is read" in card["detail"]
    assert sign(client, ULTRASOUND, **unnamed) == []


def test_the_sandbox_opens_its_form_without_any_draft(client: TestClient) -> None:
    body = hook_call("order-select", prefetch=prefetch())
    body["context"] = {"userId": "Practitioner/example", "patientId": PATIENT_ID}
    assert cards(client.post("/cds-services/calf-pain-order-select", json=body)) == []


SANDBOX = {
    "entry": [
        {"resource": {"resourceType": "MedicationRequest", "id": "request-123", "status": "draft"}},
        {
            "resource": {
                "resourceType": "MedicationRequest",
                "id": "request-124",
                "category": {"coding": [{"code": "community"}]},
                "reasonCode": {"text": "pain"},
                "dosageInstruction": [{"doseAndRate": [{"doseQuantity": {"code": "{pill}"}}]}],
                "medicationCodeableConcept": {"text": "Ibuprofen", "coding": [{"system": RXNORM, "code": IBUPROFEN}]},
            }
        },
        {"resource": {"resourceType": "ServiceRequest", "id": "x", "code": {"coding": [{}]}}},
        {
            "resource": {
                "resourceType": "MedicationOrder",
                "id": "o1",
                "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": NAPROXEN}]},
            }
        },
    ]
}


def test_drafts_as_the_sandbox_sends_them(client: TestClient) -> None:
    """Shaped after the drafts of the public CDS Hooks sandbox, which are no valid R4; the Bundle has no type."""
    drafts = {"resourceType": "Bundle", **SANDBOX}
    found = cards(post_hook(client, "order-sign", {"draftOrders": drafts}, **ON_WARFARIN))
    assert [card["indicator"] for card in found] == ["warning"]
    (assessment,) = reply("order-sign", {"draftOrders": drafts}, **ON_WARFARIN).assessments
    sources = {fact.source for fact in assessment.raising[0].evidence}
    assert {"MedicationRequest/request-124", "MedicationOrder/o1"} <= sources


def test_nothing_is_read_for_orders_that_are_not_known_here(client: TestClient) -> None:
    body = hook_call("order-sign", {"draftOrders": searchset(medicine("1191"))}, prefetch={})
    assert cards(client.post("/cds-services/calf-pain-order-sign", json=body)) == []
    body = hook_call("order-sign", {"draftOrders": searchset(medicine(IBUPROFEN))}, prefetch={})
    assert_outcome(client.post("/cds-services/calf-pain-order-sign", json=body), 412, "prefetch.patient")


def test_cards_are_for_clinicians(client: TestClient) -> None:
    body = hook_call("order-sign", {"draftOrders": searchset(medicine(IBUPROFEN)), "userId": f"Patient/{PATIENT_ID}"})
    assert (
        cards(client.post("/cds-services/calf-pain-order-sign", json={**body, "prefetch": prefetch(**ON_WARFARIN)}))
        == []
    )


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["coding", "system", "code", "text", "reference"]), inner, max_size=3)
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    kind=st.sampled_from(["MedicationRequest", "ServiceRequest", "MedicationOrder", "DeviceRequest", "Bundle"]),
    members=st.dictionaries(
        st.sampled_from(["id", "code", "medicationCodeableConcept", "bodySite", "subject", "status", "category"]),
        json_values,
        max_size=4,
    ),
)
def test_no_draft_breaks_it(client: TestClient, kind: str, members: dict[str, Any]) -> None:
    odd = {**members, "resourceType": kind}
    response = post_hook(client, "order-sign", {"draftOrders": searchset(odd, medicine(IBUPROFEN))}, **ON_WARFARIN)
    assert cards(response)[0]["indicator"] == "warning"


def test_a_draft_whose_subject_cannot_be_read_is_left_out(client: TestClient) -> None:
    """A number that no computer can hold is JSON, but no reference."""
    for subject, count in (({"reference": f"Patient/{PATIENT_ID}"}, 1), ("odd", 0)):
        drafts = {"draftOrders": searchset(medicine(IBUPROFEN, subject=subject))}
        body = json.dumps(hook_call("order-sign", drafts, prefetch=prefetch(**ON_WARFARIN)))
        body = body.replace('"odd"', '{"reference": 1e999999}')
        headers = {"content-type": "application/json"}
        assert len(cards(client.post("/cds-services/calf-pain-order-sign", content=body, headers=headers))) == count
