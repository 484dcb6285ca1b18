"""The newest Observations of each group of codes (R4 observation-operation-lastn.html).

Two statements of one snapshot: what concepts the matches have, one body for each; then the matches ranked within the
groups that these make. Both hold the predicate, so what may not be seen neither joins two groups nor takes a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hub.db.database import Tx
from hub.fhir.json import loads
from hub.store.code_groups import grouped
from hub.store.criteria import Bind, Clause, Query
from hub.store.emit import Emitter, statement
from hub.store.predicate import Seen, seen
from hub.store.read import COLUMNS, opened
from hub.store.resource_types import type_number
from hub.store.scan import scan
from hub.store.values import Stored, Visible

_OBSERVATION: Final = "Observation"


@dataclass(frozen=True, slots=True)
class _Groups:
    """Numbers of the groups of some signatures; how many of each group, and of all, are wanted."""

    signatures: Bind
    numbers: Bind
    most: Bind
    limit: Bind


@dataclass(frozen=True, slots=True)
class _Plan:
    """One statement to make; plans of one shape are equal. Without `groups`, that of the concepts."""

    type: Bind
    clauses: tuple[Clause, ...]
    seen: Seen
    groups: _Groups | None = None


async def latest(tx: Tx, query: Query, visible: Visible, *, most: int, limit: int) -> list[Stored]:
    """See `Store.latest`."""
    who = seen(visible)
    found = await _run(tx, _Plan(_number(), query.clauses, who))
    signatures = {row[1]: row[-1] for row in found}
    groups = grouped({signatures[one.id]: loads(one.body).get("code") for one in await opened(tx, found)})
    if not groups:
        return []
    wanted = _Groups(
        signatures=Bind(list(groups), "text[]"),
        numbers=Bind(list(groups.values()), "integer[]"),
        most=Bind(most, "bigint"),
        limit=Bind(limit, "bigint"),
    )
    return await opened(tx, await _run(tx, _Plan(_number(), query.clauses, who, wanted)))


def _number() -> Bind:
    return Bind(type_number(_OBSERVATION), "smallint")


async def _run(tx: Tx, plan: _Plan) -> list[tuple[Any, ...]]:
    text, values = _text(plan)
    return [tuple(row) for row in await tx.fetch(text, *values)]


@statement(256)
def _text(emit: Emitter, plan: _Plan) -> str:
    signed = _signed(emit, plan)
    if plan.groups is None:
        return f"{signed} SELECT DISTINCT ON (s.signature) {_columns('s')}, s.signature FROM s ORDER BY s.signature"
    groups = plan.groups
    named = f"unnest({emit.use(groups.signatures)}, {emit.use(groups.numbers)}) AS g (signature, number)"
    # rank: all of one time are given, more than are asked for if need be.
    ranked = (
        "SELECT s.*, g.number, rank() OVER (PARTITION BY g.number ORDER BY s.date_low DESC) AS place"
        f" FROM s JOIN {named} ON g.signature = s.signature"
    )
    return (
        f"{signed} SELECT {_columns('w')} FROM ({ranked}) w WHERE w.place <= {emit.use(groups.most)}"
        f" ORDER BY w.number, w.date_low DESC, w.key LIMIT {emit.use(groups.limit)}"
    )


def _columns(row: str) -> str:
    return ", ".join(f"{row}.{name}" for name in COLUMNS.split(", "))


def _signed(emit: Emitter, plan: _Plan) -> str:
    """The matches `s`, each with a signature: rows of one signature have one concept.

    It is the first coding with the codes of all; a row without any is of a signature of its own.
    """
    found = scan(emit, plan.type, plan.clauses, plan.seen, whole=True)
    columns = [f"{found.row}.{name}" for name in (*COLUMNS.split(", "), "key", "date_low", "code_system", "code")]
    # Put together before it is joined: a patient's codings are read once, not once for each match.
    codes = (
        "SELECT k.pkey, k.key, array_agg(k.code ORDER BY k.code) AS codes FROM coding k"
        f" WHERE k.pkey IN (SELECT DISTINCT m.pkey FROM m) AND k.type = {emit.use(plan.type)} GROUP BY k.pkey, k.key"
    )
    signature = "coalesce(m.code_system, '') || '|' || m.code || c.codes::text"
    return (
        f"WITH m AS MATERIALIZED ({found.sql(', '.join(columns))}), c AS MATERIALIZED ({codes}), s AS ("
        f"SELECT m.*, coalesce({signature}, m.key::text) AS signature"
        " FROM m LEFT JOIN c ON c.pkey = m.pkey AND c.key = m.key)"
    )
