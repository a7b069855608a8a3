"""The service behind a proxy that ends TLS, as docs/deployment.md has it run: an EHR calls, and is known, by https."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx2
import pytest

from tests.calls import SERVICE, call, cards
from tests.certificates import own_certificate
from tests.servers import running
from tests.tokens import claims, registry, signed


@contextmanager
def tls_in_front(listening: socket.socket, service: str, certificate: Path) -> Iterator[None]:
    """A proxy of bytes: TLS on this side, a plain connection to the service on the other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    host, port = service.removeprefix("http://").split(":")

    async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while some := await reader.read(65536):
                writer.write(some)
                await writer.drain()
        writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inside, to_service = await asyncio.open_connection(host, int(port))
        await asyncio.gather(copy(reader, to_service), copy(inside, writer))

    stop = threading.Event()

    async def serve() -> None:
        proxy = await asyncio.start_server(pass_on, sock=listening, ssl=context)
        await asyncio.to_thread(stop.wait)
        proxy.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(10)


def test_an_ehr_calls_by_https_and_its_token_is_for_that_address(tmp_path: Path) -> None:
    certificate = own_certificate(tmp_path)
    listening = socket.create_server(("127.0.0.1", 0))
    base = f"https://127.0.0.1:{listening.getsockname()[1]}"
    environment = {"CDS_CLIENTS": str(registry(tmp_path)), "CDS_PUBLIC_URL": base}
    environment |= {"CDS_DATABASE_URL": f"sqlite+aiosqlite:///{tmp_path}/store.db"}
    trusted = ssl.create_default_context(cafile=str(certificate))
    with (
        running("serve", **environment) as server,
        tls_in_front(listening, server.base, certificate),
        httpx2.Client(verify=trusted, trust_env=False) as client,
    ):
        for address, status in ((base, 200), (server.base, 401)):
            bearer = {"Authorization": f"Bearer {signed(claims(address + SERVICE, time.time()))}"}
            response = client.post(base + SERVICE, json=call(), headers=bearer)
            assert response.status_code == status
            assert status != 200 or cards(response)[0]["links"][0]["url"].startswith(f"{base}/knowledge")
        with pytest.raises(httpx2.TransportError):
            client.get(base.replace("https", "http") + "/health")
