"""Sessions of browsers, kept on the server: a random id in a cookie, its hash in the table, two expiries.

A session also carries a break-glass declaration (consent rules, section 8): for one patient, with a reason, for four
hours at most. It is part of the session and of nothing a request could say.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from hub.auth.accounts import Account
from hub.auth.actor import Actor
from hub.auth.roles import IDENTIFIED, role_named
from hub.db.database import Database
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes

ID_BYTES: Final = 32
#: Consent rules, section 8 step 2.
EMERGENCY: Final = timedelta(hours=4)
#: Roles that may break the glass (consent rules, section 8).
EMERGENCY_ROLES: Final = frozenset({"clinician", "family-doctor"})
LONGEST_REASON: Final = 500
#: Name of the pages as a client, in the audit trail.
CLIENT: Final = "pages"

#: How much the time of the last request may lag behind: saves a write per request.
_SEEN_EVERY: Final = timedelta(seconds=30)

_FIND: Final = """
SELECT s.*, a.role, a.organization, a.practitioner, a.patient, a.display FROM web_session s JOIN account a
ON a.name = s.account WHERE s.id = $1 AND NOT a.disabled AND s.created > $2 AND s.seen > $3
"""
# The account is held, so that what begins a new epoch waits for this session, and then ends it.
_BEGIN: Final = """
INSERT INTO web_session (id, account, created, seen)
SELECT $1, name, $3, $3 FROM account WHERE name = $2 AND epoch = $4 AND NOT disabled FOR SHARE
"""
_SWEEP: Final = "DELETE FROM web_session WHERE created <= $1 OR seen <= $2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emergency:
    """A break-glass declaration: the patient (resource id) it is for, why, and since when."""

    patient: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session in force. `key` is the hash of its id; `expires` its absolute end."""

    key: bytes
    account: Account
    created: datetime
    expires: datetime
    emergency: Emergency | None = None

    def actor(self, patient: str | None = None) -> Actor:
        """Who asks: for treatment, or under the declaration where one is in force for this `patient`."""
        account, emergency = self.account, self.emergency if self.emergency_for(patient) else None
        return Actor(
            role=account.role,
            purpose=("BTG",) if emergency else role_named(account.role).purposes[:1],
            client=CLIENT,
            token_id=self.key.hex()[:26],
            expires=emergency.at + EMERGENCY if emergency else self.expires,
            organization=account.organization,
            practitioner=account.practitioner,
            patient=account.patient,
            form=IDENTIFIED,
            break_glass=emergency.reason if emergency else None,
            issued=emergency.at if emergency else self.created,
        )

    def emergency_for(self, patient: str | None) -> bool:
        return self.emergency is not None and self.emergency.patient == patient


class Sessions:
    """The sessions of one installation; `idle` and `longest` are their expiries.

    Every method raises HubError UNAVAILABLE when the database is away.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        idle: timedelta,
        longest: timedelta,
        random_bytes: RandomBytes = secrets.token_bytes,
    ) -> None:
        self._database: Final = database
        self._clock: Final = clock
        self._idle: Final = idle
        self._longest: Final = longest
        self._random_bytes: Final = random_bytes

    def new_id(self) -> str:
        """A fresh random id, 256 bits in base 64; it opens nothing until a session begins under it."""
        return base64.urlsafe_b64encode(self._random_bytes(ID_BYTES)).decode().rstrip("=")

    async def begin(self, account: Account) -> str | None:
        """The id of a new session of this account, None when it was changed since it was read.

        Sessions that have run out are cleared away.
        """
        session_id, now = self.new_id(), self._clock()
        async with self._database.transaction() as tx:
            await tx.execute(_SWEEP, now - self._longest, now - self._idle)
            begun = await tx.execute(_BEGIN, _key(session_id), account.name, now, account.epoch)
        return session_id if begun == "INSERT 0 1" else None

    async def find(self, session_id: str) -> Session | None:
        """The session of this id, None when it has ended or there is none. Its idle time begins anew."""
        now = self._clock()
        async with self._database.connection() as tx:
            row = await tx.fetchrow(_FIND, _key(session_id), now - self._longest, now - self._idle)
            if row is not None and now - row["seen"] > _SEEN_EVERY:
                await tx.execute("UPDATE web_session SET seen = $2 WHERE id = $1", row["id"], now)
        return None if row is None else self._session(row, now)

    async def end(self, session_id: str) -> None:
        """End the session of this id, if there is one."""
        async with self._database.connection() as tx:
            await tx.execute("DELETE FROM web_session WHERE id = $1", _key(session_id))

    async def declare(self, session: Session, patient: str, reason: str) -> None:
        """Break the glass for this patient, in place of any earlier declaration of the session.

        Raises HubError FORBIDDEN for a role that may not, INVALID for a reason that is blank or too long.
        """
        if session.account.role not in EMERGENCY_ROLES:
            raise HubError(Category.FORBIDDEN, "this role has no break-glass", where="role")
        if not reason.strip() or len(reason) > LONGEST_REASON:
            raise HubError(Category.INVALID, "needs a reason", where="reason", todo=f"1 to {LONGEST_REASON} characters")
        await self._set_emergency(session, patient, reason.strip(), self._clock())

    async def withdraw(self, session: Session) -> None:
        """End the declaration of a session before its time."""
        await self._set_emergency(session, None, None, None)

    async def _set_emergency(
        self, session: Session, patient: str | None, reason: str | None, at: datetime | None
    ) -> None:
        sql = "UPDATE web_session SET emergency_patient = $2, emergency_reason = $3, emergency_at = $4 WHERE id = $1"
        async with self._database.connection() as tx:
            await tx.execute(sql, session.key, patient, reason, at)

    def _session(self, row: asyncpg.Record, now: datetime) -> Session:
        names = ("role", "organization", "practitioner", "patient", "display")
        return Session(
            key=row["id"],
            account=Account(name=row["account"], **{name: row[name] for name in names}),
            created=row["created"],
            expires=row["created"] + self._longest,
            emergency=_emergency(row, now),
        )


def form_token(session_id: str) -> str:
    """The token that every form of this session carries: only who has the cookie can make it."""
    digest = hmac.digest(session_id.encode(), b"yilian form token", hashlib.sha256)
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")


def _key(session_id: str) -> bytes:
    return hashlib.sha256(session_id.encode("utf-8", "surrogatepass")).digest()


def _emergency(row: asyncpg.Record, now: datetime) -> Emergency | None:
    at: datetime | None = row["emergency_at"]
    if at is None or now - at > EMERGENCY:
        return None
    return Emergency(patient=row["emergency_patient"], reason=row["emergency_reason"], at=at)
