"""Looking into the inbox: lists, counts, one message masked, and one unmasked for a reason that is audited first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Final

from asyncpg import Record

from hub.db.database import Database
from hub.fhir.json import loads
from hub.kernel.errors import Category, HubError
from hub.kernel.types import Json, Part, State
from hub.pipeline.chosen import CONDITION, Filter
from hub.pipeline.deeds import Deed, Kind, Witness
from hub.pipeline.differences import Difference
from hub.pipeline.engineer import Engineer, needs_reason
from hub.pipeline.lenses import CLEAR, MASKED, Lens, Lenses
from hub.pipeline.mask import masked
from hub.pipeline.reason import Reason
from hub.pipeline.sealed import SIZE, opened_both, raw_in
from hub.pipeline.translate import unpack
from hub.records.traces import Trace

Row = Record | Mapping[str, Any]

_SUMMARY: Final = (
    f"id, feed, facility, kind, state, received_at, processed_at, reason, attempts, {SIZE} AS size, "
    "repaired IS NOT NULL AS repaired"
)

_COUNTS: Final = """
SELECT feed, state, count(*) AS count FROM inbox WHERE $1::text[] IS NULL OR facility = ANY($1)
GROUP BY feed, state ORDER BY feed, state
"""


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
    """One message with its content: masked, unless it was unmasked.

    `repairs`: who repaired it, when and why; `changes`: the leaves that differ since. `report`: what became of each
    source field. Where they were asked for: `parsed`, the message taken apart (as it is processed now), and `fhir`, the
    resources it became, of `resources` there are in all.
    """

    summary: Summary
    peer: str
    charset: str
    sha256: str
    text: str
    repaired_text: str | None
    repairs: list[Json]
    changes: list[Difference]
    report: list[Json]
    parsed: tuple[Part, ...]
    fhir: Sequence[Json]
    resources: int

    def as_json(self) -> Json:
        """For programs."""
        said = asdict(replace(self, parsed=()))
        return said | {"parsed": [part.as_json() for part in self.parsed]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many messages of a feed are in a state."""

    feed: str
    state: State
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """What is to be shown besides the text and the report."""

    parsed: bool = False
    fhir: bool = False


class Messages:
    """The inbox as engineers see it. `witness` tells the audit trail before values are shown; `lenses` gives what shows
    them, which takes half a second to make: lists and counts do without.
    """

    def __init__(self, database: Database, witness: Witness, lenses: Callable[[], Lenses]) -> None:
        self._database: Final = database
        self._witness: Final = witness
        self._lenses: Final = lenses

    async def find(
        self, engineer: Engineer, only: Filter | None = None, *, limit: int = 100, before: int | None = None
    ) -> Sequence[Summary]:
        """Messages, newest first; continue with the last number given as `before`."""
        chosen = only or Filter()
        sql = f"SELECT {_SUMMARY} FROM inbox WHERE {CONDITION} AND id < $10 ORDER BY id DESC LIMIT $11"
        async with self._database.connection() as connection:
            rows = await connection.fetch(sql, *chosen.of(engineer), before or 2**63 - 1, limit)
        return [_summary(row) for row in rows]

    async def counts(self, engineer: Engineer) -> Sequence[Count]:
        """Messages by feed and state."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_COUNTS, engineer.scope())
        return [Count(feed=row["feed"], state=State(row["state"]), count=row["count"]) for row in rows]

    async def show(self, message: int, engineer: Engineer, want: Want | None = None) -> Shown:
        """One message, its values masked. Raises HubError NOT_FOUND."""
        row, trace = await self._read(message, engineer)
        return self._shown(row, trace, MASKED, want or Want())

    async def unmask(self, message: int, engineer: Engineer, reason: str, want: Want | None = None) -> Shown:
        """One message as it is. Raises HubError INVALID without a reason, NOT_FOUND; nothing is shown unaudited."""
        row, trace = await self._unmasked(message, engineer, reason)
        return self._shown(row, trace, CLEAR, want or Want())

    async def raw(self, message: int, engineer: Engineer, reason: str, *, original: bool = False) -> bytes:
        """The bytes that are processed, repaired if they were; `original`: as they came off the wire. As `unmask`."""
        row, _ = await self._unmasked(message, engineer, reason)
        return raw_in(row) if original or row["mended"] is None else bytes(row["mended"])

    async def _unmasked(self, message: int, engineer: Engineer, reason: str) -> tuple[Row, Trace]:
        needs_reason(reason, "unmasking")
        row, trace = await self._read(message, engineer)
        deed = Deed(
            kind=Kind.UNMASK,
            engineer=engineer,
            reason=reason,
            message=message,
            feed=row["feed"],
            facility=row["facility"],
            patients=trace.patients(),
        )
        await self._witness.record(deed)
        return row, trace

    async def _read(self, message: int, engineer: Engineer) -> tuple[Row, Trace]:
        """A row with its bytes opened, None where they were erased."""
        columns = f"{_SUMMARY}, peer, charset, sha256, raw, repaired AS mended, raw_key, repair, report"
        async with self._database.connection() as connection:
            row = await connection.fetchrow(f"SELECT {columns} FROM inbox WHERE id = $1", message)
            if row is None or not engineer.sees(row["facility"]):
                raise no_message(message)
            raw, mended = await opened_both(connection, row)
            opened = {**dict(row), "raw": raw, "mended": mended}
            return opened, await self._lenses().trace(connection, row["facility"], message)

    def _shown(self, row: Row, trace: Trace, lens: Lens, want: Want) -> Shown:
        feed, raw, mended, charset = row["feed"], row["raw"] or b"", row["mended"], row["charset"]
        now = raw if mended is None else mended
        return Shown(
            summary=_summary(row),
            peer=row["peer"],
            charset=charset,
            sha256=row["sha256"].hex(),
            text=_text(raw, charset, lens),
            repaired_text=None if mended is None else _text(mended, charset, lens),
            repairs=[] if row["repair"] is None else loads(row["repair"]),
            changes=[] if mended is None else self._lenses().changes(feed, raw, mended, lens),
            report=[] if row["report"] is None else unpack(row["report"]),
            parsed=tuple(map(lens.part, self._lenses().parts(feed, now))) if want.parsed else (),
            fhir=self._lenses().resources(feed, trace, lens) if want.fhir else (),
            resources=trace.count,
        )


def no_message(message: int) -> HubError:
    """The answer to a message number nobody has."""
    return HubError(Category.NOT_FOUND, "no message has this number", where=f"message {message}", code="no-message")


def _summary(row: Row) -> Summary:
    names = ("id", "feed", "facility", "kind", "received_at", "processed_at", "attempts", "size", "repaired")
    reason = Reason.from_json(None if row["reason"] is None else loads(row["reason"]))
    return Summary(**{name: row[name] for name in names}, state=State(row["state"]), reason=reason)


def _text(raw: bytes, charset: str, lens: Lens) -> str:
    try:
        text = raw.decode(charset or "utf-8", "replace")
    except LookupError:
        text = raw.decode("latin-1")
    return masked(text) if lens.masked else text
