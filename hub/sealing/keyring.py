"""The data keys of one database, as one process holds them: opened when they are first met, and forgotten again.

A key that was made in a transaction is kept only once that is committed: a transaction that is rolled back takes its
keys with it, and what others sealed by them would be lost.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Iterable, Mapping
from time import monotonic
from typing import Final, Literal
from uuid import UUID

from asyncpg import Record

from hub.db.database import Tx
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import RandomBytes
from hub.sealing.envelope import DataKey, broken, is_sealed, key_numbers
from hub.sealing.suites import Cipher, Suite, suite_of
from hub.sealing.wrapping import data_key_name, unwrap, unwrapped_by_master, wrap

#: Whose data key: a source patient's, or a facility's or feed's for what is about nobody or not yet known to be.
Kind = Literal["patient", "facility", "feed"]

#: Open keys held: some 10 MB. Beyond them all are forgotten, and those in use come back.
_HELD: Final = 10_000
#: Seconds after which all are forgotten: an erased key is in no memory for longer.
_SECONDS: Final = 600

#: Held until the transaction ends: it is not destroyed while keys are made under it.
_NEWEST_WRAPPING: Final = """
SELECT number AS wrapping, suite AS wrapping_suite, wrapped AS wrapping_key FROM wrapping_key
ORDER BY number DESC LIMIT 1 FOR KEY SHARE
"""
#: In one statement with the key it is wrapped by, which may be about to be renewed.
_WITH_WRAPPING: Final = """
d.number, d.owner, d.suite, d.wrapping, d.wrapped, w.suite AS wrapping_suite, w.wrapped AS wrapping_key
FROM data_key d LEFT JOIN wrapping_key w ON w.number = d.wrapping
"""
_BY_NUMBER: Final = f"SELECT {_WITH_WRAPPING} WHERE d.number = ANY($1::bigint[])"
#: The newest key of each owner that seals, and whether its transaction is over.
_BY_OWNER: Final = f"""
SELECT DISTINCT ON (d.owner) d.xid IS DISTINCT FROM pg_current_xact_id_if_assigned() AS settled, {_WITH_WRAPPING}
WHERE d.owner = ANY($1::uuid[]) AND d.suite = $2 AND d.retired IS NULL AND d.wrapped IS NOT NULL
ORDER BY d.owner, d.number DESC
"""
_MAKE: Final = """
INSERT INTO data_key (owner, kind, suite, wrapping, wrapped)
SELECT k.owner, k.kind, $4, $5, k.wrapped FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS k (owner, kind, wrapped)
RETURNING number, owner
"""
_SEALING: Final = """
SELECT count(*) FROM data_key WHERE number = ANY($1::bigint[]) AND retired IS NULL AND wrapped IS NOT NULL
"""


class Keyring:
    """`master`: the master key, None for a hub without keys; `suite`: that of what is sealed now, None: nothing is.

    `strict`: nothing is read that is not sealed, since who can write to the database could have put it there.
    """

    def __init__(
        self,
        master: bytes | None = None,
        suite: Suite | None = None,
        *,
        strict: bool = False,
        random_bytes: RandomBytes = secrets.token_bytes,
        seconds: Callable[[], float] = monotonic,
        held: int = _HELD,
    ) -> None:
        self._master: Final = master
        self.suite: Final = suite
        self.strict: Final = strict
        self.random_bytes: Final = random_bytes
        self._seconds: Final = seconds
        self._limit: Final = held
        self._wrapping: dict[int, Cipher] = {}
        self._open: dict[int, DataKey | None] = {}
        self._current: dict[UUID, DataKey] = {}
        self._since = seconds()

    @property
    def has_master(self) -> bool:
        """Whether the master key is here."""
        return self._master is not None

    async def opened(self, tx: Tx, stored: Iterable[bytes]) -> Mapping[int, DataKey | None]:
        """The keys, by number, of the sealed ones among stored bytes, and others; None for an erased one.

        Use it before the next await. Raises HubError FAULT: `no-master-key`, `no-data-key`, `seal-broken`,
        `not-sealed`; FORBIDDEN `other-master`.
        """
        if self.strict:
            stored = list(stored)
            self.admit(all(is_sealed(one) for one in stored if one))
        wanted = key_numbers(stored)
        if wanted:
            self._forget_in_time()
        missing = wanted - self._open.keys()
        if missing:
            await self._fetch(tx, missing, wanted)
        return self._open

    def admit(self, sealed: bool) -> None:
        """Raises HubError FAULT (`not-sealed`) for what stands in clear where nothing may."""
        if self.strict and not sealed:
            todo = "see docs/how-to/keep-the-keys.md: somebody wrote it past the hub, or sealing was never finished"
            raise HubError(
                Category.FAULT, "stands in the database in clear", where="seal", todo=todo, code="not-sealed"
            )

    async def sealing(self, tx: Tx, owners: Mapping[UUID, Kind], suite: Suite) -> dict[UUID, DataKey]:
        """A key for each owner to seal by, made where there is none. Call `confirm` once everything is written."""
        self._forget_in_time()
        found = {owner: self._current[owner] for owner in owners if owner in self._current}
        rest = owners.keys() - found.keys()
        if rest:
            for row in await tx.fetch(_BY_OWNER, list(rest), suite.code):
                found[row["owner"]] = key = self._unwrapped(row)
                if row["settled"]:
                    self._hold(row["owner"], key)
        new = sorted(owners.keys() - found.keys())
        return found | await self._made(tx, {owner: owners[owner] for owner in new}, suite) if new else found

    async def confirm(self, tx: Tx, keys: Collection[DataKey]) -> None:
        """See that all keys still seal, in a transaction that has written what they sealed.

        Whoever retires or erases a key waits for the transactions that were at work then, so none slips through.
        Raises HubError UNAVAILABLE (code `race`): roll back and try again.
        """
        numbers = {key.number for key in keys}
        if numbers and await tx.fetchval(_SEALING, list(numbers)) != len(numbers):
            self._current.clear()
            raise HubError(
                Category.UNAVAILABLE, "keys were renewed meanwhile", where="keys", todo="try again", code="race"
            )

    async def newest_wrapping(self, tx: Tx) -> tuple[int, Cipher]:
        """Number and cipher of the wrapping key in use. Raises HubError UNAVAILABLE where there is none yet."""
        row = await tx.fetchrow(_NEWEST_WRAPPING)
        if row is None:
            raise HubError(
                Category.UNAVAILABLE, "no wrapping key was made", where="keys", todo="start the hub", code="no-keys"
            )
        return row["wrapping"], self._known(row)

    def forget(self) -> None:
        """Forget every open key."""
        self._open.clear()
        self._current.clear()

    def _forget_in_time(self) -> None:
        now = self._seconds()
        if now - self._since > _SECONDS:
            self.forget()
            self._since = now

    def _hold(self, owner: UUID, key: DataKey) -> None:
        if len(self._current) >= self._limit:
            self._current.clear()
        self._current[owner] = key

    async def _fetch(self, tx: Tx, missing: set[int], wanted: set[int]) -> None:
        rows = await tx.fetch(_BY_NUMBER, list(missing))
        if len(rows) != len(missing):
            raise HubError(
                Category.FAULT, "the key it was sealed by is not there", where="sealed bytes", code="no-data-key"
            )
        if len(self._open) + len(rows) > self._limit:
            # Another request may have let go of what was here before this one came back.
            self._open = {number: key for number, key in self._open.items() if number in wanted}
        self._open.update({row["number"]: None if row["wrapped"] is None else self._unwrapped(row) for row in rows})
        if wanted - self._open.keys():
            await self._fetch(tx, wanted - self._open.keys(), wanted)

    def _known(self, row: Record) -> Cipher:
        """The wrapping key of a row."""
        if self._master is None:
            raise no_master()
        number = row["wrapping"]
        if number not in self._wrapping:
            if row["wrapping_key"] is None:
                raise broken()
            suite = suite_of(row["wrapping_suite"])
            self._wrapping[number] = suite.cipher(unwrapped_by_master(self._master, suite, row["wrapping_key"]))
        return self._wrapping[number]

    def _unwrapped(self, row: Record) -> DataKey:
        suite = suite_of(row["suite"])
        key = unwrap(self._known(row), row["wrapped"], data_key_name(row["owner"], suite, row["wrapping"]))
        return DataKey(row["number"], suite, suite.cipher(key))

    async def _made(self, tx: Tx, owners: Mapping[UUID, Kind], suite: Suite) -> dict[UUID, DataKey]:
        number, cipher = await self.newest_wrapping(tx)
        keys = {owner: self.random_bytes(suite.key_bytes) for owner in owners}
        wrapped = [
            wrap(cipher, key, data_key_name(owner, suite, number), self.random_bytes) for owner, key in keys.items()
        ]
        rows = await tx.fetch(_MAKE, list(keys), list(owners.values()), wrapped, suite.code, number)
        return {row["owner"]: DataKey(row["number"], suite, suite.cipher(keys[row["owner"]])) for row in rows}


def keyring_of(tx: Tx) -> Keyring:
    """The keys of the database a connection is to; without any of its own, those of a hub that has none."""
    keyring = getattr(tx, "attached", None)
    return keyring if isinstance(keyring, Keyring) else _NONE


def no_master() -> HubError:
    """What is said where something is sealed and nobody gave the master key."""
    return HubError(
        Category.FAULT,
        "it is sealed, and the master key is not here",
        where="keys",
        todo="give the master key (docs/how-to/keep-the-keys.md)",
        code="no-master-key",
    )


_NONE: Final = Keyring()
