"""The command: each sub-command does its work, and errors are one line with the remedy."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cds_service import __version__
from cds_service.sample_patients import WRITTEN_ON, load_samples
from cds_service.shipped import shipped
from tests.calls import CALF_PAIN, TOLD, call, outcome, prefetch, searchset
from tests.charts import patient
from tests.command import assert_one_line, run
from tests.ehr import Ehr
from tests.tokens import registry

DVT = shipped("fhir_fixtures") / "leg-dvt-untreated-left.json"
NOON = f"{WRITTEN_ON}T12:00:00Z"


def test_version() -> None:
    assert run("--version").stdout == f"{__version__}\n"


class TestAssess:
    def test_a_bundle_gives_readable_cards(self) -> None:
        result = run("assess", str(DVT), "--as-of", NOON)
        assert result.exit_code == 0
        assert result.stdout.startswith("**[critical] ")
        for words in ("**Options:**", "**Recorded:**", "Source: ", "my.clevelandclinic.org"):
            assert words in result.stdout

    def test_a_bundle_gives_cards_as_json(self) -> None:
        result = run("assess", str(DVT), "--json", "--as-of", NOON)
        (card,) = json.loads(result.stdout)["cards"]
        assert card["indicator"] == "critical"

    def test_a_hook_request_on_standard_input(self) -> None:
        result = run("assess", "-", "--json", stdin=json.dumps(call()))
        (card,) = json.loads(result.stdout)["cards"]
        assert card["indicator"] == "info"

    def test_the_moment_counts(self) -> None:
        """A local time without zone is one of CDS_TIMEZONE."""
        late = run("assess", str(DVT), "--as-of", "2027-11-02", "--json")
        assert "critical" not in late.stdout
        assert run("assess", str(DVT), "--as-of", f"{WRITTEN_ON}T12:00").stdout.startswith("**[critical]")

    @pytest.mark.parametrize(
        ("zone", "card", "shown"),
        [
            ("UTC", "1 Nov (1 day)", "2026-11-01T22:30:00+00:00"),
            ("Pacific/Auckland", "2 Nov (today)", "2026-11-02T11:30:00+13:00"),
            ("America/Los_Angeles", "1 Nov (today)", "2026-11-01T14:30:00-08:00"),
        ],
    )
    def test_days_are_those_of_the_site_whatever_the_zone_of_the_moment(
        self, monkeypatch: pytest.MonkeyPatch, zone: str, card: str, shown: str
    ) -> None:
        monkeypatch.setenv("CDS_TIMEZONE", zone)
        chart = json.dumps(searchset(patient(), {"condition": "sct|300954003", "onset": "2026-11-01T22:30:00Z"}))
        for as_of in ("2026-11-02T03:00:00Z", "2026-11-02T08:30:00+05:30"):
            told = run("assess", "-", "--as-of", as_of, "--json", "--explain", stdin=chart).stdout
            assert card in told
            assert shown in told
            assert "2026-11-01T22:30:00Z" not in told

    def test_no_card_is_said_to_be_none(self) -> None:
        result = run("assess", "-", stdin=json.dumps(searchset(patient())))
        assert (result.exit_code, result.stdout[:9]) == (0, "No card. ")

    def test_one_of_several_patients(self) -> None:
        chart = json.dumps(searchset(patient(), patient(id="p2"), CALF_PAIN))
        assert TOLD in run("assess", "-", "--patient", "p1", stdin=chart).stdout
        assert run("assess", "-", "--patient", "p2", stdin=chart).stdout.startswith("No card")
        assert_one_line(run("assess", "-", stdin=chart), "2 Patients", "Give the id")

    def test_no_server_is_read_even_if_named(self, ehr: Ehr, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CDS_FHIR_SERVERS", ehr.base)
        request = call(fhirServer=ehr.base, prefetch={"patient": patient(), "conditions": None})
        assert run("assess", "-", stdin=json.dumps(request)).exit_code == 0
        assert ehr.seen == []

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (b"", "not JSON"),
            (b"\xff", "not JSON"),
            (b"[" * 100_000, "not JSON"),
            (b"[]", "neither a FHIR Bundle nor a hook request"),
            (b'{"resourceType": "Patient"}', "neither"),
            (b'{"resourceType": "Bundle"}', "no Patient"),
            (json.dumps(call(hook="order-dispatch")).encode(), "hook"),
            (json.dumps(call(prefetch={})).encode(), "prefetch.patient"),
            (json.dumps(call(prefetch=prefetch(patient=outcome()))).encode(), "the EHR reported an error"),
        ],
    )
    def test_what_cannot_be_assessed_is_one_line(self, text: bytes, says: str) -> None:
        assert_one_line(run("assess", "-", stdin=text), says)

    def test_other_mistakes_are_one_line(self, tmp_path: Path) -> None:
        assert_one_line(run("assess", str(tmp_path / "none.json")), "none.json", "No such file")
        assert_one_line(run("assess", str(tmp_path)), "directory")
        for moment in ("yesterday", "0001-01-01", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59"):
            assert_one_line(run("assess", str(DVT), "--as-of", moment), "--as-of", "1900 to 2200")
        for moment in ("1900-01-01T00:00:00+14:00", "2200-12-31T23:59:59-14:00"):
            assert run("assess", str(DVT), "--as-of", moment).exit_code == 0


class TestCheck:
    def test_what_was_checked_is_said(self) -> None:
        result = run("check")
        assert result.exit_code == 0
        parts = [line.split(":")[0] for line in result.stdout.splitlines()]
        assert [part for part in parts if part != "notice"] == ["settings", "value sets", "code systems read", "cards"]

    def test_codes_of_the_site(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        file = tmp_path / "leg-vein-ultrasound.json"
        scan = {"system": "urn:oid:1.2.3.4", "concept": [{"code": "LEGVEINS", "display": "Leg veins"}]}
        own = {"resourceType": "ValueSet", "id": file.stem, "compose": {"include": [scan]}}
        file.write_text(json.dumps(own), encoding="utf-8")
        monkeypatch.setenv("CDS_CODES_DIR", str(tmp_path))
        assert f"codes of this site: usable, from {tmp_path}, added to leg-vein-ultrasound" in run("check").stdout
        assert run("knowledge", "export", str(tmp_path / "out")).exit_code == 0
        published = json.loads((tmp_path / "out" / "ValueSet-leg-vein-ultrasound.json").read_text(encoding="utf-8"))
        assert published["version"].endswith("+site")
        last = published["compose"]["include"][-1]
        assert (last["concept"], last["extension"][0]["valueString"]) == (scan["concept"], "of this site")
        file.write_text("{", encoding="utf-8")
        assert "take it out of CDS_CODES_DIR" in run("check").stderr
        for command in (("assess", str(DVT)), ("knowledge", "export", str(tmp_path / "out"))):
            assert_one_line(run(*command), str(file), "line 1", "take it out of CDS_CODES_DIR")

    def test_the_registry_is_checked_too(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        file = registry(tmp_path)
        monkeypatch.setenv("CDS_CLIENTS", str(file))
        result = run("check")
        assert (result.exit_code, f"clients: 1 registered, from {file}" in result.stdout) == (0, True)
        (tmp_path / "jwks.json").write_text("{}")
        result = run("check")
        assert (result.exit_code, "jwks.json" in result.stderr) == (1, True)

    def test_a_wrong_setting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CDS_TIMEZONE", "Mars")
        assert_one_line(run("check"), "CDS_TIMEZONE", "IANA")

    def test_a_misspelt_setting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CDS_TIMEZOEN", "UTC")
        result = run("check")
        assert result.exit_code == 1
        assert "CDS_TIMEZOEN is not a setting" in result.stderr

    def test_cards_that_cannot_be_used(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("CDS_CARDS_DIR", str(tmp_path))
        result = run("check")
        assert result.exit_code == 1
        assert result.stderr.startswith("cds-service: ")
        for file in shipped("cards").glob("*.md"):
            (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
        assert run("check").exit_code == 0
        broken = tmp_path / "dvt.md"
        broken.write_text(broken.read_text(encoding="utf-8").replace("{", "{no_such_word_", 1), encoding="utf-8")
        result = run("check")
        assert (result.exit_code, "dvt.md" in result.stderr) == (1, True)


class FhirStore:
    """What a FHIR server keeps of what it is sent. `limit`: entries that it takes in a transaction; `refuses`: what it
    answers instead of storing, by address; `links`: what is referred to must be there.
    """

    def __init__(
        self, limit: int = 50, refuses: dict[str, Response] | None = None, token: str = "", links: bool = False
    ) -> None:
        self.resources: dict[str, Any] = {}
        self.transactions = 0
        self._limit = limit
        self._refuses = refuses or {}
        self._token = token
        self._links = links

    async def __call__(self, request: Request) -> Response:
        if self._token and request.headers.get("authorization") != f"Bearer {self._token}":
            return outcome_of(401, "no token")
        content = await request.json()
        if request.method == "PUT":
            return self._put(request.url.path.removeprefix("/fhir/"), content)
        self.transactions += 1
        if len(content["entry"]) > self._limit:
            return outcome_of(413, f"more than {self._limit} entries")
        stored = [self._put(each["request"]["url"], each["resource"]) for each in content["entry"]]
        failed = next((each for each in stored if each.status_code >= 300), None)
        return failed or JSONResponse({"resourceType": "Bundle", "type": "transaction-response"})

    def _put(self, address: str, resource: Any) -> Response:
        if address in self._refuses:
            return self._refuses[address]
        for reference in re.findall(r'"reference": "(Patient/[^"]+|Encounter/[^"]+)"', json.dumps(resource)):
            if self._links and reference not in self.resources:
                return outcome_of(422, f"{reference} is not there")
        assert address == f"{resource['resourceType']}/{resource['id']}"
        self.resources[address] = resource
        return JSONResponse(resource, 201)


def outcome_of(status: int, says: str) -> Response:
    issue = {"severity": "error", "code": "processing", "diagnostics": says, "expression": ["Bundle.entry[0]"]}
    return JSONResponse({"resourceType": "OperationOutcome", "issue": [issue]}, status)


FEW = ["arm-dvt-and-relatives-leg-dvt", "healthy-adult"]


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two of the samples, one of which takes several transactions."""
    samples = [each for each in load_samples(shipped("fhir_fixtures")) if each.name in FEW]
    monkeypatch.setattr(import_module("cds_service.cli.load"), "load_samples", lambda _: samples)


def test_the_samples_are_put_under_their_own_ids(ehr: Ehr) -> None:
    store = FhirStore()
    ehr.otherwise = store
    ehr.answers = {"/metadata": {"resourceType": "CapabilityStatement"}}
    result = run("load", ehr.base, "--wait", "5")
    assert result.exit_code == 0, result.stderr
    names = [file.stem for file in sorted(shipped("fhir_fixtures").glob("*.json")) if file.stem != "expected"]
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == names
    told = sum(int(line.split()[1]) for line in result.stdout.splitlines())
    assert told == len(store.resources)
    assert store.transactions > len(names), "charts of more than 50 resources take several"
    assert "urn:uuid:" not in json.dumps(store.resources), "a transaction of updates has nothing that resolves it"


@pytest.mark.usefixtures("few")
class TestLoad:
    @pytest.mark.parametrize("without", [{"limit": 0}, {"limit": 10}])
    def test_a_server_that_takes_no_such_transaction_gets_them_one_by_one(self, ehr: Ehr, without: Any) -> None:
        whole, single = FhirStore(), FhirStore(**without)
        for ehr.otherwise in (whole, single):
            assert run("load", ehr.base).exit_code == 0
        assert single.resources == whole.resources
        assert single.transactions == 1 or without["limit"]

    def test_a_server_that_checks_references_gets_them_in_order(self, ehr: Ehr) -> None:
        """One of the samples holds an entry of a patient who is nowhere: that alone is refused, and told."""
        whole, checked = FhirStore(), FhirStore(links=True)
        ehr.otherwise = whole
        assert run("load", ehr.base).exit_code == 0
        ehr.otherwise = checked
        result = run("load", ehr.base)
        (refused,) = whole.resources.keys() - checked.resources.keys()
        assert result.exit_code == 1
        (line,) = result.stderr.splitlines()
        assert line.startswith("arm-dvt-and-relatives-leg-dvt: the FHIR server answered 422: Patient/fixture-sister")
        assert line.endswith(f"is not there (Bundle.entry[0]), to an update of {refused}")
        assert [line.split(":")[0] for line in result.stdout.splitlines()] == FEW

    def test_a_token_is_sent(self, ehr: Ehr, tmp_path: Path) -> None:
        ehr.otherwise = FhirStore(token="some-token")
        assert_one_line(run("load", ehr.base), "answered 401: no token (Bundle.entry[0])", "--token FILE")
        token = tmp_path / "token"
        token.write_text("some-token\n")
        assert run("load", ehr.base, "--token", str(token)).exit_code == 0

    def test_why_a_server_does_not_take_one_is_told_in_its_words(self, ehr: Ehr) -> None:
        whole = FhirStore()
        ehr.otherwise = whole
        assert run("load", ehr.base).exit_code == 0
        address = next(each for each in whole.resources if each.startswith("Condition/"))
        told = {}
        for answer in (
            outcome_of(400, "the id\x1b[2J is not\nours"),
            Response("<p>no</p>" + "x" * 9_000, 405),
            Response("Not here.", 409),
        ):
            ehr.otherwise = FhirStore(refuses={address: answer})
            result = run("load", ehr.base)
            (told[answer.status_code],) = result.stderr.splitlines()
            assert result.exit_code == 1
        assert f"answered 400: the id\\x1b[2J is not ours (Bundle.entry[0]), to an update of {address}" in told[400]
        assert "answered 405: <p>no</p>" in told[405]
        assert len(told[405]) < 1_000
        assert f"answered 409: Not here, to an update of {address}" in told[409]

    def test_only_the_first_of_a_chart_has_to_be_taken(self, ehr: Ehr) -> None:
        whole = FhirStore()
        ehr.otherwise = whole
        of_the_short_chart = int(run("load", ehr.base).stdout.split()[1])
        first_of_second_transaction = list(whole.resources)[of_the_short_chart + 50]
        ehr.otherwise = FhirStore(refuses={first_of_second_transaction: outcome_of(400, "no")})
        result = run("load", ehr.base)
        assert [line.split(":")[0] for line in result.stdout.splitlines()] == FEW
        assert result.exit_code == 1

    def test_a_transaction_of_which_a_part_failed_is_not_stored(self, ehr: Ehr) -> None:
        entry = {"response": {"status": "422 Unprocessable", "outcome": {"issue": [{"code": "invalid"}, "odd"]}}}

        async def batch(request: Request) -> Response:
            return JSONResponse({"entry": ["odd", {}, entry]}) if request.method == "POST" else outcome_of(422, "no")

        ehr.otherwise = batch
        assert_one_line(run("load", ehr.base), f"{FEW[0]}: the FHIR server answered 422: no", "to an update of")

    @pytest.mark.parametrize(
        ("url", "answer", "says"),
        [
            ("", Response(status_code=503), ("answered 503", "Try again later")),
            ("", outcome_of(403, "not yours"), ("answered 403: not yours", "may write")),
            ("http://127.0.0.1:1/fhir", Response(), ("http://127.0.0.1:1/fhir does not answer",)),
            ("ftp://x", Response(), ("http://",)),
        ],
    )
    def test_one_that_takes_nothing(self, ehr: Ehr, url: str, answer: Response, says: tuple[str, ...]) -> None:
        ehr.otherwise = answer
        assert_one_line(run("load", url or ehr.base), *says)


class TestServe:
    def test_what_cannot_be_served_is_one_line(self, monkeypatch: pytest.MonkeyPatch, ehr: Ehr) -> None:
        taken = ehr.base.split(":")[2].removesuffix("/fhir")
        for command in ("serve", "demo"):
            assert_one_line(run(command, "--port", taken), f"port {taken} on 127.0.0.1 is taken", "--port")
        assert_one_line(run("serve", "--host", "192.0.2.1", "--insecure"), "cannot listen on 192.0.2.1", "--host")
        assert_one_line(run("serve", "--host", "no-such-host.invalid", "--insecure"), "cannot listen")
        assert_one_line(run("serve", "--port", "70000"), "CDS_PORT", "0 to 65535")
        assert_one_line(run("serve", "--host", "::"), "CDS_HOST", "docs/security.md", "serve --insecure")
        monkeypatch.setenv("CDS_FHIR_SERVERS", "*")
        assert_one_line(run("serve", "--host", "::", "--insecure"), "CDS_FHIR_SERVERS=*")
        monkeypatch.setenv("CDS_CLIENTS", "no-such.toml")
        for command in ("serve", "demo"):
            assert_one_line(run(command), "no-such.toml", "CDS_CLIENTS")
