"""`python -m benchmarks.jwt`: what the EHR's token costs, on the real server with one worker, in one run.

The same hook request three ways in turn, again and again: without a token to a server without a registry; with an
ES384 and with an RS384 token, new with each request, to a server that pins the keys. Printed are the medians of all
requests, and what a token adds to that of the first way. The clock does not run while a token is signed.
"""

from __future__ import annotations

import argparse
import http.client
import json
import statistics
import sys
import tempfile
import time
import uuid
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from benchmarks.__main__ import HOOK, running_server
from benchmarks.charts import hook_request

_ISSUER = "https://ehr.example.org"
_TARGETS = {"ES384": 2.0, "RS384": 1.0}
_WARMING_UP = 50
_EC_KEY = ec.generate_private_key(ec.SECP384R1())
_RSA_KEY = rsa.generate_private_key(65537, 2048)
_KEYS: dict[str, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey] = {"ES384": _EC_KEY, "RS384": _RSA_KEY}


def main() -> None:
    options = argparse.ArgumentParser(prog="benchmarks.jwt", description=__doc__)
    options.add_argument("--requests", type=int, default=1000, help="of each way")
    chosen = options.parse_args()
    body = hook_request("small", complaint=True, now=datetime.now(UTC))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        open_to_all = stack.enter_context(running_server())
        gated = stack.enter_context(running_server(CDS_CLIENTS=str(_registry(Path(folder)))))
        ways = [_Way("none", open_to_all), _Way("ES384", gated), _Way("RS384", gated)]
        for number in range(chosen.requests + _WARMING_UP):
            for way in ways:
                way.ask(body, counts=number >= _WARMING_UP)
    _print({way.name: way.times for way in ways}, len(body))


class _Way:
    """One way of asking, over a connection of its own. `times` are milliseconds."""

    def __init__(self, name: str, address: str) -> None:
        self.name = name
        self.times: list[float] = []
        self._audience = address + HOOK
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=30)

    def ask(self, body: bytes, *, counts: bool) -> None:
        token = {} if self.name == "none" else {"Authorization": f"Bearer {_token(self._audience, self.name)}"}
        started = time.perf_counter()
        self._connection.request("POST", HOOK, body, {"Content-Type": "application/json", **token})
        response = self._connection.getresponse()
        response.read()
        if response.status != 200:
            sys.exit(f"{self.name}: answered {response.status}")
        if counts:
            self.times.append((time.perf_counter() - started) * 1000)


def _registry(folder: Path) -> Path:
    keys = [
        {**ECAlgorithm.to_jwk(_EC_KEY.public_key(), as_dict=True), "kid": "ES384"},
        {**RSAAlgorithm.to_jwk(_RSA_KEY.public_key(), as_dict=True), "kid": "RS384"},
    ]
    (folder / "jwks.json").write_text(json.dumps({"keys": keys}), encoding="utf-8")
    file = folder / "clients.toml"
    file.write_text(
        f'[[client]]\nname = "Benchmark"\nissuer = "{_ISSUER}"\njwks_file = "jwks.json"\n', encoding="utf-8"
    )
    return file


def _token(audience: str, algorithm: str) -> str:
    now = int(time.time())
    claims = {"iss": _ISSUER, "aud": audience, "iat": now, "exp": now + 300, "jti": str(uuid.uuid4())}
    return jwt.encode(claims, _KEYS[algorithm], algorithm, headers={"kid": algorithm})


def _print(times: dict[str, list[float]], size: int) -> None:
    medians = {way: statistics.median(taken) for way, taken in times.items()}
    print(f"one worker each, one request at a time, body of {size} bytes, medians of {len(times['none'])} requests")
    print(f"{'token':<8}{'ms':>8}{'extra ms':>10}   target")
    for way, median in medians.items():
        extra = median - medians["none"]
        target = _TARGETS.get(way)
        verdict = "" if target is None else f"   under {target}: {'reached' if extra < target else 'missed'}"
        print(f"{way:<8}{median:>8.2f}{extra:>10.2f}{verdict}")


if __name__ == "__main__":
    main()
