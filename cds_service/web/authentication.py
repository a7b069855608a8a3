"""Who makes a request, asked before anything of its body is read."""

from __future__ import annotations

from starlette.requests import Request

from cds_service.addresses import is_loopback, parse_base
from cds_service.security.caller import Caller
from cds_service.security.client_jwt import ClientJwt
from cds_service.web.middleware import CLIENT


class Authentication:
    """The client of the registry whose token a request brings, for the address that was called.

    `public_url` is the base of that address as clients know it, whatever proxies stand between; None if they call this
    machine itself.
    """

    def __init__(self, clients: ClientJwt, public_url: str | None) -> None:
        self._clients = clients
        self._public_url = public_url

    async def __call__(self, request: Request) -> Caller:
        """Raises Unauthenticated."""
        base = _own_base(request) if self._public_url is None else self._public_url
        caller = await self._clients.caller(request.headers.getlist("authorization"), base + request.scope["path"])
        request.scope[CLIENT] = caller.name
        return caller


class Anyone:
    """Without a registry: every request is from the same caller, whatever token it brings."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def __call__(self, request: Request) -> Caller:
        return self._caller


def _own_base(request: Request) -> str:
    """What the request's Host says, if that is this machine.

    The caller writes it. Were other names believed, a token made for another service could be used here by whoever got
    hold of it.
    """
    base = f"{request.scope['scheme']}://{request.headers.get('host', '')}"
    place = parse_base(base)
    return base if place is not None and is_loopback(place.host) else ""
