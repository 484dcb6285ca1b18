"""Whose a device is, as people say it: bound from an instant, ended at another, never to two at once.

A kiosk is bound for a session, a band for months. Changes stand in one line: each is numbered under a lock, so whoever
has seen a number has seen all before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from hub.db.database import Database, Tx, tell
from hub.kernel.clock import Clock
from hub.kernel.errors import Category, HubError
from hub.kernel.ids import reference_key
from hub.kernel.types import Json
from hub.pipeline.bell import SILENT, Bell
from hub.pipeline.deeds import Deed, Kind, Witness
from hub.pipeline.engineer import Engineer
from hub.pipeline.inbox import CHANNEL
from hub.records.registrations import Registrations
from mappings.devices.clock import SLACK

#: Bindings one list gives.
MOST: Final = 500

#: Whoever changes bindings holds this: then no later number of a change is committed before an earlier one.
LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('device bindings', 0))"
#: The next number of a change, for whoever holds the lock.
NEXT_CHANGE: Final = "(SELECT coalesce(max(change), 0) + 1 FROM device_binding)"
_OTHERS: Final = """
SELECT count(*) FROM device_binding WHERE feed = $1 AND device = $2 AND patient <> $3
AND begins < coalesce($5::timestamptz, 'infinity') AND coalesce(ends, 'infinity') > greatest($4, begins)
"""
_COLUMNS: Final = "id, feed, device, patient, begins, ends, made_at, made_by"
_BIND: Final = f"""
INSERT INTO device_binding (feed, device, patient, pkey, begins, ends, made_at, made_by, change)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, {NEXT_CHANGE}) RETURNING {_COLUMNS}
"""
_ONE: Final = f"SELECT {_COLUMNS} FROM device_binding WHERE id = $1 AND patient <> ''"
_END: Final = f"""
UPDATE device_binding SET ends = $2, change = {NEXT_CHANGE},
  claimed = greatest(claimed, $3), corrected_at = $4
WHERE id = $1 RETURNING {_COLUMNS}
"""
_LIST: Final = f"""
SELECT {_COLUMNS} FROM device_binding
WHERE feed = $1 AND ($2::text IS NULL OR device = $2) AND patient <> '' ORDER BY id DESC LIMIT {MOST}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A binding to make: `patient` is the id of a source Patient of the feed's facility; `end` None: until ended."""

    feed: str
    device: str
    patient: str
    start: datetime
    end: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A binding that was made."""

    number: int
    feed: str
    device: str
    patient: str
    start: datetime
    end: datetime | None
    made_at: datetime
    made_by: str

    def as_json(self) -> Json:
        """As the doors tell it; instants in ISO 8601."""
        return {
            "id": str(self.number),
            "feed": self.feed,
            "device": self.device,
            "patient": f"Patient/{self.patient}",
            "start": self.start.isoformat(),
            "end": None if self.end is None else self.end.isoformat(),
            "madeAt": self.made_at.isoformat(),
        }


class Bindings:
    """Bindings of the devices of the feeds in `facilities` (feed name -> facility code)."""

    def __init__(
        self,
        database: Database,
        registrations: Registrations,
        facilities: Mapping[str, str],
        witness: Witness,
        clock: Clock,
        bell: Bell = SILENT,
    ) -> None:
        self._database: Final = database
        self._registrations: Final = registrations
        self._facilities: Final = facilities
        self._witness: Final = witness
        self._clock: Final = clock
        self._bell: Final = bell

    async def bind(self, who: Engineer, wanted: Wanted, reason: str = "") -> Bound:
        """Let a device be somebody's. Readings of that time that wait are taken by themselves.

        Raises HubError NOT_FOUND for a feed or a patient who is not there for `who`, CONFLICT where another has the
        device at any of that time, INVALID for an end that is not after the start.
        """
        facility = self._facility(who, wanted.feed)
        if wanted.end is not None and wanted.end <= wanted.start:
            raise HubError(Category.INVALID, "is not after the start", where="end", todo="leave it out, or mend it")
        async with self._database.transaction() as tx:
            await tx.execute(LOCK)
            if not await self._registrations.has(tx, facility, wanted.patient):
                todo = "register the patient at the facility of the feed first"
                raise HubError(Category.NOT_FOUND, "no such patient of the facility", where="patient", todo=todo)
            when = (wanted.start, wanted.end)
            if await tx.fetchval(_OTHERS, wanted.feed, wanted.device, wanted.patient, *when):
                todo = "end that binding first"
                what = "somebody else has the device at that time"
                raise HubError(Category.CONFLICT, what, where="device", todo=todo, code="device-taken")
            key, now = reference_key("Patient", wanted.patient), self._clock()
            subject = (wanted.feed, wanted.device, wanted.patient, key)
            made = _bound(await tx.fetchrow(_BIND, *subject, *when, now, who.signature))
            await self._told(tx, Kind.BIND, who, made, reason)
        self._bell.ring(CHANNEL)
        return made

    async def end(self, who: Engineer, number: int, at: datetime | None = None, reason: str = "") -> Bound:
        """Let a binding hold until `at` (now, if None). Readings taken since are entered in error, and are whose the
        device is then.

        Raises HubError NOT_FOUND, INVALID for a time before its start or behind its end.
        """
        now = self._clock()
        when = now if at is None else at
        async with self._database.transaction() as tx:
            await tx.execute(LOCK)
            row = await tx.fetchrow(_ONE, number)
            if row is None or not self._is_theirs(who, row["feed"]):
                raise HubError(Category.NOT_FOUND, "no binding has this number", where="id", todo="list the bindings")
            before = _bound(row)
            _refuse_end(before, when)
            # An end at once is a correction too: a worker that has not seen it yet still attaches what comes, and a
            # clock may be a little ahead of ours.
            attached = now + 2 * SLACK
            claimed = min(before.end or attached, attached)
            made = _bound(await tx.fetchrow(_END, number, when, claimed, now))
            await self._told(tx, Kind.UNBIND, who, made, reason)
        self._bell.ring(CHANNEL)
        return made

    async def listed(self, who: Engineer, feed: str, device: str | None = None) -> list[Bound]:
        """The newest bindings of a feed, or of one device of it. Raises HubError NOT_FOUND."""
        self._facility(who, feed)
        async with self._database.connection() as tx:
            return [_bound(row) for row in await tx.fetch(_LIST, feed, device)]

    async def _told(self, tx: Tx, kind: Kind, who: Engineer, made: Bound, reason: str) -> None:
        detail = {"device": made.device, "from": made.start.isoformat()}
        if made.end is not None:
            detail["to"] = made.end.isoformat()
        deed = Deed(
            kind=kind,
            engineer=who,
            reason=reason,
            feed=made.feed,
            facility=self._facilities[made.feed],
            patients=(made.patient,),
            detail=detail,
        )
        await self._witness.append(tx, deed)
        tell(tx, CHANNEL)

    def _is_theirs(self, who: Engineer, feed: str) -> bool:
        facility = self._facilities.get(feed)
        return facility is not None and who.sees(facility)

    def _facility(self, who: Engineer, feed: str) -> str:
        if not self._is_theirs(who, feed):
            todo = "name a feed of format device of your organisation"
            raise HubError(Category.NOT_FOUND, "no feed of this name has devices", where="feed", todo=todo)
        return self._facilities[feed]


def _refuse_end(made: Bound, when: datetime) -> None:
    if when < made.start:
        raise HubError(
            Category.INVALID, "lies before the start", where="end", todo="end it at its start at the earliest"
        )
    if made.end is not None and when >= made.end:
        raise HubError(Category.INVALID, "is not before its end", where="end", todo="make a new binding for later")


def _bound(row: Any) -> Bound:
    return Bound(
        number=row["id"],
        feed=row["feed"],
        device=row["device"],
        patient=row["patient"],
        start=row["begins"],
        end=row["ends"],
        made_at=row["made_at"],
        made_by=row["made_by"],
    )
