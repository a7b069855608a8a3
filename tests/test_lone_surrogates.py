"""Half a character costs only itself."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from cds_service.fhir.page import open_page
from cds_service.lone_surrogates import without_lone_surrogates
from tests.calls import CALF_PAIN, SERVICE, TOLD, call, detail, prefetch, searchset
from tests.charts import resource

HALF = "\ud83d"


@pytest.mark.parametrize(
    ("body", "mended"),
    [
        (rb'"a \ud83d"', rb'"a \ufffd"'),
        (rb'"\ude00 a"', rb'"\ufffd a"'),
        (rb'"\ud83d\ude00"', rb'"\ud83d\ude00"'),
        (rb'"\uD83D\ud83d\ude00"', rb'"\ufffd\ud83d\ude00"'),
        (rb'"\ud83dx\ude00"', rb'"\ufffdx\ufffd"'),
        (rb'"\\ud83d"', rb'"\\ud83d"'),  # a backslash, and then letters
        (rb'"\\\ud83d"', rb'"\\\ufffd"'),
        (rb'"\u00e9\n\ud83d"', rb'"\u00e9\n\ufffd"'),
        (rb'"\ud8', rb'"\ud8'),
        (b'"\xed\xa0\xbd"', b'"\xef\xbf\xbd"'),
        (b"\\", b"\\"),
        (b"", b""),
    ],
)
def test_each_becomes_the_replacement_character(body: bytes, mended: bytes) -> None:
    assert without_lone_surrogates(body) == mended


@given(st.text(st.characters(exclude_categories=()), max_size=40), st.booleans())
def test_any_text_is_mended_as_utf_16_would(text: str, escaped: bool) -> None:
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    assert json.loads(without_lone_surrogates(json.dumps(text).encode())).replace("\ufffd", "") == whole.replace(
        "\ufffd", ""
    )


def test_the_rest_of_the_call_is_read(client: TestClient) -> None:
    """Wherever it stands: in what nobody reads, in words, in an id, beside a resource with an odd member."""
    noted = resource({**CALF_PAIN, "members": {"note": [{"text": f"sore {HALF}"}], "language": HALF}}, 0)
    for beside in ([], [{"resourceType": "Condition", "id": HALF, "code": 5}]):
        body = json.dumps(call(prefetch=prefetch(conditions=searchset(noted, *beside)))).encode()
        answer = client.post(SERVICE, content=body, headers={"Content-Type": "application/json"})
        assert TOLD in detail(answer)


def test_a_page_of_the_ehr_is_read_too() -> None:
    raw = json.dumps(searchset({**resource(CALF_PAIN, 0), "note": [{"text": HALF}]})).encode()
    assert not open_page(raw).failure
    assert len(open_page(raw).resources) == 1


def test_a_page_full_of_them_is_mended_once() -> None:
    """Else its length would be gone through for each thousand of them."""
    assert open_page(json.dumps({**searchset(), "link": [{"url": HALF * 20_000}]}).encode()).failure
