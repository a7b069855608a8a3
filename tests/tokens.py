"""An EHR's side of trust: keys, key sets, tokens and the registry that knows it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

ISSUER = "https://ehr.example.org"
NAME = "Example EHR"
ABSENT = object()
"""For a claim or header member that is to be left out."""

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey

EC_KEY = ec.generate_private_key(ec.SECP384R1())
OTHER_EC_KEY = ec.generate_private_key(ec.SECP384R1())
P256_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
KEYS: dict[str, PrivateKey] = {"ES384": EC_KEY, "RS384": RSA_KEY, "ES256": P256_KEY, "RS256": RSA_KEY}


def jwk(key: PrivateKey, kid: str, **members: Any) -> dict[str, Any]:
    """The public half of a key as a JWK."""
    public = key.public_key()
    numbers = (
        RSAAlgorithm.to_jwk(public, as_dict=True)
        if isinstance(public, rsa.RSAPublicKey)
        else ECAlgorithm.to_jwk(public, as_dict=True)
    )
    return {**numbers, "kid": kid, "use": "sig", **members}


def jwks(**keys: PrivateKey) -> dict[str, Any]:
    """A JWK Set of keys by their kid; without any, that of the example EHR."""
    return {"keys": [jwk(key, kid) for kid, key in (keys or {"ec": EC_KEY, "rsa": RSA_KEY}).items()]}


def claims(audience: str, at: float, **members: Any) -> dict[str, Any]:
    """Valid claims of a token made at this moment, each replaceable, with a `jti` of their own."""
    valid = {"iss": ISSUER, "aud": audience, "iat": int(at), "exp": int(at) + 300, "jti": str(uuid.uuid4())}
    return _present({**valid, **members})


def signed(
    said: Mapping[str, Any] | bytes, algorithm: str = "ES384", key: PrivateKey | None = None, **header: Any
) -> str:
    """A token of these claims; `header` replaces its members."""
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    members = {"alg": algorithm, "typ": "JWT", "kid": "rsa" if algorithm.startswith("RS") else "ec", **header}
    head = json.dumps(_present(members)).encode()
    signing_input = f"{encoded(head)}.{encoded(payload)}"
    signer = jwt.PyJWS().get_algorithm_by_name(algorithm)
    return f"{signing_input}.{encoded(signer.sign(signing_input.encode(), key or KEYS[algorithm]))}"


def encoded(part: bytes) -> str:
    """Base64url without padding, as each part of a token is."""
    return jwt.utils.base64url_encode(part).decode()


def registry(folder: Path, *, keys: str | None = None, **members: Any) -> Path:
    """A registry file with the example EHR; its keys are at the address `keys`, or in a file beside it."""
    table: dict[str, Any] = {"name": NAME, "issuer": ISSUER, **members}
    if keys is not None:
        table["jwks_url"] = keys
    else:
        (folder / "jwks.json").write_text(json.dumps(jwks()), encoding="utf-8")
        table["jwks_file"] = "jwks.json"
    file = folder / "clients.toml"
    lines = "".join(f"{key} = {json.dumps(value)}\n" for key, value in table.items())
    file.write_text(f"[[client]]\n{lines}", encoding="utf-8")
    return file


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not ABSENT}
