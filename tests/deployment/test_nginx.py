"""Behind nginx with the lines for WebSocket that many sites have, and connections that calls share."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx2
import pytest

from tests.calls import SERVICE, call, prefetch, searchset
from tests.servers import running

CONFIGURATION = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    upstream service {{ server {service}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port};
        client_max_body_size 32m;
        location / {{
            proxy_pass http://service;
            proxy_http_version 1.1;
            proxy_request_buffering off;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection "upgrade";
        }}
        location /plain/ {{
            proxy_pass http://service/;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""
JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of an nginx in front of the service."""
    folder = tmp_path_factory.mktemp("nginx")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with running("serve") as server:
        file = folder / "nginx.conf"
        service = server.base.removeprefix("http://")
        file.write_text(CONFIGURATION.format(folder=folder, service=service, port=port), "utf-8")
        with subprocess.Popen(["nginx", "-p", str(folder), "-c", str(file)]) as process:
            try:
                _wait_for(port, folder)
                yield f"http://127.0.0.1:{port}"
            finally:
                process.terminate()


def _wait_for(port: int, folder: Path) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError((folder / "error.log").read_text("utf-8"))


def test_nobody_gets_the_answer_to_what_an_attacker_hid_in_a_body(nginx: str) -> None:
    """Hidden is a call about a patient without a complaint: whoever gets its answer, who has one, sees no card."""
    quiet = json.dumps(call(prefetch=prefetch(conditions=searchset()))).encode()
    assert httpx2.post(nginx + SERVICE, content=quiet, headers=JSON).json() == {"cards": []}
    lines = f"POST {SERVICE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: "
    hidden = f"{lines}{len(quiet)}\r\n\r\n".encode() + quiet
    head = f"{lines}{len(hidden)}\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n".encode()
    host, port = nginx.removeprefix("http://").split(":")
    over = threading.Event()

    def attack(_: int) -> set[int]:
        told: set[int] = set()
        while not over.is_set():
            with socket.create_connection((host, int(port)), timeout=10) as connection:
                connection.sendall(head)
                time.sleep(0.02)
                with suppress(ConnectionError):
                    connection.sendall(hidden)
                    told |= {int(each) for each in re.findall(rb"HTTP/1.1 (\d+)", connection.recv(65536))}
        return told

    def answer(_: int) -> httpx2.Response:
        return httpx2.post(nginx + SERVICE, json=call(), timeout=60)

    with ThreadPoolExecutor(4) as attackers, ThreadPoolExecutor(16) as callers:
        attacks = [attackers.submit(attack, number) for number in range(4)]
        answers = list(callers.map(answer, range(240)))
        over.set()
        told = set().union(*(each.result() for each in attacks))
    assert [(each.status_code, len(each.json().get("cards", []))) for each in answers] == [(200, 1)] * 240
    assert told == {400}


def test_calls_share_connections(nginx: str) -> None:
    """200 calls over kept connections, with the lines for WebSocket and without."""
    for path in (SERVICE, "/plain" + SERVICE):
        with httpx2.Client() as client:
            assert [client.post(nginx + path, json=call()).status_code for _ in range(200)] == [200] * 200
