"""The demo's sample patients as ready hook requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_encode = msgspec.json.Encoder().encode


def sample_routes(titles: Mapping[str, str], request_of: Callable[[str], dict[str, Any]]) -> list[Route]:
    """`titles` by name of the sample; `request_of` makes the request for a name among them."""

    async def list_samples(request: Request) -> Response:
        samples = [
            {"name": name, "title": title, "request": str(request.url_for("sample", name=name))}
            for name, title in titles.items()
        ]
        return Response(_encode({"samples": samples}), media_type="application/json")

    async def sample(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in titles:
            raise HTTPException(404)
        return Response(_encode(request_of(name)), media_type="application/json")

    return [Route("/samples", list_samples), Route("/samples/{name}", sample, name="sample")]
