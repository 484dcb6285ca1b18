"""Who asks: a bearer token in the Authorization header, and nowhere else (RFC 6750 section 2.1)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from hub.auth.actor import Actor
from hub.kernel.errors import Category, HubError

#: Sent with every 401 (RFC 6750 section 3).
CHALLENGE: Final = 'Bearer realm="yilian"'
_IN_URL: Final = frozenset({"access_token", "id_token", "bearer_token"})


#: From a token to its actor. Raises HubError UNAUTHENTICATED.
Verify = Callable[[str], Awaitable[Actor]]


async def actor_of(header: str, verify: Verify) -> Actor:
    """The actor of an Authorization header. Raises HubError UNAUTHENTICATED."""
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise HubError(
            Category.UNAUTHENTICATED,
            "no bearer token",
            where="Authorization",
            todo="send Authorization: Bearer TOKEN",
            code="no-token",
        )
    return await verify(token.strip())


def refuse_tokens(names: Iterable[str]) -> None:
    """Raises HubError UNAUTHENTICATED when a token came as a parameter: URLs stand in logs and histories."""
    if not _IN_URL.isdisjoint(names):
        raise HubError(
            Category.UNAUTHENTICATED,
            "a token may not stand in a URL or a form",
            where="URL",
            todo="send it in the Authorization header, and renew it: it may have been logged",
            code="token-in-url",
        )
