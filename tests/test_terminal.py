"""What a client, a chart or a file says is shown escaped wherever a person may look: it steers no terminal."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.shipped import shipped
from cds_service.visible import escaped
from tests.calls import FEEDBACK, cards, overridden, post
from tests.command import run
from tests.conftest import client_with
from tests.databases import sqlite_url, upgraded
from tests.ehr import Ehr
from tests.test_cli_expand import TerminologyStandIn
from tests.tokens import EC_KEY, jwk, registry

HOSTILE = "\x1b]0;pwned\x07\x1b[2J\u202e\x9b31m"
SHOWN = r"\x1b]0;pwned\x07\x1b[2J\u202e\x9b31m"
SAYS_SOMETHING = "suspected-leg-dvt-right"


def assert_harmless(text: str) -> None:
    assert [each for each in text if unicodedata.category(each)[0] == "C" and each != "\n"] == []


def told(*arguments: str, stdin: str | None = None) -> str:
    """What a command says on both streams, which is harmless."""
    result = run(*arguments, stdin=stdin)
    assert_harmless(result.output)
    return str(result.output)


def spoilt(content: Any, *members: str) -> Any:
    """JSON with hostile text before each string, or before those of these members and below them."""
    if isinstance(content, dict):
        return {
            name: spoilt(value, *(() if name in members else members)) if name != "resourceType" else value
            for name, value in content.items()
        }
    if isinstance(content, list):
        return [spoilt(each, *members) for each in content]
    return HOSTILE + content if isinstance(content, str) and not members else content


class TestEscaped:
    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            (HOSTILE, SHOWN),
            ("a\r\nb\tc\x00\x7f", r"a\r\nb\tc\x00\x7f"),
            ("\x85\x9c", r"\x85\x9c"),
            ("\u202a\u2066\u2069\u200b\u200d\ufeff\u00ad", r"\u202a\u2066\u2069\u200b\u200d\ufeff\xad"),
            ("\u2028\u2029", r"\u2028\u2029"),
            ("\U000e0041\U000e0100\ufe0f\u3164", r"\U000e0041\U000e0100\ufe0f\u3164"),
            ("\ud800", r"\ud800"),
        ],
        ids=ascii,
    )
    def test_what_does_not_show(self, text: str, shown: str) -> None:
        assert escaped(text) == shown

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "C:\\cards [x] 'y' \"z\"",
            "Müller, 37\u00a0°C; 1\u202f000",
            "γαστροκνημία",
            "болит икра",
            "ألم في الساق",
            "כאב בשוק",
            "पिंडली में दर्द",
            "น่องปวด",
            "ふくらはぎの\u3000痛み",
            "종아리 통증",
            "🦵🏽",
        ],
    )
    def test_text_of_any_language_stays(self, text: str) -> None:
        assert escaped(text) == text

    @given(st.text(st.characters(codec=None)))
    def test_whatever_it_is_it_is_one_harmless_line(self, text: str) -> None:
        shown = escaped(text)
        assert_harmless(shown)
        assert len(shown.splitlines()) <= 1
        assert escaped(shown) == shown


class TestCommands:
    @pytest.mark.parametrize("members", [("text", "display", "unit", "name", "note", "valueString", "comment"), ()])
    def test_assess(self, tmp_path: Path, members: tuple[str, ...]) -> None:
        chart = json.loads((shipped("fhir_fixtures") / f"{SAYS_SOMETHING}.json").read_text(encoding="utf-8"))
        file = tmp_path / f"{HOSTILE}.json"
        file.write_text(json.dumps(spoilt(chart, *members)), encoding="utf-8")
        said = told("assess", str(file), "--as-of", "2026-11-02T12:00:00Z", "--explain")
        as_json = run("assess", str(file), "--as-of", "2026-11-02T12:00:00Z", "--explain", "--json").stdout
        assert_harmless(as_json)
        if members:
            assert "]0;pwned" in said, "the explanation quotes the chart"
            assert_harmless("".join(card["summary"] + card["detail"] for card in json.loads(as_json)["cards"]))
        else:
            assert said.startswith("cds-service: ")

    def test_assess_of_a_hook_request(self) -> None:
        request = {"hook": HOSTILE, "hookInstance": HOSTILE, "context": {"userId": HOSTILE, "patientId": HOSTILE}}
        assert told("assess", "-", stdin=json.dumps(request)).startswith("cds-service: ")
        assert SHOWN in told("assess", HOSTILE)

    def test_overrides(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        url = upgraded(sqlite_url(tmp_path / "store.db"))
        monkeypatch.setenv("CDS_DATABASE_URL", url)
        reason = {"code": f"{HOSTILE}\ndvt: 0 of 9 overridden", "system": HOSTILE, "display": HOSTILE}
        with client_with(database_url=url) as client:
            (card,) = cards(post(client, hookInstance=str(uuid4())))
            entry = overridden(card=card["uuid"], overrideReason={"reason": reason, "userComment": HOSTILE})
            assert client.post(FEEDBACK, json={"feedback": [entry]}).status_code == 200
        (line,) = told("overrides").splitlines()
        assert line.endswith(rf": {SHOWN}\ndvt: 0 of 9 overridden 1")

    def test_client(self, tmp_path: Path, ehr: Ehr) -> None:
        folder = tmp_path / HOSTILE
        folder.mkdir()
        (folder / HOSTILE).write_text(json.dumps({"keys": [jwk(EC_KEY, HOSTILE), {"kty": HOSTILE, "alg": HOSTILE}]}))
        file = registry(folder, jwks_file=HOSTILE)
        add = ("client", "add", "--file", str(file), "--jwks-file", str(folder / HOSTILE))
        assert SHOWN in told(*add, "South", "--issuer", "south")
        assert SHOWN in told(*add, HOSTILE, "--issuer", "x") + told(*add, "x", "--issuer", HOSTILE)
        assert f"keys from     {tmp_path}/{SHOWN}/{SHOWN}" in told("client", "list", "--file", str(file))
        assert SHOWN in told("client", "check", "--file", str(file))
        assert SHOWN in told("client", "check", HOSTILE, "--file", str(file))
        ehr.answers["/jwks.json"] = {"keys": [jwk(EC_KEY, HOSTILE), {HOSTILE: HOSTILE, "kty": HOSTILE, "kid": "a"}]}
        told("client", "check", "--file", str(registry(folder, keys=f"{ehr.base}/jwks.json")))

    @pytest.mark.parametrize(
        "text",
        [
            f"{json.dumps(HOSTILE)} = 1",
            f"[[client]]\n{json.dumps(HOSTILE)} = 1\nname = 'a'\nissuer = 'a'",
            f"[[client]]\nname = {json.dumps(HOSTILE)}\nissuer = {json.dumps(HOSTILE)}",
            f"[[client]]\nname = 'a'\nissuer = 'a'\njwks_url = {json.dumps(HOSTILE)}",
            f"[[client]]\nname = 'a'\nissuer = 'a'\njwks_file = {json.dumps(HOSTILE)}",
            HOSTILE,
        ],
        ids=ascii,
    )
    def test_a_registry_with_a_fault(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
        file = tmp_path / "clients.toml"
        file.write_text(text, encoding="utf-8")
        assert told("client", "list", "--file", str(file)).startswith("cds-service: ")
        monkeypatch.setenv("CDS_CLIENTS", str(file))
        assert "cds-service: " in told("check")

    def test_check(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = tmp_path / HOSTILE
        folder.mkdir()
        monkeypatch.setenv("CDS_CLIENTS", str(registry(folder)))
        monkeypatch.setenv("CDS_DISABLED_RULES", "severe-pain")
        monkeypatch.setenv("CDS_DISABLED_RULES_SIGNED_BY", HOSTILE)
        monkeypatch.setenv(f"CDS_{HOSTILE}", HOSTILE)
        said = told("check")
        for words in (f"from {tmp_path}/{SHOWN}", f"by {SHOWN}", f"CDS_{SHOWN} is not a setting"):
            assert words in said
        for name in ("CDS_DISABLED_RULES", "CDS_TIMEZONE", "CDS_FHIR_SERVERS", "CDS_CARDS_DIR", "CDS_CLIENTS"):
            with monkeypatch.context() as patch:
                patch.setenv(name, HOSTILE)
                assert "cds-service: " in told("check")

    def test_knowledge(self, tmp_path: Path, ehr: Ehr) -> None:
        folder = tmp_path / HOSTILE
        assert SHOWN in told("knowledge", "export", str(folder))
        (folder / HOSTILE).touch()
        assert SHOWN in told("knowledge", "export", str(folder))
        terminology = TerminologyStandIn()
        terminology.codes = {HOSTILE: HOSTILE, "63491006": HOSTILE}
        ehr.answers["/ValueSet/$expand"] = terminology.answer
        value_sets = tmp_path / f"{HOSTILE} value sets"
        value_sets.mkdir()
        text = (shipped("value_sets") / "claudication.json").read_text(encoding="utf-8")
        (value_sets / "claudication.json").write_text(text, encoding="utf-8")
        expand = ("knowledge", "expand", "--server", ehr.base, "--directory", str(value_sets))
        assert f"+ {SHOWN} {SHOWN}" in told(*expand, "--yes")
        assert SHOWN in told(*expand, "--only", HOSTILE)

    def test_db(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder = tmp_path / HOSTILE
        for url in (sqlite_url(folder / "none.db"), HOSTILE, f"postgresql+asyncpg://{HOSTILE}@127.0.0.1:1/{HOSTILE}"):
            monkeypatch.setenv("CDS_DATABASE_URL", url)
            for command in (("db", "upgrade"), ("db", "prune", "--older-than", "1d"), ("overrides",)):
                assert told(*command).startswith("cds-service: ")
        assert told("db", "prune", "--older-than", HOSTILE).startswith("cds-service: ")

    def test_a_fault_of_ours(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def faulty(*_: object) -> None:
            raise ValueError(HOSTILE)

        monkeypatch.setattr("cds_service.app.load_cards", faulty)
        said = told("check")
        assert "\nTraceback" in said
        assert said.endswith(f"ValueError: {SHOWN}\n")


LOGGING = f"""
import logging, structlog
from cds_service.log import configure_log
configure_log()
hostile = {HOSTILE!a}
structlog.get_logger().warning("content", notice=hostile, kinds=[hostile], client="\\ud800\\x7f\\n", who="Müller")
logging.getLogger(hostile).error("never retrieved: %s", hostile)
"""


class TestLog:
    def test_lines_of_json(self) -> None:
        said = subprocess.run([sys.executable, "-c", LOGGING], capture_output=True, check=True).stderr.decode()
        assert_harmless(said)
        ours, of_library = map(json.loads, said.splitlines())
        assert (ours["notice"], ours["kinds"], ours["who"]) == (HOSTILE, [HOSTILE], "Müller")
        assert of_library["event"] == f"never retrieved: {HOSTILE}"

    def test_columns_at_a_terminal(self) -> None:
        """The columns have colours, so these escape sequences are there."""
        screen, terminal = pty.openpty()
        subprocess.run([sys.executable, "-c", LOGGING], stderr=terminal, check=True)
        os.close(terminal)
        written = b""
        while written.count(b"\n") < 2:
            written += os.read(screen, 10_000)
        os.close(screen)
        said = re.sub(r"\x1b\[[0-9;]*m", "", written.decode().replace("\r\n", "\n"))
        assert_harmless(said)
        assert said.count(SHOWN) >= 3
        assert "who=Müller" in said
        assert len(said.splitlines()) == 2
