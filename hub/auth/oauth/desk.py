"""The endpoints for tokens: a form in, a reply out, and what the audit trail has to know of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from hub.auth.oauth.clients import Client
from hub.auth.oauth.endpoints import INTROSPECTION, REVOCATION, REVOKED
from hub.auth.oauth.faces import FormRequest, Reply
from hub.auth.oauth.grants import Grant, Limits
from hub.auth.oauth.ledger import Ledger, ReplayedError, opened
from hub.auth.oauth.mint import Mint
from hub.auth.oauth.published import PublishedKeys
from hub.auth.oauth.server import TokenServer
from hub.db.database import Database
from hub.kernel.clock import Clock

#: RFC 6749 appendix A: parameters are printable ASCII.
_PRINTABLE: Final = frozenset(map(chr, range(0x20, 0x7F)))
_KNOWN_ERRORS: Final = frozenset({"invalid_client", "invalid_grant", "invalid_scope", "unauthorized_client"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What happened at an endpoint: `what` such as `issued`, `refused` or `reused`; `reason` of a refusal.

    `client` is the id of one there is, "" for none; `grant` what it is about. `scopes` is what was granted.
    """

    what: str
    client: str = ""
    grant: Grant | None = None
    scopes: tuple[str, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A reply and its event."""

    reply: Reply
    event: Event


class TokenDesk:
    """Answers the endpoints. `url` is the token endpoint, `issuer` the server: what assertions are addressed to.

    `published` has the keys of applications that publish them. Raises HubError UNAVAILABLE when the database is away,
    or the keys of the application are.
    """

    def __init__(
        self,
        database: Database,
        mint: Mint,
        clock: Clock,
        limits: Limits,
        published: PublishedKeys,
        *,
        url: str,
        issuer: str,
    ) -> None:
        self._published: Final = published
        self._database: Final = database
        self._mint: Final = mint
        self._clock: Final = clock
        self._limits: Final = limits
        self._audiences: Final = (url, issuer)

    async def token(self, pairs: Sequence[tuple[str, str]]) -> Outcome:
        """Codes, refresh tokens and credentials of backends for tokens."""
        return await self._answered(pairs, lambda server, request: server.create_token_response(request))

    async def introspect(self, pairs: Sequence[tuple[str, str]]) -> Outcome:
        """What a resource server is told of a token (RFC 7662)."""
        return await self._answered(pairs, partial(_at, INTROSPECTION))

    async def revoke(self, pairs: Sequence[tuple[str, str]]) -> Outcome:
        """Take a token back, and with it all that came of its grant (RFC 7009)."""
        return await self._answered(pairs, partial(_at, REVOCATION))

    async def _answered(
        self, pairs: Sequence[tuple[str, str]], judge: Callable[[TokenServer, FormRequest], Reply]
    ) -> Outcome:
        problem = malformed(pairs)
        if problem:
            return _refused("invalid_request", problem)
        form = dict(pairs)
        published = await self._published.keys_for(form)
        try:
            async with self._database.transaction() as tx:
                ledger = await opened(tx, form, self._clock(), self._limits, self._mint.verify, published)
                server = TokenServer(ledger, self._mint, self._audiences)
                reply = judge(server, FormRequest("POST", form))
                await ledger.write(tx)
        except ReplayedError:
            return _refused("invalid_client", "The assertion was used before.", ledger.client, "assertion-replayed")
        return Outcome(reply, _event(ledger, server, reply.body))


def _at(endpoint: str, server: TokenServer, request: FormRequest) -> Reply:
    reply: Reply = server.create_endpoint_response(endpoint, request)
    return reply


def malformed(pairs: Sequence[tuple[str, str]]) -> str:
    """What is wrong with parameters before they are understood, "" if nothing (RFC 6749 sections 3.1 and 3.2)."""
    if any(count > 1 for count in Counter(name for name, _ in pairs).values()):
        return "A parameter stands there more than once."
    if not all(_PRINTABLE.issuperset(value) for _, value in pairs):
        return "A parameter is not printable ASCII."
    return ""


def _refused(error: str, text: str, client: Client | None = None, reason: str = "") -> Outcome:
    reply = Reply(400, {"error": error, "error_description": text})
    return Outcome(reply, Event(what="refused", client=client.id if client else "", reason=reason or error))


def _event(ledger: Ledger, server: TokenServer, body: Any) -> Event:
    client = ledger.client.id if ledger.client else ""
    presented = ledger.code or ledger.refresh or ledger.token
    grant = presented.grant if presented is not None else None
    if grant is not None and grant.id in ledger.ended:
        reason = ledger.ended[grant.id]
        what, reason = ("revoked", "") if reason == REVOKED else ("reused", reason)
        return Event(what=what, client=client, grant=grant, reason=reason)
    if server.issued is not None and "access_token" in body:
        issued, scopes = server.issued
        return Event(what="issued", client=client, grant=issued, scopes=scopes)
    if "error" not in body:
        return Event(what="introspected" if "active" in body else "revoked", client=client, grant=grant)
    error = str(body.get("error", ""))
    return Event(what="refused", client=client, reason=error if error in _KNOWN_ERRORS else "invalid_request")
