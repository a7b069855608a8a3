"""What a site decides, and what is told of content that nobody has looked at for too long."""

from __future__ import annotations

import json
import re
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from cds_service.app import version_in_use
from cds_service.assessment.catalogue import RULE_SETS
from cds_service.assessment.local_policy import LocalPolicy
from cds_service.assessment.rules import clot, compartment, guidance, risks
from cds_service.cli import app
from cds_service.errors import ConfigurationError
from cds_service.governance import decisions, local_policy, overdue, switched_off
from cds_service.rendering.card_files import load_cards
from cds_service.settings import load_settings
from tests.calls import CALF_PAIN, cards, detail, post, post_hook, prefetch, searchset
from tests.charts import concept, patient
from tests.conftest import client_with
from tests.hooks.test_every_service import HOOKS, SPEAKING
from tests.rendering.by_hand import CARDS, FILES
from tests.servers import running

SIGNED = "CDS committee, 2026-11-25"
CHILD = patient(birthDate="2015-01-01")
IN_HOSPICE = {"condition": "sct|170935008", "id": "hospice", "onset": -20}
SEVERE = {"observation": "loinc|72514-3", "at": -1, "value": 8, "side": "left", "site": "sct|53840002"}


def policy(*names: str, signed: str = SIGNED, **settings: Any) -> LocalPolicy:
    return local_policy(load_settings(disabled_rules=names, disabled_rules_signed_by=signed, **settings))


def decided(said: list[str]) -> list[str]:
    """Without the reviews that are overdue on the day of this test."""
    return [each for each in said if "review was due" not in each]


def notices(*, environment: dict[str, str]) -> list[str]:
    """What `check` says beside what was checked."""
    result = CliRunner().invoke(app, ["check"], env=environment)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    return [line.removeprefix("notice: ") for line in lines if line.startswith("notice: ")]


D_DIMERS = [
    {"resourceType": "ServiceRequest", "id": f"s{number}", "code": concept("loinc|48065-7")} for number in range(2)
]


class TestNames:
    def test_a_rule_by_its_id_or_by_its_set_and_id(self) -> None:
        assert policy("severe-pain").off == {guidance.SEVERE}
        assert policy("pregnancy").off == {clot.PREGNANCY, risks.PREGNANT}
        assert policy("risk-factors/pregnancy").off == {risks.PREGNANT}

    def test_a_card_means_all_its_rules(self) -> None:
        assert policy("compartment-syndrome").off == {compartment.COMPARTMENT}
        assert policy("card:compartment-syndrome").off == {compartment.COMPARTMENT, compartment.COMPARTMENT_SIGNS}

    def test_the_card_for_no_finding_can_go_but_not_that_for_an_unread_chart(self) -> None:
        assert policy("card:no-red-flag") == LocalPolicy(quiet=True)
        with pytest.raises(ConfigurationError, match=r"card:not-assessed cannot be switched off.*Leave it out"):
            policy("card:not-assessed")

    @pytest.mark.parametrize("name", ["sever-pain", "dvt.md", "card:", "card:dvt2", "critical", "home-care/rest", "/"])
    def test_a_name_of_nothing_is_refused_with_those_that_there_are(self, name: str) -> None:
        with pytest.raises(ConfigurationError) as refusal:
            policy(name)
        for said in ("CDS_DISABLED_RULES", repr(name), "severe-pain", "order-duplicate", "over-65", "card:dvt"):
            assert said in str(refusal.value)

    @pytest.mark.parametrize("name", ["severe-pain", "dvt", "card:tissue", "critical/gangrene"])
    def test_what_is_grave_goes_only_over_a_name(self, name: str) -> None:
        with pytest.raises(ConfigurationError, match=r"nobody has signed.*CDS_DISABLED_RULES_SIGNED_BY"):
            policy(name, signed=" ")
        assert policy(name).off

    def test_what_is_not_needs_none(self) -> None:
        assert policy("potassium", "order-duplicate", "smoking", signed="").off

    def test_every_rule_that_names_a_card_can_be_switched_off(self) -> None:
        for rule in (rule for each in RULE_SETS for rule in each.rules if rule.card):
            assert rule in policy(rule.id).off


class TestTold:
    def test_what_is_decided_is_said(self) -> None:
        settings = load_settings(
            disabled_rules=("severe-pain", "card:no-red-flag"),
            disabled_rules_signed_by=SIGNED,
            exclusions=("children", "hospice"),
        )
        assert decisions(settings, local_policy(settings)) == [
            f"Switched off at this site by {SIGNED}: severe pain.",
            "At this site no card is shown where no red flag is recorded.",
            "At this site no card is shown for: children, hospice.",
        ]
        assert decisions(load_settings(), LocalPolicy()) == []

    def test_labels_that_two_rules_share_are_said_once(self) -> None:
        said = switched_off(policy("pregnancy", "severe-pain"))
        assert said[0] == "severe pain"
        assert len(said) == len(set(said)) == 3

    def test_check_and_the_start_say_it(self) -> None:
        environment = {"CDS_EXCLUSIONS": "children", "CDS_DISABLED_RULES": "potassium"}
        expected = [
            "Switched off at this site: low potassium.",
            "At this site no card is shown for: children.",
        ]
        assert decided(notices(environment=environment)) == expected
        with running("serve", **environment) as server:
            server.stop()
        said = [json.loads(line) for line in server.log]
        assert decided([line["notice"] for line in said if line["event"] == "content"]) == expected

    def test_assess_says_why_there_may_be_no_card(self) -> None:
        chart = json.dumps(searchset(CHILD, CALF_PAIN))
        result = CliRunner().invoke(app, ["assess", "-"], input=chart, env={"CDS_EXCLUSIONS": "children"})
        assert "At this site no card is shown for: children." in result.stdout

    def test_the_version_of_the_knowledge_tells_them_apart(self) -> None:
        given = [
            {},
            {"exclusions": ("children",)},
            {"exclusions": ("hospice",)},
            {"disabled_rules": ("potassium",)},
            {"disabled_rules": ("smoking",)},
        ]
        versions = [version_in_use(load_settings(**each)) for each in given]
        assert len(set(versions)) == len(versions)
        two = [version_in_use(load_settings(disabled_rules=names)) for names in (("a", "b"), ("b", "a"))]
        assert two[0] == two[1]


class TestCalls:
    def test_a_rule_that_is_off_finds_nothing_and_the_card_says_so(self) -> None:
        findings = searchset(SEVERE)
        with client_with() as client:
            assert "switched off" not in detail(post(client, prefetch=prefetch(findings=findings)))
        with client_with(disabled_rules=("severe-pain",), disabled_rules_signed_by=SIGNED) as client:
            (card,) = cards(post(client, prefetch=prefetch(findings=findings)))
        assert card["indicator"] == "info"
        assert "Switched off at this site: severe pain." in card["detail"]
        assert "6 of 6 red flags" in card["summary"]

    def test_a_value_that_only_such_a_rule_tells_is_not_told(self) -> None:
        raised = {"observation": "loinc|2157-6", "at": -1, "value": 900, "unit": "U/L", "high": 200}
        sent = prefetch(measurements=searchset(raised))
        told = []
        for rules in ((), ("creatine-kinase",)):
            with client_with(disabled_rules=rules, disabled_rules_signed_by=SIGNED) as client:
                told.append(detail(post(client, prefetch=sent)))
        assert ["creatine kinase 900 U/L" in text for text in told] == [True, False]

    def test_a_draft_order_rule_too(self) -> None:
        drafts = {"draftOrders": searchset(*D_DIMERS)}
        for rules, count in (((), 1), (("order-duplicate",), 0)):
            with client_with(disabled_rules=rules) as client:
                assert len(cards(post_hook(client, "order-sign", drafts))) == count

    @pytest.mark.parametrize("hook", [*HOOKS, "order-sign"])
    def test_an_excluded_patient_gets_no_card_from_any_hook(self, hook: str) -> None:
        drafts = searchset(*D_DIMERS)
        context = {"draftOrders": drafts} if hook == "order-sign" else SPEAKING[hook]
        child = {"patient": CHILD, "measurements": searchset(SEVERE)}
        dying = {"conditions": searchset(CALF_PAIN, IN_HOSPICE), "measurements": searchset(SEVERE)}
        with client_with() as client:
            assert cards(post_hook(client, hook, context, **child))
            assert cards(post_hook(client, hook, context, **dying))
        with client_with(exclusions=("children", "hospice")) as client:
            assert cards(post_hook(client, hook, context, **child)) == []
            assert cards(post_hook(client, hook, context, **dying)) == []
            assert cards(post_hook(client, hook, context, measurements=searchset(SEVERE)))

    def test_discovery_says_who_is_excluded(self) -> None:
        with client_with(exclusions=("children", "hospice")) as client:
            said = usage(client)
        assert len(said) == 7
        ending = (
            "This site shows no card for patients whose birth date says that they are under 18 and patients whose "
            "record says that a hospice cares for them."
        )
        assert all(each.endswith(ending) for each in said)
        with client_with() as client:
            assert not any("This site" in each for each in usage(client))


def usage(client: TestClient) -> list[str]:
    return [str(each["usageRequirements"]) for each in client.get("/cds-services").json()["services"]]


class TestOverdue:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """Cards of which a card, an occasion, the shared words, a rule set and a rule are past their review."""
        folder = Path(shutil.copytree(CARDS, tmp_path / "cards"))
        for name, due in (
            ("potassium.md", "2026-01-03"),
            ("_discharge.md", "2026-01-02"),
            ("_shared.md", "2026-01-01"),
        ):
            text, changed = re.subn(r"review_due: \S+", f"review_due: {due}", (folder / name).read_text())
            assert changed == 1
            (folder / name).write_text(text)
        rules = folder / "_rules.md"
        old = "{owner: Dr A. Example, version: 1.0.0, reviewed: 2025-01-01, review_due: 2026-01-04}"
        text = rules.read_text().replace("review_due: 2027-11-23", "review_due: 2026-01-05", 1)
        rules.write_text(text.replace("\n---\n", f"\nrules:\n  critical/dvt: {old}\n---\n", 1))
        return folder

    def test_all_that_is_past_is_named_the_oldest_first(self, folder: Path) -> None:
        past = overdue(load_cards(folder), date(2026, 2, 1))
        assert [each.what for each in past] == [
            "shared words of the cards",
            "words of the occasion discharge",
            "card potassium",
            "rule critical/dvt",
            "rule set red-flags",
        ]
        assert str(past[3]) == "rule critical/dvt: review was due 2026-01-04 (owner: Dr A. Example)"

    def test_on_the_day_itself_nothing_is_past(self) -> None:
        written = [*[card.written for card in FILES.cards.values()], *FILES.rules.values()]
        due = {each.review_due for each in written}
        assert overdue(FILES, min(due)) == []
        assert len(overdue(FILES, date(9999, 1, 1))) == 3 + len(FILES.cards) + len(FILES.occasions) + len(FILES.rules)

    def test_check_warns_and_the_service_goes_on(self, folder: Path) -> None:
        said = notices(environment={"CDS_CARDS_DIR": str(folder)})
        assert len(said) >= 5
        assert (
            "card potassium: review was due 2026-01-03 (owner: clinical content lead of the site (to be named))" in said
        )
        with client_with(cards_dir=folder) as client:
            assert len(cards(post(client))) == 1
