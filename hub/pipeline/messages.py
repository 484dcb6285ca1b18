"""Looking into the inbox: lists, counts, one message masked, and one unmasked for a reason that is audited first."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asyncpg import Record

from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json, State
from hub.pipeline.engineer import Engineer
from hub.pipeline.mask import masked
from hub.pipeline.reason import Reason
from hub.pipeline.translate import unpack

_SUMMARY: Final = (
    "id, feed, facility, kind, state, received_at, processed_at, reason, attempts, octet_length(raw) AS size, "
    "repaired IS NOT NULL AS repaired"
)


#: Holds for the messages of a `Filter`, whose arguments are $1 to $6.
CONDITION: Final = """
($1::text IS NULL OR feed = $1) AND (cardinality($2::text[]) = 0 OR state = ANY($2))
AND ($3::text IS NULL OR reason ->> 'code' = $3)
AND ($4::timestamptz IS NULL OR received_at >= $4) AND ($5::timestamptz IS NULL OR received_at < $5)
AND (cardinality($6::bigint[]) = 0 OR id = ANY($6))
"""


_COUNTS: Final = """
SELECT feed, state, count(*) AS count FROM inbox WHERE $1::text[] IS NULL OR facility = ANY($1)
GROUP BY feed, state ORDER BY feed, state
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which messages: empty means all. `code` is that of the reason; `since` and `until` bound the receipt."""

    feed: str | None = None
    states: tuple[State, ...] = ()
    code: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    numbers: tuple[int, ...] = ()

    def arguments(self) -> tuple[Any, ...]:
        """The arguments of CONDITION."""
        states = [state.value for state in self.states]
        return self.feed, states, self.code, self.since, self.until, list(self.numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """One message without its content. `size` in bytes."""

    id: int
    feed: str
    facility: str
    kind: str
    state: State
    received_at: datetime
    processed_at: datetime | None
    reason: Reason
    attempts: int
    size: int
    repaired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One message with its content. `text` and `repaired_text` are masked unless it was unmasked.

    `repairs`: who repaired it, when and why. `report`: what became of each source field.
    """

    summary: Summary
    peer: str
    charset: str
    sha256: str
    text: str
    repaired_text: str | None
    repairs: list[Json]
    report: list[Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many messages of a feed are in a state."""

    feed: str
    state: State
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmasking:
    """What the audit must know before the content of a message is shown."""

    message: int
    feed: str
    facility: str
    by: str
    reason: str


class Messages:
    """The inbox as engineers see it. `disclosed` returns once the audit row of an unmasking is durable."""

    def __init__(self, database: Database, disclosed: Callable[[Unmasking], Awaitable[None]]) -> None:
        self._database: Final = database
        self._disclosed: Final = disclosed

    async def find(
        self, only: Filter | None = None, *, limit: int = 100, before: int | None = None
    ) -> Sequence[Summary]:
        """Messages, newest first; continue with the last number given as `before`."""
        chosen = only or Filter()
        sql = f"SELECT {_SUMMARY} FROM inbox WHERE {CONDITION} AND id < $7 ORDER BY id DESC LIMIT $8"
        async with self._database.connection() as connection:
            rows = await connection.fetch(sql, *chosen.arguments(), before or 2**63 - 1, limit)
        return [_summary(row) for row in rows]

    async def counts(self, engineer: Engineer) -> Sequence[Count]:
        """Messages by feed and state."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_COUNTS, engineer.scope())
        return [Count(feed=row["feed"], state=State(row["state"]), count=row["count"]) for row in rows]

    async def show(self, message: int) -> Shown:
        """One message, its values masked. Raises HubError NOT_FOUND."""
        return _shown(await self._row(message), masked)

    async def unmask(self, message: int, *, by: str, reason: str) -> Shown:
        """One message as it is. Raises HubError INVALID without a reason, NOT_FOUND; nothing is shown unaudited."""
        if not reason.strip():
            raise HubError(Category.INVALID, "unmasking needs a reason", where="reason", todo="say why", code="reason")
        row = await self._row(message)
        await self._disclosed(
            Unmasking(message=message, feed=row["feed"], facility=row["facility"], by=by, reason=reason)
        )
        return _shown(row, str)

    async def raw(self, message: int, *, by: str, reason: str) -> bytes:
        """The bytes as they came off the wire; as `unmask`."""
        await self.unmask(message, by=by, reason=reason)
        return bytes((await self._row(message))["raw"])

    async def _row(self, message: int) -> Record:
        columns = f"{_SUMMARY}, peer, charset, sha256, raw, repaired AS mended, repair, report"
        async with self._database.connection() as connection:
            row = await connection.fetchrow(f"SELECT {columns} FROM inbox WHERE id = $1", message)
        if row is None:
            raise no_message(message)
        return row


def no_message(message: int) -> HubError:
    """The answer to a message number nobody has."""
    return HubError(Category.NOT_FOUND, "no message has this number", where=f"message {message}", code="no-message")


def _summary(row: Record) -> Summary:
    names = ("id", "feed", "facility", "kind", "received_at", "processed_at", "attempts", "size", "repaired")
    reason = Reason.from_json(None if row["reason"] is None else loads(row["reason"]))
    return Summary(**{name: row[name] for name in names}, state=State(row["state"]), reason=reason)


def _shown(row: Record, show: Callable[[str], str]) -> Shown:
    charset = row["charset"]
    return Shown(
        summary=_summary(row),
        peer=row["peer"],
        charset=charset,
        sha256=row["sha256"].hex(),
        text=show(_text(row["raw"], charset)),
        repaired_text=None if row["mended"] is None else show(_text(row["mended"], charset)),
        repairs=[] if row["repair"] is None else loads(row["repair"]),
        report=[] if row["report"] is None else unpack(row["report"]),
    )


def _text(raw: bytes, charset: str) -> str:
    try:
        return raw.decode(charset or "utf-8", "replace")
    except LookupError:
        return raw.decode("latin-1")
