"""What an id_token must be to be believed (OpenID Connect Core 1.0 section 3.1.3.7). Pure."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final, TypeGuard

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from hub.kernel.errors import Category, HubError

#: None by a shared secret, and none without: what may be signed by the provider alone (attack list, 32).
ALGORITHMS: Final = ("RS256", "ES256", "PS256", "RS384", "ES384")
#: How far the clock of the provider may be ahead or behind.
LEEWAY: Final = timedelta(seconds=30)
#: A token is made when its code is redeemed: an older one was kept by somebody.
OLDEST: Final = timedelta(minutes=5)
_LONGEST_TEXT: Final = 16_384
_LONGEST_SUBJECT: Final = 255


def key_id(text: str) -> str:
    """The id of the key a token names. Raises HubError UNAUTHENTICATED for one that names none."""
    try:
        header = jws.extract_compact(text.encode()).headers() if len(text) <= _LONGEST_TEXT else {}
    except (JoseError, ValueError):
        raise refused("malformed") from None
    kid = header.get("kid")
    if not isinstance(kid, str) or not kid or header.get("alg") not in ALGORITHMS:
        raise refused("algorithm-or-key")
    return kid


def subject(text: str, keys: KeySet, *, issuer: str, client_id: str, nonce: str, now: datetime) -> str:
    """The subject of a valid id_token. Raises HubError UNAUTHENTICATED, whose code says which check failed."""
    kid = key_id(text)
    try:
        # By the named key alone: joserfc would take the only one of a set for a token that names another.
        key = next(one for one in keys if one.kid == kid)
        token = jwt.decode(text, key, list(ALGORITHMS))
    except StopIteration:
        raise refused("unknown-key") from None
    except (JoseError, ValueError, TypeError):
        raise refused("signature") from None
    return _judged(token.claims, issuer=issuer, client_id=client_id, nonce=nonce, now=now)


def _judged(claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, now: datetime) -> str:
    audience = claims.get("aud")
    many = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != issuer:
        raise refused("issuer")
    if client_id not in many or claims.get("azp", client_id if len(many) == 1 else None) != client_id:
        raise refused("audience")
    if not _timely(claims, now.timestamp()):
        raise refused("time")
    told = claims.get("nonce")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode(), nonce.encode()):
        raise refused("nonce")
    who = claims.get("sub")
    if not isinstance(who, str) or not 0 < len(who) <= _LONGEST_SUBJECT or not (who.isascii() and who.isprintable()):
        raise refused("subject")
    return who


def _timely(claims: Mapping[str, Any], now: float) -> bool:
    leeway, oldest = LEEWAY.total_seconds(), OLDEST.total_seconds()
    expires, issued, begins = claims.get("exp"), claims.get("iat"), claims.get("nbf", now)
    if not (_is_time(expires) and _is_time(issued) and _is_time(begins)):
        return False
    return now < expires + leeway and now - oldest - leeway <= issued <= now + leeway and begins <= now + leeway


def _is_time(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def refused(code: str) -> HubError:
    """The refusal of what the provider said."""
    return HubError(
        Category.UNAUTHENTICATED, "the provider's answer is not valid", where="id_token", todo="sign in again",
        code=f"external-{code}",
    )  # fmt: skip
