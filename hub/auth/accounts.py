"""Local accounts of the pages: who may sign in, as whom, and how guessing passwords is slowed down.

The name of an account never tells more to a stranger than any other name does: an unknown, a disabled and a locked
account and a wrong password take the same time and get the same answer.

What ends the sessions of an account begins a new epoch of it, and a session begins only in the epoch that its
sign-in was checked in: nothing slips through between the two.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import asyncpg

from hub.auth import passwords
from hub.auth.directory import Directory
from hub.auth.roles import role_named
from hub.auth.turnstile import Shared, Turnstile
from hub.db.buckets import Buckets
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError

#: Roles for which applications may act, and the pages have records or decisions to show.
APP_ROLES: Final = ("clinician", "family-doctor", "patient", "proxy", "consent-reviewer")
#: Roles that watch how the hub runs, and see no record.
WATCHERS: Final = ("integration-engineer", "administrator")
#: Who answers for the trail, and sees of a record only what was done with it.
AUDITORS: Final = ("auditor",)
#: Roles for which the pages have something to show.
PAGE_ROLES: Final = APP_ROLES + WATCHERS + AUDITORS

#: Refused attempts after which an account rests for a minute; the rest doubles with each further one, up to 16.
FREE_ATTEMPTS: Final = 5

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")

#: Who the person is must be known where the consent rules ask for it (section 6, section 7) and for the audit trail.
_NAMED: Final = frozenset(
    {"clinician", "family-doctor", "proxy", "consent-reviewer", "integration-engineer", *AUDITORS}
)

# The attempt counts as refused before the password is looked at, so guesses sent side by side all count.
_ATTEMPT: Final = f"""
UPDATE account SET failed = failed + 1, locked_until = CASE WHEN failed + 1 < {FREE_ATTEMPTS} THEN NULL
  ELSE $2::timestamptz + interval '1 minute' * power(2, least(failed + 1 - {FREE_ATTEMPTS}, 4)) END
WHERE name = $1 AND NOT disabled AND (locked_until IS NULL OR locked_until <= $2)
RETURNING *
"""
# Only a counted attempt would wait for the disk, and so tell a name that there is from one there is not.
_NO_WAIT: Final = "SET LOCAL synchronous_commit = off"
_OLDER: Final = "SELECT password FROM account WHERE password LIKE 'scrypt$%' LIMIT 1"
# An account that was changed while the password was looked at does not open.
_SUCCESS: Final = """
UPDATE account SET failed = 0, locked_until = NULL, password = CASE WHEN password = $3 THEN $4 ELSE password END
WHERE name = $1 AND epoch = $2
"""
_INSERT: Final = """
INSERT INTO account (name, role, organization, practitioner, patient, display, password, disabled, failed, created)
VALUES ($1, $2, $3, $4, $5, $6, $7, false, 0, $8)
"""
# In this order: an application that is being granted something holds its session (`oauth.authorisation`).
_EPOCH_BEGINS: Final = "UPDATE account SET epoch = epoch + 1 WHERE name = $1"
_SESSIONS_END: Final = "DELETE FROM web_session WHERE account = $1"
_GRANTS_END: Final = "UPDATE oauth_grant SET ended = $2, why = 'account' WHERE account = $1 AND ended IS NULL"


#: Whether an account whose password was right may come in.
Passes = Callable[[str], Awaitable[bool]]


async def _anyone(_: str) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who signs in. `practitioner` and `patient` as in `hub.auth.actor.Actor`; `display` is the name to greet with.

    `epoch` is that in which it was read.
    """

    name: str
    role: str
    organization: str
    practitioner: str | None
    patient: str | None
    display: str
    disabled: bool = False
    epoch: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """The name of an account, "" where there is none, and why it did not open: `no-account`, `disabled`, `locked`,
    `wrong-password`, or `wrong-password-or-code` of one with a second factor."""

    account: str
    reason: str


class Accounts:
    """The accounts of one installation. Every method raises HubError UNAVAILABLE when the database is away."""

    def __init__(
        self, database: Database, directory: Directory, clock: Clock, turnstile: Turnstile | None = None
    ) -> None:
        self._database: Final = database
        self._directory: Final = directory
        self._clock: Final = clock
        self._turnstile: Final = turnstile or Turnstile(clock, shared=Shared(Buckets(database, clock), "sign-in"))
        #: Whether a password may be left that an earlier version kept: none is kept so any more.
        self._some_older = True

    async def add(self, account: Account, password: str | None) -> None:
        """Add an account; without a password it opens by an external identity alone.

        Raises HubError INVALID for a role, organisation or person that is none, CONFLICT for a name that is taken.
        """
        _check(account, self._directory)
        kept = passwords.NOBODY if password is None else passwords.hashed(password)
        try:
            async with self._database.connection() as tx:
                await tx.execute(
                    _INSERT, account.name, account.role, account.organization, account.practitioner, account.patient,
                    account.display, kept, self._clock(),
                )  # fmt: skip
        except asyncpg.UniqueViolationError:
            raise HubError(
                Category.CONFLICT, "an account has this name", where="name", todo="choose another", code="account"
            ) from None

    async def all(self) -> list[Account]:
        """Every account, by name."""
        async with self._database.connection() as tx:
            return [account_of(row) for row in await tx.fetch("SELECT * FROM account ORDER BY name")]

    async def names(self) -> dict[str, str]:
        """The names to greet with of those who are a Practitioner, by its id."""
        return {account.practitioner: account.display for account in await self.all() if account.practitioner}

    async def set_password(self, name: str, password: str) -> None:
        """Give an account a new password, lift its lock, and end its sessions and grants. Raises HubError NOT_FOUND."""
        kept = passwords.hashed(password)
        async with self._database.transaction() as tx:
            sql = "UPDATE account SET password = $2, failed = 0, locked_until = NULL WHERE name = $1"
            _must_be_one(await tx.execute(sql, name, kept))
            await self._end_all(tx, name)

    async def set_disabled(self, name: str, disabled: bool) -> None:
        """Let an account sign in no more, or again; its sessions and grants end. Raises HubError NOT_FOUND."""
        async with self._database.transaction() as tx:
            _must_be_one(await tx.execute("UPDATE account SET disabled = $2 WHERE name = $1", name, disabled))
            await self._end_all(tx, name)

    async def forget_device(self, name: str) -> None:
        """Ask for no one-time codes of an account any more; its sessions and grants end. Raises HubError NOT_FOUND."""
        sql = "UPDATE account SET totp = NULL, totp_step = NULL, recovery = '{}' WHERE name = $1"
        async with self._database.transaction() as tx:
            _must_be_one(await tx.execute(sql, name))
            await self._end_all(tx, name)

    async def standing(self, name: str) -> Standing:
        """Why a name did not open an account a moment ago: for the audit trail, and for nobody who tries."""
        sql = "SELECT name, disabled, locked_until > $2 AS locked, totp IS NULL AS plain FROM account WHERE name = $1"
        async with self._database.connection() as tx:
            row = await tx.fetchrow(sql, name.strip().lower(), self._clock())
        if row is None:
            return Standing("", "no-account")
        wrong = "wrong-password" if row["plain"] else "wrong-password-or-code"
        return Standing(row["name"], "disabled" if row["disabled"] else "locked" if row["locked"] else wrong)

    async def verify(self, name: str, password: str, passes: Passes = _anyone, *, address: str = "") -> Account | None:
        """The account, or None when name and password do not open one now, or it does not pass; why is not told.

        `passes` is asked of the name of an account whose password was right: a refusal counts as any other, for the
        account and for the `address` it came from. Raises `TooSoonError` when too many come at once or from there.
        """
        async with self._turnstile.turn(address) as turn:
            row, older = await self._attempt(name.strip().lower())
            kept = passwords.NOBODY if row is None else row["password"]
            right = await asyncio.to_thread(passwords.matches, password, kept, older)
            if row is None or not right or not await passes(row["name"]):
                return None
            anew = await asyncio.to_thread(passwords.hashed, password) if passwords.is_outdated(kept) else kept
            async with self._database.connection() as tx:
                opened = await tx.execute(_SUCCESS, row["name"], row["epoch"], kept, anew)
            turn.give_back()
        return account_of(row) if opened == "UPDATE 1" else None

    async def _attempt(self, name: str) -> tuple[asyncpg.Record | None, str | None]:
        """The account whose password may be looked at now, and a password that is kept by scrypt, if one is left."""
        async with self._database.transaction() as tx:
            await tx.execute(_NO_WAIT)
            row = await tx.fetchrow(_ATTEMPT, name, self._clock())
            older: str | None = await tx.fetchval(_OLDER) if self._some_older else None
        self._some_older = older is not None
        return row, older

    async def _end_all(self, tx: Tx, name: str) -> None:
        await end_all(tx, name, self._clock())


async def end_all(tx: Tx, name: str, now: datetime) -> None:
    """Whoever is signed in to an account or about to be, and every application that was let in, has to ask anew."""
    await tx.execute(_EPOCH_BEGINS, name)
    await tx.execute(_SESSIONS_END, name)
    await tx.execute(_GRANTS_END, name, now)


def _check(account: Account, directory: Directory) -> None:
    role = role_named(account.role)
    if not _NAME.fullmatch(account.name):
        raise _invalid("name", "is not a name of an account", "small letters, digits, dot, dash; at most 64")
    if account.role not in PAGE_ROLES:
        raise _invalid("role", "the pages have nothing for this role", f"one of {', '.join(PAGE_ROLES)}")
    if account.role in _NAMED and not account.practitioner:
        raise _invalid("practitioner", f"role {role.name} needs the id of the person", "name it")
    if role.personal and not account.patient:
        raise _invalid("patient", f"role {role.name} needs a patient", "name the id of the Patient")
    if account.organization or not role.personal:
        directory.facility(account.organization)


def _invalid(where: str, what: str, todo: str) -> HubError:
    return HubError(Category.INVALID, what, where=where, todo=todo, code="account")


def account_of(row: asyncpg.Record) -> Account:
    """A row of the table."""
    names = ("name", "role", "organization", "practitioner", "patient", "display", "disabled", "epoch")
    return Account(**{name: row[name] for name in names})


def _must_be_one(status: str) -> None:
    if status != "UPDATE 1":
        raise HubError(Category.NOT_FOUND, "no such account", where="name", todo="see `yilian user list`")
