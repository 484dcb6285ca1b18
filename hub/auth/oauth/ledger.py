"""One request to a token endpoint: what it needs, read and held before, and what it decided, written after.

Authlib's grant classes ask and decide without waiting for anything; between reading and writing lies one transaction.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from joserfc.jwk import KeySet

from hub.auth.actor import Actor
from hub.auth.oauth import clients, grants
from hub.auth.oauth.clients import Client
from hub.auth.oauth.grants import Code, Grant, Limits, Refresh
from hub.db.database import Tx
from hub.fhir.json import loads
from hub.kernel.errors import HubError

#: RFC 7523 section 2.2.
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


class ReplayedError(Exception):
    """An assertion was presented before; nothing of the request may stand."""


@dataclass(frozen=True, slots=True)
class Assertion:
    """An assertion that was accepted: digest of its id, and when it runs out."""

    client: str
    jti: bytes
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """A token that was handed in to be judged: an access token has an `actor`, a refresh token only its `grant`.

    A token of the command line has no grant. `used` is true of a refresh token that gave another.
    """

    actor: Actor | None
    grant: Grant | None
    used: bool = False


@dataclass(slots=True, kw_only=True)
class Ledger:
    """`client`, `code`, `refresh` and `token` are what the form names, None where it names nothing there is.

    The other fields are decided: written by `write`, all or nothing.
    """

    now: datetime
    client: Client | None
    #: What the client publishes, where it does.
    published: KeySet | None = None
    code: Code | None = None
    refresh: Refresh | None = None
    token: Presented | None = None
    assertion: Assertion | None = None
    made: list[Grant] = field(default_factory=list)
    used_code: bool = False
    used_refresh: bool = False
    ended: dict[str, str] = field(default_factory=dict)
    #: New refresh tokens (digests) and the ids of their grants.
    refreshes: dict[bytes, str] = field(default_factory=dict)

    def end(self, grant: Grant, why: str) -> None:
        """End a family."""
        self.ended[grant.id] = why

    async def write(self, tx: Tx) -> None:
        """Write what was decided. Raises ReplayedError."""
        if self.assertion is not None:
            await _record(tx, self.assertion, self.now)
        if self.code is not None and self.used_code:
            await tx.execute("UPDATE oauth_code SET used = $2 WHERE code = $1", self.code.digest, self.now)
        if self.refresh is not None and self.used_refresh:
            await tx.execute("UPDATE oauth_refresh SET used = $2 WHERE token = $1", self.refresh.digest, self.now)
        for grant in self.made:
            await grants.insert(tx, grant)
        sql = "INSERT INTO oauth_refresh (token, grant_id) VALUES ($1, $2)"
        await tx.executemany(sql, list(self.refreshes.items()))
        for grant_id, why in self.ended.items():
            await grants.end(tx, grant_id, self.now, why)


async def opened(
    tx: Tx,
    form: Mapping[str, str],
    now: datetime,
    limits: Limits,
    verify: Callable[[str], Actor],
    published: tuple[str, KeySet] | None = None,
) -> Ledger:
    """What a form names, held until `tx` ends. `verify` reads an access token, or raises HubError UNAUTHENTICATED.

    `published` are keys that were fetched before, and from where: they count for a client that still publishes there.
    """
    client_id = claimed_client(form)
    client = await clients.find(tx, client_id) if client_id else None
    return Ledger(
        now=now,
        client=client,
        published=published[1] if published and client and client.jwks_uri == published[0] else None,
        code=await grants.code(tx, form["code"], now, limits) if form.get("code") else None,
        refresh=await grants.refresh(tx, form["refresh_token"], now, limits) if form.get("refresh_token") else None,
        token=await _presented(tx, form["token"], now, limits, verify) if form.get("token") else None,
    )


async def _presented(
    tx: Tx, text: str, now: datetime, limits: Limits, verify: Callable[[str], Actor]
) -> Presented | None:
    try:
        actor = verify(text)
    except HubError:
        found = await grants.refresh(tx, text, now, limits)
        return None if found is None else Presented(actor=None, grant=found.grant, used=found.used)
    if actor.grant is None:
        return Presented(actor=actor, grant=None)
    grant = await grants.held(tx, actor.grant, now, limits)
    return None if grant is None else Presented(actor=actor, grant=grant)


def claimed_client(form: Mapping[str, str]) -> str:
    """Who a form says it is from: its assertion, unread as yet, or `client_id`; "" where they differ or say nothing."""
    stated = form.get("client_id", "")
    if "client_assertion" not in form:
        return stated
    subject = _subject(form["client_assertion"])
    # RFC 7521 section 4.2: client_id is not needed then, but must not name another.
    return subject if stated in ("", subject) else ""


def _subject(assertion: str) -> str:
    try:
        part = assertion.split(".")[1]
        claims: Any = loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError, binascii.Error, HubError):
        return ""
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject if isinstance(subject, str) and clients.is_id(subject) else ""


async def _record(tx: Tx, assertion: Assertion, now: datetime) -> None:
    await tx.execute("DELETE FROM oauth_assertion WHERE expires <= $1", now)
    status = await tx.execute(
        "INSERT INTO oauth_assertion (client, jti, expires) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        assertion.client, assertion.jti, assertion.expires,
    )  # fmt: skip
    if status != "INSERT 0 1":
        raise ReplayedError
