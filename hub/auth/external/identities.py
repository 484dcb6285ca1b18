"""Which account somebody is who is known to an identity provider: bound by an administrator, never by a token."""

from __future__ import annotations

from typing import Final

import asyncpg

from hub.auth.accounts import Account, account_of, end_all
from hub.db.database import Database
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError

LONGEST_SUBJECT: Final = 255

_FIND: Final = """
SELECT a.* FROM external_identity e JOIN account a ON a.name = e.account
WHERE (e.issuer, e.subject) = ($1, $2) AND NOT a.disabled
"""
_BIND: Final = "INSERT INTO external_identity (issuer, subject, account, bound) VALUES ($1, $2, $3, $4)"
_UNBIND: Final = "DELETE FROM external_identity WHERE (issuer, subject) = ($1, $2) RETURNING account"
_ALL: Final = "SELECT subject, account FROM external_identity WHERE issuer = $1 ORDER BY subject"


class Identities:
    """The subjects of one `issuer`. Every method raises HubError UNAVAILABLE when the database is away."""

    def __init__(self, database: Database, clock: Clock, issuer: str) -> None:
        self._database: Final = database
        self._clock: Final = clock
        self._issuer: Final = issuer

    async def account(self, subject: str) -> Account | None:
        """The account of a subject; None for one that is bound to none, or to a disabled one."""
        async with self._database.connection() as tx:
            row = await tx.fetchrow(_FIND, self._issuer, subject)
        return None if row is None else account_of(row)

    async def bind(self, subject: str, account: str) -> None:
        """Let a subject sign in to an account.

        Raises HubError NOT_FOUND without the account, CONFLICT for a subject that is bound, INVALID for none.
        """
        if not 0 < len(subject) <= LONGEST_SUBJECT or not subject.isprintable():
            raise HubError(Category.INVALID, "is no subject", where="subject", todo="as the sign-in page showed it")
        try:
            async with self._database.connection() as tx:
                await tx.execute(_BIND, self._issuer, subject, account, self._clock())
        except asyncpg.UniqueViolationError:
            todo = "`yilian user unbind` first"
            raise HubError(Category.CONFLICT, "is bound to an account", where="subject", todo=todo) from None
        except asyncpg.ForeignKeyViolationError:
            todo = "see `yilian user list`"
            raise HubError(Category.NOT_FOUND, "no such account", where="name", todo=todo) from None

    async def unbind(self, subject: str) -> str:
        """Let a subject sign in no more; the name of its account, whose sessions and grants end.

        Raises HubError NOT_FOUND.
        """
        async with self._database.transaction() as tx:
            name: str | None = await tx.fetchval(_UNBIND, self._issuer, subject)
            if name is None:
                raise HubError(Category.NOT_FOUND, "no such subject", where="subject", todo="see `yilian user bound`")
            await end_all(tx, name, self._clock())
        return name

    async def all(self) -> dict[str, str]:
        """The account of every subject."""
        async with self._database.connection() as tx:
            return {row["subject"]: row["account"] for row in await tx.fetch(_ALL, self._issuer)}
