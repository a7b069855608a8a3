"""`cds-service client check --token`: what one token says, would it be taken, and what would let it in."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from cds_service.app import service_addresses
from cds_service.cli.reporting import tell
from cds_service.errors import Unauthenticated
from cds_service.security.client_jwt import Claims, ClientJwt, Header, Malformed, unverified
from cds_service.security.clients import Client
from cds_service.security.keys import KeySet, PublicKey
from cds_service.settings import Settings, variable

_LEEWAY_SECONDS = 60
_LAST_MOMENT = 4e9  # in the year 2096
_NO_URL = f"{variable('public_url')} is not set"
_REMEDIES = {
    "algorithm": "It is signed with {alg}, which is not among {algorithms} (CDS_JWT_ALGORITHMS).",
    "unknown_issuer": "No client of the registry has this iss. If it is one of yours: "
    "cds-service client add NAME --issuer {iss} {keys}",
    "foreign_jku": "Its jku is not the jwks_url of the registry. If the vendor confirms it, let jwks_url be that.",
    "unknown_key": "None of the keys above has its kid and fits {alg}. Ask the vendor in which set it is.",
    "signature": "Another key than the one of its kid has signed it. Ask the vendor for the set in use.",
    "audience": "It is not for an address of this service: they begin with {base}/cds-services. Have the EHR put the "
    'address that it calls into aud; if it cannot, let its table have: audiences = ["{aud}"]',
    "expired": "exp is before iat or nbf.",
    "not_yet_valid": "iat or nbf is no time of this century.",
    "lifetime": "It lives for longer than it may.",
}


class _Keys:
    """Keys that are at hand."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    async def key(self, kid: str, algorithm: str) -> PublicKey | None:
        return self._keys.find(kid, algorithm)


def explain(
    token: str, clients: Sequence[Client], settings: Settings, keys_of: Callable[[Client], KeySet | None]
) -> bool:
    """Tells what the token says, and whether it would be taken, but for the first use of its jti, at the time for which
    it was made: one that is looked at has mostly expired.
    """
    try:
        header, claims = unverified(token)
    except Malformed as fault:
        tell(f"refused: malformed. {fault}.")
        return False
    tell(f"alg {header.alg}, kid {header.kid}, jku {_jku(header)}", f"iss {claims.iss}")
    tell(f"aud {', '.join(_named(claims))}", f"made for {claims.exp - claims.iat:g} seconds, {_age(claims)}")
    client = next((each for each in clients if each.issuer == claims.iss), None)
    keys = keys_of(client) if client else KeySet()
    if keys is None:
        return False
    refused = _refusal(token, claims, [(client, _Keys(keys))] if client else [], settings)
    if refused is None:
        doubt = "" if settings.public_url else f", if aud is the address called: {_NO_URL}, so that is not known here"
        tell(f"it would be taken{doubt}")
        return True
    words = _REMEDIES[refused.reason].format(
        alg=header.alg,
        algorithms=", ".join(settings.jwt_algorithms),
        iss=shlex.quote(claims.iss),
        keys=_keys_of(header),
        base=settings.public_url,
        aud='", "'.join(_named(claims)),
    )
    line = f" Add to its table in the registry: {refused.add_to_registry}" if refused.add_to_registry else ""
    tell(f"refused: {refused.reason}. {words}{line}")
    return False


def _refusal(
    token: str, claims: Claims, clients: Sequence[tuple[Client, _Keys]], settings: Settings
) -> Unauthenticated | None:
    """Why it would be refused at each of the addresses; of several reasons that of the address that fits best."""
    made = datetime.fromtimestamp(min(max(claims.iat, claims.nbf or 0, 0), _LAST_MOMENT), UTC)
    verifier = ClientJwt(clients, settings.jwt_algorithms, settings.jwt_lifetime, _is_first_use, lambda: made)
    addresses = service_addresses(settings.public_url) if settings.public_url else [*_named(claims), ""]
    refused = None
    for address in addresses:
        try:
            asyncio.run(verifier.caller([f"Bearer {token}"], address))
        except Unauthenticated as error:
            refused = error
            if error.reason != "audience":
                return error
        else:
            return None
    return refused


async def _is_first_use(_issuer: str, _jti: str, _until: datetime) -> bool:
    return True


def _keys_of(header: Header) -> str:
    """What `client add` is told of the keys. Whoever sends a token may write anything into it: quoted for the shell."""
    return f"--jwks-url {shlex.quote(header.jku)}" if isinstance(header.jku, str) else "--jwks-file FILE"


def _jku(header: Header) -> str:
    return header.jku if isinstance(header.jku, str) else "(none)"


def _named(claims: Claims) -> list[str]:
    return [claims.aud] if isinstance(claims.aud, str) else claims.aud


def _age(claims: Claims) -> str:
    """Against the clock of this machine."""
    now = datetime.now(UTC).timestamp()
    if claims.iat > now + _LEEWAY_SECONDS:
        return f"from {claims.iat - now:.0f} seconds in the future on by this clock: compare the clocks"
    if claims.exp < now - _LEEWAY_SECONDS:
        return f"expired {now - claims.exp:.0f} seconds ago, as each call needs a new one"
    return "valid now"
