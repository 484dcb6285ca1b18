"""All rows of one type that may be seen, for exports: one statement read by a cursor, in the order of its index.

The order is that of the rows themselves, so that where they lie on the disk, beside which hidden ones, tells nothing.
The memory it takes does not depend on how many rows there are, nor on how large one of them is: a large body is left
out of what the cursor brings, and fetched when its turn comes.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from asyncpg import Record
from msgspec import Struct

from hub.db.database import Tx
from hub.kernel.ids import reference_key
from hub.sealing.keyring import keyring_of
from hub.store.criteria import Bind, Clause, People, Query, Target
from hub.store.emit import Emitter, Filled, every, statement
from hub.store.people import people, sources
from hub.store.predicate import Seen, may_see, seen
from hub.store.read import COLUMNS, opened
from hub.store.resource_types import type_name, type_number
from hub.store.scan import scan
from hub.store.values import Stored, Visible

#: Rows brought at once, and the stored size from which a body is fetched by itself: 16 MiB at the most.
ROWS: Final = 256
LARGE: Final = 64 * 1024
#: Bytes of bodies from which a slice is given out.
SLICE: Final = 1024 * 1024
#: Seconds a step may take that finds nothing to bring.
_PATIENCE: Final = 3600

_BODY: Final = COLUMNS.split(", ").index("body")
_BODY_OF: Final = "SELECT body FROM resource WHERE pkey = $1 AND key = $2"

#: The types there are rows of, each found by one step into the index.
_TYPES: Final = """
WITH RECURSIVE found AS (
    SELECT min(type) AS type FROM resource
    UNION ALL SELECT (SELECT min(r.type) FROM resource r WHERE r.type > found.type) FROM found WHERE type IS NOT NULL
)
SELECT type FROM found WHERE type IS NOT NULL
"""
#: Source patients given at once.
PATIENTS: Final = 500
_PATIENTS: Final = "SELECT pkey FROM resource WHERE type = $1 AND NOT deleted ORDER BY pkey"
_SNAPSHOT: Final = "SELECT pg_current_snapshot()::text"


class Stretch(Struct, frozen=True, kw_only=True):
    """What of one type is walked.

    `queries`: a row fulfils one of them (none: any row). `patients`: ids of source patients or persons outside of whom
    nothing is wanted (None: anybody), `members`: a resource of the same source patient fulfils each of these queries.
    `within`: keys of source patients, in the same way, as an index finds them.
    `about`: only what is about a patient. Changed after `since`, or, with `horizon` (a snapshot as text), not visible
    there; changed before or at `until`. `deleted`: the deletions instead of what stands, whatever the queries.
    """

    type: str
    queries: tuple[Query, ...] = ()
    patients: tuple[str, ...] | None = None
    members: tuple[Query, ...] = ()
    within: tuple[UUID, ...] | None = None
    about: bool = False
    since: datetime | None = None
    horizon: str | None = None
    until: datetime | None = None
    deleted: bool = False


class _Plan(Struct, frozen=True):
    """A stretch with its values bound."""

    type: Bind
    seen: Seen
    queries: tuple[tuple[Clause, ...], ...]
    patients: People | None
    members: tuple[Target, ...]
    within: Bind | None
    about: bool
    since: Bind | None
    horizon: Bind | None
    until: Bind | None
    deleted: bool


async def types(tx: Tx) -> list[str]:
    """The types of which anything is stored, deletions included."""
    return [type_name(row[0]) for row in await tx.fetch(_TYPES)]


async def snapshot(tx: Tx) -> str:
    """What is visible to `tx`, as text: a horizon for later."""
    text: str = await tx.fetchval(_SNAPSHOT)
    return text


async def walk(tx: Tx, stretch: Stretch, visible: Visible) -> AsyncGenerator[list[Stored], None]:
    """Slices of about a megabyte, or of one larger row. `tx` is in a transaction, best of one snapshot."""
    text, values = sql(stretch, visible)
    await tx.execute(f"SET LOCAL statement_timeout = '{_PATIENCE}s'")
    cursor = await tx.cursor(text, *values, timeout=_PATIENCE)
    piece: list[Stored] = []
    size = 0
    while rows := await cursor.fetch(ROWS, timeout=_PATIENCE):
        # The keys of all at once; a body too large for that is opened by itself.
        await keyring_of(tx).opened(tx, [row[_BODY] or b"" for row in rows])
        for row in rows:
            for one in await opened(tx, [row if row[_BODY] is not None else await _whole(tx, row)]):
                piece.append(one)
                size += len(one.body)
            if size >= SLICE or len(piece) >= ROWS:
                yield piece
                piece, size = [], 0
    if piece:
        yield piece


def patients(tx: Tx) -> AsyncIterator[list[UUID]]:
    """Keys of the source patients whose Patient stands, in order."""
    return _keys(tx, _PATIENTS, [type_number("Patient")])


def matching(tx: Tx, query: Query) -> AsyncGenerator[list[UUID], None]:
    """Keys of the source patients of whom a query finds anything, in order."""
    text, values = _matching(
        _plan(Stretch(type=query.type or "", queries=(query,), about=True), Visible(everything=True))
    )
    return _keys(tx, text, values)


@statement(64)
def _matching(emit: Emitter, plan: _Plan) -> str:
    (clauses,) = plan.queries
    found = scan(emit, plan.type, clauses, plan.seen, whole=True)
    found.conditions += _bounds(emit, plan, found.row)
    return f"SELECT DISTINCT pkey FROM ({found.sql(f'{found.row}.pkey')}) AS found ORDER BY pkey"


async def _keys(tx: Tx, text: str, values: Sequence[Any]) -> AsyncGenerator[list[UUID], None]:
    cursor = await tx.cursor(text, *values, timeout=_PATIENCE)
    while rows := await cursor.fetch(PATIENTS, timeout=_PATIENCE):
        yield [row[0] for row in rows]


async def _whole(tx: Tx, row: Record) -> tuple[Any, ...]:
    rtype, rid, pkey = type_name(row[0]), row[1], row[_BODY + 1]
    body = await tx.fetchval(_BODY_OF, pkey, reference_key(rtype, rid))
    return (*row[:_BODY], body, *row[_BODY + 1 :])


def sql(stretch: Stretch, visible: Visible) -> Filled:
    """SQL and arguments of a walk: the columns of `read.COLUMNS`, a large body null."""
    return _text(_plan(stretch, visible))


@statement(64)
def _text(emit: Emitter, plan: _Plan) -> str:
    return _deletions(emit, plan) if plan.deleted else _standing(emit, plan)


def _plan(stretch: Stretch, visible: Visible) -> _Plan:
    return _Plan(
        type=Bind(type_number(stretch.type), "smallint"),
        seen=seen(visible),
        queries=() if stretch.deleted else tuple(query.clauses for query in stretch.queries),
        patients=None if stretch.patients is None else people(stretch.patients, expand=False),
        members=tuple(map(_target, stretch.members)),
        within=None if stretch.within is None else Bind(list(stretch.within), "uuid[]"),
        about=stretch.about,
        since=None if stretch.since is None or stretch.horizon else Bind(stretch.since, "timestamptz"),
        horizon=None if stretch.horizon is None else Bind(stretch.horizon, "text"),
        until=None if stretch.until is None else Bind(stretch.until, "timestamptz"),
        deleted=stretch.deleted,
    )


def _target(query: Query) -> Target:
    return Target(Bind(type_number(query.type or ""), "smallint"), query.clauses)


def _standing(emit: Emitter, plan: _Plan) -> str:
    scans = [scan(emit, plan.type, clauses, plan.seen, whole=True) for clauses in plan.queries or ((),)]
    for found in scans:
        found.conditions += _bounds(emit, plan, found.row)
    if len(scans) == 1:
        return f"{scans[0].sql(_columns(scans[0].row))} ORDER BY {scans[0].low}, {scans[0].key}"
    # A row that fulfils several of the queries comes once.
    keys = " UNION ".join(found.sql(f"{found.row}.pkey, {found.row}.key") for found in scans)
    return f"SELECT {_columns('w')} FROM resource w WHERE (w.pkey, w.key) IN ({keys}) ORDER BY w.date_low, w.key"


def _deletions(emit: Emitter, plan: _Plan) -> str:
    conditions = [f"w.type = {emit.use(plan.type)}", "w.deleted", *_bounds(emit, plan, "w")]
    conditions.append(may_see(emit, plan.seen, "w", many=True))
    return f"SELECT {_columns('w')} FROM resource w WHERE {every(conditions)} ORDER BY w.date_low, w.key"


def _bounds(emit: Emitter, plan: _Plan, row: str) -> list[str]:
    bounds = [f"{row}.patient IS NOT NULL"] if plan.about else []
    if plan.since is not None:
        bounds.append(f"{row}.updated > {emit.use(plan.since)}")
    if plan.horizon is not None:
        # A subselect: the text is read once, not for each row.
        bounds.append(f"NOT pg_visible_in_snapshot({row}.xid, (SELECT {emit.use(plan.horizon)}::pg_snapshot))")
    if plan.until is not None:
        bounds.append(f"{row}.updated <= {emit.use(plan.until)}")
    if plan.patients is not None:
        bounds.append(f"{row}.pkey = ANY({sources(emit, plan.patients)})")
    if plan.within is not None:
        bounds.append(f"{row}.pkey = ANY({emit.use(plan.within)})")
    for member in plan.members:
        found = scan(emit, member.type, member.clauses, plan.seen, whole=True)
        bounds.append(f"{row}.pkey IN ({found.sql(f'{found.row}.pkey')})")
    return bounds


def _columns(row: str) -> str:
    names = [f"{row}.{name}" for name in COLUMNS.split(", ")]
    names[_BODY] = f"CASE WHEN octet_length({row}.body) <= {LARGE} THEN {row}.body END"
    return ", ".join(names)
