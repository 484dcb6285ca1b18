"""Resources named by type and id, those of them that may be seen: what one resource refers to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hub.db.database import Tx
from hub.kernel.ids import reference_key
from hub.store.criteria import Bind
from hub.store.emit import Emitter, statement
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
    text, values = _text(plan)
    found = [stored(row) for row in await tx.fetch(text, *values)]
    return {row.reference: row for row in found}


@statement(256)
def _text(emit: Emitter, plan: _Plan) -> str:
    columns = ", ".join(f"r.{name}" for name in COLUMNS.split(", "))
    return (
        f"SELECT {columns} FROM resource_home h JOIN resource r ON r.pkey = h.pkey AND r.key = h.key"
        f" WHERE h.key = ANY({emit.use(plan.keys)}) AND NOT r.deleted AND {may_see(emit, plan.seen, 'r')}"
    )
