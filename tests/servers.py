"""The real server: a process of its own."""

from __future__ import annotations

import json
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For requests to a server of these tests. A client that is not given one reads the certificates of all authorities
first, which takes longer than the request.
"""


class Server:
    """A running `cds-service`. `log` holds its stderr so far, `said` its stdout."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
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
def running(*arguments: str, descriptors: str = "", **environment: str) -> Iterator[Server]:
    """`descriptors`: how many files and connections the system lets it open."""
    command = [sys.executable, "-m", "cds_service", *arguments, "--port", "0"]
    if descriptors:
        command = ["sh", "-c", f'ulimit -n {descriptors}; exec "$@"', "sh", *command]
    with subprocess.Popen(
        command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            yield Server(process)
        finally:
            process.terminate()
