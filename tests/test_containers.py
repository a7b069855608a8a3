"""The container files, judged without a container engine: by a linter, by a schema, by what they name.

What this cannot show, since no image is built or started here, stands in docs/deployment.md.
"""

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from cds_service.cli import app
from cds_service.errors import ConfigurationError
from cds_service.settings import load_settings, unknown_variables

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def lint(dockerfile: Path) -> subprocess.CompletedProcess[str]:
    """hadolint's verdict; it also runs ShellCheck on what RUN says."""
    command = [str(BIN / "hadolint"), "--no-color", str(dockerfile)]
    return subprocess.run(command, cwd=dockerfile.parent, capture_output=True, text=True, check=False)


def check_compose(file: Path) -> subprocess.CompletedProcess[str]:
    """The verdict of the Compose Specification's own JSON Schema, as check-jsonschema ships it."""
    command = [str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def instructions() -> list[tuple[str, str]]:
    """(INSTRUCTION, rest) of each line of the Dockerfile, continued lines joined and comments left out."""
    text = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.strip().partition(" ") for line in lines)]


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    return loaded


def test_dockerfile_passes_the_linter() -> None:
    done = lint(ROOT / "Dockerfile")
    assert done.returncode == 0, done.stdout


def test_the_linter_refuses_an_unpinned_base_and_a_shell_mistake(tmp_path: Path) -> None:
    """So that a pass means something."""
    (tmp_path / "Dockerfile").write_text("FROM python:latest\nRUN cd /tmp && echo $HOME/*.txt | xargs rm\n")
    done = lint(tmp_path / "Dockerfile")
    assert done.returncode != 0
    assert "DL3007" in done.stdout


def test_compose_file_fits_the_compose_specification() -> None:
    done = check_compose(ROOT / "docker-compose.yml")
    assert done.returncode == 0, done.stdout


def _misspell_depends_on(file: dict[str, Any]) -> None:
    file["services"]["cds"]["dependson"] = file["services"]["cds"].pop("depends_on")


def _unknown_condition(file: dict[str, Any]) -> None:
    file["services"]["cds"]["depends_on"]["load"]["condition"] = "service_done"


@pytest.mark.parametrize("fault", [_misspell_depends_on, _unknown_condition])
def test_the_schema_refuses_a_planted_fault(fault: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    file = compose()
    fault(file)
    (tmp_path / "docker-compose.yml").write_text(yaml.safe_dump(file))
    assert check_compose(tmp_path / "docker-compose.yml").returncode != 0


def test_image_is_built_in_stages_on_a_python_that_the_project_allows() -> None:
    bases = [rest.split()[0] for word, rest in instructions() if word == "FROM"]
    assert len(bases) == 2
    assert {base for base in bases if not re.fullmatch(r"python:3\.1[123]-slim", base)} == set()


def test_image_installs_by_hash_and_serves_as_an_unprivileged_user() -> None:
    installs = [rest for word, rest in instructions() if word == "RUN" and "pip install" in rest]
    assert "--require-hashes" in installs[0]
    assert "--no-deps ." in installs[1]
    users = [rest for word, rest in instructions() if word == "USER"]
    assert users
    assert users[-1].split(":")[0] not in {"0", "root"}


def test_dockerfile_copies_only_what_exists_and_dockerignore_lets_through() -> None:
    ignore = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    allowed = {line[1:].split("/")[0] for line in ignore if line.startswith("!")}
    assert "*" in ignore
    copied = {
        source
        for word, rest in instructions()
        if word == "COPY" and "--from" not in rest
        for source in rest.split()[:-1]
    }
    assert {source for source in copied if not (ROOT / source).exists()} == set()
    assert copied == allowed


def test_containers_call_the_command_line_as_it_is() -> None:
    """With `--help` added, nothing starts, yet an unknown sub-command or option is still refused."""
    arguments = dict(instructions())
    assert json.loads(arguments["ENTRYPOINT"]) == ["cds-service"]
    services = compose()["services"]
    for given in (json.loads(arguments["CMD"]), services["load"]["command"], services["cds"]["command"]):
        asked = CliRunner().invoke(app, [*given, "--help"])
        assert asked.exit_code == 0, asked.output
    assert CliRunner().invoke(app, ["serve", "--hots", "127.0.0.1", "--help"]).exit_code != 0


def test_compose_sets_settings_that_exist() -> None:
    """And gives them values that the service accepts while it listens where the file tells it to."""
    service = compose()["services"]["cds"]
    command, environment = service["command"], service["environment"]
    assert unknown_variables(environment) == []
    settings = {name.removeprefix("CDS_").lower(): value for name, value in environment.items()}
    loaded = load_settings(host=command[command.index("--host") + 1], insecure="--insecure" in command, **settings)
    assert loaded.fhir_servers == (environment["CDS_FHIR_SERVERS"],)


def test_the_image_answers_nobody_until_it_is_told_whom() -> None:
    command = json.loads(dict(instructions())["CMD"])
    with pytest.raises(ConfigurationError, match="CDS_CLIENTS"):
        load_settings(host=command[command.index("--host") + 1], insecure="--insecure" in command)


def test_compose_loads_the_server_that_the_service_may_read() -> None:
    services = compose()["services"]
    assert services["load"]["command"][-1] == services["cds"]["environment"]["CDS_FHIR_SERVERS"]


def test_compose_lets_the_fhir_server_take_the_ids_that_sample_patients_have() -> None:
    """HAPI refuses ids of digits only unless told otherwise."""
    charts = (json.loads(path.read_text("utf-8")) for path in (ROOT / "fhir_fixtures").glob("*.json"))
    ids = {entry["resource"].get("id", "") for chart in charts for entry in chart.get("entry", [])}
    assert any(each.isdigit() for each in ids)
    assert compose()["services"]["fhir"]["environment"]["hapi.fhir.client_id_strategy"] == "ANY"


def test_compose_opens_ports_to_this_machine_only_and_pins_what_it_pulls() -> None:
    services = compose()["services"]
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    assert re.fullmatch(r"[a-z/]+:v\d+\.\d+\.\d+-\d+", services["fhir"]["image"])


class _Health(BaseHTTPRequestHandler):
    """Answers as a healthy service does, and 500 when the test makes it ill."""

    healthy = True

    def do_GET(self) -> None:
        self.send_response(200 if self.healthy and self.path == "/health" else 500)
        self.end_headers()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Silent: the test reads the exit code."""


def health(port: int) -> int:
    """Exit code of the image's health check, run against `port` of this machine."""
    check = dict(instructions())["HEALTHCHECK"]
    command = json.loads(check[check.index("[") :])
    assert "127.0.0.1:8000" in command[-1]
    command = [sys.executable, *(part.replace(":8000", f":{port}") for part in command[1:])]
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode


def test_health_check_fails_for_an_ill_service_and_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    with HTTPServer(("127.0.0.1", 0), _Health) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        port = server.server_port
        assert health(port) == 0
        monkeypatch.setattr(_Health, "healthy", False)
        assert health(port) != 0
        server.shutdown()
    assert health(port) != 0
