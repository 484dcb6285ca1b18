"""The claims of an access token and the actor they make: one table, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hub.auth.actor import Actor

#: Claims that are one text, by the actor's field; absent when the actor has none. `sub` names who acts.
_TEXTS: Final = {
    "role": "role",
    "organization": "organization",
    "practitioner": "practitioner",
    "patient": "patient",
    "form": "form",
    "client_id": "client",
    "jti": "token_id",
    "break_glass": "break_glass",
    "co_approval": "co_approval",
    "grant": "grant",
}
_REQUIRED: Final = ("role", "form", "client_id", "jti")


def claims_of(actor: Actor) -> dict[str, Any]:
    """All claims but issuer, audience and begin."""
    claims: dict[str, Any] = {
        "sub": actor.reference or (f"Organization/{actor.organization}" if actor.organization else actor.client),
        "exp": int(actor.expires.timestamp()),
        "purpose": list(actor.purpose),
    }
    for claim, field in _TEXTS.items():
        value = getattr(actor, field)
        if value:
            claims[claim] = value
    if actor.scopes:
        claims["scope"] = " ".join(actor.scopes)
    return claims


def actor_of(claims: Mapping[str, Any]) -> Actor:
    """The actor of verified claims. Raises KeyError or TypeError for claims that are missing or of the wrong shape."""
    texts = {field: _text(claims[claim]) for claim, field in _TEXTS.items() if claim in claims}
    missing = [claim for claim in _REQUIRED if claim not in claims]
    purpose = claims["purpose"]
    if missing or not isinstance(purpose, list):
        raise TypeError("claims of the wrong shape")
    return Actor(
        **texts,
        purpose=tuple(_text(code) for code in purpose),
        scopes=tuple(_text(claims.get("scope", " ")).split()),
        expires=_instant(claims["exp"]),
        issued=_instant(claims["iat"]) if "iat" in claims else None,
    )


def _instant(seconds: Any) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int):
        raise TypeError("a time claim is not a whole number")
    return datetime.fromtimestamp(seconds, UTC)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise TypeError("a claim is not a text")
    return value
