"""The body of a request: declared as JSON, bounded, perhaps packed."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from cds_service.app import create_app
from cds_service.settings import load_settings
from tests.calls import SERVICE, assert_outcome, call

LIMIT = 64 * 1024
BODY = json.dumps(call()).encode()


@pytest.fixture(scope="module")
def client() -> TestClient:
    return TestClient(create_app(load_settings(max_body=LIMIT)))


def post(client: TestClient, body: Any, content_type: str | None = "application/json", **headers: str) -> Any:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if content_type is not None:
        given["content-type"] = content_type
    return client.post(SERVICE, content=body, headers=given)


def in_chunks(body: bytes, size: int = 1000) -> Iterator[bytes]:
    """Sent in chunks, without a Content-Length."""
    for start in range(0, len(body), size):
        yield body[start : start + size]


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON; charset=UTF-8",
        'application/json;charset="utf-8"',
        "application/fhir+json",
        "application/fhir+json; fhirVersion=4.0",
        "application/vnd.example+json; charset=utf8",
    ],
)
def test_json_is_read_under_each_of_its_names(client: TestClient, content_type: str) -> None:
    assert post(client, BODY, content_type).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/fhir+xml",
        "application/jsonp",
        "json",
        "application/json; charset=iso-8859-1",
        "application/json; charset=utf-16",
        "*/*",
        "application/json, text/plain",
        'application/json; a="' + ";" * 60_000,
    ],
)
def test_anything_else_is_415(client: TestClient, content_type: str | None) -> None:
    assert_outcome(post(client, BODY, content_type), 415, "", "Content-Type: application/json")


def test_a_byte_order_mark_is_passed_over(client: TestClient) -> None:
    assert post(client, b"\xef\xbb\xbf" + BODY).json()["cards"] == post(client, BODY).json()["cards"] != []


def test_the_largest_body_is_read_and_one_byte_more_is_413(client: TestClient) -> None:
    assert post(client, BODY.ljust(LIMIT)).status_code == 200
    assert post(client, in_chunks(BODY.ljust(LIMIT))).status_code == 200
    assert_outcome(post(client, BODY.ljust(LIMIT + 1)), 413, "", "CDS_MAX_BODY")
    assert_outcome(post(client, in_chunks(BODY.ljust(LIMIT + 1))), 413, "", "CDS_MAX_BODY")


def test_an_announced_length_over_the_limit_is_refused_before_anything_is_read(client: TestClient) -> None:
    for length in (str(LIMIT + 1), "9" * 19):
        assert_outcome(post(client, b"{}", content_length=length), 413)


@pytest.mark.parametrize("name", ["gzip", "GZIP", "x-gzip"])
def test_gzip_is_unpacked(client: TestClient, name: str) -> None:
    assert post(client, gzip.compress(BODY), content_encoding=name).status_code == 200
    assert post(client, in_chunks(gzip.compress(BODY), 7), content_encoding=name).status_code == 200


def test_gzip_of_several_members_is_unpacked(client: TestClient) -> None:
    packed = gzip.compress(BODY[:100]) + gzip.compress(BODY[100:])
    assert post(client, packed, content_encoding="gzip").status_code == 200
    assert post(client, in_chunks(packed, 1), content_encoding="gzip").status_code == 200


def test_gzip_counts_unpacked(client: TestClient) -> None:
    assert post(client, gzip.compress(BODY.ljust(LIMIT)), content_encoding="gzip").status_code == 200
    assert_outcome(post(client, gzip.compress(BODY.ljust(LIMIT + 1)), content_encoding="gzip"), 413)


def test_a_bomb_is_not_unpacked(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a gigabyte of spaces, packed to half a megabyte, is dropped when the limit is passed."""
    packer = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packer.compress(b" " * 2**20) for _ in range(40)) + packer.flush()
    assert len(bomb) < LIMIT < 40 * 2**20
    unpacked: list[int] = []
    real = zlib.decompressobj

    class Watched:
        def __init__(self, how: int) -> None:
            self._real = real(how)

        def decompress(self, data: bytes, limit: int) -> bytes:
            part = self._real.decompress(data, limit)
            unpacked.append(len(part))
            return part

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    monkeypatch.setattr(zlib, "decompressobj", Watched)
    assert_outcome(post(client, bomb, content_encoding="gzip"), 413)
    assert sum(unpacked) <= LIMIT + 256 * 1024  # the piece that passes the limit


@pytest.mark.parametrize(
    "body",
    [
        b"not gzip",
        gzip.compress(BODY)[:-9],
        gzip.compress(BODY)[:20],
        gzip.compress(BODY) + b"rest",
        b"\x1f\x8b",
    ],
    ids=["no gzip", "cut short", "cut early", "with more behind", "begun only"],
)
def test_damaged_gzip_is_400(client: TestClient, body: bytes) -> None:
    assert_outcome(post(client, body, content_encoding="gzip"), 400, "", "gzip")


@pytest.mark.parametrize("name", ["br", "deflate", "zstd", "gzip, gzip", "unheard-of"])
def test_other_encodings_are_415(client: TestClient, name: str) -> None:
    assert_outcome(post(client, BODY, content_encoding=name), 415, "", "Content-Encoding: gzip")
