"""Runs the command in this process as at a terminal, where escape sequences count, and reads how it fails."""

from __future__ import annotations

from typing import Any

from typer.testing import CliRunner

from cds_service.cli import app


def run(*arguments: str, stdin: str | bytes | None = None, **environment: str | None) -> Any:
    return CliRunner().invoke(app, list(arguments), input=stdin, env=environment, color=True)


def assert_one_line(result: Any, *says: str) -> None:
    assert result.exit_code == 1
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("cds-service: ")
    assert line.endswith(".")
    for words in says:
        assert words in line
