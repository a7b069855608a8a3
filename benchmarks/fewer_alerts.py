"""`python -m benchmarks.fewer_alerts`: what the look-up of earlier cards costs, on the real server with one worker.

The same hook requests to a server that keeps no card back and to one with the default settings, in turn, again and
again: a quiet chart, a card, and a card in an encounter. Printed are the medians of all requests, in milliseconds.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import sys
import time
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import orjson

from benchmarks.__main__ import HOOK, running_server
from benchmarks.charts import hook_request

_WARMING_UP = 50
_OFF = {"CDS_OVERRIDE_HOURS": "0", "CDS_ONCE_PER_ENCOUNTER": "false"}


def main() -> None:
    options = argparse.ArgumentParser(prog="benchmarks.fewer_alerts", description=__doc__)
    options.add_argument("--requests", type=int, default=1000, help="of each kind")
    chosen = options.parse_args()
    now = datetime.now(UTC)
    charts = {
        "quiet": orjson.loads(hook_request("small", complaint=False, now=now)),
        "card": orjson.loads(hook_request("small", complaint=True, now=now)),
        "card, encounter": orjson.loads(hook_request("small", complaint=True, now=now)),
    }
    charts["card, encounter"]["context"]["encounterId"] = "e1"
    with ExitStack() as stack:
        servers = [stack.enter_context(running_server(**settings)) for settings in (_OFF, {})]
        connections = [http.client.HTTPConnection(urlsplit(address).netloc, timeout=30) for address in servers]
        taken: dict[str, tuple[list[float], list[float]]] = {kind: ([], []) for kind in charts}
        for number in range(chosen.requests + _WARMING_UP):
            for kind, request in charts.items():
                for times, connection in zip(taken[kind], connections, strict=True):
                    spent = _ask(connection, request, number)
                    if number >= _WARMING_UP:
                        times.append(spent)
    print(f"medians of {chosen.requests} requests, milliseconds")
    print(f"{'':<18}{'off':>8}{'on':>8}{'extra':>8}")
    for kind, (off, on) in taken.items():
        without, with_it = statistics.median(off), statistics.median(on)
        print(f"{kind:<18}{without:>8.2f}{with_it:>8.2f}{with_it - without:>8.2f}")


def _ask(connection: http.client.HTTPConnection, request: dict[str, Any], number: int) -> float:
    """By one hundred clinicians in turn."""
    request["hookInstance"] = str(uuid.uuid4())
    request["context"]["userId"] = f"Practitioner/{number % 100}"
    body = orjson.dumps(request)
    started = time.perf_counter()
    connection.request("POST", HOOK, body, {"Content-Type": "application/json"})
    response = connection.getresponse()
    response.read()
    if response.status != 200:
        sys.exit(f"answered {response.status}")
    return (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    main()
