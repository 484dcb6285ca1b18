"""Erasing a source patient: one keeper asks, another confirms; then the keys go, and all they sealed with them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from asyncpg import Record

from hub.audit.deeds import Scribe
from hub.audit.erasure import erase as erase_entries
from hub.audit.trail import Trail
from hub.db.database import Database, Tx
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.pipeline import forgetting as inbox
from hub.records import forgetting as record
from hub.run import erasures
from hub.run.erasures import Erasure
from hub.sealing import renewal

#: Seconds between two looks whether transactions of before are over, and whether entries have become leaves.
_PAUSE: Final = 0.2
#: Looks at entries that are no leaves yet: some ten seconds. Without a hub that runs they do not become any.
_LOOKS: Final = 50

_ASK: Final = """
INSERT INTO erasure (patient, reason, asked_by, asked) VALUES ($1, $2, $3, $4)
ON CONFLICT (patient) DO UPDATE SET reason = excluded.reason, asked_by = excluded.asked_by, asked = excluded.asked
WHERE erasure.confirmed IS NULL
"""
_CONFIRM: Final = """
UPDATE erasure SET confirmed_by = $2, confirmed = $3 WHERE patient = $1 AND confirmed IS NULL
"""
_IS_ERASED: Final = "SELECT EXISTS (SELECT FROM erasure WHERE patient = $1 AND confirmed IS NOT NULL)"
_ALL_ERASED: Final = "SELECT * FROM erasure WHERE confirmed IS NOT NULL ORDER BY confirmed"
_AGAIN: Final = """
INSERT INTO erasure (patient, reason, asked_by, confirmed_by, asked, confirmed) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (patient) DO UPDATE SET confirmed_by = excluded.confirmed_by, confirmed = excluded.confirmed
"""
_LEFT: Final = "SELECT count(*) FROM audit WHERE patient_keys @> ARRAY[$1::uuid]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """What went: keys, versions of resources, messages; `entries` of the trail that still name the patient."""

    keys: int
    versions: int
    messages: int
    entries: int


class Erasing:
    """The desk of keepers. `who` is the account at the machine, `kept` the list of who was erased."""

    def __init__(self, database: Database, trail: Trail, who: str, clock: Clock, kept: Path) -> None:
        self._database: Final = database
        self._trail: Final = trail
        self._who: Final = who
        self._clock: Final = clock
        self._kept: Final = kept

    async def ask(self, patient: str, reason: str) -> None:
        """Ask for a source patient (resource id) to be erased. Raises HubError INVALID without a reason, NOT_FOUND."""
        if not reason.strip():
            raise HubError(Category.INVALID, "is missing", where="reason", todo="say why, without patient data")
        async with self._database.transaction() as tx:
            if not await record.is_kept(tx, patient):
                raise HubError(Category.NOT_FOUND, "no source Patient has this id", where="patient", code="no-patient")
            await tx.execute(_ASK, patient, reason, self._who, self._clock())
            await self._note(tx, "ask to erase", reason)

    async def confirm(self, patient: str) -> Erased:
        """Erase what another keeper asked for. What was cut off is finished by confirming again.

        Raises HubError NOT_FOUND where nobody asked, FORBIDDEN where the same account did.
        """
        async with self._database.transaction() as tx:
            await self._may_confirm(tx, patient)
            await tx.execute(_CONFIRM, patient, self._who, self._clock())
            # Before the keys go: what is on the list and still there is erased by confirming again.
            await self._list_all(tx)
            await self._note(tx, "erase", "")
            keys = await _destroy(tx, patient)
        return await self._erased(patient, keys)

    async def again(self, erasure: Erasure) -> bool:
        """Erase whom a backup of before brought back; whether it did. Keepers decided it once."""
        async with self._database.transaction() as tx:
            if await tx.fetchval(_IS_ERASED, erasure.patient):
                return False
            values = (datetime.fromisoformat(erasure.asked), datetime.fromisoformat(erasure.confirmed))
            people = (erasure.asked_by, erasure.confirmed_by)
            await tx.execute(_AGAIN, erasure.patient, erasure.reason, *people, *values)
            await self._note(tx, "erase again after a restore", "")
            keys = await _destroy(tx, erasure.patient)
        await self._erased(erasure.patient, keys)
        return True

    async def list_all(self) -> None:
        """Put on the list whoever the database knows to be erased: it may be younger than the erasure."""
        async with self._database.connection() as tx:
            await self._list_all(tx)

    async def _list_all(self, tx: Tx) -> None:
        erasures.complete(self._kept, [_erasure(row) for row in await tx.fetch(_ALL_ERASED)])

    async def _erased(self, patient: str, keys: int) -> Erased:
        """Delete what the erased `keys` sealed, and what stands beside it."""
        pkey = reference_key("Patient", patient)
        await self._until_settled()
        async with self._database.transaction() as tx:
            owners = await record.owners(tx, patient)
            messages = await inbox.forget(tx, owners, await record.messages(tx, pkey))
            versions = await record.forget(tx, pkey)
        entries = await self._forget_entries(patient, pkey)
        return Erased(keys=keys, versions=versions, messages=messages, entries=entries)

    async def waiting(self) -> list[tuple[str, str, str, datetime]]:
        """What waits for a second keeper: patient, reason, who asked, when."""
        async with self._database.connection() as tx:
            rows = await tx.fetch(
                "SELECT patient, reason, asked_by, asked FROM erasure WHERE confirmed IS NULL ORDER BY asked"
            )
        return [tuple(row) for row in rows]

    async def _may_confirm(self, tx: Tx, patient: str) -> None:
        asked_by = await tx.fetchval("SELECT asked_by FROM erasure WHERE patient = $1 FOR UPDATE", patient)
        if asked_by is None:
            raise HubError(
                Category.NOT_FOUND, "nobody asked for it", where="patient", todo="ask first: yilian keys erase --reason"
            )
        if asked_by == self._who:
            raise HubError(
                Category.FORBIDDEN, "who asked for it cannot confirm it", where="keys erase", todo="ask another keeper"
            )

    async def _until_settled(self) -> None:
        """Wait for whoever may have seen the keys: the mark is set after the commit, until which they were seen."""
        async with self._database.connection() as tx:
            mark = await renewal.horizon(tx)
        while True:
            async with self._database.connection() as tx:
                if await renewal.settled(tx, mark):
                    return
            await asyncio.sleep(_PAUSE)

    async def _forget_entries(self, patient: str, pkey: UUID) -> int:
        """Erase the patient from the trail as far as it is in the tree; how many entries are not yet."""
        left = 0
        for _ in range(_LOOKS):
            async with self._database.transaction() as tx:
                await erase_entries(tx, patient)
                left = await tx.fetchval(_LEFT, pkey)
            if not left:
                break
            await asyncio.sleep(_PAUSE)
        return left

    async def _note(self, tx: Tx, deed: str, reason: str) -> None:
        """Of whom is not said: the trail shall not name who was erased."""
        said = {"keys": deed, "reason": reason}
        await self._trail.append(tx, [Scribe(self._clock).at_the_machine("key-keeper", self._who, said)])


async def _destroy(tx: Tx, patient: str) -> int:
    """Destroy the data keys of a source patient; how many."""
    return sum([await renewal.erase(tx, owner) for owner in await record.owners(tx, patient)])


def _erasure(row: Record) -> Erasure:
    return Erasure(
        patient=row["patient"],
        reason=row["reason"],
        asked_by=row["asked_by"],
        asked=row["asked"].isoformat(),
        confirmed_by=row["confirmed_by"],
        confirmed=row["confirmed"].isoformat(),
    )
