"""How a search would be answered: its clauses, its statement and the plan, without a value and without an estimate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from hub.db.database import Tx
from hub.store import compiler
from hub.store.criteria import Query
from hub.store.includes import at_once
from hub.store.predicate import seen
from hub.store.scan import leader
from hub.store.values import Visible

_NAME: Final = "explained"
_PAGE: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The kinds of the clauses and of the sort keys, which clause leads ("" for none), the statement, and its plan."""

    clauses: tuple[str, ...]
    leads: str
    order: tuple[str, ...]
    statement: str
    plan: tuple[str, ...]


async def explain(tx: Tx, query: Query, visible: Visible) -> Explained:
    """Explain the first page of a query, in a transaction.

    The generic plan is shown, as it is run: values have no influence on it and stand nowhere in it. Costs are left out,
    for they come from statistics over rows that the one who asks may not see.
    """
    who = seen(visible)
    text, values = compiler.page(compiler.plan(query, who, None, _PAGE + 1, followed=at_once(query, _PAGE)))
    lead = leader(query.clauses)
    return Explained(
        clauses=tuple(type(clause).__name__ for clause in query.clauses),
        leads="" if lead is None else type(lead).__name__,
        order=tuple(key.kind for key in query.sort or compiler.DEFAULT_SORT),
        statement=text,
        plan=await generic_plan(tx, text, len(values)),
    )


async def generic_plan(tx: Tx, text: str, values: int) -> tuple[str, ...]:
    """The lines of the plan of a statement of so many placeholders, in a transaction."""
    await tx.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    await tx.execute(f"PREPARE {_NAME} AS {text}")
    arguments = f"({', '.join(['NULL'] * values)})" if values else ""
    try:
        async with tx.transaction():
            rows = await tx.fetch(f"EXPLAIN (COSTS OFF) EXECUTE {_NAME}{arguments}")
    finally:
        await tx.execute(f"DEALLOCATE {_NAME}")
    return tuple(str(row[0]) for row in rows)
