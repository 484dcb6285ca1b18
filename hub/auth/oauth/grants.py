"""Grants, codes and refresh tokens as they stand in the database."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from hub.db.database import Tx
from hub.fhir.json import dumps, loads
from hub.kernel.types import Json

#: RFC 6749 section 4.1.2 allows ten minutes; an application redeems its code at once.
CODE_LIFE: Final = timedelta(minutes=1)

# A grant is as good as its client, its account and, for online access, the web session it began in.
_LIVE: Final = """
SELECT g.*, g.ended IS NULL AND g.expires > $2 AND NOT c.disabled AND coalesce(NOT a.disabled, true)
  AND (g.session IS NULL OR EXISTS (
    SELECT FROM web_session s WHERE s.id = g.session AND s.created > $3 AND s.seen > $4)) AS live
FROM oauth_grant g JOIN oauth_client c ON c.id = g.client LEFT JOIN account a ON a.name = g.account WHERE g.id = $1
FOR UPDATE OF g
"""
_STANDS: Final = """
SELECT FROM oauth_grant g JOIN oauth_client c ON c.id = g.client LEFT JOIN account a ON a.name = g.account
WHERE g.id = $1 AND g.ended IS NULL AND NOT c.disabled AND coalesce(NOT a.disabled, true)
  AND (g.session IS NULL OR EXISTS (
    SELECT FROM web_session s WHERE s.id = g.session AND s.created > $2 AND s.seen > $3))
"""
_INSERT: Final = """
INSERT INTO oauth_grant (id, client, account, session, scopes, rights, told, nonce, signed_in, expires)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""
_END: Final = "UPDATE oauth_grant SET ended = $2, why = $3 WHERE id = $1 AND ended IS NULL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The expiries of web sessions, which online access ends with."""

    idle: timedelta
    longest: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """One family of tokens. `rights` are role, organization, practitioner, patient and purpose of its actor, `told`
    what the token response says of the launch (`patient`). `live` was true when it was read."""

    id: str
    client: str
    account: str | None
    session: bytes | None
    scopes: tuple[str, ...]
    rights: Json
    told: Json
    nonce: str
    signed_in: datetime | None
    expires: datetime
    live: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An authorisation code that was presented."""

    digest: bytes
    grant: Grant
    redirect_uri: str
    challenge: str
    expires: datetime
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refresh:
    """A refresh token that was presented."""

    digest: bytes
    grant: Grant
    used: bool


def digest(secret: str) -> bytes:
    """As what a code or a token is kept and looked up: equal digests are compared by the database, not the secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


async def stands(tx: Tx, grant_id: str, now: datetime, limits: Limits) -> bool:
    """Whether tokens of this grant open anything now; their own expiry is the caller's."""
    return await tx.fetchrow(_STANDS, grant_id, now - limits.longest, now - limits.idle) is not None


async def insert(tx: Tx, grant: Grant) -> None:
    """A new grant. Those that have run out are cleared away."""
    await tx.execute("DELETE FROM oauth_grant WHERE expires <= now() - interval '1 day'")
    await tx.execute(
        _INSERT, grant.id, grant.client, grant.account, grant.session, list(grant.scopes),
        dumps(grant.rights).decode(), dumps(grant.told).decode(), grant.nonce, grant.signed_in, grant.expires,
    )  # fmt: skip


async def end(tx: Tx, grant_id: str, now: datetime, why: str) -> None:
    """End a family, once."""
    await tx.execute(_END, grant_id, now, why)


async def held(tx: Tx, grant_id: str, now: datetime, limits: Limits) -> Grant | None:
    """A grant, held against others until `tx` ends; None if there is none of that id."""
    row = await tx.fetchrow(_LIVE, grant_id, now, now - limits.longest, now - limits.idle)
    return None if row is None else _grant(row)


async def code(tx: Tx, secret: str, now: datetime, limits: Limits) -> Code | None:
    """A code and its grant, held against others: of two that redeem it at once the second finds it used."""
    grant = await _family(tx, "SELECT grant_id FROM oauth_code WHERE code = $1", secret, now, limits)
    if grant is None:
        return None
    row = await tx.fetchrow("SELECT * FROM oauth_code WHERE code = $1", digest(secret))
    return None if row is None else Code(
        digest=row["code"], grant=grant, redirect_uri=row["redirect_uri"], challenge=row["challenge"],
        expires=row["expires"], used=row["used"] is not None,
    )  # fmt: skip


async def refresh(tx: Tx, secret: str, now: datetime, limits: Limits) -> Refresh | None:
    """A refresh token and its grant, held against others."""
    grant = await _family(tx, "SELECT grant_id FROM oauth_refresh WHERE token = $1", secret, now, limits)
    if grant is None:
        return None
    row = await tx.fetchrow("SELECT * FROM oauth_refresh WHERE token = $1", digest(secret))
    return None if row is None else Refresh(digest=row["token"], grant=grant, used=row["used"] is not None)


async def _family(tx: Tx, sql: str, secret: str, now: datetime, limits: Limits) -> Grant | None:
    grant_id = await tx.fetchval(sql, digest(secret))
    # The row itself is read after the lock: what it said before may have changed while we waited.
    return None if grant_id is None else await held(tx, grant_id, now, limits)


def _grant(row: asyncpg.Record) -> Grant:
    values: dict[str, Any] = {name: row[name] for name in Grant.__dataclass_fields__}
    json = {name: loads(row[name]) for name in ("rights", "told")}
    return Grant(**{**values, **json, "scopes": tuple(row["scopes"])})
