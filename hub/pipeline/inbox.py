"""Accepting messages: durable before the answer, each in exactly one state, arrival order kept.

Messages that arrive together share one transaction and one fsync. Identities are claimed in that transaction, so a
duplicate or a conflict is known as such from the first.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import asyncpg

from hub.db.database import Database, Tx
from hub.db.group_commit import GroupCommit
from hub.fhir.json import dumps
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Accepted, Received, State
from hub.pipeline.bell import SILENT, Bell
from hub.pipeline.entries import Entry, digest
from hub.pipeline.plain_messages import are_plain, store_plain
from hub.pipeline.reason import Reason, refused
from hub.pipeline.sealed import SealedMessage, sealed
from hub.sealing.keyring import keyring_of

#: The channel on which workers are told that messages wait.
CHANNEL: Final = "yilian_inbox"

#: Seconds in which workers are told once: a word costs a round trip here and wakes a process for every worker, and
#: who was told a moment ago is busy or finds the next message with the one told of.
_MOMENT: Final = 0.02

#: Messages stored in one transaction at most.
_LIMIT: Final = 256

_COLUMNS: Final = (
    *("id", "feed", "facility", "received_at", "raw", "sha256", "identity", "kind", "charset", "peer"),
    *("lanes", "state", "reason", "raw_key"),
)

_NUMBERS: Final = "SELECT nextval(pg_get_serial_sequence('inbox', 'id')) FROM generate_series(1, $1::int)"

# Rows go in by key, so that two processes never wait for each other crosswise; the first of each key wins.
_CLAIM: Final = """
INSERT INTO message_identity (feed, identity, sha256, message)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bigint[]) AS new (feed, identity, sha256, message)
ORDER BY feed, identity, message
ON CONFLICT DO NOTHING
RETURNING message
"""

# A state of a thing takes its identity over, unless the last one had the same bytes.
_REVISE: Final = """
INSERT INTO message_identity AS held (feed, identity, sha256, message) VALUES ($1, $2, $3, $4)
ON CONFLICT (feed, identity) DO UPDATE SET sha256 = excluded.sha256, message = excluded.message
WHERE held.sha256 <> excluded.sha256
RETURNING message
"""

_KNOWN: Final = "SELECT EXISTS (SELECT FROM message_identity WHERE feed = $1 AND identity = $2)"

_HOLDERS: Final = """
SELECT new.message, held.message AS holder, held.sha256 = new.sha256 AS same
FROM unnest($1::text[], $2::bytea[], $3::bytea[], $4::bigint[]) AS new (feed, identity, sha256, message)
JOIN message_identity AS held USING (feed, identity)
"""


class PostgresInbox:
    """The inbox of the feeds in `facilities` (feed name -> facility code); implements `hub.kernel.ports.Inbox`.

    `seconds`: the time given to store a message; None where who hands it in keeps the time.
    """

    def __init__(
        self, database: Database, facilities: Mapping[str, str], *, seconds: float | None = 10, bell: Bell = SILENT
    ) -> None:
        self._database: Final = database
        self._facilities: Final = facilities
        self._seconds: Final = seconds
        self._bell: Final = bell
        self._commits: Final = GroupCommit(self._flush, limit=_LIMIT)
        self._told: asyncio.TimerHandle | None = None  # until the moment is over
        self._due = False

    async def accept(self, received: Received) -> Accepted:
        """Return the number and state of a message once it is on disk.

        Raises HubError UNAVAILABLE when it could not be stored within the time given, NOT_FOUND for an unknown feed.
        """
        facility = self._facilities.get(received.feed)
        if facility is None:
            raise HubError(Category.NOT_FOUND, "no feed has this name", where="inbox", todo="see consortium.yaml")
        entry = Entry(received, facility, hashlib.sha256(received.raw).digest())
        if self._seconds is None:
            return await self._commits.submit(entry)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._commits.submit(entry)
        except TimeoutError:
            raise HubError(
                Category.UNAVAILABLE, "could not store the message in time", where="inbox", todo="send it again"
            ) from None

    async def knows(self, feed: str, identity: str) -> bool:
        """Whether a message of this identity was taken. Raises HubError UNAVAILABLE."""
        async with self._database.connection() as connection:
            found: bool = await connection.fetchval(_KNOWN, feed, digest(identity))
        return found

    async def close(self) -> None:
        """Answer what was submitted and take nothing more."""
        await self._commits.close()
        if self._told is not None:
            self._told.cancel()
        if self._due:
            self._ring()

    async def _flush(self, entries: list[Entry]) -> list[Accepted]:
        try:
            accepted = await self._stored(entries)
        except asyncpg.DataError as error:
            if len(entries) == 1:
                raise HubError(
                    Category.FAULT, "the database refuses a value", where="inbox", todo="report this", code="inbox-data"
                ) from error
            # One entry the database cannot take must not cost the others their place.
            return [accepted for entry in entries for accepted in await self._flush([entry])]
        self._tell()
        return accepted

    def _tell(self) -> None:
        """Tell workers at once, or at the end of the moment in which they were told before."""
        if self._told is not None:
            self._due = True
            return
        self._ring()
        self._told = asyncio.get_running_loop().call_later(_MOMENT, self._moment_over)

    def _ring(self) -> None:
        self._due = False
        self._database.notify(CHANNEL)
        self._bell.ring(CHANNEL)

    def _moment_over(self) -> None:
        self._told = None
        if self._due:
            self._tell()

    async def _stored(self, entries: Sequence[Entry]) -> list[Accepted]:
        numbers: Sequence[int] = ()
        accepted: dict[int, Accepted] = {}
        async with self._database.connection() as connection:
            if are_plain(connection, entries):
                numbers, accepted = await store_plain(connection, entries)
        rest = [place for place in range(len(entries)) if place not in accepted]
        if rest:
            async with self._database.transaction() as tx:
                numbers = numbers or [row[0] for row in await tx.fetch(_NUMBERS, len(entries))]
                found = await _store(tx, [numbers[place] for place in rest], [entries[place] for place in rest])
            accepted |= dict(zip(rest, found, strict=True))
        return [accepted[place] for place in range(len(entries))]


async def _store(tx: Tx, numbers: Sequence[int], entries: Sequence[Entry]) -> list[Accepted]:
    repeats = await _repeats(tx, dict(zip(numbers, entries, strict=True)))
    texts, keys = await sealed(
        tx, [(number, one.received.feed, one.received.raw) for number, one in zip(numbers, entries, strict=True)]
    )
    settled = [_standing(entry, repeats.get(number)) for number, entry in zip(numbers, entries, strict=True)]
    await tx.copy_records_to_table(
        "inbox",
        columns=_COLUMNS,
        records=[
            _row(number, entry, text, state, reason)
            for number, entry, text, (state, reason) in zip(numbers, entries, texts, settled, strict=True)
        ],
    )
    await keyring_of(tx).confirm(tx, keys)
    return [Accepted(message=number, state=state) for number, (state, _) in zip(numbers, settled, strict=True)]


async def _repeats(tx: Tx, entries: Mapping[int, Entry]) -> dict[int, tuple[int, bool]]:
    """Of messages whose identity is taken: the message that has it, and whether its bytes are the same."""
    claims = {number: entry for number, entry in entries.items() if entry.claim is not None}
    if not claims:
        return {}
    plain = {number: entry for number, entry in claims.items() if not entry.received.envelope.revises}
    first = {row["message"] for row in await tx.fetch(_CLAIM, *_columns(plain))} if plain else set()
    first |= await _revised(tx, {number: claims[number] for number in claims.keys() - plain.keys()})
    if len(first) == len(claims):
        return {}
    holders = await tx.fetch(_HOLDERS, *_columns(claims))
    return {row["message"]: (row["holder"], row["same"]) for row in holders if row["message"] not in first}


async def _revised(tx: Tx, entries: Mapping[int, Entry]) -> set[int]:
    """The messages that are new states of their things; by key, as the others are claimed, and by number."""
    claims = sorted(map(_claim, entries, entries.values()), key=lambda each: (*each[:2], each[3]))
    found = [await tx.fetchval(_REVISE, *claim) for claim in claims]
    return {number for number in found if number is not None}


def _columns(entries: Mapping[int, Entry]) -> Iterable[list[object]]:
    return map(list, zip(*map(_claim, entries, entries.values()), strict=True))


def _claim(number: int, entry: Entry) -> tuple[str, bytes, bytes, int]:
    return entry.received.feed, entry.claim or b"", entry.sha256, number


def _standing(entry: Entry, repeats: tuple[int, bool] | None) -> tuple[State, Reason | None]:
    if entry.received.envelope.problem is not None:
        return State.DEAD, refused(entry.received.envelope.problem)
    if repeats is None:
        return State.QUEUED, None
    holder, same = repeats
    same = same or entry.received.envelope.revises  # another state may have followed in this batch
    return State.DUPLICATE if same else State.CONFLICT, Reason(repeats=holder)


def _row(number: int, entry: Entry, text: SealedMessage, state: State, reason: Reason | None) -> tuple[object, ...]:
    return (
        number,
        entry.received.feed,
        entry.facility,
        entry.received.received_at,
        text.raw,
        entry.sha256,
        *entry.texts,
        entry.lanes,
        state.value,
        None if reason is None else dumps(reason.as_json()).decode(),
        text.raw_key,
    )
