"""Resources named by type and id, those of them that may be seen: what one resource refers to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from hub.db.database import Tx
from hub.kernel.ids import reference_key
from hub.store.criteria import Bind, binds
from hub.store.emit import Emitter
from hub.store.predicate import Seen, may_see, seen
from hub.store.read import COLUMNS, stored
from hub.store.values import Stored, Visible


@dataclass(frozen=True, slots=True)
class _Plan:
    """One statement to make; plans of one shape are equal."""

    keys: Bind
    seen: Seen


async def named(tx: Tx, refs: Iterable[tuple[str, str]], visible: Visible) -> dict[tuple[str, str], Stored]:
    """See `Store.named`."""
    plan = _Plan(Bind([reference_key(*ref) for ref in refs], "uuid[]"), seen(visible))
    text, order = _text(plan)
    values = list(binds(plan))
    found = [stored(row) for row in await tx.fetch(text, *(values[place].value for place in order))]
    return {row.reference: row for row in found}


@lru_cache(maxsize=256)
def _text(plan: _Plan) -> tuple[str, tuple[int, ...]]:
    """The statement, and the place among the binds of its plan of each of its arguments."""
    emit = Emitter(plan)
    columns = ", ".join(f"r.{name}" for name in COLUMNS.split(", "))
    text = (
        f"SELECT {columns} FROM resource_home h JOIN resource r ON r.pkey = h.pkey AND r.key = h.key"
        f" WHERE h.key = ANY({emit.use(plan.keys)}) AND NOT r.deleted AND {may_see(emit, plan.seen, 'r')}"
    )
    return text, emit.order
