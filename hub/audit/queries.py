"""Reading the trail: the newest entries, a page of those that concern somebody, one by its id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import compress, product
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    false,
    func,
    literal_column,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY

from hub.audit.entry import Asker, Entry, Outcome
from hub.audit.tables import WHO, audit, entry_of
from hub.db.database import Tx
from hub.db.statement import Statement, compiled

EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
LATEST: Final = datetime.max.replace(tzinfo=UTC)
#: The ground of what an emergency alone opened (consent rules, section 8).
BREAK_GLASS: Final = "break-glass"
#: Above every number of an entry.
TOP: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Entries recorded in [low, high). `patients` are source-patient keys, None means entries about anybody.

    `agents` are references of whoever asked, None means anybody.
    `looks` leaves in what a patient is shown: releases, writes, and attempts to break the glass that were refused.
    """

    low: datetime = EARLIEST
    high: datetime = LATEST
    patients: tuple[UUID, ...] | None = None
    agents: tuple[str, ...] | None = None
    looks: bool = False


_COUNT: Final = compiled(select(func.count()).select_from(audit))
_MOST: Final = bindparam("most", type_=BigInteger)
_ZERO: Final[ColumnElement[int]] = literal_column("0", BigInteger)


def _newest(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(audit).where(*conditions).order_by(audit.c.number.desc()).limit(_MOST)


_NEWEST: Final = compiled(_newest())
_OF: Final = audit.c.patient_keys.overlap(bindparam("keys", type_=ARRAY(Uuid)))
_AGENTS: Final = bindparam("agents", type_=ARRAY(Text))
_BY: Final = any_(_AGENTS) == WHO
_LOOKS: Final = or_(
    audit.c.outcome == Outcome.RELEASED.value,
    and_(audit.c.outcome == Outcome.REFUSED.value, audit.c.break_glass.is_not(None)),
)
_PERIOD: Final = and_(
    audit.c.recorded >= bindparam("low", type_=DateTime(timezone=True)),
    audit.c.recorded < bindparam("high", type_=DateTime(timezone=True)),
)
_UP_TO: Final = audit.c.number <= bindparam("top", type_=BigInteger)


def _page(of: bool, by: bool, looks: bool, period: bool) -> Statement:
    """The newest entries of a span. One condition leads: patients, else agents, else the period, else the order."""
    rest = (_UP_TO, *compress((_LOOKS, _PERIOD), (looks, period)))
    if of:
        # coalesce: no index is tried. A patient's few rows are sorted: offered the order of an index, the planner would
        # walk through everybody's.
        asked = func.coalesce(and_(*rest, *compress((_BY,), (by,))), false())
        return compiled(select(audit).where(_OF, asked).order_by((audit.c.number + _ZERO).desc()).limit(_MOST))
    if by:
        agent = func.unnest(_AGENTS).table_valued("reference", name="agent").render_derived()
        each = _newest(agent.c.reference == WHO, *rest).lateral("each")
        return compiled(select(each).join_from(agent, each, true()).order_by(each.c.number.desc()).limit(_MOST))
    return compiled(_newest(*rest))


#: By whether patients are named, whether agents are, whether only looks are asked for, and whether of a period.
_PAGES: Final = {wanted: _page(*wanted) for wanted in product((False, True), repeat=4)}
_ONE: Final = compiled(select(audit).where(audit.c.id == bindparam("id", type_=Uuid)))


#: Persons whose record this requester ($2 role, $3 organisation, $4 reference) opened by break-glass after $1.
_OPENED: Final = """
SELECT count(DISTINCT coalesce(m.person, k.key::text))
FROM audit a CROSS JOIN LATERAL unnest(a.patient_keys) AS k (key) LEFT JOIN member m ON m.pkey = k.key
WHERE a.break_glass IS NOT NULL AND a.recorded > $1 AND a.outcome = 'released' AND $5 = ANY(a.grounds)
    AND a.role = $2 AND a.organization = $3 AND a.requester IS NOT DISTINCT FROM $4
"""


#: Uses of a declaration ($1 ground) that opened the record of a person, all or those about some patients ($2, keys).
_OPENINGS: Final = """
SELECT min(a.number) AS number, min(a.recorded) AS first, max(a.recorded) AS last,
    count(DISTINCT a.number) AS looks, a.role, a.organization, a.requester, a.break_glass AS reason,
    array_agg(DISTINCT u.patient) AS patients
FROM audit a CROSS JOIN LATERAL unnest(a.patients, a.patient_keys) AS u (patient, key)
    LEFT JOIN member m ON m.pkey = u.key
WHERE a.break_glass IS NOT NULL AND a.outcome = 'released' AND $1 = ANY(a.grounds)
    AND ($2::uuid[] IS NULL OR u.key = ANY($2))
GROUP BY a.token_id, a.role, a.organization, a.requester, a.break_glass, coalesce(m.person, u.key::text)
ORDER BY 1 DESC LIMIT $3
"""
#: Openings of one list.
MOST_OPENINGS: Final = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What somebody did under one declaration of an emergency with the record of one person.

    `id` is that of its first use; `looks` how many requests released something. `patients` are source patients.
    """

    id: str
    first: datetime
    last: datetime
    looks: int
    role: str
    organization: str
    requester: str | None
    reason: str
    patients: tuple[str, ...]


async def openings(tx: Tx, patients: Sequence[UUID] | None = None, *, limit: int = MOST_OPENINGS) -> list[Opening]:
    """The records opened by break-glass, newest first; of some source patients (keys) only, where they are named."""
    keys = None if patients is None else list(patients)
    rows = await tx.fetch(_OPENINGS, BREAK_GLASS, keys, limit)
    return [_opening(dict(row)) for row in rows]


def _opening(row: dict[str, Any]) -> Opening:
    number, patients = row.pop("number"), tuple(row.pop("patients"))
    return Opening(id=f"glass-{number}", patients=patients, **row)


def is_look(entry: Entry) -> bool:
    """Whether a patient is shown this: what `Span.looks` asks of a row."""
    tried = entry.outcome is Outcome.REFUSED and entry.requester.break_glass is not None
    return tried or entry.outcome is Outcome.RELEASED


async def count(tx: Tx) -> int:
    """How many entries there are."""
    return int(await tx.fetchval(_COUNT.sql))


async def newest(tx: Tx, *, limit: int = 100) -> list[Entry]:
    """The newest entries first."""
    rows = await tx.fetch(_NEWEST.sql, *_NEWEST.args({"most": limit}))
    return [entry_of(dict(row)) for row in rows]


async def page(tx: Tx, span: Span, *, top: int = TOP, limit: int) -> Sequence[tuple[int, Entry]]:
    """Entries of the span, newest first, from the number `top` down, each with its number."""
    period = (span.low, span.high) != (EARLIEST, LATEST)
    statement = _PAGES[span.patients is not None, span.agents is not None, span.looks, period]
    values = {
        "low": span.low,
        "high": span.high,
        "top": top,
        "most": limit,
        "keys": list(span.patients or ()),
        "agents": list(span.agents or ()),
    }
    rows = await tx.fetch(statement.sql, *statement.args(values))
    return [(row["number"], entry_of(dict(row))) for row in rows]


async def one(tx: Tx, entry: UUID) -> Entry | None:
    """The entry with this id."""
    row = await tx.fetchrow(_ONE.sql, *_ONE.args({"id": entry}))
    return None if row is None else entry_of(dict(row))


async def opened(tx: Tx, who: Asker, ground: str, since: datetime) -> int:
    """How many persons' records were released to this requester on this ground, by break-glass, after `since`."""
    return int(await tx.fetchval(_OPENED, since, who.role, who.organization, who.reference, ground))
