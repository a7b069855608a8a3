"""The address by which a client reached this server, for links back to it."""

from __future__ import annotations

import re

from starlette.requests import Request

_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?")


def own_address(request: Request) -> str:
    """Scheme, host and port as the client named them, so that `localhost` stays `localhost`; no slash at the end.

    A Host header that is none is not passed on.
    """
    host = request.headers.get("host", "")
    if not _HOST.fullmatch(host):
        name, port = request.scope["server"]
        host = f"{name}:{port}"
    return f"{request.scope['scheme']}://{host}"
