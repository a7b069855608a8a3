"""How a card was decided, card or none: the model, its views, and where a user meets them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from cds_service.explanation.markdown import as_markdown
from cds_service.explanation.model import NO_COMPLAINT, NOTHING_ABOUT_THE_LEG, Explanation, InForce, explain
from cds_service.rendering.words import quoted
from cds_service.shipped import shipped
from tests.calls import CALF_PAIN, cards, post, prefetch, searchset
from tests.charts import AS_OF, Entry, patient, triage
from tests.command import run
from tests.conftest import client_with

ON = "2026-11-02T12:00:00Z"
SAMPLES = sorted(file.stem for file in shipped("fhir_fixtures").glob("*.json") if file.stem != "expected")
RESOLVED = (
    {"condition": "sct|404223003", "id": "left-dvt", "onset": -900, "abated": -700, "clinical": "resolved"},
    {"condition": "icd|I82.401", "id": "right-dvt", "onset": -400, "abated": -200, "clinical": "resolved"},
)
SCORE: Entry = {"observation": "loinc|72514-3", "id": "score", "at": -1, "value": 8, "site": "sct|53840002"}
SMOKER: Entry = {"condition": "icd|F17.210", "id": "smoker", "onset": -900}


def explained(*entries: Entry, **how: Any) -> Explanation:
    return explain(triage([*entries], **how), AS_OF, InForce("1.0.0"))


def of_sample(name: str) -> Explanation:
    output = run("assess", str(shipped("fhir_fixtures") / f"{name}.json"), "--as-of", ON, "--explain", "--json").stdout
    (found,) = json.loads(output)["explanations"]
    return msgspec.convert(found, Explanation)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_view_says_no_more_than_the_model_which_survives_json(name: str) -> None:
    model = of_sample(name)
    back = msgspec.json.decode(msgspec.json.encode(model), type=Explanation)
    assert back == model
    view = as_markdown(model, quoted)
    assert view == as_markdown(back, quoted)
    told = [model.complaint, *(row.evidence for row in (*model.findings, *model.not_counted)), model.read]
    unsaid = {entry.source for entries in told for entry in entries if quoted(entry.source) not in view}
    assert not unsaid


def test_what_raised_the_level_is_told_with_its_entries_and_source() -> None:
    model = explained(CALF_PAIN, SCORE)
    assert (model.level, model.why_no_card) == ("warning", "")
    (flag,) = [row for row in model.red_flags if row.counted]
    assert (flag.rule, flag.state, flag.level) == ("severe-pain", "present", "warning")
    assert [entry.source for entry in flag.evidence] == ["Observation/score"]
    assert flag.source.label and flag.source.title
    assert model.set_by == (flag.label,)


def test_unknown_and_absent_stand_apart() -> None:
    denied: Entry = {"observation": "sct|449615005", "id": "denied", "at": -1, "value": False, "side": "left"}
    states = {row.rule: row.state for row in explained(CALF_PAIN, denied).red_flags}
    assert (states["swelling"], states["sudden-pain"]) == ("absent", "unknown")


def test_what_does_not_count_is_told_with_the_reason() -> None:
    neuropathy: Entry = {"condition": "icd|E11.42", "id": "neuropathy", "onset": -1000}
    numb: Entry = {"observation": "sct|309537005", "id": "numb", "at": -1}
    (row,) = explained(CALF_PAIN, neuropathy, numb).not_counted
    assert [entry.source for entry in row.evidence] == ["Observation/numb"]
    assert row.why_not_counted and not row.counted


def test_a_symptom_of_embolism_that_does_not_count_is_told_with_the_reason() -> None:
    cramp: Entry = {"condition": "sct|449918009", "id": "cramp", "onset": -1, "side": "left"}
    breathless: Entry = {"condition": "sct|267036007", "id": "breathless", "onset": -1}
    (row,) = explained(cramp, breathless).not_counted
    assert [entry.source for entry in row.evidence] == ["Condition/breathless"]
    assert row.why_not_counted


def test_other_causes_are_told_with_their_source() -> None:
    sciatica: Entry = {"condition": "icd|M54.32", "id": "sciatica", "onset": -400}
    model = explained({"condition": "icd|S86.112A", "id": "strain", "onset": -2}, sciatica)
    assert len(model.causes) > 1
    assert all(cause.source.label for cause in model.causes)


HOSPICE: Entry = {"condition": "sct|170935008", "id": "hospice", "onset": -20}


@pytest.mark.parametrize(
    ("policy", "why"),
    [
        (
            {"CDS_EXCLUSIONS": "children"},
            "this site shows none for patients whose birth date says that they are under 18",
        ),
        ({"CDS_EXCLUSIONS": "hospice"}, "this site shows none for patients whose record says that a hospice cares for"),
        ({"CDS_DISABLED_RULES": "card:no-red-flag"}, "this site shows none where nothing raises the level"),
    ],
)
def test_a_card_that_the_site_has_decided_against_is_told_with_its_reason(
    policy: dict[str, str], why: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in policy.items():
        monkeypatch.setenv(name, value)
    chart = json.dumps(searchset(patient(birthDate="2015-05-05"), CALF_PAIN, HOSPICE))
    assert f"No card: {why}" in run("assess", "-", "--explain", stdin=chart).stdout


def test_what_the_site_switched_off_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CDS_DISABLED_RULES", "potassium")
    told = run("assess", "-", "--explain", stdin=json.dumps(searchset(patient(), CALF_PAIN))).stdout
    assert "\n- Switched off at this site by" in told or "\n- Switched off at this site: " in told


def test_a_level_that_the_site_shows_lower_is_told_with_both(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = json.dumps(searchset(patient(), CALF_PAIN, {"condition": "sct|404223003", "onset": -4, "side": "left"}))
    assert "Shown as" not in run("assess", "-", "--explain", stdin=chart).stdout
    monkeypatch.setenv("CDS_MAX_INDICATOR", "warning")
    told = run("assess", "-", "--explain", stdin=chart).stdout
    assert told.startswith("**[warning]")
    assert "- Level critical, set by: DVT" in told
    assert "- Shown as warning: this site shows no card above that" in told
    assert "Shown as" not in run("assess", "-", "--explain", stdin=json.dumps(searchset(patient(), CALF_PAIN))).stdout


def test_an_appointment_without_a_card_has_its_level_told() -> None:
    soon = {"resourceType": "Appointment", "start": datetime.now(UTC).isoformat()}
    context = {"userId": "Practitioner/p", "patientId": "p1", "appointments": searchset(soon)}
    request = {"hook": "appointment-book", "hookInstance": "4b8a8f5e-2d8b-4a3e-9d0a-0e5b8f4a1c11", "context": context}
    told = run(
        "assess", "-", "--explain", stdin=json.dumps({**request, "prefetch": prefetch(findings=searchset(SCORE))})
    )
    assert "- Level warning, set by: Severe pain" in told.stdout
    assert "- No card: no appointment is later than the record allows." in told.stdout


class TestCommand:
    def test_below_a_card(self) -> None:
        told = run("assess", "-", "--explain", stdin=json.dumps(searchset(patient(), CALF_PAIN, SCORE, SMOKER))).stdout
        assert told.startswith("**[warning]")
        below = told.partition("### How this was decided")[2]
        for words in ("Level warning, set by: Severe pain", "`Observation/score`", "`Condition/smoker`", "### Sources"):
            assert words in below

    def test_of_two_resolved_dvts_both_are_told_and_why_there_is_no_card(self) -> None:
        chart = json.dumps(searchset(patient(), *RESOLVED))
        told = run("assess", "-", "--explain", stdin=chart).stdout
        assert told.startswith("No card")
        assert f"No card: {NO_COMPLAINT}" in told
        for source in ("`Condition/left-dvt`", "`Condition/right-dvt`"):
            (line,) = [line for line in told.splitlines() if source in line]
            assert "past" in line or "history" in line or "resolved" in line, line

    def test_of_a_quiet_chart_that_nothing_is_about_the_leg(self) -> None:
        chart = json.dumps(searchset(patient(), {"condition": "icd|I10"}))
        assert f"No card: {NOTHING_ABOUT_THE_LEG}" in run("assess", "-", "--explain", stdin=chart).stdout

    def test_as_json(self) -> None:
        chart = json.dumps(searchset(patient(), CALF_PAIN))
        answer = json.loads(run("assess", "-", "--explain", "--json", stdin=chart).stdout)
        (found,) = answer["explanations"]
        assert msgspec.convert(found, Explanation).level == answer["cards"][0]["indicator"] == "info"
        assert datetime.fromisoformat(found["as_of"]).tzinfo is not None
        assert answer.keys() == {"cards", "explanations"}
        assert json.loads(run("assess", "-", "--json", stdin=chart).stdout).keys() == {"cards"}


def test_a_site_may_have_it_below_each_card() -> None:
    sent = prefetch(findings=searchset(SCORE))
    with client_with() as client:
        (short,) = cards(post(client, prefetch=sent))
    with client_with(card_detail="full") as client:
        (full,) = cards(post(client, prefetch=sent))
    assert short["detail"].count("\n---\n") == 0
    card, rule, below = full["detail"].partition("\n\n---\n\n")
    assert rule and card.partition("Coded entries only")[0] == short["detail"].partition("Coded entries only")[0]
    assert below.startswith("### How this was decided")
    assert "`Observation/score`" in below
    assert full["summary"] == short["summary"]
