"""The service with one more route, the floor: what any answer to such a body costs on this server."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cds_service.app import create_app
from cds_service.log import configure_log
from cds_service.settings import load_settings

_CONSTANT = b'{"cards":[]}'


async def floor(request: Request) -> Response:
    orjson.loads(await request.body())
    return Response(_CONSTANT, media_type="application/json")


configure_log()
app = create_app(load_settings())
app.router.routes.append(Route("/floor", floor, methods=["POST"]))
