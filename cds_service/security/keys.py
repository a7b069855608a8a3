"""The public keys of a JWK Set (RFC 7517), and which of them can verify tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import msgspec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt import PyJWK
from jwt.exceptions import PyJWTError

PublicKey: TypeAlias = EllipticCurvePublicKey | RSAPublicKey

_FITTING = {"ES384": ("EC", "P-384"), "ES256": ("EC", "P-256"), "RS384": ("RSA", None), "RS256": ("RSA", None)}
_RSA_BITS = range(2048, 8193)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a set. `algorithms` are those it may verify; `problem` says why there are none, else it is empty."""

    kid: str
    kind: str
    algorithms: tuple[str, ...] = ()
    public: PublicKey | None = None
    problem: str = ""


class NotAKeySet(Exception):
    """What is wrong with a text that is no JWK Set, in words that follow its name."""


class KeySet:
    """The keys of one client, found by the `kid` and `alg` of a token's header together: so a key never verifies
    with an algorithm that its type or curve does not fit.
    """

    def __init__(self, keys: Sequence[Key] = ()) -> None:
        self.keys = tuple(keys)
        self._usable = {(key.kid, algorithm): key.public for key in keys for algorithm in key.algorithms}

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        return self._usable.get((kid, algorithm))

    @property
    def is_usable(self) -> bool:
        return bool(self._usable)


def read_key_set(text: bytes, algorithms: Sequence[str]) -> KeySet:
    """Each key with what it can be used for among `algorithms`. Raises NotAKeySet."""
    try:
        content = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotAKeySet("is not JSON") from None
    keys = content.get("keys") if isinstance(content, dict) else None
    if not isinstance(keys, list):
        raise NotAKeySet("is no JWK Set: it has no list named keys")
    return KeySet([_key(each, algorithms) for each in keys])


def _key(jwk: Any, algorithms: Sequence[str]) -> Key:
    if not isinstance(jwk, dict):
        return Key("", "", problem="it is no JSON object")
    kid, kind = _text(jwk, "kid"), " ".join(filter(None, (_text(jwk, "kty"), _text(jwk, "crv"))))
    fitting = tuple(each for each in algorithms if _fits(jwk, each))
    if problem := _problem(jwk, kid, fitting, algorithms):
        return Key(kid, kind, problem=problem)
    try:
        public = PyJWK(jwk, fitting[0]).key
    except (PyJWTError, ValueError, TypeError, KeyError):
        return Key(kid, kind, problem="its numbers make no key")
    if isinstance(public, RSAPublicKey):
        kind = f"RSA {public.key_size} bits"
        if public.key_size not in _RSA_BITS:
            return Key(kid, kind, problem=f"it must have {_RSA_BITS[0]} to {_RSA_BITS[-1]} bits")
    return Key(kid, kind, fitting, public)


def _problem(jwk: dict[str, Any], kid: str, fitting: Sequence[str], algorithms: Sequence[str]) -> str:
    if not kid:
        return "it has no kid, by which a token could name it"
    if "d" in jwk or "k" in jwk:
        return "it holds its secret part, so whoever can read this set can sign: a new pair is needed"
    operations = jwk.get("key_ops", ["verify"])
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return "it is not meant for signatures"
    return "" if fitting else f"its type, curve or alg fits none of {', '.join(algorithms)}"


def _fits(jwk: dict[str, Any], algorithm: str) -> bool:
    return (jwk.get("kty"), jwk.get("crv")) == _FITTING[algorithm] and jwk.get("alg", algorithm) == algorithm


def _text(jwk: dict[str, Any], member: str) -> str:
    value = jwk.get(member)
    return value if isinstance(value, str) and value.isprintable() else ""
