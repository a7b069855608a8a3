"""`cds-service knowledge expand`, beside a terminology server on a real socket."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.fhir.value_sets import Terminology
from cds_service.shipped import shipped
from tests.command import assert_one_line
from tests.ehr import Ehr, running_ehr

CLAUDICATION = {
    "63491006": "Intermittent claudication",
    "275520000": "Claudication",
    "792845002": "Intermittent claudication due to atherosclerosis of artery of limb",
}
VERSION = "http://snomed.info/sct/900000000000207008/version/20261001"


class TerminologyStandIn:
    """Expands every value set to `codes`, `page` of them at a time. `asked` are the parameters of each request."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = dict(CLAUDICATION)
        self.page = 1000
        self.inactive: set[str] = set()
        self.asked: list[dict[str, Any]] = []

    async def answer(self, request: Request) -> Response:
        parameters = {each["name"]: each for each in json.loads(await request.body())["parameter"]}
        self.asked.append(parameters)
        first = parameters["offset"]["valueInteger"]
        shown = list(self.codes.items())[first : first + self.page]
        contains = [{"code": code, "display": display, "inactive": code in self.inactive} for code, display in shown]
        version = {"name": "version", "valueUri": VERSION}
        expansion = {"total": len(self.codes), "parameter": [version], "contains": contains}
        return JSONResponse({"resourceType": "ValueSet", "status": "active", "expansion": expansion})


@pytest.fixture
def server() -> Iterator[Ehr]:
    with running_ehr() as running:
        yield running


@pytest.fixture
def terminology(server: Ehr) -> TerminologyStandIn:
    made = TerminologyStandIn()
    server.answers["/ValueSet/$expand"] = made.answer
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("claudication", "potassium"):
        text = (shipped("value_sets") / f"{name}.json").read_text(encoding="utf-8")
        (tmp_path / f"{name}.json").write_text(text, encoding="utf-8")
    return tmp_path


def expand(server: Ehr, folder: Path, *more: str, only: str = "claudication", types: str = "") -> Any:
    arguments = ["--server", server.base, "--directory", str(folder), "--only", only, *more]
    return CliRunner().invoke(app, ["knowledge", "expand", *arguments], input=types)


def listed(folder: Path, name: str = "claudication") -> dict[str, str]:
    value_set = json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))
    found = [concept for element in value_set["compose"]["include"] for concept in element.get("concept", [])]
    return {concept["code"]: concept["display"] for concept in found}


def test_snomed_is_asked_for_by_its_meaning(server: Ehr, terminology: TerminologyStandIn, folder: Path) -> None:
    result = expand(server, folder)
    assert (result.exit_code, result.stdout) == (0, "nothing to write\n"), result.output
    (asked,) = terminology.asked
    meaning = "<< 63491006 |Intermittent claudication| OR 275520000 |Claudication| OR << "
    meaning += "792845002 |Intermittent claudication due to atherosclerosis of artery of limb|"
    assert asked["url"]["valueUri"] == f"http://snomed.info/sct?fhir_vs=ecl/{meaning}"


def test_other_systems_are_asked_for_their_codes(server: Ehr, terminology: TerminologyStandIn, folder: Path) -> None:
    terminology.codes = dict(list(listed(folder, "potassium").items())[1:])
    result = expand(server, folder, only="potassium")
    gone = next(iter(listed(folder, "potassium")))
    assert f"- {gone}" in result.stdout
    assert "nothing to write" in result.stdout
    (include,) = terminology.asked[0]["valueSet"]["resource"]["compose"]["include"]
    assert {each["code"] for each in include["concept"]} == set(listed(folder, "potassium"))


@pytest.mark.parametrize("types", ["n\n", "\n", ""])
def test_writes_nothing_without_a_yes(types: str, server: Ehr, terminology: TerminologyStandIn, folder: Path) -> None:
    before = (folder / "claudication.json").read_bytes()
    terminology.codes["12345009"] = "Claudication of the calf"
    result = expand(server, folder, types=types)
    assert "+ 12345009 Claudication of the calf" in result.stdout
    assert (folder / "claudication.json").read_bytes() == before


@pytest.mark.parametrize(("more", "types"), [((), "y\n"), (("--yes",), "")])
def test_writes_what_is_new_after_a_yes(
    more: tuple[str, ...], types: str, server: Ehr, terminology: TerminologyStandIn, folder: Path
) -> None:
    terminology.codes = {
        **{code: words for code, words in CLAUDICATION.items() if code != "275520000"},
        "63491006": "Intermittent claudication (disorder)",
        "12345009": "Claudication of the calf",
    }
    result = expand(server, folder, *more, types=types)
    assert result.exit_code == 0, result.output
    assert "- 275520000 Claudication: not in the expansion, stays" in result.stdout
    assert "~" not in result.stdout, "a semantic tag is no other name"
    assert listed(folder) == {**CLAUDICATION, "12345009": "Claudication of the calf"}
    meaning = Terminology(folder).meaning("http://snomed.info/sct", "12345009")
    assert meaning is not None
    assert [concept.name for concept in meaning.concepts] == ["claudication"]
    text = (folder / "claudication.json").read_text(encoding="utf-8")
    assert f"expanded by 127.0.0.1, {VERSION}, " in text


def test_another_name_is_told(server: Ehr, terminology: TerminologyStandIn, folder: Path) -> None:
    terminology.codes["275520000"] = "Limping of arterial cause"
    assert "~ 275520000 Claudication: there Limping of arterial cause" in expand(server, folder).stdout


def test_an_inactive_code_is_not_in_the_expansion(server: Ehr, terminology: TerminologyStandIn, folder: Path) -> None:
    terminology.inactive = {"275520000"}
    assert "- 275520000" in expand(server, folder).stdout


def test_pages_are_followed(server: Ehr, terminology: TerminologyStandIn, folder: Path) -> None:
    terminology.page = 1
    assert "nothing to write" in expand(server, folder).stdout
    assert [each["offset"]["valueInteger"] for each in terminology.asked] == [0, 1, 2]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            JSONResponse(
                {"resourceType": "OperationOutcome", "issue": [{"diagnostics": "too costly"}]}, status_code=422
            ),
            "the server answered 422: too costly",
        ),
        (Response("<html>", status_code=503), "the server answered 503"),
        (JSONResponse({"resourceType": "ValueSet"}), "not a ValueSet with an expansion"),
        (Response("no JSON"), "not a ValueSet with an expansion"),
    ],
)
def test_a_server_that_does_not_expand_is_told(answer: Response, says: str, server: Ehr, folder: Path) -> None:
    server.answers["/ValueSet/$expand"] = answer
    result = expand(server, folder)
    assert result.exit_code == 1
    assert says in result.stderr
    assert result.stdout == "", "what was not compared may hold something to write"


def test_a_server_that_is_not_there_is_told(folder: Path) -> None:
    gone = Ehr("http://user:secret@127.0.0.1:9")
    result = CliRunner().invoke(app, ["knowledge", "expand", "--server", gone.base, "--directory", str(folder)])
    assert_one_line(result, "no server answers at 127.0.0.1:9", "--server")
    assert "secret" not in result.output


def test_a_folder_of_other_json_is_refused(folder: Path) -> None:
    for other in (
        "[]",
        "{}",
        '{"resourceType": "ValueSet"}',
        '{"resourceType": "ValueSet", "compose": {"include": [5]}}',
    ):
        (folder / "claudication.json").write_text(other)
        assert_one_line(expand(Ehr("http://127.0.0.1:9"), folder, only="potassium"), "claudication.json", "Correct")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--server", "nowhere"], "--server is not an address"),
        (["--server", "http://[::1"], "--server is not an address"),
        (["--server", "http://127.0.0.1/fhir", "--only", "toothache"], "--only toothache"),
        (["--server", "http://127.0.0.1/fhir", "--directory", "/nonexistent"], "no value sets found"),
    ],
)
def test_faulty_options_are_named(arguments: list[str], says: str) -> None:
    result = CliRunner().invoke(app, ["knowledge", "expand", *arguments])
    assert result.exit_code == 1
    assert says in result.stderr
