"""Public keys by which others prove who they are: registered ones of applications (SMART App Launch 2.2,
client-confidential-asymmetric), and sets that are published at an address."""

from __future__ import annotations

import base64
from typing import Any, Final

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json

#: SMART asks for RS384 and ES384; none of these takes a public key for a shared secret (attack list, 32).
ALGORITHMS: Final = ("ES384", "RS384", "ES256", "RS256")
_PRIVATE: Final = frozenset({"d", "p", "q", "k"})
_SMALLEST_RSA: Final = 2048
_MOST: Final = 10
_MOST_PUBLISHED: Final = 50


def check_keys(jwks: Json) -> Json:
    """A JWK set as it may be registered: public keys of an algorithm above, each with an id of its own.

    Raises HubError INVALID, above all for a private key, which then has left its place and must be made anew.
    """
    keys: Any = jwks.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= _MOST or not all(isinstance(key, dict) for key in keys):
        raise _invalid(f"is no set of 1 to {_MOST} keys", 'a JWK set, {"keys": [...]}')
    if any(_PRIVATE & key.keys() for key in keys):
        raise _invalid("holds a private key", "make a new pair, and send the public half only")
    ids = [key.get("kid") for key in keys]
    if not all(isinstance(kid, str) and kid for kid in ids) or len(set(ids)) < len(ids):
        raise _invalid("holds a key without an id of its own", "give each a kid")
    for key in keys:
        _check_key(key)
    return {"keys": keys}


def usable(jwks: Json) -> KeySet | None:
    """The keys of a published set that can verify a signature, each with an id of its own; None where there are none.

    Others may be in it (for encryption, of other kinds, without an id) and are left out; a private key is no key.
    """
    found: dict[str, Json] = {}
    keys: Any = jwks.get("keys")
    for key in keys[:_MOST_PUBLISHED] if isinstance(keys, list) else []:
        if isinstance(key, dict) and key.get("use", "sig") == "sig" and not _PRIVATE & key.keys() and _is_sound(key):
            found.setdefault(key["kid"], key)
    return key_set({"keys": list(found.values())}) if found else None


def _is_sound(key: Json) -> bool:
    try:
        _check_key(key)
    except HubError:
        return False
    return isinstance(key.get("kid"), str) and bool(key["kid"])


def key_set(jwks: Json) -> KeySet:
    """The keys, as joserfc takes them."""
    return KeySet.import_key_set({"keys": jwks["keys"]})


def _check_key(key: Json) -> None:
    kind = key.get("kty"), key.get("crv", "")
    if kind not in {("EC", "P-256"), ("EC", "P-384"), ("RSA", "")}:
        raise _invalid("holds a key of another kind", "EC P-384, EC P-256 or RSA")
    try:
        # Of the number, not of its text: leading zeros make a modulus longer and no stronger.
        short = key.get("kty") == "RSA" and _number(key["n"]).bit_length() < _SMALLEST_RSA
        if not short:
            KeySet.import_key_set({"keys": [key]})
    except (JoseError, ValueError, TypeError, KeyError):
        raise _invalid("holds a broken key", "export it again") from None
    if short:
        raise _invalid("holds a short RSA key", f"at least {_SMALLEST_RSA} bits")


def _number(text: str) -> int:
    """A Base64urlUInt (RFC 7518 section 2). Raises ValueError."""
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def _invalid(what: str, todo: str) -> HubError:
    return HubError(Category.INVALID, what, where="jwks", todo=todo, code="jwks")
