"""`make bench`: the hook beside a floor, on the real server with one worker, measured with wrk in one run.

The floor is the same server and middleware whose endpoint decodes the body with orjson and answers a constant. Each
round measures the floor and the hook one after the other; the medians of the rounds are printed. A ratio is the time
per request of the hook divided by that of the floor.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from benchmarks.charts import SIZES, hook_request

HOOK = "/cds-services/calf-pain-patient-view"
FLOOR = "/floor"
_TARGETS = {("small", True): 3.0, ("medium", True): 1.2, ("large", True): 0.6}
_UNITS = {"us": 1e-3, "ms": 1.0, "s": 1e3}


class Sample(NamedTuple):
    """Requests per second, and latencies in milliseconds."""

    rate: float
    p50: float
    p99: float


def main() -> None:
    options = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=int, default=2, help="of each measurement")
    options.add_argument("--connections", type=int, default=8)
    chosen = options.parse_args()
    if shutil.which("wrk") is None:
        sys.exit("wrk is needed: apt-get install wrk, or see https://github.com/wg/wrk")
    with tempfile.TemporaryDirectory() as folder, running_server() as address:
        print(f"one worker, {chosen.connections} connections, median of {chosen.rounds} rounds of {chosen.seconds} s")
        print(f"{'chart':<18}{'bytes':>9}  {'':<6}{'req/s':>9}{'p50 ms':>9}{'p99 ms':>9}  time/floor   target")
        for size in SIZES:
            for complaint in (True, False):
                _measure(size, complaint, address, Path(folder), chosen)


def _measure(size: str, complaint: bool, address: str, folder: Path, chosen: argparse.Namespace) -> None:
    body = hook_request(size, complaint=complaint, now=datetime.now(UTC))
    script = folder / f"{size}.lua"
    (folder / "body.json").write_bytes(body)
    script.write_text(
        f'local file = io.open("{folder}/body.json", "rb")\n'
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\nwrk.body = file:read("*a")\n'
    )
    samples: dict[str, list[Sample]] = {FLOOR: [], HOOK: []}
    for _round in range(chosen.rounds):
        for path, taken in samples.items():
            taken.append(_wrk(address + path, script, chosen))
    floor, hook = (Sample(*map(statistics.median, zip(*taken, strict=True))) for taken in samples.values())
    name = f"{size}, {'complaint' if complaint else 'quiet'}"
    target = _TARGETS.get((size, complaint), 1.0)
    ratio = floor.rate / hook.rate
    print(f"{name:<18}{len(body):>9}  floor {floor.rate:>9.0f}{floor.p50:>9.2f}{floor.p99:>9.2f}")
    print(
        f"{'':<27}  hook  {hook.rate:>9.0f}{hook.p50:>9.2f}{hook.p99:>9.2f}"
        f"{ratio:>12.2f}   at most {target}: {'reached' if ratio <= target else 'missed'}",
        flush=True,
    )


def _wrk(url: str, script: Path, chosen: argparse.Namespace) -> Sample:
    command = ["wrk", "-t1", f"-c{chosen.connections}", f"-d{chosen.seconds}s", "--latency", "-s", str(script), url]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said:
        sys.exit(f"{url} answered with errors:\n{said}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])  # type: ignore[index]  # wrk always prints it
    return Sample(rate, _latency(said, "50%"), _latency(said, "99%"))


def _latency(said: str, share: str) -> float:
    number, unit = re.search(rf"{share}\s+([\d.]+)(us|ms|s)", said).groups()  # type: ignore[union-attr]  # always there
    return float(number) * _UNITS[unit]


@contextmanager
def running_server(**environment: str) -> Iterator[str]:
    """The address of a server with these variables, until the end of the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", "benchmarks.floor:app", "--port", str(port), "--no-access-log"]
    command += ["--loop", "uvloop", "--ws", "none", "--http", "cds_service.http_protocol:HttpProtocol"]
    command += ["--log-level", "error"]
    with tempfile.TemporaryFile() as log, tempfile.TemporaryDirectory() as folder:
        store = {"CDS_DATABASE_URL": f"sqlite+aiosqlite:///{folder}/cds-service.db"}
        environment = {**store, **os.environ, **environment}
        upgrade = [sys.executable, "-m", "cds_service", "db", "upgrade"]
        subprocess.run(upgrade, check=True, env=environment, stdout=subprocess.DEVNULL)
        process = subprocess.Popen(command, stderr=log, stdout=log, env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            _wait_for(address, process)
            yield address
        finally:
            process.terminate()
            process.wait(10)


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    for _attempt in range(100):
        if process.poll() is not None:
            sys.exit("the server did not start")
        try:
            with urllib.request.urlopen(f"{address}/health", timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    sys.exit("the server did not answer")


if __name__ == "__main__":
    main()
