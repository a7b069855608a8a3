"""The real server: a process of its own."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from functools import cache, partial
from multiprocessing.connection import Connection
from typing import IO, Any, Protocol

import httpx2

from cds_service.cli import app

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For requests to a server of these tests. A client that is not given one reads the certificates of all authorities
first, which takes longer than the request.
"""
get = partial(httpx2.get, verify=PLAIN)
post = partial(httpx2.post, verify=PLAIN)


class Process(Protocol):
    """What these tests do with a server's process, as `subprocess.Popen` does it."""

    pid: int
    stdout: Any
    stderr: Any

    def poll(self) -> int | None: ...
    def wait(self, timeout: float) -> int: ...
    def send_signal(self, sig: int) -> None: ...
    def terminate(self) -> None: ...


class Server:
    """A running `cds-service`. `log` holds its stderr so far, `said` its stdout."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.log: list[str] = []
        self.said: list[str] = []
        self._readers = [
            threading.Thread(target=self._collect, args=pipe, daemon=True)
            for pipe in ((process.stderr, self.log), (process.stdout, self.said))
        ]
        for reader in self._readers:
            reader.start()
        self.base = f"http://127.0.0.1:{self._port()}"

    @staticmethod
    def _collect(pipe: Any, lines: list[str]) -> None:
        for line in pipe:
            lines.append(line.decode().rstrip("\n"))

    def wait_until_said(self, line: str) -> None:
        deadline = time.monotonic() + 120
        while line not in self.said:
            assert time.monotonic() < deadline, self.said
            time.sleep(0.01)

    def _port(self) -> int:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and self.process.poll() is None:
            for line in list(self.log):
                if line.startswith("{") and json.loads(line)["event"] == "listening":
                    return int(json.loads(line)["port"])
            time.sleep(0.02)
        raise AssertionError(f"not started: {self.log}")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(20)
        for reader in self._readers:
            reader.join(5)
        return status


@contextmanager
def running(*arguments: str, how: str = "forked", descriptors: str = "", **environment: str) -> Iterator[Server]:
    """A server of one worker is forked from a process that has imported the service: most of a start is to import it.
    With `how="as a command"` it starts as from a shell; so do several workers, which import everything themselves.

    `descriptors`: how many files and connections the system lets it open.
    """
    arguments = (*arguments, "--port", "0")
    started: AbstractContextManager[Process]
    if how == "as a command" or descriptors or "--workers" in arguments:
        command = [sys.executable, "-m", "cds_service", *arguments]
        if descriptors:
            command = ["sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh", *command]
        started = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    else:
        started = forked(*arguments, **environment)
    with started as process:
        try:
            yield Server(process)
        finally:
            process.terminate()


@contextmanager
def forked(*arguments: str, **environment: str) -> Iterator[Forked]:
    """`cds-service` in a process of its own, forked from one that has imported it."""
    (stdout, its_stdout), (stderr, its_stderr) = multiprocessing.Pipe(False), multiprocessing.Pipe(False)
    variables = {**os.environ, **environment}
    process = _prepared().Process(target=_run, args=(arguments, variables, its_stdout, its_stderr))
    process.start()
    its_stdout.close()
    its_stderr.close()
    with os.fdopen(os.dup(stdout.fileno()), "rb") as said, os.fdopen(os.dup(stderr.fileno()), "rb") as log:
        yield Forked(process, said, log)
        process.join()


@cache
def _prepared() -> Any:
    """Forks processes from one that has imported what a server needs, and has no thread and no open connection."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["cds_service.app", "cds_service.serving", "tests.servers"])
    return context


def _run(arguments: Sequence[str], environment: dict[str, str], stdout: Connection, stderr: Connection) -> None:
    """In the new process."""
    os.environ.clear()
    os.environ.update(environment)
    os.dup2(stdout.fileno(), 1)
    os.dup2(stderr.fileno(), 2)
    app(list(arguments))


class Forked:
    """A process of multiprocessing, which has other words for what `subprocess.Popen` does."""

    def __init__(self, process: Any, stdout: IO[bytes], stderr: IO[bytes]) -> None:
        self._process = process
        self.pid: int = process.pid
        self.stdout = stdout
        self.stderr = stderr

    def poll(self) -> int | None:
        code: int | None = self._process.exitcode
        return code

    def wait(self, timeout: float) -> int:
        self._process.join(timeout)
        code = self.poll()
        assert code is not None, "still running"
        return code

    def send_signal(self, sig: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, sig)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)
